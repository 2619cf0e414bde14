//! How a service fares in a cluster right now, for people: counts, revisions, pods, scaling, addresses, newest events.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::health::number;
use super::kinds::{HorizontalPodAutoscalerKind, IngressKind, ServiceKind};
use super::object::{Api, ObjectKind};
use super::rollout::{self, Pods, is_owned, served};
use super::workload::Workload;
use super::{observe, revisions};
use crate::aws::Cx;
use crate::engine::{Class, Failure, Health, redact};
use crate::kubernetes::{Client, Listed};

/// How many events are shown.
const EVENTS: usize = 8;
/// How many runs of a scheduled job are shown.
const RUNS: usize = 10;

/// How a service fares.
#[derive(Clone, Debug, Serialize)]
pub struct WorkloadStatus {
    /// `Deployment`, `StatefulSet`, `DaemonSet` or `CronJob`.
    pub kind: String,
    /// `shop/api`.
    pub object: String,
    /// The cluster.
    pub cluster: String,
    /// How many pods it should have.
    pub wanted: i64,
    /// How many are of the newest revision.
    pub updated: i64,
    /// How many answer.
    pub ready: i64,
    /// What its rollout waits for, or why it failed; nothing once it is done.
    pub rollout: Option<String>,
    /// When it runs, of a scheduled job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// The newest runs first, of a scheduled job.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunStatus>,
    /// Templates of pods that there are or were, the newest first.
    pub revisions: Vec<RevisionStatus>,
    /// Its pods.
    pub pods: Vec<PodStatus>,
    /// Between which counts an autoscaler chooses.
    pub scaling: Option<Scaling>,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// The newest events first.
    pub events: Vec<Event>,
    /// Why it fails right now, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A template of pods.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RevisionStatus {
    /// Kubernetes' number of it.
    pub number: i64,
    /// What Kubernetes keeps it as.
    pub name: String,
    /// The images of its containers.
    pub images: Vec<String>,
    /// How many pods of it should be there; nothing where Kubernetes does not say.
    pub wanted: Option<i64>,
    /// How many answer.
    pub ready: Option<i64>,
    /// When it was first made, in seconds since 1970.
    pub since: Option<i64>,
}

/// A pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PodStatus {
    /// Its name.
    pub name: String,
    /// `Running`, `Pending`, `CrashLoopBackOff`, …: what `kubectl get pods` says.
    pub status: String,
    /// What the cluster says besides.
    pub reason: String,
    /// How many of its containers answer.
    pub ready: i64,
    /// How many it has.
    pub containers: i64,
    /// How often they were started again.
    pub restarts: i64,
    /// What Kubernetes keeps its template as.
    pub revision: String,
    /// The node.
    pub node: String,
    /// Since when, in seconds since 1970.
    pub started: Option<i64>,
}

/// A run of a scheduled job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunStatus {
    /// The Job's name.
    pub name: String,
    /// `running`, `complete` or `failed`.
    pub status: String,
    /// Since when, in seconds since 1970.
    pub started: Option<i64>,
}

/// An autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scaling {
    /// The fewest pods.
    pub min: i64,
    /// The most.
    pub max: i64,
    /// How many there are.
    pub current: i64,
    /// How many it wants.
    pub wanted: i64,
    /// What it says where it cannot scale.
    pub problem: Option<String>,
}

/// Where the service is reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Endpoint {
    /// `Service` or `Ingress`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Host names and addresses; empty while there is none yet.
    pub addresses: Vec<String>,
    /// `80`, `8080/UDP`, `/shop`.
    pub ports: Vec<String>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// When it was told last, in seconds since 1970.
    pub at: i64,
    /// `Normal` or `Warning`.
    pub sort: String,
    /// Whom it is about: `Pod prices-5d8f`.
    pub about: String,
    /// Such as `BackOff`.
    pub reason: String,
    /// What it says.
    pub message: String,
    /// How often it was told.
    pub times: u64,
}

