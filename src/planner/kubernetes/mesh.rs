//! What an environment's mesh has in its cluster. VPC Lattice: a Gateway of the service network's name, by which AWS's Gateway API
//! Controller knows the network, which is the environment's own in AWS, too. App Mesh: the mesh, and hosts outside.

use serde_json::{Value, json};

use super::service::object;
use super::{OWNER, Place};
use crate::engine::{Address, Desired, Failure, Identity, Owner, Spec as _, Wait};
use crate::manifest::mesh::{Egress, Mesh, MeshType};
use crate::planner::{Context, app_mesh};
use crate::resources::Resource as _;
use crate::resources::vpclattice::{ServiceNetwork, ServiceNetworkVpcAssociation};

/// The API of App Mesh's controller.
pub(super) const APP_MESH: &str = "appmesh.k8s.aws/v1beta2";
/// The Gateway API.
pub(super) const GATEWAY: &str = "gateway.networking.k8s.io/v1";
/// What namespaces and pods say to the webhook that puts Envoy into pods.
pub(super) const INJECTION: &str = "appmesh.k8s.aws/sidecarInjectorWebhook";

/// The name of the environment's service network, and of its Gateway.
pub(super) fn gateway(context: &Context<'_>) -> String {
    let identity = Identity {
        application: context.application().to_owned(),
        environment: context.environment.to_owned(),
        owner: Owner::Environment,
        address: Address::new(ServiceNetwork::KIND, "main"),
        generation: 1,
        run: String::new(),
    };
    ServiceNetwork::name(&identity).unwrap_or_default()
}

/// The address of the Gateway.
pub(super) fn gateway_address() -> Address {
    Address::new("kubernetes/object", "gateway/main")
}

/// The name of what stands for a host outside.
pub(super) fn host(host: &str) -> String {
    format!("host-{}", host.replace('.', "-"))
}

impl Place<'_> {
    fn app_mesh(&self) -> Result<Option<&Mesh>, Failure> {
        let mesh = self.context.manifest()?.mesh.as_ref();
        Ok(mesh.filter(|mesh| mesh.mesh_type == MeshType::AppMesh))
    }

    /// The mesh's name, and the value of the label by which it knows its namespace.
    fn mesh_name(&self) -> String {
        format!("{}-{}", self.context.application(), self.context.environment)
    }

    /// Puts on the namespace what the mesh knows it by.
    pub(super) fn mesh_labels(&self, namespace: &mut Value) -> Result<(), Failure> {
        if self.app_mesh()?.is_some() {
            let labels = &mut namespace["metadata"]["labels"];
            labels["mesh"] = self.mesh_name().into();
            labels[INJECTION] = "enabled".into();
        }
        Ok(())
    }

    /// Plans what the services' parts refer to.
    pub(super) fn mesh(&self, desired: &mut Desired) -> Result<(), Failure> {
        let manifest = self.context.manifest()?;
        if manifest.lattice().is_some() {
            let name = gateway(self.context);
            let spec = json!({
                "gatewayClassName": "amazon-vpc-lattice",
                "listeners": [{ "name": "http", "protocol": "HTTP", "port": 80 }],
            });
            let gateway = self.object(GATEWAY, "Gateway", &name, spec);
            let gateway = object::add(desired, &self.cluster, &OWNER, "main", gateway)?;
            let network = Address::new(ServiceNetworkVpcAssociation::KIND, "main");
            desired.order(&gateway, &network, Wait::Ready);
        }
        let Some(mesh) = self.app_mesh()? else { return Ok(()) };
        let filter = match mesh.egress {
            Some(Egress::Mesh) => "DROP_ALL",
            Some(Egress::All) | None => "ALLOW_ALL",
        };
        let name = self.mesh_name();
        let mut spec = json!({
            "namespaceSelector": { "matchLabels": { "mesh": name } },
            "egressFilter": { "type": filter },
        });
        if let Some(preference) = mesh.ip_preference {
            spec["meshServiceDiscovery"] =
                json!({ "ipPreference": app_mesh::addresses(preference) });
        }
        let mut planned = self.object(APP_MESH, "Mesh", &name, spec);
        if let Some(metadata) = planned["metadata"].as_object_mut() {
            metadata.remove("namespace");
        }
        let planned = object::add(desired, &self.cluster, &OWNER, "main", planned)?;
        for one in &mesh.hosts {
            let name = host(&one.host);
            let short = name.trim_start_matches("host-");
            let short = format!("host/{short}");
            let spec = json!({
                "listeners": [{
                    "portMapping": { "port": one.port, "protocol": one.protocol.to_string() },
                }],
                "serviceDiscovery": {
                    "dns": { "hostname": one.host, "responseType": "LOADBALANCER" },
                },
            });
            let node = self.object(APP_MESH, "VirtualNode", &name, spec);
            let node = object::add(desired, &self.cluster, &OWNER, &short, node)?;
            desired.order(&node, &planned, Wait::Ready);
            let spec = json!({
                "awsName": one.host,
                "provider": { "virtualNode": { "virtualNodeRef": { "name": name } } },
            });
            let service = self.object(APP_MESH, "VirtualService", &name, spec);
            let service = object::add(desired, &self.cluster, &OWNER, &short, service)?;
            desired.order(&service, &node, Wait::Created);
        }
        Ok(())
    }

    /// An object of the environment's in the namespace.
    fn object(&self, api_version: &str, kind: &str, name: &str, spec: Value) -> Value {
        json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": object::namespace(),
                "labels": { "app.kubernetes.io/part-of": self.context.application() },
            },
            "spec": spec,
        })
    }
}

/// The address of the mesh of App Mesh.
pub(super) fn mesh_address() -> Address {
    Address::new("kubernetes/object", "mesh/main")
}
