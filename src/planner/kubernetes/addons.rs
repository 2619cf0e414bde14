//! What EKS installs in the cluster, and what it runs beside it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{OWNER, Place, roles, versions};
use crate::engine::{Desired, Failure, Input};
use crate::manifest::environment::kubernetes::{ArgoCd as Written, Conflicts};
use crate::resources::eks::capability::{Ack, ArgoCd, Person};
use crate::resources::eks::{Addon, Capability};

impl Place<'_> {
    pub(super) fn addons(&self, desired: &mut Desired) -> Result<(), Failure> {
        for (name, written) in self.manifest.addons() {
            let mut pod_identities = BTreeMap::new();
            for (account, source) in &written.pod_identities {
                let role = format!("addons/{name}/{account}");
                let role = roles::pods(desired, self.context, role, source)?;
                pod_identities.insert(account.clone(), role);
            }
            // Its pods have no nodes to wait for.
            let fargate = (name == "coredns" && self.manifest.only_fargate())
                .then(|| json!({ "computeType": "Fargate" }));
            let version = written.version.clone();
            let addon = Addon {
                version: version.or_else(|| versions::addon(self, &name)),
                configuration: written.configuration.clone().or(fargate),
                service_account_role: written
                    .service_account_role
                    .as_ref()
                    .map(|arn| Input::Known(arn.as_str().into())),
                pod_identities,
                namespace: written.namespace.clone(),
                resolve_conflicts: match written.conflicts {
                    Conflicts::Overwrite => "OVERWRITE",
                    Conflicts::Preserve => "PRESERVE",
                    Conflicts::None => "NONE",
                }
                .to_owned(),
                tags: self.context.tags()?,
                ..Addon::new(self.cluster.clone(), &*name)
            };
            desired.add(&OWNER, &name, &addon)?;
        }
        Ok(())
    }

    pub(super) fn capabilities(&self, desired: &mut Desired) -> Result<(), Failure> {
        let wanted = &self.manifest.capabilities;
        let roles = [
            ("ack", "ACK", wanted.ack.as_ref().map(|one| &one.role)),
            ("kro", "KRO", wanted.kro.as_ref().map(|one| &one.role)),
            ("argo-cd", "ARGOCD", wanted.argo_cd.as_ref().map(|one| &one.role)),
        ];
        for (name, word, source) in roles {
            let Some(source) = source else { continue };
            let role = roles::capability(desired, self.context, name, source)?;
            let ack = wanted.ack.as_ref().filter(|_| name == "ack").map(|one| Ack {
                cross_namespace: one.cross_namespace,
                disabled_services: one.disabled_services.clone(),
            });
            let argo_cd = wanted.argo_cd.as_ref().filter(|_| name == "argo-cd").map(argo_cd);
            let capability = Capability {
                cluster: self.cluster.clone(),
                capability: word.to_owned(),
                role,
                ack,
                argo_cd,
                tags: self.context.tags()?,
            };
            desired.add(&OWNER, name, &capability)?;
        }
        Ok(())
    }
}

fn argo_cd(written: &Written) -> ArgoCd {
    let people = [
        ("ADMIN", &written.roles.admin),
        ("EDITOR", &written.roles.editor),
        ("VIEWER", &written.roles.viewer),
    ];
    let person = |one: &String| match one.strip_prefix("group:") {
        Some(id) => Person { id: id.to_owned(), sort: "SSO_GROUP".to_owned() },
        None => Person {
            id: one.strip_prefix("user:").unwrap_or(one).to_owned(),
            sort: "SSO_USER".to_owned(),
        },
    };
    ArgoCd {
        namespace: written.namespace.clone().unwrap_or_else(|| "argocd".to_owned()),
        identity_center: written.identity_center.arn.clone(),
        identity_center_region: written.identity_center.region.clone(),
        roles: people
            .into_iter()
            .filter(|(_, all)| !all.is_empty())
            .map(|(role, all)| (role.to_owned(), all.iter().map(person).collect()))
            .collect(),
        vpc_endpoints: written.vpc_endpoints.clone(),
        endpoint_prefix: None,
    }
}
