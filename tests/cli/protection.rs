//! `protect: true`: what goes from a protected environment needs its name.

use crate::support::Workdir;

const CONFIRMED: &[&str] = &["svc", "delete", "--name", "api", "--env", "test", "--yes"];

fn protected() -> Workdir {
    let workdir = Workdir::demo("Load Balanced Web Service", "nginx:1");
    workdir.edit("shipit/environments/test.yml", "name: test", "name: test\nprotect: true");
    workdir
}

#[test]
fn what_goes_needs_the_name() {
    let workdir = protected();
    // Making and changing is as ever.
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let refused = workdir.local(CONFIRMED).expect(4);
    let error = refused.stderr.lines().rev().take(2).collect::<Vec<_>>();
    insta::assert_snapshot!(error.into_iter().rev().collect::<Vec<_>>().join("\n"), @r"
    error: environment `test` is protected, and this deletes 7 resources
    hint: if that is meant, type: shipit --local --local-speed instant svc delete --name api --env test --yes --confirm test
    ");
    let refused = workdir.local(&[CONFIRMED, &["--confirm", "prod"]].concat()).expect(4);
    assert!(
        refused.stderr.ends_with(
            "error: `--confirm prod` names another environment than `test`\n\
             hint: add `--confirm test` if `test` is meant\n"
        ),
        "{}",
        refused.stderr
    );
    workdir.local(&[CONFIRMED, &["--confirm", "test"]].concat()).expect(0);
    // Without a terminal, the name alone is no consent.
    let refused =
        workdir.local(&["env", "delete", "--name", "test", "--confirm", "test"]).expect(4);
    assert!(refused.stderr.contains("there is no terminal"), "{}", refused.stderr);
    workdir.local(&["env", "delete", "--name", "test", "--confirm", "test", "--yes"]).expect(0);
}

#[test]
fn another_checkout_cannot_skip_it() {
    let workdir = protected();
    workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(0);
    workdir.edit("shipit/environments/test.yml", "protect: true\n", "");
    let refused = workdir.local(&["env", "delete", "--name", "test", "--yes"]).expect(4);
    assert!(refused.stderr.contains("environment `test` is protected"), "{}", refused.stderr);
    // Nor can it be lifted by the way.
    let refused = workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(4);
    assert!(
        refused.stderr.contains("is protected, and this lifts the protection\n"),
        "{}",
        refused.stderr
    );
    let name = ["--confirm", "test"];
    workdir.local(&[&["env", "deploy", "--name", "test", "--yes"], &name[..]].concat()).expect(0);
    workdir.local(&["env", "delete", "--name", "test", "--yes"]).expect(0);
}
