//! `shipit env show`: what is live in an environment.

use super::super::pipeline::{Pipeline, Which};
use super::super::{Exit, Global, Stop};

/// Show what is live in an environment
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local env show --name test --format json\n  shipit --local env show --name test --mesh\n  shipit --local env show --name test --mesh --format svg > mesh.svg"
)]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    /// Draw who talks to whom: text, or `--format dot`, `mermaid`, `svg`, `json`
    #[arg(long)]
    pub(super) mesh: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    let pipeline = Pipeline::open(&global, Which::Environment).await?;
    if args.mesh { pipeline.show_mesh().await } else { pipeline.show_live(None).await }
}
