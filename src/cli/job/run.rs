//! `shipit job run`: a job now.

use super::super::pipeline::{Pipeline, Which};
use super::super::running::{self, How};
use super::super::{Exit, Global, Stop};

/// Run a job now, as its schedule would
///
/// The deployed task definition is run, in the job's network. shipit waits for the end, and its exit code
/// is the job's: that of the main container, or 124 where the job's timeout ended it. Ctrl-C stops the
/// waiting and not the job.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local job run --name nightly --env test --follow")]
pub(in super::super) struct Args {
    /// The job; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    /// Another command for the main container, with quotes as in a shell
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// More variables of the main container; several with commas
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',')]
    env_vars: Vec<String>,
    #[command(flatten)]
    how: How,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let command = args.command.map(|text| running::words("--command", &text)).transpose()?;
    let environment = running::pairs("--env-vars", &args.env_vars)?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let Some(mut order) = pipeline.order_of(&name).await? else {
        let environment = pipeline.environment();
        return Err(Stop::refused(
            format!("job `{name}` is not deployed in environment `{environment}`"),
            format!("deploy it with `shipit job deploy --name {name} --env {environment}`"),
        ));
    };
    order.overrides.command = command;
    order.overrides.environment = environment;
    running::run(&pipeline, &name, &order, &args.how).await
}
