//! `shipit completion`: completion scripts for shells.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit, Global, Stop};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit completion bash > ~/.local/share/bash-completion/completions/shipit"
)]
pub(super) struct Args {
    /// Which shell
    shell: Shell,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "shipit", &mut script);
    global.terminal().out(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
