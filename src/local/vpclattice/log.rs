//! Access log subscriptions. Nothing is ever logged, as no request is ever sent.

use serde_json::{Value, json};

use super::SUBSCRIPTIONS;
use super::common::{
    NETWORK, SERVICE_KIND, SUBSCRIPTION, begin, conflict, invalid, made_before, missing, page,
    set_times,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

const LOG_GROUPS: Table = Table::regional("logs/log-group");

/// Id and ARN of the network or service that a reference names.
fn owner(call: &Call<'_>, reference: &str) -> Result<(String, String), AwsError> {
    let id = reference.rsplit('/').next().unwrap_or_default();
    let kind = if id.starts_with("svc-") { &SERVICE_KIND } else { &NETWORK };
    let (id, _) = kind.at(call, reference)?;
    let arn = kind.arn(call, &id);
    Ok((id, arn))
}

/// Where logs go: a log group that is there, a bucket or a delivery stream. Returns its service.
fn destination(call: &Call<'_>) -> Result<(String, String), AwsError> {
    let arn = call.input.text("destinationArn")?;
    let service = arn.split(':').nth(2).unwrap_or_default().to_owned();
    match service.as_str() {
        "logs" => {
            let group = arn.strip_prefix(&call.arn("logs", "log-group:")).unwrap_or_default();
            let group = group.trim_end_matches(":*");
            if call.get(LOG_GROUPS, group).is_none() {
                return Err(missing("LOG_GROUP", &arn));
            }
        }
        "s3" | "firehose" => {}
        _ => return Err(invalid(format!("{arn} is no log group, bucket or delivery stream"))),
    }
    Ok((arn, service))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let reference = call.input.text("resourceIdentifier")?;
    let (resource, _) = owner(call, &reference)?;
    let (arn, service) = destination(call)?;
    let types = ["SERVICE", "RESOURCE"];
    let log_type = call.input.optional_one_of("serviceNetworkLogType", &types)?;
    if log_type.is_some() && resource.starts_with("svc-") {
        return Err(invalid("A log type goes with a service network"));
    }
    let log_type = match resource.starts_with("svc-") {
        true => None,
        false => Some(log_type.unwrap_or("SERVICE".to_owned())),
    };
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let asked = json!({
        "resource": resource, "destinationArn": arn, "to": service, "serviceNetworkLogType": log_type,
    });
    let rows = call.scan(SUBSCRIPTIONS, "");
    if let Some((id, one)) = made_before(token.as_deref(), &rows, &asked, SUBSCRIPTION.word)? {
        return wire(call, &id, &one);
    }
    let same = |one: &Value| {
        ["resource", "to", "serviceNetworkLogType"].iter().all(|it| one[*it] == asked[*it])
    };
    if let Some((id, _)) = rows.iter().find(|(_, one)| same(one)) {
        let message = format!("{resource} has a subscription to {service} already");
        return Err(conflict(SUBSCRIPTION.word, id, message));
    }
    let id = call.ids.resource(SUBSCRIPTION.prefix);
    let mut one = asked.clone();
    begin(call, &mut one, token, asked);
    call.add_tags(&SUBSCRIPTION.arn(call, &id), tags)?;
    call.put(SUBSCRIPTIONS, &id, one.clone());
    wire(call, &id, &one)
}

fn wire(call: &Call<'_>, id: &str, one: &Value) -> Result<Value, AwsError> {
    let (resource, arn) = owner(call, one.text("resource"))?;
    let mut wire = json!({
        "id": id, "arn": SUBSCRIPTION.arn(call, id), "resourceId": resource, "resourceArn": arn,
        "destinationArn": one["destinationArn"],
    });
    if one.has("serviceNetworkLogType") {
        wire.set("serviceNetworkLogType", one["serviceNetworkLogType"].clone());
    }
    Ok(wire)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = SUBSCRIPTION.of_input(call, "accessLogSubscriptionIdentifier")?;
    let mut wire = wire(call, &id, &one)?;
    set_times(&mut wire, &one);
    Ok(wire)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (resource, _) = owner(call, &call.input.text("resourceIdentifier")?)?;
    let mut shown = Vec::new();
    for (id, one) in call.scan(SUBSCRIPTIONS, "") {
        if one.text("resource") == resource {
            let mut wire = wire(call, &id, &one)?;
            set_times(&mut wire, &one);
            shown.push(wire);
        }
    }
    page(call, shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = SUBSCRIPTION.of_input(call, "accessLogSubscriptionIdentifier")?;
    let (arn, service) = destination(call)?;
    if service != one.text("to") {
        return Err(invalid("A subscription keeps its type of destination"));
    }
    let now = call.now;
    call.update(SUBSCRIPTIONS, &id, |one| {
        one.set("destinationArn", arn);
        one.set("updated", now);
    });
    let (id, one) = SUBSCRIPTION.at(call, &id)?;
    let mut wire = wire(call, &id, &one)?;
    wire.unset("serviceNetworkLogType");
    Ok(wire)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, _) = SUBSCRIPTION.of_input(call, "accessLogSubscriptionIdentifier")?;
    forget(call, &id);
    Ok(json!({}))
}

fn forget(call: &mut Call<'_>, id: &str) {
    let arn = SUBSCRIPTION.arn(call, id);
    call.forget_tags(&arn);
    call.delete(SUBSCRIPTIONS, id);
}

/// Deletes the subscriptions of what is deleted.
pub(super) fn forget_of(call: &mut Call<'_>, resource: &str) {
    for (id, one) in call.scan(SUBSCRIPTIONS, "") {
        if one.text("resource") == resource {
            forget(call, &id);
        }
    }
}
