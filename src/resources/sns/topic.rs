//! A topic.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types::Tag;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A topic. One whose name in its address ends in `.fifo` is a FIFO topic, and its name in AWS ends
/// so too; being one is no field, as it can never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// For people; may be empty.
    pub display_name: String,
    /// FIFO topics: whether a message's digest tells that it was sent before.
    pub deduplicate_by_content: bool,
    /// Who may publish and subscribe; `None` for SNS's own policy, which lets the account's owner do everything.
    pub policy: Option<Value>,
    /// Id, alias or ARN of the KMS key that encrypts messages at rest.
    pub kms_key: Option<String>,
    /// `1` or `2`: how messages to HTTP endpoints are signed.
    pub signature_version: String,
    /// `PassThrough` or `Active`: whether X-Ray follows messages.
    pub tracing: String,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for Topic {
    /// As SNS makes one that nothing was said about.
    fn default() -> Self {
        Self {
            display_name: String::new(),
            deduplicate_by_content: false,
            policy: None,
            kms_key: None,
            signature_version: "1".to_owned(),
            tracing: "PassThrough".to_owned(),
            tags: Tags::new(),
        }
    }
}

crate::ids! {
    /// A topic's ARN.
    TopicArn,
}

crate::outputs!(Topic => TopicOutputs {
    /// Its ARN.
    arn: TopicArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateTopic.Name", "the physical name follows from the address"),
    ("CreateTopic.Attributes", "each attribute is a field of its own"),
    ("CreateTopic.DataProtectionPolicy", "masks personal data; no manifest asks for it"),
    ("SetTopicAttributes.TopicArn", "says which topic"),
    ("SetTopicAttributes.AttributeName", "each attribute is a field of its own"),
    ("SetTopicAttributes.AttributeValue", "each attribute is a field of its own"),
];

/// The id of the policy that SNS gives a topic that has none.
const DEFAULT_POLICY: &str = "__default_policy_ID";

impl Spec for Topic {
    const KIND: &'static str = "sns/topic";
}

/// The name in AWS: SNS and SQS keep `.fifo` for FIFO topics and queues.
pub(in crate::resources) fn fifo_name(identity: &Identity, limit: usize) -> String {
    let Some(stem) = identity.address.name().strip_suffix(".fifo") else {
        return identity.name(limit);
    };
    let address = crate::engine::Address::new(identity.address.kind(), stem);
    let stem = Identity { address, ..identity.clone() }.name(limit - 5);
    format!("{stem}.fifo")
}

fn name(identity: &Identity) -> String {
    fifo_name(identity, 256)
}

impl Resource for Topic {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Policy("policy")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = TopicOutputs;

    /// Two calls cannot be saved: topics are found by the tagging API, and each is asked for its
    /// attributes. What is wanted and was not found is asked for by its name, as it may be foreign.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let mut found = Found::default();
        let own = cx.arn("sns", "");
        let topic = |arn: &str| arn.strip_prefix(&own).is_some_and(|rest| !rest.contains(':'));
        for (arn, all) in bulk.iter().filter(|(arn, _)| topic(arn)) {
            let Some(identity) = tags::identity(all, query) else { continue };
            if let Some(attributes) = attributes(cx, arn).await? {
                let own = tags::own(all, &identity);
                found.owned.push(to_live(arn, &attributes, identity, own));
            }
        }
        for wanted in query.wanted {
            let arn = cx.arn("sns", &name(wanted));
            if found
                .owned
                .iter()
                .any(|live| live.id == arn || live.identity.address == wanted.address)
            {
                continue;
            }
            let Some(attributes) = attributes(cx, &arn).await? else { continue };
            let all = tags_of(cx, &arn).await?;
            match tags::identity(&all, query) {
                Some(identity) => {
                    let own = tags::own(&all, &identity);
                    found.owned.push(to_live(&arn, &attributes, identity, own));
                }
                None => found.foreign.push(tags::foreign(wanted, arn, &all)),
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = name(identity);
        let mut attributes: HashMap<String, String> = HashMap::new();
        if name.ends_with(".fifo") {
            attributes.insert("FifoTopic".into(), "true".into());
        }
        let default = Self::default();
        for ((name, value), (_, usual)) in self.attributes().into_iter().zip(default.attributes()) {
            if value != usual {
                attributes.insert(name.to_owned(), value);
            }
        }
        let answer = cx
            .sns
            .create_topic()
            .name(name)
            .set_attributes(Some(attributes))
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .send()
            .await
            .map_err(|error| classify("sns CreateTopic", error))?;
        let arn = answer.topic_arn().unwrap_or_default().into();
        Ok(Progress::done(TopicOutputs { arn }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        let before = live.spec.attributes();
        for ((name, value), (_, old)) in self.attributes().into_iter().zip(before) {
            if value == old {
                continue;
            }
            let value = match (name, self.policy.is_none()) {
                ("Policy", true) => default_policy(cx, arn).to_string(),
                _ => value,
            };
            let call = cx.sns.set_topic_attributes().topic_arn(arn).attribute_name(name);
            let sent = call.attribute_value(value).send().await;
            sent.map_err(|error| classify("sns SetTopicAttributes", error))?;
        }
        if touches(changes, "tags") {
            let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
            if !write.is_empty() {
                tag(cx, arn, &write).await?;
            }
            if !remove.is_empty() {
                let call = cx.sns.untag_resource().resource_arn(arn);
                let sent = call.set_tag_keys(Some(remove)).send().await;
                sent.map_err(|error| classify("sns UntagResource", error))?;
            }
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.sns.delete_topic().topic_arn(live.outputs.arn.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("sns DeleteTopic", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let arn = if id.starts_with("arn:") { id.to_owned() } else { cx.arn("sns", id) };
        let Some(attributes) = attributes(cx, &arn).await? else { return Ok(None) };
        let all = tags_of(cx, &arn).await?;
        let make = |identity, own| to_live(&arn, &attributes, identity, own);
        let called = arn.rsplit(':').next().unwrap_or_default();
        Ok(Some(Existing::of(all, wanted, make).named(called)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, live.outputs.arn.as_str()).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }
}

impl Topic {
    /// Every attribute that can be set, by its name in the API, in one order.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DisplayName", self.display_name.clone()),
            ("ContentBasedDeduplication", self.deduplicate_by_content.to_string()),
            ("Policy", self.policy.as_ref().map_or_else(String::new, Value::to_string)),
            ("KmsMasterKeyId", self.kms_key.clone().unwrap_or_default()),
            ("SignatureVersion", self.signature_version.clone()),
            ("TracingConfig", self.tracing.clone()),
        ]
    }
}

/// What SNS gives a topic that no policy was given to: there is no call that takes a policy away.
fn default_policy(cx: &Cx, arn: &str) -> Value {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    serde_json::json!({
        "Version": "2008-10-17",
        "Id": DEFAULT_POLICY,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions,
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": cx.account } },
        }],
    })
}

async fn attributes(cx: &Cx, arn: &str) -> Result<Option<HashMap<String, String>>, Failure> {
    let sent = cx.sns.get_topic_attributes().topic_arn(arn).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("sns GetTopicAttributes", error)))?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default()))
}

