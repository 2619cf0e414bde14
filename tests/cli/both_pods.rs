//! What pods write, and commands in them: the same as on ECS, through a real API server and the played nodes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::kubernetes::{self, Kubernetes};
use crate::support::{Ran, Workdir};

const PRICES: &str = "shipit/services/prices.yml";

/// The bakery on EKS, with `prices` alone; its namespace.
fn deployed(test: &str) -> Option<(&'static Kubernetes, Workdir, String)> {
    let server = kubernetes::server(test)?;
    let workdir = server.behind(Workdir::example("both"));
    let name = server.name("bakery");
    workdir.edit("shipit/application.yml", "name: bakery", &format!("name: {name}"));
    for other in ["services/shop.yml", "services/oven.yml", "jobs/cleaning.yml"] {
        std::fs::remove_file(workdir.path().join("shipit").join(other)).unwrap();
    }
    workdir.local(&["deploy", "--env", "kube", "--yes"]).expect(0);
    Some((server, workdir, name))
}

fn kube(workdir: &Workdir, arguments: &[&str]) -> Ran {
    workdir.local(&[arguments, &["--env", "kube"]].concat())
}

/// Names of the pods that are not leaving.
fn pods(server: &Kubernetes, namespace: &str) -> Vec<String> {
    let all = server.get(&format!("/api/v1/namespaces/{namespace}/pods")).unwrap();
    let there = all["items"].as_array().unwrap().iter();
    let there = there.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    there.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

/// The container of a pod writes more lines, as the played nodes have it.
fn write(server: &Kubernetes, namespace: &str, pod: &str, lines: &[(String, String)]) {
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}");
    let before = server.get(&path).unwrap();
    let before = before["metadata"]["annotations"]["shipit.local/log"].as_str();
    let mut text = before.unwrap_or_default().to_owned();
    for (at, message) in lines {
        text.push_str(&format!("{at} {message}\n"));
    }
    let patch = json!({"metadata": {"annotations": {"shipit.local/log": text}}});
    server.merge(&path, patch).unwrap();
}

/// What was printed, with names of pods taken out.
fn said(ran: &Ran, pods: &[String]) -> String {
    let mut all = format!("{}---\n{}", ran.stdout, ran.stderr);
    for pod in pods {
        all = all.replace(pod, "POD");
    }
    all
}

#[test]
fn pods_are_read_and_followed() {
    let test = "cli::both_pods::pods_are_read_and_followed";
    let Some((server, workdir, namespace)) = deployed(test) else { return };
    let first = pods(server, &namespace);
    let logs =
        |arguments: &[&str]| kube(&workdir, &[&["svc", "logs", "prices"], arguments].concat());
    insta::assert_snapshot!(said(&logs(&[]).expect(0), &first), @r"
    POD | starting public.ecr.aws/docker/library/python:3.13-slim (local Kubernetes runs no containers)
    POD | listening on port 8080
    ---
    ");
    insta::assert_snapshot!(said(&logs(&["--filter", "?listening ?other", "--since", "1h"]).expect(0), &first), @r"
    POD | listening on port 8080
    ---
    ");
    let line = logs(&["--limit", "1", "--format", "json"]).expect(0).json();
    let at = line["at"].as_str().unwrap();
    assert!(at.ends_with('Z'), "{line}");
    assert_eq!(
        line,
        json!({"service": "prices", "task": first[0], "container": "prices", "at": at, "message": "listening on port 8080"})
    );
    let mut all = String::new();
    for arguments in [&["--container", "envoy"][..], &["--previous"], &["--filter", "a.b"]] {
        let ran = logs(arguments);
        all.push_str(&format!("$ {}\n{}[{}]\n", arguments.join(" "), ran.stderr, ran.code));
    }
    insta::assert_snapshot!(all, @r#"
    $ --container envoy
    error: `prices` has no container `envoy`
    hint: it has `prices`
    [1]
    $ --previous
    error: no container of `prices` has ended and was started again
    hint: the log of a pod that is gone went with it; what collects the cluster's logs may have it
    [4]
    $ --filter a.b
    error: `--filter a.b` makes no sense
    hint: a pattern is words that all must be there, `"several words"`, `-without`, `?either ?or`, or `{ $.level = "error" }` for lines of JSON
    [1]
    "#);

    // Followed: each line once and in order, also of a pod that comes while it goes on.
    let options = ["--local", "--local-speed", "instant", "svc", "logs", "prices", "--env", "kube"];
    let follow = [&options[..], &["--follow", "--since", "1h"]].concat();
    let mut child = workdir.command(&follow).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut read = |count: usize| {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for _ in 0..count {
            let mut line = String::new();
            assert!(output.read_line(&mut line).unwrap() > 0, "it ended: {found:?}");
            let (pod, message) = line.trim_end().split_once(" | ").unwrap();
            found.entry(pod.to_owned()).or_default().push(message.to_owned());
        }
        found
    };
    assert_eq!(read(2)[&first[0]].len(), 2);
    let line = |pod: usize, number: usize| {
        // Several lines have the same time.
        let at = format!("2099-01-01T00:00:{:02}.5Z", number / 3);
        (at, format!("{{\"pod\":{pod},  \"line\":{number}}}"))
    };
    let lines: Vec<(String, String)> = (0..20).map(|number| line(0, number)).collect();
    write(server, &namespace, &first[0], &lines[..7]);
    write(server, &namespace, &first[0], &lines[7..]);
    let wanted: Vec<&String> = lines.iter().map(|(_, message)| message).collect();
    assert_eq!(read(20)[&first[0]].iter().collect::<Vec<_>>(), wanted);
    kube(&workdir, &["svc", "scale", "prices", "--count", "2", "--yes"]).expect(0);
    let both = pods(server, &namespace);
    let second = both.iter().find(|pod| **pod != first[0]).unwrap();
    assert_eq!(read(2)[second].len(), 2);
    write(server, &namespace, second, &[line(1, 0)]);
    assert_eq!(read(1)[second], [line(1, 0).1]);
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let (mut rest, mut errors) = (String::new(), String::new());
    output.read_to_string(&mut rest).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), rest.as_str(), errors.as_str()), (Some(130), "", ""));
}

