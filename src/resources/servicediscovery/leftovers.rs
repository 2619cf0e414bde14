//! What ECS leaves behind in a namespace: Service Connect makes a Cloud Map service for each discovery name, and does
//! not delete it with the ECS service. A namespace cannot go before them.

use aws_sdk_servicediscovery::types::ServiceSummary;

use super::common::{PAGE, read_tags};
use super::namespace::NamespaceOutputs;
use super::service::{list, remove};
use crate::aws::{Cx, classify};
use crate::engine::identity::TAG_APPLICATION;
use crate::engine::{Class, Failure};

/// What ECS puts on what it makes for itself.
const ECS_TAG: &str = "AmazonECSManaged";

/// Deletes what ECS has left in a namespace. `Some` says what stands in the way besides; else the namespace can be
/// deleted once what was begun here is over.
pub(super) async fn empty(cx: &Cx, of: &NamespaceOutputs) -> Result<Option<Failure>, Failure> {
    let users = users(cx, of.arn.as_str()).await?;
    if !users.is_empty() {
        let message = format!("ECS services still use namespace `{}`: {users}", of.name);
        return Ok(Some(Failure::new(Class::DependencyStillThere, message)));
    }
    let mut foreign = Vec::new();
    for service in list(cx, of.id.as_str()).await? {
        if left_behind(cx, &service).await? {
            match remove(cx, service.id().unwrap_or_default()).await {
                // Its instances are on their way out.
                Err(failure)
                    if !matches!(failure.class, Class::Gone | Class::DependencyStillThere) =>
                {
                    return Err(failure);
                }
                _ => {}
            }
        } else if !ours(cx, &service).await? {
            foreign.push(format!("`{}`", service.name().unwrap_or_default()));
        }
    }
    if foreign.is_empty() {
        return Ok(None);
    }
    let message =
        format!("namespace `{}` holds what shipit has not made: {}", of.name, foreign.join(", "));
    Ok(Some(Failure::new(Class::Invalid, message).with_hint(
        "`aws servicediscovery delete-service --id ID` deletes them, once their instances are deregistered",
    )))
}

/// The names of ECS services that find each other in this namespace.
async fn users(cx: &Cx, namespace: &str) -> Result<String, Failure> {
    let call = cx.ecs.list_services_by_namespace().namespace(namespace).max_results(100).send();
    let answer = match call.await.map_err(|error| classify("ecs ListServicesByNamespace", error)) {
        Ok(answer) => answer,
        Err(failure) if matches!(failure.class, Class::Gone | Class::NotServed) => {
            return Ok(String::new());
        }
        Err(failure) => return Err(failure),
    };
    let names = answer.service_arns().iter().map(|arn| arn.rsplit('/').next().unwrap_or(arn));
    Ok(names.collect::<Vec<_>>().join(", "))
}

/// ECS made it: it bears its tag; or it is known to API calls only, and nothing but ECS's tasks were ever in it.
async fn left_behind(cx: &Cx, service: &ServiceSummary) -> Result<bool, Failure> {
    let tags = read_tags(cx, service.arn().unwrap_or_default()).await?;
    if tags.contains_key(ECS_TAG) {
        return Ok(true);
    }
    let plain = service.dns_config().is_none_or(|dns| dns.dns_records().is_empty());
    if !plain || tags.contains_key(TAG_APPLICATION) {
        return Ok(false);
    }
    let call = cx.servicediscovery.list_instances().service_id(service.id().unwrap_or_default());
    let answer = call.max_results(PAGE).send().await;
    let answer = answer.map_err(|error| classify("servicediscovery ListInstances", error))?;
    Ok(answer.instances().iter().all(|instance| {
        let mut keys = instance.attributes().into_iter().flatten();
        keys.any(|(key, _)| key.starts_with("ECS_"))
    }))
}

/// Ours go by steps of their own.
async fn ours(cx: &Cx, service: &ServiceSummary) -> Result<bool, Failure> {
    let tags = read_tags(cx, service.arn().unwrap_or_default()).await?;
    Ok(tags.contains_key(TAG_APPLICATION))
}
