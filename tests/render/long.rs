//! Plans that are too long for a comment are cut by steps, not by characters.

use serde_json::json;
use shipit::engine::{Action, Plan, Step};
use shipit::render::markdown::{self, Room};

use super::rich::{change, empty, step};

const LIMIT: usize = 65_535;

/// So many creates and updates with fields, and a delete at the very end.
fn plan(creates: usize, updates: usize, deletes: usize) -> Plan {
    let create = |at: usize| step(&format!("ec2/subnet.c{at}"), None, Action::Create, "");
    let update = |at: usize| Step {
        changes: vec![change("path", json!("a".repeat(300)), json!("b".repeat(300)))],
        ..step(&format!("ecs/service.u{at}"), Some("api"), Action::Update, "")
    };
    let delete = |at: usize| Step {
        id: Some(format!("id-{at}")),
        loses: Some("3 images".into()),
        ..step(&format!("ecr/repository.d{at}"), Some("api"), Action::Delete, "it goes")
    };
    let steps =
        (0..creates).map(create).chain((0..updates).map(update)).chain((0..deletes).map(delete));
    Plan { steps: steps.collect(), ..empty() }
}

fn shown(plan: &Plan) -> String {
    let text = markdown::plan(plan, Room::Comment);
    assert!(text.chars().count() <= LIMIT, "{} characters", text.chars().count());
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert_eq!(text.matches("```").count() % 2, 0);
    text
}

fn note(text: &str) -> &str {
    text.lines().find(|line| line.contains("not shown")).unwrap_or_default()
}

#[test]
fn what_fits_is_whole() {
    assert_eq!(note(&shown(&plan(10, 10, 10))), "");
}

#[test]
fn fields_go_before_steps_and_deletes_stay() {
    let text = shown(&plan(20, 200, 50));
    let fields = text.matches("```diff").count();
    assert_eq!(
        note(&text),
        format!(
            "> **the fields of {} steps not shown** here; the run's log has the whole plan.",
            200 - fields
        )
    );
    assert_eq!(
        (text.matches("ec2/subnet.c").count(), text.matches("loses 3 images").count()),
        (20, 50)
    );
    assert!(fields > 20, "{fields}");
}

#[test]
fn steps_go_last_to_first_and_the_count_is_right() {
    let text = shown(&plan(3_000, 10, 60));
    let left = text.matches("ec2/subnet.c").count();
    assert_eq!(
        note(&text),
        format!(
            "> **{} steps and the fields of 10 steps not shown** here; the run's log has the whole plan.",
            3_000 - left
        )
    );
    assert!(left > 100, "{left}");
    assert_eq!(text.matches("loses 3 images").count(), 60);
    // The counts tell the whole all the same.
    assert!(text.contains("| **60** | **3000** | **10** | **0** |"), "{}", &text[..600]);
}

#[test]
fn even_deletes_alone_can_be_too_many() {
    let text = shown(&plan(0, 0, 5_000));
    let left = text.matches("loses 3 images").count();
    assert_eq!(
        note(&text),
        format!("> **{} steps not shown** here; the run's log has the whole plan.", 5_000 - left)
    );
}

#[test]
fn a_very_long_value_is_cut_where_it_differs() {
    let mut plan = plan(0, 1, 0);
    let long = "x".repeat(1_000_000);
    plan.steps[0].changes[0] =
        change("path", json!(format!("{long}old")), json!(format!("{long}new")));
    let text = shown(&plan);
    assert!(text.contains("old\"\n") && text.contains("new\"\n") && text.len() < 2_000, "{text}");
}
