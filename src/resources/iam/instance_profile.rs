//! An instance profile: how EC2 hands a role to an instance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::{path, to_sdk};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// An instance profile, named `identity.name(128)`, on the path of the environment's roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// The name of its one role.
    pub role: Option<Input<String>>,
    /// The user's own tags.
    pub tags: Tags,
}

crate::ids! {
    /// An instance profile's ARN.
    InstanceProfileArn,
}

crate::outputs!(InstanceProfile => InstanceProfileOutputs {
    /// Its ARN.
    arn: InstanceProfileArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateInstanceProfile.InstanceProfileName", "the physical name follows from the address"),
    (
        "CreateInstanceProfile.Path",
        "`/shipit/APPLICATION/ENVIRONMENT/`, so that profiles are found by it",
    ),
    ("AddRoleToInstanceProfile.InstanceProfileName", "says which profile"),
];

impl Spec for InstanceProfile {
    const KIND: &'static str = "iam/instance-profile";
}

impl Resource for InstanceProfile {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        // EC2 knows a new profile some seconds later; its calls are repeated until then.
        pace: Pace::AT_ONCE,
    };

    type Outputs = InstanceProfileOutputs;

    /// One list by path, and the tags of each.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let prefix = path(query.application, query.environment);
        let mut found = Found::default();
        let mut pages =
            cx.iam.list_instance_profiles().path_prefix(&prefix).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("iam ListInstanceProfiles", error))?;
            names.extend(
                page.instance_profiles().iter().map(|one| one.instance_profile_name().to_owned()),
            );
        }
        let wanted: BTreeMap<String, &Identity> =
            query.wanted.iter().map(|one| (one.name(NAME_LIMIT), one)).collect();
        let elsewhere =
            wanted.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>();
        for name in names.into_iter().chain(elsewhere) {
            let Some(one) = get(cx, &name).await? else { continue };
            let all = from_sdk(one.tags());
            match (tags::identity(&all, query), wanted.get(&name)) {
                (Some(identity), _) => {
                    let own = tags::own(&all, &identity);
                    found.owned.push(to_live(&one, identity, own));
                }
                (None, Some(wanted)) => found.foreign.push(tags::foreign(wanted, &name, &all)),
                (None, None) => {}
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = identity.name(NAME_LIMIT);
        let answer = cx
            .iam
            .create_instance_profile()
            .instance_profile_name(&name)
            .path(path(&identity.application, &identity.environment))
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .send()
            .await
            .map_err(|error| classify("iam CreateInstanceProfile", error))?;
        if let Some(role) = &self.role {
            add(cx, &name, &role.get()?).await?;
        }
        let arn = answer.instance_profile().map(|one| one.arn()).unwrap_or_default();
        Ok(Progress::done(InstanceProfileOutputs { arn: arn.into(), name }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        if self.role != live.spec.role {
            // It holds one at most.
            if let Some(role) = &live.spec.role {
                remove(cx, name, &role.get()?).await?;
            }
            if let Some(role) = &self.role {
                add(cx, name, &role.get()?).await?;
            }
        }
        let (write, gone) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            let call = cx.iam.tag_instance_profile().instance_profile_name(name);
            let sent = call.set_tags(Some(to_sdk(&write)?)).send().await;
            sent.map_err(|error| classify("iam TagInstanceProfile", error))?;
        }
        if !gone.is_empty() {
            let call = cx.iam.untag_instance_profile().instance_profile_name(name);
            let sent = call.set_tag_keys(Some(gone)).send().await;
            sent.map_err(|error| classify("iam UntagInstanceProfile", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        let Some(now) = get(cx, name).await? else { return Ok(Progress::deleted()) };
        for role in now.roles() {
            remove(cx, name, role.role_name()).await?;
        }
        let sent = cx.iam.delete_instance_profile().instance_profile_name(name).send().await;
        unless_gone(sent.map_err(|error| classify("iam DeleteInstanceProfile", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.rsplit('/').next().unwrap_or(id);
        let Some(one) = get(cx, name).await? else { return Ok(None) };
        let full_name = format!("{}{name}", one.path());
        let make = |identity, own| to_live(&one, identity, own);
        Ok(Some(Existing::of(from_sdk(one.tags()), wanted, make).named(full_name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let call = cx.iam.tag_instance_profile().instance_profile_name(&live.outputs.name);
        let sent = call.set_tags(Some(to_sdk(tags)?)).send().await;
        sent.map(drop).map_err(|error| classify("iam TagInstanceProfile", error))
    }

    fn name(identity: &Identity) -> Option<String> {
        let path = path(&identity.application, &identity.environment);
        Some(format!("{path}{}", identity.name(NAME_LIMIT)))
    }
}

/// The longest name that IAM takes.
const NAME_LIMIT: usize = 128;

async fn get(cx: &Cx, name: &str) -> Result<Option<aws_sdk_iam::types::InstanceProfile>, Failure> {
    let sent = cx.iam.get_instance_profile().instance_profile_name(name).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("iam GetInstanceProfile", error)))?;
    Ok(answer.and_then(|answer| answer.instance_profile))
}

async fn add(cx: &Cx, name: &str, role: &str) -> Result<(), Failure> {
    let call = cx.iam.add_role_to_instance_profile().instance_profile_name(name);
    let sent = call.role_name(role).send().await;
    sent.map(drop).map_err(|error| classify("iam AddRoleToInstanceProfile", error))
}

async fn remove(cx: &Cx, name: &str, role: &str) -> Result<(), Failure> {
    let call = cx.iam.remove_role_from_instance_profile().instance_profile_name(name);
    let sent = call.role_name(role).send().await;
    let sent = sent.map_err(|error| classify("iam RemoveRoleFromInstanceProfile", error));
    unless_gone(sent).map(drop)
}

fn from_sdk(tags: &[aws_sdk_iam::types::Tag]) -> BTreeMap<String, String> {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn to_live(
    one: &aws_sdk_iam::types::InstanceProfile,
    identity: Identity,
    tags: Tags,
) -> Live<InstanceProfile> {
    let role = one.roles().first().map(|role| Input::Known(role.role_name().to_owned()));
    Live {
        identity,
        spec: InstanceProfile { role, tags },
        outputs: InstanceProfileOutputs {
            arn: one.arn().into(),
            name: one.instance_profile_name().to_owned(),
        },
        health: Health::Ready,
        id: one.arn().to_owned(),
    }
}
