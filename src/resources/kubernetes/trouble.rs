//! What keeps pods from coming up, and whether time heals it.
//!
//! | cause | given up |
//! |---|---|
//! | a name that is no image's, an image that is not there or may not be pulled | when all new pods that are not ready say so, once the kubelet has tried twice |
//! | a container that cannot be made (a Secret, ConfigMap or key that is not there) | when all new pods that are not ready say so |
//! | a container that crashes or runs out of memory | after two restarts, when no new pod is ready |
//! | pods that no node takes | at once where the cluster's autoscaler says that no node of it could; else at the deadline |
//! | pods that may not be made | at once where what is missing is named; a quota, at the deadline |
//! | probes that fail, registries that do not answer | at the deadline (a liveness probe restarts: see above) |
//!
//! A Job ends by its own `backoffLimit`, but for what its pods cannot even start with.

use serde_json::Value;

use super::health::condition;

/// Restarts after which a container that crashes is given up.
const RESTARTS: u64 = 2;

/// One thing that keeps a pod from coming up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// For programs.
    pub(super) cause: &'static str,
    /// The cause in words.
    pub(super) text: String,
    /// What the pod itself says.
    pub(super) state: String,
    /// Its name.
    pub(super) pod: String,
    pub(super) heals: Heals,
    /// Whose log may tell more.
    pub(super) log: Option<Log>,
}

/// Which log to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) container: String,
    pub(super) previous: bool,
}

/// What time does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heals {
    /// It may.
    Maybe,
    /// Nothing, if no new pod does better.
    Never,
    /// Nothing, whatever other pods do.
    Out,
}

impl Trouble {
    /// What to type next.
    pub(super) fn hint(&self, namespace: &str) -> String {
        let pod = &self.pod;
        match self.cause {
            "image-not-found" => "check the image's name and tag in the manifest, and that it is pushed".to_owned(),
            "image-denied" => "let the nodes' role pull it (`ecr:BatchGetImage`), or name registry credentials".to_owned(),
            "configuration-missing" => format!("`kubectl --namespace {namespace} get secrets,configmaps` shows what is there"),
            "out-of-memory" => "raise `memory` in the manifest".to_owned(),
            "unschedulable" => "lower `cpu` and `memory`, loosen `placement`, or give the cluster more nodes".to_owned(),
            "probe" => "check port and path of `healthcheck`, and that the program listens on all addresses".to_owned(),
            "quota" => format!("`kubectl --namespace {namespace} describe resourcequota` shows what is used"),
            _ if pod.is_empty() => format!("`kubectl --namespace {namespace} get events` tells more"),
            _ => format!("`kubectl --namespace {namespace} describe pod {pod}` tells more"),
        }
    }
}

/// Whether some pod's state is not explained without events.
pub(super) fn needs_events(pods: &[Value]) -> bool {
    let unexplained = |status: &Value| {
        runs(&status["state"]) || status["state"]["waiting"]["reason"] == "ImagePullBackOff"
    };
    let of = |pod: &Value| {
        unschedulable(pod).is_some() || (!is_ready(pod) && statuses(pod).any(unexplained))
    };
    pods.is_empty() || pods.iter().any(of)
}

fn runs(state: &Value) -> bool {
    state.get("running").is_some()
}

fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|one| one["status"] == "True")
        || pod["status"]["phase"] == "Succeeded"
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    let of = |field: &str| pod["status"][field].as_array().into_iter().flatten();
    of("initContainerStatuses").chain(of("containerStatuses"))
}

fn unschedulable(pod: &Value) -> Option<&Value> {
    condition(pod, "PodScheduled")
        .filter(|one| one["status"] == "False" && one["reason"] == "Unschedulable")
}

/// The troubles of pods that are not ready.
pub(super) fn of_pods(pods: &[Value], events: &[Value]) -> Vec<Trouble> {
    pods.iter().filter(|pod| !is_ready(pod)).filter_map(|pod| of_pod(pod, events)).collect()
}

