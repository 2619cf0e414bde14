//! The rich change as text, Markdown and JSON.

use std::time::Duration;

use shipit::engine::{Class, Failure, Outcome};
use shipit::render::events::Line;
use shipit::render::human::plan::{View, shown};
use shipit::render::json;
use shipit::render::markdown::{self, Ending, Room};

use super::{expect, rich};

fn text(width: usize, colour: bool) -> String {
    shown(&rich::plan(), &View { width, wrap: true, details: true, colour })
}

#[test]
fn as_text() {
    expect("plan-80.txt", &text(80, false));
    expect("plan-120.txt", &text(120, false));
    // Escape sequences are written out, so that the file can be read.
    expect("plan-80-colour.txt", &text(80, true).replace('\u{1b}', "␛"));
    expect("plan-120-colour.txt", &text(120, true).replace('\u{1b}', "␛"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    for width in [80, 120] {
        assert_eq!(console::strip_ansi_codes(&text(width, true)), text(width, false));
    }
}

/// Bold, dim, red, green and magenta can be read on black and on white.
#[test]
fn only_colours_that_can_be_read_on_white() {
    let coloured = text(80, true);
    let mut seen = std::collections::BTreeSet::new();
    for part in coloured.split("\u{1b}[").skip(1) {
        seen.insert(part.split_once('m').unwrap().0);
    }
    assert_eq!(Vec::from_iter(seen), ["0", "1", "2", "31", "32", "35"]);
}

#[test]
fn nothing_but_an_id_is_wider_than_the_terminal() {
    for width in [80, 100, 120] {
        for line in text(width, false).lines() {
            let id = line.split_whitespace().count() == 1;
            assert!(line.chars().count() <= width || id, "{width}: {line}");
        }
    }
}

#[test]
fn as_markdown() {
    expect("plan.md", &markdown::plan(&rich::plan(), Room::Comment));
    expect("nothing.md", &markdown::plan(&rich::empty(), Room::Comment));
}

#[test]
fn as_json() {
    let mut plan = rich::plan();
    // As the diff makes them: here they are plain to show that no renderer relies on it.
    for change in plan.steps.iter_mut().flat_map(|step| &mut step.changes) {
        if change.sensitive {
            (change.before, change.after) = ("(sensitive)".into(), "(sensitive)".into());
        }
    }
    expect("plan.json", &(json::document(&plan) + "\n"));
    let lines = [Line::run(&rich::plan()), Line::plan(&rich::plan()), Line::outcome(None, 4)];
    let text: String = lines.iter().map(|line| json::line(line) + "\n").collect();
    expect("events.jsonl", &text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

#[test]
fn an_outcome_as_markdown() {
    let failure = Failure {
        operation: Some("ecs UpdateService".into()),
        code: Some("InvalidParameterException".into()),
        request_id: Some("0a1b2c".into()),
        ..Failure::new(
            Class::Invalid,
            "the target group <x> does not have an associated load balancer",
        )
    };
    let outcome = Outcome {
        done: vec![0, 1, 2],
        failed: vec![(6, failure.with_hint("run `shipit plan`"))],
        skipped: vec![(3, "`ecs/service.api` failed".into())],
        ..Outcome::default()
    };
    let ending = Ending { outcome: Some(&outcome), took: Duration::from_secs(185), addresses: &[] };
    expect("outcome-failed.md", &markdown::outcome(&rich::plan(), &ending, Room::Comment));
    let outcome = Outcome { done: vec![0], ..Outcome::default() };
    let addresses = [("api".to_owned(), "https://shop.example.com/".to_owned())];
    let took = Duration::from_secs(12);
    let ending = Ending { outcome: Some(&outcome), took, addresses: &addresses };
    let mut plan = rich::empty();
    plan.steps.push(rich::plan().steps.remove(0));
    expect("outcome-done.md", &markdown::outcome(&plan, &ending, Room::Comment));
    expect(
        "error.md",
        &markdown::stop("error: `x` is <b>wrong</b>\nhint: do ``` this", 4, Some("prod")),
    );
}

#[test]
fn no_secret_in_any_form() {
    let plan = rich::plan();
    let forms =
        [text(80, false), markdown::plan(&plan, Room::Comment), json::line(&Line::plan(&plan))];
    for form in forms {
        assert!(!form.contains("hunter2"), "{form}");
    }
}
