//! `shipit job ls`: the jobs of the workspace.

use serde_json::json;

use super::super::{Exit, Global, Stop, open};
use crate::manifest::ServiceType;
use crate::render::{human::table, json};

/// List the jobs of the workspace, and when each runs in each environment
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit job ls --format json")]
pub(in super::super) struct Args {}

pub(super) fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let workspace = open::workspace(global.env.as_deref())?;
    let mut jobs = Vec::new();
    for job in &workspace.services {
        if job.service_type != ServiceType::ScheduledJob {
            continue;
        }
        for environment in &workspace.environments {
            if global.env.as_ref().is_some_and(|wanted| *wanted != environment.name) {
                continue;
            }
            let manifest = workspace.service_in(&job.name, &environment.name)?;
            let (schedule, zone) = match manifest.on {
                Some(on) => (on.schedule, on.timezone),
                None => (None, String::new()),
            };
            jobs.push((job.name.clone(), environment.name.clone(), schedule, zone));
        }
    }
    if terminal.json() {
        let list: Vec<_> = jobs
            .iter()
            .map(|(name, environment, schedule, zone)| {
                json!({ "name": name, "environment": environment, "schedule": schedule, "timezone": zone })
            })
            .collect();
        terminal.out(&json::document(&json!({ "jobs": list })));
        return Ok(Exit::Done);
    }
    if jobs.is_empty() {
        terminal.tell("no job yet: create one with `shipit job init --name nightly`");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = jobs
        .into_iter()
        .map(|(name, environment, schedule, zone)| match schedule {
            Some(schedule) => vec![name, environment, schedule, zone],
            None => vec![name, environment, "none".to_owned(), "-".to_owned()],
        })
        .collect();
    terminal.out(&table::table(&["NAME", "ENVIRONMENT", "SCHEDULE", "TIME ZONE"], &rows));
    Ok(Exit::Done)
}
