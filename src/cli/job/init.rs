//! `shipit job init`: the manifest of a new job.

use super::super::write::{self, Ask, File};
use super::super::{Exit, Global, Stop, open};

/// Write the manifest of a new job
///
/// Nothing that exists is overwritten, and AWS is not called.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit job init --name nightly --schedule \"0 3 * * *\" \
    --image public.ecr.aws/docker/library/python:3.13-slim --timeout 1h")]
pub(in super::super) struct Args {
    /// The job's name
    #[arg(long, short)]
    name: Option<String>,
    /// The container image
    #[arg(long, short, value_name = "IMAGE")]
    image: Option<String>,
    /// When it runs: `0 3 * * *`, `@daily`, `@every 1h`, `rate(1 hour)`, `none`
    #[arg(long, short, value_name = "SCHEDULE")]
    schedule: Option<String>,
    /// How long a run may take: `1h30m`
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// How often AWS tries again to start a run, where starting failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=185))]
    retries: Option<u8>,
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let root = open::root()?;
    let ask = Ask::new(global, &terminal);
    let name = ask.name("Job", args.name, "nightly")?;
    let image = ask.text("Image", args.image, "public.ecr.aws/docker/library/busybox:stable")?;
    let schedule = ask.text("Schedule", args.schedule, "@daily")?;
    let file = File::render(
        format!("shipit/jobs/{name}.yml"),
        include_str!("../../../templates/job.yml"),
        minijinja::context! { name => &name, image, schedule, timeout => args.timeout, retries => args.retries },
    )?;
    write::all(&terminal, &root, &[file])?;
    terminal.tell(&format!("next: `shipit job plan --name {name}`"));
    Ok(Exit::Done)
}
