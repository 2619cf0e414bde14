//! `shipit schema`: the JSON Schema of a manifest kind, or of plans.

use super::{Exit, Global, Stop};
use crate::engine::saved;
use crate::manifest::{self, Kind};
use crate::render::json;

/// Print the JSON Schema of a manifest kind, for editors, or of plans
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit schema service > service.schema.json")]
pub(super) struct Args {
    /// Which kind of manifest, or `plan`
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
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let schema = match args.kind {
        Document::Application => manifest::schema(Kind::Application),
        Document::Environment => manifest::schema(Kind::Environment),
        Document::Service => manifest::schema(Kind::Service),
        Document::Plan => saved::schema(),
    };
    global.terminal().out(&json::document(&schema));
    Ok(Exit::Done)
}
