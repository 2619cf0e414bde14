//! `shipit init`: a workspace from nothing.

use std::path::Path;

use super::env::init as env_init;
use super::svc::init as svc_init;
use super::{Exit, Global, Stop, open, write};

/// Write a new workspace: application, environment and first service
///
/// Asks for what no option says; with `--yes`, or where there is no terminal, it takes the
/// defaults instead. Nothing that exists is overwritten, and AWS is not called.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit init --app demo --env test --svc api \
    --type \"Load Balanced Web Service\" \\\n    --image public.ecr.aws/nginx/nginx:1.27 --port 80 --yes")]
pub(super) struct Args {
    /// The application's name
    #[arg(long, short, value_name = "NAME")]
    app: Option<String>,
    /// The first service's name
    #[arg(long, short, value_name = "NAME")]
    svc: Option<String>,
    #[command(flatten)]
    service: svc_init::Details,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let ask = write::Ask::new(global, &terminal);
    let here = open::here()?;
    if here.join("shipit").join("application.yml").exists() {
        return Err(Stop::refused(
            "there is a workspace here already: shipit/application.yml",
            "add to it with `shipit env init` and `shipit svc init`",
        ));
    }
    let folder =
        here.file_name().map_or("demo".into(), |name| name.to_string_lossy().to_lowercase());
    let suggestion = if write::is_name(&folder) { folder } else { "demo".to_owned() };
    let application = ask.name("Application", args.app, &suggestion)?;
    let environment = ask.name("Environment", global.env.clone(), "test")?;
    let service = ask.name("Service", args.svc, "api")?;
    let details = args.service.complete(&ask)?;
    let mut files = vec![write::application(&application)?];
    files.push(env_init::file(&environment, global.region.as_deref(), "ecs")?);
    files.push(svc_init::file(&service, &details)?);
    write::all(&terminal, Path::new(&here), &files)?;
    terminal.tell(&format!(
        "next: `shipit --local deploy --env {environment} --yes` to try it with no AWS account, \
         `shipit plan --env {environment}` for AWS"
    ));
    Ok(Exit::Done)
}
