//! The way all planning commands go: open the account, observe, plan, show, confirm, apply.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::account::{self, Account};
use super::{Exit, Global, Stop, local, open, timings};
use crate::engine::execute::Options;
use crate::engine::{
    AllowDelete, Cancel, Clock, Desired, Observation, Outcome, Plan, Registry, Scope, Target,
    TokioClock, execute, observe, plan,
};
use crate::manifest::Workspace;
use crate::planner;
use crate::render::human::progress::Progress;
use crate::render::human::{self, text};
use crate::render::{Terminal, json};
use crate::resources::REGISTRY;

/// How many calls and steps run at a time.
const CONCURRENCY: usize = 16;

/// Options of every command that plans.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Choices {
    /// Delete resources that hold data, too, when they are no longer wanted: a kind such as
    /// `logs/log-group`, or `all`
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    allow_delete: Vec<String>,
    /// Delete services that are live but in no manifest here
    #[arg(long)]
    prune: bool,
}

impl Choices {
    fn allow_delete(&self) -> Result<AllowDelete, Stop> {
        if self.allow_delete.iter().any(|kind| kind == "all") {
            return Ok(AllowDelete::All);
        }
        let stateful: Vec<&str> = REGISTRY
            .iter()
            .filter(|kind| kind.info.stateful.is_some())
            .map(|kind| kind.info.kind)
            .collect();
        for kind in &self.allow_delete {
            if !stateful.contains(&kind.as_str()) {
                return Err(Stop::failed(
                    format!("`--allow-delete {kind}`: no resource kind of that name holds data"),
                    format!("use `all`, or one of {}", stateful.join(", ")),
                ));
            }
        }
        Ok(AllowDelete::Kinds(self.allow_delete.iter().cloned().collect()))
    }
}

