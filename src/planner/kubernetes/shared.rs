//! What services on EKS share: their namespace, the classes of load balancers, the file system; and what must be there
//! before their pods run.
//!
//! Each is there while a service needs it, also one whose manifest is elsewhere: that shows in what is live.

use serde_json::json;

use super::service::{http, object};
use super::{OWNER, Place};
use crate::engine::{Desired, Failure, Live, Owner, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::service::ServiceType;
use crate::planner::storage::{self, Files};

/// What pods wait for, by kind.
const WORKERS: [&str; 4] =
    ["eks/access-entry", "eks/addon", "eks/fargate-profile", "eks/nodegroup"];

impl Place<'_> {
    pub(super) fn workers(&mut self, desired: &Desired) {
        let addresses = desired.nodes.keys();
        let workers = addresses.filter(|address| WORKERS.contains(&address.kind()));
        self.workers = workers.map(|address| (address.clone(), Wait::Ready)).collect();
    }

    /// Plans what these services need, and those that are live. Returns the file system, where there is one.
    pub(super) fn shared(
        &self,
        desired: &mut Desired,
        services: &[ServiceManifest],
    ) -> Result<Option<Files>, Failure> {
        let there = !self.live.seen.of("kubernetes/namespace").is_empty();
        if services.is_empty() && !there {
            return Ok(None);
        }
        let name = self.context.application();
        let mut namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": { "app.kubernetes.io/part-of": name } },
        });
        for (label, value) in &self.manifest.namespace.labels {
            namespace["metadata"]["labels"][label] = json!(value);
        }
        self.mesh_labels(&mut namespace)?;
        let namespace = object::add(desired, &self.cluster, &OWNER, "main", namespace)?;
        // Nobody may do anything in a cluster before it is said who.
        for (entry, _) in self.workers.iter().filter(|(one, _)| one.kind() == WORKERS[0]) {
            desired.order(&namespace, entry, Wait::Ready);
        }
        self.quota(desired)?;
        self.mesh(desired)?;
        if self.manifest.auto_mode() {
            for public in [true, false] {
                if self.wants_class(services, public) {
                    self.class(desired, public)?;
                }
            }
        }
        let points = self.live.seen.of("efs/access-point");
        let files = services.iter().any(storage::wants_files)
            || points.iter().any(|one| self.elsewhere(one));
        files
            .then(|| storage::files(desired, self.context, &self.network, &self.security_group))
            .transpose()
    }

    /// What all services together may use.
    fn quota(&self, desired: &mut Desired) -> Result<(), Failure> {
        let quota = &self.manifest.namespace.quota;
        if quota.is_empty() {
            return Ok(());
        }
        let object = json!({
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": { "name": self.context.application(), "namespace": object::namespace() },
            "spec": { "hard": quota },
        });
        object::add(desired, &self.cluster, &OWNER, "main", object).map(drop)
    }

    /// Is this of a live service whose manifest is not planned in this run?
    fn elsewhere(&self, live: &Live) -> bool {
        matches!(&live.identity.owner, Owner::Service(name) if !self.context.services.contains(name))
    }

    fn wants_class(&self, services: &[ServiceManifest], public: bool) -> bool {
        let asks = |service: &ServiceManifest| {
            let web = service.service_type == ServiceType::LoadBalancedWebService;
            service.http.is_some() && web == public
        };
        let live = self.live.seen.of("kubernetes/ingress").iter();
        services.iter().any(asks)
            || live
                .filter(|one| self.elsewhere(one))
                .any(|one| one.spec["object"]["spec"]["ingressClassName"] == http::class(public))
    }

    /// A class of Ingress of Auto Mode's, of which all share one load balancer.
    fn class(&self, desired: &mut Desired, public: bool) -> Result<(), Failure> {
        let name = http::class(public);
        let environment = self.context.manifest()?;
        let certificates = match public {
            true => &environment.http.public.certificates,
            false => &environment.http.private.certificates,
        };
        let mut spec = json!({
            "scheme": if public { "internet-facing" } else { "internal" },
            "group": { "name": http::group(self.context.application(), self.context.environment, public) },
        });
        if !certificates.is_empty() {
            spec["certificateARNs"] = json!(certificates);
        }
        let short = name.trim_start_matches("shipit-");
        let mut class = json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": { "name": name },
            "spec": { "controller": "eks.amazonaws.com/alb" },
        });
        // Each Ingress says it itself then.
        if self.context.surroundings.plain_kubernetes {
            return object::add(desired, &self.cluster, &OWNER, short, class).map(drop);
        }
        let settings = json!({
            "apiVersion": "eks.amazonaws.com/v1",
            "kind": "IngressClassParams",
            "metadata": { "name": name },
            "spec": spec,
        });
        let settings = object::add(desired, &self.cluster, &OWNER, short, settings)?;
        class["spec"]["parameters"] = json!({
            "apiGroup": "eks.amazonaws.com",
            "kind": "IngressClassParams",
            "name": name,
        });
        let class = object::add(desired, &self.cluster, &OWNER, short, class)?;
        desired.order(&class, &settings, Wait::Ready);
        Ok(())
    }
}
