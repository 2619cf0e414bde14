//! What people do to a running service: as a plan like any other, in which all of the service stays as it is live but for
//! how many tasks there are.

use std::collections::BTreeMap;

use super::{Choices, Pipeline, Which};
use crate::cli::{Exit, Stop};
use crate::engine::{Address, Desired, Live, Node, Observation, Owner, Plan};
use crate::manifest::service::Count;
use crate::planner;
use crate::render::human::text;

/// What is done to a service.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) enum Act {
    /// It gets so many tasks.
    Scale(u32),
    /// It gets none until it is resumed; since when.
    Pause(String),
    /// It gets as many as its manifest says.
    Resume,
    /// Its tasks are replaced by new ones; when.
    Restart(String),
}

/// What is done to which service.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct ByHand {
    pub(super) service: String,
    act: Act,
    /// What its manifest says, where there is one.
    count: Option<Count>,
}

impl ByHand {
    /// All of the service as it is live, but for what is done to it.
    pub(super) fn desired(&self, observation: &Observation) -> Desired {
        let mut desired = as_live(&self.service, observation);
        match (&self.act, &self.count) {
            (Act::Scale(count), _) => planner::pin(&mut desired, &self.service, *count),
            (Act::Pause(since), _) => planner::pause(&mut desired, &self.service, since),
            (Act::Resume, Some(count)) => planner::resume(&mut desired, &self.service, count),
            (Act::Resume, None) => {}
            (Act::Restart(at), _) => planner::restart(&mut desired, &self.service, at),
        }
        desired
    }
}

/// All of a service as it is live.
pub(super) fn as_live(service: &str, observation: &Observation) -> Desired {
    let owner = Owner::Service(service.to_owned());
    let mut newest: BTreeMap<&Address, &Live> = BTreeMap::new();
    for live in observation.live().filter(|live| live.identity.owner == owner) {
        let entry = newest.entry(&live.identity.address).or_insert(live);
        if live.identity.generation > entry.identity.generation {
            *entry = live;
        }
    }
    let mut desired = Desired::default();
    for (address, live) in newest {
        let node = Node {
            address: address.clone(),
            owner: owner.clone(),
            spec: live.spec.clone(),
            after: Vec::new(),
            formerly: None,
        };
        desired.nodes.insert(address.clone(), node);
    }
    desired
}

impl Pipeline {
    /// Plans, shows, confirms and applies what is done to a service.
    pub(in crate::cli) async fn act(mut self, service: &str, act: Act) -> Result<Exit, Stop> {
        let live = self.live().await?;
        let (name, environment) = (service, self.environment().to_owned());
        let Some(found) = planner::counted(&live, service) else {
            return Err(Stop::refused(
                format!("service `{name}` is not deployed in environment `{environment}`"),
                format!("deploy it with `shipit svc deploy --name {name} --env {environment}`"),
            ));
        };
        let (word, place) = (found.word, found.place);
        if found.daemon && !matches!(act, Act::Restart(_)) {
            return Err(Stop::refused(
                format!(
                    "service `{name}` is a daemon: it has a {word} on each {place}, and no count"
                ),
                format!(
                    "`shipit svc restart` replaces its {word}s; another `count` in its manifest makes it no daemon"
                ),
            ));
        }
        let paused = found.paused.as_deref();
        let resume = format!("`shipit svc resume --name {name} --env {environment}`");
        match (&act, paused) {
            (Act::Scale(_) | Act::Restart(_), Some(since)) => {
                return Err(Stop::refused(
                    format!("service `{name}` is paused since {since}"),
                    format!("{resume} starts its {word}s"),
                ));
            }
            (Act::Pause(_), Some(since)) => {
                self.terminal.tell(&format!("service `{name}` is paused already, since {since}"));
                return Ok(Exit::Done);
            }
            _ => {}
        }
        let manifest = self.workspace.service_in(name, &environment).ok();
        let count = manifest.map(|manifest| manifest.count);
        if act == Act::Resume && count.is_none() {
            return Err(Stop::refused(
                format!(
                    "there is no manifest of service `{name}` here, which says how many {word}s it has"
                ),
                format!(
                    "run it where the manifest is, or set a count with `shipit svc scale {name} --count N --env {environment}`"
                ),
            ));
        }
        self.which = Which::ByHand(Box::new(ByHand { service: service.to_owned(), act, count }));
        self.deploy(&Choices::default()).await
    }

    /// Says what else comes of it.
    pub(super) fn notice_counts(&self, plan: &mut Plan, live: &Observation) {
        let environment = &self.target.environment;
        let changes = plan.has_changes();
        if let Which::ByHand(by_hand) = &self.which {
            let name = &by_hand.service;
            let counted = planner::counted(live, name);
            let scaled = counted.as_ref().is_some_and(|one| one.scaled);
            let word = counted.map_or("task", |one| one.word);
            let until = "until the next deploy, which puts back what the manifest says";
            let resume = format!("`shipit svc resume --name {name} --env {environment}`");
            match &by_hand.act {
                Act::Scale(_) if scaled && changes => plan.notices.push(format!(
                    "autoscaling of `{name}` is suspended, and the count stays, {until}; so does {resume}"
                )),
                Act::Scale(_) if changes => plan.notices.push(format!("the count stays {until}")),
                Act::Pause(_) if changes => plan.notices.push(format!(
                    "`{name}` has no {word}s, and nothing scales it, until {resume}; deploys leave it paused"
                )),
                Act::Resume if changes => {
                    let says = match &by_hand.count {
                        Some(Count::Fixed(tasks) | Count::Spot(tasks)) => {
                            text::count(*tasks as usize, word)
                        }
                        Some(Count::Autoscaling(range)) => {
                            format!("{} to {} {word}s", range.min, range.max)
                        }
                        _ => return,
                    };
                    plan.notices.push(format!("`{name}` has what its manifest says: {says}"));
                }
                Act::Restart(_) => plan.notices.push(format!(
                    "the {word}s of `{name}` are replaced by new ones of the same revision, as a deployment replaces them"
                )),
                _ => {}
            }
            return;
        }
        for name in &plan.scope.services {
            let Some(counted) = planner::counted(live, name) else { continue };
            if let Some(since) = counted.paused {
                plan.notices.push(format!(
                    "service `{name}` is paused since {since}, and stays so: `shipit svc resume --name {name} --env {environment}` starts its {}s",
                    counted.word
                ));
            }
        }
    }
}
