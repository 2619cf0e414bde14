//! Whether a rollout will come to a good end: pods are looked at as soon as it is not there yet.
//!
//! It ends early only where time heals nothing (`trouble` has the rules), and else when Kubernetes itself gives it up
//! (`progressDeadlineSeconds`, `backoffLimit`) or the time is up. Whatever ends it, the cause comes first.

use std::collections::BTreeMap;

use serde_json::Value;

use super::health;
use super::trouble::{self, Trouble};
use crate::engine::{Class, Diagnosis, Fact, Failure, Health, LogTail, Verdict};
use crate::kubernetes::{Client, Listed, Served};

/// Lines of a log that are shown.
const LOG_LINES: usize = 10;
/// Events that are shown.
const EVENTS: usize = 3;

/// The pods of a cluster, as far as they were asked for in one look.
#[derive(Debug, Default)]
pub(super) struct Pods {
    whole: bool,
    lists: BTreeMap<(&'static str, String, String), Vec<Value>>,
}

impl Pods {
    /// Many are looked at: what they own is listed by namespace, once.
    pub(super) fn of_whole_namespaces(&mut self) {
        self.whole = true;
    }

    pub(super) async fn list(
        &mut self,
        client: &Client,
        what: &'static str,
        namespace: &str,
        labels: &str,
    ) -> Result<&[Value], Failure> {
        let labels = if self.whole { "" } else { labels };
        let key = (what, namespace.to_owned(), labels.to_owned());
        if !self.lists.contains_key(&key) {
            let kind = match what {
                "replicasets" => served("apps/v1", "ReplicaSet", what),
                _ => served("v1", "Pod", what),
            };
            let found = client.list(&kind, Some(namespace), labels, Listed::Whole).await?;
            self.lists.insert(key.clone(), found);
        }
        Ok(self.lists.get(&key).map_or(&[], Vec::as_slice))
    }
}

pub(super) fn served(version: &str, kind: &str, plural: &str) -> Served {
    Served {
        api_version: version.to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
        namespaced: true,
    }
}

/// How an object fares on its way. `last`: the time is up.
pub(super) async fn judge(
    client: &Client,
    object: &Value,
    last: bool,
    pods: &mut Pods,
) -> Result<Health, Failure> {
    let health = health::strict(object);
    let kind = object["kind"].as_str().unwrap_or_default();
    if !["Deployment", "StatefulSet", "DaemonSet", "Job"].contains(&kind) {
        return Ok(health);
    }
    let (why, over) = match health {
        Health::Pending(why) => (why, false),
        Health::Failed(why) => (why, true),
        other => return Ok(other),
    };
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let found = match new_pods(client, object, namespace, pods).await {
        Ok(found) => found,
        // Who may not look at pods still hears of the rollout itself.
        Err(failure) if failure.class == Class::Denied => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let events = match trouble::needs_events(&found) || over || last {
        true => events(client, namespace, object, &found).await,
        false => Vec::new(),
    };
    let mut troubles = trouble::of_pods(&found, &events);
    troubles.extend(trouble::of_object(object, &events));
    let hopeless = kind != "Job" && trouble::is_hopeless(&found, &troubles)
        || trouble::is_hopeless_at_once(&troubles);
    let Some(worst) = trouble::worst(troubles) else {
        return Ok(match over || last {
            true => broken(client, namespace, &why, None, &events).await,
            false => Health::Pending(why),
        });
    };
    if over || hopeless || last {
        return Ok(broken(client, namespace, &why, Some(&worst), &events).await);
    }
    Ok(Health::Pending(format!("{why}: {}", worst.text)))
}

/// The pods that the newest version of an object has made.
async fn new_pods(
    client: &Client,
    object: &Value,
    namespace: &str,
    pods: &mut Pods,
) -> Result<Vec<Value>, Failure> {
    let uid = &object["metadata"]["uid"];
    let selector = selector(object);
    let mut owners = vec![uid.clone()];
    let is_deployment = object["kind"] == "Deployment";
    if is_deployment {
        const REVISION: &str = "deployment.kubernetes.io/revision";
        let revision = |one: &Value| one["metadata"]["annotations"][REVISION].clone();
        let sets = pods.list(client, "replicasets", namespace, &selector).await?;
        let newest = sets.iter().filter(|set| is_owned(set, &owners));
        let newest = newest.filter(|set| revision(set) == revision(object));
        owners = newest.map(|set| set["metadata"]["uid"].clone()).collect();
    }
    let update = object["status"]["updateRevision"].clone();
    let found = pods.list(client, "pods", namespace, &selector).await?.iter();
    let found = found.filter(|pod| {
        let metadata = &pod["metadata"];
        let revision = &metadata["labels"]["controller-revision-hash"];
        is_owned(pod, &owners)
            && metadata["deletionTimestamp"].is_null()
            && (update.is_null() || revision.is_null() || *revision == update)
    });
    Ok(found.cloned().collect())
}

pub(super) fn is_owned(object: &Value, owners: &[Value]) -> bool {
    let references = object["metadata"]["ownerReferences"].as_array();
    references.into_iter().flatten().any(|reference| owners.contains(&reference["uid"]))
}

/// `app=api,tier=web`; the objects' own owners tell the rest.
pub(super) fn selector(object: &Value) -> String {
    let labels = object["spec"]["selector"]["matchLabels"].as_object();
    let pairs = labels.into_iter().flatten();
    let pairs = pairs.filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    pairs.collect::<Vec<_>>().join(",")
}

/// The warnings about an object and its pods, newest first; none where they may not be read.
async fn events(client: &Client, namespace: &str, object: &Value, pods: &[Value]) -> Vec<Value> {
    let kind = served("v1", "Event", "events");
    let all = client.list(&kind, Some(namespace), "", Listed::Whole).await.unwrap_or_default();
    let about = |event: &Value| {
        let uid = &event["involvedObject"]["uid"];
        *uid == object["metadata"]["uid"] || pods.iter().any(|pod| *uid == pod["metadata"]["uid"])
    };
    let mut found: Vec<Value> = all.into_iter().filter(about).collect();
    found.sort_by_key(|event| std::cmp::Reverse(told_at(event).to_owned()));
    found
}

/// When an event was told last.
pub(super) fn told_at(event: &Value) -> &str {
    let series = event["series"]["lastObservedTime"].as_str();
    let times = ["lastTimestamp", "eventTime", "firstTimestamp"];
    series.or(times.iter().find_map(|field| event[field].as_str())).unwrap_or_default()
}

/// The failure of a rollout: the cause, what it rests on, and the last lines of what crashed.
async fn broken(
    client: &Client,
    namespace: &str,
    why: &str,
    worst: Option<&Trouble>,
    events: &[Value],
) -> Health {
    let message = match worst {
        Some(worst) => worst.text.clone(),
        None => why.to_owned(),
    };
    let mut facts = vec![Fact::new("rollout", why)];
    if let Some(worst) = worst {
        facts.push(Fact::new("pod", format!("{}: {}", worst.pod, worst.state)));
    }
    let warnings = events.iter().filter(|event| event["type"] != "Normal").take(EVENTS);
    for event in warnings {
        let text = |field: &str| event[field].as_str().unwrap_or_default();
        let times = event["count"].as_u64().and_then(|count| usize::try_from(count).ok());
        let mut fact =
            Fact::new("event", format!("{}: {}", text("reason"), text("message").trim()));
        fact.times = times.unwrap_or(1).max(1);
        if !facts.contains(&fact) {
            facts.push(fact);
        }
    }
    let log = match worst.and_then(|worst| Some((worst, worst.log.as_ref()?))) {
        Some((worst, log)) => Some(tail(client, namespace, &worst.pod, log).await),
        None => None,
    };
    let diagnosis = Diagnosis {
        verdict: Verdict::Failed,
        cause: worst.map(|worst| worst.cause.to_owned()),
        facts,
        log,
    };
    let hint = match worst {
        Some(worst) => worst.hint(namespace),
        None => format!("`kubectl --namespace {namespace} get events` tells more"),
    };
    let failure = Failure::new(Class::Broken, message).with_hint(hint).with_diagnosis(diagnosis);
    Health::Broken(Box::new(failure))
}

async fn tail(client: &Client, namespace: &str, pod: &str, log: &trouble::Log) -> LogTail {
    let source = format!("container `{}` of pod `{pod}`", log.container);
    let read = client.log(namespace, pod, &log.container, log.previous, LOG_LINES).await;
    // What ran before may be forgotten already.
    let read = match read {
        Err(_) if log.previous => {
            client.log(namespace, pod, &log.container, false, LOG_LINES).await
        }
        other => other,
    };
    match read {
        Ok(lines) if lines.is_empty() => {
            LogTail { source, lines, missing: Some("it has written nothing".to_owned()) }
        }
        Ok(lines) => LogTail { source, lines, missing: None },
        Err(failure) => LogTail { source, lines: Vec::new(), missing: Some(failure.message) },
    }
}
