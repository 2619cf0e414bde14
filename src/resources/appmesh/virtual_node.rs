//! A virtual node: the tasks of a service, as proxies see them.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::common::{ConnectionPool, HealthCheck, ListenerTimeout, Logging, PortMapping, Time};
use super::mesh::MeshName;
use super::mirror::{Mirror, mirror, union};
use super::object::object;
use super::tls::{BackendDefaults, ClientPolicy, ListenerTls};
use crate::aws::Cx;
use crate::engine::{
    Change, Failure, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A virtual node: the tasks of a service, as proxies see them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirtualNode {
    /// The mesh that it lies in.
    pub mesh: Input<MeshName>,
    /// What it is.
    #[serde(flatten)]
    pub spec: VirtualNodeSpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for VirtualNode {
    const KIND: &'static str = "appmesh/virtual-node";
}

crate::ids! {
    /// Its name.
    VirtualNodeName,
    /// Its ARN.
    VirtualNodeArn,
}

crate::outputs!(VirtualNode => VirtualNodeOutputs {
    /// Its name.
    id: VirtualNodeName,
    /// Its ARN.
    arn: VirtualNodeArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateVirtualNode.virtualNodeName", "the physical name follows from the address"),
    ("CreateVirtualNode.clientToken", "makes the call idempotent, is no property"),
    ("CreateVirtualNode.spec", "its members are fields"),
    ("CreateVirtualNode.meshOwner", "meshes of other accounts are not used"),
    ("UpdateVirtualNode.virtualNodeName", "says which"),
    ("UpdateVirtualNode.clientToken", "makes the call idempotent, is no property"),
    ("UpdateVirtualNode.spec", "its members are fields"),
    ("UpdateVirtualNode.meshOwner", "meshes of other accounts are not used"),
    ("CreateVirtualNode.meshName", "is the field `mesh`"),
    ("UpdateVirtualNode.meshName", "is the field `mesh`"),
];

object! {
    VirtualNode of VirtualNodeSpec, VirtualNodeOutputs: "virtualNode", "VirtualNode", list_virtual_nodes virtual_nodes create_virtual_node describe_virtual_node update_virtual_node delete_virtual_node, virtual_node, virtual_node_name,

    after ["appmesh/mesh"],
    rules [Rule::Immutable("mesh"), Rule::Names("backends"), Rule::Names("service_discovery")],
    named by_address,
}

impl VirtualNode {
    fn of(spec: VirtualNodeSpec, mesh: &str, _name: &str, tags: Tags) -> Self {
        Self { mesh: Input::Known(mesh.into()), spec, tags }
    }
}

mirror! {
    /// A port of a virtual node.
    Listener for [plain Listener] {
        /// The port.
        must port_mapping / set_port_mapping: PortMapping,
        /// How long calls may take.
        opt timeout / set_timeout: ListenerTimeout,
        /// How proxies see whether it works.
        opt health_check / set_health_check: HealthCheck,
        /// When a task is left out.
        opt outlier_detection / set_outlier_detection: OutlierDetection,
        /// How much it takes at once.
        opt connection_pool / set_connection_pool: ConnectionPool,
        /// How calls are encrypted.
        opt tls / set_tls: ListenerTls,
    }

    /// When a task is left out.
    OutlierDetection for [built OutlierDetection] {
        /// Errors in a row.
        req max_server_errors / set_max_server_errors: i64,
        /// How often it is looked at.
        must interval / set_interval: Time,
        /// How long it is left out.
        must base_ejection_duration / set_base_ejection_duration: Time,
        /// How many may be left out.
        req max_ejection_percent / set_max_ejection_percent: i32,
    }

    /// A virtual service that is called.
    VirtualServiceBackend for [built VirtualServiceBackend] {
        /// Its name; it need not be there yet.
        req virtual_service_name / set_virtual_service_name: String,
        /// How it is called.
        opt client_policy / set_client_policy: ClientPolicy,
    }

    /// Tasks in Cloud Map.
    CloudMapDiscovery for [built AwsCloudMapServiceDiscovery] {
        /// The namespace.
        req namespace_name / set_namespace_name: String,
        /// The service in it.
        req service_name / set_service_name: String,
        /// Only instances with these.
        list attributes / set_attributes: CloudMapAttribute,
        /// Which addresses.
        opt ip_preference / set_ip_preference: String,
    }

    /// An attribute of an instance.
    CloudMapAttribute for [built AwsCloudMapInstanceAttribute] {
        /// Its name.
        req key / set_key: String,
        /// Its value.
        req value / set_value: String,
    }

    /// Tasks behind a DNS name.
    DnsDiscovery for [built DnsServiceDiscovery] {
        /// The name.
        req hostname / set_hostname: String,
        /// `LOADBALANCER` or `ENDPOINTS`.
        opt response_type / set_response_type: String,
        /// Which addresses.
        opt ip_preference / set_ip_preference: String,
    }

    /// What a virtual node is.
    VirtualNodeSpec for [plain VirtualNodeSpec] {
        /// Its ports.
        list listeners / set_listeners: Listener,
        /// Whom it calls.
        list backends / set_backends: Backend,
        /// How it calls.
        opt backend_defaults / set_backend_defaults: BackendDefaults,
        /// How its tasks are found.
        opt service_discovery / set_service_discovery: ServiceDiscovery,
        /// What it logs.
        opt logging / set_logging: Logging,
    }
}

union! {
    /// Whom a virtual node calls.
    Backend for [Backend] {
        /// A virtual service.
        VirtualService(VirtualServiceBackend),
    }

    /// How tasks are found.
    ServiceDiscovery for [ServiceDiscovery] {
        /// In Cloud Map.
        AwsCloudMap(CloudMapDiscovery),
        /// By DNS.
        Dns(DnsDiscovery),
    }
}
