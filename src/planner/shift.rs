//! Deployments that move traffic: a second target group beside each, the role in which ECS moves weights, and what ECS is told.

use serde_json::{Value, json};

use super::task::integer;
use super::{Context, owner};
use crate::engine::{Address, Class, Desired, Failure, Handle, Input, Observation, Spec};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Failures, Hook, OnTimeout, Rollout};
use crate::resources::ecs::service::deployment::{
    Canary, CircuitBreaker, Deployment, EarlySuccess, LifecycleHook, Linear,
};
use crate::resources::elbv2::{Listener, ListenerRule, TargetGroup, TargetGroupArn};
use crate::resources::iam::{Role, RoleArn};

/// What a pair is planned from.
pub(super) struct Around<'a> {
    pub(super) desired: &'a mut Desired,
    pub(super) context: &'a Context<'a>,
    pub(super) live: &'a Observation,
    pub(super) service: &'a ServiceManifest,
}

/// What stands beside a target group.
pub(super) struct Pair {
    /// The other target group.
    pub(super) alternate: Input<TargetGroupArn>,
    /// The role in which ECS moves weights.
    pub(super) role: Input<RoleArn>,
}

/// Plans the second target group of a rule or listener of this name; none where tasks are replaced one after another.
pub(super) fn pair(
    around: Around<'_>,
    name: &str,
    first: &TargetGroup,
    handle: &Handle<TargetGroup>,
) -> Result<Option<Pair>, Failure> {
    let Around { desired, context, live, service } = around;
    let other = format!("{name}/alternate");
    if !service.deployment.shifts() {
        still_there(live, service, name, &other, handle)?;
        return Ok(None);
    }
    let owner = owner(service);
    // The zones of its names are noted on the first group alone.
    let alternate = TargetGroup { zones: Default::default(), ..first.clone() };
    let alternate = desired.add(&owner, other, &alternate)?.arn();
    let role = Role {
        description: format!("Lets ECS move the traffic of {}", service.name),
        assume_policy: trusted(),
        managed_policies: vec![format!(
            "arn:{}:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers",
            context.partition
        )],
        tags: context.tags()?,
        ..Role::default()
    };
    let role_name = format!("{}/traffic", service.name);
    let address = Address::new(Role::KIND, role_name.as_str());
    let role = match desired.nodes.contains_key(&address) {
        true => Handle::<Role>::new(&role_name),
        false => desired.add(&owner, role_name, &role)?,
    };
    Ok(Some(Pair { alternate, role: role.arn() }))
}

fn trusted() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "ecs.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
}

/// Going back to rolling deployments: the group that stays must be the one that carries the traffic.
fn still_there(
    live: &Observation,
    service: &ServiceManifest,
    name: &str,
    other: &str,
    first: &Handle<TargetGroup>,
) -> Result<(), Failure> {
    let alternate = Address::new(TargetGroup::KIND, other);
    let alternate = live.at(&alternate).next().and_then(|one| one.outputs["arn"].as_str());
    let carries = |kind: &str, action: &str| {
        let address = Address::new(kind, name);
        let one = live.at(&address).next()?;
        one.spec[action]["carries"].as_str().map(str::to_owned)
    };
    let carries =
        carries(ListenerRule::KIND, "action").or_else(|| carries(Listener::KIND, "default_action"));
    match (alternate, carries) {
        (Some(alternate), Some(carries)) if alternate == carries => Err(Failure::new(
            Class::Invalid,
            format!(
                "service `{}` cannot go back to rolling deployments now: {other} carries its traffic, and {} would take \
                 its place without a task",
                service.name,
                first.address()
            ),
        )
        .with_hint("deploy it once more as it is deployed now, which moves the traffic back, then write `strategy: rolling`")),
        _ => Ok(()),
    }
}