async fn tags_of(cx: &Cx, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    let sent = cx.sns.list_tags_for_resource().resource_arn(arn).send().await;
    let answer = sent.map_err(|error| classify("sns ListTagsForResource", error))?;
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    Ok(answer.tags().iter().map(pair).collect())
}

async fn tag(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.sns.tag_resource().resource_arn(arn).set_tags(Some(to_sdk(tags)?));
    call.send().await.map(drop).map_err(|error| classify("sns TagResource", error))
}

fn to_sdk(tags: &Tags) -> Result<Vec<Tag>, Failure> {
    tags.iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| Failure::internal(error.to_string()))
        })
        .collect()
}

fn to_live(
    arn: &str,
    attributes: &HashMap<String, String>,
    identity: Identity,
    tags: Tags,
) -> Live<Topic> {
    Live {
        identity,
        spec: from_api(attributes, tags),
        outputs: TopicOutputs { arn: arn.into() },
        health: Health::Ready,
        id: arn.to_owned(),
    }
}

fn from_api(attributes: &HashMap<String, String>, tags: Tags) -> Topic {
    let text = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    let or = |name: &str, default: &str| {
        Some(text(name)).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
    };
    let policy: Option<Value> = serde_json::from_str(&text("Policy")).ok();
    Topic {
        display_name: text("DisplayName"),
        deduplicate_by_content: text("ContentBasedDeduplication") == "true",
        policy: policy.filter(|policy| policy["Id"] != DEFAULT_POLICY),
        kms_key: Some(text("KmsMasterKeyId")).filter(|key| !key.is_empty()),
        signature_version: or("SignatureVersion", "1"),
        tracing: or("TracingConfig", "PassThrough"),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sns_leaves_out_has_its_default() {
        let policy = serde_json::json!({ "Id": DEFAULT_POLICY, "Statement": [] }).to_string();
        let attributes = HashMap::from([("Policy".to_owned(), policy)]);
        assert_eq!(from_api(&attributes, Tags::new()), Topic::default());
    }

    #[test]
    fn a_fifo_topics_name_ends_in_fifo_whatever_its_length() {
        let identity = |name: &str| Identity {
            application: "demo".into(),
            environment: "test".into(),
            owner: crate::engine::Owner::Service("api".into()),
            address: crate::engine::Address::new("sns/topic", name),
            generation: 1,
            run: String::new(),
        };
        assert_eq!(name(&identity("api/orders")), "demo-test-api-orders");
        assert_eq!(name(&identity("api/orders.fifo")), "demo-test-api-orders.fifo");
        let long = fifo_name(&identity(&format!("{}.fifo", "a".repeat(100))), 80);
        assert!(long.ends_with(".fifo") && long.len() <= 80, "{long}");
    }
}
