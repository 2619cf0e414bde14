//! Service deployments and service revisions, as ECS describes them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::names::{self, invalid, no_service};
use super::records::{REVISIONS, SERVICE_DEPLOYMENTS, Service};
use super::task_definition::page;
use super::{clusters, rollout};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const STATUSES: [&str; 9] = [
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
];

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let reference = call.input.text("service")?;
    let name = names::service(call, &reference);
    let statuses = call.input.texts("status")?;
    if let Some(status) = statuses.iter().find(|status| !STATUSES.contains(&status.as_str())) {
        return Err(call.input.not_one_of("status", status, &STATUSES));
    }
    let (mut after, mut before) = (0.0, f64::INFINITY);
    if let Some(created) = call.input.optional_structure("createdAt")? {
        after = created.optional_number("after")?.unwrap_or(after);
        before = created.optional_number("before")?.unwrap_or(before);
    }
    Service::load(call, &cluster, &name).ok_or_else(no_service)?;
    let mut rows = call.scan(SERVICE_DEPLOYMENTS, &format!("{cluster}/{name}/"));
    rows.retain(|(_, deployment)| {
        let created = deployment.time("created") as f64 / 1000.0;
        let status = deployment.text("status");
        (statuses.is_empty() || statuses.iter().any(|wanted| wanted == status))
            && created >= after
            && created <= before
    });
    rows.sort_by_key(|(key, deployment)| {
        (std::cmp::Reverse(deployment.time("created")), key.clone())
    });
    let brief = |(_, deployment): (String, Arc<Value>)| {
        let mut output = json!({
            "serviceDeploymentArn": deployment["serviceDeploymentArn"],
            "serviceArn": deployment["serviceArn"],
            "clusterArn": deployment["clusterArn"],
            "targetServiceRevisionArn": deployment["target"],
            "status": deployment["status"],
        });
        times(call, &deployment, &mut output);
        output.unset("updatedAt");
        output
    };
    let briefs: Vec<Value> = rows.into_iter().map(brief).collect();
    let page = page(call, briefs, |brief| brief.text("serviceDeploymentArn").to_owned())?;
    Ok(json!({"serviceDeployments": page.0, "nextToken": page.1}))
}

fn times(call: &Call<'_>, deployment: &Value, output: &mut Value) {
    for (member, stored) in [
        ("createdAt", "created"),
        ("startedAt", "started"),
        ("finishedAt", "finished"),
        ("updatedAt", "updated"),
    ] {
        if deployment.has(stored) {
            output.set(member, call.time(deployment.time(stored)));
        }
    }
    if deployment.has("statusReason") {
        output.set("statusReason", deployment["statusReason"].clone());
    }
}

/// The key of a service deployment or revision in its ARN.
fn key(call: &Call<'_>, arn: &str, kind: &str) -> Option<String> {
    arn.strip_prefix(&call.arn("ecs", kind)).map(str::to_owned)
}

