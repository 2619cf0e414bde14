//! `shipit svc init`: the manifest of a new service.

use super::super::write::{self, Ask, File};
use super::super::{Exit, Global, Stop, open};

const WEB: &str = "Load Balanced Web Service";
const BACKEND: &str = "Backend Service";
const WORKER: &str = "Worker Service";

/// Write the manifest of a new service
///
/// Nothing that exists is overwritten, and AWS is not called.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit svc init --name api --type \"Backend Service\" \
    --image public.ecr.aws/nginx/nginx:1.27 --port 80")]
pub(in super::super) struct Args {
    /// The service's name
    #[arg(long, short)]
    name: Option<String>,
    #[command(flatten)]
    details: Details,
}

/// What a service's manifest says first.
#[derive(Clone, Debug, clap::Args)]
pub(in super::super) struct Details {
    /// How the service is reached
    #[arg(long = "type", short = 't', value_name = "TYPE", value_parser = [WEB, BACKEND, WORKER])]
    service_type: Option<String>,
    /// The container image
    #[arg(long, short, value_name = "IMAGE")]
    image: Option<String>,
    /// The port that the container listens on; a worker listens on none
    #[arg(long, short, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

impl Details {
    /// Asks for what is missing.
    pub(in super::super) fn complete(self, ask: &Ask) -> Result<Self, Stop> {
        let service_type = ask.choice("Type", self.service_type, &[WEB, BACKEND, WORKER])?;
        let image = ask.text("Image", self.image, "public.ecr.aws/nginx/nginx:1.27")?;
        if service_type == WORKER {
            // It is reached by messages alone.
            return Ok(Self { service_type: Some(service_type), image: Some(image), port: None });
        }
        let port = ask.text("Port", self.port.map(|port| port.to_string()), "80")?;
        let port = port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| {
            Stop::failed(format!("`{port}` is not a port"), "a port is a number from 1 to 65535")
        })?;
        Ok(Self { service_type: Some(service_type), image: Some(image), port: Some(port) })
    }
}

pub(super) fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let root = open::root()?;
    let ask = Ask::new(global, &terminal);
    let name = ask.name("Service", args.name, "api")?;
    let details = args.details.complete(&ask)?;
    write::all(&terminal, &root, &[file(&name, &details)?])?;
    terminal.tell(&format!("next: `shipit svc plan --name {name}`"));
    Ok(Exit::Done)
}

/// The manifest of a service whose details are complete.
pub(in super::super) fn file(name: &str, details: &Details) -> Result<File, Stop> {
    let template = match details.service_type.as_deref() {
        Some(BACKEND) => include_str!("../../../templates/service-backend.yml"),
        Some(WORKER) => include_str!("../../../templates/service-worker.yml"),
        _ => include_str!("../../../templates/service-load-balanced.yml"),
    };
    File::render(
        format!("shipit/services/{name}.yml"),
        template,
        minijinja::context! { name, image => details.image.as_deref(), port => details.port },
    )
}
