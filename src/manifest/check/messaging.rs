//! Topics and queues: within one service, and between those of a workspace.

use super::{Explain, Findings};
use crate::manifest::loader::FoundService;
use crate::manifest::problem::Problem;
use crate::manifest::read::{did_you_mean, list};
use crate::manifest::service::{
    Count, DeduplicationScope, Queue, ServiceManifest, ServiceType, Subscription, ThroughputLimit,
};

/// What one service says of messages.
pub(super) fn messaging(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let topics = &service.publish.topics;
    for (index, topic) in topics.iter().enumerate() {
        if topics[..index].iter().any(|other| other.name == topic.name) {
            findings
                .error(
                    &format!("publish.topics.{index}.name"),
                    format!("the topic `{}` is published twice", topic.name),
                )
                .advise("give it another name, or remove one of the two");
        }
    }
    if service.service_type == ServiceType::WorkerService {
        worker(service, findings);
        return;
    }
    if findings.node.get("subscribe").is_some() {
        findings
            .error_of_key("subscribe", "only a Worker Service has a queue to receive messages in")
            .advise("write `type: Worker Service`, or remove `subscribe`");
    }
    if matches!(&service.count, Count::Autoscaling(scaling) if scaling.queue_delay.is_some()) {
        findings
            .error_of_key(
                "count.queue_delay",
                "`queue_delay` is measured at a worker's queue, and this service has none",
            )
            .advise("write `type: Worker Service`, or scale on `cpu_percentage`");
    }
}

fn worker(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if service.http.is_some() {
        findings
            .error_of_key("http", "a Worker Service takes messages, and no requests")
            .advise("write `type: Backend Service` or `type: Load Balanced Web Service`");
    }
    queue(&service.subscribe.queue, "subscribe.queue", findings);
    let topics = &service.subscribe.topics;
    for (index, topic) in topics.iter().enumerate() {
        let path = format!("subscribe.topics.{index}");
        let same =
            |other: &&Subscription| (&other.name, &other.service) == (&topic.name, &topic.service);
        if topics[..index].iter().find(same).is_some() {
            findings
                .error(
                    &format!("{path}.name"),
                    format!("the topic `{}` of `{}` is listed twice", topic.name, topic.service),
                )
                .advise("remove one of the two");
        }
        if let Some(own) = &topic.queue {
            queue(own, &format!("{path}.queue"), findings);
        }
    }
}

fn queue(queue: &Queue, path: &str, findings: &mut Findings<'_>) {
    let Some(fifo) = &queue.fifo else { return };
    let settings = fifo.deduplication_scope.is_some() || fifo.throughput_limit.is_some();
    if fifo.high_throughput && settings {
        findings
            .error(
                &format!("{path}.fifo.high_throughput"),
                "`high_throughput` sets `deduplication_scope` and `throughput_limit` itself",
            )
            .advise("remove the other two");
    } else if fifo.throughput_limit == Some(ThroughputLimit::PerMessageGroupId)
        && fifo.deduplication_scope != Some(DeduplicationScope::MessageGroup)
    {
        findings
            .error(
                &format!("{path}.fifo.throughput_limit"),
                "SQS limits each message group only where it also deduplicates within the group",
            )
            .advise("add `deduplication_scope: messageGroup`, or write `high_throughput: true`");
    }
}

/// Subscriptions to topics of services of this workspace.
pub(super) fn subscriptions(services: &[FoundService], problems: &mut Vec<Problem>) {
    let mut reported: Vec<Problem> = Vec::new();
    for found in services {
        for (environment, node, manifest) in &found.resolved {
            for (index, wanted) in manifest.subscribe.topics.iter().enumerate() {
                let publisher = services.iter().find(|other| other.name == wanted.service);
                // What is in no manifest here may be deployed from another repository.
                let Some(publisher) = publisher else { continue };
                let publisher = publisher.resolved.iter().find(|(name, ..)| name == environment);
                let Some((_, _, publisher)) = publisher else { continue };
                let path = format!("subscribe.topics.{index}.name");
                let Some(problem) = mismatch(wanted, manifest, publisher) else { continue };
                let (message, help, expected) = problem;
                let span = node.place(&path);
                let mut problem = Problem::error(&found.file.source, span, message);
                problem.help = Some(help);
                problem.expected = expected;
                let known = |other: &Problem| {
                    other.message == problem.message && other.span == problem.span
                };
                if !reported.iter().any(known) {
                    reported.push(problem);
                }
            }
        }
    }
    problems.append(&mut reported);
}

/// Message, help, and what is expected.
type Mismatch = (String, String, Option<String>);

fn mismatch(
    wanted: &Subscription,
    worker: &ServiceManifest,
    publisher: &ServiceManifest,
) -> Option<Mismatch> {
    let topics = &publisher.publish.topics;
    let Some(topic) = topics.iter().find(|topic| topic.name == wanted.name) else {
        let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        let service = &publisher.name;
        let help = did_you_mean(&wanted.name, &names).unwrap_or_else(|| {
            format!(
                "add it in services/{service}.yml: `publish: {{topics: [{{name: {}}}]}}`",
                wanted.name
            )
        });
        let message = format!("service `{service}` publishes no topic `{}`", wanted.name);
        return Some((message, help, (!names.is_empty()).then(|| list(&names))));
    };
    let queue = wanted.queue.as_ref().unwrap_or(&worker.subscribe.queue);
    if queue.fifo.is_some() && topic.fifo.is_none() {
        return Some((
            format!(
                "the queue keeps order, and the topic `{}` does not: SNS refuses the two together",
                topic.name
            ),
            format!(
                "write `fifo: true` beside the topic in services/{}.yml, or give it a plain queue here",
                publisher.name
            ),
            None,
        ));
    }
    None
}
