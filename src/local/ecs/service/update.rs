//! UpdateService and DeleteService.

use serde_json::{Value, json};

use super::{check, connect, create, describe, read};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::{self, invalid, no_service};
use crate::local::ecs::records::Service;
use crate::local::ecs::{capacity, clusters, rollout, task_definition};
use crate::local::error::AwsError;

pub(crate) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, mut service) = of_input(call)?;
    if !service.is_active() {
        return Err(AwsError::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    let desired = create::desired_count(call)?;
    let before = read::spec(&service.wire);
    let mut wire = service.wire.clone();
    read::shared(call, &mut wire)?;
    let cluster = clusters::active(call, &cluster);
    let cluster = cluster.as_deref().unwrap_or(&Value::Null);
    if call.input.has("capacityProviderStrategy") {
        let strategy = wire.list("capacityProviderStrategy").to_vec();
        capacity::check_strategy(&strategy, &cluster.texts("capacityProviders"))?;
        if strategy.is_empty() && !wire.has("launchType") {
            // An empty strategy goes back to the launch type.
            wire.set("launchType", "FARGATE");
        }
    }
    let reference = call.input.optional_text("taskDefinition")?;
    let definition = match &reference {
        Some(reference) => Some(task_definition::find_active(call, reference)?),
        None => task_definition::find(call, wire.text("taskDefinition")),
    };
    if let Some(definition) = &definition {
        wire.set("taskDefinition", definition.text("taskDefinitionArn"));
        create::platform(&mut wire, definition);
    }
    create::complete(&mut wire);
    create::check_namespace(&wire, cluster)?;
    let force = call.input.optional_boolean("forceNewDeployment")?.unwrap_or(false);
    let mut after = read::spec(&wire);
    let changed = {
        // A changed strategy is for tasks of the next deployment: it begins none of its own.
        let mut before = before;
        for member in ["launchType", "capacityProviderStrategy"] {
            before.unset(member);
            after.unset(member);
        }
        before != after
    };
    if (changed || force)
        && let Some(definition) = &definition
    {
        check::against(call, &wire, definition)?;
        connect::establish(call, &service.arn, &mut wire, cluster)?;
    }
    let told = ["deploymentConfiguration", "loadBalancers"].iter().any(|it| call.input.has(it));
    if changed || force || told {
        rollout::shift::check(call, &wire)?;
    }
    service.wire = wire;
    if let Some(desired) = desired {
        service.desired = desired;
    }
    if changed || force {
        rollout::begin(call, &mut service);
    } else {
        rollout::look_again(call, &mut service);
    }
    service.save(call);
    Ok(json!({"service": describe::wire(call, &service, true)}))
}

/// The service that the members `cluster` and `service` name, in whatever status.
fn of_input(call: &Call<'_>) -> Result<(String, Service), AwsError> {
    let cluster = clusters::of_input(call)?;
    let reference = call.input.text("service")?;
    let name = names::service(call, &reference);
    let service = Service::load(call, &cluster, &name).ok_or_else(no_service)?;
    Ok((cluster, service))
}

pub(crate) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, mut service) = of_input(call)?;
    let force = call.input.optional_boolean("force")?.unwrap_or(false);
    if service.status == "INACTIVE" {
        return Err(no_service());
    }
    if service.is_active() {
        if service.desired > 0 && !force {
            return Err(invalid("The service cannot be stopped while it is scaled above 0."));
        }
        service.status = "DRAINING".to_owned();
        service.desired = 0;
        rollout::drain(call, &mut service);
        service.save(call);
    }
    Ok(json!({"service": describe::wire(call, &service, true)}))
}

/// For application autoscaling: brings the desired count inside these bounds. `None` if there is
/// no such active service.
pub(crate) fn bring_inside(
    call: &mut Call<'_>,
    cluster: &str,
    name: &str,
    low: u64,
    high: u64,
) -> Option<()> {
    let mut service = Service::load(call, cluster, name).filter(Service::is_active)?;
    let desired = service.desired.max(low).min(high);
    if desired != service.desired {
        service.desired = desired;
        rollout::look_again(call, &mut service);
        service.save(call);
    }
    Some(())
}
