//! `shipit env prune`: environments whose time is over.

use std::collections::BTreeSet;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::pipeline::{Choices, Pipeline};
use super::super::{Exit, Global, Stop, account, open};
use crate::manifest::{Environment, Workspace};
use crate::render::human::{status, table};
use crate::render::json;
use crate::resources::ecs::expiry::{Expiring, expiring};

/// Delete review environments whose time is over
///
/// Only what bears a time of expiry is ever looked at: environments made from a manifest with `review`. Each is planned,
/// shown and confirmed as with `env delete`, with everything in it, its logs, too.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local env prune --dry-run\n  shipit --local env prune --yes"
)]
pub(in super::super) struct Args {
    /// List them, and delete nothing
    #[arg(long)]
    dry_run: bool,
}

/// One that was found, and how to get there.
struct Found {
    template: Environment,
    expiring: Expiring,
    /// Seconds until it ends; none where the tag cannot be read.
    left: Option<i64>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let workspace = open::workspace(None)?;
    let found = find(global, &workspace).await?;
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|one| {
            let state = match one.left {
                None => "unreadable, and left alone".to_owned(),
                Some(left) if left > 0 => format!("in {}", status::age(left)),
                Some(left) => format!("over for {}", status::age(-left)),
            };
            vec![one.expiring.environment.clone(), one.expiring.expires.clone(), state]
        })
        .collect();
    let over: Vec<&Found> = found.iter().filter(|one| is_over(one)).collect();
    if terminal.json() {
        let list: Vec<_> = found
            .iter()
            .map(|one| {
                let Expiring { environment, expires } = &one.expiring;
                json!({ "name": environment, "expires": expires, "over": is_over(one) })
            })
            .collect();
        let document = json!({ "environments": list });
        // What becomes of them are lines.
        match args.dry_run || over.is_empty() {
            true => terminal.out(&json::document(&document)),
            false => terminal.out(&json::line(&document)),
        }
    } else if rows.is_empty() {
        terminal.tell("no environment has a time of expiry");
    } else {
        terminal.out(&table::table(&["ENVIRONMENT", "EXPIRES", "TIME"], &rows));
    }
    if args.dry_run {
        return Ok(Exit::Done);
    }
    let mut worst = Exit::Done;
    for one in over {
        let pipeline = leaving(global, &workspace, one).await?;
        let ended = pipeline.deploy(&Choices::everything()).await?;
        if ended != Exit::Done {
            worst = ended;
        }
        if ended == Exit::Interrupted {
            break;
        }
    }
    Ok(worst)
}

fn is_over(one: &Found) -> bool {
    one.left.is_some_and(|left| left <= 0)
}

/// All that bear a time of expiry, wherever manifests with `review` lead.
async fn find(global: &Global, workspace: &Workspace) -> Result<Vec<Found>, Stop> {
    let templates = workspace.environments.iter().filter(|one| one.review.is_some());
    let named = |one: &&Environment| global.env.as_ref().is_none_or(|name| *name == one.name);
    let templates: Vec<&Environment> = templates.filter(named).collect();
    if templates.is_empty() {
        return Err(Stop::refused(
            "no environment's manifest here has `review`",
            "write `review: {names: \"pr-*\", ttl: 3d}` into the manifest that review environments are made from",
        ));
    }
    let application = &workspace.application;
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for template in templates {
        let account = account::open(global, application, template).await?;
        for expiring in expiring(&account.cx, &application.name).await? {
            let place = (account.cx.account.clone(), account.cx.region.clone());
            // One that has a manifest is no review environment any more.
            let own = workspace.environment(&expiring.environment).is_some();
            if own || !seen.insert((place, expiring.environment.clone())) {
                continue;
            }
            let at = OffsetDateTime::parse(&expiring.expires, &Rfc3339).ok();
            let left = at.map(|at| (at - OffsetDateTime::now_utc()).whole_seconds());
            found.push(Found { template: template.clone(), expiring, left });
        }
    }
    Ok(found)
}

/// The way to an environment that has no manifest, through the one it was made from.
async fn leaving(global: &Global, workspace: &Workspace, one: &Found) -> Result<Pipeline, Stop> {
    let Found { template, expiring, .. } = one;
    let name = &expiring.environment;
    let (mut bare, mut environment) =
        Workspace::without_manifests(&workspace.root, &workspace.application.name, name, "");
    environment.account = template.account.clone().or(workspace.application.account.clone());
    environment.region = template.region.clone().or(workspace.application.region.clone());
    environment.profile = template.profile.clone();
    environment.role = template.role.clone();
    bare.environments = vec![environment.clone()];
    let global = Global { env: Some(name.clone()), ..global.clone() };
    Pipeline::open_leaving(&global, bare, environment).await
}
