//! `svc status`: the screen, and what changes while it is watched.

use std::io::{BufRead, BufReader, Read};

use shipit::aws::Cx;

use crate::support::Workdir;

fn deployed() -> Workdir {
    let workdir = Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27");
    workdir.edit(
        "shipit/services/api.yml",
        "count: 1",
        "count:\n  range: 2-4\n  cpu_percentage: 60",
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir
}

/// `12s`.
fn is_age(word: &str) -> bool {
    let digits = word.strip_suffix('s').unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// A screen without what differs from run to run.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let words = line.split_inclusive(' ').map(|word| {
            let bare = word.trim_end();
            let hex = bare.len() == 8 && bare.chars().all(|c| c.is_ascii_hexdigit());
            let address = bare.starts_with("10.0.") && bare.ends_with(":80");
            match (hex, address) {
                (true, _) => word.replace(bare, "TASKTASK"),
                (_, true) => word.replace(bare, "ADDRESS:80"),
                _ if is_age(bare) => "AGE ".to_owned(),
                _ => word.to_owned(),
            }
        });
        let line: String = words.collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[test]
fn the_screen_says_how_a_service_fares() {
    let workdir = deployed();
    let status = ["svc", "status", "--name", "api", "--env", "test"];
    let shown = workdir.local(&status).expect(0).stdout;
    for part in [
        "\nDeployments\n",
        "\nTasks\n",
        "\nTargets\n",
        "\nScaling\n2 to 4 tasks, now 2\n",
        "\nAlarms\n",
        "\nEvents, newest first\n",
    ] {
        if part != "\nAlarms\n" {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
    assert!(plain(&shown).contains("TASKTASK  RUNNING"), "{shown}");
    let coloured = workdir.local(&[&["--color", "always"][..], &status].concat()).expect(0).stdout;
    assert!(coloured.contains("\u{1b}[32mRUNNING\u{1b}[0m"), "{coloured:?}");
    let strip = |text: &str| console::strip_ansi_codes(text).into_owned();
    assert_eq!(plain(&strip(&coloured)), plain(&shown));
    let document = workdir.local(&[&["--format", "json"][..], &status].concat()).expect(0).json();
    assert_eq!(document["scaling"]["max_capacity"], 4);
    assert_eq!(document["ecs"]["tasks"].as_array().unwrap().len(), 2);
    assert_eq!(document["targets"].as_array().unwrap().len(), 2);
    workdir.local(&["svc", "pause", "api", "--yes"]).expect(0);
    let shown = workdir.local(&status).expect(0).stdout;
    assert!(shown.contains("\npaused since 2"), "{shown}");
    assert!(shown.contains("\n2 to 4 tasks, now 0; suspended\n"), "{shown}");
}

#[test]
fn without_a_terminal_each_change_is_a_line() {
    let workdir = deployed();
    let watch =
        ["--local", "--local-speed", "instant", "svc", "status", "--watch", "--interval", "1s"];
    let mut child = workdir.command(&watch).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut until = |end: &str| {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended before `{end}`");
            if line.contains(end) {
                return line.clone();
            }
        }
    };
    until("Events, newest first");
    workdir.by_hand(async |cx: Cx| {
        let call = cx.ecs.update_service().cluster("demo-test-main").service("demo-test-api");
        call.desired_count(3).send().await.unwrap();
    });
    let line = until(" task ");
    assert!(line.starts_with("20") && line.contains("Z task "), "{line}");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let mut rest = String::new();
    child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!((child.wait().unwrap().code(), rest.as_str()), (Some(130), ""));
}
