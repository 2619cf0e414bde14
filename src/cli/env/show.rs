//! `shipit env show`: what is live in an environment, as a picture and as a list.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Show what is live in an environment: its network, services and what flows between them
///
/// `--format dot`, `mermaid` and `svg` draw it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local env show --name test --format json\n  shipit --local env show --name test --mesh\n  shipit --local env show --name test --format svg > test.svg"
)]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    /// Draw only who talks to whom: text, or `--format dot`, `mermaid`, `svg`, `json`
    #[arg(long)]
    mesh: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    let pipeline = Pipeline::open(&global, Which::Environment).await?;
    if args.mesh { pipeline.show_mesh().await } else { pipeline.show_live(None).await }
}
