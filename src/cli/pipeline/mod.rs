//! The way all planning commands go: open the account, observe, plan, show, confirm, apply.
//!
//! `read` knows what is wanted and what is live, `plan` makes and shows the difference, `preflight` looks for what
//! would make it fail, `confirm` asks, `apply` carries it out, `record` writes down what was released, `rollback` plans an
//! earlier one, `by_hand` what people do to a running service,
//! `stale` says whether it still holds, `saved` keeps it in a file, `show` prints what is live, `task` knows what is run by hand, `runs` what services run as, `unserved` which kinds a cluster lacks. What one command alone does stays in that command's file.

mod adopt;
mod apply;
mod by_hand;
mod choices;
mod confirm;
mod described;
mod drift;
mod locks;
mod mesh;
mod plan;
mod preflight;
mod promote;
mod read;
mod record;
mod report;
mod rollback;
mod runs;
mod saved;
mod show;
mod stale;
mod surroundings;
mod task;
mod unserved;

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::OnceCell;

use super::account::{self, Account};
use super::{Global, Stop, local, open};
use crate::engine::{Registry, Target, TokioClock};
use crate::manifest::{Environment, Workspace};
use crate::planner;
use crate::record::Book;
use crate::render::{Terminal, human};
use crate::resources::REGISTRY;

pub(super) use by_hand::Act;
pub(super) use choices::{Choices, PlanOptions};
pub(super) use mesh::draw;
pub(super) use runs::{LogsOf, Runs};

/// How many calls and steps run at a time.
const CONCURRENCY: usize = 16;
/// What a command is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Which {
    /// The environment and all services of the workspace.
    Everything,
    /// The environment alone.
    Environment,
    /// One service, and what it needs of the environment.
    Service(String),
    /// One service, on its way out.
    DeleteService(String),
    /// The environment and all that is live in it, on their way out.
    DeleteEnvironment,
    /// One service, back at an earlier release.
    Rollback(Box<rollback::Rollback>),
    /// One service, counted, paused, resumed or restarted by hand.
    ByHand(Box<by_hand::ByHand>),
}

/// An opened workspace, environment and account.
pub(super) struct Pipeline {
    global: Global,
    terminal: Terminal,
    workspace: Workspace,
    which: Which,
    account: Account,
    registry: Registry,
    target: Target,
    clock: TokioClock,
    /// Whatever was observed was observed since.
    opened: Instant,
    /// The region's availability zones, once they were asked for.
    zones: OnceCell<Vec<String>>,
    /// The subnets that services choose by tags, once they were asked for.
    tagged: OnceCell<crate::planner::TaggedSubnets>,
    /// Hosted zones and load balancers that exist, once they were asked for.
    surroundings: OnceCell<planner::Surroundings>,
    /// What was released before, and what this run releases.
    book: Book,
    /// The images of another environment that this run deploys, instead of those that manifests name or build.
    promoted: Option<BTreeMap<String, planner::Promoted>>,
    /// Whether there are manifests: a saved plan is applied without, too.
    manifests: bool,
}

impl Pipeline {
    /// Loads the manifests, opens the account and checks that it is the right one.
    pub(super) async fn open(global: &Global, which: Which) -> Result<Self, Stop> {
        let (workspace, environment) = open::in_environment(global)?;
        if let Which::Service(service) = &which
            && !workspace.services.iter().any(|known| known.name == *service)
        {
            return Err(Stop::refused(
                format!("there is no service `{service}` here"),
                format!(
                    "create it with `shipit svc init --name {service}`, or list them with `shipit svc ls`"
                ),
            ));
        }
        Self::start(global, which, workspace, environment).await
    }

    /// Opens the account of an environment on its way out, of which there is no manifest.
    pub(super) async fn open_leaving(
        global: &Global,
        workspace: Workspace,
        environment: Environment,
    ) -> Result<Self, Stop> {
        Self::start(global, Which::DeleteEnvironment, workspace, environment).await
    }

    /// Opens the account.
    async fn start(
        global: &Global,
        which: Which,
        workspace: Workspace,
        environment: Environment,
    ) -> Result<Self, Stop> {
        let terminal = global.terminal();
        if !workspace.warnings.is_empty() && !terminal.json() {
            terminal.say(&human::problem::problems(&workspace.warnings));
        }
        let account = account::open(global, &workspace.application, &environment).await?;
        let registry =
            Registry::new(REGISTRY.iter().map(|kind| (kind.bind)(account.cx.clone())).collect());
        let target = Target {
            application: workspace.application.name.clone(),
            environment: environment.name,
            account: account.cx.account.clone(),
            region: account.cx.region.clone(),
            run: run_id(),
        };
        let clock = TokioClock::faster(local::time_factor(global)?);
        Ok(Self {
            global: global.clone(),
            terminal,
            workspace,
            which,
            account,
            registry,
            target,
            clock,
            opened: Instant::now(),
            zones: OnceCell::new(),
            tagged: OnceCell::new(),
            surroundings: OnceCell::new(),
            promoted: None,
            book: Book::default(),
            manifests: true,
        })
    }

    /// The clients, for commands that look deeper than resources (`svc status`).
    pub(super) fn cx(&self) -> &crate::aws::Cx {
        &self.account.cx
    }

    /// The environment's name.
    pub(super) fn application(&self) -> &str {
        &self.target.application
    }

    /// The environment's name.
    pub(super) fn environment(&self) -> &str {
        &self.target.environment
    }

    /// The name of the cluster that the services run in, where the environment has none of its own.
    pub(super) fn existing_cluster(&self) -> Option<&str> {
        planner::cluster_wanted(&self.workspace, &self.target.environment)
    }

    /// The profile of the shared AWS configuration files that is used, where one is named.
    pub(super) fn profile(&self) -> Option<&str> {
        let named = self.workspace.environment(&self.target.environment);
        let named = named.and_then(|environment| environment.profile.as_deref());
        let own = self.global.profile.as_deref().or(named);
        own.filter(|_| !self.global.local)
    }

    /// How time passes.
    pub(super) fn clock(&self) -> &TokioClock {
        &self.clock
    }

    /// What output looks like.
    pub(super) fn terminal(&self) -> &Terminal {
        &self.terminal
    }
}

/// Names a run: nanoseconds and process id, so that client tokens of two runs never meet.
fn run_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", now.as_nanos(), std::process::id())
}
