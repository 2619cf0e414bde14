//! What `svc continue`, `svc cancel` and `svc rollback` share: a service deployment is found, and followed until it ends.

use std::time::Duration;

use serde_json::json;

use super::super::pipeline::{Pipeline, Runs};
use super::super::{Exit, Global, Stop};
use crate::engine::{Address, Clock};
use crate::record::Ending;
use crate::render::human::failure::failure;
use crate::render::json;
use crate::resources::ecs::shifting::{Pause, Shifting, current};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);

/// A live service and its newest deployment.
pub(super) struct Found {
    cluster: String,
    service: String,
    /// `None` where ECS knows of none.
    pub(super) now: Option<Shifting>,
}

/// The service of this name and its newest deployment.
pub(super) async fn find(pipeline: &Pipeline, name: &str) -> Result<Found, Stop> {
    let live = pipeline.live_of(&["ecs/service"]).await?;
    let Runs::Ecs(runs) = pipeline.runs_in(&live, name)? else {
        let environment = pipeline.environment();
        return Err(Stop::refused(
            format!("service `{name}` is on EKS, where a rollout neither pauses nor is taken back"),
            format!(
                "`shipit svc rollback --name {name} --env {environment}` goes back to an earlier release"
            ),
        ));
    };
    let (cluster, service) = (runs.cluster, runs.service.unwrap_or_default());
    let now = current(pipeline.cx(), &cluster, &service).await?;
    Ok(Found { cluster, service, now })
}

/// One line of what happens.
pub(super) fn tell(pipeline: &Pipeline, name: &str, event: &str, line: &str, now: &Shifting) {
    let terminal = pipeline.terminal();
    match terminal.json() {
        true => terminal.out(&json::line(
            &json!({"event": event, "service": name, "text": line, "deployment": now}),
        )),
        false => terminal.say(line),
    }
}

/// Follows the deployment to its end, or to a pause that is none of those `answered`. Going back was asked for where nothing
/// was answered.
pub(super) async fn follow(
    global: &Global,
    pipeline: &Pipeline,
    name: &str,
    found: &Found,
    answered: Option<&[Pause]>,
) -> Result<Exit, Stop> {
    let Some(begun) = found.now.as_ref() else { return Ok(Exit::Done) };
    if global.no_wait {
        return Ok(Exit::Done);
    }
    let environment = pipeline.environment();
    let clock = pipeline.clock();
    let (mut said, mut paused) = (String::new(), None);
    loop {
        let now = current(pipeline.cx(), &found.cluster, &found.service).await?;
        let Some(mut now) = now.filter(|now| now.arn == begun.arn) else {
            return Err(Stop::failed(
                format!("another deployment of service `{name}` has begun meanwhile"),
                format!("`shipit svc status --name {name} --env {environment}` says how it fares"),
            ));
        };
        // What was answered a moment ago may still be listed.
        let is_new =
            |pause: &Pause| answered.is_none_or(|all| all.iter().all(|one| one.hook != pause.hook));
        now.pauses.retain(is_new);
        if !now.is_going() {
            let outcome = match now.status.as_str() {
                "SUCCESSFUL" => Ending::Completed,
                "ROLLBACK_SUCCESSFUL" => Ending::RolledBackByEcs,
                _ => Ending::Failed,
            };
            pipeline.record_end(name, outcome).await;
            return ended(pipeline, name, &now, answered.is_none());
        }
        let text = format!("{name}: {}", now.text());
        if text != said {
            tell(pipeline, name, "shifting", &text, &now);
            said = text;
        }
        match now.paused(name, environment).filter(|_| now.is_forward()) {
            None => paused = None,
            Some(pause) => {
                let since = *paused.get_or_insert(clock.now());
                let patience = global.pause_wait.unwrap_or_default();
                if clock.now().saturating_sub(since) >= patience {
                    match pipeline.terminal().json() {
                        true => tell(pipeline, name, "paused", &pause.message, &now),
                        false => pipeline
                            .terminal()
                            .say(&failure(Some(&Address::new("ecs/service", name)), &pause)),
                    }
                    return Ok(Exit::Paused);
                }
            }
        }
        clock.sleep(EVERY).await;
    }
}

/// How it ended.
fn ended(pipeline: &Pipeline, name: &str, now: &Shifting, back: bool) -> Result<Exit, Stop> {
    let environment = pipeline.environment();
    let rolled_back = now.status == "ROLLBACK_SUCCESSFUL";
    if now.status == "SUCCESSFUL" && !back {
        tell(pipeline, name, "ended", &format!("{name}: the deployment is done"), now);
        return Ok(Exit::Done);
    }
    if rolled_back && back {
        tell(pipeline, name, "ended", &format!("{name}: rolled back"), now);
        return Ok(Exit::Done);
    }
    let why = match (now.off.as_slice(), now.reason.trim_end_matches('.')) {
        ([], "") => now.status.to_lowercase().replace('_', " "),
        ([], reason) => reason.to_owned(),
        (off, _) => format!("alarm {} went off", off.join(", ")),
    };
    let what = match (now.status.as_str(), back) {
        ("SUCCESSFUL", _) => "completed before it could be stopped".to_owned(),
        ("ROLLBACK_SUCCESSFUL", _) => format!("was rolled back: {why}"),
        ("ROLLBACK_FAILED", _) => format!("failed, and could not be rolled back: {why}"),
        _ => format!("was stopped: {why}"),
    };
    Err(Stop::failed(
        format!("the deployment of service `{name}` {what}"),
        format!("`shipit svc status --name {name} --env {environment}` says how it fares"),
    ))
}
