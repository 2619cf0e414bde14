//! A queue's document as SQS's attributes, and back.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::{Value, json};

use super::queue::{DeadLetters, Deduplication, Queue};
use crate::engine::{Failure, Input};
use crate::resources::resource::Tags;

impl Queue {
    /// Every attribute that can be set. What is not wanted is empty, which takes it away.
    pub(super) fn attributes(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut all = BTreeMap::from([
            ("VisibilityTimeout", self.visibility_timeout.to_string()),
            ("MessageRetentionPeriod", self.retention.to_string()),
            ("DelaySeconds", self.delay.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.receive_wait.to_string()),
            ("MaximumMessageSize", self.maximum_message_size.to_string()),
            ("Policy", self.policy.as_ref().map_or_else(String::new, Value::to_string)),
            ("RedrivePolicy", String::new()),
            ("KmsMasterKeyId", self.kms_key.clone().unwrap_or_default()),
        ]);
        if let Some(letters) = &self.dead_letters {
            let policy = json!({
                "deadLetterTargetArn": letters.queue.get()?,
                "maxReceiveCount": letters.tries,
            });
            all.insert("RedrivePolicy", policy.to_string());
        }
        match &self.kms_key {
            Some(_) => all.insert("KmsDataKeyReusePeriodSeconds", self.kms_reuse.to_string()),
            None => all.insert("SqsManagedSseEnabled", "true".to_owned()),
        };
        if let Some(fifo) = &self.deduplication {
            all.insert("ContentBasedDeduplication", fifo.by_content.to_string());
            all.insert("DeduplicationScope", fifo.scope.clone());
            all.insert("FifoThroughputLimit", fifo.throughput_limit.clone());
        }
        Ok(all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// The document of a queue with these attributes; subscriptions are read elsewhere.
pub(super) fn from_api(attributes: &HashMap<Name, String>, tags: Tags) -> Queue {
    let text = |name: &Name| attributes.get(name).map_or("", String::as_str);
    let number = |name: &Name, default: i32| text(name).parse().unwrap_or(default);
    let filled = |name: &Name| Some(text(name).to_owned()).filter(|text| !text.is_empty());
    let default = Queue::default();
    let fifo = text(&Name::FifoQueue) == "true";
    Queue {
        visibility_timeout: number(&Name::VisibilityTimeout, default.visibility_timeout),
        retention: number(&Name::MessageRetentionPeriod, default.retention),
        delay: number(&Name::DelaySeconds, default.delay),
        receive_wait: number(&Name::ReceiveMessageWaitTimeSeconds, default.receive_wait),
        maximum_message_size: number(&Name::MaximumMessageSize, default.maximum_message_size),
        deduplication: fifo.then(|| Deduplication {
            by_content: text(&Name::ContentBasedDeduplication) == "true",
            scope: filled(&Name::DeduplicationScope).unwrap_or_else(|| "queue".to_owned()),
            throughput_limit: filled(&Name::FifoThroughputLimit)
                .unwrap_or_else(|| "perQueue".to_owned()),
        }),
        dead_letters: dead_letters(text(&Name::RedrivePolicy)),
        policy: serde_json::from_str(text(&Name::Policy)).ok(),
        // SQS remembers it without a key, where it means nothing.
        kms_reuse: match filled(&Name::KmsMasterKeyId) {
            Some(_) => number(&Name::KmsDataKeyReusePeriodSeconds, default.kms_reuse),
            None => default.kms_reuse,
        },
        kms_key: filled(&Name::KmsMasterKeyId),
        subscriptions: BTreeMap::new(),
        tags,
    }
}

fn dead_letters(policy: &str) -> Option<DeadLetters> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let tries = match &policy["maxReceiveCount"] {
        Value::String(text) => text.parse().ok()?,
        value => value.as_i64()?.try_into().ok()?,
    };
    let queue = policy["deadLetterTargetArn"].as_str()?.into();
    Some(DeadLetters { queue: Input::Known(queue), tries })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_reads_back_the_same() {
        let queue = Queue {
            visibility_timeout: 60,
            dead_letters: Some(DeadLetters { queue: Input::Known("arn:x".into()), tries: 3 }),
            policy: Some(json!({ "Statement": [] })),
            kms_key: Some("alias/a".to_owned()),
            kms_reuse: 600,
            deduplication: Some(Deduplication::default()),
            ..Queue::default()
        };
        let mut sent: HashMap<Name, String> = queue
            .attributes()
            .unwrap()
            .into_iter()
            .map(|(name, value)| (Name::from(name.as_str()), value))
            .collect();
        sent.insert(Name::FifoQueue, "true".to_owned());
        assert_eq!(from_api(&sent, Tags::new()), queue);
        assert_eq!(from_api(&HashMap::new(), Tags::new()), Queue::default());
    }
}
