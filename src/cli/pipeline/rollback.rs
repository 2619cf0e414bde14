//! Goes back to an earlier release: as a plan like any other, in which all of the service stays as
//! it is live and only the task definition, or the template of pods, is another one.

use serde_json::Value;

use super::by_hand::as_live;
use super::{Choices, Pipeline, Runs, Which};
use crate::cli::{Exit, Stop};
use crate::engine::diff::{Rules, diff};
use crate::engine::{Address, Desired, Live, Observation, OutputRef, Owner, Plan, Wait};
use crate::record::{Numbered, before, history};
use crate::render::human::text;
use crate::resources::ecs::task_definition::one_revision;
use crate::resources::kubernetes::revisions;

/// Which service goes back, and to what.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Rollback {
    pub(super) service: String,
    pub(super) to: Numbered,
    kept: Kept,
}

/// What is kept of the release.
#[derive(Clone, Debug, PartialEq)]
enum Kept {
    /// The revision that it ran on ECS.
    TaskDefinition(Live),
    /// The template of its pods on EKS, as it would be written over the one of this address.
    Template(Address, Value),
}

impl Rollback {
    fn address(&self) -> Address {
        match &self.kept {
            Kept::TaskDefinition(_) => Address::new("ecs/service", &self.service),
            Kept::Template(workload, _) => workload.clone(),
        }
    }

    /// Has the kept revision stand for the latest one. Newer ones stay registered, but are none
    /// of this run's business.
    pub(super) fn put_forward(&self, observation: &mut Observation) {
        let Kept::TaskDefinition(kept) = &self.kept else { return };
        let task = &kept.identity.address;
        let revisions = observation.seen.kinds.entry(task.kind().to_owned()).or_default();
        revisions.retain(|live| live.identity.address != *task);
        revisions.push(kept.clone());
    }

    /// All of the service as it is live, but for what its tasks or pods are made from.
    pub(super) fn desired(&self, observation: &Observation) -> Desired {
        let mut desired = as_live(&self.service, observation);
        if let Some(node) = desired.nodes.get_mut(&self.address()) {
            match &self.kept {
                Kept::TaskDefinition(kept) => {
                    let arn = OutputRef {
                        address: kept.identity.address.clone(),
                        field: "arn".to_owned(),
                        wait: Wait::Created,
                    };
                    node.spec["task_definition"] = arn.to_value();
                }
                Kept::Template(_, template) => {
                    node.spec["object"]["spec"]["template"] = template.clone();
                }
            }
        }
        desired
    }
}

impl Pipeline {
    /// The releases of a service, the newest first.
    pub(in crate::cli) async fn history(&self, service: &str) -> Result<Vec<Numbered>, Stop> {
        let (application, environment) = (&self.target.application, &self.target.environment);
        let owner = Owner::Service(service.to_owned());
        Ok(history(self.cx(), application, environment, &owner).await?)
    }

    /// Plans, shows, confirms and applies a rollback.
    pub(in crate::cli) async fn roll_back(
        mut self,
        service: &str,
        number: Option<i64>,
        choices: &Choices,
    ) -> Result<Exit, Stop> {
        let history = self.history(service).await?;
        let to = self.release_of(service, &history, number)?.clone();
        let kept = self.kept(service, &to).await?;
        self.which = Which::Rollback(Box::new(Rollback { service: service.to_owned(), to, kept }));
        self.deploy(choices).await
    }

