//! `servicediscovery`: Cloud Map namespaces, services, instances and their operations. DNS itself
//! is not answered, and health checks of Route 53 are not made.

mod discover;
mod instance;
mod namespace;
mod operation;
mod service;
mod tags;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Namespaces by id.
const NAMESPACES: Table = Table::regional("servicediscovery/namespace");
/// Services by id.
const SERVICES: Table = Table::regional("servicediscovery/service");
/// Instances by `service/instance`.
const INSTANCES: Table = Table::regional("servicediscovery/instance");
/// Operations by id.
const OPERATIONS: Table = Table::regional("servicediscovery/operation");

pub(super) static SERVICE: Service = Service {
    name: "servicediscovery",
    protocol: Protocol::Json,
    target: "Route53AutoNaming_v20170314",
    namespace: "",
    invalid: "InvalidInput",
    invalid_token: "InvalidInput",
    throttle: ("RequestLimitExceeded", 429),
    timer: Some(timer),
    operations: &[
        write("CreatePrivateDnsNamespace", namespace::create_private),
        write("CreatePublicDnsNamespace", namespace::create_public),
        write("CreateHttpNamespace", namespace::create_http),
        write("UpdatePrivateDnsNamespace", namespace::update_private),
        write("UpdatePublicDnsNamespace", namespace::update_public),
        write("UpdateHttpNamespace", namespace::update_http),
        read("GetNamespace", namespace::get),
        read("ListNamespaces", namespace::list),
        write("DeleteNamespace", namespace::delete),
        read("GetOperation", operation::get),
        read("ListOperations", operation::list),
        write("CreateService", service::create),
        read("GetService", service::get),
        read("ListServices", service::list),
        write("UpdateService", service::update),
        write("DeleteService", service::delete),
        write("RegisterInstance", instance::register),
        write("DeregisterInstance", instance::deregister),
        read("GetInstance", instance::get),
        read("ListInstances", instance::list),
        write("UpdateInstanceCustomHealthStatus", instance::update_custom_health),
        read("GetInstancesHealthStatus", instance::health),
        read("DiscoverInstances", discover::instances),
        read("DiscoverInstancesRevision", discover::revision),
        write("TagResource", tags::tag),
        write("UntagResource", tags::untag),
        read("ListTagsForResource", tags::list),
    ],
};

/// A namespace that was being deleted is gone.
fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let id = payload.text("namespace");
    let arn = call.arn("servicediscovery", &format!("namespace/{id}"));
    call.forget_tags(&arn);
    call.delete(NAMESPACES, id);
    Ok(())
}

/// An id as Cloud Map makes it: the prefix and 16 lower-case letters and digits.
fn new_id(call: &mut Call<'_>, prefix: &str) -> String {
    format!("{prefix}-{}", call.ids.of(b"abcdefghijklmnopqrstuvwxyz234567", 16))
}

/// The id in a reference that is an id or an ARN.
fn id_of(call: &Call<'_>, reference: &str, kind: &str) -> String {
    let ours = call.arn("servicediscovery", kind);
    reference.strip_prefix(ours.as_str()).unwrap_or(reference).to_owned()
}

