//! Service networks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::common::{NETWORK, begin, conflict, made_before, name, page, quota, set_times};
use super::{NETWORKS, SERVICE_ASSOCIATIONS, VPC_ASSOCIATIONS, log};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

pub(super) const AUTH_TYPES: [&str; 2] = ["NONE", "AWS_IAM"];

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, 63, "servicenetwork-")?;
    let auth = call.input.optional_one_of("authType", &AUTH_TYPES)?.unwrap_or("NONE".to_owned());
    let sharing = match call.input.optional_structure("sharingConfig")? {
        Some(sharing) => sharing.optional_boolean("enabled")?.unwrap_or(true),
        None => true,
    };
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let asked = json!({"name": name, "authType": auth, "sharing": sharing});
    let rows = call.scan(NETWORKS, "");
    if let Some((id, found)) = made_before(token.as_deref(), &rows, &asked, NETWORK.word)? {
        return Ok(wire(call, &id, &found));
    }
    if let Some((id, _)) = rows.iter().find(|(_, one)| one.text("name") == name) {
        let message = format!("Service network {name} already exists");
        return Err(conflict(NETWORK.word, id, message));
    }
    quota(NETWORK.word, rows.len(), 50)?;
    let id = call.ids.resource(NETWORK.prefix);
    let mut network = asked.clone();
    begin(call, &mut network, token, asked);
    call.add_tags(&NETWORK.arn(call, &id), tags)?;
    call.put(NETWORKS, &id, network.clone());
    Ok(wire(call, &id, &network))
}

fn wire(call: &Call<'_>, id: &str, network: &Value) -> Value {
    json!({
        "id": id, "arn": NETWORK.arn(call, id), "name": network["name"], "authType": network["authType"],
        "sharingConfig": {"enabled": network["sharing"]},
    })
}

fn count(call: &Call<'_>, table: Table, network: &str) -> usize {
    associations(call, table, network).len()
}

/// Associations with a network, those that are being deleted, too.
pub(super) fn associations(
    call: &Call<'_>,
    table: Table,
    network: &str,
) -> Vec<(String, Arc<Value>)> {
    let mut rows = call.scan(table, "");
    rows.retain(|(_, one)| one.text("network") == network);
    rows
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, network) = NETWORK.of_input(call, "serviceNetworkIdentifier")?;
    let mut wire = wire(call, &id, &network);
    set_times(&mut wire, &network);
    wire.set("numberOfAssociatedVPCs", count(call, VPC_ASSOCIATIONS, &id));
    wire.set("numberOfAssociatedServices", count(call, SERVICE_ASSOCIATIONS, &id));
    Ok(wire)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let rows = call.scan(NETWORKS, "").into_iter().map(|(id, network)| {
        let mut wire = json!({
            "id": id, "arn": NETWORK.arn(call, &id), "name": network["name"],
            "numberOfAssociatedVPCs": count(call, VPC_ASSOCIATIONS, &id),
            "numberOfAssociatedServices": count(call, SERVICE_ASSOCIATIONS, &id),
            "numberOfAssociatedResourceConfigurations": 0,
        });
        set_times(&mut wire, &network);
        wire
    });
    let shown = rows.collect();
    page(call, shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, _) = NETWORK.of_input(call, "serviceNetworkIdentifier")?;
    let auth = call.input.optional_one_of("authType", &AUTH_TYPES)?;
    let auth = auth.ok_or_else(|| call.input.missing("authType"))?;
    let now = call.now;
    call.update(NETWORKS, &id, |network| {
        network.set("authType", auth);
        network.set("updated", now);
    });
    let (id, network) = NETWORK.at(call, &id)?;
    let mut wire = wire(call, &id, &network);
    wire.unset("sharingConfig");
    Ok(wire)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, network) = NETWORK.of_input(call, "serviceNetworkIdentifier")?;
    for (table, what) in [(SERVICE_ASSOCIATIONS, "services"), (VPC_ASSOCIATIONS, "VPCs")] {
        if count(call, table, &id) > 0 {
            let message = format!(
                "Service network {} cannot be deleted: {what} are associated with it",
                network.text("name")
            );
            return Err(conflict(NETWORK.word, &id, message));
        }
    }
    log::forget_of(call, &id);
    let arn = NETWORK.arn(call, &id);
    call.forget_tags(&arn);
    call.delete(NETWORKS, &id);
    Ok(json!({}))
}