fn of_pod(pod: &Value, events: &[Value]) -> Option<Trouble> {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let of_this = |event: &&Value| event["involvedObject"]["uid"] == pod["metadata"]["uid"];
    if let Some(one) = unschedulable(pod) {
        let message = one["message"].as_str().unwrap_or("no node takes it").trim_end_matches('.');
        let never = events.iter().filter(of_this).find(|event| {
            let reason = event["reason"].as_str().unwrap_or_default();
            let text = event["message"].as_str().unwrap_or_default();
            reason == "NotTriggerScaleUp"
                || (reason == "FailedScheduling" && text.contains("incompatible with nodepool"))
        });
        let said = never.and_then(|event| event["message"].as_str());
        let more = said.map_or(String::new(), |said| format!("; {}", said.trim_end_matches('.')));
        return Some(Trouble {
            cause: "unschedulable",
            text: format!("no node takes its pods: {message}{more}"),
            state: format!("Unschedulable: {message}"),
            pod: name.to_owned(),
            heals: if said.is_some() { Heals::Never } else { Heals::Maybe },
            log: None,
        });
    }
    let mut troubles: Vec<Trouble> =
        statuses(pod).filter_map(|status| of_container(pod, name, status, events)).collect();
    if troubles.is_empty() {
        let failed = |event: &&Value| event["reason"] == "Unhealthy";
        let event = events.iter().filter(of_this).find(failed);
        troubles.extend(event.map(|event| {
            let message =
                event["message"].as_str().unwrap_or_default().trim().trim_end_matches('.');
            let container = statuses(pod).find(|one| one["ready"] == false);
            let container = container.and_then(|one| one["name"].as_str()).unwrap_or_default();
            Trouble {
                cause: "probe",
                text: format!("its pods run and are not ready: {}", lower(message)),
                state: format!("Unhealthy: {message}"),
                pod: name.to_owned(),
                heals: Heals::Maybe,
                log: Some(Log { container: container.to_owned(), previous: false }),
            }
        }));
    }
    troubles.into_iter().max_by_key(|one| one.heals)
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn of_container(pod: &Value, pod_name: &str, status: &Value, events: &[Value]) -> Option<Trouble> {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let container = text(status, "name");
    let image = spec_image(pod, &container).unwrap_or_else(|| text(status, "image"));
    let waiting = &status["state"]["waiting"];
    let (reason, message) = (text(waiting, "reason"), text(waiting, "message"));
    let restarts = status["restartCount"].as_u64().unwrap_or_default();
    let trouble = |cause, said: String, heals, log| Trouble {
        cause,
        text: said,
        state: match message.is_empty() {
            true if reason.is_empty() => format!("container `{container}` ended"),
            true => reason.clone(),
            false => format!("{reason}: {message}"),
        },
        pod: pod_name.to_owned(),
        heals,
        log,
    };
    let why = || {
        if message.is_empty() { reason.clone() } else { message.trim_end_matches('.').to_owned() }
    };
    match reason.as_str() {
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "ImageInspectError" => {
            // While it waits, the kubelet says only that it does.
            let said = match message.starts_with("Back-off") {
                true => pulled_before(pod, events).unwrap_or_else(why),
                false => why(),
            };
            let (cause, lasting) = pull(&said);
            let again = reason == "ImagePullBackOff";
            let heals = if again && lasting { Heals::Never } else { Heals::Maybe };
            let said = format!("image `{image}` cannot be pulled: {}", plain(&said));
            Some(trouble(cause, said, heals, None))
        }
        "InvalidImageName" | "ErrImageNeverPull" => {
            let said = format!("image `{image}` cannot be pulled: {}", why());
            Some(trouble("image-not-found", said, Heals::Out, None))
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            let cause = match reason.as_str() {
                "CreateContainerConfigError" => "configuration-missing",
                _ => "container-cannot-start",
            };
            let said = format!("container `{container}` cannot be started: {}", why());
            Some(trouble(cause, said, Heals::Never, None))
        }
        _ => {
            let ended = ["state", "lastState"]
                .iter()
                .map(|field| &status[*field]["terminated"])
                .find(|ended| ended.is_object() && ended["exitCode"] != 0)?;
            let code = ended["exitCode"].as_i64().unwrap_or_default();
            let again = match restarts {
                0 => String::new(),
                1 => ", restarted once".to_owned(),
                times => format!(", restarted {times} times"),
            };
            let (cause, said) = match text(ended, "reason").as_str() {
                "OOMKilled" => {
                    let limit = limit(pod, &container);
                    let limit = limit.map_or(String::new(), |limit| format!(" of {limit}"));
                    (
                        "out-of-memory",
                        format!(
                            "container `{container}` needs more than its memory{limit} (OOMKilled{again})"
                        ),
                    )
                }
                _ => {
                    ("crash", format!("container `{container}` ends with exit code {code}{again}"))
                }
            };
            let heals = if restarts >= RESTARTS { Heals::Never } else { Heals::Maybe };
            let previous = status["state"]["terminated"].is_null();
            Some(trouble(cause, said, heals, Some(Log { container: container.clone(), previous })))
        }
    }
}

/// What the kubelet told of a pull that failed.
fn pulled_before(pod: &Value, events: &[Value]) -> Option<String> {
    let uid = &pod["metadata"]["uid"];
    let of_this = events.iter().filter(|event| event["involvedObject"]["uid"] == *uid);
    let messages = of_this.filter_map(|event| event["message"].as_str());
    let mut failed = messages.filter(|message| message.starts_with("Failed to pull image"));
    let (_, why) = failed.next()?.split_once(": ")?;
    Some(why.trim_end_matches('.').to_owned())
}

/// Without what the container runtime says of itself and says twice.
fn plain(message: &str) -> &str {
    let message = message.rsplit("desc = ").next().unwrap_or(message);
    match message.rsplit_once(": ") {
        Some((_, last)) if message.len() > 100 && !last.is_empty() => last,
        _ => message,
    }
}

/// What a pull that failed says, and whether it will say so for ever.
fn pull(message: &str) -> (&'static str, bool) {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&[
        "not found",
        "manifest unknown",
        "name unknown",
        "does not exist",
        "no match for platform",
        "no matching manifest",
    ]) {
        return ("image-not-found", true);
    }
    if says(&["denied", "unauthorized", "forbidden", "authorization failed", "no basic auth"]) {
        return ("image-denied", true);
    }
    ("image-not-pulled", false)
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    let of = |field: &str| pod["spec"][field].as_array().into_iter().flatten();
    of("initContainers").chain(of("containers"))
}

