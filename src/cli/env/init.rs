//! `shipit env init`: the manifest of a new environment.

use super::super::write::{self, Ask, File};
use super::super::{Exit, Global, Stop, open};

/// Write the manifest of a new environment
///
/// Nothing that exists is overwritten, and AWS is not called.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit env init --name prod --region eu-west-1\n  shipit env init --name cluster --cluster eks"
)]
pub(in super::super) struct Args {
    /// The environment's name; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    /// What runs containers there
    #[arg(long, value_name = "TYPE", value_parser = ["ecs", "eks"], default_value = "ecs")]
    cluster: String,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let root = open::root()?;
    let ask = Ask::new(global, &terminal);
    let name = ask.name("Environment", args.name.or_else(|| global.env.clone()), "test")?;
    write::all(&terminal, &root, &[file(&name, global.region.as_deref(), &args.cluster)?])?;
    terminal.tell(&format!("next: `shipit env plan --name {name}`"));
    Ok(Exit::Done)
}

/// The manifest; its region is asked of nobody, as `AWS_REGION` or the profile may say it.
pub(in super::super) fn file(
    name: &str,
    region: Option<&str>,
    cluster: &str,
) -> Result<File, Stop> {
    File::render(
        format!("shipit/environments/{name}.yml"),
        include_str!("../../../templates/environment.yml"),
        minijinja::context! { name, region, cluster },
    )
}
