//! A log group.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::{LogGroup as Api, LogGroupClass};
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A log group, named `/shipit/APPLICATION/ENVIRONMENT/NAME`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Days that log lines are kept; `None` for ever.
    pub retention_days: Option<i32>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: String,
    /// ARN of the KMS key that encrypts it, where it is not CloudWatch's own.
    pub kms_key: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for LogGroup {
    /// A standard one that keeps everything.
    fn default() -> Self {
        Self {
            retention_days: None,
            class: "STANDARD".to_owned(),
            kms_key: None,
            tags: Tags::new(),
        }
    }
}

crate::ids! {
    /// A log group's ARN, without the `:*` that stands for its streams.
    LogGroupArn,
}

crate::outputs!(LogGroup => LogGroupOutputs {
    /// Its ARN.
    arn: LogGroupArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateLogGroup.logGroupName", "the physical name follows from the address"),
    (
        "CreateLogGroup.deletionProtectionEnabled",
        "log groups are kept unless their deletion is allowed by name",
    ),
    ("PutRetentionPolicy.logGroupName", "says which log group"),
    ("AssociateKmsKey.logGroupName", "says which log group"),
    ("AssociateKmsKey.resourceIdentifier", "another way to say which log group"),
];

impl Spec for LogGroup {
    const KIND: &'static str = "logs/log-group";
}

fn prefix(application: &str, environment: &str) -> String {
    format!("/shipit/{application}/{environment}/")
}

/// The name in AWS; generations beyond the first get a suffix.
fn name(identity: &Identity) -> String {
    let prefix = prefix(&identity.application, &identity.environment);
    let name = identity.address.name();
    match identity.generation {
        0 | 1 => format!("{prefix}{name}"),
        generation => format!("{prefix}{name}-{generation}"),
    }
}

impl Resource for LogGroup {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("class")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: Some("log events"),
        pace: Pace::AT_ONCE,
    };

    type Outputs = LogGroupOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let groups = list(cx, &prefix(query.application, query.environment)).await?;
        let wanted: BTreeMap<String, &Identity> =
            query.wanted.iter().map(|identity| (name(identity), identity)).collect();
        let mut found = Found::default();
        if groups.is_empty() {
            return Ok(found);
        }
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        for group in groups {
            let outputs = outputs(&group);
            let tags = match bulk.get(outputs.arn.as_str()) {
                Some(tags) => tags.clone(),
                None => match unless_gone(tags_of(cx, &outputs.arn).await)? {
                    Some(tags) => tags,
                    None => continue,
                },
            };
            match (tags::identity(&tags, query), wanted.get(&outputs.name)) {
                (Some(identity), _) => {
                    let own = tags::own(&tags, &identity);
                    found.owned.push(to_live(&group, identity, own));
                }
                (None, Some(wanted)) => {
                    found.foreign.push(tags::foreign(wanted, outputs.name, &tags))
                }
                (None, None) => {}
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = name(identity);
        cx.logs
            .create_log_group()
            .log_group_name(&name)
            .set_kms_key_id(self.kms_key.clone())
            .log_group_class(LogGroupClass::from(self.class.as_str()))
            .set_tags(Some(tags::for_create(identity, &self.tags, false).into_iter().collect()))
            .send()
            .await
            .map_err(|error| classify("logs CreateLogGroup", error))?;
        if self.retention_days.is_some() {
            self.retain(cx, &name).await?;
        }
        let arn = cx.arn("logs", &format!("log-group:{name}"));
        Ok(Progress::done(LogGroupOutputs { arn: arn.into(), name }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        if touches(changes, "retention_days") {
            self.retain(cx, name).await?;
        }
        if touches(changes, "kms_key") {
            self.encrypt(cx, name).await?;
        }
        let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            let call = cx.logs.tag_resource().resource_arn(live.outputs.arn.as_str());
            let sent = call.set_tags(Some(write.into_iter().collect())).send().await;
            sent.map_err(|error| classify("logs TagResource", error))?;
        }
        if !remove.is_empty() {
            let call = cx.logs.untag_resource().resource_arn(live.outputs.arn.as_str());
            let sent = call.set_tag_keys(Some(remove)).send().await;
            sent.map_err(|error| classify("logs UntagResource", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.logs.delete_log_group().log_group_name(&live.outputs.name).send().await;
        unless_gone(sent.map_err(|error| classify("logs DeleteLogGroup", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.split_once(":log-group:").map_or(id, |(_, name)| name);
        let name = name.trim_end_matches(":*");
        // A list by prefix is the only way to see one.
        let groups = list(cx, name).await?;
        let Some(group) = groups.iter().find(|group| group.log_group_name() == Some(name)) else {
            return Ok(None);
        };
        let tags = tags_of(cx, &outputs(group).arn).await?;
        let make = |identity, tags| to_live(group, identity, tags);
        Ok(Some(Existing::of(tags, wanted, make).named(name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let call = cx.logs.tag_resource().resource_arn(live.outputs.arn.as_str());
        let sent = call.set_tags(Some(tags.clone().into_iter().collect())).send().await;
        sent.map(drop).map_err(|error| classify("logs TagResource", error))
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, &live.outputs.arn).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }

    async fn losses(cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        let name = &live.outputs.name;
        let groups = list(cx, name).await?;
        let group = groups.iter().find(|group| group.log_group_name() == Some(name));
        Ok(group.map(|group| live.spec.content(group.stored_bytes())))
    }
}

impl LogGroup {
    /// What is in it. AWS counts the bytes with a delay, so nothing is claimed of a group that seems empty.
    fn content(&self, stored: Option<i64>) -> String {
        let kept = match self.retention_days {
            Some(days) => format!("kept for {days} days"),
            None => "kept for ever".to_owned(),
        };
        match stored.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0) {
            Some(bytes) => format!("{} of log events, {kept}", size(bytes)),
            None => format!("its log events, {kept}"),
        }
    }

    async fn retain(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        match self.retention_days {
            Some(days) => {
                let call = cx.logs.put_retention_policy().log_group_name(name);
                let sent = call.retention_in_days(days).send().await;
                sent.map_err(|error| classify("logs PutRetentionPolicy", error))?;
            }
            None => {
                let sent = cx.logs.delete_retention_policy().log_group_name(name).send().await;
                sent.map_err(|error| classify("logs DeleteRetentionPolicy", error))?;
            }
        }
        Ok(())
    }

    async fn encrypt(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        match &self.kms_key {
            Some(key) => {
                let sent =
                    cx.logs.associate_kms_key().log_group_name(name).kms_key_id(key).send().await;
                sent.map_err(|error| classify("logs AssociateKmsKey", error))?;
            }
            None => {
                let sent = cx.logs.disassociate_kms_key().log_group_name(name).send().await;
                sent.map_err(|error| classify("logs DisassociateKmsKey", error))?;
            }
        }
        Ok(())
    }
}

/// `3.1 GB`, in powers of a thousand as AWS's bills are.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    let mut whole = bytes;
    let mut tenths = 0;
    let mut unit = "bytes";
    for next in UNITS {
        if whole < 1000 {
            break;
        }
        tenths = whole % 1000 / 100;
        whole /= 1000;
        unit = next;
    }
    if unit == "bytes" || whole >= 100 {
        format!("{whole} {unit}")
    } else {
        format!("{whole}.{tenths} {unit}")
    }
}

async fn list(cx: &Cx, prefix: &str) -> Result<Vec<Api>, Failure> {
    let call = cx.logs.describe_log_groups().log_group_name_prefix(prefix).limit(50);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("logs DescribeLogGroups", error))?;
        found.extend_from_slice(page.log_groups());
    }
    Ok(found)
}

async fn tags_of(cx: &Cx, arn: &LogGroupArn) -> Result<BTreeMap<String, String>, Failure> {
    let sent = cx.logs.list_tags_for_resource().resource_arn(arn.as_str()).send().await;
    let answer = sent.map_err(|error| classify("logs ListTagsForResource", error))?;
    Ok(answer.tags().map(|tags| tags.clone().into_iter().collect()).unwrap_or_default())
}

fn outputs(group: &Api) -> LogGroupOutputs {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    LogGroupOutputs {
        arn: arn.trim_end_matches(":*").into(),
        name: group.log_group_name().unwrap_or_default().to_owned(),
    }
}

fn to_live(group: &Api, identity: Identity, tags: Tags) -> Live<LogGroup> {
    let outputs = outputs(group);
    Live {
        spec: from_api(group, tags),
        identity,
        id: outputs.name.clone(),
        outputs,
        health: Health::Ready,
    }
}

fn from_api(group: &Api, tags: Tags) -> LogGroup {
    LogGroup {
        retention_days: group.retention_in_days(),
        class: group.log_group_class().map_or("STANDARD", |class| class.as_str()).to_owned(),
        kms_key: group.kms_key_id().map(str::to_owned),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cloudwatch_leaves_out_has_its_default() {
        let group = Api::builder().log_group_name("/shipit/a/b/c").arn("arn:x:*").build();
        assert_eq!(from_api(&group, Tags::new()), LogGroup::default());
        assert_eq!(
            outputs(&group),
            LogGroupOutputs { arn: "arn:x".into(), name: "/shipit/a/b/c".into() }
        );
    }

    #[test]
    fn what_it_holds_is_said_with_its_size() {
        let group = LogGroup { retention_days: Some(30), ..LogGroup::default() };
        assert_eq!(group.content(Some(3_149_000_000)), "3.1 GB of log events, kept for 30 days");
        assert_eq!(group.content(Some(999)), "999 bytes of log events, kept for 30 days");
        assert_eq!(group.content(Some(123_456)), "123 kB of log events, kept for 30 days");
        assert_eq!(LogGroup::default().content(Some(0)), "its log events, kept for ever");
    }
}