    fn release_of<'a>(
        &self,
        service: &str,
        history: &'a [Numbered],
        number: Option<i64>,
    ) -> Result<&'a Numbered, Stop> {
        let environment = &self.target.environment;
        let list = format!("`shipit svc history --name {service} --env {environment}` lists them");
        if history.is_empty() {
            return Err(Stop::refused(
                format!("no release of service `{service}` is recorded in `{environment}`"),
                format!("`shipit svc deploy --name {service}` makes the first"),
            ));
        }
        match number {
            Some(number) => history.iter().find(|one| one.number == number).ok_or_else(|| {
                Stop::refused(
                    format!("there is no release {number} of service `{service}` (any more)"),
                    list,
                )
            }),
            None => before(history).ok_or_else(|| {
                Stop::refused(
                    format!("service `{service}` has no completed release before the current one"),
                    format!("name one to go to it all the same; {list}"),
                )
            }),
        }
    }

    /// The task definition that a release ran, if it is still registered and ours; or the template of its pods.
    async fn kept(&self, service: &str, to: &Numbered) -> Result<Kept, Stop> {
        let number = to.number;
        let image = to.release.image();
        let hint = if image.is_empty() {
            format!("deploy it anew with `shipit svc deploy --name {service}`")
        } else {
            format!(
                "write its image ({image}) into the manifest and run `shipit svc deploy --name {service}`"
            )
        };
        if let Some(revision) = &to.release.revision {
            let live = self.live().await?;
            if let Runs::Kubernetes(workload) = self.runs_in(&live, service)?
                && let Some(template) = revisions::kept(self.cx(), &workload, revision).await?
            {
                return Ok(Kept::Template(workload.address, template));
            }
            return Err(Stop::refused(
                format!(
                    "Kubernetes keeps the template of release {number} of service `{service}` no more"
                ),
                hint,
            ));
        }
        let Some(name) = &to.release.task_definition else {
            return Err(Stop::refused(
                format!("release {number} of service `{service}` registered no task definition"),
                hint,
            ));
        };
        let address = Address::new("ecs/task-definition", service);
        let found =
            one_revision(self.cx(), name, &self.target.application, &self.target.environment);
        match found.await? {
            Some(live) if live.identity.address == address => Ok(Kept::TaskDefinition(live)),
            _ => Err(Stop::refused(
                format!(
                    "release {number} of service `{service}` ran `{name}`, which is not registered any more"
                ),
                hint,
            )),
        }
    }

    /// A rollback needs a service that is there.
    pub(super) fn refuse_missing_service(&self, live: &Observation) -> Result<(), Stop> {
        let Which::Rollback(rollback) = &self.which else { return Ok(()) };
        if live.at(&rollback.address()).next().is_some() {
            return Ok(());
        }
        let (service, environment) = (&rollback.service, &self.target.environment);
        Err(Stop::refused(
            format!(
                "service `{service}` is not deployed in environment `{environment}`: there is nothing to roll back"
            ),
            format!("deploy it with `shipit svc deploy --name {service}`"),
        ))
    }

    /// Says in the plan what the kept revision differs in from the one that runs.
    pub(super) async fn explain(
        &self,
        rollback: &Rollback,
        plan: &mut Plan,
        observation: &Observation,
    ) -> Result<(), Stop> {
        let Rollback { service, to, kept } = rollback;
        let number = to.number;
        let address = rollback.address();
        let live = observation.at(&address).next();
        let changes = match kept {
            Kept::TaskDefinition(kept) => {
                let running = live.and_then(|live| live.spec["task_definition"].as_str());
                if running == Some(kept.id.as_str()) {
                    let name = to.release.task_definition.as_deref().unwrap_or_default();
                    plan.notices.push(format!(
                        "release {number} of service `{service}` is what runs already: `{name}`"
                    ));
                    return Ok(());
                }
                let (application, environment) =
                    (&self.target.application, &self.target.environment);
                let found = match running {
                    Some(running) => {
                        one_revision(self.cx(), running, application, environment).await?
                    }
                    None => None,
                };
                let Some(running) = found else {
                    plan.notices.push(format!(
                        "service `{service}` goes back to release {number} of {} from a task definition that is none of its own",
                        to.release.at
                    ));
                    return Ok(());
                };
                let rules = self.registry.info(kept.identity.address.kind())?.rules;
                diff(&Rules::new(rules), &running.spec, &kept.spec)
            }
            Kept::Template(workload, template) => {
                let Some(live) = live else { return Ok(()) };
                if live.outputs["revision"].as_str() == to.release.revision.as_deref() {
                    plan.notices.push(format!(
                        "release {number} of service `{service}` is what runs already"
                    ));
                    return Ok(());
                }
                let rules = self.registry.info(workload.kind())?.rules;
                let running = &live.spec["object"]["spec"]["template"]["spec"];
                diff(&Rules::new(rules), running, &template["spec"])
            }
        };
        let is_image = |path: &str| path.starts_with("containers") && path.ends_with(".image");
        let show = |change: &&crate::engine::Change| {
            format!(
                "`{}` {} → {}",
                change.path,
                text::value(&change.before, 60),
                text::value(&change.after, 60)
            )
        };
        let list = |images: bool| -> Vec<String> {
            changes
                .iter()
                .filter(|one| is_image(&one.path) == images)
                .map(|one| show(&one))
                .collect()
        };
        let (images, others) = (list(true), list(false));
        plan.notices.push(format!(
            "service `{service}` goes back to release {number} of {}: {}",
            to.release.at,
            match images.as_slice() {
                [] => "the images are the same".to_owned(),
                images => images.join(", "),
            }
        ));
        if !others.is_empty() {
            plan.notices.push(format!(
                "the two revisions differ in more than the image: {}",
                others.join(", ")
            ));
        }
        Ok(())
    }
}
