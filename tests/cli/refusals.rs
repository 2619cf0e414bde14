//! What is not about manifests and still goes wrong: credentials, endpoints, accounts, folders.

use crate::support::Workdir;

fn demo() -> Workdir {
    let workdir = Workdir::new();
    workdir.shipit(&["init", "--yes", "--app", "demo", "--region", "eu-west-1"]).expect(0);
    workdir
}

#[test]
fn a_folder_that_is_no_workspace() {
    let ran = Workdir::new().shipit(&["plan"]).expect(5);
    assert!(ran.stderr.contains("shipit init"), "{}", ran.stderr);
}

#[test]
fn an_environment_that_is_not_there() {
    let ran = demo().local(&["plan", "--env", "prod"]).expect(5);
    insta::assert_snapshot!(ran.stderr, @r"
    error: there is no environment `prod`
      --> shipit/environments/prod.yml
      = help: create it with `shipit env init --name prod`

    1 error
    ");
}

#[test]
fn a_service_that_is_not_there() {
    let ran = demo().local(&["svc", "deploy", "--name", "web", "--env", "test", "--yes"]).expect(4);
    insta::assert_snapshot!(ran.stderr, @r"
    error: there is no service `web` here
    hint: create it with `shipit svc init --name web`, or list them with `shipit svc ls`
    ");
}

#[test]
fn no_terminal_and_no_yes() {
    let workdir = demo();
    let ran = workdir.local(&["deploy", "--env", "test"]).expect(4);
    assert!(
        ran.stderr.ends_with(
            "error: this would change AWS, and there is no terminal to confirm it at\n\
             hint: add `--yes`, after `shipit plan` has shown what it does\n"
        ),
        "{}",
        ran.stderr
    );
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0);
    assert_eq!(shown.json()["resources"], serde_json::json!([]));
}

#[test]
fn the_wrong_account() {
    let workdir = demo();
    let served = crate::support::Server::local(&workdir, &["--local-speed", "instant"]);
    workdir.edit(
        "shipit/environments/test.yml",
        "name: test",
        "name: test\naccount: \"111122223333\"",
    );
    let workdir = workdir
        .variable("AWS_ENDPOINT_URL", &served.url)
        .variable("AWS_ACCESS_KEY_ID", "444455556666")
        .variable("AWS_SECRET_ACCESS_KEY", "none");
    let ran = workdir.shipit(&["deploy", "--env", "test", "--yes"]).expect(4);
    assert!(
        ran.stderr.starts_with(
            "error: environment `test` belongs to account 111122223333, but the credentials are for 444455556666"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn no_credentials() {
    let ran = demo().shipit(&["plan", "--env", "test"]).expect(1);
    insta::assert_snapshot!(ran.stderr, @r"
    error: sts GetCallerIdentity: no usable AWS credentials were found
    hint: sign in (`aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or add `--local` to try it on local AWS with no account
    ");
}

#[test]
fn a_profile_that_does_not_exist() {
    let ran = demo().shipit(&["plan", "--env", "test", "--profile", "nobody"]).expect(1);
    assert!(ran.stderr.contains("no usable AWS credentials"), "{}", ran.stderr);
}

#[test]
fn an_endpoint_that_does_not_answer() {
    let workdir = demo().variable("AWS_ACCESS_KEY_ID", "a").variable("AWS_SECRET_ACCESS_KEY", "b");
    let ran = workdir
        .shipit(&["plan", "--env", "test", "--endpoint-url", "http://127.0.0.1:9"])
        .expect(1);
    assert!(ran.stderr.contains("AWS could not be reached"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: check the network"), "{}", ran.stderr);
}

#[test]
fn no_region_anywhere() {
    let workdir = Workdir::new();
    workdir.shipit(&["init", "--yes", "--app", "demo"]).expect(0);
    let workdir = workdir.variable("AWS_ACCESS_KEY_ID", "a").variable("AWS_SECRET_ACCESS_KEY", "b");
    let ran = workdir.shipit(&["plan", "--env", "test"]).expect(1);
    insta::assert_snapshot!(ran.stderr, @r"
    error: no AWS region is set
    hint: write `region:` in the environment's manifest, or pass `--region`
    ");
}
