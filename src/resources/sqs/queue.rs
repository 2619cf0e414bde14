//! A queue, its subscriptions inside.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attributes::from_api;
use super::subscription::{self, Subscription};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::resources::sns::topic::fifo_name;

/// A queue. One whose name in its address ends in `.fifo` is a FIFO queue, and its name in AWS ends
/// so too; being one is no field, as it can never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Seconds that a received message is hidden from others, at most 43,200.
    pub visibility_timeout: i32,
    /// Seconds that messages are kept, 60 to 1,209,600.
    pub retention: i32,
    /// Seconds until a message can be received first, at most 900.
    pub delay: i32,
    /// Seconds that a receiver waits for a message, at most 20.
    pub receive_wait: i32,
    /// Bytes of a message, 1,024 to 1,048,576.
    pub maximum_message_size: i32,
    /// FIFO queues have this, others do not.
    pub deduplication: Option<Deduplication>,
    /// Where messages go that nobody could process.
    pub dead_letters: Option<DeadLetters>,
    /// Who may send and receive besides the account's own.
    pub policy: Option<Value>,
    /// Id, alias or ARN of the KMS key that encrypts messages; `None` for a key of SQS's.
    pub kms_key: Option<String>,
    /// Seconds that SQS uses one data key of the KMS key, 60 to 86,400.
    pub kms_reuse: i32,
    /// The topics it gets messages from, by their names in their addresses.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// The user's own tags.
    pub tags: Tags,
}

/// How a FIFO queue tells that a message was sent before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deduplication {
    /// By a digest of the body, where the sender gives no id.
    pub by_content: bool,
    /// `queue` or `messageGroup`.
    pub scope: String,
    /// `perQueue` or `perMessageGroupId`.
    pub throughput_limit: String,
}

impl Default for Deduplication {
    /// As SQS makes a FIFO queue that nothing else was said about.
    fn default() -> Self {
        Self {
            by_content: false,
            scope: "queue".to_owned(),
            throughput_limit: "perQueue".to_owned(),
        }
    }
}

/// Where messages go that nobody could process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// That queue.
    pub queue: Input<QueueArn>,
    /// How often a message is tried before, 1 to 1,000.
    pub tries: i32,
}

impl Default for Queue {
    /// As SQS makes one that nothing was said about.
    fn default() -> Self {
        Self {
            visibility_timeout: 30,
            retention: 345_600,
            delay: 0,
            receive_wait: 0,
            maximum_message_size: 1_048_576,
            deduplication: None,
            dead_letters: None,
            policy: None,
            kms_key: None,
            kms_reuse: 300,
            subscriptions: BTreeMap::new(),
            tags: Tags::new(),
        }
    }
}

crate::ids! {
    /// A queue's ARN.
    QueueArn,
}

