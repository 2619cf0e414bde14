//! `shipit secret init`: makes a secret in one environment or all.

use serde_json::json;

use super::store::{Place, check_name, check_value};
use super::values::{self, Values};
use crate::aws::parameters;
use crate::cli::{Exit, Global, Stop};
use crate::render::json;

/// Make a secret, in the environment that `--env` names or in all
///
/// It is a SecureString in Parameter Store, `/shipit/APPLICATION/ENVIRONMENT/secrets/NAME`. Without a file the value is asked for
/// at the terminal, once for each environment, and not shown; it is never an argument, as those end up in histories
/// and lists of processes. What is there already stays, unless `--overwrite` is given.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit secret init DB_PASSWORD --env test --from-file password.txt\n\n\
        Then name it in the service's manifest:\n  secrets:\n    DB_PASSWORD: /shipit/demo/${SHIPIT_ENVIRONMENT}/secrets/DB_PASSWORD"
)]
pub(in super::super) struct Args {
    /// What it is called
    #[arg(value_name = "NAME", required_unless_present = "values_file")]
    name: Option<String>,
    /// Take the value from this file; `-` is standard input
    #[arg(long, value_name = "PATH", conflicts_with = "values_file")]
    from_file: Option<String>,
    /// Take names and values from this YAML file: `NAME:`, and below it `ENVIRONMENT: VALUE`; `-` is standard input
    #[arg(long, value_name = "PATH", conflicts_with = "name")]
    values_file: Option<String>,
    /// Replace the values of secrets that are there already
    #[arg(long)]
    overwrite: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let environments = Place::named(global)?;
    let wanted = wanted(global, &args, &environments)?;
    let mut made = Vec::new();
    let mut taken = Vec::new();
    for environment in &environments {
        let values: Vec<(&String, &String)> = wanted
            .iter()
            .filter_map(|(name, values)| Some((name, values.get(environment)?)))
            .collect();
        if values.is_empty() {
            continue;
        }
        let place = Place::open(global, environment).await?;
        for (name, value) in values {
            let parameter = place.parameter(name);
            let cx = &place.account.cx;
            let version =
                match parameters::create_secret(cx, &parameter, value, &place.tags()).await? {
                    true => Some(1),
                    false if args.overwrite => {
                        Some(parameters::overwrite_secret(cx, &parameter, value).await?)
                    }
                    false => None,
                };
            match version {
                Some(version) => {
                    if !terminal.json() {
                        terminal.say(&format!(
                            "{name} in {environment}: {parameter}, version {version}"
                        ));
                    }
                    made.push(json!({ "name": name, "environment": environment, "parameter": parameter, "version": version }));
                }
                None => taken.push(format!("{name} in {environment}")),
            }
        }
    }
    if terminal.json() {
        terminal.out(&json::document(&json!({ "secrets": made, "there_already": taken })));
    } else if let Some(name) = wanted.keys().next().filter(|_| !made.is_empty()) {
        let application = &crate::cli::open::workspace(Some(&environments[0]))?.application.name;
        terminal.tell(&format!(
            "\nName it in a service's manifest, under `secrets`:\n  {name}: /shipit/{application}/${{SHIPIT_ENVIRONMENT}}/secrets/{name}"
        ));
    }
    if taken.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Stop::refused(
        format!("there already, and left as it is: {}", taken.join(", ")),
        "add `--overwrite` to replace what is there, or change one with `shipit secret set`",
    ))
}

/// What is to be made, every name and value checked before anything is written.
fn wanted(global: &Global, args: &Args, environments: &[String]) -> Result<Values, Stop> {
    let mut wanted = Values::new();
    if let Some(path) = &args.values_file {
        wanted = values::from_yaml(path)?;
        let known = crate::cli::open::workspace(None)?;
        for (name, values) in &wanted {
            let stranger = values.keys().find(|name| known.environment(name).is_none());
            if let Some(stranger) = stranger {
                return Err(Stop::refused(
                    format!(
                        "{path} has a value of `{name}` for `{stranger}`, which is no environment here"
                    ),
                    format!(
                        "correct the name, or create it with `shipit env init --name {stranger}`"
                    ),
                ));
            }
        }
    } else if let Some(name) = &args.name {
        check_name(name)?;
        let given = args.from_file.as_deref().map(values::from_file).transpose()?;
        let mut values = std::collections::BTreeMap::new();
        for environment in environments {
            let value = match &given {
                Some(value) => value.clone(),
                None => values::ask(global, name, environment)?,
            };
            values.insert(environment.clone(), value);
        }
        wanted.insert(name.clone(), values);
    }
    for (name, values) in &wanted {
        check_name(name)?;
        values.values().try_for_each(|value| check_value(name, value))?;
    }
    if !wanted.values().any(|values| environments.iter().any(|one| values.contains_key(one))) {
        return Err(Stop::refused("there is no value for any of the environments", ""));
    }
    Ok(wanted)
}