/// Asks a cluster how a service fares: the workload, its revisions and pods, autoscaler, Services, Ingresses, events.
///
/// # Errors
/// The workload is not there, or it may not be read.
pub async fn status(cx: &Cx, workload: &Workload) -> Result<WorkloadStatus, Failure> {
    let client = workload.client(cx).await?;
    let object = workload.read(&client).await?;
    let namespace = workload.namespace();
    let is_job = object["kind"] == "CronJob";
    let mut lists = Pods::default();
    let judged = match is_job {
        true => Health::Ready,
        false => rollout::judge(&client, &object, false, &mut lists).await?,
    };
    let (rollout, failure) = match judged {
        Health::Pending(why) | Health::Failed(why) => (Some(why), None),
        Health::Broken(failure) => {
            let facts = failure.diagnosis.as_ref().map(|one| one.facts.as_slice());
            let why = facts.into_iter().flatten().find(|fact| fact.about == "rollout");
            (why.map(|fact| fact.text.clone()), Some(*failure))
        }
        _ => (None, None),
    };
    let jobs = match is_job {
        true => {
            let kind = ("batch/v1", "Job", "jobs");
            revisions::owned_by(&client, namespace, kind, "", &object).await?
        }
        false => Vec::new(),
    };
    let kept = revisions::list(&client, namespace, &object).await?;
    let owners: Vec<Value> = std::iter::once(&object)
        .chain(jobs.iter())
        .chain(kept.iter().map(|one| &one.object))
        .map(|one| one["metadata"]["uid"].clone())
        .collect();
    let selector = revisions::pod_labels(&object);
    let all = lists.list(&client, "pods", namespace, &selector).await?;
    let mut pods: Vec<&Value> = all.iter().filter(|pod| is_owned(pod, &owners)).collect();
    pods.sort_by_key(|pod| pod["metadata"]["name"].as_str().unwrap_or_default().to_owned());
    let scaler = scaler(&client, workload).await?;
    let endpoints = endpoints(&client, workload).await?;
    let about: Vec<Value> = owners
        .iter()
        .chain(pods.iter().map(|pod| &pod["metadata"]["uid"]))
        .chain(scaler.iter().map(|one| &one["metadata"]["uid"]))
        .cloned()
        .collect();
    Ok(WorkloadStatus {
        kind: text(&object["kind"]),
        object: format!("{namespace}/{}", text(&object["metadata"]["name"])),
        cluster: workload.outputs.at.cluster.clone(),
        wanted: wanted(&object),
        updated: updated(&object),
        ready: match object["kind"] == "DaemonSet" {
            true => number(&object, "/status/numberReady"),
            false => number(&object, "/status/readyReplicas"),
        },
        rollout,
        schedule: object["spec"]["schedule"].as_str().map(str::to_owned),
        runs: runs(&jobs),
        revisions: kept.iter().map(revision).collect(),
        pods: pods.into_iter().map(pod).collect(),
        scaling: scaler.as_ref().map(scaling),
        endpoints,
        events: events(&client, namespace, &about).await?,
        failure,
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Seconds since 1970.
pub(super) fn seconds(value: &Value) -> Option<i64> {
    let time = OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()?;
    Some(time.unix_timestamp())
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn wanted(object: &Value) -> i64 {
    match object["kind"].as_str() {
        Some("DaemonSet") => number(object, "/status/desiredNumberScheduled"),
        Some("CronJob") => 0,
        _ => object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1),
    }
}

fn updated(object: &Value) -> i64 {
    match object["kind"].as_str() {
        Some("DaemonSet") => number(object, "/status/updatedNumberScheduled"),
        // It is counted while it changes alone.
        Some("StatefulSet")
            if object["status"]["currentRevision"] == object["status"]["updateRevision"] =>
        {
            number(object, "/status/replicas")
        }
        _ => number(object, "/status/updatedReplicas"),
    }
}

fn revision(one: &revisions::Kept) -> RevisionStatus {
    let images = list(&one.template, "/spec/containers").map(|one| text(&one["image"]));
    let count = |pointer: &str| {
        let set = one.object["kind"] == "ReplicaSet";
        set.then(|| number(&one.object, pointer))
    };
    RevisionStatus {
        number: one.number,
        name: text(&one.object["metadata"]["name"]),
        images: images.collect(),
        wanted: count("/spec/replicas"),
        ready: count("/status/readyReplicas"),
        since: seconds(&one.object["metadata"]["creationTimestamp"]),
    }
}

fn runs(jobs: &[Value]) -> Vec<RunStatus> {
    let mut runs: Vec<RunStatus> = jobs
        .iter()
        .map(|job| {
            let is = |name: &str| {
                super::health::condition(job, name).is_some_and(|one| one["status"] == "True")
            };
            let status = match (is("Complete"), is("Failed")) {
                (true, _) => "complete",
                (_, true) => "failed",
                _ => "running",
            };
            RunStatus {
                name: text(&job["metadata"]["name"]),
                status: status.to_owned(),
                started: seconds(&job["metadata"]["creationTimestamp"]),
            }
        })
        .collect();
    runs.sort_by_key(|run| (std::cmp::Reverse(run.started), run.name.clone()));
    runs.truncate(RUNS);
    runs
}

fn pod(pod: &Value) -> PodStatus {
    let own: Vec<&Value> = list(pod, "/status/containerStatuses").collect();
    let (status, reason) = state(pod);
    let labels = &pod["metadata"]["labels"];
    let revision = ["pod-template-hash", "controller-revision-hash"];
    let revision = revision.iter().find_map(|label| labels[*label].as_str());
    PodStatus {
        name: text(&pod["metadata"]["name"]),
        status,
        reason: redact::others(&reason),
        ready: i64::try_from(own.iter().filter(|one| one["ready"] == true).count()).unwrap_or(0),
        containers: i64::try_from(list(pod, "/spec/containers").count()).unwrap_or(0),
        restarts: own.iter().map(|one| number(one, "/restartCount")).sum(),
        revision: revision.unwrap_or_default().to_owned(),
        node: text(&pod["spec"]["nodeName"]),
        started: seconds(&pod["status"]["startTime"])
            .or(seconds(&pod["metadata"]["creationTimestamp"])),
    }
}

/// What a pod does, in the word that tells most, and what is said besides.
pub(super) fn state(pod: &Value) -> (String, String) {
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return ("Terminating".to_owned(), String::new());
    }
    let all =
        list(pod, "/status/initContainerStatuses").chain(list(pod, "/status/containerStatuses"));
    for status in all {
        let waiting = &status["state"]["waiting"];
        if let Some(reason) = waiting["reason"].as_str() {
            let last = &status["lastState"]["terminated"];
            let said = match last["exitCode"].as_i64() {
                Some(code) => format!("{} with exit code {code}", text(&last["reason"])),
                None => text(&waiting["message"]),
            };
            return (reason.to_owned(), said);
        }
        let ended = &status["state"]["terminated"];
        if let Some(code) = ended["exitCode"].as_i64().filter(|code| *code != 0) {
            return (text(&ended["reason"]), format!("exit code {code}"));
        }
    }
    let scheduled = super::health::condition(pod, "PodScheduled");
    if let Some(one) = scheduled.filter(|one| one["status"] == "False") {
        return (text(&one["reason"]), text(&one["message"]));
    }
    (text(&pod["status"]["phase"]), text(&pod["status"]["message"]))
}

/// All objects of a kind that belong to the service, whatever version of it the cluster serves.
async fn of_service(
    client: &Client,
    workload: &Workload,
    api: Option<Api>,
) -> Result<Vec<Value>, Failure> {
    let Some(kind) = api.and_then(|api| Some(api.served(api.versions.first()?))) else {
        return Ok(Vec::new());
    };
    match observe::list(client, api, &kind, workload.labels()).await {
        Ok(found) => Ok(found.map(|(_, found)| found).unwrap_or_default()),
        // Who may not read it sees all else.
        Err(failure) if failure.class == Class::Denied => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

async fn scaler(client: &Client, workload: &Workload) -> Result<Option<Value>, Failure> {
    let all = of_service(client, workload, HorizontalPodAutoscalerKind::API).await?;
    let name = workload.outputs.name.as_str();
    Ok(all.into_iter().find(|one| one["spec"]["scaleTargetRef"]["name"] == name))
}

fn scaling(scaler: &Value) -> Scaling {
    let off = ["ScalingActive", "AbleToScale"].iter().find_map(|name| {
        super::health::condition(scaler, name).filter(|one| one["status"] == "False")
    });
    Scaling {
        min: scaler.pointer("/spec/minReplicas").and_then(Value::as_i64).unwrap_or(1),
        max: number(scaler, "/spec/maxReplicas"),
        current: number(scaler, "/status/currentReplicas"),
        wanted: number(scaler, "/status/desiredReplicas"),
        problem: off.map(|one| text(&one["message"])),
    }
}

async fn endpoints(client: &Client, workload: &Workload) -> Result<Vec<Endpoint>, Failure> {
    let mut found = Vec::new();
    for service in of_service(client, workload, ServiceKind::API).await? {
        let name = text(&service["metadata"]["name"]);
        let inside = format!("{name}.{}.svc", text(&service["metadata"]["namespace"]));
        let ports = list(&service, "/spec/ports").map(|port| match port["protocol"].as_str() {
            None | Some("TCP") => port["port"].to_string(),
            Some(other) => format!("{}/{other}", port["port"]),
        });
        let addresses = std::iter::once(inside).chain(balancers(&service)).collect();
        found.push(Endpoint {
            kind: "Service".to_owned(),
            name,
            addresses,
            ports: ports.collect(),
        });
    }
    for ingress in of_service(client, workload, IngressKind::API).await? {
        let paths = list(&ingress, "/spec/rules")
            .flat_map(|rule| list(rule, "/http/paths"))
            .map(|path| text(&path["path"]));
        found.push(Endpoint {
            kind: "Ingress".to_owned(),
            name: text(&ingress["metadata"]["name"]),
            addresses: balancers(&ingress).collect(),
            ports: paths.collect(),
        });
    }
    Ok(found)
}

fn balancers(object: &Value) -> impl Iterator<Item = String> {
    list(object, "/status/loadBalancer/ingress").filter_map(|one| {
        let address = one["hostname"].as_str().or(one["ip"].as_str());
        address.map(str::to_owned)
    })
}

/// The newest events about these objects.
async fn events(client: &Client, namespace: &str, about: &[Value]) -> Result<Vec<Event>, Failure> {
    let kind = served("v1", "Event", "events");
    let all = match client.list(&kind, Some(namespace), "", Listed::Whole).await {
        Ok(all) => all,
        Err(failure) if failure.class == Class::Denied => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let ours = all.iter().filter(|event| about.contains(&event["involvedObject"]["uid"]));
    let mut found: Vec<Event> = ours
        .map(|event| Event {
            at: seconds(&rollout::told_at(event).into()).unwrap_or_default(),
            sort: text(&event["type"]),
            about: format!(
                "{} {}",
                text(&event["involvedObject"]["kind"]),
                text(&event["involvedObject"]["name"])
            ),
            reason: text(&event["reason"]),
            message: redact::others(event["message"].as_str().unwrap_or_default().trim()),
            times: event["count"].as_u64().or(event["series"]["count"].as_u64()).unwrap_or(1),
        })
        .collect();
    found.sort_by(|a, b| (b.at, &a.about, &a.reason).cmp(&(a.at, &b.about, &b.reason)));
    found.truncate(EVENTS);
    Ok(found)
}
