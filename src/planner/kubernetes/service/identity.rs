//! What pods may do in AWS: the task role of ECS, given to a service account by EKS's agent, or by the cluster's OIDC provider.

use super::object::{self, Fields};
use super::{Parts, Planner};
use crate::engine::{Failure, Handle, Wait};
use crate::manifest::service::RoleSource;
use crate::planner::kubernetes::roles::web_identity;
use crate::planner::messaging::Messaging;
use crate::planner::roles;
use crate::planner::storage::Disks;
use crate::resources::eks::PodIdentityAssociation;
use crate::resources::iam::OidcProvider;

impl Planner<'_> {
    pub(super) fn identity(
        &mut self,
        messaging: &Messaging,
        disks: &Disks,
        parts: &mut Parts,
    ) -> Result<(), Failure> {
        let service = self.service;
        let context = self.place.context;
        let name = service.name.clone();
        let account = &service.kubernetes.service_account;
        let mut annotations = Fields::default();
        for (key, value) in &account.annotations {
            annotations.put(key, value.clone());
        }
        let fargate = self.place.manifest.only_fargate();
        let with_role = !fargate || !self.needs_no_role(messaging, disks);
        // Pods on Fargate have no agent that would give them a role: the cluster's provider vouches for their account.
        if fargate && with_role {
            let provider = Handle::<OidcProvider>::new("main").arn();
            let trust = web_identity(provider, context.application(), &name);
            let role =
                roles::of_pods(self.desired, context, service, messaging, disks, Some(trust))?;
            annotations.put("eks.amazonaws.com/role-arn", object::value(&role)?);
        }
        let object = self
            .annotated("v1", "ServiceAccount", &name, annotations)
            .with("automountServiceAccountToken", account.token);
        let address = self.add(&name, object.into())?;
        parts.before.push((address, Wait::Created));
        if fargate {
            return Ok(());
        }
        let role = roles::of_pods(self.desired, context, service, messaging, disks, None)?;
        let association = PodIdentityAssociation {
            cluster: self.place.cluster.clone(),
            namespace: context.application().to_owned(),
            service_account: name.clone(),
            role,
            target_role: None,
            disable_session_tags: false,
            policy: None,
            tags: context.tags()?,
        };
        let association = self.desired.add(&self.owner, format!("{name}/pods"), &association)?;
        parts.before.push((association.address().clone(), Wait::Ready));
        Ok(())
    }

    fn needs_no_role(&self, messaging: &Messaging, disks: &Disks) -> bool {
        let written = match &self.service.iam.task_role {
            RoleSource::Existing(_) => true,
            RoleSource::Own(own) => !own.policies.is_empty() || !own.managed_policies.is_empty(),
        };
        !written
            && self.service.in_mesh(self.environment).is_none()
            && messaging.topics.is_empty()
            && messaging.queues.is_empty()
            && disks.policy.is_none()
            && self.service.observability.tracing.is_none()
    }
}
