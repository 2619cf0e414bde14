//! `shipit secret ls`: which secrets there are; never what they say.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::store::Place;
use crate::aws::parameters;
use crate::cli::{Exit, Global, Stop};
use crate::render::{human::table, json};

/// List secrets, of the environment that `--env` names or of all; values are not read
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit secret ls --env test --format json")]
pub(in super::super) struct Args {}

pub(super) async fn run(global: &Global, _args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let mut rows = Vec::new();
    for environment in Place::named(global)? {
        let place = Place::open(global, &environment).await?;
        for one in parameters::described(&place.account.cx, &place.path()).await? {
            let name = one.name.rsplit('/').next().unwrap_or_default().to_owned();
            let services = place.users(&name);
            rows.push((name, environment.clone(), one, services));
        }
    }
    rows.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    let changed = |one: &parameters::Described| {
        let at = i64::try_from(one.modified.as_secs()).unwrap_or(0);
        let time = OffsetDateTime::from_unix_timestamp(at).ok();
        time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
    };
    if terminal.json() {
        let list: Vec<_> = rows
            .iter()
            .map(|(name, environment, one, services)| {
                json!({
                    "name": name,
                    "environment": environment,
                    "parameter": one.name,
                    "version": one.version,
                    "changed": changed(one),
                    "services": services,
                })
            })
            .collect();
        terminal.out(&json::document(&json!({ "secrets": list })));
        return Ok(Exit::Done);
    }
    if rows.is_empty() {
        terminal.tell("no secret yet: make one with `shipit secret init NAME`");
        return Ok(Exit::Done);
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(name, environment, one, services)| {
            let used = if services.is_empty() { "-".to_owned() } else { services.join(", ") };
            vec![name.clone(), environment.clone(), one.version.to_string(), changed(one), used]
        })
        .collect();
    let headings = ["NAME", "ENVIRONMENT", "VERSION", "CHANGED", "USED BY"];
    terminal.out(&table::table(&headings, &cells));
    Ok(Exit::Done)
}
