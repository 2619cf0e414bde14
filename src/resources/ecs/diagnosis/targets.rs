//! How a service's targets fare, and what their health check asks.

use aws_sdk_ecs::types::Service;
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};

use super::cause::{Evidence, Source};
use super::words::Words;
use crate::aws::{Cx, classify};
use crate::engine::{Fact, Failure};

/// So many target groups are asked about.
const MOST: usize = 3;

/// Targets that are not healthy, each reason once: `DescribeTargetGroups`, and `DescribeTargetHealth` for each group.
pub(crate) async fn unhealthy(
    cx: &Cx,
    service: &Service,
    words: &mut Words,
) -> Result<(Vec<Fact>, Vec<Evidence>), Failure> {
    let balancers = service.load_balancers().iter();
    let arns: Vec<String> =
        balancers.filter_map(|one| one.target_group_arn()).take(MOST).map(str::to_owned).collect();
    let (mut facts, mut evidence): (Vec<Fact>, Vec<Evidence>) = (Vec::new(), Vec::new());
    if arns.is_empty() {
        return Ok((facts, evidence));
    }
    let call = cx.elbv2.describe_target_groups().set_target_group_arns(Some(arns.clone()));
    let groups = call.send().await;
    let groups = groups.map_err(|error| classify("elbv2 DescribeTargetGroups", error))?;
    for group in groups.target_groups() {
        words.know(
            "path",
            group.health_check_path().map(|path| format!("`{path}`")).unwrap_or_default(),
        );
        let success = group.matcher().and_then(|one| one.http_code().or(one.grpc_code()));
        words.know(
            "success",
            success.map(|codes| format!(", and {codes} is wanted")).unwrap_or_default(),
        );
    }
    let port = service.load_balancers().iter().find_map(|one| one.container_port());
    words.know("port", port.map(|port| format!(" on port {port}")).unwrap_or_default());
    for arn in &arns {
        let answer = cx.elbv2.describe_target_health().target_group_arn(arn).send().await;
        let answer = answer.map_err(|error| classify("elbv2 DescribeTargetHealth", error))?;
        for one in answer.target_health_descriptions() {
            let Some(text) = said(one) else { continue };
            evidence.push(Evidence { source: Source::Target, text: text.clone() });
            match facts.iter_mut().find(|fact: &&mut Fact| fact.text == text) {
                Some(fact) => fact.times += 1,
                None => facts.push(Fact::new("target", text)),
            }
        }
    }
    Ok((facts, evidence))
}

/// `port 80 unhealthy: Health checks failed with these codes: [404] (Target.ResponseCodeMismatch)`.
fn said(one: &TargetHealthDescription) -> Option<String> {
    let health = one.target_health()?;
    let state = health.state()?;
    let telling = [
        TargetHealthStateEnum::Unhealthy,
        TargetHealthStateEnum::Unavailable,
        TargetHealthStateEnum::Unused,
    ];
    if !telling.contains(state) {
        return None;
    }
    let port = one.target().and_then(|target| target.port()).unwrap_or_default();
    let mut text = format!("port {port} {}", state.as_str());
    if let Some(description) = health.description() {
        text.push_str(&format!(": {description}"));
    }
    if let Some(reason) = health.reason() {
        text.push_str(&format!(" ({})", reason.as_str()));
    }
    Some(text)
}
