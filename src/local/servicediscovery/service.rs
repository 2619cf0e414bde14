//! Services.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Filter, INSTANCES, SERVICES, id_of, namespace, new_id, operation, page};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Params;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("Name")?;
    let request = call.input.optional_text("CreatorRequestId")?;
    let description = namespace::description(&call.input)?;
    let dns = dns_config(&call.input, true)?;
    let within = call.input.optional_text("NamespaceId")?;
    let check = health_check(&call.input)?;
    let custom = custom_check(&call.input)?;
    let only_http = call.input.optional_one_of("Type", &["HTTP"])?.is_some();
    let tags = call.input.tags("Tags", "Key", "Value")?;
    let within = within.or_else(|| Some(dns.as_ref()?.get("NamespaceId")?.as_str()?.to_owned()));
    let Some(within) = within else { return Err(call.input.missing("NamespaceId")) };
    let namespace_id = id_of(call, &within, "namespace/");
    let namespace = namespace::usable(call, &namespace_id)?;
    let http = namespace.text("Type") == "HTTP";
    if http && dns.is_some() {
        return Err(call
            .input
            .invalid("DnsConfig is not allowed for services of an HTTP namespace."));
    }
    if !http && dns.is_none() && !only_http {
        return Err(call.input.invalid("DnsConfig is required for services of a DNS namespace."));
    }
    if check.is_some() && (custom.is_some() || namespace.text("Type") == "DNS_PRIVATE") {
        return Err(call.input.invalid(
            "HealthCheckConfig is for public DNS and HTTP namespaces, and not together with \
             HealthCheckCustomConfig.",
        ));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 127 || !name.chars().all(legal) {
        return Err(call.input.invalid(format!("The service name {name} is not valid.")));
    }
    let mut document = json!({
        "Name": name,
        "NamespaceId": namespace_id,
        "Type": if http || only_http { "HTTP" } else { "DNS_HTTP" },
    });
    for (member, value) in [
        ("Description", description.map(Value::from)),
        ("DnsConfig", dns),
        ("HealthCheckConfig", check),
        ("HealthCheckCustomConfig", custom),
        ("CreatorRequestId", request.clone().map(Value::from)),
    ] {
        if let Some(value) = value {
            document.set(member, value);
        }
    }
    if let Some(dns) = document.get_mut("DnsConfig") {
        dns.set("NamespaceId", namespace_id.clone());
    }
    for (_, other) in call.scan(SERVICES, "") {
        let same_name = other.text("Name").eq_ignore_ascii_case(&name);
        if other.text("NamespaceId") != namespace_id || !same_name {
            continue;
        }
        let members = document.as_object().into_iter().flatten();
        let same = members.clone().all(|(member, value)| other.get(member) == Some(value));
        if request.is_some() && same {
            return Ok(json!({"Service": wire(call, &other)}));
        }
        return Err(AwsError::new(
            "ServiceAlreadyExists",
            "Service already exists in the namespace.",
        )
        .with("CreatorRequestId", other["CreatorRequestId"].clone())
        .with("ServiceId", other["Id"].clone()));
    }
    let id = new_id(call, "srv");
    let arn = call.arn("servicediscovery", &format!("service/{id}"));
    call.add_tags(&arn, tags)?;
    document.set("Id", id.clone());
    document.set("Arn", arn);
    document.set("created", call.now);
    let output = wire(call, &document);
    call.put(SERVICES, &id, document);
    Ok(json!({"Service": output}))
}

/// Reads `DnsConfig`; `creating` has members that a change has not.
fn dns_config(input: &Params, creating: bool) -> Result<Option<Value>, AwsError> {
    let Some(config) = input.optional_structure("DnsConfig")? else { return Ok(None) };
    let mut records = Vec::new();
    for record in config.structures("DnsRecords")? {
        let kinds = ["SRV", "A", "AAAA", "CNAME"];
        let kind = record.optional_one_of("Type", &kinds)?.ok_or_else(|| record.missing("Type"))?;
        let ttl = record.optional_integer_within("TTL", 0, 2_147_483_647)?;
        records.push(json!({"Type": kind, "TTL": ttl.ok_or_else(|| record.missing("TTL"))?}));
    }
    if records.is_empty() {
        return Err(config.missing("DnsRecords"));
    }
    let cname = records.iter().any(|record| record.text("Type") == "CNAME");
    let mut output = json!({"DnsRecords": records});
    if creating {
        let policies = ["MULTIVALUE", "WEIGHTED"];
        let policy = config.optional_one_of("RoutingPolicy", &policies)?;
        let policy =
            policy.unwrap_or_else(|| if cname { "WEIGHTED" } else { "MULTIVALUE" }.to_owned());
        if cname && (policy != "WEIGHTED" || output.list("DnsRecords").len() > 1) {
            return Err(
                input.invalid("A CNAME record stands alone and has the routing policy WEIGHTED.")
            );
        }
        output.set("RoutingPolicy", policy);
        if let Some(id) = config.optional_text("NamespaceId")? {
            output.set("NamespaceId", id);
        }
    }
    Ok(Some(output))
}

