//! `shipit svc history`: the releases of a service.

use serde_json::json;

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};
use crate::record::{Numbered, current};
use crate::render::human::{self, table};
use crate::render::json;

/// List the releases of a service, the newest first
///
/// Each deploy and rollback that changed something of the service is a release, also one that
/// failed. AWS keeps the last hundred.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local svc history --name api --env test --limit 5")]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    /// How many releases to list
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let history = pipeline.history(&name).await?;
    let current = current(&history).map(|one| one.number);
    let shown: Vec<&Numbered> = history.iter().take(args.limit.into()).collect();
    let terminal = pipeline.terminal();
    if terminal.json() {
        let releases: Vec<_> = shown
            .iter()
            .map(|one| {
                let release = &one.release;
                json!({
                    "number": one.number,
                    "current": Some(one.number) == current,
                    "at": release.at,
                    "by": release.by,
                    "outcome": release.outcome,
                    "rollback_to": release.rollback_to,
                    "task_definition": release.task_definition,
                    "revision": release.revision,
                    "images": release.images,
                    "count": release.count,
                    "commit": release.commit,
                    "dirty": release.dirty,
                    "shipit": release.shipit,
                })
            })
            .collect();
        terminal.out(&json::document(&json!({ "service": name, "releases": releases })));
        return Ok(Exit::Done);
    }
    if shown.is_empty() {
        terminal.tell(&format!(
            "no release of service `{name}` is recorded in environment `{}`: `shipit svc deploy --name {name}` makes the first",
            pipeline.environment()
        ));
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = shown.iter().map(|one| row(one, current)).collect();
    let headings = ["RELEASE", "WHEN (UTC)", "WHO", "OUTCOME", "REVISION", "COMMIT", "IMAGE"];
    terminal.out(&table::fitting(&headings, rows, human::columns(), images));
    let left = history.len() - shown.len();
    if left > 0 {
        terminal.tell(&format!("{left} older: `--limit {}` lists them", history.len()));
    }
    Ok(Exit::Done)
}

fn row(one: &Numbered, current: Option<i64>) -> Vec<String> {
    let release = &one.release;
    let outcome = match release.rollback_to {
        Some(to) => format!("{}: back to {to}", release.outcome.text()),
        None => release.outcome.text().to_owned(),
    };
    // `3` of `demo-test-api:3`; on EKS the beginning of a digest.
    let revision = release.ran().and_then(|text| text.rsplit(':').next());
    let revision = revision.map(|text| text.get(..8).unwrap_or(text));
    let commit = release.commit.as_deref().map(|id| id.get(..8).unwrap_or(id));
    let dirty = if release.dirty { "+" } else { "" };
    vec![
        format!("{} {}", if Some(one.number) == current { "→" } else { " " }, one.number),
        release.at.replace('T', " ").trim_end_matches('Z').to_owned(),
        who(&release.by).to_owned(),
        outcome,
        revision.unwrap_or("-").to_owned(),
        commit.map_or("-".to_owned(), |id| format!("{id}{dirty}")),
        release.image(),
    ]
}

/// Images on a narrow screen: without what is in front of their names.
fn images(all: &str, room: usize) -> String {
    if all.chars().count() <= room {
        return all.to_owned();
    }
    let names: Vec<&str> = all.split(", ").filter_map(|image| image.rsplit('/').next()).collect();
    human::text::cut_front(&names.join(", "), room)
}

/// What of an ARN names a person: `alice`, `Deployer/alice`.
fn who(arn: &str) -> &str {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    resource.split_once('/').map_or(resource, |(_, name)| name)
}
