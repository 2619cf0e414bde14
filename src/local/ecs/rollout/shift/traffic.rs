//! Which target group of a pair a revision's tasks join, and what share of the traffic each gets.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::invalid;
use crate::local::ecs::neighbours;
use crate::local::ecs::records::Service;
use crate::local::elbv2::weights;
use crate::local::error::AwsError;

/// The percentages that the new revision goes through.
pub(super) fn steps(configuration: &Value) -> Vec<f64> {
    let number = |part: &str, member: &str, default: f64| {
        configuration[part].get(member).and_then(Value::as_f64).unwrap_or(default)
    };
    match configuration.text("strategy") {
        "CANARY" => {
            let first = number("canaryConfiguration", "canaryPercent", 5.0);
            if first >= 100.0 { vec![100.0] } else { vec![first, 100.0] }
        }
        "LINEAR" => {
            let step = number("linearConfiguration", "stepPercent", 10.0).max(3.0);
            let mut steps = Vec::new();
            // Tenths of a percent, so that nothing is lost by adding up.
            let mut reached = (step * 10.0).round();
            while reached < 1000.0 {
                steps.push(reached / 10.0);
                reached += (step * 10.0).round();
            }
            steps.push(100.0);
            steps
        }
        _ => vec![100.0],
    }
}

/// Minutes between two steps.
pub(super) fn step_bake(configuration: &Value) -> i64 {
    let (part, member, default) = match configuration.text("strategy") {
        "CANARY" => ("canaryConfiguration", "canaryBakeTimeInMinutes", 10),
        _ => ("linearConfiguration", "stepBakeTimeInMinutes", 6),
    };
    configuration[part].get(member).and_then(Value::as_i64).unwrap_or(default)
}

/// `resolvedConfiguration` of a new revision: each pair's group that carries no traffic now.
pub(in crate::local::ecs::rollout) fn resolve(service: &Service, spec: &Value) -> Value {
    let live = service.last_completed.as_ref().map(|last| joined(&last.spec)).unwrap_or_default();
    let one = |balancer: &Value| {
        let advanced = &balancer["advancedConfiguration"];
        let (own, other) =
            (balancer.text("targetGroupArn"), advanced.text("alternateTargetGroupArn"));
        let taken = live.iter().any(|one| one.text("targetGroupArn") == own);
        json!({
            "targetGroupArn": if taken { other } else { own },
            "productionListenerRule": advanced["productionListenerRule"],
        })
    };
    let pairs = spec.list("loadBalancers").iter();
    let pairs = pairs.filter(|one| one.has("advancedConfiguration"));
    json!({"loadBalancers": pairs.map(one).collect::<Vec<_>>()})
}

/// `loadBalancers` of a revision with the target groups that its tasks are in.
pub(in crate::local::ecs::rollout) fn joined(spec: &Value) -> Vec<Value> {
    let mut balancers = spec.list("loadBalancers").to_vec();
    let resolved = spec["resolvedConfiguration"].list("loadBalancers");
    for (balancer, resolved) in balancers.iter_mut().zip(resolved) {
        balancer.set("targetGroupArn", resolved["targetGroupArn"].clone());
    }
    balancers
}

/// Does a network load balancer take part? Its weights come into force slowly.
pub(super) fn by_network(service: &Service) -> bool {
    let rule = |one: &Value| {
        one["advancedConfiguration"].text("productionListenerRule").contains(":listener/net/")
    };
    service.wire.list("loadBalancers").iter().any(rule)
}

/// The next step of the production traffic.
pub(super) fn step(call: &mut Call<'_>, service: &mut Service) {
    let Some(shift) = &mut service.shift else { return };
    let Some(percent) = shift.steps.get(shift.step).copied() else { return };
    shift.step += 1;
    shift.production = percent;
    set(call, service, "productionListenerRule", percent);
}

/// All test traffic goes to the new revision.
pub(super) fn test(call: &mut Call<'_>, service: &mut Service) {
    let by_header = service.wire.has("serviceConnectConfiguration");
    let by_rule = |one: &Value| one["advancedConfiguration"].has("testListenerRule");
    if !by_header && !service.wire.list("loadBalancers").iter().any(by_rule) {
        return;
    }
    if let Some(shift) = &mut service.shift {
        shift.test = 100.0;
    }
    set(call, service, "testListenerRule", 100.0);
}

