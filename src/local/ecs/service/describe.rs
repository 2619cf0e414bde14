//! DescribeServices, ListServices and the form in which ECS shows a service.

use std::sync::Arc;

use serde_json::{Value, json};

use super::connect;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::{self, invalid};
use crate::local::ecs::records::{Deployment, SERVICES, Service};
use crate::local::ecs::task_definition::{includes, page};
use crate::local::ecs::{TOMBSTONE, clusters, neighbours, rollout};
use crate::local::error::AwsError;

pub(crate) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let references = call.input.texts("services")?;
    let tags = !includes(call, &["TAGS"])?.is_empty();
    if references.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if references.len() > 10 {
        return Err(invalid("Services cannot have more than 10 elements."));
    }
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let name = names::service(call, &reference);
        let kept =
            |service: &Service| service.inactive_at.is_none_or(|at| at + TOMBSTONE > call.now);
        match Service::load(call, &cluster, &name).filter(kept) {
            Some(service) => services.push(wire(call, &service, tags)),
            None => {
                let arn = call.arn("ecs", &format!("service/{cluster}/{name}"));
                let arn = if name.starts_with("arn:") { name } else { arn };
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"services": services, "failures": failures}))
}

pub(crate) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let cluster = clusters::of_input(call)?;
    let kinds = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
    let launch_type = call.input.optional_one_of("launchType", &kinds)?;
    let strategy = call.input.optional_one_of("schedulingStrategy", &["REPLICA", "DAEMON"])?;
    let owner = call.input.optional_one_of("resourceManagementType", &["CUSTOMER", "ECS"])?;
    let mut rows = call.scan(SERVICES, &format!("{cluster}/"));
    rows.retain(|(_, service)| {
        let same = |wanted: &Option<String>, text: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == text)
        };
        service.text("status") == "ACTIVE"
            && same(&launch_type, service["wire"].text("launchType"))
            && same(&strategy, service["wire"].text("schedulingStrategy"))
            && same(&owner, "CUSTOMER")
    });
    let arns: Vec<String> =
        rows.iter().map(|(_, service)| service.text("arn").to_owned()).collect();
    // ListServices alone has pages of 10 unless asked for more.
    let size = call.input.optional_integer_within("maxResults", 1, 100)?.unwrap_or(10);
    let token = call.input.optional_text("nextToken")?;
    let size = usize::try_from(size).unwrap_or(10);
    let page = call.page(arns, size, token.as_deref(), String::clone)?;
    Ok(json!({"serviceArns": page.items, "nextToken": page.next}))
}

pub(crate) fn list_by_namespace(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let namespace = call.input.text("namespace")?;
    let namespace = neighbours::namespace_arn(call, &namespace)?;
    let connected = |(_, service): &(String, Arc<Value>)| {
        let connect = service["wire"].get("serviceConnectConfiguration");
        service.text("status") == "ACTIVE"
            && connect.is_some()
            && service["wire"].text(connect::NAMESPACE) == namespace
    };
    let rows = call.scan(SERVICES, "").into_iter().filter(connected);
    let arns: Vec<String> = rows.map(|(_, service)| service.text("arn").to_owned()).collect();
    let page = page(call, arns, String::clone)?;
    Ok(json!({"serviceArns": page.0, "nextToken": page.1}))
}

/// A service as ECS shows it.
pub(crate) fn wire(call: &Call<'_>, service: &Service, tags: bool) -> Value {
    let mut output = service.wire.clone();
    for member in [
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "monitoring",
        "vpcLatticeConfigurations",
        connect::NAMESPACE,
    ] {
        // Shown with the deployments and revisions, not with the service.
        output.unset(member);
    }
    let sum = |count: fn(&Deployment) -> u64| service.deployments.iter().map(count).sum::<u64>();
    output.set("serviceArn", service.arn.clone());
    output.set("serviceName", service.name.clone());
    output.set("clusterArn", call.arn("ecs", &format!("cluster/{}", service.cluster)));
    output.set("status", service.status.clone());
    output.set("desiredCount", service.desired);
    output.set("runningCount", sum(|deployment| deployment.running));
    output.set("pendingCount", sum(|deployment| deployment.pending));
    output.set("createdAt", call.time(service.created));
    output.set("createdBy", call.global_arn("iam", "user/local"));
    output.set("roleArn", names::service_linked_role(call));
    let deployments = service.deployments.iter().map(|d| deployment(call, service, d));
    output.set("deployments", deployments.collect::<Vec<_>>());
    let event = |event: &crate::local::ecs::records::Event| json!({"id": event.id, "createdAt": call.time(event.at), "message": event.message});
    output.set("events", service.events.iter().map(event).collect::<Vec<_>>());
    if let Some(arn) = &service.current_service_deployment {
        output.set("currentServiceDeployment", arn.clone());
    }
    let revision = |deployment: &Deployment| {
        json!({
            "arn": deployment.revision,
            "requestedTaskCount": rollout::shift::wanted(service, deployment),
            "runningTaskCount": deployment.running,
            "pendingTaskCount": deployment.pending,
        })
    };
    output.set(
        "currentServiceRevisions",
        service.deployments.iter().map(revision).collect::<Vec<_>>(),
    );
    if tags {
        output.set("tags", call.tag_list(&service.arn, "key", "value"));
    }
    output
}

fn deployment(call: &Call<'_>, service: &Service, deployment: &Deployment) -> Value {
    let mut output = json!({
        "id": deployment.id,
        "status": if deployment.primary { "PRIMARY" } else { "ACTIVE" },
        "desiredCount": rollout::shift::wanted(service, deployment),
        "pendingCount": deployment.pending,
        "runningCount": deployment.running,
        "failedTasks": deployment.failed,
        "createdAt": call.time(deployment.created),
        "updatedAt": call.time(deployment.updated),
        "rolloutState": deployment.state,
        "rolloutStateReason": deployment.reason,
    });
    for member in [
        "taskDefinition",
        "launchType",
        "capacityProviderStrategy",
        "platformVersion",
        "platformFamily",
        "networkConfiguration",
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    ] {
        if deployment.spec.has(member) {
            output.set(member, deployment.spec[member].clone());
        }
    }
    let resources = connect::resources(call, &service.wire, &deployment.spec);
    if !resources.is_empty() {
        let shown = |(name, arn)| json!({"discoveryName": name, "discoveryArn": arn});
        output.set("serviceConnectResources", resources.into_iter().map(shown).collect::<Vec<_>>());
    }
    output
}