crate::outputs!(Queue => QueueOutputs {
    /// Its ARN.
    arn: QueueArn,
    /// Its URL, by which SQS knows it.
    url: String,
    /// Its name, by which CloudWatch knows it.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateQueue.QueueName", "the physical name follows from the address"),
    ("CreateQueue.Attributes", "each attribute is a field of its own"),
    ("SetQueueAttributes.QueueUrl", "says which queue"),
    ("SetQueueAttributes.Attributes", "each attribute is a field of its own"),
];

/// SQS's longest page of URLs.
const PAGE: i32 = 1000;

impl Spec for Queue {
    const KIND: &'static str = "sqs/queue";
}

fn name(identity: &Identity) -> String {
    fifo_name(identity, 80)
}

/// What every name of this environment's begins with.
fn prefix(query: &Query<'_>) -> String {
    let whole = format!("{}-{}-", query.application, query.environment);
    whole.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect()
}

impl Resource for Queue {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Policy("policy")],
        observe_after: &["sns/topic"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: Some("messages"),
        pace: Pace::AT_ONCE,
    };

    type Outputs = QueueOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let urls = list(cx, &prefix(query)).await?;
        let mut found = Found::default();
        if urls.is_empty() {
            return Ok(found);
        }
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        for url in urls {
            let outputs = outputs(cx, &url);
            let all = match bulk.get(outputs.arn.as_str()) {
                Some(tags) => tags.clone(),
                None => match unless_gone(tags_of(cx, &url).await)? {
                    Some(tags) => tags,
                    None => continue,
                },
            };
            let Some(identity) = tags::identity(&all, query) else {
                if let Some(wanted) = query.wanted.iter().find(|one| name(one) == outputs.name) {
                    found.foreign.push(tags::foreign(wanted, outputs.name, &all));
                }
                continue;
            };
            let Some(attributes) = attributes(cx, &url).await? else { continue };
            let own = tags::own(&all, &identity);
            found.owned.push(to_live(outputs, &attributes, identity, own));
        }
        let ours = |arn: &str| found.owned.iter().any(|live| live.outputs.arn.as_str() == arn);
        let mut subscriptions = match found.owned.is_empty() {
            true => BTreeMap::new(),
            false => subscription::observe(cx, query, ours).await?,
        };
        for live in &mut found.owned {
            live.spec.subscriptions =
                subscriptions.remove(live.outputs.arn.as_str()).unwrap_or_default();
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = name(identity);
        let mut attributes: HashMap<Name, String> = self
            .attributes()?
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (Name::from(name.as_str()), value))
            .collect();
        if name.ends_with(".fifo") {
            attributes.insert(Name::FifoQueue, "true".to_owned());
        }
        let answer = cx
            .sqs
            .create_queue()
            .queue_name(name)
            .set_attributes(Some(attributes))
            .set_tags(Some(tags::for_create(identity, &self.tags, false).into_iter().collect()))
            .send()
            .await
            .map_err(|error| classify("sqs CreateQueue", error))?;
        let outputs = outputs(cx, answer.queue_url().unwrap_or_default());
        let none = BTreeMap::new();
        subscription::change(cx, outputs.arn.as_str(), &none, &self.subscriptions).await?;
        Ok(Progress::done(outputs))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let url = &live.outputs.url;
        let before = live.spec.attributes()?;
        let mut changed = self.attributes()?;
        changed.retain(|name, value| before.get(name) != Some(value));
        if !changed.is_empty() {
            let changed =
                changed.into_iter().map(|(name, value)| (Name::from(name.as_str()), value));
            let call = cx.sqs.set_queue_attributes().queue_url(url);
            let sent = call.set_attributes(Some(changed.collect())).send().await;
            sent.map_err(|error| classify("sqs SetQueueAttributes", error))?;
        }
        if touches(changes, "subscriptions") {
            let (old, new) = (&live.spec.subscriptions, &self.subscriptions);
            subscription::change(cx, live.outputs.arn.as_str(), old, new).await?;
        }
        let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            tag(cx, url, &write).await?;
        }
        if !remove.is_empty() {
            let sent = cx.sqs.untag_queue().queue_url(url).set_tag_keys(Some(remove)).send().await;
            sent.map_err(|error| classify("sqs UntagQueue", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let none = BTreeMap::new();
        let queue = live.outputs.arn.as_str();
        subscription::change(cx, queue, &live.spec.subscriptions, &none).await?;
        let sent = cx.sqs.delete_queue().queue_url(&live.outputs.url).send().await;
        unless_gone(sent.map_err(|error| classify("sqs DeleteQueue", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.rsplit(['/', ':']).next().unwrap_or(id);
        let sent = cx.sqs.get_queue_url().queue_name(name).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("sqs GetQueueUrl", error)))?;
        let Some(url) = answer.and_then(|answer| answer.queue_url) else { return Ok(None) };
        let Some(attributes) = attributes(cx, &url).await? else { return Ok(None) };
        let all = tags_of(cx, &url).await?;
        let outputs = outputs(cx, &url);
        let arn = outputs.arn.to_string();
        let mut subscriptions = subscription::observe(cx, query, |queue| queue == arn).await?;
        let make = |identity, own| {
            let mut live = to_live(outputs, &attributes, identity, own);
            live.spec.subscriptions = subscriptions.remove(&arn).unwrap_or_default();
            live
        };
        Ok(Some(Existing::of(all, wanted, make).named(name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, &live.outputs.url, tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, &live.outputs.url).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }
}

async fn list(cx: &Cx, prefix: &str) -> Result<Vec<String>, Failure> {
    let call = cx.sqs.list_queues().queue_name_prefix(prefix).max_results(PAGE);
    let mut pages = call.into_paginator().send();
    let mut urls = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("sqs ListQueues", error))?;
        urls.extend_from_slice(page.queue_urls());
    }
    Ok(urls)
}

async fn attributes(cx: &Cx, url: &str) -> Result<Option<HashMap<Name, String>>, Failure> {
    let call = cx.sqs.get_queue_attributes().queue_url(url).attribute_names(Name::All);
    let sent = call.send().await;
    let answer = unless_gone(sent.map_err(|error| classify("sqs GetQueueAttributes", error)))?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default()))
}

async fn tags_of(cx: &Cx, url: &str) -> Result<BTreeMap<String, String>, Failure> {
    let sent = cx.sqs.list_queue_tags().queue_url(url).send().await;
    let answer = sent.map_err(|error| classify("sqs ListQueueTags", error))?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}

async fn tag(cx: &Cx, url: &str, tags: &Tags) -> Result<(), Failure> {
    let tags = tags.clone().into_iter().collect();
    let sent = cx.sqs.tag_queue().queue_url(url).set_tags(Some(tags)).send().await;
    sent.map(drop).map_err(|error| classify("sqs TagQueue", error))
}

/// A queue's URL ends in its name, and so does its ARN.
fn outputs(cx: &Cx, url: &str) -> QueueOutputs {
    let name = url.rsplit('/').next().unwrap_or_default().to_owned();
    QueueOutputs { arn: cx.arn("sqs", &name).into(), url: url.to_owned(), name }
}

fn to_live(
    outputs: QueueOutputs,
    attributes: &HashMap<Name, String>,
    identity: Identity,
    tags: Tags,
) -> Live<Queue> {
    Live {
        identity,
        spec: from_api(attributes, tags),
        id: outputs.name.clone(),
        outputs,
        health: Health::Ready,
    }
}
