//! `shipit schema`: the JSON Schema of a manifest kind, or of what shipit prints.

use super::{Exit, Global, Stop};
use crate::engine::saved;
use crate::manifest::{self, Kind};
use crate::render::{events, json};

/// Print the JSON Schema of a manifest kind, for editors, or of plans or events
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit schema service > service.schema.json")]
pub(super) struct Args {
    /// Which kind of manifest; or `plan`, or `events`: the lines of `--format json` while a plan is applied
    #[arg(value_enum)]
    kind: Document,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Document {
    Application,
    Environment,
    Service,
    Plan,
    Events,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let schema = match args.kind {
        Document::Application => manifest::schema(Kind::Application),
        Document::Environment => manifest::schema(Kind::Environment),
        Document::Service => manifest::schema(Kind::Service),
        Document::Plan => saved::schema(),
        Document::Events => events::schema(),
    };
    global.terminal().out(&json::document(&schema));
    Ok(Exit::Done)
}
