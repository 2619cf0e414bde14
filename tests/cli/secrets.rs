//! No secret value is found in anything that a run with secrets has printed or left behind.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::support::{Server, Workdir};

/// With characters that JSON, URLs and base64 spell differently.
const PARAMETER: &str = "p4ram\"eter/+mark&er=%7e-8f21";
const SECRET: &str = "s3cr3t\\mark/er+&? 77c0-\u{e4}\u{f6}";
const TOKEN: &str = "FwoGZXIvYXdzEBT//token+marker/9a1e==";

const WEB: &str = "kind: service
name: web
type: Load Balanced Web Service
image:
  location: public.ecr.aws/nginx/nginx:1.27
  port: 80
http:
  path: /
secrets:
  SESSION_KEY: /hello/session-key
  DATABASE_URL:
    secretsmanager: hello/database
";

/// Every spelling of a value that a search would know.
fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::Value::from(value).to_string();
    let twice = serde_json::Value::from(json.as_str()).to_string();
    let url: String = value
        .bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect();
    vec![
        value.to_owned(),
        json[1..json.len() - 1].to_owned(),
        twice[3..twice.len() - 3].to_owned(),
        STANDARD.encode(value).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(value),
        url.clone(),
        url.to_lowercase(),
    ]
}

/// Which of the values are in a text, and in which spelling.
fn found(bytes: &[u8]) -> Vec<String> {
    let holds = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
    let all = [PARAMETER, SECRET, TOKEN].into_iter().flat_map(spellings);
    all.filter(|spelling| holds(spelling)).collect()
}

/// Searches every file below a folder.
fn search(folder: &Path, searched: &mut usize) -> Vec<(String, Vec<String>)> {
    let mut hits = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hits.extend(search(&path, searched));
            continue;
        }
        *searched += 1;
        let found = found(&std::fs::read(&path).unwrap());
        if !found.is_empty() {
            hits.push((path.display().to_string(), found));
        }
    }
    hits
}

/// AWS refuses, and quotes what it should not: the values as validation quotes them, as a variable is set, and the
/// caller's session token.
fn faults() -> String {
    let json = |value: &str| serde_json::Value::from(value).to_string();
    let echo = format!(
        "1 validation error detected: Value '{SECRET}' at 'secretString' failed to satisfy constraint; the task has \
         SESSION_KEY='{PARAMETER}' and {{\"DATABASE_URL\": {}}}; the token {TOKEN} is not valid",
        json(SECRET)
    );
    let refuse = |service: &str, operation: &str| {
        format!(
            "  - on: {{service: {service}, operation: {operation}, call: 1}}\n    fault: {{error: {{code: ClientException, message: {}}}}}\n",
            json(&echo)
        )
    };
    format!(
        "rules:\n{}{}",
        refuse("ecs", "CreateService"),
        refuse("elasticloadbalancing", "CreateTargetGroup")
    )
}

#[test]
fn no_secret_is_found_in_what_a_run_prints_and_leaves() {
    let workdir = Workdir::example("hello");
    workdir.write("shipit/services/web.yml", WEB);
    workdir.by_hand(async |cx| {
        let call = cx.ssm.put_parameter().name("/hello/session-key").value(PARAMETER);
        call.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
        cx.secretsmanager
            .create_secret()
            .name("hello/database")
            .secret_string(SECRET)
            .send()
            .await
            .ok();
    });
    let elsewhere = Workdir::new();
    let script = elsewhere.write("faults.yml", faults()).display().to_string();
    let served = Server::local(&workdir, &["--local-speed", "instant", "--local-faults", &script]);
    let workdir = workdir
        .variable("AWS_ENDPOINT_URL", &served.url)
        .variable("AWS_ACCESS_KEY_ID", "123456789012")
        .variable("AWS_SECRET_ACCESS_KEY", "unused")
        .variable("AWS_SESSION_TOKEN", TOKEN);
    let mut printed = Vec::new();
    let mut run = |arguments: &[&str]| {
        let ran = workdir.shipit(arguments);
        printed.push((arguments.join(" "), format!("{}{}", ran.stdout, ran.stderr)));
        ran.code
    };
    let skip = "--skip-preflight=all";
    assert_eq!(run(&["-v", "plan", "--env", "test", "--out", "plan.json", skip]), 0);
    assert_eq!(run(&["--format", "json", "plan", "--env", "test", skip]), 0);
    assert_eq!(run(&["-v", "apply", "plan.json", "--yes"]), 3, "AWS refuses");
    assert_eq!(run(&["-v", "--format", "json", "deploy", "--env", "test", "--yes", skip]), 3);
    assert_eq!(run(&["-v", "deploy", "--env", "test", "--yes", skip]), 0);
    assert_eq!(run(&["--format", "json", "plan", "--env", "test", "--exit-code"]), 0);
    for show in [
        &["plan", "--env", "test"][..],
        &["--format", "json", "env", "show"],
        &["--format", "json", "svc", "show", "--name", "web"],
        &["-v", "svc", "status", "--name", "web"],
        &["svc", "history", "--name", "web"],
    ] {
        assert_eq!(run(show), 0, "{show:?}");
    }
    let all: String =
        printed.iter().map(|(command, text)| format!("$ {command}\n{text}\n")).collect();
    for (command, text) in &printed {
        assert_eq!(found(text.as_bytes()), Vec::<String>::new(), "`{command}` prints:\n{text}");
    }
    // The refusals were seen, and what is no secret is still there to be read.
    for said in [
        "Value '(sensitive)' at 'secretString'",
        "SESSION_KEY='(sensitive)'",
        "the token (sensitive) is not valid",
        "/hello/session-key",
    ] {
        assert!(all.contains(said), "`{said}` is not said:\n{all}");
    }
    let mut searched = 0;
    assert_eq!(search(workdir.path(), &mut searched), []);
    assert!(searched > 6, "{searched} files were searched");
    // The search finds what is there, and the account still knows the value.
    let planted = workdir.write("planted", STANDARD.encode(SECRET));
    assert_eq!(search(workdir.path(), &mut searched).len(), 1);
    std::fs::remove_file(planted).unwrap();
    let value = workdir.by_hand(async |cx| {
        let call = cx.ssm.get_parameter().name("/hello/session-key").with_decryption(true);
        call.send().await.unwrap().parameter().unwrap().value().unwrap().to_owned()
    });
    assert_eq!(value, PARAMETER);
}
