//! Health checks as probes.
//!
//! ECS's check of a container becomes a liveness probe, with a startup probe for its start period: a container that fails
//! is restarted. The load balancer's check becomes a readiness probe: a pod that fails gets no requests.

use std::time::Duration;

use serde_json::Value;

use super::object::Fields;
use crate::manifest::service::{ContainerHealthCheck, HttpVersion, Rule};

/// Seconds between two readiness probes where the manifest says none.
const READINESS_PERIOD: u64 = 10;
/// Seconds for an answer, as load balancers wait.
const READINESS_TIMEOUT: u64 = 5;

fn exec(check: &ContainerHealthCheck) -> Fields {
    let command = match check.command.split_first() {
        Some((first, rest)) if first == "CMD-SHELL" => {
            vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.join(" ")]
        }
        Some((_, rest)) => rest.to_vec(),
        None => Vec::new(),
    };
    Fields::default()
        .with("exec", Fields::default().with("command", command))
        .with("periodSeconds", check.interval.as_secs())
        .with("timeoutSeconds", check.timeout.as_secs())
}

/// Restarts the container when the check fails.
pub(super) fn liveness(check: &ContainerHealthCheck) -> Value {
    exec(check).with("failureThreshold", check.retries).into()
}

/// Lets the container take its time to start: its start period, or until those that wait for it give up.
pub(super) fn startup(check: &ContainerHealthCheck, waited: Option<Duration>) -> Option<Value> {
    let period = check.interval.as_secs().max(1);
    let tries = match waited {
        Some(time) => time.as_secs().div_ceil(period).max(1),
        None if check.start_period.is_zero() => return None,
        None => check.start_period.as_secs().div_ceil(period) + u64::from(check.retries),
    };
    Some(exec(check).with("failureThreshold", tries).into())
}

/// Asks what the load balancer asks; `None` where Kubernetes' own probe would take another answer for a good one.
pub(super) fn readiness(rule: &Rule, port: u16) -> Option<Value> {
    let check = &rule.healthcheck;
    if rule.version == HttpVersion::Grpc || !plain(check.success_codes.as_deref()) {
        return None;
    }
    let seconds = |time: Option<Duration>, usual| time.map_or(usual, |time| time.as_secs());
    let get = Fields::default()
        .with("path", check.path.clone())
        .with("port", check.port.unwrap_or(port))
        .with("scheme", "HTTP");
    let probe = Fields::default()
        .with("httpGet", get)
        .with("periodSeconds", seconds(check.interval, READINESS_PERIOD))
        .with("timeoutSeconds", seconds(check.timeout, READINESS_TIMEOUT))
        .with("successThreshold", check.healthy_threshold)
        .with("failureThreshold", check.unhealthy_threshold);
    Some(probe.into())
}

/// Are these codes among those that a probe takes for success, 200 to 399?
fn plain(codes: Option<&str>) -> bool {
    let mut codes = codes.unwrap_or("200").split([',', '-']);
    codes.all(|code| code.parse::<u16>().is_ok_and(|code| (200..400).contains(&code)))
}
