//! A log group.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::{LogGroup as Api, LogGroupClass};
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Found, Live, Progress, Resource, Tags};

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
                (Some(identity), _) => found.owned.push(Live {
                    spec: from_api(&group, tags::own(&tags, &identity)),
                    identity,
                    id: outputs.name.clone(),
                    outputs,
                    health: Health::Ready,
                }),
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
        still_ours(cx, live).await?;
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
        if unless_gone(still_ours(cx, live).await)?.is_none() {
            return Ok(Progress::deleted());
        }
        let sent = cx.logs.delete_log_group().log_group_name(&live.outputs.name).send().await;
        unless_gone(sent.map_err(|error| classify("logs DeleteLogGroup", error)))?;
        Ok(Progress::deleted())
    }
}

impl LogGroup {
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

/// A log group's ARN is its name: one that somebody made anew would seem to bear our old tags in the
/// bulk answer, so they are read from the group itself.
async fn still_ours(cx: &Cx, live: &Live<LogGroup>) -> Result<(), Failure> {
    tags::still_owned(&tags_of(cx, &live.outputs.arn).await?, &live.identity, &live.outputs.name)
}

fn outputs(group: &Api) -> LogGroupOutputs {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    LogGroupOutputs {
        arn: arn.trim_end_matches(":*").into(),
        name: group.log_group_name().unwrap_or_default().to_owned(),
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
}
