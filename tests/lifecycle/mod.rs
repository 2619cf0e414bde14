//! Every kind of the registry through its whole life on local AWS, and its document against AWS's own shapes.
//!
//! `example` is what a kind says for the tests: a document and changes of it; the examples stand in
//! `network`, `containers`, `kubernetes`, `capacity`, `names`, `load_balancing`, `lattice`, `mesh`, `messaging`, `schedules`, `storage` and `stores`. `life` drives
//! them, `coverage` catches what no example covers, `adopt` takes tags away and over, `shapes` compares with the service models
//! of boto3, `upgrade` moves clusters of EKS up, `saved` changes every field under a saved plan, `moto` drives the examples
//! on somebody else's emulator.

mod account;
mod adopt;
mod alarms;
mod capacity;
mod containers;
mod coverage;
mod domains;
mod example;
mod kubernetes;
mod lattice;
mod life;
mod load_balancing;
mod mended;
mod mesh;
mod messaging;
mod moto;
mod names;
mod network;
mod renames;
mod saved;
mod schedules;
mod service;
mod shapes;
mod storage;
mod stores;
mod upgrade;

use example::Example;

/// Whether a kind is one of AWS's APIs. Objects of Kubernetes live on a real API server, in `tests/kubernetes`, which sees to it that
/// each of their kinds does.
pub(crate) fn is_aws(kind: &str) -> bool {
    !kind.starts_with("kubernetes/")
}

macro_rules! lives {
    ($($name:ident => $example:expr),+ $(,)?) => {
        /// Every example, by its name; a kind may have several.
        const EXAMPLES: &[(&str, fn() -> Example)] = &[$((stringify!($name), $example)),+];

        $(#[tokio::test]
        async fn $name() {
            let text = life::live($example()).await;
            insta::assert_snapshot!(stringify!($name), text);
        })+
    };
}

lives! {
    vpc => network::vpc,
    subnet => network::subnet,
    internet_gateway => network::internet_gateway,
    route_table => network::route_table,
    elastic_ip => network::elastic_ip,
    nat_gateway => network::nat_gateway,
    regional_nat_gateway => network::regional_nat_gateway,
    egress_only_internet_gateway => network::egress_only_internet_gateway,
    vpc_endpoint => network::vpc_endpoint,
    gateway_endpoint => network::gateway_endpoint,
    flow_log => network::flow_log,
    security_group => network::security_group,
    security_group_rule => network::security_group_rule,
    repository => stores::repository,
    image => stores::image,
    log_group => stores::log_group,
    role => stores::role,
    instance_profile => capacity::instance_profile,
    launch_template => capacity::launch_template,
    auto_scaling_group => capacity::group,
    capacity_provider => capacity::capacity_provider,
    managed_instances => capacity::managed_instances,
    cluster => containers::cluster,
    task_definition => containers::task_definition,
    task_definition_on_instances => containers::task_definition_on_instances,
    service => service::service,
    service_on_providers => service::service_on_providers,
    service_that_shifts => service::service_that_shifts,
    service_with_volume => storage::service_with_volume,
    file_system => storage::file_system,
    access_point => storage::access_point,
    kubernetes_cluster => kubernetes::cluster,
    access_entry => kubernetes::access_entry,
    pod_identity_association => kubernetes::pod_identity_association,
    node_group => kubernetes::node_group,
    addon => kubernetes::addon,
    fargate_profile => kubernetes::fargate_profile,
    capability_argo_cd => kubernetes::argo_cd,
    capability_ack => kubernetes::ack,
    oidc_provider => kubernetes::oidc_provider,
    scaling_target => service::scaling_target,
    namespace => names::namespace,
    http_namespace => names::http_namespace,
    public_namespace => names::public_namespace,
    discovery_service => names::discovery_service,
    checked_service => names::checked_service,
    discovery_instance => names::instance,
    bucket => stores::bucket,
    load_balancer => load_balancing::load_balancer,
    target_group => load_balancing::target_group,
    listener => load_balancing::listener,
    listener_rule => load_balancing::listener_rule,
    certificate => domains::certificate,
    hosted_zone => domains::hosted_zone,
    record => domains::record,
    listener_certificate => domains::listener_certificate,
    network_balancer => domains::network_balancer,
    network_target_group => domains::network_target_group,
    tls_listener => domains::tls_listener,
    alarm => alarms::alarm,
    math_alarm => alarms::math_alarm,
    topic => messaging::topic,
    fifo_topic => messaging::fifo_topic,
    queue => messaging::queue,
    fifo_queue => messaging::fifo_queue,
    schedule => schedules::schedule,
    mesh_of_proxies => mesh::mesh,
    virtual_node => mesh::virtual_node,
    virtual_service => mesh::virtual_service,
    virtual_router => mesh::virtual_router,
    mesh_route => mesh::route,
    virtual_gateway => mesh::virtual_gateway,
    gateway_route => mesh::gateway_route,
    service_network => lattice::service_network,
    lattice_service => lattice::lattice_service,
    service_in_network => lattice::service_in_network,
    vpc_in_network => lattice::vpc_in_network,
    lattice_target_group => lattice::lattice_target_group,
    lattice_listener => lattice::lattice_listener,
    lattice_rule => lattice::lattice_rule,
    access_log_subscription => lattice::access_log_subscription,
    service_in_lattice => lattice::service_in_lattice,
}
