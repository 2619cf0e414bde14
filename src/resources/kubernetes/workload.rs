//! What a service runs as in a cluster: found among what is live, and read.

use std::sync::Arc;

use serde_json::Value;

use super::object::ObjectOutputs;
use super::{owner, place};
use crate::aws::Cx;
use crate::engine::{Address, Class, Failure, Live};
use crate::kubernetes::Client;

/// The kinds that a service may run as.
pub const WORKLOADS: [&str; 3] =
    ["kubernetes/deployment", "kubernetes/stateful-set", "kubernetes/daemon-set"];
/// The annotation of a workload that says since when it is paused: it has no pods, and no autoscaler gives it any.
pub const PAUSED: &str = "by-hand.shipit/paused";
/// The kind that a scheduled job runs as.
pub const CRON_JOB: &str = "kubernetes/cron-job";

/// What runs the pods of a service or job.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// What the user calls it.
    pub name: String,
    /// The resource.
    pub address: Address,
    /// Where it is.
    pub outputs: ObjectOutputs,
    /// The labels of all that belongs to the service.
    labels: String,
}

impl Workload {
    /// A live resource as a workload.
    ///
    /// # Errors
    /// It is no object of Kubernetes.
    pub fn of(live: &Live) -> Result<Self, Failure> {
        let outputs = serde_json::from_value(live.outputs.clone())
            .map_err(|error| Failure::internal(error.to_string()))?;
        let identity = &live.identity;
        let name = identity.owner.service().unwrap_or_else(|| identity.address.name());
        Ok(Self {
            name: name.to_owned(),
            address: identity.address.clone(),
            outputs,
            labels: owner::selector_of(&identity.application, &identity.environment, name),
        })
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.outputs.at.namespace.as_deref().unwrap_or_default()
    }

    /// The labels of all that belongs to the service.
    pub(super) fn labels(&self) -> &str {
        &self.labels
    }

    pub(super) async fn client(&self, cx: &Cx) -> Result<Arc<Client>, Failure> {
        place::client_of(cx, &self.outputs.at.cluster).await
    }

    /// The object as it is now.
    ///
    /// # Errors
    /// It has gone meanwhile, or may not be read.
    pub(super) async fn read(&self, client: &Client) -> Result<Value, Failure> {
        let at = &self.outputs.at;
        let found = client.get(&at.served(), at.namespace.as_deref(), &self.outputs.name).await?;
        let found = found.map(|mut object| {
            object["kind"] = at.kind.as_str().into();
            object
        });
        found.ok_or_else(|| {
            Failure::new(Class::Gone, format!("{} `{}` is not there any more", at.kind, self.name))
        })
    }
}
