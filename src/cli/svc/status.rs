//! `shipit svc status`: how a service fares.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::pipeline::{Pipeline, Runs, Which};
use super::super::{Exit, Global, Stop, interrupt, when};
use crate::aws::facts::alarms::alarm_states;
use crate::engine::{Address, Clock, Failure, Observation};
use crate::planner;
use crate::render::human::failure::failure;
use crate::render::human::{self, shift, status};
use crate::render::json;
use crate::resources::ecs::status::status as of_service;
use crate::resources::elbv2::health::of_targets;
use crate::resources::kubernetes::status::status as of_workload;

/// Kinds that the screen is about.
const SHOWN: &[&str] =
    &["ecs/service", "elbv2/target-group", "application-autoscaling/target", "cloudwatch/alarm"];

/// Show how a service fares: deployments, tasks, health of targets, scaling, alarms, recent events
///
/// On EKS: revisions, pods and what they wait for, scaling, endpoints, recent events.
///
/// With `--watch` a terminal shows it anew all the time; without a terminal each change is a line.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  shipit --local svc status --name api --env test\n  shipit svc status --name api --env test --watch --interval 5s"
)]
pub(in super::super) struct Args {
    /// The service; may be left out where there is only one
    #[arg(long, short)]
    name: Option<String>,
    /// Go on until Ctrl-C
    #[arg(long, short)]
    watch: bool,
    /// How often to look, with `--watch`
    #[arg(long, value_name = "TIME", value_parser = when::span, default_value = "5s", requires = "watch")]
    interval: Duration,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let name = super::chosen(args.name)?;
    let pipeline = Pipeline::open(global, Which::Service(name.clone())).await?;
    let live = pipeline.live_of(SHOWN).await?;
    let watched = Watched::new(&pipeline, &live, &name)?;
    if !args.watch {
        let (document, troubles) = watched.look().await?;
        let terminal = pipeline.terminal();
        if terminal.json() {
            terminal.out(&json::document(&document));
            return Ok(Exit::Done);
        }
        terminal.out(&screen(&name, &document));
        for (address, why) in &troubles {
            terminal.say(&failure(Some(address), why));
        }
        return Ok(Exit::Done);
    }
    let careful = interrupt::careful();
    tokio::select! {
        ended = watched.watch(args.interval.max(Duration::from_secs(1))) => ended,
        () = careful.cancel().cancelled() => Ok(Exit::Interrupted),
    }
}

/// The whole screen, with the deployment that moves traffic.
fn screen(name: &str, document: &Value) -> String {
    let columns = human::columns().unwrap_or(100);
    let mut text = status::status(name, document, when::now() / 1000, columns);
    if !document["ecs"]["shifting"].is_null() {
        text.push_str(&shift::shift(&document["ecs"]["shifting"]));
    }
    text
}

/// What is looked at.
struct Watched<'a> {
    pipeline: &'a Pipeline,
    name: &'a str,
    runs: Runs,
    paused: Option<String>,
    groups: Vec<String>,
    scaling: Value,
    alarms: Vec<String>,
}

impl<'a> Watched<'a> {
    fn new(pipeline: &'a Pipeline, live: &Observation, name: &'a str) -> Result<Self, Stop> {
        let runs = pipeline.runs_in(live, name)?;
        let own = |kind: &str| -> Vec<&crate::engine::Live> {
            let all = live.seen.of(kind).iter();
            all.filter(|one| one.identity.owner.service() == Some(name)).collect()
        };
        let service = own("ecs/service").first().map(|one| one.spec.clone()).unwrap_or_default();
        let arns = own("elbv2/target-group").into_iter();
        let watched = service["deployment"]["alarms"]["names"].as_array();
        let watched = watched.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        let names = own("cloudwatch/alarm").into_iter();
        let names = names.filter_map(|one| one.outputs["name"].as_str().map(str::to_owned));
        let alarms: BTreeSet<String> = watched.chain(names).collect();
        let scaling = own("application-autoscaling/target");
        Ok(Self {
            pipeline,
            name,
            runs,
            paused: planner::counted(live, name).and_then(|one| one.paused),
            groups: arns.filter_map(|one| Some(one.outputs["arn"].as_str()?.to_owned())).collect(),
            scaling: scaling.first().map(|one| one.spec.clone()).unwrap_or_default(),
            alarms: alarms.into_iter().collect(),
        })
    }

    /// One look, as programs get it; and what is wrong, or waits for somebody.
    async fn look(&self) -> Result<(Value, Vec<(Address, Failure)>), Failure> {
        let cx = self.pipeline.cx();
        let alarms = alarm_states(cx, &self.alarms).await?;
        let mut document = json!({ "service": self.name, "paused": self.paused, "alarms": alarms });
        let mut troubles = Vec::new();
        match &self.runs {
            Runs::Ecs(runs) => {
                let environment = self.pipeline.environment();
                let service = runs.service.as_deref().unwrap_or_default();
                let named = (self.name, environment);
                let state = of_service(cx, &runs.cluster, service, named).await?;
                let mut targets = Vec::new();
                for group in &self.groups {
                    targets.extend(of_targets(cx, group).await?);
                }
                let address = Address::new("ecs/service", self.name);
                let pause = state.shifting.as_ref();
                let pause = pause.and_then(|one| one.paused(self.name, environment));
                document["ecs"] = json!(state);
                document["targets"] = json!(targets);
                document["scaling"] = self.scaling.clone();
                troubles.extend(
                    pause.into_iter().chain(state.failure).map(|why| (address.clone(), why)),
                );
            }
            Runs::Kubernetes(workload) => {
                let state = of_workload(cx, workload).await?;
                document["kubernetes"] = json!(state);
                troubles.extend(state.failure.map(|why| (workload.address.clone(), why)));
            }
        }
        Ok((document, troubles))
    }

    async fn watch(&self, interval: Duration) -> Result<Exit, Stop> {
        let terminal = self.pipeline.terminal();
        let drawn = console::user_attended() && !terminal.json();
        let mut before: Option<Value> = None;
        loop {
            let document = match self.look().await {
                Ok((document, _)) => Some(document),
                // One look that fails in passing is no reason to look away.
                Err(failure) if crate::engine::retry::read_schedule(failure.class).is_some() => {
                    terminal.say(&format!("{failure}; trying again"));
                    None
                }
                Err(failure) => return Err(failure.into()),
            };
            if let Some(document) = document {
                let screen = || screen(self.name, &document);
                let text = match &before {
                    _ if drawn => format!("\u{1b}[H\u{1b}[2J{}", screen()),
                    Some(before) if before == &document => String::new(),
                    _ if terminal.json() => json::line(&document) + "\n",
                    None => screen(),
                    Some(before) => {
                        let lines = status::changes(before, &document);
                        lines.iter().map(|line| format!("{} {line}\n", when::stamp())).collect()
                    }
                };
                if !text.is_empty() && !terminal.write(&text) {
                    return Ok(Exit::Done);
                }
                before = Some(document);
            }
            self.pipeline.clock().sleep(interval).await;
        }
    }
}
