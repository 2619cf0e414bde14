//! The seven kinds of objects in a table.

use super::shapes;
use crate::local::params::Shape;

/// Index of a kind in [`KINDS`].
pub(super) const MESH: usize = 0;
pub(super) const VIRTUAL_NODE: usize = 1;
pub(super) const VIRTUAL_SERVICE: usize = 2;
pub(super) const VIRTUAL_ROUTER: usize = 3;
pub(super) const ROUTE: usize = 4;
pub(super) const VIRTUAL_GATEWAY: usize = 5;
pub(super) const GATEWAY_ROUTE: usize = 6;

/// A kind of object.
pub(super) struct Kind {
    /// Its part of an ARN.
    pub(super) segment: &'static str,
    /// The member that has its name, after those of what it lies in.
    pub(super) name: &'static str,
    /// The member that a list of them is.
    pub(super) list: &'static str,
    /// What it lies in, besides the mesh: an index.
    pub(super) within: Option<usize>,
    /// What its spec may hold.
    pub(super) spec: &'static Shape,
    /// As messages call it.
    pub(super) word: &'static str,
    /// How many a mesh (an account, for meshes; a router or gateway, for routes) may have.
    pub(super) most: usize,
}

#[rustfmt::skip]
pub(super) static KINDS: [Kind; 7] = [
    Kind { segment: "mesh", name: "meshName", list: "meshes", within: None, spec: &shapes::MESH_SPEC, word: "Mesh", most: 15 },
    Kind { segment: "virtualNode", name: "virtualNodeName", list: "virtualNodes", within: None, spec: &shapes::VIRTUAL_NODE_SPEC, word: "VirtualNode", most: 200 },
    Kind { segment: "virtualService", name: "virtualServiceName", list: "virtualServices", within: None, spec: &shapes::VIRTUAL_SERVICE_SPEC, word: "VirtualService", most: 200 },
    Kind { segment: "virtualRouter", name: "virtualRouterName", list: "virtualRouters", within: None, spec: &shapes::VIRTUAL_ROUTER_SPEC, word: "VirtualRouter", most: 200 },
    Kind { segment: "route", name: "routeName", list: "routes", within: Some(VIRTUAL_ROUTER), spec: &shapes::ROUTE_SPEC, word: "Route", most: 50 },
    Kind { segment: "virtualGateway", name: "virtualGatewayName", list: "virtualGateways", within: None, spec: &shapes::VIRTUAL_GATEWAY_SPEC, word: "VirtualGateway", most: 3 },
    Kind { segment: "gatewayRoute", name: "gatewayRouteName", list: "gatewayRoutes", within: Some(VIRTUAL_GATEWAY), spec: &shapes::GATEWAY_ROUTE_SPEC, word: "GatewayRoute", most: 10 },
];