/// How ECS is to deploy, without its alarms.
pub(super) fn deployment(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    plain: Deployment,
) -> Result<Deployment, Failure> {
    let wanted = &service.deployment;
    let breaker = wanted.circuit_breaker;
    let usual = CircuitBreaker::default();
    let (threshold_type, threshold) = match breaker.threshold {
        None => (usual.threshold_type, usual.threshold),
        Some(Failures::Tasks(count)) => ("COUNT".to_owned(), integer(count)),
        Some(Failures::Percent(share)) => ("UNBOUNDED_PERCENT".to_owned(), integer(share)),
    };
    let minutes = |time: Option<std::time::Duration>, usual: i32| {
        time.map_or(usual, |time| i32::try_from(time.as_secs() / 60).unwrap_or(i32::MAX))
    };
    let strategy = match wanted.strategy {
        Rollout::Rolling => "ROLLING",
        Rollout::BlueGreen => "BLUE_GREEN",
        Rollout::Linear => "LINEAR",
        Rollout::Canary => "CANARY",
    };
    let hooks: Vec<_> = wanted.hooks.all().collect();
    let functions: Vec<&str> = hooks
        .iter()
        .filter(|(.., hook)| hook.role.is_none())
        .filter_map(|(.., hook)| hook.lambda.as_deref())
        .collect();
    let role = hook_role(desired, context, service, &functions)?;
    let hook = |(_, stage, hook): &(&str, &str, &Hook)| LifecycleHook {
        hook: if hook.lambda.is_some() { "AWS_LAMBDA" } else { "PAUSE" }.to_owned(),
        target: hook.lambda.clone(),
        role: match (&hook.lambda, &hook.role) {
            (None, _) => None,
            (_, Some(arn)) => Some(Input::Known(arn.as_str().into())),
            (_, None) => role.clone(),
        },
        stages: vec![(*stage).to_owned()],
        timeout: Some(minutes(Some(hook.timeout), 0)),
        on_timeout: Some(match hook.on_timeout {
            OnTimeout::Rollback => "ROLLBACK".to_owned(),
            OnTimeout::Continue => "CONTINUE".to_owned(),
        }),
    };
    Ok(Deployment {
        strategy: strategy.to_owned(),
        circuit_breaker: CircuitBreaker {
            enable: breaker.enable,
            rollback: breaker.rollback,
            reset_on_healthy_task: breaker.reset_on_healthy_task,
            threshold_type,
            threshold,
        },
        bake_time: if wanted.shifts() { minutes(wanted.bake_time, 10) } else { 0 },
        linear: (wanted.strategy == Rollout::Linear).then(|| Linear {
            step_percent: wanted.percent.unwrap_or(10.0),
            step_bake_time: minutes(wanted.step_bake_time, 6),
        }),
        canary: (wanted.strategy == Rollout::Canary).then(|| Canary {
            percent: wanted.percent.unwrap_or(5.0),
            bake_time: minutes(wanted.step_bake_time, 10),
        }),
        lifecycle_hooks: hooks.iter().map(hook).collect(),
        early_success: wanted.early_success.as_ref().map(|early| EarlySuccess {
            healthy_percent: Some(early.healthy_percent.into()),
            cleanup: Some(if early.wait_for_cleanup { "BLOCKING" } else { "DEFERRED" }.to_owned()),
        }),
        ..plain
    })
}

/// The role in which ECS calls the functions that name none.
fn hook_role(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    functions: &[&str],
) -> Result<Option<Input<RoleArn>>, Failure> {
    if functions.is_empty() {
        return Ok(None);
    }
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": functions }],
    });
    let role = Role {
        description: format!("Lets ECS ask functions about deployments of {}", service.name),
        assume_policy: trusted(),
        inline_policies: [("functions".to_owned(), policy)].into(),
        tags: context.tags()?,
        ..Role::default()
    };
    Ok(Some(desired.add(&owner(service), format!("{}/hooks", service.name), &role)?.arn()))
}
