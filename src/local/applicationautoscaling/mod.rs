//! `application-autoscaling`, for the desired count of ECS services: scalable targets, scaling
//! policies and scheduled actions are kept and read back; nothing here ever scales by a metric, since
//! there are none. Scheduled actions come due. Other namespaces are refused by name.

mod action;
mod policy;
mod shape;
mod tags;
mod target;

use serde_json::{Value, json};

use super::call::Call;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Scalable targets by resource id.
const TARGETS: Table = Table::regional("application-autoscaling/target");
/// Scaling policies by `resource id/policy name`.
const POLICIES: Table = Table::regional("application-autoscaling/policy");

/// Scheduled actions by `resource id/action name`.
const ACTIONS: Table = Table::regional("application-autoscaling/scheduled-action");

/// The one dimension that an ECS service has.
const DIMENSION: &str = "ecs:service:DesiredCount";

pub(super) static SERVICE: Service = Service {
    name: "application-autoscaling",
    protocol: Protocol::Json,
    target: "AnyScaleFrontendService",
    namespace: "",
    invalid: "ValidationException",
    invalid_token: "InvalidNextTokenException",
    throttle: ("ThrottlingException", 400),
    timer: Some(action::due),
    operations: &[
        write("RegisterScalableTarget", target::register),
        read("DescribeScalableTargets", target::describe),
        write("DeregisterScalableTarget", target::deregister),
        write("PutScalingPolicy", policy::put),
        read("DescribeScalingPolicies", policy::describe),
        write("DeleteScalingPolicy", policy::delete),
        write("PutScheduledAction", action::put),
        read("DescribeScheduledActions", action::describe),
        write("DeleteScheduledAction", action::delete),
        read("DescribeScalingActivities", activities),
        write("TagResource", tags::tag),
        write("UntagResource", tags::untag),
        read("ListTagsForResource", tags::list),
    ],
};

/// Reads `ServiceNamespace`, which is `ecs`.
fn namespace(call: &Call<'_>) -> Result<(), AwsError> {
    let namespace = call.input.text("ServiceNamespace")?;
    if namespace == "ecs" {
        return Ok(());
    }
    Err(AwsError::not_modelled(format!("local AWS does not scale {namespace}, only ecs")))
}

/// Reads namespace, resource and dimension, all of which must be there; returns the resource's id.
fn resource(call: &Call<'_>) -> Result<String, AwsError> {
    namespace(call)?;
    let resource = call.input.text("ResourceId")?;
    dimension(call)?.ok_or_else(|| call.input.missing("ScalableDimension"))?;
    Ok(resource)
}

/// Reads `ScalableDimension`, if it was given.
fn dimension(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    let dimension = call.input.optional_text("ScalableDimension")?;
    if dimension.as_ref().is_some_and(|dimension| dimension != DIMENSION) {
        return Err(call
            .input
            .invalid("Unsupported service namespace, resource type or scalable dimension"));
    }
    Ok(dimension)
}

/// Cluster and service of `service/CLUSTER/SERVICE`.
fn parts(resource: &str) -> Option<(&str, &str)> {
    let (cluster, service) = resource.strip_prefix("service/")?.split_once('/')?;
    (!cluster.is_empty() && !service.is_empty() && !service.contains('/'))
        .then_some((cluster, service))
}

fn not_found(what: &str, resource: &str) -> AwsError {
    AwsError::new(
        "ObjectNotFoundException",
        format!(
            "No {what} found for service namespace: ecs, resource ID: {resource}, scalable dimension: \
             {DIMENSION}"
        ),
    )
}

/// A page by the rules of application autoscaling: at most 50.
fn page(
    call: &Call<'_>,
    items: Vec<Value>,
    key: impl Fn(&Value) -> String,
) -> Result<(Vec<Value>, Option<String>), AwsError> {
    let size = call.input.optional_integer_within("MaxResults", 1, 50)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let page = call.page(items, usize::try_from(size).unwrap_or(50), token.as_deref(), key)?;
    Ok((page.items, page.next))
}

/// There are no metrics, so nothing was ever scaled.
fn activities(call: &mut Call<'_>) -> Result<Value, AwsError> {
    namespace(call)?;
    dimension(call)?;
    call.input.optional_text("ResourceId")?;
    call.input.optional_boolean("IncludeNotScaledActivities")?;
    let page = page(call, Vec::new(), Value::to_string)?;
    Ok(json!({"ScalingActivities": page.0, "NextToken": page.1}))
}
