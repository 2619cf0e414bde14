//! Eight at once, again and again: one winner each.

use std::collections::BTreeSet;
use std::io::Write;

use super::{DEADLINE, Place, Run, until};

const ROUNDS: usize = 50;
const RUNS: usize = 8;

/// One round: all start together, the winner stands still before its last call until all others
/// have ended. Returns the winner.
fn round(place: &Place, number: usize) -> String {
    place.ask_for("api", &format!("round-{number}"));
    place.front.forget();
    place.front.shut("*", "UpdateService");
    let (sender, ended) = std::sync::mpsc::channel();
    for index in 0..RUNS {
        let run: Run = place.start(&format!("run{index}"), &["deploy", "--yes"]);
        let sender = sender.clone();
        std::thread::spawn(move || sender.send((index, run.end())));
    }
    let mut codes = [None; RUNS];
    for count in 0..RUNS {
        if count == RUNS - 1 {
            until("the winner stands still", || place.front.waiting().len() == 1);
            place.front.open();
        }
        let (index, run) = ended.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            panic!("round {number}: {codes:?}, {:?} stand still", place.front.waiting())
        });
        codes[index] = Some(run.code);
        if run.code != 0 {
            assert_eq!(run.code, 4, "round {number}:\n{}", run.stderr);
            let refusal = run.stderr.lines().rev().nth(1).unwrap_or_default();
            assert!(
                refusal.starts_with(
                    "error: the lock of service `api` in environment `test` is held by arn:"
                ) && refusal.ends_with("`shipit deploy --env test`"),
                "round {number}: {refusal}"
            );
        }
    }
    let winners: Vec<usize> = (0..RUNS).filter(|index| codes[*index] == Some(0)).collect();
    assert_eq!(winners.len(), 1, "round {number}: {codes:?}");
    let winner = format!("run{}", winners[0]);
    let changes: Vec<_> =
        place.front.calls().into_iter().filter(super::front::Called::changes).collect();
    // Of old revisions, the last ten stay.
    let operations: Vec<&str> = changes
        .iter()
        .map(|call| call.operation.as_str())
        .filter(|operation| *operation != "DeregisterTaskDefinition")
        .collect();
    assert_eq!(operations, ["RegisterTaskDefinition", "UpdateService"], "round {number}");
    assert!(changes.iter().all(|call| call.run == winner), "round {number}: {changes:?}");
    winner
}

#[test]
fn of_eight_at_once_one_proceeds_in_fifty_rounds() {
    let place = Place::deployed(&["api"]);
    let winners: Vec<String> = (1..=ROUNDS).map(|number| round(&place, number)).collect();
    let different: BTreeSet<&String> = winners.iter().collect();
    let _ = writeln!(
        std::io::stderr(),
        "{ROUNDS} rounds, {} winners ({} of {RUNS} won at least once)",
        winners.len(),
        different.len()
    );
    assert!(different.len() > 1, "the same one always wins: they do not race");
    assert_eq!(place.held(), "");
}
