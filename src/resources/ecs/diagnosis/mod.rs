//! Why a service's tasks do not come up: what AWS says about it, gathered once and in few calls, and the likely cause.
//!
//! `cause` is the table of causes, `words` fills its sentences; `stops`, `events`, `targets` and `log` gather. What
//! becomes of a deployment is judged in `service/verdict.rs`; nothing here waits or prints.

mod cause;
mod events;
mod log;
mod stops;
mod targets;
mod words;

use std::time::Duration;

use aws_sdk_ecs::types::{ContainerDefinition, Service, Task};

pub(super) use cause::Hope;
use cause::{Evidence, Source};
pub(super) use stops::Stop;
use words::Words;

use crate::aws::Cx;
use crate::engine::{Class, Diagnosis, Fact, Failure, LogTail, Verdict};

/// How long one part of the gathering may take: it helps, and must not be waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many different ends of tasks are quoted beside the first.
const STOPS: usize = 3;

/// What is looked into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case<'a> {
    /// The service as ECS has just described it.
    pub(super) service: &'a Service,
    /// The id of its deployment, `ecs-svc/…`.
    pub(super) deployment: Option<&'a str>,
    /// When that began, in seconds since 1970.
    pub(super) since: f64,
    /// What the user calls the service.
    pub(super) name: &'a str,
    /// Its environment.
    pub(super) environment: &'a str,
}

/// What can be seen while there is still hope.
#[derive(Debug, Default)]
pub(super) struct Glance {
    /// Tasks that stopped, newest first.
    pub(super) stops: Vec<Stop>,
    /// The likely cause, in words.
    pub(super) cause: Option<String>,
    /// How much hope that leaves.
    pub(super) hope: Option<Hope>,
    /// When it was seen, newest first.
    pub(super) sightings: Vec<i64>,
}

impl Glance {
    /// `2 tasks stopped: the image does not exist: nginx:typo`.
    pub(super) fn text(&self) -> String {
        let why = self.cause.clone().or_else(|| self.stops.first().map(Stop::text));
        let why = why.filter(|why| !why.is_empty());
        match (self.stops.len(), why) {
            (0, Some(why)) => why,
            (0, None) => String::new(),
            (1, Some(why)) => format!("1 task stopped: {why}"),
            (1, None) => "1 task stopped".to_owned(),
            (count, Some(why)) => format!("{count} tasks stopped: {why}"),
            (count, None) => format!("{count} tasks stopped"),
        }
    }
}