fn health_check(input: &Params) -> Result<Option<Value>, AwsError> {
    let Some(config) = input.optional_structure("HealthCheckConfig")? else { return Ok(None) };
    let kind = config.optional_one_of("Type", &["HTTP", "HTTPS", "TCP"])?;
    let kind = kind.ok_or_else(|| config.missing("Type"))?;
    let path = config.optional_text("ResourcePath")?;
    let threshold = config.optional_integer_within("FailureThreshold", 1, 10)?.unwrap_or(1);
    let mut output = json!({"Type": kind, "FailureThreshold": threshold});
    match (path, kind.as_str()) {
        (Some(_), "TCP") => {
            return Err(input.invalid("ResourcePath is not allowed for TCP health checks."));
        }
        (path, "HTTP" | "HTTPS") => {
            output.set("ResourcePath", path.unwrap_or_else(|| "/".to_owned()))
        }
        _ => {}
    }
    Ok(Some(output))
}

fn custom_check(input: &Params) -> Result<Option<Value>, AwsError> {
    let Some(config) = input.optional_structure("HealthCheckCustomConfig")? else {
        return Ok(None);
    };
    let threshold = config.optional_integer_within("FailureThreshold", 1, 10)?.unwrap_or(1);
    Ok(Some(json!({"FailureThreshold": threshold})))
}

/// A service as Cloud Map shows it.
fn wire(call: &Call<'_>, service: &Value) -> Value {
    let mut output = service.clone();
    output.unset("created");
    output.unset("revision");
    let prefix = format!("{}/", service.text("Id"));
    output.set("InstanceCount", call.scan(INSTANCES, &prefix).len());
    output.set("CreateDate", call.time(service.time("created")));
    output.set("ResourceOwner", call.account.clone());
    output.set("CreatedByAccount", call.account.clone());
    output
}

pub(super) fn not_found(id: &str) -> AwsError {
    AwsError::new("ServiceNotFound", format!("No service found with ID: {id}"))
}

/// The service that a member names by id or ARN.
pub(super) fn of_input(call: &Call<'_>, member: &str) -> Result<(String, Arc<Value>), AwsError> {
    let reference = call.input.text(member)?;
    let id = id_of(call, &reference, "service/");
    let service = call.get(SERVICES, &id).ok_or_else(|| not_found(&reference))?;
    Ok((id, service))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, service) = of_input(call, "Id")?;
    Ok(json!({"Service": wire(call, &service)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let filters = Filter::read(call, &["NAMESPACE_ID", "RESOURCE_OWNER"])?;
    let mut rows = call.scan(SERVICES, "");
    rows.retain(|(_, service)| {
        filters.iter().all(|filter| match filter.name.as_str() {
            "NAMESPACE_ID" => filter.meets(service.text("NamespaceId")),
            _ => filter.meets("SELF"),
        })
    });
    let show = |(_, service): &(String, Arc<Value>)| {
        let mut output = wire(call, service);
        output.unset("NamespaceId");
        output.unset("CreatorRequestId");
        output
    };
    let rows = rows.iter().map(show).collect();
    let page = page(call, rows, |row| row.text("Id").to_owned())?;
    Ok(json!({"Services": page.0, "NextToken": page.1}))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, service) = of_input(call, "Id")?;
    let change = call.input.structure("Service")?;
    let description = namespace::description(&change)?;
    let dns = dns_config(&change, false)?;
    let check = health_check(&change)?;
    if dns.is_some() && !service.has("DnsConfig") {
        return Err(call.input.invalid("The service has no DnsConfig that could be changed."));
    }
    if check.is_some() && service.has("HealthCheckCustomConfig") {
        return Err(call.input.invalid("The service has a HealthCheckCustomConfig."));
    }
    call.update(SERVICES, &id, |service| {
        if let Some(description) = description {
            service.set("Description", description);
        }
        match dns {
            Some(dns) => service["DnsConfig"].set("DnsRecords", dns["DnsRecords"].clone()),
            // What a change leaves out of these two is deleted.
            None => {
                service.unset("DnsConfig");
            }
        }
        match check {
            Some(check) => service.set("HealthCheckConfig", check),
            None => {
                service.unset("HealthCheckConfig");
            }
        }
    });
    let targets = json!({"SERVICE": id});
    let duration = durations::INSTANCE_REGISTRATION;
    let operation = operation::begin(call, "UPDATE_SERVICE", duration, targets, None);
    Ok(json!({"OperationId": operation}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, service) = of_input(call, "Id")?;
    if !call.scan(INSTANCES, &format!("{id}/")).is_empty() {
        return Err(AwsError::new(
            "ResourceInUse",
            "Service contains registered instances; delete the instances before deleting the service",
        ));
    }
    let arn = service.text("Arn").to_owned();
    call.forget_tags(&arn);
    call.delete(SERVICES, &id);
    Ok(json!({}))
}