/// A page by Cloud Map's rules: `MaxResults` 1 to 100, 100 by default, `NextToken`.
fn page(
    call: &Call<'_>,
    items: Vec<Value>,
    key: impl Fn(&Value) -> String,
) -> Result<(Vec<Value>, Option<String>), AwsError> {
    let size = call.input.optional_integer_within("MaxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("NextToken")?;
    let page = call.page(items, usize::try_from(size).unwrap_or(100), token.as_deref(), key)?;
    Ok((page.items, page.next))
}

/// A filter of a list: a member's name and what it may be.
#[derive(Debug)]
struct Filter {
    name: String,
    values: Vec<String>,
    condition: String,
}

impl Filter {
    fn read(call: &Call<'_>, names: &[&str]) -> Result<Vec<Self>, AwsError> {
        let mut filters = Vec::new();
        for filter in call.input.structures("Filters")? {
            let name =
                filter.optional_one_of("Name", names)?.ok_or_else(|| filter.missing("Name"))?;
            let values = filter.texts("Values")?;
            let conditions = ["EQ", "IN", "BETWEEN", "BEGINS_WITH"];
            let condition = filter.optional_one_of("Condition", &conditions)?;
            let condition = condition.unwrap_or_else(|| "EQ".to_owned());
            if values.is_empty() || condition == "EQ" && values.len() > 1 {
                return Err(call
                    .input
                    .invalid(format!("Filter {name} with EQ takes exactly one value.")));
            }
            filters.push(Self { name, values, condition });
        }
        Ok(filters)
    }

    fn meets(&self, text: &str) -> bool {
        match self.condition.as_str() {
            "BEGINS_WITH" => self.values.iter().any(|value| text.starts_with(value.as_str())),
            "BETWEEN" => match self.values.as_slice() {
                [low, high] => (low.as_str()..=high.as_str()).contains(&text),
                _ => false,
            },
            _ => self.values.iter().any(|value| value == text),
        }
    }
}

// For other services ------------------------------------------------------------------------------

/// The ARN of the namespace with this name, id or ARN, if there is one.
pub(super) fn namespace_arn(call: &Call<'_>, reference: &str) -> Option<String> {
    let id = id_of(call, reference, "namespace/");
    if let Some(found) = namespace::find(call, &id) {
        return Some(found.text("Arn").to_owned());
    }
    let named =
        namespace::all(call).into_iter().find(|namespace| namespace.text("Name") == reference)?;
    Some(named.text("Arn").to_owned())
}

/// The ARN of the service of this name in the namespace with this ARN, if there is one.
pub(super) fn service_arn(call: &Call<'_>, namespace: &str, name: &str) -> Option<String> {
    let namespace = id_of(call, namespace, "namespace/");
    let services = call.scan(SERVICES, "").into_iter().map(|(_, service)| service);
    let mut named = services.filter(|service| {
        service.text("NamespaceId") == namespace && service.text("Name").eq_ignore_ascii_case(name)
    });
    Some(named.next()?.text("Arn").to_owned())
}

/// Makes a service that ECS manages, known to API calls only, unless it is there; `false` where another has the name.
pub(super) fn put_managed_service(
    call: &mut Call<'_>,
    namespace: &str,
    name: &str,
) -> Result<bool, AwsError> {
    if let Some(arn) = service_arn(call, namespace, name) {
        return Ok(call.tags(&arn).contains_key(MANAGED_BY_ECS));
    }
    let namespace = id_of(call, namespace, "namespace/");
    namespace::usable(call, &namespace)?;
    let id = new_id(call, "srv");
    let arn = call.arn("servicediscovery", &format!("service/{id}"));
    call.add_tags(&arn, BTreeMap::from([(MANAGED_BY_ECS.to_owned(), "true".to_owned())]))?;
    let document = json!({
        "Id": id, "Arn": arn, "Name": name, "NamespaceId": namespace, "Type": "HTTP", "created": call.now,
    });
    call.put(SERVICES, &id, document);
    Ok(true)
}

/// ECS's tag on what it makes for itself.
const MANAGED_BY_ECS: &str = "AmazonECSManaged";

/// The id of the service with this ARN, if there is one.
pub(super) fn service_id(call: &Call<'_>, arn: &str) -> Option<String> {
    let id = id_of(call, arn, "service/");
    (id != arn && call.get(SERVICES, &id).is_some()).then_some(id)
}

/// Registers an instance at once.
pub(super) fn put_instance(
    call: &mut Call<'_>,
    service: &str,
    instance: &str,
    attributes: BTreeMap<String, String>,
) {
    call.put(
        INSTANCES,
        &format!("{service}/{instance}"),
        json!({"Id": instance, "Attributes": attributes}),
    );
    bump(call, service);
}

/// Deregisters an instance at once.
pub(super) fn drop_instance(call: &mut Call<'_>, service: &str, instance: &str) {
    call.delete(INSTANCES, &format!("{service}/{instance}"));
    bump(call, service);
}

/// Counts a change of a service's instances.
fn bump(call: &mut Call<'_>, service: &str) {
    call.update(SERVICES, service, |service| {
        let revision = service.time("revision") + 1;
        service.set("revision", revision);
    });
}
