//! `shipit open`: the address of a service, in a browser.

use std::process::{Command, Stdio};

use serde_json::json;

use super::pipeline::{Pipeline, Which};
use super::{Exit, Global, Stop, svc};
use crate::render::json;

/// Open the address of a service in the browser, or print it
///
/// Without a terminal it is printed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local open api --env test --print")]
pub(super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    /// Print it only
    #[arg(long)]
    print: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = svc::chosen(args.service)?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let live = pipeline.live().await?;
    // Whether it is deployed at all.
    pipeline.runs_in(&live, &name)?;
    let urls = pipeline.urls(&live, &name);
    let Some(first) = urls.first() else {
        return Err(Stop::refused(
            format!("service `{name}` has no address that a browser could open"),
            "a `Load Balanced Web Service` has one, and a `Backend Service` with `http` inside the VPC",
        ));
    };
    let terminal = pipeline.terminal();
    if terminal.json() {
        terminal.out(&json::document(&json!({ "service": name, "urls": urls })));
    } else if args.print || !console::user_attended() {
        terminal.out(&urls.join("\n"));
    } else {
        terminal.say(&format!("opening {first}"));
        if !browse(first) {
            terminal.say("no browser could be started");
            terminal.out(first);
        }
    }
    Ok(Exit::Done)
}

/// Hands an address to what the system opens addresses with.
fn browse(url: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
