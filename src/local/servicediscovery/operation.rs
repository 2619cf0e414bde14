//! Operations: what takes time in Cloud Map, and how it went.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Filter, OPERATIONS, page};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Begins an operation that is over after `duration`, and returns its id. With an error it fails
/// then, else it succeeds.
pub(super) fn begin(
    call: &mut Call<'_>,
    kind: &str,
    duration: Duration,
    targets: Value,
    error: Option<(&str, String)>,
) -> String {
    let letters = b"abcdefghijklmnopqrstuvwxyz234567";
    let id = format!("{}-{}", call.ids.of(letters, 32), call.ids.of(letters, 8));
    let ready = call.ready_at(duration);
    let mut operation = json!({
        "Id": id,
        "Type": kind,
        "Targets": targets,
        "created": call.now,
        "begins": call.now + (ready - call.now) / 10,
        "ready": ready,
    });
    if let Some((code, message)) = error {
        operation.set("ErrorCode", code);
        operation.set("ErrorMessage", message);
    }
    call.put(OPERATIONS, &id, operation);
    id
}

fn status(call: &Call<'_>, operation: &Value) -> &'static str {
    if operation.time("ready") <= call.now {
        if operation.has("ErrorCode") { "FAIL" } else { "SUCCESS" }
    } else if operation.time("begins") <= call.now {
        "PENDING"
    } else {
        "SUBMITTED"
    }
}

fn updated(call: &Call<'_>, operation: &Value) -> u64 {
    match status(call, operation) {
        "SUBMITTED" => operation.time("created"),
        "PENDING" => operation.time("begins"),
        _ => operation.time("ready"),
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("OperationId")?;
    own_account(call)?;
    let Some(operation) = call.get(OPERATIONS, &id) else {
        return Err(AwsError::new(
            "OperationNotFound",
            format!("No operation found with ID: {id}"),
        ));
    };
    let status = status(call, &operation);
    let mut output = json!({
        "Id": id,
        "OwnerAccount": call.account,
        "Type": operation["Type"],
        "Status": status,
        "CreateDate": call.time(operation.time("created")),
        "UpdateDate": call.time(updated(call, &operation)),
        "Targets": operation["Targets"],
    });
    if status == "FAIL" {
        output.set("ErrorCode", operation["ErrorCode"].clone());
        output.set("ErrorMessage", operation["ErrorMessage"].clone());
    }
    Ok(json!({"Operation": output}))
}

/// Nothing is shared between accounts here.
pub(super) fn own_account(call: &Call<'_>) -> Result<(), AwsError> {
    match call.input.optional_text("OwnerAccount")? {
        Some(account) if account != call.account => {
            Err(AwsError::not_modelled("local AWS does not model namespaces of other accounts"))
        }
        _ => Ok(()),
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let filters =
        Filter::read(call, &["NAMESPACE_ID", "SERVICE_ID", "STATUS", "TYPE", "UPDATE_DATE"])?;
    let meets = |(_, operation): &(String, Arc<Value>)| {
        filters.iter().all(|filter| match filter.name.as_str() {
            "NAMESPACE_ID" => filter.meets(operation["Targets"].text("NAMESPACE")),
            "SERVICE_ID" => filter.meets(operation["Targets"].text("SERVICE")),
            "STATUS" => filter.meets(status(call, operation)),
            "TYPE" => filter.meets(operation.text("Type")),
            _ => filter.meets(&updated(call, operation).to_string()),
        })
    };
    let mut rows = call.scan(OPERATIONS, "");
    rows.retain(meets);
    rows.sort_by_key(|(id, operation)| (std::cmp::Reverse(operation.time("created")), id.clone()));
    let summary = |(id, operation): &(String, Arc<Value>)| json!({"Id": id, "Status": status(call, operation)});
    let page = page(call, rows.iter().map(summary).collect(), |row| row.text("Id").to_owned())?;
    Ok(json!({"Operations": page.0, "NextToken": page.1}))
}
