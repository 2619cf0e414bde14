//! A virtual gateway: the door through which calls come into a mesh.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::common::{GatewayConnectionPool, HealthCheck, Logging, PortMapping};
use super::mesh::MeshName;
use super::mirror::{Mirror, mirror};
use super::object::object;
use super::tls::{BackendDefaults, ListenerTls};
use crate::aws::Cx;
use crate::engine::{
    Change, Failure, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A virtual gateway: the door through which calls come into a mesh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirtualGateway {
    /// The mesh that it lies in.
    pub mesh: Input<MeshName>,
    /// What it is.
    #[serde(flatten)]
    pub spec: VirtualGatewaySpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for VirtualGateway {
    const KIND: &'static str = "appmesh/virtual-gateway";
}

crate::ids! {
    /// Its name.
    VirtualGatewayName,
    /// Its ARN.
    VirtualGatewayArn,
}

crate::outputs!(VirtualGateway => VirtualGatewayOutputs {
    /// Its name.
    id: VirtualGatewayName,
    /// Its ARN.
    arn: VirtualGatewayArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateVirtualGateway.virtualGatewayName", "the physical name follows from the address"),
    ("CreateVirtualGateway.clientToken", "makes the call idempotent, is no property"),
    ("CreateVirtualGateway.spec", "its members are fields"),
    ("CreateVirtualGateway.meshOwner", "meshes of other accounts are not used"),
    ("UpdateVirtualGateway.virtualGatewayName", "says which"),
    ("UpdateVirtualGateway.clientToken", "makes the call idempotent, is no property"),
    ("UpdateVirtualGateway.spec", "its members are fields"),
    ("UpdateVirtualGateway.meshOwner", "meshes of other accounts are not used"),
    ("CreateVirtualGateway.meshName", "is the field `mesh`"),
    ("UpdateVirtualGateway.meshName", "is the field `mesh`"),
];

object! {
    VirtualGateway of VirtualGatewaySpec, VirtualGatewayOutputs: "virtualGateway", "VirtualGateway", list_virtual_gateways virtual_gateways create_virtual_gateway describe_virtual_gateway update_virtual_gateway delete_virtual_gateway, virtual_gateway, virtual_gateway_name,

    after ["appmesh/mesh"],
    rules [Rule::Immutable("mesh")],
    named by_address,
}

impl VirtualGateway {
    fn of(spec: VirtualGatewaySpec, mesh: &str, _name: &str, tags: Tags) -> Self {
        Self { mesh: Input::Known(mesh.into()), spec, tags }
    }
}

mirror! {
    /// A port of a virtual gateway.
    GatewayListener for [plain VirtualGatewayListener] {
        /// The port.
        must port_mapping / set_port_mapping: PortMapping,
        /// How it is seen whether it works.
        opt health_check / set_health_check: HealthCheck,
        /// How much it takes at once.
        opt connection_pool / set_connection_pool: GatewayConnectionPool,
        /// How calls are encrypted.
        opt tls / set_tls: ListenerTls,
    }

    /// What a virtual gateway is.
    VirtualGatewaySpec for [built VirtualGatewaySpec] {
        /// Its ports.
        full listeners / set_listeners: GatewayListener,
        /// How it calls.
        opt backend_defaults / set_backend_defaults: BackendDefaults,
        /// What it logs.
        opt logging / set_logging: Logging,
    }
}
