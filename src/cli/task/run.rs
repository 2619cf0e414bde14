//! `shipit task run`: a task, once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::pipeline::{Choices, Pipeline, Which};
use super::super::running::{self, How};
use super::super::{Exit, Global, Stop};
use crate::engine::Input;
use crate::resources::ecs::run::Order;
use crate::resources::ecs::service::Network;

/// Run a task once, and end with its exit code
///
/// With `--image` a task definition, roles and a log group of the task's own are made first (the plan
/// is shown, as for `deploy`); they stay for the next time, until `shipit task delete`. With `--service` the
/// task definition of a deployed service or job is run. Ctrl-C stops the waiting and not the task.
#[derive(Debug, clap::Args)]
#[command(
    group(clap::ArgGroup::new("what").required(true).args(["image", "service"])),
    after_help = "Example:\n  shipit --local task run --name migrate --image public.ecr.aws/docker/library/busybox:stable \\\n    --command \"echo done\" --env test --follow --yes\n  \
    shipit --local task run --service api --command \"python manage.py migrate\" --env test"
)]
pub(in super::super) struct Args {
    /// What the task is called; with `--image`
    #[arg(long, short, visible_alias = "task-group-name", default_value = "task")]
    name: String,
    /// The container image
    #[arg(long, short, value_name = "IMAGE")]
    image: Option<String>,
    /// A deployed service or job, whose task definition and network are taken
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// The command, with quotes as in a shell
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,
    /// The entry point, with quotes as in a shell; with `--image`
    #[arg(long, value_name = "COMMAND", conflicts_with = "service")]
    entrypoint: Option<String>,
    /// Variables; several with commas
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',')]
    env_vars: Vec<String>,
    /// A file with a variable on each line
    #[arg(long, value_name = "FILE")]
    env_file: Option<std::path::PathBuf>,
    /// Variables that ECS takes from SSM or, by their ARN, from Secrets Manager; with `--image`
    #[arg(long, value_name = "NAME=SECRET", value_delimiter = ',', conflicts_with = "service")]
    secrets: Vec<String>,
    /// CPU units: 1024 are one virtual CPU
    #[arg(long, value_name = "UNITS")]
    cpu: Option<u32>,
    /// Memory in MiB
    #[arg(long, value_name = "MIB")]
    memory: Option<u32>,
    /// How many tasks
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=10))]
    count: u8,
    /// The processor: `x86_64` or `arm64`; with `--image`
    #[arg(long, value_name = "ARCHITECTURE", value_parser = ["x86_64", "arm64"], conflicts_with = "service")]
    platform_arch: Option<String>,
    /// What it runs on, as `capacity` of a service says: `fargate-spot`, or a capacity of the environment's; with `--image`
    #[arg(long, value_name = "NAME", conflicts_with = "service")]
    capacity: Option<String>,
    /// Another role for the containers, by its ARN
    #[arg(long, value_name = "ARN")]
    task_role: Option<String>,
    /// Another role for ECS, by its ARN
    #[arg(long, value_name = "ARN")]
    execution_role: Option<String>,
    /// Other subnets; several with commas
    #[arg(long, value_name = "SUBNET", value_delimiter = ',')]
    subnets: Vec<String>,
    /// Other security groups; several with commas
    #[arg(long, value_name = "GROUP", value_delimiter = ',')]
    security_groups: Vec<String>,
    /// Another cluster
    #[arg(long, value_name = "CLUSTER")]
    cluster: Option<String>,
    /// Tags of the tasks; several with commas
    #[arg(long, value_name = "NAME=VALUE", value_delimiter = ',')]
    resource_tags: Vec<String>,
    #[command(flatten)]
    how: How,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let mut variables = match &args.env_file {
        Some(path) => from_file(path)?,
        None => BTreeMap::new(),
    };
    variables.extend(running::pairs("--env-vars", &args.env_vars)?);
    let command = args.command.as_deref().map(|text| running::words("--command", text));
    let command = command.transpose()?;
    let tags = running::pairs("--resource-tags", &args.resource_tags)?;
    let (name, pipeline, mut order) = match &args.service {
        Some(service) => {
            let pipeline = Pipeline::open(global, Which::Environment).await?;
            let Some(mut order) = pipeline.order_of(service).await? else {
                return Err(Stop::refused(
                    format!(
                        "`{service}` is not deployed in environment `{}`",
                        pipeline.environment()
                    ),
                    "`shipit svc ls` and `shipit job ls` list what can be deployed",
                ));
            };
            order.overrides.command = command;
            order.overrides.environment = variables;
            order.overrides.cpu = args.cpu;
            order.overrides.memory = args.memory;
            (service.clone(), pipeline, order)
        }
        None => {
            let text = manifest(&args, command, &variables)?;
            let pipeline = Pipeline::open_task(global, &args.name, &text).await?;
            let deployed = pipeline.prepare(&args.choices).await?;
            if deployed != Exit::Done {
                return Ok(deployed);
            }
            let order = pipeline.order_of_task(&args.name).await?;
            (args.name.clone(), pipeline, order)
        }
    };
    order.count = args.count.into();
    order.tags.extend(tags);
    order.overrides.task_role = args.task_role.clone();
    order.overrides.execution_role = args.execution_role.clone();
    place(&args, &mut order);
    running::run(&pipeline, &name, &order, &args.how).await
}

