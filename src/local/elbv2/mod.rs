//! `elasticloadbalancing` (version 2): application and network load balancers with their target
//! groups, listeners, rules, attributes and tags. Gateway load balancers, lambda targets and trust stores are
//! not here: they are refused by name.
//!
//! Other services register targets through [`targets`], and ECS moves traffic through [`weights`].

mod action;
mod attribute_keys;
mod attributes;
mod authenticate;
mod certificate;
mod condition;
mod errors;
mod health_check;
mod limits;
mod listener;
mod load_balancer;
mod names;
mod network;
mod protocol;
mod rule;
mod rule_priority;
mod tags;
mod target;
mod target_group;
pub mod targets;
pub mod weights;
mod zones;

pub(super) use zones::hosted_zones;

use serde_json::Value;

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Load balancers by name.
const LOAD_BALANCERS: Table = Table::regional("elbv2/load-balancer");
/// Target groups by name.
const TARGET_GROUPS: Table = Table::regional("elbv2/target-group");
/// Listeners by ARN, which holds that of the load balancer.
const LISTENERS: Table = Table::regional("elbv2/listener");
/// Rules by ARN, which holds that of the listener; the default rule is one of them.
const RULES: Table = Table::regional("elbv2/rule");

pub(super) static SERVICE: Service = Service {
    name: "elasticloadbalancing",
    protocol: Protocol::Query,
    target: "2015-12-01",
    namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
    invalid: "ValidationError",
    invalid_token: "ValidationError",
    throttle: ("Throttling", 400),
    timer: Some(timer),
    operations: &[
        service::write("CreateLoadBalancer", load_balancer::create),
        service::read("DescribeLoadBalancers", load_balancer::describe),
        service::write("DeleteLoadBalancer", load_balancer::delete),
        service::write("SetSubnets", network::set_subnets),
        service::write("SetSecurityGroups", network::set_security_groups),
        service::write("SetIpAddressType", network::set_ip_address_type),
        service::read("DescribeLoadBalancerAttributes", attributes::describe_load_balancer),
        service::write("ModifyLoadBalancerAttributes", attributes::modify_load_balancer),
        service::write("CreateTargetGroup", target_group::create),
        service::read("DescribeTargetGroups", target_group::describe),
        service::write("ModifyTargetGroup", target_group::modify),
        service::write("DeleteTargetGroup", target_group::delete),
        service::read("DescribeTargetGroupAttributes", attributes::describe_target_group),
        service::write("ModifyTargetGroupAttributes", attributes::modify_target_group),
        service::write("RegisterTargets", target::register),
        service::write("DeregisterTargets", target::deregister),
        service::read("DescribeTargetHealth", target::describe_health),
        service::write("CreateListener", listener::create),
        service::read("DescribeListeners", listener::describe),
        service::write("ModifyListener", listener::modify),
        service::write("DeleteListener", listener::delete),
        service::read("DescribeListenerAttributes", attributes::describe_listener),
        service::write("ModifyListenerAttributes", attributes::modify_listener),
        service::write("AddListenerCertificates", certificate::add),
        service::write("RemoveListenerCertificates", certificate::remove),
        service::read("DescribeListenerCertificates", certificate::describe),
        service::write("CreateRule", rule::create),
        service::read("DescribeRules", rule::describe),
        service::write("ModifyRule", rule::modify),
        service::write("DeleteRule", rule::delete),
        service::write("SetRulePriorities", rule_priority::set),
        service::write("AddTags", tags::add),
        service::write("RemoveTags", tags::remove),
        service::read("DescribeTags", tags::describe),
        service::read("DescribeSSLPolicies", limits::describe_ssl_policies),
        service::read("DescribeAccountLimits", limits::describe_account_limits),
    ],
};

/// The interfaces of a deleted load balancer go a while after it, and so does a drained target.
fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    for interface in payload.texts("interfaces") {
        super::ec2::network::delete_interface(call, interface);
    }
    let target = payload.text("target");
    let drained = call
        .get(targets::TARGETS, target)
        .is_some_and(|it| it.has("drained") && it.time("drained") <= call.now);
    if drained {
        call.delete(targets::TARGETS, target);
    }
    Ok(())
}
