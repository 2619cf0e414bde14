//! Flags that are wrong, and help that is right.

use crate::support::Workdir;

/// Every command, as its words.
const COMMANDS: &[&[&str]] = &[
    &["init"],
    &["convert"],
    &["app", "show"],
    &["env", "init"],
    &["env", "plan"],
    &["env", "deploy"],
    &["env", "show"],
    &["env", "register"],
    &["env", "ls"],
    &["env", "kubeconfig"],
    &["kube", "token"],
    &["env", "delete"],
    &["env", "prune"],
    &["svc", "init"],
    &["svc", "plan"],
    &["svc", "deploy"],
    &["svc", "show"],
    &["svc", "ls"],
    &["svc", "status"],
    &["svc", "logs"],
    &["svc", "exec"],
    &["svc", "history"],
    &["svc", "rollback"],
    &["svc", "scale"],
    &["svc", "pause"],
    &["svc", "resume"],
    &["svc", "restart"],
    &["svc", "continue"],
    &["svc", "cancel"],
    &["svc", "delete"],
    &["job", "init"],
    &["job", "plan"],
    &["job", "deploy"],
    &["job", "run"],
    &["job", "logs"],
    &["job", "ls"],
    &["job", "delete"],
    &["task", "run"],
    &["task", "logs"],
    &["task", "stop"],
    &["task", "delete"],
    &["secret", "init"],
    &["secret", "set"],
    &["secret", "ls"],
    &["plan"],
    &["apply"],
    &["deploy"],
    &["promote"],
    &["diff"],
    &["drift"],
    &["open"],
    &["adopt"],
    &["unlock"],
    &["mesh", "convert"],
    &["validate"],
    &["schema"],
    &["local", "serve"],
    &["local", "kubernetes"],
    &["local", "reset"],
    &["local", "status"],
    &["completion"],
];

#[test]
fn every_command_has_help_with_an_example() {
    let workdir = Workdir::new();
    for words in COMMANDS {
        let mut arguments = words.to_vec();
        arguments.push("--help");
        let help = workdir.shipit(&arguments).expect(0).stdout;
        assert!(help.contains("Example:\n  shipit "), "{words:?}:\n{help}");
    }
}

#[test]
fn no_command_is_missing_from_the_list() {
    let workdir = Workdir::new();
    let help = workdir.shipit(&["completion", "bash"]).expect(0).stdout;
    for words in COMMANDS {
        let function = format!("shipit__subcmd__{}", words.join("__subcmd__"));
        let other = format!("shipit__{}", words.join("__"));
        assert!(help.contains(&function) || help.contains(&other), "{words:?}");
    }
}

#[test]
fn wrong_flags_say_what_is_right() {
    let workdir = Workdir::new();
    let wrong: &[(&[&str], &str)] = &[
        (&["plan", "--enviroment", "test"], "unexpected argument '--enviroment'"),
        (&["deploi"], "unrecognized subcommand 'deploi'"),
        (
            &["--format", "yaml", "plan"],
            "[possible values: human, json, markdown, dot, mermaid, svg]",
        ),
        (&["schema", "services"], "services"),
        (&["svc", "init", "--port", "70000"], "70000"),
        (&["svc", "init", "--type", "Web"], "Load Balanced Web Service"),
        (&["local", "serve", "--port", "x"], "invalid value 'x'"),
        (&["completion", "tcsh"], "[possible values:"),
        (&["--color", "blue", "plan"], "[possible values: auto, always, never]"),
    ];
    for (arguments, says) in wrong {
        let ran = workdir.shipit(arguments).expect(1);
        assert!(ran.stderr.contains(says), "{arguments:?}:\n{}", ran.stderr);
    }
}

#[test]
fn a_kind_that_holds_no_data_cannot_be_allowed() {
    let workdir = Workdir::new();
    workdir.shipit(&["init", "--yes", "--app", "demo"]).expect(0);
    let ran = workdir.local(&["plan", "--env", "test", "--allow-delete", "ec2/vpc"]).expect(1);
    insta::assert_snapshot!(ran.stderr, @r"
    error: `--allow-delete ec2/vpc`: no resource kind of that name holds data
    hint: use `all`, or one of ecr/repository, efs/file-system, s3/bucket, logs/log-group, sqs/queue, kubernetes/persistent-volume-claim
    ");
}

#[test]
fn a_speed_that_is_none() {
    let workdir = Workdir::new();
    workdir.shipit(&["init", "--yes", "--app", "demo"]).expect(0);
    let ran =
        workdir.shipit(&["--local", "--local-speed", "fast", "plan", "--env", "test"]).expect(1);
    assert!(ran.stderr.starts_with("error: `--local-speed fast`: "), "{}", ran.stderr);
}
