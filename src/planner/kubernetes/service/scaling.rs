//! How many pods there are where that follows the load: a HorizontalPodAutoscaler.
//!
//! CPU and memory are measured in the cluster. Requests, the time for an answer and waiting messages are external metrics,
//! which an adapter of yours has to serve under the names below, with the labels of the service.

use std::time::Duration;

use serde_json::{Value, json};

use super::Planner;
use super::object::Fields;
use super::workload::Workload;
use crate::engine::Failure;
use crate::manifest::service::{Autoscaling, Cooldown, Count};

/// Requests per pod and minute.
const REQUESTS: &str = "shipit-requests-per-minute";
/// Seconds for an answer, on average.
const RESPONSE_TIME: &str = "shipit-response-time";
/// Messages in the queues of a worker.
const MESSAGES: &str = "shipit-messages-waiting";

impl Planner<'_> {
    pub(super) fn scaling(&mut self, workload: &Workload) -> Result<(), Failure> {
        let Count::Autoscaling(scaling) = &self.service.count else { return Ok(()) };
        let name = self.service.name.clone();
        let target = json!({ "apiVersion": "apps/v1", "kind": workload.kind, "name": name });
        let cooldown = cooldown(scaling);
        let window = |time: Duration| json!({ "stabilizationWindowSeconds": time.as_secs() });
        let spec = Fields::default()
            .with("scaleTargetRef", target)
            .with("minReplicas", scaling.min)
            .with("maxReplicas", scaling.max)
            .with("metrics", self.metrics(scaling))
            .with(
                "behavior",
                json!({
                    "scaleDown": window(cooldown.scale_in),
                    "scaleUp": window(cooldown.scale_out),
                }),
            );
        let object =
            self.object("autoscaling/v2", "HorizontalPodAutoscaler", &name).with("spec", spec);
        self.add(&name, object.into()).map(drop)
    }

    fn metrics(&self, scaling: &Autoscaling) -> Vec<Value> {
        let resource = |name: &str, percent: u8| {
            let target = json!({ "type": "Utilization", "averageUtilization": percent });
            json!({ "type": "Resource", "resource": { "name": name, "target": target } })
        };
        let context = self.place.context;
        let labels = json!({
            "application": context.application(),
            "environment": context.environment,
            "service": self.service.name,
        });
        let external = |name: &str, target: Value| {
            let metric = json!({ "name": name, "selector": { "matchLabels": labels } });
            json!({ "type": "External", "external": { "metric": metric, "target": target } })
        };
        let each = |value: u32| json!({ "type": "AverageValue", "averageValue": amount(value) });
        let cpu = scaling.cpu_percentage.as_ref().map(|one| resource("cpu", one.value));
        let memory = scaling.memory_percentage.as_ref().map(|one| resource("memory", one.value));
        let requests = scaling.requests.as_ref().map(|one| external(REQUESTS, each(one.value)));
        let time = scaling.response_time.as_ref().map(|one| {
            let value = milli(one.value);
            external(RESPONSE_TIME, json!({ "type": "Value", "value": value }))
        });
        let waiting = scaling.queue_delay.as_ref().map(|one| external(MESSAGES, each(one.value)));
        [cpu, memory, requests, time, waiting].into_iter().flatten().collect()
    }
}

/// The longest times of all targets: an autoscaler has one for all.
fn cooldown(scaling: &Autoscaling) -> Cooldown {
    let all = [
        scaling.cpu_percentage.as_ref().map(|one| one.cooldown),
        scaling.memory_percentage.as_ref().map(|one| one.cooldown),
        scaling.requests.as_ref().map(|one| one.cooldown),
        scaling.response_time.as_ref().map(|one| one.cooldown),
        scaling.queue_delay.as_ref().map(|one| one.cooldown),
    ];
    let all = || all.iter().flatten();
    Cooldown {
        scale_in: all().map(|one| one.scale_in).max().unwrap_or(scaling.cooldown.scale_in),
        scale_out: all().map(|one| one.scale_out).max().unwrap_or(scaling.cooldown.scale_out),
    }
}

/// A whole number as Kubernetes writes it: `500`, `2k`.
fn amount(number: u32) -> String {
    match number {
        0 => "0".to_owned(),
        more if more % 1_000_000 == 0 => format!("{}M", more / 1_000_000),
        more if more % 1000 == 0 => format!("{}k", more / 1000),
        more => more.to_string(),
    }
}

/// Seconds: `250m`, `2`.
fn milli(time: Duration) -> String {
    match time.as_millis() {
        whole if whole % 1000 == 0 => amount(u32::try_from(whole / 1000).unwrap_or(u32::MAX)),
        part => format!("{part}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_kubernetes_writes_them() {
        assert_eq!([0, 500, 2000, 1_500, 3_000_000].map(amount), ["0", "500", "2k", "1500", "3M"]);
        let times = [250, 1500, 2000].map(|time| milli(Duration::from_millis(time)));
        assert_eq!(times, ["250m", "1500m", "2"]);
    }
}
