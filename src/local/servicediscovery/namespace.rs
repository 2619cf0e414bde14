//! Namespaces: private DNS, public DNS and HTTP.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Filter, NAMESPACES, SERVICES, id_of, new_id, operation, page};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network;
use crate::local::error::AwsError;
use crate::local::params::Params;

pub(super) fn create_private(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let vpc = call.input.text("Vpc")?;
    create(call, "DNS_PRIVATE", Some(vpc))
}

pub(super) fn create_public(call: &mut Call<'_>) -> Result<Value, AwsError> {
    create(call, "DNS_PUBLIC", None)
}

pub(super) fn create_http(call: &mut Call<'_>) -> Result<Value, AwsError> {
    create(call, "HTTP", None)
}

fn create(call: &mut Call<'_>, kind: &str, vpc: Option<String>) -> Result<Value, AwsError> {
    let name = call.input.text("Name")?;
    let request = call.input.optional_text("CreatorRequestId")?;
    let description = description(&call.input)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let ttl = if kind == "HTTP" { None } else { ttl(&call.input)? };
    let longest = if kind == "HTTP" { 1024 } else { 253 };
    let legal = name.chars().all(|c| ('!'..='~').contains(&c)) && !name.starts_with("arn:");
    if name.is_empty() || name.len() > longest || !legal {
        return Err(call.input.invalid(format!("The namespace name {name} is not valid.")));
    }
    for (_, other) in call.scan(NAMESPACES, "") {
        let same = other.text("Type") == kind
            && other.text("Name") == name
            && other.get("vpc").and_then(Value::as_str) == vpc.as_deref();
        if request.is_some()
            && other.text("CreatorRequestId") == request.as_deref().unwrap_or_default()
        {
            if same && other["Description"] == json!(description) {
                return Ok(json!({"OperationId": other["operation"]}));
            }
            return Err(AwsError::new(
                "DuplicateRequest",
                "The request was made with other parameters.",
            )
            .with("DuplicateOperationId", other["operation"].clone()));
        }
        if same {
            return Err(AwsError::new(
                "NamespaceAlreadyExists",
                "The namespace that you're trying to create already exists.",
            )
            .with("CreatorRequestId", other["CreatorRequestId"].clone())
            .with("NamespaceId", other["Id"].clone()));
        }
    }
    let id = new_id(call, "ns");
    let targets = json!({"NAMESPACE": id});
    if let Some(vpc) = &vpc
        && network::vpc_cidr(call, vpc).is_none()
    {
        let message = format!("The VPC {vpc} in region {} does not exist.", call.region);
        let error = Some(("CANNOT_CREATE_HOSTED_ZONE", message));
        let operation =
            operation::begin(call, "CREATE_NAMESPACE", durations::NAMESPACE, targets, error);
        return Ok(json!({"OperationId": operation}));
    }
    let arn = call.arn("servicediscovery", &format!("namespace/{id}"));
    call.add_tags(&arn, tags)?;
    let operation = operation::begin(call, "CREATE_NAMESPACE", durations::NAMESPACE, targets, None);
    let mut properties = json!({"HttpProperties": {"HttpName": name}});
    if kind != "HTTP" {
        let zone = call.ids.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 20);
        properties.set(
            "DnsProperties",
            json!({"HostedZoneId": format!("Z{zone}"), "SOA": {"TTL": ttl.unwrap_or(15)}}),
        );
    }
    let document = json!({
        "Id": id,
        "Arn": arn,
        "Name": name,
        "Type": kind,
        "Description": description,
        "Properties": properties,
        "CreatorRequestId": request,
        "vpc": vpc,
        "created": call.now,
        "ready": call.ready_at(durations::NAMESPACE),
        "operation": operation,
    });
    call.put(NAMESPACES, &id, document);
    Ok(json!({"OperationId": operation}))
}

pub(super) fn description(input: &Params) -> Result<Option<String>, AwsError> {
    let description = input.optional_text("Description")?;
    if description.as_ref().is_some_and(|text| text.chars().count() > 1024) {
        return Err(input.invalid("Description is longer than 1024 characters."));
    }
    Ok(description)
}

/// The TTL of the start-of-authority record, if one is given.
fn ttl(input: &Params) -> Result<Option<i64>, AwsError> {
    let Some(properties) = input.optional_structure("Properties")? else { return Ok(None) };
    let soa = properties.structure("DnsProperties")?.structure("SOA")?;
    soa.optional_integer_within("TTL", 0, 2_147_483_647)?
        .ok_or_else(|| soa.missing("TTL"))
        .map(Some)
}

/// The namespace with this id, once it has been created.
pub(super) fn find(call: &Call<'_>, id: &str) -> Option<Arc<Value>> {
    call.get(NAMESPACES, id).filter(|namespace| namespace.time("ready") <= call.now)
}

/// Every namespace that has been created.
pub(super) fn all(call: &Call<'_>) -> Vec<Arc<Value>> {
    let rows = call.scan(NAMESPACES, "").into_iter().map(|(_, namespace)| namespace);
    rows.filter(|namespace| namespace.time("ready") <= call.now).collect()
}

