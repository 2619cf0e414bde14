//! A route: which calls to a virtual router go where.

use aws_sdk_appmesh::types;
use serde::{Deserialize, Serialize};

use super::common::{HeaderMatch, PathMatch, QueryMatch, RequestTimeout, TcpTimeout, Time};
use super::mesh::MeshName;
use super::mirror::{Mirror, mirror};
use super::object::object;
use super::virtual_node::VirtualNodeName;
use super::virtual_router::VirtualRouterName;
use crate::aws::Cx;
use crate::engine::{
    Change, Failure, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A route: which calls to a virtual router go where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// The mesh that it lies in.
    pub mesh: Input<MeshName>,
    /// The virtual router whose calls it sends on.
    pub router: Input<VirtualRouterName>,
    /// What it is.
    #[serde(flatten)]
    pub spec: RouteSpec,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for Route {
    const KIND: &'static str = "appmesh/route";
}

crate::ids! {
    /// Its name.
    RouteName,
    /// Its ARN.
    RouteArn,
}

crate::outputs!(Route => RouteOutputs {
    /// Its name.
    id: RouteName,
    /// Its ARN.
    arn: RouteArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateRoute.routeName", "the physical name follows from the address"),
    ("CreateRoute.clientToken", "makes the call idempotent, is no property"),
    ("CreateRoute.spec", "its members are fields"),
    ("CreateRoute.meshOwner", "meshes of other accounts are not used"),
    ("UpdateRoute.routeName", "says which"),
    ("UpdateRoute.clientToken", "makes the call idempotent, is no property"),
    ("UpdateRoute.spec", "its members are fields"),
    ("UpdateRoute.meshOwner", "meshes of other accounts are not used"),
    ("CreateRoute.meshName", "is the field `mesh`"),
    ("UpdateRoute.meshName", "is the field `mesh`"),
    ("CreateRoute.virtualRouterName", "is the field `router`"),
    ("UpdateRoute.virtualRouterName", "is the field `router`"),
];

object! {
    Route of RouteSpec, RouteOutputs: "route", "Route", list_routes routes create_route describe_route update_route delete_route, route, route_name,
    in virtual_router_name router "appmesh/virtual-router" "virtualRouter",
    after ["appmesh/mesh", "appmesh/virtual-router"],
    rules [Rule::Immutable("mesh"), Rule::Immutable("router")],
    named by_address,
}

impl Route {
    fn of(spec: RouteSpec, mesh: &str, router: &str, _name: &str, tags: Tags) -> Self {
        Self { mesh: Input::Known(mesh.into()), router: Input::Known(router.into()), spec, tags }
    }
}

mirror! {
    /// A virtual node and its share.
    WeightedTarget for [built WeightedTarget] {
        /// The node.
        req virtual_node / set_virtual_node: Input<VirtualNodeName>,
        /// Its share, 0 to 100.
        req weight / set_weight: i32,
        /// Its port, where it has several.
        opt port / set_port: i32,
    }

    /// Where calls go.
    RouteAction for [built HttpRouteAction, built GrpcRouteAction, built TcpRouteAction] {
        /// Who gets which share.
        full weighted_targets / set_weighted_targets: WeightedTarget,
    }

    /// Which calls of http and http2.
    HttpRouteMatch for [plain HttpRouteMatch] {
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
        /// `http` or `https`.
        opt scheme / set_scheme: String,
    }

    /// Which calls of grpc.
    GrpcRouteMatch for [plain GrpcRouteMatch] {
        /// Which service.
        opt service_name / set_service_name: String,
        /// Which method.
        opt method_name / set_method_name: String,
        /// Which metadata.
        list metadata / set_metadata: HeaderMatch,
        /// Which port.
        opt port / set_port: i32,
    }

    /// Which connections of tcp.
    TcpRouteMatch for [plain TcpRouteMatch] {
        /// Which port.
        opt port / set_port: i32,
    }

    /// When calls of http and http2 are tried again.
    HttpRetryPolicy for [built HttpRetryPolicy] {
        /// How often.
        req max_retries / set_max_retries: i64,
        /// How long each try may take.
        must per_retry_timeout / set_per_retry_timeout: Time,
        /// After which failures.
        list http_retry_events / set_http_retry_events: String,
        /// After which failures.
        list tcp_retry_events / set_tcp_retry_events: String,
    }

    /// When calls of grpc are tried again.
    GrpcRetryPolicy for [built GrpcRetryPolicy] {
        /// How often.
        req max_retries / set_max_retries: i64,
        /// How long each try may take.
        must per_retry_timeout / set_per_retry_timeout: Time,
        /// After which failures.
        list http_retry_events / set_http_retry_events: String,
        /// After which failures.
        list tcp_retry_events / set_tcp_retry_events: String,
        /// After which failures.
        list grpc_retry_events / set_grpc_retry_events: String,
    }

    /// A route of http or http2.
    HttpRoute for [plain HttpRoute] {
        /// Which calls.
        must r#match / set_match: HttpRouteMatch,
        /// Where they go.
        must action / set_action: RouteAction,
        /// When they are tried again.
        opt retry_policy / set_retry_policy: HttpRetryPolicy,
        /// How long they may take.
        opt timeout / set_timeout: RequestTimeout,
    }

    /// A route of grpc.
    GrpcRoute for [plain GrpcRoute] {
        /// Which calls.
        must r#match / set_match: GrpcRouteMatch,
        /// Where they go.
        must action / set_action: RouteAction,
        /// When they are tried again.
        opt retry_policy / set_retry_policy: GrpcRetryPolicy,
        /// How long they may take.
        opt timeout / set_timeout: RequestTimeout,
    }

    /// A route of tcp.
    TcpRoute for [plain TcpRoute] {
        /// Which connections.
        opt r#match / set_match: TcpRouteMatch,
        /// Where they go.
        must action / set_action: RouteAction,
        /// How long they may be idle.
        opt timeout / set_timeout: TcpTimeout,
    }

    /// What a route is: one of the four.
    RouteSpec for [plain RouteSpec] {
        /// Which goes first, the smallest.
        opt priority / set_priority: i32,
        /// Of http.
        opt http_route / set_http_route: HttpRoute,
        /// Of http2.
        opt http2_route / set_http2_route: HttpRoute,
        /// Of grpc.
        opt grpc_route / set_grpc_route: GrpcRoute,
        /// Of tcp.
        opt tcp_route / set_tcp_route: TcpRoute,
    }
}
