//! A gateway route: which calls that come in through a virtual gateway go where.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::common::{HeaderMatch, PathMatch, QueryMatch};
use super::mesh::MeshName;
use super::mirror::{Mirror, mirror};
use super::object::object;
use super::virtual_gateway::VirtualGatewayName;
use super::virtual_service::VirtualServiceName;
use crate::aws::Cx;
use crate::engine::{
    Change, Failure, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A gateway route: which calls that come in through a virtual gateway go where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatewayRoute {
    /// The mesh that it lies in.
    pub mesh: Input<MeshName>,
    /// The virtual gateway whose calls it sends on.
    pub gateway: Input<VirtualGatewayName>,
    /// What it is.
    #[serde(flatten)]
    pub spec: GatewayRouteSpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for GatewayRoute {
    const KIND: &'static str = "appmesh/gateway-route";
}

crate::ids! {
    /// Its name.
    GatewayRouteName,
    /// Its ARN.
    GatewayRouteArn,
}

crate::outputs!(GatewayRoute => GatewayRouteOutputs {
    /// Its name.
    id: GatewayRouteName,
    /// Its ARN.
    arn: GatewayRouteArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateGatewayRoute.gatewayRouteName", "the physical name follows from the address"),
    ("CreateGatewayRoute.clientToken", "makes the call idempotent, is no property"),
    ("CreateGatewayRoute.spec", "its members are fields"),
    ("CreateGatewayRoute.meshOwner", "meshes of other accounts are not used"),
    ("UpdateGatewayRoute.gatewayRouteName", "says which"),
    ("UpdateGatewayRoute.clientToken", "makes the call idempotent, is no property"),
    ("UpdateGatewayRoute.spec", "its members are fields"),
    ("UpdateGatewayRoute.meshOwner", "meshes of other accounts are not used"),
    ("CreateGatewayRoute.meshName", "is the field `mesh`"),
    ("UpdateGatewayRoute.meshName", "is the field `mesh`"),
    ("CreateGatewayRoute.virtualGatewayName", "is the field `gateway`"),
    ("UpdateGatewayRoute.virtualGatewayName", "is the field `gateway`"),
];

object! {
    GatewayRoute of GatewayRouteSpec, GatewayRouteOutputs: "gatewayRoute", "GatewayRoute", list_gateway_routes gateway_routes create_gateway_route describe_gateway_route update_gateway_route delete_gateway_route, gateway_route, gateway_route_name,
    in virtual_gateway_name gateway "appmesh/virtual-gateway" "virtualGateway",
    after ["appmesh/mesh", "appmesh/virtual-gateway"],
    rules [Rule::Immutable("mesh"), Rule::Immutable("gateway")],
    named by_address,
}

impl GatewayRoute {
    fn of(spec: GatewayRouteSpec, mesh: &str, gateway: &str, _name: &str, tags: Tags) -> Self {
        Self { mesh: Input::Known(mesh.into()), gateway: Input::Known(gateway.into()), spec, tags }
    }
}

mirror! {
    /// Which host names.
    HostnameMatch for [plain GatewayRouteHostnameMatch] {
        /// This one.
        opt exact / set_exact: String,
        /// Those that end so.
        opt suffix / set_suffix: String,
    }

    /// Which calls of http and http2.
    GatewayHttpMatch for [plain HttpGatewayRouteMatch] {
        /// How the path begins.
        opt prefix / set_prefix: String,
        /// Which path.
        opt path / set_path: PathMatch,
        /// Which query parameters.
        list query_parameters / set_query_parameters: QueryMatch,
        /// Which method.
        opt method / set_method: String,
        /// Which headers.
        list headers / set_headers: HeaderMatch,
        /// Which port.
        opt port / set_port: i32,
        /// Which host names.
        opt hostname / set_hostname: HostnameMatch,
    }

    /// Which calls of grpc.
    GatewayGrpcMatch for [plain GrpcGatewayRouteMatch] {
        /// Which service.
        opt service_name / set_service_name: String,
        /// Which host names.
        opt hostname / set_hostname: HostnameMatch,
        /// Which metadata.
        list metadata / set_metadata: HeaderMatch,
        /// Which port.
        opt port / set_port: i32,
    }

    /// Whether the host name becomes the called service's.
    HostnameRewrite for [plain GatewayRouteHostnameRewrite] {
        /// `ENABLED` or `DISABLED`.
        opt default_target_hostname / set_default_target_hostname: String,
    }

    /// What becomes of the path's beginning.
    PrefixRewrite for [plain HttpGatewayRoutePrefixRewrite] {
        /// `DISABLED` leaves it, `ENABLED` makes it `/`.
        opt default_prefix / set_default_prefix: String,
        /// What stands in its place.
        opt value / set_value: String,
    }

    /// What becomes of the whole path.
    PathRewrite for [plain HttpGatewayRoutePathRewrite] {
        /// What stands in its place.
        opt exact / set_exact: String,
    }

    /// What is changed of calls of http and http2.
    HttpRewrite for [plain HttpGatewayRouteRewrite] {
        /// The path's beginning.
        opt prefix / set_prefix: PrefixRewrite,
        /// The whole path.
        opt path / set_path: PathRewrite,
        /// The host name.
        opt hostname / set_hostname: HostnameRewrite,
    }

    /// What is changed of calls of grpc.
    GrpcRewrite for [plain GrpcGatewayRouteRewrite] {
        /// The host name.
        opt hostname / set_hostname: HostnameRewrite,
    }

    /// A virtual service.
    TargetService for [built GatewayRouteVirtualService] {
        /// Its name.
        req virtual_service_name / set_virtual_service_name: Input<VirtualServiceName>,
    }

    /// Where calls go.
    GatewayTarget for [plain GatewayRouteTarget] {
        /// The virtual service.
        must virtual_service / set_virtual_service: TargetService,
        /// Its port, where it has several.
        opt port / set_port: i32,
    }

    /// Where calls of http and http2 go.
    GatewayHttpAction for [plain HttpGatewayRouteAction] {
        /// Where.
        must target / set_target: GatewayTarget,
        /// What is changed on the way.
        opt rewrite / set_rewrite: HttpRewrite,
    }

    /// Where calls of grpc go.
    GatewayGrpcAction for [plain GrpcGatewayRouteAction] {
        /// Where.
        must target / set_target: GatewayTarget,
        /// What is changed on the way.
        opt rewrite / set_rewrite: GrpcRewrite,
    }

    /// A gateway route of http or http2.
    GatewayHttpRoute for [plain HttpGatewayRoute] {
        /// Which calls.
        must r#match / set_match: GatewayHttpMatch,
        /// Where they go.
        must action / set_action: GatewayHttpAction,
    }

    /// A gateway route of grpc.
    GatewayGrpcRoute for [plain GrpcGatewayRoute] {
        /// Which calls.
        must r#match / set_match: GatewayGrpcMatch,
        /// Where they go.
        must action / set_action: GatewayGrpcAction,
    }

    /// What a gateway route is: one of the three.
    GatewayRouteSpec for [plain GatewayRouteSpec] {
        /// Which goes first, the smallest.
        opt priority / set_priority: i32,
        /// Of http.
        opt http_route / set_http_route: GatewayHttpRoute,
        /// Of http2.
        opt http2_route / set_http2_route: GatewayHttpRoute,
        /// Of grpc.
        opt grpc_route / set_grpc_route: GatewayGrpcRoute,
    }
}