/// All traffic goes to the revision that was completed last.
pub(super) fn back(call: &mut Call<'_>, service: &mut Service) {
    if let Some(shift) = &mut service.shift {
        (shift.production, shift.test, shift.step) = (0.0, 0.0, 0);
    }
    let Some(last) = service.last_completed.clone() else { return };
    let groups = joined(&last.spec);
    // Rules are those of whoever was shifting: the last revision may have known of none.
    for balancer in shifting(service) {
        let advanced = &balancer["advancedConfiguration"];
        let pair = [balancer.text("targetGroupArn"), advanced.text("alternateTargetGroupArn")];
        let in_pair = |one: &&Value| pair.contains(&one.text("targetGroupArn"));
        let Some(to) = groups.iter().find(in_pair).map(|one| one.text("targetGroupArn")) else {
            continue;
        };
        let from = if to == pair[0] { pair[1] } else { pair[0] };
        for member in ["productionListenerRule", "testListenerRule"] {
            weights::set(call, advanced.text(member), (to, from), 100.0);
        }
    }
}

/// The pairs of the newest revision that has some.
fn shifting(service: &Service) -> Vec<Value> {
    let of = |spec: &Value| -> Vec<Value> {
        let all = spec.list("loadBalancers").iter();
        all.filter(|one| one.has("advancedConfiguration")).cloned().collect()
    };
    let mut newest = service.deployments.iter().filter(|one| !one.rollback);
    newest.find_map(|one| Some(of(&one.spec)).filter(|pairs| !pairs.is_empty())).unwrap_or_default()
}

/// Writes the weights of the primary deployment's rules.
fn set(call: &mut Call<'_>, service: &Service, member: &str, percent: f64) {
    let Some(primary) = service.primary() else { return };
    for (written, joined) in primary.spec.list("loadBalancers").iter().zip(joined(&primary.spec)) {
        let advanced = &written["advancedConfiguration"];
        let pair = [written.text("targetGroupArn"), advanced.text("alternateTargetGroupArn")];
        let to = joined.text("targetGroupArn");
        let from = if to == pair[0] { pair[1] } else { pair[0] };
        weights::set(call, advanced.text(member), (to, from), percent);
    }
}

/// What is refused of one pair.
pub(super) fn check(call: &Call<'_>, balancer: &Value, strategy: &str) -> Result<(), AwsError> {
    let Some(advanced) = balancer.get("advancedConfiguration") else {
        return Err(invalid(format!(
            "advancedConfiguration is required for load balancers with the {strategy} deployment strategy."
        )));
    };
    for member in ["alternateTargetGroupArn", "productionListenerRule", "roleArn"] {
        if !advanced.has(member) {
            return Err(invalid(format!("{member} is required in advancedConfiguration.")));
        }
    }
    let (own, other) = (balancer.text("targetGroupArn"), advanced.text("alternateTargetGroupArn"));
    if own == other {
        return Err(invalid("alternateTargetGroupArn must be another target group."));
    }
    let Some(alternate) = neighbours::target_group(call, other) else {
        return Err(invalid("The specified alternate target group does not exist."));
    };
    let primary = neighbours::target_group(call, own);
    if primary
        .is_some_and(|one| (one.target_type, one.vpc) != (alternate.target_type, alternate.vpc))
    {
        return Err(invalid("Both target groups must have the same target type and VPC."));
    }
    let role = advanced.text("roleArn");
    if !neighbours::is_infrastructure_role(call, role) {
        return Err(invalid(format!("Unable to assume the service's infrastructure role {role}.")));
    }
    for member in ["productionListenerRule", "testListenerRule"] {
        if !advanced.has(member) {
            continue;
        }
        let arn = advanced.text(member);
        let Some(groups) = weights::forwards(call, arn) else {
            return Err(invalid(format!(
                "The {member} {arn} must be a rule of an Application Load Balancer, or a listener of a Network \
                 Load Balancer, that forwards."
            )));
        };
        if !groups.iter().any(|group| group == own || group == other) {
            return Err(invalid(format!(
                "The {member} {arn} must forward to one of the two target groups."
            )));
        }
    }
    if advanced.has("testListenerRule")
        && advanced["testListenerRule"] == advanced["productionListenerRule"]
    {
        return Err(invalid("testListenerRule and productionListenerRule must differ."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_has_its_steps() {
        let of = |configuration: Value| steps(&configuration);
        assert_eq!(of(json!({"strategy": "BLUE_GREEN"})), [100.0]);
        assert_eq!(of(json!({"strategy": "CANARY"})), [5.0, 100.0]);
        let canary = json!({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.1}});
        assert_eq!(of(canary), [0.1, 100.0]);
        let linear = |step: f64| {
            of(json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": step}}))
        };
        assert_eq!(linear(33.3), [33.3, 66.6, 99.9, 100.0]);
        assert_eq!(linear(50.0), [50.0, 100.0]);
        assert_eq!(linear(100.0), [100.0]);
    }
}
