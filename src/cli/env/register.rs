//! `shipit env register`: machines outside AWS (ECS Anywhere).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};
use crate::aws::activations::{self, Described, Wanted};
use crate::engine::Address;
use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};
use crate::planner;
use crate::render::human::table;
use crate::render::json;

/// Systems Manager takes no longer name of a role, its path included.
const LONGEST_ROLE: usize = 64;
/// What AWS has machines run: it installs the agents, and joins the cluster.
const SCRIPT: &str = "https://amazon-ecs-agent.s3.amazonaws.com/ecs-anywhere-install-latest.sh";

/// Print the command with which machines outside AWS join an environment's cluster
///
/// Makes an activation in Systems Manager, and prints what to run on each machine as root (ECS Anywhere). Whoever
/// has the printed code may register machines until it is used up or over: keep it as a password. It is shown this
/// once; `--ls` lists activations, `--revoke` takes one back. The environment's manifest says `cluster: {external: true}`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local env register --name test --machines 3 --good-for 12\n  \
    shipit --local env register --name test --ls"
)]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    /// How many machines may join with it
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1000))]
    machines: i32,
    /// For how many hours
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..=720))]
    good_for: u64,
    /// Another role for the machines, by its name, with its path unless that is `/`
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// List the environment's activations instead
    #[arg(long, conflicts_with_all = ["machines", "good_for", "role", "revoke"])]
    ls: bool,
    /// Take this activation back instead: no further machine can join with it
    #[arg(long, value_name = "ID", conflicts_with_all = ["machines", "good_for", "role"])]
    revoke: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name.clone());
    let pipeline = Pipeline::open(&global, Which::Environment).await?;
    if args.ls {
        return list(&global, &pipeline).await;
    }
    if let Some(id) = &args.revoke {
        return revoke(&global, &pipeline, id).await;
    }
    let environment = pipeline.environment();
    let live = pipeline.live().await?;
    let output = |address: Address, output: &str| {
        let found = live.at(&address).next();
        found.and_then(|one| one.outputs[output].as_str()).map(str::to_owned)
    };
    let cluster = output(Address::new("ecs/cluster", "main"), "name").ok_or_else(|| {
        Stop::refused(
            format!("environment `{environment}` is not deployed"),
            format!("deploy it with `shipit env deploy --name {environment}`"),
        )
    })?;
    let role = match args.role {
        Some(role) => role,
        None => {
            let role = output(Address::new("iam/role", planner::MACHINE), "name");
            let role = role.ok_or_else(|| {
                Stop::refused(
                    format!("environment `{environment}` takes no machines outside AWS yet"),
                    format!(
                        "write `cluster: {{external: true}}` in environments/{environment}.yml, then `shipit env deploy --name {environment}`"
                    ),
                )
            })?;
            format!("shipit/{}/{environment}/{role}", pipeline.application())
        }
    };
    if role.len() > LONGEST_ROLE {
        return Err(Stop::refused(
            format!(
                "Systems Manager takes no role whose path and name are longer than {LONGEST_ROLE} characters: `{role}`"
            ),
            "make one with a shorter name, and name it with `--role ROLE`",
        ));
    }
    let wanted = Wanted {
        role,
        description: format!("Lets machines join the cluster {cluster}"),
        machine: cluster.clone(),
        machines: args.machines,
        good_for: Duration::from_secs(args.good_for * 3600),
        tags: tags(&pipeline),
    };
    let cx = pipeline.cx();
    let made = activations::create(cx, &wanted).await?;
    let script = "ecs-anywhere-install.sh";
    let command = format!(
        "curl --proto https --fail --output {script} {SCRIPT} && sudo bash {script} --region {} --cluster {cluster} --activation-id {} --activation-code {}",
        cx.region, made.id, made.code
    );
    let terminal = global.terminal();
    if terminal.json() {
        terminal.out(&json::document(&json!({
            "activation_id": made.id,
            "activation_code": made.code,
            "machines": args.machines,
            "hours": args.good_for,
            "cluster": cluster,
            "region": cx.region,
            "command": command,
        })));
        return Ok(Exit::Done);
    }
    let machines = match args.machines {
        1 => "one machine".to_owned(),
        more => format!("up to {more} machines"),
    };
    terminal.tell(&format!(
        "Run this on {machines} within {} hours; keep it as a password:",
        args.good_for
    ));
    terminal.out(&command);
    Ok(Exit::Done)
}

/// Whose it is. It bears no address: activations are no part of a plan, and end by themselves.
fn tags(pipeline: &Pipeline) -> BTreeMap<String, String> {
    BTreeMap::from([
        (TAG_APPLICATION.to_owned(), pipeline.application().to_owned()),
        (TAG_ENVIRONMENT.to_owned(), pipeline.environment().to_owned()),
    ])
}

/// The environment's own among those of the account.
async fn own(pipeline: &Pipeline) -> Result<Vec<Described>, Stop> {
    let mut all = activations::list(pipeline.cx()).await?;
    let own = tags(pipeline);
    all.retain(|one| own.iter().all(|(key, value)| one.tags.get(key) == Some(value)));
    all.sort_by_key(|one| one.expires);
    Ok(all)
}

async fn list(global: &Global, pipeline: &Pipeline) -> Result<Exit, Stop> {
    let all = own(pipeline).await?;
    let expires = |one: &Described| {
        let at = i64::try_from(one.expires.as_secs()).unwrap_or(0);
        let time = OffsetDateTime::from_unix_timestamp(at).ok();
        time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
    };
    let terminal = global.terminal();
    if terminal.json() {
        let rows: Vec<_> = all
            .iter()
            .map(|one| {
                json!({
                    "activation_id": one.id,
                    "machines": one.machines,
                    "used": one.used,
                    "expires": expires(one),
                    "expired": one.expired,
                })
            })
            .collect();
        terminal.out(&json::document(&json!({ "activations": rows })));
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        terminal.tell(&format!(
            "environment `{}` has no activation: make one with `shipit env register`",
            pipeline.environment()
        ));
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| {
            let used = format!("{} of {}", one.used, one.machines);
            let state = if one.expired { "over" } else { "good" };
            vec![one.id.clone(), used, expires(one), state.to_owned()]
        })
        .collect();
    terminal.out(&table::table(&["ACTIVATION", "USED", "EXPIRES", "STATE"], &rows));
    Ok(Exit::Done)
}

async fn revoke(global: &Global, pipeline: &Pipeline, id: &str) -> Result<Exit, Stop> {
    let environment = pipeline.environment();
    if !own(pipeline).await?.iter().any(|one| one.id == id) {
        return Err(Stop::refused(
            format!("environment `{environment}` has no activation `{id}`"),
            format!("`shipit env register --name {environment} --ls` lists those that there are"),
        ));
    }
    activations::delete(pipeline.cx(), id).await?;
    let terminal = global.terminal();
    if terminal.json() {
        terminal.out(&json::document(&json!({ "revoked": id })));
    } else {
        terminal.say(&format!("no further machine can join with activation {id}"));
    }
    Ok(Exit::Done)
}
