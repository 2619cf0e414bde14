//! `shipit deploy`: the environment and all its services.

use super::pipeline::{Choices, Pipeline, Which};
use super::{Exit, Global, Stop, open};

/// Deploy the environment and all services of the workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local deploy --env test --yes\n  \
                        shipit --local deploy --env test,prod --yes")]
pub(super) struct Args {
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    // One after another: what fails in the first does not get into the next.
    let named = global.env.clone().unwrap_or_default();
    if !named.contains(',') {
        return Pipeline::open(global, Which::Everything).await?.deploy(&args.choices).await;
    }
    let names: Vec<&str> =
        named.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    for name in &names {
        open::in_environment(&in_environment(global, name))?;
    }
    let mut exit = Exit::Done;
    for name in names {
        let global = in_environment(global, name);
        exit = Pipeline::open(&global, Which::Everything).await?.deploy(&args.choices).await?;
        if !matches!(exit, Exit::Done) {
            break;
        }
    }
    Ok(exit)
}

fn in_environment(global: &Global, name: &str) -> Global {
    Global { env: Some(name.to_owned()), ..global.clone() }
}
