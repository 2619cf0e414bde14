//! What commands that lock share: whose locks, and what is said of them.

use std::time::Duration;

use super::account::Account;
use super::{Global, Stop};
use crate::engine::Target;
use crate::lock::{Context, HeldBy, Me, Told};
use crate::render::events::{Line, LockLine};
use crate::render::human::text;
use crate::render::{Terminal, json};

/// How long a lease goes without a heartbeat, unless `--lock-lease` says otherwise.
const LEASE: Duration = Duration::from_secs(60);

/// The locks of an environment.
pub(super) fn context(
    global: &Global,
    account: &Account,
    target: &Target,
) -> Result<Context, Stop> {
    let lease = global.lock_lease.unwrap_or(LEASE);
    if lease < crate::lock::SHORTEST_LEASE {
        return Err(Stop::failed(
            format!("`--lock-lease {}ms` is too short", lease.as_millis()),
            "a busy machine needs at least 500ms to keep its locks",
        ));
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let me = Me::here(&account.caller, &arguments);
    let mut cx =
        Context::new(account.cx.clone(), &target.application, &target.environment, lease, me);
    cx.run = target.run.clone();
    if global.local {
        // The account lives in this machine's folder, so whoever holds a lock ran here, too.
        cx.gone = crate::lock::is_gone;
    }
    Ok(cx)
}

/// A lock is held by another run.
pub(super) fn refused(held: &HeldBy, environment: &str) -> Stop {
    let lease = held.holder.as_ref().map_or(LEASE, crate::lock::Holder::lease);
    Stop::refused(
        held.message(),
        format!(
            "wait for it with `--lock-wait 10m`; its last sign of life was {} ago, and without one for {} it is \
             taken over; `shipit unlock --env {environment}` takes it away",
            text::duration(held.silent),
            text::duration(lease),
        ),
    )
}

/// Says what happens while a lock is taken.
pub(super) fn tell(terminal: &Terminal, told: &Told) {
    type Made = fn(LockLine) -> Line;
    let (event, held, within, says): (Made, _, _, _) = match told {
        Told::Waiting(held) => {
            (Line::LockWaiting, Some(held), None, format!("{}; waiting for it", held.message()))
        }
        Told::Watching(held, time) => (
            Line::LockWatching,
            Some(held),
            Some(time),
            format!(
                "{}, and shows no sign of life: it is taken over in {} unless it does",
                held.message(),
                text::duration(*time)
            ),
        ),
        Told::TakenOver(held) => (
            Line::LockTakenOver,
            Some(held),
            None,
            format!("{}, and is dead: taken over", held.message()),
        ),
        Told::HoldingOff(time) => (
            Line::LockHoldingOff,
            None,
            Some(time),
            format!(
                "the lock was taken away from a run that may notice it only now: waiting {}",
                text::duration(*time)
            ),
        ),
    };
    if terminal.json() {
        let line = event(LockLine {
            lock: held.map(|held| held.lock.clone()),
            holder: held.and_then(|held| serde_json::to_value(held.holder.as_ref()?).ok()),
            seconds: within.map(Duration::as_secs_f64),
        });
        terminal.out(&json::line(&line));
    } else {
        terminal.say(&says);
    }
}

/// `90s`, `10m`, `1h`, `500ms`; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration: write `90s`, `10m` or `1h`");
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..split].parse().map_err(|_| wrong())?;
    let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
    match &text[split..] {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => seconds(1),
        "m" => seconds(60),
        "h" => seconds(3600),
        _ => None,
    }
    .filter(|duration| *duration <= Duration::from_secs(7 * 24 * 3600))
    .ok_or_else(wrong)
}