fn spec_image(pod: &Value, container: &str) -> Option<String> {
    let found = containers(pod).find(|one| one["name"] == container)?;
    found["image"].as_str().map(str::to_owned)
}

fn limit(pod: &Value, container: &str) -> Option<String> {
    let found = containers(pod).find(|one| one["name"] == container)?;
    found["resources"]["limits"]["memory"].as_str().map(str::to_owned)
}

/// What keeps pods from being made at all.
pub(super) fn of_object(object: &Value, events: &[Value]) -> Option<Trouble> {
    let failing = condition(object, "ReplicaFailure").filter(|one| one["status"] == "True");
    let message = match failing {
        Some(one) => one["message"].as_str(),
        None => {
            let about = |event: &&Value| {
                event["reason"] == "FailedCreate"
                    && event["involvedObject"]["uid"] == object["metadata"]["uid"]
            };
            events.iter().find(about).and_then(|event| event["message"].as_str())
        }
    }?;
    let quota = message.contains("exceeded quota");
    let lasting = !quota && (message.contains("not found") || message.contains("forbidden"));
    Some(Trouble {
        cause: if quota { "quota" } else { "pods-refused" },
        text: format!("its pods may not be made: {}", message.trim_end_matches('.')),
        state: "not made".to_owned(),
        pod: String::new(),
        heals: if lasting { Heals::Out } else { Heals::Maybe },
        log: None,
    })
}

/// Whether none of the new pods will get there.
pub(super) fn is_hopeless(pods: &[Value], troubles: &[Trouble]) -> bool {
    let unready = pods.iter().filter(|pod| !is_ready(pod)).count();
    let lost = troubles.iter().filter(|one| one.heals >= Heals::Never && !one.pod.is_empty());
    unready > 0 && unready == pods.len() && lost.count() == unready
}

/// Whether one of the troubles needs no other to be the end; a Job's pods that cannot even start are.
pub(super) fn is_hopeless_at_once(troubles: &[Trouble]) -> bool {
    let starts = ["image-not-found", "image-denied", "configuration-missing"];
    troubles.iter().any(|one| one.heals == Heals::Out)
        || (!troubles.is_empty()
            && troubles.iter().all(|one| one.heals == Heals::Never && starts.contains(&one.cause)))
}

/// The one to tell first: what heals least, and of those what comes most often.
pub(super) fn worst(troubles: Vec<Trouble>) -> Option<Trouble> {
    let often = |one: &Trouble| troubles.iter().filter(|other| other.text == one.text).count();
    troubles.iter().max_by_key(|one| (one.heals, often(one))).cloned()
}
