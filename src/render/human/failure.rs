//! Failures: what failed, on which address, why, and what to type next.

use crate::engine::{Address, Diagnosis, Fact, Failure};
use crate::render::terminal::style;

/// `error: ADDRESS: message`, what it rests on and the hint: a diagnosis has said the cause by its third line. Below,
/// the request id and the rest of what is known.
pub fn failure(address: Option<&Address>, failure: &Failure) -> String {
    let place =
        address.map(|address| format!("{}: ", style::hint().for_stderr().apply_to(address)));
    let head = match failure.is_pause() {
        true => style::change().bold().for_stderr().apply_to("paused:"),
        false => style::bad().bold().for_stderr().apply_to("error:"),
    };
    let mut text = format!("{head} {}{failure}", place.unwrap_or_default());
    let facts = failure.diagnosis.as_ref().map_or(&[][..], |diagnosis| &diagnosis.facts);
    if let Some(first) = facts.first() {
        text.push_str(&format!("\n  {}", said(first)));
    }
    if let Some(id) = &failure.request_id {
        text.push_str(&format!("\n  request id: {id}"));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&hint_line(hint));
    }
    if let Some(diagnosis) = &failure.diagnosis {
        text.push_str(&details(diagnosis));
    }
    text
}

/// What stands below the hint: all facts but the first, by what they are about, and the log.
pub fn details(diagnosis: &Diagnosis) -> String {
    let rest = diagnosis.facts.get(1..).unwrap_or_default();
    let width = rest.iter().map(|fact| fact.about.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut last = "";
    for fact in rest {
        let about = if fact.about == last { "" } else { &fact.about };
        last = &fact.about;
        let about = format!("{about:width$}");
        let about = style::faint().for_stderr().apply_to(about);
        text.push_str(&format!("\n  {about}  {}", counted(fact)));
    }
    if let Some(log) = &diagnosis.log {
        let source = style::faint().for_stderr().apply_to(format!("log of {}", log.source));
        text.push_str(&format!("\n  {source}"));
        if let Some(missing) = &log.missing {
            text.push_str(&format!(": {missing}"));
        }
        for line in &log.lines {
            text.push_str(&format!("\n  | {line}"));
        }
    }
    text
}

fn counted(fact: &Fact) -> String {
    match fact.times {
        0 | 1 => fact.text.clone(),
        times => format!("{times} × {}", fact.text),
    }
}

/// `2 × stopped task: text`.
fn said(fact: &Fact) -> String {
    let times = if fact.times > 1 { format!("{} × ", fact.times) } else { String::new() };
    format!("{times}{}: {}", fact.about, fact.text)
}

/// `error: message`, with a hint below.
pub fn message(message: &str, hint: Option<&str>) -> String {
    let text = format!("{} {message}", style::bad().bold().for_stderr().apply_to("error:"));
    text + &hint.map(hint_line).unwrap_or_default()
}

fn hint_line(hint: &str) -> String {
    format!("\n{} {hint}", style::hint().for_stderr().apply_to("hint:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Class, LogTail, Verdict};

    #[test]
    fn a_diagnosis_says_the_cause_first_and_nothing_twice() {
        let why = Failure::new(Class::Broken, "container `api` exited with code 3: no database")
            .with_hint("run it")
            .with_diagnosis(Diagnosis {
                verdict: Verdict::Failed,
                cause: Some("exited".to_owned()),
                facts: vec![
                    Fact { times: 2, ..Fact::new("stopped task", "container `api`: exit code 3") },
                    Fact::new("deployment", "ecs-svc/1 failed"),
                    Fact { times: 3, ..Fact::new("event", "has started 1 tasks") },
                    Fact::new("event", "deployment failed"),
                ],
                log: Some(LogTail {
                    source: "container `api`".to_owned(),
                    lines: vec!["starting".to_owned(), "no database".to_owned()],
                    missing: None,
                }),
            });
        insta::assert_snapshot!(failure(Some(&Address::new("ecs/service", "api")), &why), @r"
        error: ecs/service.api: container `api` exited with code 3: no database
          2 × stopped task: container `api`: exit code 3
        hint: run it
          deployment  ecs-svc/1 failed
          event       3 × has started 1 tasks
                      deployment failed
          log of container `api`
          | starting
          | no database
        ");
    }
}
