//! Machines outside AWS: how they come to join an environment's cluster. That services run on them is in `examples`.

use crate::support::Workdir;

#[test]
fn a_command_is_printed_for_machines_to_join_with() {
    let workdir = Workdir::example("anywhere");
    let register = ["env", "register", "--name", "test"];
    let refused = workdir.local(&register).expect(4);
    insta::assert_snapshot!(refused.stderr, @"
    error: environment `test` is not deployed
    hint: deploy it with `shipit env deploy --name test`
    ");
    workdir.local(&["env", "deploy", "--yes"]).expect(0);

    let printed = workdir.local(&[&register[..], &["--machines", "3"]].concat()).expect(0);
    assert_eq!(
        printed.stderr.trim_end(),
        "Run this on up to 3 machines within 24 hours; keep it as a password:"
    );
    let listed = workdir.local(&[&["--format", "json"], &register[..], &["--ls"]].concat());
    let listed = listed.expect(0).json();
    let one = &listed["activations"][0];
    let id = one["activation_id"].as_str().unwrap();
    assert_eq!((one["machines"].as_i64(), one["used"].as_i64()), (Some(3), Some(0)));
    let (command, code) = printed.stdout.trim_end().rsplit_once(' ').unwrap();
    assert_eq!(
        command,
        format!(
            "curl --proto https --fail --output ecs-anywhere-install.sh https://amazon-ecs-agent.s3.amazonaws.com/ecs-anywhere-install-latest.sh \
             && sudo bash ecs-anywhere-install.sh --region eu-west-1 --cluster anywhere-test-main --activation-id {id} --activation-code"
        )
    );
    assert_eq!(code.len(), 20);
    // It is good for the role that the environment has for machines, and bears the environment's tags.
    let (role, tags) = workdir.by_hand(async |cx| {
        let all = cx.ssm.describe_activations().send().await.unwrap();
        let one = &all.activation_list()[0];
        (one.iam_role().unwrap().to_owned(), one.tags().len())
    });
    assert_eq!((role.as_str(), tags), ("shipit/anywhere/test/anywhere-test-machine", 2));

    let unknown = workdir.local(&[&register[..], &["--revoke", "none"]].concat()).expect(4);
    insta::assert_snapshot!(unknown.stderr, @"
    error: environment `test` has no activation `none`
    hint: `shipit env register --name test --ls` lists those that there are
    ");
    workdir.local(&[&register[..], &["--revoke", id]].concat()).expect(0);
    let none = workdir.local(&[&register[..], &["--ls"]].concat()).expect(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.trim_end()),
        ("", "environment `test` has no activation: make one with `shipit env register`")
    );
}

#[test]
fn an_environment_that_takes_no_machines_says_so() {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    workdir.local(&["env", "deploy", "--yes"]).expect(0);
    let refused = workdir.local(&["env", "register"]).expect(4);
    insta::assert_snapshot!(refused.stderr, @"
    error: environment `test` takes no machines outside AWS yet
    hint: write `cluster: {external: true}` in environments/test.yml, then `shipit env deploy --name test`
    ");
}
