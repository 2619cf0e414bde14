//! A virtual service: a name that proxies know, and who answers for it.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::mesh::MeshName;
use super::mirror::{Mirror, mirror, union};
use super::object::object;
use super::virtual_node::VirtualNodeName;
use super::virtual_router::VirtualRouterName;
use crate::aws::Cx;
use crate::engine::{
    Change, Failure, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A virtual service: a name that proxies know, and who answers for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VirtualService {
    /// The mesh that it lies in.
    pub mesh: Input<MeshName>,
    /// The DNS name that callers use; it must resolve to something, but never mind what.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub spec: VirtualServiceSpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for VirtualService {
    const KIND: &'static str = "appmesh/virtual-service";
}

crate::ids! {
    /// Its name.
    VirtualServiceName,
    /// Its ARN.
    VirtualServiceArn,
}

crate::outputs!(VirtualService => VirtualServiceOutputs {
    /// Its name.
    id: VirtualServiceName,
    /// Its ARN.
    arn: VirtualServiceArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateVirtualService.clientToken", "makes the call idempotent, is no property"),
    ("CreateVirtualService.spec", "its members are fields"),
    ("CreateVirtualService.meshOwner", "meshes of other accounts are not used"),
    ("UpdateVirtualService.clientToken", "makes the call idempotent, is no property"),
    ("UpdateVirtualService.spec", "its members are fields"),
    ("UpdateVirtualService.meshOwner", "meshes of other accounts are not used"),
    ("CreateVirtualService.meshName", "is the field `mesh`"),
    ("UpdateVirtualService.meshName", "is the field `mesh`"),
    ("CreateVirtualService.virtualServiceName", "is the field `name`"),
    ("UpdateVirtualService.virtualServiceName", "says which"),
];

object! {
    VirtualService of VirtualServiceSpec, VirtualServiceOutputs: "virtualService", "VirtualService", list_virtual_services virtual_services create_virtual_service describe_virtual_service update_virtual_service delete_virtual_service, virtual_service, virtual_service_name,

    after ["appmesh/mesh"],
    rules [Rule::Immutable("mesh"), Rule::Immutable("name")],
    named by_field,
}

impl VirtualService {
    fn of(spec: VirtualServiceSpec, mesh: &str, name: &str, tags: Tags) -> Self {
        Self { mesh: Input::Known(mesh.into()), name: name.to_owned(), spec, tags }
    }
}

mirror! {
    /// A virtual node.
    NodeProvider for [built VirtualNodeServiceProvider] {
        /// Its name.
        req virtual_node_name / set_virtual_node_name: Input<VirtualNodeName>,
    }

    /// A virtual router.
    RouterProvider for [built VirtualRouterServiceProvider] {
        /// Its name.
        req virtual_router_name / set_virtual_router_name: Input<VirtualRouterName>,
    }

    /// What a virtual service is.
    VirtualServiceSpec for [plain VirtualServiceSpec] {
        /// Who answers.
        opt provider / set_provider: Provider,
    }
}

union! {
    /// Who answers.
    Provider for [VirtualServiceProvider] {
        /// The tasks of one service.
        VirtualNode(NodeProvider),
        /// Those that a router's routes choose.
        VirtualRouter(RouterProvider),
    }
}
