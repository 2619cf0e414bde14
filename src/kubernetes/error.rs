//! What an API server, or the way to it, says when it refuses: class, code, message, hint.

use serde::Deserialize;

use super::client::Server;
use crate::engine::{Class, Failure};

/// The code of a failure where other managers own fields.
pub const CONFLICT: &str = "FieldManagerConflict";
/// The code of a failure where a field cannot change.
pub const IMMUTABLE: &str = "FieldImmutable";

/// `meta/v1` `Status`, as far as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    reason: String,
    details: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    causes: Vec<Cause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    reason: String,
    message: String,
    field: String,
}

/// No answer, or none that could be read.
pub(super) fn unreachable(server: &Server, error: &kube::Error) -> Failure {
    let text = chain(error);
    let Server { cluster, endpoint, private, .. } = server;
    let not_there = ["Connection refused", "connection refused", "dns error", "failed to lookup"];
    let slow = ["timed out", "deadline has elapsed", "timeout"];
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let outside = "the cluster is reached from inside its VPC only: run shipit there, or set \
                   `endpoint: {public: true}` under `cluster` in the environment's manifest";
    if says(&not_there) || (says(&slow) && text.contains("connect")) {
        let message =
            format!("the API server of cluster `{cluster}` could not be reached: {}", last(error));
        let hint = match private {
            true => outside.to_owned(),
            false => format!(
                "check the way to {endpoint}: the network, a proxy, and which addresses `public_cidrs` lets in"
            ),
        };
        return Failure::new(Class::Unreachable, message).with_hint(hint);
    }
    if text.contains("certificate") {
        let message = format!(
            "the API server of cluster `{cluster}` is not who it should be: {}",
            last(error)
        );
        return Failure::new(Class::Invalid, message)
            .with_hint("something between here and the cluster (a proxy) may answer in its place");
    }
    let message = format!("the connection to cluster `{cluster}` broke: {}", last(error));
    let failure = Failure::new(Class::LostAnswer, message);
    if *private { failure.with_hint(outside) } else { failure }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

fn last(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// A session that was not opened.
pub(super) fn not_opened(server: &Server, error: &kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => {
            let body = serde_json::to_vec(status).unwrap_or_default();
            refused(server, status.code, &body)
        }
        kube::Error::UpgradeConnection(why) => Failure::new(
            Class::Invalid,
            format!("cluster `{}` opens no session over a WebSocket: {why}", server.cluster),
        )
        .with_hint("something between here and the cluster (a proxy) may not let WebSockets pass"),
        other => unreachable(server, other),
    }
}

/// An answer that is no success.
pub(super) fn refused(server: &Server, status: u16, body: &[u8]) -> Failure {
    let parsed: Option<Status> = serde_json::from_slice(body).ok();
    let Some(said) = parsed.filter(|said| !said.message.is_empty()) else {
        let text = String::from_utf8_lossy(body);
        let text = text.trim().chars().take(200).collect::<String>();
        let class = match status {
            404 => Class::Gone,
            429 => Class::Throttled,
            500.. => Class::Server,
            _ => Class::Invalid,
        };
        return coded(Failure::new(class, format!("HTTP {status}: {text}")), status.to_string());
    };
    let causes = &said.details.causes;
    let conflicts = causes.iter().any(|cause| cause.reason == CONFLICT);
    let unchangeable = causes.iter().any(|cause| cannot_change(&cause.message));
    let terminating = causes.iter().any(|cause| cause.reason == "NamespaceTerminating");
    let class = match (status, said.reason.as_str()) {
        (401, _) => Class::Denied,
        (403, _) if terminating => Class::ConflictInProgress,
        (403, _) if said.message.contains("exceeded quota") => Class::Quota,
        (403, _) => Class::Denied,
        (404, _) => Class::Gone,
        (409, "AlreadyExists") if said.message.contains("being deleted") => {
            Class::ConflictInProgress
        }
        (409, "AlreadyExists") => Class::AlreadyExists,
        (409, _) if conflicts => Class::Invalid,
        (409, _) => Class::ConflictInProgress,
        (429, _) => Class::Throttled,
        (504, _) => Class::LostAnswer,
        // A field that the kind has not, as server-side apply says it.
        (500.., _) if said.message.contains("field not declared in schema") => Class::Invalid,
        (500.., _) => Class::Server,
        _ => Class::Invalid,
    };
    let code = match status {
        _ if conflicts => CONFLICT.to_owned(),
        422 if unchangeable => IMMUTABLE.to_owned(),
        status => status.to_string(),
    };
    let message = match (conflicts, status) {
        (true, _) => conflict_text(causes),
        (_, 401) => format!("cluster `{}` does not know these credentials", server.cluster),
        (_, 422) if unchangeable => unchangeable_text(causes),
        _ => said.message,
    };
    let failure = coded(Failure::new(class, message), code);
    match (class, status) {
        (Class::Denied, _) => failure.with_hint(
            "`access` under `cluster` in the environment's manifest says who may do what in the cluster; \
             somebody whom it lets in runs `shipit env deploy`",
        ),
        (Class::Quota, _) => failure
            .with_hint("a ResourceQuota of the namespace sets this limit: `kubectl describe resourcequota`"),
        _ if conflicts => failure.with_hint(
            "take the field out of the manifest, or take it over with `--force-conflicts`",
        ),
        _ => failure,
    }
}

fn coded(mut failure: Failure, code: String) -> Failure {
    failure.code = Some(code);
    failure
}

fn cannot_change(message: &str) -> bool {
    ["is immutable", "updates to", "may not change", "may not be updated"]
        .iter()
        .any(|words| message.contains(words))
}

/// `spec.selector: field is immutable`, without the values that the server quotes in Go's words.
fn unchangeable_text(causes: &[Cause]) -> String {
    let fixed = causes.iter().filter(|cause| cannot_change(&cause.message));
    let parts = fixed.map(|cause| {
        let line = cause.message.lines().next().unwrap_or_default();
        format!("{}: {}", cause.field, line.rsplit(": ").next().unwrap_or(line))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// `kubectl-edit manages spec.replicas and spec.template`.
fn conflict_text(causes: &[Cause]) -> String {
    let mut managers: Vec<(&str, Vec<&str>)> = Vec::new();
    for cause in causes.iter().filter(|cause| cause.reason == CONFLICT) {
        let manager = cause.message.split('"').nth(1).unwrap_or("someone else");
        let field = cause.field.trim_start_matches('.');
        match managers.iter_mut().find(|(name, _)| *name == manager) {
            Some((_, fields)) => fields.push(field),
            None => managers.push((manager, vec![field])),
        }
    }
    let parts: Vec<String> = managers
        .iter()
        .map(|(manager, fields)| {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            format!("`{manager}` manages {}", fields.join(", "))
        })
        .collect();
    parts.join("; ")
}

/// The fields over which a failure conflicts, as [`refused`] has written them; empty for another failure.
pub fn conflicts(failure: &Failure) -> Vec<String> {
    if failure.code.as_deref() != Some(CONFLICT) {
        return Vec::new();
    }
    let parts = failure.message.split("; ").filter_map(|part| part.split_once(" manages "));
    parts
        .flat_map(|(_, fields)| fields.split(", "))
        .map(|field| field.trim_matches('`').to_owned())
        .collect()
}

/// Why the server says that something cannot change in place, if that is what a failure says.
pub fn immutable_fields(failure: &Failure) -> Option<&str> {
    (failure.code.as_deref() == Some(IMMUTABLE)).then_some(failure.message.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn server() -> Server {
        Server {
            cluster: "shop-test-main".to_owned(),
            endpoint: "https://eks.example".to_owned(),
            authority: String::new(),
            private: false,
        }
    }

    fn of(status: u16, body: &serde_json::Value) -> Failure {
        refused(&server(), status, body.to_string().as_bytes())
    }

    #[test]
    fn conflicts_name_the_other_manager_and_the_field() {
        let cause = |manager: &str, field: &str| json!({"reason": CONFLICT, "message": format!("conflict with \"{manager}\" using apps/v1"), "field": field});
        let failure = of(
            409,
            &json!({"message": "Apply failed with 2 conflicts", "reason": "Conflict", "details": {
                "causes": [cause("kubectl-edit", ".spec.replicas"), cause("helm", ".spec.paused")]}}),
        );
        assert_eq!(failure.class, Class::Invalid);
        assert_eq!(
            failure.message,
            "`kubectl-edit` manages `spec.replicas`; `helm` manages `spec.paused`"
        );
        assert_eq!(conflicts(&failure), ["spec.replicas", "spec.paused"]);
    }

    #[test]
    fn what_cannot_change_is_named_without_values() {
        let failure = of(
            422,
            &json!({"message": "Deployment.apps \"web\" is invalid: …", "reason": "Invalid", "details": {"causes": [
                {"reason": "FieldValueInvalid", "field": "spec.selector",
                 "message": "Invalid value: v1.LabelSelector{MatchLabels:map[string]string{\"app\":\"web\"}}: field is immutable"}]}}),
        );
        assert_eq!(immutable_fields(&failure), Some("spec.selector: field is immutable"));
        let misspelt = json!({"message": "failed to create typed patch object: .spec.foo: field not declared in schema"});
        assert_eq!(of(500, &misspelt).class, Class::Invalid);
    }

    #[test]
    fn statuses_have_classes() {
        let said = |reason: &str, message: &str| json!({"message": message, "reason": reason});
        let class = |status, reason: &str, message: &str| of(status, &said(reason, message)).class;
        assert_eq!(class(401, "Unauthorized", "Unauthorized"), Class::Denied);
        assert_eq!(class(403, "Forbidden", "pods is forbidden"), Class::Denied);
        assert_eq!(class(403, "Forbidden", "exceeded quota: web"), Class::Quota);
        assert_eq!(class(404, "NotFound", "not found"), Class::Gone);
        assert_eq!(class(409, "AlreadyExists", "already exists"), Class::AlreadyExists);
        assert_eq!(class(409, "Conflict", "precondition failed"), Class::ConflictInProgress);
        assert_eq!(class(422, "Invalid", "spec.x: Invalid value"), Class::Invalid);
        assert_eq!(class(429, "TooManyRequests", "slow down"), Class::Throttled);
        assert_eq!(class(503, "ServiceUnavailable", "starting"), Class::Server);
    }
}
