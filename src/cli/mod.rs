//! What the user types: one file per command, its arguments and its run, thinly over the layers below.

mod account;
mod adopt;
mod app;
mod apply;
mod browse;
mod completion;
mod convert;
mod deploy;
mod diff;
mod drift;
mod env;
mod global;
mod init;
mod interrupt;
mod job;
mod kube;
mod kubeconfig;
mod local;
mod locking;
mod logs;
mod mesh;
mod open;
mod pipeline;
mod plan;
mod plan_file;
mod promote;
mod running;
mod schema;
mod secret;
mod step_summary;
mod stop;
mod svc;
mod task;
mod timings;
mod unlock;
mod validate;
mod when;
mod write;

use clap::{Parser, Subcommand};

use crate::render::Format;

pub use global::Global;
pub use stop::{Exit, Stop};

/// Deploys services to Amazon ECS from small manifests.
///
/// shipit reads application, environment and service manifests from the folder `shipit/`, plans the
/// difference against what is live in AWS, shows it, and applies it. There is no state file: ownership tags
/// on live resources are the only truth. With `--local` everything runs against a simulated
/// account inside shipit, with no credentials.
#[derive(Debug, Parser)]
#[command(
    name = "shipit",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Example, with no AWS account:\n  \
        shipit init --app demo --env test --svc api --type \"Load Balanced Web Service\" \\\n    \
        --image public.ecr.aws/nginx/nginx:1.27 --port 80 --yes\n  \
        shipit --local deploy --env test --yes",
    max_term_width = 100
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The list of commands: a new one is a file, its `mod` line and its lines here.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Convert(convert::Args),
    #[command(subcommand)]
    App(app::Command),
    #[command(subcommand)]
    Env(env::Command),
    #[command(subcommand)]
    Svc(svc::Command),
    #[command(subcommand)]
    Job(job::Command),
    #[command(subcommand)]
    Task(task::Command),
    #[command(subcommand)]
    Secret(secret::Command),
    #[command(subcommand)]
    Kube(kube::Command),
    Plan(plan::Args),
    Adopt(adopt::Args),
    Apply(apply::Args),
    Deploy(deploy::Args),
    #[command(subcommand)]
    Mesh(mesh::Command),
    Promote(promote::Args),
    Diff(diff::Args),
    Unlock(unlock::Args),
    Drift(drift::Args),
    Open(browse::Args),
    Validate(validate::Args),
    Schema(schema::Args),
    #[command(subcommand)]
    Local(local::Command),
    Completion(completion::Args),
}

impl Command {
    /// Whether it draws a picture.
    fn draws(&self) -> bool {
        match self {
            Self::Env(command) => command.draws(),
            Self::App(_) => true,
            _ => false,
        }
    }

    /// Whether it makes or applies a plan.
    fn plans(&self) -> bool {
        match self {
            Self::Plan(_)
            | Self::Apply(_)
            | Self::Deploy(_)
            | Self::Promote(_)
            | Self::Adopt(_) => true,
            Self::Env(command) => command.plans(),
            Self::Svc(command) => command.plans(),
            Self::Job(command) => command.plans(),
            Self::Task(command) => command.plans(),
            _ => false,
        }
    }
}

/// Bytes of a worker's stack. A command is one future in which all others nest, and without optimisation each step of
/// them has its own place on the stack: the usual two megabytes are not enough. Only what is touched is ever taken.
const STACK: usize = 16 << 20;

/// Parses the arguments and runs the command; what went wrong is printed. Returns the exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Failed.code() } else { Exit::Done.code() };
        }
    };
    let terminal = cli.global.terminal();
    // Two at least: a question at the terminal blocks one, and heartbeats of locks must go on.
    let threads = std::thread::available_parallelism().map_or(2, |count| count.get().max(2));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let built = runtime.worker_threads(threads).thread_stack_size(STACK).enable_all().build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal.say(&format!("error: the async runtime could not start: {error}"));
            return Exit::Failed.code();
        }
    };
    let (plans, environment) = (cli.command.plans(), cli.global.env.clone());
    if terminal.format.draws() && !cli.command.draws() {
        let stop = Stop::failed(
            "`--format dot`, `mermaid` and `svg` are for drawings",
            "`shipit env show` and `shipit app show` draw; this command knows `--format human` and `--format json`",
        );
        terminal.say(&stop.said());
        return stop.exit.code();
    }
    if terminal.format == Format::Markdown && !plans {
        let stop = Stop::failed(
            "`--format markdown` is for plans and what becomes of them",
            "this command knows `--format human` and `--format json`",
        );
        terminal.say(&stop.said());
        return stop.exit.code();
    }
    let ended = runtime.block_on(async {
        let command = tokio::spawn(run(cli));
        tokio::select! {
            biased;
            ended = command => ended.unwrap_or_else(|error| {
                Err(Stop::failed(format!("a mistake in shipit: {error}"), "please report it"))
            }),
            () = interrupt::interrupted() => Err(Stop::interrupted()),
        }
    });
    // What still blocks (a question at the terminal) must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.code(),
        Err(stop) => {
            stop.print(&terminal, environment.as_deref());
            if plans {
                step_summary::append(&terminal, |_| stop.markdown(environment.as_deref()));
            }
            stop.exit.code()
        }
    }
}

async fn run(cli: Cli) -> Result<Exit, Stop> {
    let global = &cli.global;
    match cli.command {
        Command::Convert(args) => convert::run(global, args),
        Command::Init(args) => init::run(global, args),
        Command::App(command) => app::run(global, command),
        Command::Env(command) => env::run(global, command).await,
        Command::Svc(command) => svc::run(global, command).await,
        Command::Job(command) => job::run(global, command).await,
        Command::Task(command) => task::run(global, command).await,
        Command::Secret(command) => secret::run(global, command).await,
        Command::Kube(command) => kube::run(global, command).await,
        Command::Plan(args) => plan::run(global, args).await,
        Command::Adopt(args) => adopt::run(global, args).await,
        Command::Apply(args) => apply::run(global, args).await,
        Command::Drift(args) => drift::run(global, args).await,
        Command::Open(args) => browse::run(global, args).await,
        Command::Deploy(args) => deploy::run(global, args).await,
        Command::Mesh(command) => mesh::run(global, command),
        Command::Promote(args) => promote::run(global, args).await,
        Command::Diff(args) => diff::run(global, args).await,
        Command::Unlock(args) => unlock::run(global, args).await,
        Command::Validate(args) => validate::run(global, args),
        Command::Schema(args) => schema::run(global, args),
        Command::Local(command) => local::run(global, command).await,
        Command::Completion(args) => completion::run(global, args),
    }
}