/// Describes up to 20 things by ARN; unknown ones are failures.
fn each(
    call: &Call<'_>,
    arns: &[String],
    show: impl Fn(&str) -> Option<Value>,
) -> Result<(Vec<Value>, Vec<Value>), AwsError> {
    if arns.is_empty() || arns.len() > 20 {
        return Err(call.input.invalid("Specify 1 to 20 ARNs."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for arn in arns {
        match show(arn) {
            Some(value) => found.push(value),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok((found, failures))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = call.input.texts("serviceDeploymentArns")?;
    let show = |arn: &str| {
        let key = key(call, arn, "service-deployment/")?;
        let deployment = call.get(SERVICE_DEPLOYMENTS, &key)?;
        let mut parts = key.split('/');
        let service = Service::load(call, parts.next()?, parts.next()?);
        Some(wire(call, &deployment, service.as_ref()))
    };
    let (found, failures) = each(call, &arns, show)?;
    Ok(json!({"serviceDeployments": found, "failures": failures}))
}

fn wire(call: &Call<'_>, deployment: &Value, service: Option<&Service>) -> Value {
    let summary = |arn: &str, target: bool| {
        let of = |service: &&Service| service.deployments.iter().any(|d| d.revision == arn);
        let live =
            service.filter(of).and_then(|s| s.deployments.iter().find(|d| d.revision == arn));
        let wanted = live.zip(service).map_or(0, |(d, s)| rollout::shift::wanted(s, d));
        let weight = |member: &str| {
            let own = deployment.get(member).and_then(Value::as_f64)?;
            Some(if target { own } else { 100.0 - own })
        };
        let production = weight("production").unwrap_or(if target { 100.0 } else { 0.0 });
        let test = if target { weight("test").unwrap_or(0.0) } else { 0.0 };
        json!({
            "arn": arn,
            "requestedTaskCount": wanted,
            "runningTaskCount": live.map_or(0, |d| d.running),
            "pendingTaskCount": live.map_or(0, |d| d.pending),
            "requestedProductionTrafficWeight": production,
            "requestedTestTrafficWeight": test,
        })
    };
    let sources: Vec<Value> =
        deployment.texts("sources").into_iter().map(|arn| summary(arn, false)).collect();
    let of = |service: &Service| {
        let at = |d: &&super::records::Deployment| d.revision == deployment.text("target");
        service.deployments.iter().find(at).map_or(0, |d| d.counted)
    };
    let failures = match deployment.text("breaker") {
        "MONITORING" => service.map_or(0, of),
        _ => deployment.time("failureCount"),
    };
    let threshold = match deployment.time("threshold") {
        0 => service.and_then(rollout::threshold).unwrap_or(0),
        threshold => threshold,
    };
    let mut output = json!({
        "serviceDeploymentArn": deployment["serviceDeploymentArn"],
        "serviceArn": deployment["serviceArn"],
        "clusterArn": deployment["clusterArn"],
        "sourceServiceRevisions": sources,
        "targetServiceRevision": summary(deployment.text("target"), true),
        "status": deployment["status"],
        "deploymentConfiguration": deployment["deploymentConfiguration"],
        "deploymentCircuitBreaker": {
            "status": deployment["breaker"],
            "failureCount": failures,
            "threshold": threshold,
        },
        "alarms": alarms(deployment),
    });
    times(call, deployment, &mut output);
    if deployment.has("stage") {
        output.set("lifecycleStage", deployment["stage"].clone());
        let hook = |hook: &Value| {
            let mut hook = hook.clone();
            let expires = hook.time("expires");
            hook.set("expiresAt", call.time(expires));
            hook.unset("expires");
            hook
        };
        let hooks: Vec<Value> = deployment.list("hooks").iter().map(hook).collect();
        output.set("lifecycleHookDetails", hooks);
    }
    if let Some(rollback) = deployment.get("rollback") {
        let mut rollback = rollback.clone();
        rollback.set("startedAt", call.time(rollback.time("startedAt")));
        output.set("rollback", rollback);
    }
    output
}

fn alarms(deployment: &Value) -> Value {
    let alarms = &deployment["deploymentConfiguration"]["alarms"];
    if !alarms.flag("enable") {
        return json!({"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []});
    }
    let triggered = deployment.list("triggered");
    let status = match (triggered.is_empty(), deployment.has("finished")) {
        (false, _) => "TRIGGERED",
        (true, true) => "MONITORING_COMPLETE",
        (true, false) => "MONITORING",
    };
    json!({"status": status, "alarmNames": alarms["alarmNames"], "triggeredAlarmNames": triggered})
}

pub(super) fn describe_revisions(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = call.input.texts("serviceRevisionArns")?;
    let show = |arn: &str| {
        let key = key(call, arn, "service-revision/")?;
        call.get(REVISIONS, &key).map(|revision| Value::clone(&revision))
    };
    let (found, failures) = each(call, &arns, show)?;
    Ok(json!({"serviceRevisions": found, "failures": failures}))
}

pub(super) fn stop(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("serviceDeploymentArn")?;
    let kind = call.input.optional_one_of("stopType", &["ABORT", "ROLLBACK"])?;
    if kind.as_deref() == Some("ABORT") {
        return Err(AwsError::not_modelled(
            "local AWS does not model the stop type ABORT, of which AWS documents nothing",
        ));
    }
    let missing = || {
        AwsError::new("ServiceDeploymentNotFoundException", "The service deployment was not found.")
    };
    let key = key(call, &arn, "service-deployment/").ok_or_else(missing)?;
    let deployment = call.get(SERVICE_DEPLOYMENTS, &key).ok_or_else(missing)?;
    let mut parts = key.split('/');
    let (cluster, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut service = Service::load(call, cluster, name).ok_or_else(missing)?;
    if deployment.text("status") != "IN_PROGRESS" {
        return Err(AwsError::new(
            "ConflictException",
            format!(
                "The service deployment is in status {} and cannot be stopped.",
                deployment.text("status")
            ),
        ));
    }
    rollout::shift::may_stop(&service)?;
    if !rollout::roll_back(call, &mut service) {
        return Err(invalid("No rollback candidate was found to run the rollback."));
    }
    service.save(call);
    Ok(json!({"serviceDeploymentArn": arn}))
}

pub(super) fn go_on(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("serviceDeploymentArn")?;
    let hook = call.input.text("hookId")?;
    let action = call.input.optional_one_of("action", &["ROLLBACK", "CONTINUE"])?;
    let goes_on = action.as_deref() != Some("ROLLBACK");
    let missing = || {
        AwsError::new("ServiceDeploymentNotFoundException", "The service deployment was not found.")
    };
    let key = key(call, &arn, "service-deployment/").ok_or_else(missing)?;
    call.get(SERVICE_DEPLOYMENTS, &key).ok_or_else(missing)?;
    let mut parts = key.split('/');
    let (cluster, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut service = Service::load(call, cluster, name).ok_or_else(missing)?;
    let current = service.current_service_deployment.as_deref() == Some(arn.as_str());
    if !current || !rollout::shift::answer(call, &mut service, &hook, goes_on) {
        return Err(invalid(format!(
            "The service deployment does not wait for an action on the lifecycle hook {hook}."
        )));
    }
    match goes_on {
        true => rollout::look_again(call, &mut service),
        false => rollout::hook_failed(call, &mut service),
    }
    service.save(call);
    Ok(json!({"serviceDeploymentArn": arn}))
}
