//! Every command's help has an example, and every example works: it is run on local AWS, or, where running it makes no
//! sense in a test, parsed with all its values.

use std::collections::BTreeSet;
use std::sync::Mutex;

use clap::{CommandFactory, Parser};
use shipit::cli::Cli;

use crate::support::Workdir;

/// Examples that are parsed only, and why.
const PARSED: &[(&str, &str)] = &[
    ("adopt ec2/vpc.main", "there is nothing to take over"),
    ("adopt elbv2/target-group.api", "there is nothing to take over"),
    ("convert path/to/copilot", "there is no Copilot workspace"),
    ("convert", "there is no Copilot workspace"),
    ("env kubeconfig", "there is no EKS cluster"),
    ("local kubernetes", "it goes on for ever"),
    ("local serve", "it goes on for ever"),
    ("svc cancel", "nothing is being deployed: `canary.rs` has it"),
    ("svc continue", "no deployment waits: `canary.rs` has it"),
    ("svc exec api --env test --command", "there is no such container"),
    ("svc exec", "the plugin is not there: `exec.rs` has it"),
    ("svc logs api web", "it goes on for ever: `logs.rs` has it"),
    ("svc status --name api --env test --watch", "it goes on for ever: `status.rs` has it"),
    ("task stop", "there is no such task"),
    ("env register --name test --machines", "no cluster takes machines: `anywhere.rs` has it"),
    ("secret set", "it must be there first: `secrets.rs` has it"),
    ("mesh convert --to service-connect", "there is no App Mesh to leave"),
    ("mesh convert", "there is no App Mesh to leave"),
];

/// Every example in the help of a command and of all below it, as typed.
fn examples(command: &clap::Command, path: &str, found: &mut Vec<(String, String)>) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut line = String::new();
    for part in help.lines().map(str::trim) {
        line.push_str(part.trim_end_matches('\\'));
        if part.ends_with('\\') {
            continue;
        }
        if line.starts_with("shipit ") {
            found.push((path.to_owned(), line.clone()));
        }
        line.clear();
    }
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        examples(one, &format!("{path} {}", one.get_name()), found);
    }
}

/// The words of a line, as a shell has them, up to where it leads the output elsewhere.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut any) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '"' => (quoted, any) = (!quoted, true),
            ' ' if !quoted => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            letter => word.push(letter),
        }
    }
    words.push(word);
    let end = words.iter().position(|word| [">", "|", "&&", "&"].contains(&word.as_str()));
    words.truncate(end.unwrap_or(words.len()));
    words.retain(|word| !word.is_empty());
    words
}

/// Two environments with services and a job that were deployed twice, a saved plan, and a task that was run.
fn full() -> Workdir {
    let workdir = Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27");
    let web = ["svc", "init", "--name", "web", "--type", "Backend Service", "--port", "80"];
    workdir.shipit(&[&web[..], &["--image", "public.ecr.aws/nginx/nginx:1.27"]].concat()).expect(0);
    workdir.shipit(&["env", "init", "--name", "prod", "--region", "eu-west-1"]).expect(0);
    let job = ["job", "init", "--name", "nightly", "--schedule", "0 3 * * *"];
    let image = "public.ecr.aws/docker/library/busybox:stable";
    // One that a promotion can name while no task of it runs.
    let digest = format!("public.ecr.aws/docker/library/busybox@sha256:{}", "0".repeat(64));
    workdir.shipit(&[&job[..], &["--image", &digest]].concat()).expect(0);
    let test = workdir.read("shipit/environments/test.yml");
    workdir.write(
        "shipit/environments/test.yml",
        format!("{test}\nreview: {{names: \"pr-*\", ttl: 3d}}\n"),
    );
    workdir.local(&["deploy", "--env", "test,prod", "--yes"]).expect(0);
    workdir.edit("shipit/services/api.yml", "cpu: 256", "cpu: 512");
    workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let run = ["task", "run", "--name", "migrate", "--image", image, "--env", "test", "--yes"];
    workdir.local(&run).expect(0);
    workdir.edit("shipit/services/web.yml", "count: 1", "count: 2");
    workdir.local(&["plan", "--env", "test", "--out", "saved.json"]).expect(0);
    std::fs::rename(workdir.path().join("saved.json"), workdir.path().join("plan.json")).unwrap();
    workdir.write("password.txt", "swordfish-swordfish\n");
    workdir
}

#[test]
fn every_example_works() {
    let mut all = Vec::new();
    examples(&Cli::command(), "shipit", &mut all);
    let commands: BTreeSet<&str> = all.iter().map(|(path, _)| path.as_str()).collect();
    assert!(commands.len() > 50, "{commands:?}");
    let full = full();
    let fresh = Workdir::new();
    fresh.shipit(&["init", "--yes", "--app", "demo", "--env", "test"]).expect(0);
    std::fs::remove_dir_all(fresh.path().join("shipit/services")).unwrap();
    let mut parsed = BTreeSet::new();
    let mut wanted = Vec::new();
    for (_, line) in &all {
        let typed = words(line);
        Cli::try_parse_from(&typed).unwrap_or_else(|error| panic!("{line}\n{error}"));
        let said = typed[1..].join(" ").replace("--local ", "");
        match PARSED
            .iter()
            .find(|(start, _)| said == *start || said.starts_with(&format!("{start} ")))
        {
            Some((start, _)) => {
                parsed.insert(*start);
            }
            None => wanted.push((line, typed, said)),
        }
    }
    let there = |start: &&str| {
        let words: Vec<&str> = start.split(' ').take(2).collect();
        commands.iter().any(|path| path.starts_with(&format!("shipit {}", words.join(" "))))
            || commands.contains(format!("shipit {}", words[0]).as_str())
    };
    let named: BTreeSet<&str> = PARSED.iter().map(|(start, _)| *start).filter(there).collect();
    assert_eq!(parsed, named, "no example begins like that");
    let (next, failed) = (Mutex::new(wanted.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((line, typed, said)) = next.lock().unwrap().next() else { return };
                    let from = match said.split(' ').collect::<Vec<_>>().as_slice() {
                        ["init", ..] => Workdir::new(),
                        [_, "init", ..] if !said.starts_with("secret") => fresh.twin(),
                        _ => full.twin().variable("SHIPIT_ENVIRONMENT", "test"),
                    };
                    let place = from.variable("SHIPIT_LOCAL", "1");
                    let place = place.variable("SHIPIT_LOCAL_SPEED", "instant");
                    let arguments: Vec<&str> = typed[1..].iter().map(String::as_str).collect();
                    let ran = place.shipit(&arguments);
                    let changes = ran.code == 2 && arguments.contains(&"--exit-code");
                    if ran.code != 0 && !changes {
                        let said =
                            format!("$ {line}\n[{}]\n{}{}", ran.code, ran.stdout, ran.stderr);
                        failed.lock().unwrap().push(said);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
