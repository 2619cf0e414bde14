//! Makes a plan, shows it, and refuses what must not be applied.

use std::time::{Duration, Instant};

use super::{CONCURRENCY, Choices, Pipeline, PlanOptions, Which};
use crate::cli::{Exit, Stop, plan_file};
use crate::engine::{Address, Desired, Observation, Plan, Severity, Spec, find_losses, plan};
use crate::render::human::text;
use crate::resources::ecr::Image;

/// What a plan was made from.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) desired: Desired,
    pub(super) observation: Observation,
    pub(super) took: Duration,
}

/// Says of each image that is made which one, and how.
fn say_builds(plan: &mut Plan) {
    for step in plan.steps.iter_mut().filter(|step| step.address.kind() == Image::KIND) {
        let Some(image) = &step.spec else { continue };
        let name = format!("{}:{}", step.address.name(), image["tag"].as_str().unwrap_or_default());
        step.reason = match image["copy"].as_str() {
            Some(from) => format!("copies {from} as {name}"),
            None => format!("builds and pushes {name}"),
        };
    }
}

impl Pipeline {
    /// Shows the plan (`plan` commands).
    pub(in crate::cli) async fn show_plan(
        &self,
        choices: &Choices,
        options: &PlanOptions,
    ) -> Result<Exit, Stop> {
        if let Some(path) = &options.out {
            plan_file::may_write(path)?;
        }
        let mut planned = self.plan(choices).await?;
        self.preflight(&mut planned, choices).await?;
        self.print_plan(&planned.plan);
        self.print_read(&planned);
        self.refuse_foreign(&planned.plan)?;
        if let Some(path) = &options.out {
            self.save(planned.plan.clone(), choices, path).await?;
        }
        if options.exit_code && planned.plan.findings_of(Severity::Error).next().is_some() {
            return Ok(Exit::Refused);
        }
        Ok(if options.exit_code && planned.plan.has_changes() { Exit::Changes } else { Exit::Done })
    }

    pub(super) async fn plan(&self, choices: &Choices) -> Result<Planned, Stop> {
        let began = Instant::now();
        let allow_delete = choices.allow_delete()?;
        let (found, ()) = tokio::join!(self.desired_and_live(), self.read_records());
        let (desired, observation) = found?;
        let rollback = match &self.which {
            Which::Rollback(rollback) => Some(rollback),
            _ => None,
        };
        let scope = self.scope(&observation, choices.prune && rollback.is_none());
        self.refuse_missing_environment(&observation)?;
        self.refuse_missing_service(&observation)?;
        let mut plan =
            plan(&self.registry, &self.target, &desired, &observation, &scope, &allow_delete)?;
        self.refuse_unserved(&plan).await?;
        desired.mark(&mut plan);
        say_builds(&mut plan);
        find_losses(&self.registry, &mut plan, CONCURRENCY).await;
        plan.protected = self.protected(&observation);
        self.book.mark(&mut plan, &self.registry, &desired);
        match rollback {
            Some(rollback) => self.explain(rollback, &mut plan, &observation).await?,
            None => self.book.note_rollbacks(&mut plan),
        }
        self.notice_counts(&mut plan, &observation);
        Ok(Planned { plan, desired, observation, took: began.elapsed() })
    }

    /// A service needs an environment that is there.
    fn refuse_missing_environment(&self, observation: &Observation) -> Result<(), Stop> {
        let Which::Service(service) = &self.which else { return Ok(()) };
        // Where the cluster is not ours, the group that all services are in tells as much.
        let group = Address::new("ec2/security-group", "environment");
        let mut clusters = ["ecs/cluster", "eks/cluster"].into_iter();
        let any = clusters.any(|kind| !observation.seen.of(kind).is_empty());
        if any || observation.at(&group).next().is_some() {
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

    pub(super) fn refuse_foreign(&self, plan: &Plan) -> Result<(), Stop> {
        if plan.foreign.is_empty() {
            return Ok(());
        }
        let mut message = format!(
            "{} in the way, and shipit changes nothing that does not bear its tags",
            text::count(plan.foreign.len(), "resource"),
        );
        let mut hints = Vec::new();
        for foreign in &plan.foreign {
            message.push_str(&format!(
                "\n  {}: `{}` has its name, and {}",
                foreign.address, foreign.id, foreign.owner
            ));
            hints.extend(foreign.adopt(&plan.environment));
        }
        let other = "rename or delete what is in the way, or choose another application or environment name";
        let hint = match hints.is_empty() {
            true => other.to_owned(),
            false => format!("to take it over:\n  {}\nor {other}", hints.join("\n  ")),
        };
        Err(Stop::refused(message, hint))
    }

    /// How much was read to make a plan.
    pub(super) fn print_read(&self, planned: &Planned) {
        self.terminal.tell(&format!(
            "read {} in {} with {}",
            text::count(planned.observation.live().count(), "live resource"),
            text::duration(planned.took),
            text::count(self.account.calls.calls().len(), "API call"),
        ));
    }
}
