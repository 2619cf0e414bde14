//! AWS App Mesh, which AWS ended on 2026-09-30: the seven kinds of its API, against the API as the SDK has it.
//! What is put into task definitions (Envoy, the proxy's settings) is not here.

pub mod common;
pub mod gateway_route;
pub mod mesh;
mod mirror;
mod object;
pub mod route;
pub mod tls;
pub mod virtual_gateway;
pub mod virtual_node;
pub mod virtual_router;
pub mod virtual_service;

pub use gateway_route::{GatewayRoute, GatewayRouteSpec};
pub use mesh::{Mesh, MeshName, MeshSpec};
pub use route::{Route, RouteSpec};
pub use virtual_gateway::{VirtualGateway, VirtualGatewayName, VirtualGatewaySpec};
pub use virtual_node::{VirtualNode, VirtualNodeName, VirtualNodeSpec};
pub use virtual_router::{VirtualRouter, VirtualRouterName, VirtualRouterSpec};
pub use virtual_service::{VirtualService, VirtualServiceName, VirtualServiceSpec};