impl<'a> Case<'a> {
    fn cluster(&self) -> &'a str {
        self.service.cluster_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default()
    }

    /// Whether what ECS has told already is reason to look at tasks that stopped: it costs two calls.
    pub(super) fn is_suspicious(&self, failed: i32, desired: i32) -> bool {
        let events = events::since(self.service, self.since);
        let desired = usize::try_from(desired).unwrap_or_default();
        failed > 0 || events::started(&events) > desired || events::trouble(&events)
    }

    /// Tasks that stopped and what they point to: `ListTasks`, `DescribeTasks`; and twice as many where a log may
    /// tell more than an exit code.
    pub(super) async fn glance(&self, cx: &Cx) -> Result<Glance, Failure> {
        let name = self.service.service_name().unwrap_or_default();
        let stops = stops::stops(cx, self.cluster(), name, self.deployment).await?;
        let events = events::since(self.service, self.since);
        let told = events::evidence(&events);
        let mut evidence: Vec<Evidence> = stops.iter().map(Stop::evidence).collect();
        evidence.extend(told.iter().cloned());
        let Some((mut cause, found)) = cause::of(&evidence) else {
            return Ok(Glance { stops, ..Glance::default() });
        };
        let mut words = self.words();
        words.learn(&found.text);
        let points_to = |one: &Evidence| {
            cause::of(std::slice::from_ref(one)).is_some_and(|(own, _)| own.name == cause.name)
        };
        let stopped: Vec<i64> =
            stops.iter().filter(|stop| points_to(&stop.evidence())).map(|stop| stop.at).collect();
        let told: Vec<i64> = told
            .iter()
            .zip(&events)
            .filter(|(one, _)| points_to(one))
            .map(|(_, (at, _))| *at)
            .collect();
        let sightings = if stopped.len() >= told.len() { stopped } else { told };
        if let Some(stop) = stops.iter().find(|stop| points_to(&stop.evidence())) {
            know_stop(&mut words, stop);
            // A binary for another processor only says so in its log.
            if cause.name == "exited" && sightings.len() == 2 {
                let log = log::tail(cx, stop, &mut words).await.ok().flatten();
                let lines = log_evidence(log.as_ref());
                cause = cause::of(&lines).map_or(cause, |(told, _)| told);
            }
        }
        Ok(Glance { cause: Some(cause.sentence(&words)), hope: Some(cause.hope), stops, sightings })
    }

    /// All that can be found out, once it is over. `ended` says what became of the deployment, as a sentence.
    /// At most two calls about tasks, two about the log and four about targets; what cannot be read is said.
    pub(super) async fn explain(&self, cx: &Cx, verdict: Verdict, ended: String) -> Failure {
        let mut unread = Vec::new();
        let name = self.service.service_name().unwrap_or_default();
        let stops = stops::stops(cx, self.cluster(), name, self.deployment);
        let stops = in_time("stopped tasks", stops, &mut unread).await.unwrap_or_default();
        let events = events::since(self.service, self.since);
        let mut evidence: Vec<Evidence> = stops.iter().map(Stop::evidence).collect();
        evidence.extend(events::evidence(&events));

        let mut words = self.words();
        let first = cause::of(&evidence).map(|(_, found)| found.clone());
        let stop = stops.iter().find(|stop| Some(stop.evidence()) == first).or(stops.first());
        let about_health = evidence.iter().any(|one| one.text.contains("health"));
        let mut of_targets = Words::default();
        let targets = async {
            if about_health || stops.is_empty() {
                targets::unhealthy(cx, self.service, &mut of_targets).await
            } else {
                Ok((Vec::new(), Vec::new()))
            }
        };
        let mut of_log = Words::default();
        let log = async {
            match stop {
                Some(stop) => log::tail(cx, stop, &mut of_log).await,
                None => Ok(None),
            }
        };
        let (mut late_targets, mut late_log) = (Vec::new(), Vec::new());
        let (targets, log) = futures_util::future::join(
            in_time("targets", targets, &mut late_targets),
            in_time("log", log, &mut late_log),
        )
        .await;
        unread.extend(late_targets.into_iter().chain(late_log));
        let (targets, of_health) = targets.unwrap_or_default();
        let log = log.flatten();
        evidence.extend(of_health);
        evidence.extend(log_evidence(log.as_ref()));

        let found = cause::of(&evidence);
        if let Some((_, evidence)) = found {
            words.learn(&evidence.text);
        }
        if let Some(stop) = stop {
            know_stop(&mut words, stop);
        }
        words.absorb(of_targets);
        words.absorb(of_log);
        let last = log.as_ref().and_then(|log| log.lines.last());
        words.know("last", last.map(|line| format!(": {line}")).unwrap_or_default());

        let told = Told { stops: &stops, targets, events: events::facts(&events), unread };
        let judged = matches!(verdict, Verdict::Failed | Verdict::RolledBack);
        match found.filter(|_| judged) {
            Some((cause, evidence)) => {
                let facts = told.facts(Some(evidence), Some(&ended));
                let diagnosis =
                    Diagnosis { verdict, cause: Some(cause.name.to_owned()), facts, log };
                Failure::new(Class::Broken, cause.sentence(&words))
                    .with_hint(cause.hint(&words))
                    .with_diagnosis(diagnosis)
            }
            None => {
                let facts = told.facts(None, None);
                let cause = found.map(|(cause, _)| cause.name.to_owned());
                Failure::new(Class::Broken, ended)
                    .with_hint(self.hint(verdict))
                    .with_diagnosis(Diagnosis { verdict, cause, facts, log })
            }
        }
    }

    fn words(&self) -> Words {
        let mut words = Words::default();
        words.know("manifest", format!("services/{}.yml", self.name));
        words.know("environment", self.environment);
        words
    }

    fn hint(&self, verdict: Verdict) -> String {
        let status = format!("`shipit svc status --name {} --env {}`", self.name, self.environment);
        match verdict {
            Verdict::Superseded => format!(
                "{status} shows what runs now; run the same command again to deploy yours over it"
            ),
            Verdict::Stopped => format!(
                "{status} shows what runs now; run the same command again to deploy once more"
            ),
            Verdict::Failed | Verdict::RolledBack | Verdict::Paused => {
                format!(
                    "{status} shows how it fares; correct the cause and run the same command again"
                )
            }
        }
    }
}

