//! Updates: what changes over time. One at a time for a cluster, node group, add-on or capability; what it changes is
//! seen when it is over.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CLUSTERS, UPDATES, cluster_of, in_use, missing, names, nodegroup_update, over_at};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// What an update changes.
pub(super) struct New {
    /// The cluster that it is of.
    pub(super) cluster: String,
    /// `nodegroupName`, `addonName`, `capabilityName` and its name, if it is of one.
    pub(super) within: Option<(&'static str, String)>,
    /// Where the changed document lies.
    pub(super) table: Table,
    pub(super) key: String,
    /// Such as `LoggingUpdate`.
    pub(super) kind: &'static str,
    /// Parameters as they are shown: type and value.
    pub(super) params: Vec<(&'static str, String)>,
    /// Members that the document will have; null takes one away.
    pub(super) changes: Value,
    pub(super) takes: Duration,
}

/// Begins an update, and notes it on the document that it changes.
pub(super) fn begin(call: &mut Call<'_>, new: New) -> Result<Value, AwsError> {
    let token = call.input.optional_text("clientRequestToken")?;
    let id = call.ids.uuid();
    let until = call.ready_at(new.takes);
    let params: Vec<Value> =
        new.params.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect();
    let mut update = json!({
        "id": id, "type": new.kind, "params": params, "created": call.now, "until": until, "token": token,
        "table": new.table.name, "key": new.key, "changes": new.changes,
    });
    if let Some((member, name)) = &new.within {
        update.set("within", format!("{member}={name}"));
    }
    let key = format!("{}/{id}", new.cluster);
    call.put(UPDATES, &key, update.clone());
    call.update(new.table, &new.key, |document| {
        let mut own = document["own"].clone();
        own.set("update", id.clone());
        own.set("updating", until);
        document.set("own", own);
    });
    over_at(call, until, "update", &key);
    let mut shown = wire(call, &update);
    shown.set("status", "InProgress");
    Ok(shown)
}

/// The update that was begun with the caller's token, if it was.
pub(super) fn repeated(
    call: &Call<'_>,
    table: Table,
    key: &str,
) -> Result<Option<Value>, AwsError> {
    let Some(token) = call.input.optional_text("clientRequestToken")? else { return Ok(None) };
    let cluster = key.split('/').next().unwrap_or_default();
    let found = call.scan(UPDATES, &format!("{cluster}/")).into_iter().find(|(_, update)| {
        update.text("token") == token
            && update.text("key") == key
            && update.text("table") == table.name
    });
    Ok(found.map(|(_, update)| wire(call, &update)))
}

/// Is something being changed?
pub(super) fn running(call: &Call<'_>, document: &Value) -> bool {
    document["own"].time("updating") > call.now
}

/// Refuses a second change at a time.
pub(super) fn none_running(
    call: &Call<'_>,
    document: &Value,
    what: &str,
    cluster: &str,
) -> Result<(), AwsError> {
    if !running(call, document) {
        return Ok(());
    }
    let update = document["own"].text("update");
    Err(in_use(format!(
        "Cannot {} because {what} currently has update {update} in progress",
        call.operation.name
    ))
    .with("clusterName", cluster))
}

/// The update is over: its changes are there.
pub(super) fn over(call: &mut Call<'_>, key: &str) {
    let Some(update) = call.get(UPDATES, key) else { return };
    let now = call.now;
    let changes = update["changes"].as_object().cloned().unwrap_or_default();
    let target = update.text("key").to_owned();
    let apply = |document: &mut Value| {
        for (name, value) in changes {
            if value.is_null() {
                document.unset(&name);
            } else {
                document.set(&name, value);
            }
        }
        let mut own = document["own"].clone();
        own.unset("update");
        own.unset("updating");
        own.set("modified", now);
        document.set("own", own);
    };
    match update.text("table") {
        "eks/cluster" => {
            call.update(CLUSTERS, &target, apply);
            super::network::follow(call, &target);
            super::auto_mode::follow(call, &target);
        }
        "eks/nodegroup" => {
            call.update(super::NODEGROUPS, &target, apply);
            nodegroup_update::follow(call, &target, update.text("type"));
        }
        "eks/addon" => call.update(super::ADDONS, &target, apply),
        _ => call.update(super::CAPABILITIES, &target, apply),
    }
}

fn wire(call: &Call<'_>, update: &Value) -> Value {
    let status = if update.time("until") > call.now { "InProgress" } else { "Successful" };
    json!({
        "id": update["id"], "status": status, "type": update["type"], "params": update["params"],
        "createdAt": call.time(update.time("created")), "errors": [],
    })
}

/// `nodegroupName=…` and the like, as the query says it.
fn within(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    for member in ["nodegroupName", "addonName", "capabilityName"] {
        if let Some(name) = call.input.optional_text(member)? {
            return Ok(Some(format!("{member}={name}")));
        }
    }
    Ok(None)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = cluster_of(call)?;
    let id = call.input.text("updateId")?;
    let within = within(call)?.unwrap_or_default();
    let found = call.get(UPDATES, &format!("{name}/{id}"));
    let found = found.filter(|update| update.text("within") == within);
    let found = found.ok_or_else(|| missing(format!("No update found for ID: {id}")))?;
    Ok(json!({"update": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = cluster_of(call)?;
    let within = within(call)?.unwrap_or_default();
    let mut found = call.scan(UPDATES, &format!("{name}/"));
    found.retain(|(_, update)| update.text("within") == within);
    // The latest first.
    found.sort_by_key(|(_, update)| std::cmp::Reverse(update.time("created")));
    names(call, "updateIds", found.iter().map(|(_, one)| one.text("id").to_owned()).collect())
}

/// A value as the parameter of an update shows it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
