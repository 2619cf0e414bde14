//! Topics that a service publishes to, and queues that a worker reads.

use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::manifest::read::{
    Between, Name, Read, Reader, SecondsBetween, choice, is_map, json, notation, record,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

record! {
    /// What a service sends.
    #[derive(Default)]
    pub struct Publish {
        /// SNS topics; the service may publish to them, and workers may subscribe.
        topics: Vec<PublishedTopic>,
    }
}

record! {
    /// A topic.
    pub struct PublishedTopic {
        /// Its name within the service.
        name: String as TopicName,
        /// Whether messages keep their order: `true`, or a map.
        fifo: Option<TopicFifo> as TopicFifoOrNot,
    }
}

record! {
    /// A topic that keeps the order of messages.
    #[derive(Default)]
    pub struct TopicFifo {
        /// Whether a message's digest tells that it was sent before.
        content_based_deduplication: bool = false,
    }
}

record! {
    /// What a worker receives.
    #[derive(Default)]
    pub struct Subscribe {
        /// The topics whose messages come to the worker.
        topics: Vec<Subscription>,
        /// The worker's queue.
        queue: Queue = Queue::default(),
    }
}

record! {
    /// A topic whose messages come to the worker.
    pub struct Subscription {
        /// The topic's name within the service that publishes to it.
        name: String as TopicName,
        /// The service that publishes to it.
        service: String as Name,
        /// SNS's filter policy: only messages with these attributes come.
        filter_policy: Option<serde_json::Value> as Option<FilterPolicy>,
        /// A queue of its own for this topic: `true`, or a map.
        queue: Option<Queue> as QueueOrNot,
    }
}

record! {
    /// A queue.
    #[derive(Default)]
    pub struct Queue {
        /// How long messages are kept: 60s to 336h; 96h when left out.
        retention: Option<Duration> as Option<SecondsBetween<60, 1_209_600>>,
        /// How long messages wait before they can be received, at most 15m.
        delay: Option<Duration> as Option<SecondsBetween<0, 900>>,
        /// How long a received message is hidden from other tasks, at most 12h; 30s when left out.
        timeout: Option<Duration> as Option<SecondsBetween<0, 43_200>>,
        /// Where messages go that nobody could process; they are tried until they are too old when left out.
        dead_letter: Option<DeadLetter>,
        /// Whether messages keep their order: `true`, or a map.
        fifo: Option<QueueFifo> as QueueFifoOrNot,
    }
}

record! {
    /// What becomes of messages that nobody could process.
    pub struct DeadLetter {
        /// How often a message is tried, 1 to 1000.
        tries: u32 as Between<1, 1000>,
    }
}

record! {
    /// A queue that keeps the order of messages.
    #[derive(Default)]
    pub struct QueueFifo {
        /// Whether a message's digest tells that it was sent before.
        content_based_deduplication: bool = false,
        /// Within what a message counts as sent before.
        deduplication_scope: Option<DeduplicationScope>,
        /// What the limit of messages per second is for.
        throughput_limit: Option<ThroughputLimit>,
        /// Both of them per message group: many more messages per second.
        high_throughput: bool = false,
    }
}

choice! {
    /// Within what a message counts as sent before.
    pub enum DeduplicationScope {
        /// The queue.
        Queue = "queue",
        /// The message's group.
        MessageGroup = "messageGroup",
    }
}

choice! {
    /// What the limit of messages per second is for.
    pub enum ThroughputLimit {
        /// The queue.
        PerQueue = "perQueue",
        /// Each message group.
        PerMessageGroupId = "perMessageGroupId",
    }
}

/// A notation for `true`, `false` or a map of `$map`; the second two are what `true` and a left-out
/// key stand for.
macro_rules! switch_or_map {
    ($(#[doc = $doc:literal])* $name:ident, $map:ty) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                either([part::<bool>(generator), part::<$map>(generator)])
            }
        }

        impl Read for $name {
            type Value = Option<$map>;

            fn read(node: &Node, reader: &mut Reader) -> Option<Option<$map>> {
                if is_map(node) {
                    return <$map>::read(node, reader).map(Some);
                }
                match node.text() {
                    Some("true") => Some(Some(<$map>::default())),
                    Some("false") => Some(None),
                    _ => reader.wrong(node, "`true`, `false` or a map"),
                }
            }

            fn absent() -> Option<Option<$map>> {
                Some(None)
            }
        }
    };
}

switch_or_map! {
    /// `fifo` of a topic.
    TopicFifoOrNot, TopicFifo
}

switch_or_map! {
    /// `fifo` of a queue.
    QueueFifoOrNot, QueueFifo
}

switch_or_map! {
    /// `queue` of one topic.
    QueueOrNot, Queue
}

notation! {
    /// A topic's name.
    TopicName as String,
    { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$" },
    |node, reader| {
        let text = &reader.text(node, "a topic's name")?.text;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !text.is_empty() && text.len() <= 100 && text.chars().all(fits) {
            return Some(text.clone());
        }
        let stem = text.strip_suffix(".fifo").map(str::to_owned);
        reader.wrong::<()>(node, "1 to 100 letters, digits, hyphens and underscores");
        if let (Some(problem), Some(stem)) = (reader.problems.last_mut(), stem) {
            problem.help = Some(format!("write `name: {stem}`, and `fifo: true` where it is published"));
        }
        None
    }
}

/// SNS's filter policy, as JSON.
#[derive(Debug)]
pub(crate) struct FilterPolicy;

impl JsonSchema for FilterPolicy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FilterPolicy".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": { "type": ["array", "object"] },
            "examples": [{ "kind": ["order"] }],
        })
    }
}

impl Read for FilterPolicy {
    type Value = serde_json::Value;

    fn read(node: &Node, reader: &mut Reader) -> Option<serde_json::Value> {
        let expected = "a map from attributes to lists of wanted values: `kind: [order]`";
        if !is_map(node) || node.entries().is_empty() {
            return reader.wrong(node, expected);
        }
        for entry in node.entries() {
            if matches!(entry.node.value, Value::Scalar(_) | Value::Null) {
                let here = format!("`{}` of the filter policy is no list", entry.key);
                reader.error(entry.span, here).expected = Some(expected.to_owned());
                return None;
            }
        }
        Some(json(node))
    }
}
