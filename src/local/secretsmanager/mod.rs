//! `secretsmanager`: secrets with their versions and stages, and their deletion with a time to think.
//! Rotation, replicas, resource policies and secrets managed by partners are not here.

mod delete;
mod list;
mod read;
mod tags;
mod value;
mod write;

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Call;
use super::clock::Millis;
use super::document::Document;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Secrets by name: `Arn`, `Versions` (oldest first, each with its `Stages`) and more.
const SECRETS: Table = Table::regional("secretsmanager/secret");

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

pub(super) static SERVICE: Service = Service {
    name: "secretsmanager",
    protocol: Protocol::Json,
    target: "secretsmanager",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "InvalidNextTokenException",
    throttle: ("ThrottlingException", 400),
    timer: None,
    operations: &[
        service::write("CreateSecret", write::create),
        service::read("DescribeSecret", read::describe),
        service::read("GetSecretValue", read::get_value),
        service::read("ListSecrets", list::list),
        service::write("PutSecretValue", write::put_value),
        service::write("UpdateSecret", write::update),
        service::write("UpdateSecretVersionStage", write::update_stage),
        service::write("DeleteSecret", delete::delete),
        service::write("RestoreSecret", delete::restore),
        service::write("TagResource", tags::tag),
        service::write("UntagResource", tags::untag),
    ],
};

/// The secret that `SecretId` names: its name, its whole ARN, or its ARN without the six characters
/// at the end.
fn find(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let id = call.input.text("SecretId")?;
    let prefix = call.arn("secretsmanager", "secret:");
    let name = match id.strip_prefix(&prefix) {
        None => id,
        Some(rest) => {
            let whole = rest.rsplit_once('-').map(|(name, _)| name.to_owned());
            let is = |name: &String| {
                call.get(SECRETS, name).is_some_and(|secret| secret.text("Arn") == id)
            };
            whole.filter(is).unwrap_or_else(|| rest.to_owned())
        }
    };
    match call.get(SECRETS, &name).filter(|secret| !is_gone(secret, call.now)) {
        Some(secret) => Ok((name, secret)),
        None => Err(not_found()),
    }
}

/// As [`find`], but one that waits for its deletion is refused, as by everything that reads or
/// writes values.
fn find_active(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (name, secret) = find(call)?;
    if secret.has("Deleted") {
        return Err(AwsError::new(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        ));
    }
    Ok((name, secret))
}

/// Its time to think is over.
fn is_gone(secret: &Value, now: Millis) -> bool {
    secret.has("Deleted") && secret.time("Gone") <= now
}

fn not_found() -> AwsError {
    AwsError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// What all answers about one secret begin with.
fn named(name: &str, secret: &Value) -> Value {
    json!({"ARN": secret["Arn"], "Name": name})
}

/// The version that bears a stage.
fn staged<'a>(secret: &'a Value, stage: &str) -> Option<&'a Value> {
    secret.list("Versions").iter().find(|version| version.texts("Stages").contains(&stage))
}