#[test]
fn what_crashed_is_read() {
    let test = "cli::both_pods::what_crashed_is_read";
    let Some((server, workdir, namespace)) = deployed(test) else { return };
    workdir.edit(PRICES, "python:3.13-slim", "python:crash");
    kube(&workdir, &["svc", "deploy", "--name", "prices", "--yes"]).expect(1);
    let all = pods(server, &namespace);
    let ran = kube(&workdir, &["svc", "logs", "prices", "--previous"]).expect(0);
    insta::assert_snapshot!(said(&ran, &all), @r"
    POD | starting public.ecr.aws/docker/library/python:crash (local Kubernetes runs no containers)
    POD | listening on port 8080
    POD | exiting with code 1
    ---
    ");
}

#[test]
fn commands_run_in_pods() {
    let test = "cli::both_pods::commands_run_in_pods";
    let Some((server, workdir, namespace)) = deployed(test) else { return };
    let pod = pods(server, &namespace);
    let mut all = String::new();
    let mut exec = |arguments: &[&str]| {
        let ran = kube(&workdir, &[&["svc", "exec", "prices"], arguments].concat());
        all.push_str(&format!(
            "$ {}\n{}{}[{}]\n",
            arguments.join(" "),
            ran.stdout,
            ran.stderr,
            ran.code
        ));
    };
    exec(&["--command", "echo 'hello   world'"]);
    exec(&["--command", "sh -c 'exit 7'"]);
    exec(&["--command", "vi /etc/hosts", "--container", "prices"]);
    exec(&[]);
    exec(&["--container", "envoy"]);
    exec(&["--pod", "other"]);
    exec(&["--command", "'"]);
    let all = all.replace(&pod[0], "POD");
    insta::assert_snapshot!(all, @r"
    $ --command echo 'hello   world'
    hello   world
    container `prices` of pod POD (local Kubernetes runs no containers)
    [0]
    $ --command sh -c 'exit 7'
    container `prices` of pod POD (local Kubernetes runs no containers)
    [7]
    $ --command vi /etc/hosts --container prices
    container `prices` of pod POD (local Kubernetes runs no containers)
    vi: local Kubernetes runs no containers
    [127]
    $ 
    container `prices` of pod POD (local Kubernetes runs no containers)
    [0]
    $ --container envoy
    error: pod POD has no container `envoy`
    hint: it has `prices`; choose one with `--container`
    [4]
    $ --pod other
    error: service `prices` has no pod `other`
    hint: there is POD; `shipit svc status --name prices --env kube` lists its pods
    [4]
    $ --command '
    error: `--command '` has a quote that does not end
    hint: close the quote
    [1]
    ");

    // What is piped in is read to its end.
    let options = ["--local", "--local-speed", "instant", "svc", "exec", "prices", "--env", "kube"];
    let cat = [&options[..], &["--command", "cat"]].concat();
    let mut child = workdir.command(&cat).stdin(Stdio::piped()).spawn().unwrap();
    let lines: String = (0..2_000).map(|number| format!("line {number}\n")).collect();
    let mut input = child.stdin.take().unwrap();
    let typed = lines.clone();
    let typing = std::thread::spawn(move || input.write_all(typed.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    typing.join().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(String::from_utf8(output.stdout).unwrap() == lines, "{told}");

    kube(&workdir, &["svc", "pause", "prices", "--yes"]).expect(0);
    let none = kube(&workdir, &["svc", "exec", "prices"]).expect(4);
    insta::assert_snapshot!(none.stderr, @r"
    error: no pod of service `prices` runs
    hint: `shipit svc status --name prices --env kube` lists its pods
    ");
}

#[test]
fn the_played_nodes_refuse_what_they_do_not_know() {
    let test = "cli::both_pods::the_played_nodes_refuse_what_they_do_not_know";
    let Some((server, _, namespace)) = deployed(test) else { return };
    let pod = pods(server, &namespace).remove(0);
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log");
    let text = |query: &str| match server.get(&format!("{path}?{query}")) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(error) => error.message,
    };
    assert_eq!(text("tailLines=1"), "listening on port 8080\n");
    assert_eq!(
        text("limitBytes=10"),
        "the played nodes do not know the option `limitBytes` of logs"
    );
    assert_eq!(
        text("previous=true"),
        format!("previous terminated container \"prices\" in pod \"{pod}\" not found")
    );
}
