//! Changes: a batch happens as a whole or not at all, and is everywhere a minute later.

use serde_json::{Value, json};

use super::{CHANGES, RECORDS, find_zone, record};
use crate::local::acm;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

/// Changes of one batch, and characters of all their values.
const MOST: usize = 1000;

pub(super) fn change(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, zone) = find_zone(call, &call.input.text("Id")?)?;
    let batch = call.input.structure("ChangeBatch")?;
    let comment = batch.optional_text("Comment")?;
    let changes = batch.structure("Changes")?.structures("Change")?;
    if changes.is_empty() {
        return Err(batch.invalid("The change batch is empty"));
    }
    if changes.len() > MOST {
        return Err(record::invalid_batch(format!("Number of changes limit of {MOST} exceeded.")));
    }
    for change in changes {
        let action = change
            .optional_one_of("Action", &["CREATE", "DELETE", "UPSERT"])?
            .ok_or_else(|| change.missing("Action"))?;
        let wanted = record::read(&change.structure("ResourceRecordSet")?, &zone)?;
        one(call, &id, &zone, &action, wanted).map_err(record::invalid_batch)?;
    }
    // What a certificate waits for may have come.
    acm::look_for_proofs(call);
    let change = begin(call, comment);
    Ok(json!({"ChangeInfo": change}))
}

fn one(
    call: &mut Call<'_>,
    id: &str,
    zone: &Value,
    action: &str,
    wanted: Value,
) -> Result<(), String> {
    let key = record::key_of(id, &wanted);
    let title = record::title(&wanted);
    let (name, kind) = (wanted.text("Name").to_owned(), wanted.text("Type").to_owned());
    let live = call.get(RECORDS, &key);
    if action == "DELETE" {
        let Some(live) = live else {
            return Err(format!(
                "Tried to delete resource record set {title} but it was not found"
            ));
        };
        if name == zone.text("Name") && matches!(kind.as_str(), "NS" | "SOA") {
            return Err(format!(
                "A HostedZone must contain at least one {kind} record for the zone itself."
            ));
        }
        if *live != wanted {
            return Err(format!(
                "Tried to delete resource record set {title} but the values provided do not match the current values"
            ));
        }
        call.delete(RECORDS, &key);
        return Ok(());
    }
    if action == "CREATE" && live.is_some() {
        return Err(format!("Tried to create resource record set {title} but it already exists"));
    }
    let prefix = record::key(id, &name, "", "");
    let prefix = prefix.trim_end_matches('|');
    for (_, other) in call.scan(RECORDS, &format!("{prefix}|")) {
        let other_kind = other.text("Type");
        if other_kind != kind && (kind == "CNAME" || other_kind == "CNAME") {
            return Err(format!(
                "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type {other_kind} with the same DNS name already exists in zone {}",
                zone.text("Name")
            ));
        }
        if other_kind == kind && other.has("SetIdentifier") != wanted.has("SetIdentifier") {
            return Err(format!(
                "RRSet with DNS name {name}, type {kind} cannot be created as a simple record and as one with a SetIdentifier"
            ));
        }
    }
    let target = wanted["AliasTarget"].text("DNSName");
    if wanted["AliasTarget"].text("HostedZoneId") == id
        && call.scan(RECORDS, &record::key(id, target, &kind, "")).is_empty()
    {
        return Err(format!(
            "Tried to create an alias that targets {target}, type {kind} in zone {id}, but that target was not found"
        ));
    }
    call.put(RECORDS, &key, wanted);
    Ok(())
}

/// A change that begins now, as AWS shows it.
pub(super) fn begin(call: &mut Call<'_>, comment: Option<String>) -> Value {
    let id = format!("C{}", call.ids.hex(19).to_ascii_uppercase());
    let change = json!({
        "Submitted": call.now,
        "InSync": call.ready_at(durations::DNS_CHANGE),
        "Comment": comment,
    });
    let shown = shown(call, &id, &change);
    call.put(CHANGES, &id, change);
    shown
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("Id")?;
    let id = id.rsplit('/').next().unwrap_or(&id);
    let Some(change) = call.get(CHANGES, id) else {
        let message = format!("Could not find resource with ID: {id}");
        return Err(AwsError::new("NoSuchChange", message).status(404));
    };
    Ok(json!({"ChangeInfo": shown(call, id, &change)}))
}

fn shown(call: &Call<'_>, id: &str, change: &Value) -> Value {
    let everywhere = change.time("InSync") <= call.now;
    let mut shown = json!({
        "Id": format!("/change/{id}"),
        "Status": if everywhere { "INSYNC" } else { "PENDING" },
        "SubmittedAt": call.time(change.time("Submitted")),
    });
    if change.has("Comment") {
        shown.set("Comment", change["Comment"].clone());
    }
    shown
}