pub(super) fn not_found(id: &str) -> AwsError {
    AwsError::new("NamespaceNotFound", format!("No namespace found with ID: {id}"))
}

fn of_input(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let reference = call.input.text("Id")?;
    let id = id_of(call, &reference, "namespace/");
    let namespace = find(call, &id).ok_or_else(|| not_found(&reference))?;
    Ok((id, namespace))
}

/// A namespace as Cloud Map shows it; in lists without its creator's request.
fn wire(call: &Call<'_>, namespace: &Value, whole: bool) -> Value {
    let id = namespace.text("Id");
    let services = call.scan(SERVICES, "");
    let count = services.iter().filter(|(_, service)| service.text("NamespaceId") == id).count();
    let mut output = json!({
        "Id": id,
        "Arn": namespace["Arn"],
        "ResourceOwner": call.account,
        "Name": namespace["Name"],
        "Type": namespace["Type"],
        "Properties": namespace["Properties"],
        "ServiceCount": count,
        "CreateDate": call.time(namespace.time("created")),
    });
    if namespace.has("Description") {
        output.set("Description", namespace["Description"].clone());
    }
    if whole && namespace.has("CreatorRequestId") {
        output.set("CreatorRequestId", namespace["CreatorRequestId"].clone());
    }
    output
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, namespace) = of_input(call)?;
    Ok(json!({"Namespace": wire(call, &namespace, true)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let filters = Filter::read(call, &["TYPE", "NAME", "HTTP_NAME", "RESOURCE_OWNER"])?;
    let mut rows = all(call);
    rows.retain(|namespace| {
        filters.iter().all(|filter| match filter.name.as_str() {
            "TYPE" => filter.meets(namespace.text("Type")),
            "NAME" => filter.meets(namespace.text("Name")),
            "HTTP_NAME" => filter.meets(namespace["Properties"]["HttpProperties"].text("HttpName")),
            _ => filter.meets("SELF"),
        })
    });
    let rows = rows.iter().map(|namespace| wire(call, namespace, false)).collect();
    let page = page(call, rows, |row| row.text("Id").to_owned())?;
    Ok(json!({"Namespaces": page.0, "NextToken": page.1}))
}

pub(super) fn update_private(call: &mut Call<'_>) -> Result<Value, AwsError> {
    update(call, "DNS_PRIVATE")
}

pub(super) fn update_public(call: &mut Call<'_>) -> Result<Value, AwsError> {
    update(call, "DNS_PUBLIC")
}

pub(super) fn update_http(call: &mut Call<'_>) -> Result<Value, AwsError> {
    update(call, "HTTP")
}

fn update(call: &mut Call<'_>, kind: &str) -> Result<Value, AwsError> {
    let (id, namespace) = of_input(call)?;
    // Each update is carried out at once, so that a repeated one changes nothing more.
    call.input.accept("UpdaterRequestId");
    let change = call.input.structure("Namespace")?;
    let description = description(&change)?;
    let ttl = if kind == "HTTP" { None } else { ttl(&change)? };
    if namespace.text("Type") != kind {
        return Err(call.input.invalid(format!("The namespace {id} is not of type {kind}.")));
    }
    refuse_deleting(&namespace)?;
    call.update(NAMESPACES, &id, |namespace| {
        if let Some(description) = description {
            namespace.set("Description", description);
        }
        if let Some(ttl) = ttl {
            namespace["Properties"]["DnsProperties"]["SOA"].set("TTL", ttl);
        }
    });
    let targets = json!({"NAMESPACE": id});
    let operation = operation::begin(call, "UPDATE_NAMESPACE", durations::NAMESPACE, targets, None);
    Ok(json!({"OperationId": operation}))
}

fn refuse_deleting(namespace: &Value) -> Result<(), AwsError> {
    if namespace.has("deletion") {
        return Err(AwsError::new("DuplicateRequest", "The namespace is being deleted.")
            .with("DuplicateOperationId", namespace["deletion"].clone()));
    }
    Ok(())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, namespace) = of_input(call)?;
    refuse_deleting(&namespace)?;
    let services = call.scan(SERVICES, "");
    if services.iter().any(|(_, service)| service.text("NamespaceId") == id) {
        return Err(AwsError::new(
            "ResourceInUse",
            format!(
                "Namespace has associated services; delete the services before deleting the \
                 namespace {id}"
            ),
        ));
    }
    let targets = json!({"NAMESPACE": id});
    let operation = operation::begin(call, "DELETE_NAMESPACE", durations::NAMESPACE, targets, None);
    call.update(NAMESPACES, &id, |namespace| namespace.set("deletion", operation.clone()));
    let at = call.ready_at(durations::NAMESPACE);
    call.schedule(at, json!({"namespace": id}));
    Ok(json!({"OperationId": operation}))
}

/// Refuses what is done within a namespace that is not there, or is going away.
pub(super) fn usable(call: &Call<'_>, id: &str) -> Result<Arc<Value>, AwsError> {
    find(call, id).filter(|namespace| !namespace.has("deletion")).ok_or_else(|| not_found(id))
}
