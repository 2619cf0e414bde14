//! `shipit schema`: the JSON Schema of a manifest kind.

use super::{Exit, Global, Stop};
use crate::manifest::{self, Kind};
use crate::render::json;

/// Print the JSON Schema of a manifest kind, for editors
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit schema service > service.schema.json")]
pub(super) struct Args {
    /// Which kind of manifest
    kind: Kind,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    global.terminal().out(&json::document(&manifest::schema(args.kind)));
    Ok(Exit::Done)
}