/// Why a task that belongs to no service did not end well: its containers, and the end of the log.
pub(super) async fn explain_task(cx: &Cx, task: &Task, name: &str, environment: &str) -> Failure {
    let stop = stops::stop(task);
    let mut words = Words::default();
    words.know("manifest", format!("the manifest of {name}"));
    words.know("environment", environment);
    let mut unread = Vec::new();
    let log = in_time("log", log::tail(cx, &stop, &mut words), &mut unread).await.flatten();
    let mut evidence = vec![stop.evidence()];
    evidence.extend(log_evidence(log.as_ref()));
    know_stop(&mut words, &stop);
    let last = log.as_ref().and_then(|log| log.lines.last());
    words.know("last", last.map(|line| format!(": {line}")).unwrap_or_default());
    let found = cause::of(&evidence);
    if let Some((_, evidence)) = found {
        words.learn(&evidence.text);
    }
    let mut facts = vec![Fact::new("stopped task", events::short(&stop.text()))];
    facts.append(&mut unread);
    let cause = found.map(|(cause, _)| cause.name.to_owned());
    let diagnosis = Diagnosis { verdict: Verdict::Failed, cause, facts, log };
    match found {
        Some((cause, _)) => Failure::new(Class::Broken, cause.sentence(&words))
            .with_hint(cause.hint(&words))
            .with_diagnosis(diagnosis),
        None => Failure::new(Class::Broken, stop.text()).with_diagnosis(diagnosis),
    }
}

/// Where a container of a task writes: log group and stream; else why that is not read.
pub(super) fn log_place(
    cx: &Cx,
    container: &ContainerDefinition,
    task: &str,
) -> Result<(String, String), String> {
    log::place(cx, container, task)
}

/// All that was read.
struct Told<'a> {
    stops: &'a [Stop],
    targets: Vec<Fact>,
    events: Vec<Fact>,
    unread: Vec<Fact>,
}

impl Told<'_> {
    /// The evidence first, then what became of the deployment, then the rest; nothing twice.
    fn facts(self, evidence: Option<&Evidence>, ended: Option<&str>) -> Vec<Fact> {
        let mut stops: Vec<Fact> = Vec::new();
        let mut first = None;
        for stop in self.stops {
            let text = events::short(&stop.text());
            if Some(&stop.evidence()) == evidence {
                first.get_or_insert(text.clone());
            }
            match stops.iter_mut().find(|fact| fact.text == text) {
                Some(fact) => fact.times += 1,
                None => stops.push(Fact::new("stopped task", text)),
            }
        }
        stops.retain(|fact| !fact.text.is_empty());
        let told = evidence.filter(|one| matches!(one.source, Source::Event | Source::Log));
        let first = first.or_else(|| {
            let one = told.or(evidence.filter(|one| one.source == Source::Target))?;
            Some(if one.source == Source::Event {
                events::short(&message(&one.text))
            } else {
                one.text.clone()
            })
        });
        let rank = |fact: &Fact| usize::from(Some(&fact.text) != first.as_ref());
        stops.sort_by_key(rank);
        stops.truncate(STOPS + 1);
        let mut targets = self.targets;
        targets.sort_by_key(rank);
        let mut events = self.events;
        let mut facts: Vec<Fact> = Vec::new();
        for list in [&mut stops, &mut targets, &mut events] {
            if list.first().is_some_and(|fact| rank(fact) == 0) && facts.is_empty() {
                facts.push(list.remove(0));
            } else if let Some(at) =
                list.iter().position(|fact| rank(fact) == 0).filter(|_| facts.is_empty())
            {
                facts.push(list.remove(at));
            }
        }
        if facts.is_empty()
            && let Some(line) = first
        {
            facts.push(Fact::new("log", line));
        }
        if facts.is_empty() && !stops.is_empty() {
            facts.push(stops.remove(0));
        }
        let ended = ended.map(|ended| ended.strip_prefix("deployment ").unwrap_or(ended));
        facts.extend(ended.map(|ended| Fact::new("deployment", ended)));
        facts.extend(stops.into_iter().chain(targets).chain(events).chain(self.unread));
        facts
    }
}

fn message(text: &str) -> String {
    text.strip_prefix("(service ")
        .and_then(|rest| rest.split_once(") "))
        .map_or(text, |(_, rest)| rest)
        .to_owned()
}

fn log_evidence(log: Option<&LogTail>) -> Vec<Evidence> {
    let lines = log.map(|log| log.lines.as_slice()).unwrap_or_default();
    lines.iter().map(|line| Evidence { source: Source::Log, text: line.clone() }).collect()
}

fn know_stop(words: &mut Words, stop: &Stop) {
    words.learn(&stop.evidence().text);
    if let Some(one) = stop.culprit() {
        words.know("container", format!("`{}`", one.name));
        words.know("image", one.image.clone());
        words.know("code", one.code.map(|code| format!(" with code {code}")).unwrap_or_default());
    }
}

/// Waits for one part of the gathering, and notes what cannot be had.
async fn in_time<T>(
    what: &str,
    part: impl Future<Output = Result<T, Failure>>,
    unread: &mut Vec<Fact>,
) -> Option<T> {
    let why = match tokio::time::timeout(PATIENCE, part).await {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
    };
    unread.push(Fact::new("not read", format!("{what}: {why}")));
    None
}
