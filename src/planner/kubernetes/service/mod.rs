//! A service on EKS: from its manifest to objects of Kubernetes, and what it needs in AWS.
//!
//! `workload` makes the Deployment, StatefulSet or DaemonSet, `job` the CronJob, both of pods (`pod`) of containers
//! (`container`, `probes`, `settings`); `volumes`, `secrets` and `identity` what pods are given, `discovery`, `http` and
//! `network_balancer` how they are reached, `lattice` and `app_mesh` their part in a mesh, `scaling` how many there are. Topics, queues, images, file systems and roles
//! are those of a service on ECS. `object` puts objects into the graph, `quantity` writes amounts. What a key becomes here and
//! there, and what has no counterpart, is told by `manifest::platforms`.

mod app_mesh;
mod container;
mod discovery;
pub(super) mod http;
mod identity;
mod job;
mod lattice;
mod network_balancer;
pub(super) mod object;
mod pod;
mod probes;
mod quantity;
mod scaling;
mod secrets;
mod settings;
mod volumes;
mod workload;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Place;
use crate::engine::{Address, Desired, Failure, Input, Owner, Wait};
use crate::manifest::service::{Count, ServiceType};
use crate::manifest::{Environment, ServiceManifest};
use crate::planner::storage::Files;
use crate::planner::{images, messaging, owner};
use object::Fields;

/// The label by which the pods of a service are found.
pub(super) const NAME: &str = "app.kubernetes.io/name";

/// One service that is planned.
struct Planner<'a> {
    desired: &'a mut Desired,
    place: &'a Place<'a>,
    service: &'a ServiceManifest,
    environment: &'a Environment,
    owner: Owner,
}

/// What pods are put together from.
struct Parts {
    /// What the service's own containers run.
    images: BTreeMap<String, Input<String>>,
    /// Variables of all containers, besides the manifest's.
    variables: BTreeMap<String, Value>,
    /// What pods mount, as the pod names it.
    volumes: Vec<Value>,
    /// What must be there before pods start.
    before: Vec<(Address, Wait)>,
    /// Whether there is a secret of the service's.
    secret: bool,
}

/// Plans everything of a service.
pub(super) fn plan(
    desired: &mut Desired,
    place: &Place<'_>,
    service: &ServiceManifest,
    files: Option<&Files>,
) -> Result<(), Failure> {
    let before: Vec<Address> = desired.nodes.keys().cloned().collect();
    let environment = place.context.manifest()?;
    let mut planner = Planner { desired, place, service, environment, owner: owner(service) };
    planner.all(files)?;
    crate::planner::service::rename(desired, &before, service);
    images::first(desired, service);
    Ok(())
}

impl Planner<'_> {
    fn all(&mut self, files: Option<&Files>) -> Result<(), Failure> {
        let context = self.place.context;
        let messaging = messaging::plan(self.desired, context, self.service)?;
        let images = images::plan(self.desired, context, self.service)?;
        let mut parts = Parts {
            images,
            variables: BTreeMap::new(),
            volumes: Vec::new(),
            before: self.place.workers.clone(),
            secret: false,
        };
        for (variable, value) in &messaging.variables {
            parts.variables.insert(variable.clone(), object::value(value)?);
        }
        let disks = self.volumes(files, &mut parts)?;
        self.identity(&messaging, &disks, &mut parts)?;
        self.secrets(&mut parts)?;
        if self.service.service_type == ServiceType::ScheduledJob {
            return self.job(&parts);
        }
        self.security_groups()?;
        self.discovery()?;
        self.lattice(&mut parts)?;
        self.app_mesh(&mut parts)?;
        let workload = self.workload(&parts)?;
        self.scaling(&workload)?;
        self.budget()?;
        self.http()?;
        self.network_balancer()
    }

    /// Puts an object of the service into the graph.
    fn add(&mut self, name: &str, object: Value) -> Result<Address, Failure> {
        object::add(self.desired, &self.place.cluster, &self.owner, name, object)
    }

    /// An object of the service, without what is special about it.
    fn object(&self, api_version: &str, kind: &str, name: &str) -> Fields {
        self.annotated(api_version, kind, name, Fields::default())
    }

    fn annotated(&self, api_version: &str, kind: &str, name: &str, annotations: Fields) -> Fields {
        let metadata = Fields::default()
            .with("name", name)
            .with("namespace", object::namespace())
            .with("labels", self.labels())
            .with("annotations", annotations);
        Fields::default()
            .with("apiVersion", api_version)
            .with("kind", kind)
            .with("metadata", metadata)
    }

    /// The labels of all objects of the service, its pods among them.
    fn labels(&self) -> Value {
        let mut labels = self.selector();
        labels["app.kubernetes.io/part-of"] = json!(self.place.context.application());
        labels
    }

    /// The label by which the service's pods are found.
    fn selector(&self) -> Value {
        json!({ NAME: self.service.name })
    }

    /// How many pods there are at least; `None` for one on each node.
    fn fewest(&self) -> Option<u32> {
        match &self.service.count {
            Count::Fixed(count) | Count::Spot(count) => Some(*count),
            Count::Autoscaling(scaling) => Some(scaling.min),
            Count::Daemon => None,
        }
    }
}
