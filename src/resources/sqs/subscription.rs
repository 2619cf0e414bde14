//! What a queue gets from topics. A subscription bears no tags, so it is a field of its queue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Failure, Input, Query, Spec};
use crate::resources::sns::{Topic, TopicArn};

/// One topic's way to the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The topic.
    pub topic: Input<TopicArn>,
    /// SNS's filter policy: which messages are wanted; `None` for all.
    pub filter: Option<Value>,
    /// `MessageAttributes` or `MessageBody`: what the filter looks at. The first where there is none.
    pub filter_scope: String,
    /// Whether a message comes as it was published, without SNS's envelope.
    pub raw: bool,
}

impl Subscription {
    /// Everything that is published to a topic, in SNS's envelope.
    pub fn new(topic: Input<TopicArn>) -> Self {
        let filter_scope = "MessageAttributes".to_owned();
        Self { topic, filter: None, filter_scope, raw: false }
    }

    /// Scope first: a policy is checked against it.
    fn attributes(&self) -> [(&'static str, String); 3] {
        [
            ("FilterPolicyScope", self.filter_scope.clone()),
            (
                "FilterPolicy",
                self.filter.as_ref().map_or_else(|| "{}".to_owned(), Value::to_string),
            ),
            ("RawMessageDelivery", self.raw.to_string()),
        ]
    }
}

/// The subscriptions of the environment's topics, by the queue's ARN, and below it by the topic's
/// name in its address: one list per topic, and one call per subscription to a wanted queue.
pub(super) async fn observe(
    cx: &Cx,
    query: &Query<'_>,
    wanted: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, BTreeMap<String, Subscription>>, Failure> {
    let mut found: BTreeMap<String, BTreeMap<String, Subscription>> = BTreeMap::new();
    for topic in query.seen.of(Topic::KIND) {
        let name = topic.identity.address.name();
        for (arn, queue) in list(cx, &topic.id).await? {
            if !wanted(&queue) {
                continue;
            }
            if let Some(subscription) = read(cx, &arn, &topic.id).await? {
                found.entry(queue).or_default().insert(name.to_owned(), subscription);
            }
        }
    }
    Ok(found)
}

/// Makes a queue's subscriptions what they shall be.
pub(super) async fn change(
    cx: &Cx,
    queue: &str,
    before: &BTreeMap<String, Subscription>,
    after: &BTreeMap<String, Subscription>,
) -> Result<(), Failure> {
    for (name, old) in before {
        let stays = after.get(name).is_some_and(|new| new.topic == old.topic);
        if !stays && let Some(arn) = arn(cx, &old.topic, queue).await? {
            let sent = cx.sns.unsubscribe().subscription_arn(arn).send().await;
            unless_gone(sent.map_err(|error| classify("sns Unsubscribe", error)))?;
        }
    }
    for (name, new) in after {
        match before.get(name).filter(|old| old.topic == new.topic) {
            Some(old) if old == new => {}
            Some(old) => adjust(cx, queue, old, new).await?,
            None => subscribe(cx, queue, new).await?,
        }
    }
    Ok(())
}

async fn subscribe(cx: &Cx, queue: &str, new: &Subscription) -> Result<(), Failure> {
    let usual = Subscription::new(new.topic.clone()).attributes();
    let given = new.attributes().into_iter().filter(|pair| !usual.contains(pair));
    let call = cx.sns.subscribe().topic_arn(new.topic.get()?.0).protocol("sqs").endpoint(queue);
    let call =
        call.set_attributes(Some(given.map(|(name, value)| (name.to_owned(), value)).collect()));
    call.send().await.map(drop).map_err(|error| classify("sns Subscribe", error))
}

async fn adjust(
    cx: &Cx,
    queue: &str,
    old: &Subscription,
    new: &Subscription,
) -> Result<(), Failure> {
    let Some(arn) = arn(cx, &new.topic, queue).await? else {
        return subscribe(cx, queue, new).await;
    };
    for ((name, value), (_, before)) in new.attributes().into_iter().zip(old.attributes()) {
        if value != before {
            let call = cx.sns.set_subscription_attributes().subscription_arn(&arn);
            let sent = call.attribute_name(name).attribute_value(value).send().await;
            sent.map_err(|error| classify("sns SetSubscriptionAttributes", error))?;
        }
    }
    Ok(())
}

/// The ARN of the topic's subscription of the queue, if there is one.
async fn arn(cx: &Cx, topic: &Input<TopicArn>, queue: &str) -> Result<Option<String>, Failure> {
    let all = list(cx, topic.get()?.as_str()).await?;
    Ok(all.into_iter().find(|(_, endpoint)| endpoint == queue).map(|(arn, _)| arn))
}

/// A topic's subscriptions of queues: ARN and queue's ARN. None where the topic is gone.
async fn list(cx: &Cx, topic: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut pages = cx.sns.list_subscriptions_by_topic().topic_arn(topic).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("sns ListSubscriptionsByTopic", error));
        let Some(page) = unless_gone(page)? else { break };
        for one in page.subscriptions() {
            if one.protocol() == Some("sqs") {
                let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
                found.push((text(one.subscription_arn()), text(one.endpoint())));
            }
        }
    }
    Ok(found)
}

async fn read(cx: &Cx, arn: &str, topic: &str) -> Result<Option<Subscription>, Failure> {
    let sent = cx.sns.get_subscription_attributes().subscription_arn(arn).send().await;
    let answer =
        unless_gone(sent.map_err(|error| classify("sns GetSubscriptionAttributes", error)))?;
    let Some(attributes) = answer.and_then(|answer| answer.attributes) else { return Ok(None) };
    let filter: Option<Value> =
        attributes.get("FilterPolicy").and_then(|text| serde_json::from_str(text).ok());
    let mut subscription = Subscription::new(Input::Known(topic.into()));
    subscription.filter =
        filter.filter(|filter| filter.as_object().is_some_and(|filter| !filter.is_empty()));
    if let Some(scope) = attributes.get("FilterPolicyScope") {
        subscription.filter_scope.clone_from(scope);
    }
    subscription.raw = attributes.get("RawMessageDelivery").is_some_and(|raw| raw == "true");
    Ok(Some(subscription))
}
