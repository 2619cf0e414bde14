//! Versions of the account's managed policies: at most five.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{conflict, limit, no_such};
use super::policy_document::{self, Purpose};
use super::{POLICIES, managed, pages, policy};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = own(call)?;
    let document = call.input.text("PolicyDocument")?;
    let default = call.input.optional_boolean("SetAsDefault")?.unwrap_or(false);
    policy_document::check(&document, Purpose::Permissions)?;
    policy_document::fits_managed(&document)?;
    if found.list("Versions").len() >= 5 {
        return Err(limit(
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
        ));
    }
    let last = found.integer("LastVersion") + 1;
    let id = format!("v{last}");
    let version = json!({"VersionId": id, "Document": document, "Created": call.now});
    let now = call.now;
    let mut versions = found.list("Versions").to_vec();
    versions.insert(0, version.clone());
    call.update(POLICIES, &arn, |policy| {
        policy.set("LastVersion", last);
        policy.set("Versions", versions);
        policy.set("Updated", now);
        if default {
            policy.set("DefaultVersionId", id);
        }
    });
    let mut output = shown(call, &version, default);
    output.unset("Document");
    Ok(json!({"PolicyVersion": output}))
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("PolicyArn")?;
    let id = call.input.text("VersionId")?;
    let found = managed::find(call, &arn)?;
    // Of AWS's policies former versions are not known, and rarely what the default one says.
    if managed::is_of_aws(&arn) && version(&found, &arn, &id).is_err() {
        return Err(managed::no_document(&arn));
    }
    let version = version(&found, &arn, &id)?;
    let default = found.text("DefaultVersionId") == id;
    Ok(json!({"PolicyVersion": shown(call, version, default)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("PolicyArn")?;
    let found = managed::find(call, &arn)?;
    if managed::is_of_aws(&arn) && found.text("DefaultVersionId") != "v1" {
        return Err(AwsError::not_modelled(format!(
            "local AWS does not know the former versions of {arn}"
        )));
    }
    let versions = if managed::is_of_aws(&arn) {
        vec![json!({"VersionId": "v1", "Created": found["Created"]})]
    } else {
        found.list("Versions").to_vec()
    };
    let key = |version: &Value| version.text("VersionId").to_owned();
    pages::page(call, "Versions", versions, key, |version| {
        let default = found.text("DefaultVersionId") == version.text("VersionId");
        let mut shown = shown(call, version, default);
        shown.unset("Document");
        shown
    })
}

pub(super) fn set_default(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = own(call)?;
    let id = call.input.text("VersionId")?;
    version(&found, &arn, &id)?;
    let now = call.now;
    call.update(POLICIES, &arn, |policy| {
        policy.set("DefaultVersionId", id);
        policy.set("Updated", now);
    });
    Ok(Value::Null)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = own(call)?;
    let id = call.input.text("VersionId")?;
    version(&found, &arn, &id)?;
    if found.text("DefaultVersionId") == id {
        return Err(conflict("Cannot delete the default version of a policy."));
    }
    let mut versions = found.list("Versions").to_vec();
    versions.retain(|version| version.text("VersionId") != id);
    call.update(POLICIES, &arn, |policy| policy.set("Versions", versions));
    Ok(Value::Null)
}

/// A version as IAM shows it.
pub(super) fn shown(call: &Call<'_>, version: &Value, default: bool) -> Value {
    json!({
        "Document": policy_document::encoded(version.text("Document")),
        "VersionId": version["VersionId"],
        "IsDefaultVersion": default,
        "CreateDate": call.time(version.time("Created")),
    })
}

fn own(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let arn = call.input.text("PolicyArn")?;
    let found = managed::find(call, &arn)?;
    policy::not_of_aws(&arn)?;
    Ok((arn, found))
}

fn version<'a>(policy: &'a Value, arn: &str, id: &str) -> Result<&'a Value, AwsError> {
    let found = policy.list("Versions").iter().find(|version| version.text("VersionId") == id);
    found.ok_or_else(|| {
        no_such(format!("Policy {arn} version {id} does not exist or is not attachable."))
    })
}
