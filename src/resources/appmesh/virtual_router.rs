//! A virtual router: splits the calls to a virtual service by its routes.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::common::PortMapping;
use super::mesh::MeshName;
use super::mirror::{Mirror, mirror};
use super::object::object;
use crate::aws::Cx;
use crate::engine::{
    Change, Failure, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A virtual router: splits the calls to a virtual service by its routes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirtualRouter {
    /// The mesh that it lies in.
    pub mesh: Input<MeshName>,
    /// What it is.
    #[serde(flatten)]
    pub spec: VirtualRouterSpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for VirtualRouter {
    const KIND: &'static str = "appmesh/virtual-router";
}

crate::ids! {
    /// Its name.
    VirtualRouterName,
    /// Its ARN.
    VirtualRouterArn,
}

crate::outputs!(VirtualRouter => VirtualRouterOutputs {
    /// Its name.
    id: VirtualRouterName,
    /// Its ARN.
    arn: VirtualRouterArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateVirtualRouter.virtualRouterName", "the physical name follows from the address"),
    ("CreateVirtualRouter.clientToken", "makes the call idempotent, is no property"),
    ("CreateVirtualRouter.spec", "its members are fields"),
    ("CreateVirtualRouter.meshOwner", "meshes of other accounts are not used"),
    ("UpdateVirtualRouter.virtualRouterName", "says which"),
    ("UpdateVirtualRouter.clientToken", "makes the call idempotent, is no property"),
    ("UpdateVirtualRouter.spec", "its members are fields"),
    ("UpdateVirtualRouter.meshOwner", "meshes of other accounts are not used"),
    ("CreateVirtualRouter.meshName", "is the field `mesh`"),
    ("UpdateVirtualRouter.meshName", "is the field `mesh`"),
];

object! {
    VirtualRouter of VirtualRouterSpec, VirtualRouterOutputs: "virtualRouter", "VirtualRouter", list_virtual_routers virtual_routers create_virtual_router describe_virtual_router update_virtual_router delete_virtual_router, virtual_router, virtual_router_name,

    after ["appmesh/mesh"],
    rules [Rule::Immutable("mesh")],
    named as_router,
}

impl VirtualRouter {
    fn of(spec: VirtualRouterSpec, mesh: &str, _name: &str, tags: Tags) -> Self {
        Self { mesh: Input::Known(mesh.into()), spec, tags }
    }
}

mirror! {
    /// A port of a virtual router.
    RouterListener for [plain VirtualRouterListener] {
        /// The port.
        must port_mapping / set_port_mapping: PortMapping,
    }

    /// What a virtual router is.
    VirtualRouterSpec for [plain VirtualRouterSpec] {
        /// Its ports.
        list listeners / set_listeners: RouterListener,
    }
}
