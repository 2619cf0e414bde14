//! Examples of topics and queues.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shipit::engine::Handle;
use shipit::resources::sns::Topic;
use shipit::resources::sqs::{DeadLetters, Deduplication, Queue, Subscription};

use super::example::{Example, Graph, edit, retag, tags};
use super::stores::key;

fn policy(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::210987654321:root" },
        "Action": action,
        "Resource": "*",
    }] })
}

impl Graph {
    pub(super) fn topic(&mut self, name: &str) -> Handle<Topic> {
        let fifo = name.ends_with(".fifo");
        let topic = Topic {
            display_name: "Orders".to_owned(),
            deduplicate_by_content: fifo,
            policy: Some(policy("sns:Subscribe")),
            kms_key: Some(key(1)),
            signature_version: "2".to_owned(),
            tracing: "Active".to_owned(),
            tags: tags(),
        };
        self.add(name, &topic)
    }

    pub(super) fn queue(&mut self, name: &str) -> Handle<Queue> {
        let fifo = name.ends_with(".fifo");
        let queue = Queue {
            deduplication: fifo.then(Deduplication::default),
            tags: tags(),
            ..Queue::default()
        };
        self.add(name, &queue)
    }
}

pub(super) fn topic() -> Example {
    let mut graph = Graph::default();
    let topic = graph.topic("api/orders");
    graph
        .example(
            &topic,
            vec![
                edit("display_name", json!("")),
                edit("policy", policy("sns:Publish")),
                edit("policy", json!(null)),
                edit("kms_key", json!(null)),
                edit("signature_version", json!("1")),
                edit("tracing", json!("PassThrough")),
                retag(),
            ],
        )
        .fixed(&[("deduplicate_by_content", "only a FIFO topic may have it")])
}

pub(super) fn fifo_topic() -> Example {
    let mut graph = Graph::default();
    let topic = graph.topic("api/orders.fifo");
    graph.example(&topic, vec![edit("deduplicate_by_content", json!(false)), retag()])
}

pub(super) fn queue() -> Example {
    let mut graph = Graph::default();
    let dead = graph.queue("api/events-dead");
    let other = graph.queue("api/other-dead");
    let (orders, bills) = (graph.topic("api/orders"), graph.topic("api/bills"));
    let queue = Queue {
        visibility_timeout: 60,
        retention: 3600,
        delay: 5,
        receive_wait: 20,
        maximum_message_size: 2048,
        deduplication: None,
        dead_letters: Some(DeadLetters { queue: dead.arn(), tries: 3 }),
        policy: Some(policy("sqs:SendMessage")),
        kms_key: Some(key(1)),
        kms_reuse: 600,
        subscriptions: BTreeMap::from([(
            "api/orders".to_owned(),
            Subscription {
                filter: Some(json!({ "kind": ["order"] })),
                ..Subscription::new(orders.arn())
            },
        )]),
        tags: tags(),
    };
    let handle = graph.add("api/events", &queue);
    let subscription = |filter: Value, scope: &str, raw: bool| {
        json!({ "api/orders": {
            "topic": orders.arn(), "filter": filter, "filter_scope": scope, "raw": raw,
        } })
    };
    let wanted = json!({ "kind": ["order"] });
    graph
        .example(
            &handle,
            vec![
                edit("visibility_timeout", json!(30)),
                edit("retention", json!(7200)),
                edit("delay", json!(0)),
                edit("receive_wait", json!(0)),
                edit("maximum_message_size", json!(1_048_576)),
                edit("dead_letters", json!({ "queue": dead.arn(), "tries": 5 })),
                edit("dead_letters", json!({ "queue": other.arn(), "tries": 3 })),
                edit("dead_letters", json!(null)),
                edit("policy", policy("sqs:*")),
                edit("policy", json!(null)),
                edit("kms_key", json!(key(2))),
                edit("kms_key", json!(null)).with("kms_reuse", json!(300)),
                edit("kms_reuse", json!(300)),
                edit(
                    "subscriptions",
                    subscription(json!({ "kind": ["bill"] }), "MessageAttributes", false),
                ),
                edit("subscriptions", subscription(json!(null), "MessageAttributes", false)),
                edit("subscriptions", subscription(wanted.clone(), "MessageBody", false)),
                edit("subscriptions", subscription(wanted, "MessageAttributes", true)),
                edit("subscriptions", json!({ "api/bills": Subscription::new(bills.arn()) })),
                edit("subscriptions", json!({})),
                retag(),
            ],
        )
        .fixed(&[("deduplication", "only a FIFO queue may have it")])
}

pub(super) fn fifo_queue() -> Example {
    let mut graph = Graph::default();
    let queue = graph.queue("api/events.fifo");
    let fifo = |by_content: bool, scope: &str, limit: &str| json!({ "by_content": by_content, "scope": scope, "throughput_limit": limit });
    graph.example(
        &queue,
        vec![
            edit("deduplication", fifo(true, "queue", "perQueue")),
            edit("deduplication", fifo(false, "messageGroup", "perMessageGroupId")),
            retag(),
        ],
    )
}
