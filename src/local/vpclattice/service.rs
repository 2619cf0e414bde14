//! Services.

use serde_json::{Value, json};

use super::common::{
    SERVICE_KIND, begin, begin_deletion, conflict, invalid, made_before, name, page, quota,
    set_times, status,
};
use super::network::AUTH_TYPES;
use super::{LISTENERS, RULES, SERVICE_ASSOCIATIONS, SERVICES, listener, log, rule};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The hosted zone of Lattice's own names.
const ZONE: &str = "Z09127221KTH2CFUOHIZH";

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, 40, "svc-")?;
    let auth = call.input.optional_one_of("authType", &AUTH_TYPES)?.unwrap_or("NONE".to_owned());
    let idle = call.input.optional_integer_within("idleTimeoutSeconds", 60, 600)?.unwrap_or(60);
    let domain = call.input.optional_text("customDomainName")?;
    let certificate = call.input.optional_text("certificateArn")?;
    if certificate.is_some() && domain.is_none() {
        return Err(invalid("A certificate needs a custom domain name"));
    }
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let asked = json!({
        "name": name, "authType": auth, "idleTimeoutSeconds": idle, "customDomainName": domain, "certificateArn": certificate,
    });
    let rows = call.scan(SERVICES, "");
    if let Some((id, found)) = made_before(token.as_deref(), &rows, &asked, SERVICE_KIND.word)? {
        return Ok(whole(call, &id, &found));
    }
    if let Some((id, _)) = rows.iter().find(|(_, one)| one.text("name") == name) {
        return Err(conflict(SERVICE_KIND.word, id, format!("Service {name} already exists")));
    }
    if let Some(domain) = &domain
        && let Some((id, _)) = rows.iter().find(|(_, one)| one.text("customDomainName") == *domain)
    {
        let message = format!("The custom domain name {domain} is in use");
        return Err(conflict(SERVICE_KIND.word, id, message));
    }
    quota(SERVICE_KIND.word, rows.len(), 2000)?;
    let id = call.ids.resource(SERVICE_KIND.prefix);
    let mut service = asked.clone();
    begin(call, &mut service, token, asked);
    call.add_tags(&SERVICE_KIND.arn(call, &id), tags)?;
    call.put(SERVICES, &id, service.clone());
    Ok(whole(call, &id, &service))
}

/// `{domainName, hostedZoneId}` of Lattice's own name of a service.
pub(super) fn dns_entry(call: &Call<'_>, id: &str, service: &Value) -> Value {
    let digits = id.trim_start_matches("svc-");
    let name = format!(
        "{}-{digits}.7d67968.vpc-lattice-svcs.{}.on.aws",
        service.text("name"),
        call.region
    );
    json!({"domainName": name, "hostedZoneId": ZONE})
}

fn wire(call: &Call<'_>, id: &str, service: &Value) -> Value {
    let mut wire = json!({"id": id, "arn": SERVICE_KIND.arn(call, id), "name": service["name"]});
    for member in ["authType", "idleTimeoutSeconds", "customDomainName", "certificateArn"] {
        if service.has(member) {
            wire.set(member, service[member].clone());
        }
    }
    wire
}

fn whole(call: &Call<'_>, id: &str, service: &Value) -> Value {
    let mut wire = wire(call, id, service);
    wire.set("status", status(call, service));
    wire.set("dnsEntry", dns_entry(call, id, service));
    wire
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, service) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let mut wire = whole(call, &id, &service);
    set_times(&mut wire, &service);
    Ok(wire)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let rows = call.scan(SERVICES, "").into_iter().map(|(id, service)| {
        let mut wire = whole(call, &id, &service);
        set_times(&mut wire, &service);
        for member in ["authType", "idleTimeoutSeconds", "certificateArn"] {
            wire.unset(member);
        }
        wire
    });
    let shown = rows.collect();
    page(call, shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, service) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let auth = call.input.optional_one_of("authType", &AUTH_TYPES)?;
    let idle = call.input.optional_integer_within("idleTimeoutSeconds", 60, 600)?;
    let certificate = call.input.optional_text("certificateArn")?;
    if service.has("gone") {
        return Err(conflict(SERVICE_KIND.word, &id, "The service is being deleted"));
    }
    if certificate.is_some() && !service.has("customDomainName") {
        return Err(invalid("A certificate needs a custom domain name"));
    }
    let now = call.now;
    call.update(SERVICES, &id, |service| {
        if let Some(auth) = auth {
            service.set("authType", auth);
        }
        if let Some(idle) = idle {
            service.set("idleTimeoutSeconds", idle);
        }
        if let Some(certificate) = certificate {
            service.set("certificateArn", certificate);
        }
        service.set("updated", now);
    });
    let (id, service) = SERVICE_KIND.at(call, &id)?;
    Ok(wire(call, &id, &service))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, service) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let associated = call.scan(SERVICE_ASSOCIATIONS, "");
    if associated.iter().any(|(_, one)| one.text("service") == id) {
        let message = format!(
            "Service {} cannot be deleted: it is associated with a service network",
            service.text("name")
        );
        return Err(conflict(SERVICE_KIND.word, &id, message));
    }
    if status(call, &service) == "CREATE_IN_PROGRESS" {
        return Err(conflict(SERVICE_KIND.word, &id, "The service is being created"));
    }
    begin_deletion(call, &SERVICE_KIND, &id, "service");
    Ok(json!({
        "id": id, "arn": SERVICE_KIND.arn(call, &id), "name": service["name"], "status": "DELETE_IN_PROGRESS",
    }))
}

/// A deleted service takes its listeners, rules, policies and subscriptions along.
pub(super) fn gone(call: &mut Call<'_>, id: &str) {
    for (key, _) in call.scan(RULES, &format!("{id}/")) {
        let arn = rule::arn(call, &key);
        call.forget_tags(&arn);
        call.delete(RULES, &key);
    }
    for (key, _) in call.scan(LISTENERS, &format!("{id}/")) {
        let arn = listener::arn(call, &key);
        call.forget_tags(&arn);
        call.delete(LISTENERS, &key);
    }
    log::forget_of(call, id);
    let arn = SERVICE_KIND.arn(call, id);
    call.forget_tags(&arn);
    call.delete(SERVICES, id);
}
