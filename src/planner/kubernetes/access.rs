//! Who may do what: people in the cluster, pods in AWS.

use super::{OWNER, Place, roles};
use crate::engine::{Desired, Failure, Input};
use crate::manifest::environment::kubernetes::PrincipalType;
use crate::resources::eks::{AccessEntry, PodIdentityAssociation};
use crate::resources::iam::{OidcProvider, OidcProviderArn};

impl Place<'_> {
    pub(super) fn access(&self, desired: &mut Desired) -> Result<(), Failure> {
        for (name, written) in &self.manifest.access {
            let partition = self.context.partition;
            let arn = |policy: &String| match policy.starts_with("arn:") {
                true => policy.clone(),
                false => format!("arn:{partition}:eks::aws:cluster-access-policy/{policy}"),
            };
            let policies = written.policies.iter();
            let entry = AccessEntry {
                cluster: self.cluster.clone(),
                principal: Input::Known(written.principal.clone()),
                entry_type: word(written.principal_type).to_owned(),
                kubernetes_groups: written.groups.clone(),
                username: written.username.clone(),
                policies: policies.map(|(name, scope)| (arn(name), scope.clone())).collect(),
                tags: self.context.tags()?,
            };
            desired.add(&OWNER, name, &entry)?;
        }
        Ok(())
    }

    pub(super) fn pod_identities(&self, desired: &mut Desired) -> Result<(), Failure> {
        let mut identities = self.manifest.pod_identities.values();
        let provider = match identities.any(|one| one.irsa) {
            true => Some(self.oidc_provider(desired)?),
            false => None,
        };
        for (name, written) in &self.manifest.pod_identities {
            let address = format!("pods/{name}");
            if let Some(provider) = provider.as_ref().filter(|_| written.irsa) {
                let (namespace, account) = (&written.namespace, &written.service_account);
                let trust = roles::web_identity(provider.clone(), namespace, account);
                roles::trusted(desired, self.context, address, trust, &written.role)?;
                continue;
            }
            let role = roles::pods(desired, self.context, address, &written.role)?;
            let association = PodIdentityAssociation {
                cluster: self.cluster.clone(),
                namespace: written.namespace.clone(),
                service_account: written.service_account.clone(),
                role,
                target_role: written.target_role.clone(),
                disable_session_tags: !written.session_tags,
                policy: written.session_policy.clone(),
                tags: self.context.tags()?,
            };
            desired.add(&OWNER, name, &association)?;
        }
        Ok(())
    }

    /// What vouches for the cluster's service accounts; one for all that need it.
    fn oidc_provider(&self, desired: &mut Desired) -> Result<Input<OidcProviderArn>, Failure> {
        let provider = OidcProvider {
            url: self.issuer.clone(),
            client_ids: vec!["sts.amazonaws.com".to_owned()],
            thumbprints: Vec::new(),
            tags: self.context.tags()?,
        };
        Ok(desired.add(&OWNER, "main", &provider)?.arn())
    }
}

/// A type of entry, as EKS calls it.
fn word(principal_type: PrincipalType) -> &'static str {
    match principal_type {
        PrincipalType::Standard => "STANDARD",
        PrincipalType::Ec2 => "EC2",
        PrincipalType::Ec2Linux => "EC2_LINUX",
        PrincipalType::Ec2Windows => "EC2_WINDOWS",
        PrincipalType::FargateLinux => "FARGATE_LINUX",
        PrincipalType::HybridLinux => "HYBRID_LINUX",
        PrincipalType::HyperpodLinux => "HYPERPOD_LINUX",
    }
}
