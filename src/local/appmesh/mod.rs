//! `appmesh`: meshes and what is in them. What AWS checks of a spec stands in [`rules`], what it may hold in [`shapes`].
//!
//! The seven kinds of objects differ in their names and specs only: [`kind`] has a table of them, [`object`] the five
//! operations that each has. Sharing a mesh with other accounts is not modelled.

mod kind;
mod object;
mod rules;
mod shapes;
mod tags;

use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;
use kind::{
    GATEWAY_ROUTE, MESH, ROUTE, VIRTUAL_GATEWAY, VIRTUAL_NODE, VIRTUAL_ROUTER, VIRTUAL_SERVICE,
};
use object::{create, delete, describe, list, update};

/// Objects by what follows `mesh/` in their ARN: `names`, `spec`, `uid`, `version`, `created`, `updated`, `token`.
const OBJECTS: Table = Table::regional("appmesh/object");

pub(super) static SERVICE: Service = Service {
    name: "appmesh",
    protocol: Protocol::RestJson,
    target: "",
    namespace: "",
    invalid: "BadRequestException",
    invalid_token: "BadRequestException",
    throttle: ("TooManyRequestsException", 429),
    timer: None,
    operations: &[
        write("CreateMesh", create::<MESH>).at("PUT /v20190125/meshes"),
        read("DescribeMesh", describe::<MESH>).at("GET /v20190125/meshes/{meshName}"),
        write("UpdateMesh", update::<MESH>).at("PUT /v20190125/meshes/{meshName}"),
        write("DeleteMesh", delete::<MESH>).at("DELETE /v20190125/meshes/{meshName}"),
        read("ListMeshes", list::<MESH>).at("GET /v20190125/meshes"),
        write("CreateVirtualNode", create::<VIRTUAL_NODE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualNodes"),
        read("DescribeVirtualNode", describe::<VIRTUAL_NODE>)
            .at("GET /v20190125/meshes/{meshName}/virtualNodes/{virtualNodeName}"),
        write("UpdateVirtualNode", update::<VIRTUAL_NODE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualNodes/{virtualNodeName}"),
        write("DeleteVirtualNode", delete::<VIRTUAL_NODE>)
            .at("DELETE /v20190125/meshes/{meshName}/virtualNodes/{virtualNodeName}"),
        read("ListVirtualNodes", list::<VIRTUAL_NODE>)
            .at("GET /v20190125/meshes/{meshName}/virtualNodes"),
        write("CreateVirtualService", create::<VIRTUAL_SERVICE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualServices"),
        read("DescribeVirtualService", describe::<VIRTUAL_SERVICE>)
            .at("GET /v20190125/meshes/{meshName}/virtualServices/{virtualServiceName}"),
        write("UpdateVirtualService", update::<VIRTUAL_SERVICE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualServices/{virtualServiceName}"),
        write("DeleteVirtualService", delete::<VIRTUAL_SERVICE>)
            .at("DELETE /v20190125/meshes/{meshName}/virtualServices/{virtualServiceName}"),
        read("ListVirtualServices", list::<VIRTUAL_SERVICE>)
            .at("GET /v20190125/meshes/{meshName}/virtualServices"),
        write("CreateVirtualRouter", create::<VIRTUAL_ROUTER>)
            .at("PUT /v20190125/meshes/{meshName}/virtualRouters"),
        read("DescribeVirtualRouter", describe::<VIRTUAL_ROUTER>)
            .at("GET /v20190125/meshes/{meshName}/virtualRouters/{virtualRouterName}"),
        write("UpdateVirtualRouter", update::<VIRTUAL_ROUTER>)
            .at("PUT /v20190125/meshes/{meshName}/virtualRouters/{virtualRouterName}"),
        write("DeleteVirtualRouter", delete::<VIRTUAL_ROUTER>)
            .at("DELETE /v20190125/meshes/{meshName}/virtualRouters/{virtualRouterName}"),
        read("ListVirtualRouters", list::<VIRTUAL_ROUTER>)
            .at("GET /v20190125/meshes/{meshName}/virtualRouters"),
        write("CreateRoute", create::<ROUTE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualRouter/{virtualRouterName}/routes"),
        read("DescribeRoute", describe::<ROUTE>)
            .at("GET /v20190125/meshes/{meshName}/virtualRouter/{virtualRouterName}/routes/{routeName}"),
        write("UpdateRoute", update::<ROUTE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualRouter/{virtualRouterName}/routes/{routeName}"),
        write("DeleteRoute", delete::<ROUTE>)
            .at("DELETE /v20190125/meshes/{meshName}/virtualRouter/{virtualRouterName}/routes/{routeName}"),
        read("ListRoutes", list::<ROUTE>)
            .at("GET /v20190125/meshes/{meshName}/virtualRouter/{virtualRouterName}/routes"),
        write("CreateVirtualGateway", create::<VIRTUAL_GATEWAY>)
            .at("PUT /v20190125/meshes/{meshName}/virtualGateways"),
        read("DescribeVirtualGateway", describe::<VIRTUAL_GATEWAY>)
            .at("GET /v20190125/meshes/{meshName}/virtualGateways/{virtualGatewayName}"),
        write("UpdateVirtualGateway", update::<VIRTUAL_GATEWAY>)
            .at("PUT /v20190125/meshes/{meshName}/virtualGateways/{virtualGatewayName}"),
        write("DeleteVirtualGateway", delete::<VIRTUAL_GATEWAY>)
            .at("DELETE /v20190125/meshes/{meshName}/virtualGateways/{virtualGatewayName}"),
        read("ListVirtualGateways", list::<VIRTUAL_GATEWAY>)
            .at("GET /v20190125/meshes/{meshName}/virtualGateways"),
        write("CreateGatewayRoute", create::<GATEWAY_ROUTE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualGateway/{virtualGatewayName}/gatewayRoutes"),
        read("DescribeGatewayRoute", describe::<GATEWAY_ROUTE>)
            .at("GET /v20190125/meshes/{meshName}/virtualGateway/{virtualGatewayName}/gatewayRoutes/{gatewayRouteName}"),
        write("UpdateGatewayRoute", update::<GATEWAY_ROUTE>)
            .at("PUT /v20190125/meshes/{meshName}/virtualGateway/{virtualGatewayName}/gatewayRoutes/{gatewayRouteName}"),
        write("DeleteGatewayRoute", delete::<GATEWAY_ROUTE>)
            .at("DELETE /v20190125/meshes/{meshName}/virtualGateway/{virtualGatewayName}/gatewayRoutes/{gatewayRouteName}"),
        read("ListGatewayRoutes", list::<GATEWAY_ROUTE>)
            .at("GET /v20190125/meshes/{meshName}/virtualGateway/{virtualGatewayName}/gatewayRoutes"),
        write("TagResource", tags::tag).at("PUT /v20190125/tag"),
        write("UntagResource", tags::untag).at("PUT /v20190125/untag"),
        read("ListTagsForResource", tags::list).at("GET /v20190125/tags"),
    ],
};

fn missing(what: &str) -> AwsError {
    AwsError::new("NotFoundException", format!("{what} was not found.")).status(404)
}

fn bad(message: impl Into<String>) -> AwsError {
    AwsError::new("BadRequestException", message)
}

fn in_use(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceInUseException", message).status(409)
}