/// What a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// What a plan was made from.
struct Planned {
    plan: Plan,
    live: usize,
    took: std::time::Duration,
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
        })
    }

    /// Everything the application has in the environment.
    async fn observe(&self, desired: &Desired) -> Result<Observation, Stop> {
        self.account.cx.bulk_tags.forget().await;
        let observation = observe(&self.registry, &self.target, desired, &self.clock, CONCURRENCY)
            .await
            .map_err(Stop::failures)?;
        for kind in &observation.not_served {
            self.terminal.say(&format!("skipped: {kind}: the endpoint does not serve it"));
        }
        Ok(observation)
    }

    /// Shows the plan (`plan` commands).
    pub(super) async fn show_plan(&self, choices: &Choices, exit_code: bool) -> Result<Exit, Stop> {
        let planned = self.plan(choices).await?;
        self.print(&planned);
        self.refuse_foreign(&planned.plan)?;
        Ok(if exit_code && planned.plan.has_changes() { Exit::Changes } else { Exit::Done })
    }

    /// Plans, shows, confirms and applies (`deploy` and `delete` commands).
    pub(super) async fn deploy(&self, choices: &Choices) -> Result<Exit, Stop> {
        let planned = self.plan(choices).await?;
        if !self.terminal.json() {
            self.print(&planned);
        }
        self.refuse_foreign(&planned.plan)?;
        let plan = planned.plan;
        if !plan.has_changes() {
            if self.terminal.json() {
                self.terminal.out(&json::line(&json!({ "event": "nothing-to-do" })));
            }
            self.print_addresses(&plan, None);
            return Ok(Exit::Done);
        }
        self.confirm(&plan)?;
        let progress = Progress::new(&self.terminal);
        let options = Options { concurrency: CONCURRENCY, no_wait: self.global.no_wait };
        let (began, real) = (self.clock.now(), Instant::now());
        let outcome =
            execute(&self.registry, &plan, &self.clock, &options, &cancel_on_signals(), &|event| {
                progress.event(&event)
            })
            .await;
        self.print_outcome(&outcome, self.clock.now().saturating_sub(began));
        if let Some(path) = &self.global.timings {
            let scale = local::time_factor(&self.global)?;
            timings::write(path, &plan, &outcome, real.elapsed(), scale)?;
        }
        if outcome.failed.is_empty() && !outcome.cancelled {
            self.print_addresses(&plan, Some(&outcome));
        }
        Ok(exit_of(&outcome))
    }

    async fn plan(&self, choices: &Choices) -> Result<Planned, Stop> {
        let began = Instant::now();
        let allow_delete = choices.allow_delete()?;
        let (desired, observation) = self.desired_and_live().await?;
        let scope = self.scope(&observation, choices.prune);
        self.refuse_missing_environment(&observation)?;
        let plan =
            plan(&self.registry, &self.target, &desired, &observation, &scope, &allow_delete)?;
        Ok(Planned { plan, live: observation.live().count(), took: began.elapsed() })
    }

    /// What the manifests want, and what is live. The desired graph is made twice: first for
    /// the names to look for, then with what only live AWS can tell (priorities of listener
    /// rules, needs of services that other repositories deploy).
    async fn desired_and_live(&self) -> Result<(Desired, Observation), Stop> {
        if self.which == Which::DeleteEnvironment {
            let none = Desired::default();
            let observation = self.observe(&none).await?;
            return Ok((none, observation));
        }
        let zones = match planner::zones_needed(&self.workspace, &self.target.environment) {
            0 => Vec::new(),
            _ => crate::aws::zones::names(&self.account.cx).await?,
        };
        let services = self.services();
        let context = planner::Context {
            workspace: &self.workspace,
            environment: &self.target.environment,
            account: &self.target.account,
            region: &self.target.region,
            partition: self.account.cx.partition(),
            zones: &zones,
            services: &services,
        };
        let wanted = planner::desired(&context, &Observation::default())?;
        let observation = self.observe(&wanted).await?;
        let desired = planner::desired(&context, &observation)?;
        Ok((desired, observation))
    }

    /// The services whose manifests are planned.
    fn services(&self) -> BTreeSet<String> {
        let all = self.workspace.services.iter().map(|service| service.name.clone());
        match &self.which {
            Which::Everything => all.collect(),
            Which::Environment | Which::DeleteEnvironment => BTreeSet::new(),
            Which::Service(name) => BTreeSet::from([name.clone()]),
            Which::DeleteService(_) => BTreeSet::new(),
        }
    }

    fn scope(&self, observation: &Observation, prune: bool) -> Scope {
        let environment =
            matches!(self.which, Which::Everything | Which::Environment | Which::DeleteEnvironment);
        let services = match &self.which {
            Which::DeleteService(name) => BTreeSet::from([name.clone()]),
            Which::DeleteEnvironment => {
                observation.services().into_iter().map(str::to_owned).collect()
            }
            _ => self.services(),
        };
        Scope { environment, services, prune: prune || self.which == Which::DeleteEnvironment }
    }

    /// A service needs an environment that is there.
    fn refuse_missing_environment(&self, observation: &Observation) -> Result<(), Stop> {
        let Which::Service(service) = &self.which else { return Ok(()) };
        if !observation.seen.of("ecs/cluster").is_empty() {
            return Ok(());
        }
        let name = &self.target.environment;
        Err(Stop::refused(
            format!("environment `{name}` is not deployed yet, and service `{service}` runs in it"),
            format!(
                "run `shipit env deploy --name {name}` first, or `shipit deploy --env {name}` for both"
            ),
        ))
    }

    fn refuse_foreign(&self, plan: &Plan) -> Result<(), Stop> {
        let Some(first) = plan.foreign.first() else { return Ok(()) };
        Err(Stop::refused(
            format!(
                "{} in the way: `{}` has the name that {} needs, and {}",
                text::count(plan.foreign.len(), "resource"),
                first.id,
                first.address,
                first.owner
            ),
            "rename or delete what is in the way, or choose another application or environment name; shipit changes nothing that does not bear its tags",
        ))
    }

    fn print(&self, planned: &Planned) {
        if self.terminal.json() {
            return self.terminal.out(&json::document(&planned.plan));
        }
        self.terminal.out(&human::plan::plan(&planned.plan, self.global.verbose));
        self.terminal.tell(&format!(
            "read {} in {} with {}",
            text::count(planned.live, "live resource"),
            text::duration(planned.took),
            text::count(self.account.calls.calls().len(), "API call"),
        ));
    }

    fn confirm(&self, plan: &Plan) -> Result<(), Stop> {
        if self.global.yes {
            return Ok(());
        }
        if !self.terminal.asks || self.terminal.json() {
            return Err(Stop::refused(
                "this would change AWS, and there is no terminal to confirm it at",
                "add `--yes`, after `shipit plan` has shown what it does",
            ));
        }
        let question = format!("{} Apply?", human::plan::summary(plan));
        let answer = dialoguer::Confirm::new().with_prompt(question).default(false).interact();
        match answer {
            Ok(true) => Ok(()),
            _ => Err(Stop::refused("not confirmed: nothing was changed", "")),
        }
    }

    fn print_outcome(&self, outcome: &Outcome, took: std::time::Duration) {
        if self.terminal.json() {
            return;
        }
        let mut line = format!("{} done", outcome.done.len());
        for (number, word) in [(outcome.failed.len(), "failed"), (outcome.skipped.len(), "skipped")]
        {
            if number > 0 {
                line.push_str(&format!(", {number} {word}"));
            }
        }
        let whose = if self.global.local { " of local AWS's time" } else { "" };
        self.terminal.say(&format!("{line} in {}{whose}", text::duration(took)));
        if !outcome.failed.is_empty() || outcome.cancelled {
            self.terminal.say("run the same command again: it goes on from what is there");
        }
    }

    /// Where the web services of this run can be reached.
    fn print_addresses(&self, plan: &Plan, outcome: Option<&Outcome>) {
        let services = self.services();
        let outputs = |address: &crate::engine::Address| {
            outcome
                .and_then(|outcome| outcome.outputs.get(address))
                .or_else(|| plan.outputs.get(address))
                .cloned()
        };
        for url in
            planner::addresses(&self.workspace, &self.target.environment, &services, &outputs)
        {
            if self.terminal.json() {
                let line = json!({ "event": "address", "service": url.service, "url": url.url });
                self.terminal.out(&json::line(&line));
            } else {
                self.terminal.out(&format!("{}  {}", url.service, url.url));
            }
        }
    }

    /// Everything that is live, or one service's part (`show` commands).
    pub(super) async fn show_live(&self, service: Option<&str>) -> Result<Exit, Stop> {
        let (_, observation) = self.desired_and_live().await?;
        let mut live: Vec<_> = observation
            .live()
            .filter(|live| service.is_none() || live.identity.owner.service() == service)
            .collect();
        live.sort_by(|a, b| {
            (&a.identity.owner, &a.identity.address).cmp(&(&b.identity.owner, &b.identity.address))
        });
        if self.terminal.json() {
            self.terminal.out(&json::document(&json!({
                "application": self.target.application,
                "environment": self.target.environment,
                "account": self.target.account,
                "region": self.target.region,
                "resources": live,
            })));
            return Ok(Exit::Done);
        }
        if live.is_empty() {
            self.terminal
                .tell(&format!("nothing is live in environment `{}`", self.target.environment));
            return Ok(Exit::Done);
        }
        let rows: Vec<Vec<String>> = live
            .iter()
            .map(|live| {
                vec![
                    live.identity.owner.to_string(),
                    live.identity.address.to_string(),
                    human::health(&live.health),
                    live.id.clone(),
                ]
            })
            .collect();
        self.terminal.out(&human::table::table(&["OWNER", "RESOURCE", "STATE", "ID"], &rows));
        let outputs = |address: &crate::engine::Address| {
            observation.at(address).next().map(|live| live.outputs.clone())
        };
        let services: BTreeSet<String> = match service {
            Some(name) => BTreeSet::from([name.to_owned()]),
            None => self.workspace.services.iter().map(|service| service.name.clone()).collect(),
        };
        for url in
            planner::addresses(&self.workspace, &self.target.environment, &services, &outputs)
        {
            self.terminal.out(&format!("{}  {}", url.service, url.url));
        }
        Ok(Exit::Done)
    }

    /// The clients, for commands that look deeper than resources (`svc status`).
    pub(super) fn cx(&self) -> &crate::aws::Cx {
        &self.account.cx
    }

    /// What is live.
    pub(super) async fn live(&self) -> Result<Observation, Stop> {
        self.desired_and_live().await.map(|(_, observation)| observation)
    }

    /// The environment's name.
    pub(super) fn environment(&self) -> &str {
        &self.target.environment
    }

    /// What output looks like.
    pub(super) fn terminal(&self) -> &Terminal {
        &self.terminal
    }
}

fn exit_of(outcome: &Outcome) -> Exit {
    if outcome.cancelled {
        Exit::Interrupted
    } else if outcome.failed.is_empty() {
        Exit::Done
    } else if outcome.done.is_empty() {
        Exit::Failed
    } else {
        Exit::Partly
    }
}

/// Names a run: nanoseconds and process id, so that client tokens of two runs never meet.
fn run_id() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{:x}-{:x}", now.as_nanos(), std::process::id())
}

/// Cancelled by the first Ctrl-C or SIGTERM.
fn cancel_on_signals() -> Cancel {
    let cancel = Cancel::new();
    let signal = cancel.clone();
    tokio::spawn(async move {
        interrupt().await;
        signal.cancel("interrupted");
    });
    cancel
}

#[cfg(unix)]
async fn interrupt() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn interrupt() {
    let _ = tokio::signal::ctrl_c().await;
}
