//! What all kinds share: errors, names, client tokens, states by the clock, pages.

use std::sync::Arc;

use serde_json::{Value, json};

use super::SERVICE;
use crate::local::call::{Call, iso8601};
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// A kind of object: its table and how AWS speaks of it.
pub(super) struct Kind {
    pub(super) table: Table,
    /// Its part of an ARN, such as `servicenetwork`.
    pub(super) segment: &'static str,
    /// How its ids begin.
    pub(super) prefix: &'static str,
    /// `resourceType` of errors.
    pub(super) word: &'static str,
}

pub(super) static NETWORK: Kind = Kind {
    table: super::NETWORKS,
    segment: "servicenetwork",
    prefix: "sn",
    word: "SERVICE_NETWORK",
};
pub(super) static SERVICE_KIND: Kind =
    Kind { table: super::SERVICES, segment: "service", prefix: "svc", word: "SERVICE" };
pub(super) static TARGET_GROUP: Kind = Kind {
    table: super::TARGET_GROUPS,
    segment: "targetgroup",
    prefix: "tg",
    word: "TARGET_GROUP",
};
pub(super) static SERVICE_ASSOCIATION: Kind = Kind {
    table: super::SERVICE_ASSOCIATIONS,
    segment: "servicenetworkserviceassociation",
    prefix: "snsa",
    word: "SERVICE_NETWORK_SERVICE_ASSOCIATION",
};
pub(super) static VPC_ASSOCIATION: Kind = Kind {
    table: super::VPC_ASSOCIATIONS,
    segment: "servicenetworkvpcassociation",
    prefix: "snva",
    word: "SERVICE_NETWORK_VPC_ASSOCIATION",
};
pub(super) static SUBSCRIPTION: Kind = Kind {
    table: super::SUBSCRIPTIONS,
    segment: "accesslogsubscription",
    prefix: "als",
    word: "ACCESS_LOG_SUBSCRIPTION",
};

impl Kind {
    pub(super) fn arn(&self, call: &Call<'_>, id: &str) -> String {
        call.arn("vpc-lattice", &format!("{}/{id}", self.segment))
    }

    /// The id and document that an id or ARN names.
    pub(super) fn at(
        &self,
        call: &Call<'_>,
        reference: &str,
    ) -> Result<(String, Arc<Value>), AwsError> {
        let arns = self.arn(call, "");
        let id = reference.strip_prefix(&arns).unwrap_or(reference);
        let found = call.get(self.table, id);
        Ok((id.to_owned(), found.ok_or_else(|| missing(self.word, reference))?))
    }

    /// What this member of the input names.
    pub(super) fn of_input(
        &self,
        call: &Call<'_>,
        member: &str,
    ) -> Result<(String, Arc<Value>), AwsError> {
        self.at(call, &call.input.text(member)?)
    }
}

pub(super) fn missing(word: &str, id: &str) -> AwsError {
    AwsError::new("ResourceNotFoundException", format!("{word} {id} not found"))
        .status(404)
        .with("resourceId", id)
        .with("resourceType", word)
}

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", message).with("reason", "other")
}

pub(super) fn conflict(word: &str, id: &str, message: impl Into<String>) -> AwsError {
    AwsError::new("ConflictException", message)
        .status(409)
        .with("resourceId", id)
        .with("resourceType", word)
}

/// Refuses one more than a quota allows.
pub(super) fn quota(word: &str, there: usize, most: usize) -> Result<(), AwsError> {
    if there < most {
        return Ok(());
    }
    let message = format!("The quota of {most} for {word} is reached");
    Err(AwsError::new("ServiceQuotaExceededException", message)
        .status(402)
        .with("resourceType", word)
        .with("serviceCode", "vpc-lattice"))
}

/// The member `name`, 3 to `most` characters of `a-z`, `0-9` and single hyphens.
pub(super) fn name(call: &Call<'_>, most: usize, reserved: &str) -> Result<String, AwsError> {
    let name = call.input.text("name")?;
    let good = (3..=most).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
        && (reserved.is_empty() || !name.starts_with(reserved));
    if good {
        return Ok(name);
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must have length \
         between 3 and {most} and satisfy regular expression pattern (?!-)(?!.*-$)(?!.*--)[a-z0-9-]+"
    )))
}

/// The object that an earlier call with this token has made; the same token for something else is refused.
pub(super) fn made_before(
    token: Option<&str>,
    rows: &[(String, Arc<Value>)],
    asked: &Value,
    word: &str,
) -> Result<Option<(String, Arc<Value>)>, AwsError> {
    let Some(token) = token else { return Ok(None) };
    let Some((id, found)) = rows.iter().find(|(_, one)| one.text("token") == token) else {
        return Ok(None);
    };
    match &found["asked"] == asked {
        true => Ok(Some((id.clone(), found.clone()))),
        false => Err(conflict(word, id, "The client token was used with other parameters")),
    }
}

/// Sets what every new document has.
pub(super) fn begin(call: &Call<'_>, document: &mut Value, token: Option<String>, asked: Value) {
    document.set("created", call.now);
    document.set("updated", call.now);
    document.set("ready", call.ready_at(durations::LATTICE_CREATION));
    document.set("token", token);
    document.set("asked", asked);
}

/// `CREATE_IN_PROGRESS`, `ACTIVE`, `UPDATE_IN_PROGRESS` or `DELETE_IN_PROGRESS`.
pub(super) fn status(call: &Call<'_>, document: &Value) -> &'static str {
    if document.has("gone") {
        "DELETE_IN_PROGRESS"
    } else if document.time("ready") > call.now {
        "CREATE_IN_PROGRESS"
    } else if document.time("updating") > call.now {
        "UPDATE_IN_PROGRESS"
    } else {
        "ACTIVE"
    }
}

/// Begins a deletion that ends by the clock; one that has begun goes on.
pub(super) fn begin_deletion(call: &mut Call<'_>, kind: &Kind, id: &str, gone: &str) {
    if call.get(kind.table, id).is_some_and(|one| one.has("gone")) {
        return;
    }
    let at = call.ready_at(durations::LATTICE_DELETION);
    call.update(kind.table, id, |one| one.set("gone", at));
    call.schedule_for(&SERVICE, at, json!({"gone": gone, "id": id}));
}

/// A time as Lattice writes it.
pub(super) fn time(at: Millis) -> Value {
    Value::from(iso8601(at))
}

/// `createdAt` and `lastUpdatedAt`.
pub(super) fn set_times(wire: &mut Value, document: &Value) {
    wire.set("createdAt", time(document.time("created")));
    wire.set("lastUpdatedAt", time(document.time("updated")));
}

/// One page of shown objects as `items`.
pub(super) fn page(call: &Call<'_>, shown: Vec<Value>) -> Result<Value, AwsError> {
    pages(call, shown, |one| one.text("arn").to_owned())
}

/// The same for what has no ARN.
pub(super) fn pages(
    call: &Call<'_>,
    shown: Vec<Value>,
    key: impl Fn(&Value) -> String,
) -> Result<Value, AwsError> {
    let size = call.input.optional_integer_within("maxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("nextToken")?;
    let size = usize::try_from(size).unwrap_or(100);
    let page = call.page(shown, size, token.as_deref(), key)?;
    Ok(json!({"items": page.items, "nextToken": page.next}))
}