/// Where the options say it is run.
fn place(args: &Args, order: &mut Order) {
    if let Some(cluster) = &args.cluster {
        order.cluster.clone_from(cluster);
    }
    let Some(network) = &mut order.network else { return };
    let known = |ids: &[String]| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    if !args.subnets.is_empty() {
        let subnets = known(&args.subnets).into_iter().map(|id| Input::Known(id.into()));
        *network = Network { subnets: subnets.collect(), ..network.clone() };
    }
    if !args.security_groups.is_empty() {
        let groups = known(&args.security_groups).into_iter().map(|id| Input::Known(id.into()));
        *network = Network { security_groups: groups.collect(), ..network.clone() };
    }
}

/// What the options say, as a job's manifest: so that it is held to the same rules.
fn manifest(
    args: &Args,
    command: Option<Vec<String>>,
    variables: &BTreeMap<String, String>,
) -> Result<String, Stop> {
    let entrypoint = args.entrypoint.as_deref().map(|text| running::words("--entrypoint", text));
    let secrets = running::pairs("--secrets", &args.secrets)?;
    let mut manifest = json!({
        "kind": "job",
        "name": args.name,
        "type": "Scheduled Job",
        "image": { "location": args.image },
        "on": { "schedule": "none" },
        "variables": variables,
        "secrets": secrets,
        "platform": format!("linux/{}", args.platform_arch.as_deref().unwrap_or("x86_64")),
    });
    let mut set = |key: &str, value: Option<Value>| {
        if let (Some(value), Some(object)) = (value, manifest.as_object_mut()) {
            object.insert(key.to_owned(), value);
        }
    };
    set("command", command.map(|words| json!(words)));
    set("entrypoint", entrypoint.transpose()?.map(|words| json!(words)));
    set("capacity", args.capacity.as_ref().map(|name| json!(name)));
    set("cpu", args.cpu.map(|cpu| json!(cpu)));
    set("memory", args.memory.map(|memory| json!(memory)));
    Ok(manifest.to_string())
}

/// `NAME=VALUE` on each line; empty lines and those that begin with `#` say nothing.
fn from_file(path: &std::path::Path) -> Result<BTreeMap<String, String>, Stop> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Stop::failed(format!("`--env-file {}` cannot be read: {error}", path.display()), "")
    })?;
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    running::pairs("--env-file", &lines.map(str::to_owned).collect::<Vec<_>>())
}
