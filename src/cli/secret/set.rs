//! `shipit secret set`: changes a secret that is there.

use serde_json::json;

use super::store::{Place, check_name, check_value};
use super::values;
use crate::aws::parameters;
use crate::cli::{Exit, Global, Stop};
use crate::engine::{Address, Owner, Target};
use crate::render::json;

/// Change the value of a secret in one environment
///
/// Tasks read secrets when they start: those that run keep the old value until they are replaced.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit secret set DB_PASSWORD --env test --from-file password.txt"
)]
pub(in super::super) struct Args {
    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,
    /// Take the value from this file instead of asking; `-` is standard input
    #[arg(long, value_name = "PATH")]
    from_file: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let name = &args.name;
    check_name(name)?;
    let environments = Place::named(global)?;
    let [environment] = environments.as_slice() else {
        return Err(Stop::refused(
            format!("which environment? There is {}", environments.join(", ")),
            format!("add `--env {}`", environments[0]),
        ));
    };
    let place = Place::open(global, environment).await?;
    let parameter = place.parameter(name);
    let cx = &place.account.cx;
    if !parameters::exists(cx, &parameter).await? {
        return Err(Stop::refused(
            format!("there is no secret `{name}` in environment `{environment}`"),
            format!("make it with `shipit secret init {name} --env {environment}`"),
        ));
    }
    let value = match &args.from_file {
        Some(path) => values::from_file(path)?,
        None => values::ask(global, name, environment)?,
    };
    check_value(name, &value)?;
    let version = parameters::overwrite_secret(cx, &parameter, &value).await?;
    let users = place.users(name);
    let target = Target {
        application: place.workspace.application.name.clone(),
        environment: environment.clone(),
        account: cx.account.clone(),
        region: cx.region.clone(),
        run: String::new(),
    };
    let called = |owner: Owner, kind: &str, name: &str| {
        target.identity(&owner, &Address::new(kind, name), 1).name(255)
    };
    let own = || called(Owner::Environment, "ecs/cluster", "main");
    let existing = crate::planner::cluster_wanted(&place.workspace, environment);
    let cluster = existing.map_or_else(own, str::to_owned);
    let restart = |service: &String| {
        let name = called(Owner::Service(service.clone()), "ecs/service", service);
        format!(
            "aws ecs update-service --cluster {cluster} --service {name} --force-new-deployment"
        )
    };
    if terminal.json() {
        terminal.out(&json::document(&json!({
            "name": name,
            "environment": environment,
            "parameter": parameter,
            "version": version,
            "services": users,
        })));
        return Ok(Exit::Done);
    }
    terminal.say(&format!("{name} in {environment}: {parameter}, version {version}"));
    if users.is_empty() {
        terminal.tell("no service's manifest names it here");
    } else {
        terminal.tell(&format!(
            "used by {}: running tasks keep the old value, new ones get this. To replace them now:",
            users.join(", ")
        ));
        users.iter().for_each(|service| terminal.tell(&format!("  {}", restart(service))));
    }
    Ok(Exit::Done)
}
