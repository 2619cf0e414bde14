//! Application load balancers that exist.

use std::collections::BTreeSet;

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// A load balancer and what hangs on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balancer {
    /// `application`, `network` or `gateway`.
    pub kind: String,
    /// Its ARN.
    pub arn: String,
    /// Where clients reach it.
    pub dns_name: String,
    /// The zone of that name.
    pub hosted_zone: String,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Its listeners: port, protocol and ARN, by port.
    pub listeners: Vec<(i32, String, String)>,
    /// Priorities that rules of its listeners have.
    pub priorities: BTreeSet<u32>,
}

/// The load balancer of this name or ARN; `None` if there is none in the account and region.
///
/// # Errors
/// A call is refused.
pub async fn balancer(cx: &Cx, name: &str) -> Result<Option<Balancer>, Failure> {
    let call = cx.elbv2.describe_load_balancers();
    let call = match name.starts_with("arn:") {
        true => call.load_balancer_arns(name),
        false => call.names(name),
    };
    let sent = call.send().await;
    let answer = unless_gone(sent.map_err(|error| classify("elbv2 DescribeLoadBalancers", error)))?;
    let Some(one) = answer.as_ref().and_then(|answer| answer.load_balancers().first()) else {
        return Ok(None);
    };
    let arn = one.load_balancer_arn().unwrap_or_default().to_owned();
    let mut found = Balancer {
        kind: one.r#type().map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
        dns_name: one.dns_name().unwrap_or_default().to_owned(),
        hosted_zone: one.canonical_hosted_zone_id().unwrap_or_default().to_owned(),
        security_groups: one.security_groups().to_vec(),
        arn,
        ..Balancer::default()
    };
    let sent = cx.elbv2.describe_listeners().load_balancer_arn(&found.arn).send().await;
    let answer = sent.map_err(|error| classify("elbv2 DescribeListeners", error))?;
    for listener in answer.listeners() {
        let arn = listener.listener_arn().unwrap_or_default().to_owned();
        let protocol = listener.protocol().map(|it| it.as_str().to_owned()).unwrap_or_default();
        if found.kind == "application" {
            let sent = cx.elbv2.describe_rules().listener_arn(&arn).page_size(400).send().await;
            let answer = sent.map_err(|error| classify("elbv2 DescribeRules", error))?;
            let priorities =
                answer.rules().iter().filter_map(|rule| rule.priority()?.parse::<u32>().ok());
            found.priorities.extend(priorities);
        }
        found.listeners.push((listener.port().unwrap_or_default(), protocol, arn));
    }
    found.listeners.sort();
    Ok(Some(found))
}
