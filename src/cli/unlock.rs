//! `shipit unlock`: takes a lock away from a run that is dead or must stop.

use serde_json::json;

use super::{Exit, Global, Stop, account, locking, open};
use crate::engine::{Owner, Target};
use crate::lock::{self, Context, HeldLock};
use crate::render::human::text;
use crate::render::json;

/// Take away a lock that another run holds
///
/// Says who holds which lock, asks, and takes it away. The run that held it, if it still runs, notices
/// within a third of its lease time (20 s) and starts nothing more; a call that is in flight is not
/// stopped. A lock whose holder is dead need not be taken away: the next run takes it over by
/// itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local unlock --env test --yes")]
pub(super) struct Args {
    /// Only this service's lock
    #[arg(long, short, value_name = "NAME")]
    svc: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let (workspace, environment) = open::in_environment(global)?;
    let account = account::open(global, &workspace.application, &environment).await?;
    let target = Target {
        application: workspace.application.name.clone(),
        environment: environment.name.clone(),
        account: account.cx.account.clone(),
        region: account.cx.region.clone(),
        run: String::new(),
    };
    let cx = locking::context(global, &account, &target)?;
    let mut held = lock::held(&cx).await?;
    if let Some(service) = &args.svc {
        held.retain(|held| held.owner == Owner::Service(service.clone()));
    }
    if held.is_empty() {
        if terminal.json() {
            terminal.out(&json::document(&json!({ "unlocked": [], "moved_on": [] })));
        } else {
            let what = match &args.svc {
                Some(service) => cx.called(&Owner::Service(service.clone())),
                None => cx.called(&Owner::Environment),
            };
            terminal.say(&format!("no lock is held in {what}"));
        }
        return Ok(Exit::Done);
    }
    for held in &held {
        terminal.tell(&explain(&cx, held));
    }
    confirm(global, &cx, &held)?;
    let (mut unlocked, mut moved_on) = (Vec::new(), Vec::new());
    for held in held {
        match lock::unlock(&cx, &held).await? {
            true => unlocked.push(held),
            false => moved_on.push(held),
        }
    }
    if terminal.json() {
        terminal.out(&json::document(&json!({ "unlocked": unlocked, "moved_on": moved_on })));
    } else {
        for held in &unlocked {
            terminal.say(&format!("the lock of {} is free", cx.called(&held.owner)));
        }
        for held in &moved_on {
            terminal.say(&format!(
                "the lock of {} has changed hands meanwhile, and was left alone",
                cx.called(&held.owner)
            ));
        }
    }
    Ok(if moved_on.is_empty() { Exit::Done } else { Exit::Refused })
}

/// Who holds it, whether it seems to live, and what taking it away does.
fn explain(cx: &Context, held: &HeldLock) -> String {
    let silent = text::duration(std::time::Duration::from_secs(held.silent_seconds));
    let lease = held.holder.as_ref().map_or(cx.lease, lock::Holder::lease);
    let seems = if held.silent_seconds > lease.as_secs() {
        "it seems to be dead: the next run would take the lock over by itself".to_owned()
    } else {
        format!(
            "it seems to be alive: it notices within {}, starts nothing more, and leaves half done what it has begun",
            text::duration(lease / 3)
        )
    };
    format!("{}\n  its last sign of life was {silent} ago; {seems}", held.message(cx))
}

fn confirm(global: &Global, cx: &Context, held: &[HeldLock]) -> Result<(), Stop> {
    let terminal = global.terminal();
    if global.yes {
        return Ok(());
    }
    if !terminal.asks || terminal.json() {
        let held: Vec<String> = held.iter().map(|held| held.message(cx)).collect();
        return Err(Stop::refused(
            format!("{}; there is no terminal to confirm at", held.join("; ")),
            "add `--yes` to take the lock away",
        ));
    }
    let question = format!("Take {} away?", text::count(held.len(), "lock"));
    match dialoguer::Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::refused("not confirmed: every lock stays", "")),
        Err(_) => Err(Stop::interrupted()),
    }
}
