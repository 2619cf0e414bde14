//! A role, its policies inside.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Tag;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{read, web_identity};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{Change, Failure, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// An IAM role. Its name is `identity.name(64)`, its path `/shipit/APPLICATION/ENVIRONMENT/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Who may take it on. Conditions on a web identity name its issuer as [`web_identity::ISSUER`].
    pub assume_policy: Value,
    /// For people; may be empty.
    pub description: String,
    /// How long a session may last, in seconds, 3,600 to 43,200.
    pub max_session_duration: i32,
    /// ARNs of managed policies.
    pub managed_policies: Vec<String>,
    /// Policies of its own, by name.
    pub inline_policies: BTreeMap<String, Value>,
    /// ARN of the policy that limits what all others may allow.
    pub permissions_boundary: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for Role {
    /// Nobody may take it on, and it may do nothing; sessions last an hour.
    fn default() -> Self {
        Self {
            assume_policy: Value::Null,
            description: String::new(),
            max_session_duration: 3600,
            managed_policies: Vec::new(),
            inline_policies: BTreeMap::new(),
            permissions_boundary: None,
            tags: Tags::new(),
        }
    }
}

crate::ids! {
    /// A role's ARN.
    RoleArn,
}

crate::outputs!(Role => RoleOutputs {
    /// Its ARN.
    arn: RoleArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateRole.Path", "`/shipit/APPLICATION/ENVIRONMENT/`, so that roles are found by it"),
    ("CreateRole.RoleName", "the physical name follows from the address"),
    ("UpdateRole.RoleName", "says which role"),
    ("UpdateAssumeRolePolicy.RoleName", "says which role"),
    ("PutRolePolicy.RoleName", "says which role"),
    ("AttachRolePolicy.RoleName", "says which role"),
    ("PutRolePermissionsBoundary.RoleName", "says which role"),
];

impl Spec for Role {
    const KIND: &'static str = "iam/role";
}

/// The path of an environment's roles.
pub(super) fn path(application: &str, environment: &str) -> String {
    format!("/shipit/{application}/{environment}/")
}

impl Resource for Role {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Policy("assume_policy"),
            Rule::Unordered("managed_policies"),
            Rule::Policy("inline_policies.*"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = RoleOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        read::observe(cx, query).await
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = identity.name(64);
        let answer = cx
            .iam
            .create_role()
            .role_name(&name)
            .path(path(&identity.application, &identity.environment))
            .assume_role_policy_document(web_identity::spelt(&self.assume_policy).to_string())
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .max_session_duration(self.max_session_duration)
            .set_permissions_boundary(self.permissions_boundary.clone())
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .send()
            .await
            .map_err(|error| classify("iam CreateRole", error))?;
        let arn = answer.role().map(|role| role.arn()).unwrap_or_default();
        for policy in &self.managed_policies {
            attach(cx, &name, policy).await?;
        }
        for (policy, document) in &self.inline_policies {
            put(cx, &name, policy, document).await?;
        }
        Ok(Progress::done(RoleOutputs { arn: arn.into(), name }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        if touches(changes, "assume_policy") {
            cx.iam
                .update_assume_role_policy()
                .role_name(name)
                .policy_document(web_identity::spelt(&self.assume_policy).to_string())
                .send()
                .await
                .map_err(|error| classify("iam UpdateAssumeRolePolicy", error))?;
        }
        if touches(changes, "description") || touches(changes, "max_session_duration") {
            cx.iam
                .update_role()
                .role_name(name)
                .description(&self.description)
                .max_session_duration(self.max_session_duration)
                .send()
                .await
                .map_err(|error| classify("iam UpdateRole", error))?;
        }
        if touches(changes, "permissions_boundary") {
            self.bound(cx, name).await?;
        }
        // What is allowed anew comes first, so that nothing a task needs is missing in between.
        for policy in
            self.managed_policies.iter().filter(|one| !live.spec.managed_policies.contains(one))
        {
            attach(cx, name, policy).await?;
        }
        for (policy, document) in &self.inline_policies {
            if live.spec.inline_policies.get(policy) != Some(document) {
                put(cx, name, policy, document).await?;
            }
        }
        for policy in
            live.spec.managed_policies.iter().filter(|one| !self.managed_policies.contains(one))
        {
            detach(cx, name, policy).await?;
        }
        for policy in
            live.spec.inline_policies.keys().filter(|one| !self.inline_policies.contains_key(*one))
        {
            remove(cx, name, policy).await?;
        }
        let (write, gone) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            let sent =
                cx.iam.tag_role().role_name(name).set_tags(Some(to_sdk(&write)?)).send().await;
            sent.map_err(|error| classify("iam TagRole", error))?;
        }
        if !gone.is_empty() {
            let sent = cx.iam.untag_role().role_name(name).set_tag_keys(Some(gone)).send().await;
            sent.map_err(|error| classify("iam UntagRole", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        // Asked anew: what was put on since the plan keeps a role from going.
        let Some(policies) = unless_gone(read::policies(cx, name).await)? else {
            return Ok(Progress::deleted());
        };
        for policy in &policies.managed {
            detach(cx, name, policy).await?;
        }
        for policy in &policies.inline {
            remove(cx, name, policy).await?;
        }
        let sent = cx.iam.delete_role().role_name(name).send().await;
        unless_gone(sent.map_err(|error| classify("iam DeleteRole", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        // An ARN holds the path before the name.
        read::existing(cx, wanted, id.rsplit('/').next().unwrap_or(id)).await
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let call = cx.iam.tag_role().role_name(&live.outputs.name);
        let sent = call.set_tags(Some(to_sdk(tags)?)).send().await;
        sent.map(drop).map_err(|error| classify("iam TagRole", error))
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        read::tags_now(cx, &live.outputs.name).await
    }

    fn name(identity: &Identity) -> Option<String> {
        let path = path(&identity.application, &identity.environment);
        Some(format!("{path}{}", identity.name(64)))
    }
}

impl Role {
    /// Sets or removes the permissions boundary.
    async fn bound(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        match &self.permissions_boundary {
            Some(boundary) => {
                let call = cx.iam.put_role_permissions_boundary();
                let sent = call.role_name(name).permissions_boundary(boundary).send().await;
                sent.map_err(|error| classify("iam PutRolePermissionsBoundary", error))?;
            }
            None => {
                let sent = cx.iam.delete_role_permissions_boundary().role_name(name).send().await;
                sent.map_err(|error| classify("iam DeleteRolePermissionsBoundary", error))?;
            }
        }
        Ok(())
    }
}

async fn attach(cx: &Cx, name: &str, policy: &str) -> Result<(), Failure> {
    let sent = cx.iam.attach_role_policy().role_name(name).policy_arn(policy).send().await;
    sent.map(drop).map_err(|error| classify("iam AttachRolePolicy", error))
}

async fn detach(cx: &Cx, name: &str, policy: &str) -> Result<(), Failure> {
    let sent = cx.iam.detach_role_policy().role_name(name).policy_arn(policy).send().await;
    unless_gone(sent.map_err(|error| classify("iam DetachRolePolicy", error))).map(drop)
}

async fn put(cx: &Cx, name: &str, policy: &str, document: &Value) -> Result<(), Failure> {
    let call = cx.iam.put_role_policy().role_name(name).policy_name(policy);
    let sent = call.policy_document(document.to_string()).send().await;
    sent.map(drop).map_err(|error| classify("iam PutRolePolicy", error))
}

async fn remove(cx: &Cx, name: &str, policy: &str) -> Result<(), Failure> {
    let sent = cx.iam.delete_role_policy().role_name(name).policy_name(policy).send().await;
    unless_gone(sent.map_err(|error| classify("iam DeleteRolePolicy", error))).map(drop)
}

pub(super) fn to_sdk(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| Failure::internal(error.to_string()))
        })
        .collect()
}
