//! `shipit svc exec`: a command in a running container.

use std::path::PathBuf;
use std::process::Command;

use super::super::pipeline::{Pipeline, Runs, Which};
use super::super::{Exit, Global, Stop, interrupt};
use super::session;
use crate::engine::{Address, Class};
use crate::resources::ecs::exec::{self, Session, Wanted};

/// What opens the session: a program of AWS's.
const PLUGIN: &str = "session-manager-plugin";

/// Run a command in a running container of a service, or open a shell
///
/// On ECS the service needs `exec: true` in its manifest, and AWS's Session Manager plugin must be on PATH: it connects the
/// terminal to the container. On EKS neither is needed: the cluster itself opens the session. Its exit code is the command's.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit svc exec api --env test\n  shipit svc exec api --env test --command \"ls /tmp\" --container envoy"
)]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    /// The same
    #[arg(long, short, value_name = "SERVICE", conflicts_with = "service")]
    name: Option<String>,
    /// What is run
    #[arg(long, short, value_name = "COMMAND", default_value = "/bin/sh")]
    command: String,
    /// The task, by its id or how that begins (on EKS a pod, by its name); the one that started last without it
    #[arg(long, visible_aliases = ["task-id", "pod"], value_name = "ID")]
    task: Option<String>,
    /// The container; the service's own without it
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.service.or(args.name))?;
    let pipeline = Pipeline::open(global, Which::Environment).await?;
    let environment = pipeline.environment();
    let live = pipeline.live_of(&["ecs/service"]).await?;
    let runs = match pipeline.runs_in(&live, &name)? {
        Runs::Ecs(runs) => runs,
        Runs::Kubernetes(workload) => {
            let wanted = session::Wanted {
                pod: args.task.as_deref(),
                container: args.container.as_deref(),
                command: &args.command,
            };
            return session::run(&pipeline, global, &workload, wanted).await;
        }
    };
    let address = Address::new("ecs/service", &name);
    let service = live.at(&address).next();
    if service.is_none_or(|service| service.spec["enable_execute_command"] != true) {
        return Err(Stop::refused(
            format!("ECS Exec is off for service `{name}` in environment `{environment}`"),
            format!(
                "write `exec: true` into its manifest and run `shipit svc deploy --name {name} --env {environment}`"
            ),
        ));
    }
    let program = plugin()?;
    let wanted = Wanted {
        cluster: &runs.cluster,
        service: runs.service.as_deref().unwrap_or_default(),
        name: &name,
        environment,
        task: args.task.as_deref(),
        container: args.container.as_deref(),
    };
    let place = exec::find(pipeline.cx(), wanted).await.map_err(|failure| {
        match (failure.class, &failure.operation, &failure.hint) {
            // Nothing of AWS's: what it said cannot be entered.
            (Class::Invalid, None, Some(hint)) => Stop::refused(&failure.message, hint),
            _ => Stop::from(failure),
        }
    })?;
    let session = exec::open(pipeline.cx(), &place, &args.command).await?;
    pipeline.terminal().tell(&format!(
        "container `{}` of task {}{}",
        place.container,
        place.task,
        if global.local { " (local AWS runs no containers: nothing answers)" } else { "" }
    ));
    // Ctrl-C is for what runs in the container.
    let _careful = interrupt::careful();
    let arguments = arguments(&pipeline, global, &session);
    let ran = tokio::task::spawn_blocking(move || Command::new(program).args(arguments).status());
    let ended = ran.await.map_err(|error| Stop::failed(format!("{PLUGIN}: {error}"), ""))?;
    let status =
        ended.map_err(|error| Stop::failed(format!("{PLUGIN} could not be run: {error}"), ""))?;
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(0)) => Exit::Done,
        Some(Ok(code)) => Exit::Task(code),
        _ => Exit::Failed,
    })
}

/// As the AWS command line calls it.
fn arguments(pipeline: &Pipeline, global: &Global, session: &Session) -> [String; 6] {
    let cx = pipeline.cx();
    let domain = if cx.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let endpoint = global.endpoint_url.clone().or_else(|| std::env::var("AWS_ENDPOINT_URL").ok());
    [
        session.response.to_string(),
        cx.region.clone(),
        "StartSession".to_owned(),
        pipeline.profile().unwrap_or_default().to_owned(),
        session.request.to_string(),
        endpoint.unwrap_or_else(|| format!("https://ssm.{}.{domain}", cx.region)),
    ]
}

fn plugin() -> Result<PathBuf, Stop> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = if cfg!(windows) { format!("{PLUGIN}.exe") } else { PLUGIN.to_owned() };
    let mut all = std::env::split_paths(&path).map(|folder| folder.join(&names));
    all.find(|program| program.is_file()).ok_or_else(|| {
        Stop::refused(
            format!("`{PLUGIN}` is not on PATH"),
            "install AWS's Session Manager plugin: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
        )
    })
}
