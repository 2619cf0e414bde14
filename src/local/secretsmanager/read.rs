//! One secret: what is known of it, and its value.

use serde_json::{Map, Value, json};

use super::{CURRENT, find, find_active, named, staged, value};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, secret) = find(call)?;
    let mut answer = shown(call, &name, &secret);
    answer.set("VersionIdsToStages", versions(&secret));
    Ok(answer)
}

/// What `DescribeSecret` and `ListSecrets` have in common.
pub(super) fn shown(call: &Call<'_>, name: &str, secret: &Value) -> Value {
    let mut answer = named(name, secret);
    for member in ["Description", "KmsKeyId"] {
        if secret.has(member) {
            answer.set(member, secret[member].clone());
        }
    }
    answer.set("CreatedDate", call.time(secret.time("Created")));
    answer.set("LastChangedDate", call.time(secret.time("Changed")));
    if secret.has("Deleted") {
        answer.set("DeletedDate", call.time(secret.time("Deleted")));
    }
    answer.set("Tags", call.tag_list(secret.text("Arn"), "Key", "Value"));
    answer
}

/// The stages of each version that has any.
pub(super) fn versions(secret: &Value) -> Value {
    let with = secret.list("Versions").iter().filter(|it| !it.list("Stages").is_empty());
    let map: Map<String, Value> =
        with.map(|it| (it.text("Id").to_owned(), it["Stages"].clone())).collect();
    Value::Object(map)
}

pub(super) fn get_value(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.optional_text("VersionId")?;
    let stage = call.input.optional_text("VersionStage")?;
    let (name, secret) = find_active(call)?;
    let has = |it: &&Value| {
        stage.as_ref().is_none_or(|stage| it.texts("Stages").contains(&stage.as_str()))
    };
    let version = match &id {
        Some(id) => secret.list("Versions").iter().find(|it| it.text("Id") == id).filter(has),
        None => staged(&secret, stage.as_deref().unwrap_or(CURRENT)),
    };
    let Some(version) = version else {
        let which = match (&id, &stage) {
            (Some(id), _) => format!("VersionId: {id}"),
            (None, stage) => format!("staging label: {}", stage.as_deref().unwrap_or(CURRENT)),
        };
        return Err(AwsError::new(
            "ResourceNotFoundException",
            format!("Secrets Manager can't find the specified secret value for {which}"),
        ));
    };
    let mut answer = json!({
        "ARN": secret["Arn"],
        "Name": name,
        "VersionId": version["Id"],
        "VersionStages": version["Stages"],
        "CreatedDate": call.time(version.time("Created")),
    });
    value::show(version, &mut answer);
    Ok(answer)
}
