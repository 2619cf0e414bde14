//! Hybrid activations: how machines outside AWS come to be managed. Nothing registers itself here.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::sealed;
use crate::local::store::Table;

/// Activations by id.
const ACTIVATIONS: Table = Table::regional("ssm/activation");
const ROLES: Table = Table::global("iam/role");
/// How long one is good for where nothing is said: a day.
const DAY: u64 = 86_400_000;
/// For how many days one is good at most.
const MOST_DAYS: u64 = 30;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let role = call.input.text("IamRole")?;
    let description = call.input.optional_text("Description")?;
    let name = call.input.optional_text("DefaultInstanceName")?;
    let limit = call.input.optional_integer_within("RegistrationLimit", 1, 1000)?.unwrap_or(1);
    let expires = call.input.optional_number("ExpirationDate")?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    if role.len() > 64 {
        return Err(AwsError::new(
            "ValidationException",
            "1 validation error detected: Value at 'iamRole' failed to satisfy constraint: Member must \
             have length less than or equal to 64",
        ));
    }
    // A role's name, below its path.
    let (path, plain) = role.rsplit_once('/').map_or(("", role.as_str()), |parts| parts);
    let path = if path.is_empty() { "/".to_owned() } else { format!("/{path}/") };
    let trusted = call.get(ROLES, plain).is_some_and(|role| {
        let trust = role.get("Trust").map(Value::to_string).unwrap_or_default();
        role.text("Path") == path && trust.contains("ssm.amazonaws.com")
    });
    if !trusted {
        return Err(AwsError::new(
            "ValidationException",
            format!("Nonexistent role or missing ssm service principal in trust policy: {role}"),
        ));
    }
    let id = call.ids.uuid();
    let code = call.ids.of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 20);
    let expires = expires.map_or(call.now + DAY, |at| (at * 1000.0) as u64);
    if expires <= call.now || expires > call.now + MOST_DAYS * DAY {
        return Err(AwsError::new(
            "ValidationException",
            "The expiration date must be in the future, and at most 30 days from now.",
        ));
    }
    let document = json!({
        "role": role,
        "description": description,
        "name": name,
        "limit": limit,
        "expires": expires,
        "created": call.now,
        "code": sealed::secret(&code),
        "tags": tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>(),
    });
    call.put(ACTIVATIONS, &id, document);
    Ok(json!({"ActivationId": id, "ActivationCode": code}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let row = |id: &str, one: &Value| {
        json!({
            "ActivationId": id,
            "Description": one["description"],
            "DefaultInstanceName": one["name"],
            "IamRole": one["role"],
            "RegistrationLimit": one["limit"],
            "RegistrationsCount": 0,
            "ExpirationDate": call.time(one.time("expires")),
            "Expired": one.time("expires") <= call.now,
            "CreatedDate": call.time(one.time("created")),
            "Tags": one["tags"],
        })
    };
    let mut found = call.scan(ACTIVATIONS, "");
    for filter in call.input.structures("Filters")? {
        let keys = ["ActivationIds", "DefaultInstanceName", "IamRole"];
        let key = filter.optional_one_of("FilterKey", &keys)?.unwrap_or_default();
        let values = filter.texts("FilterValues")?;
        found.retain(|(id, one)| {
            let value = match key.as_str() {
                "ActivationIds" => id.as_str(),
                "DefaultInstanceName" => one.text("name"),
                _ => one.text("role"),
            };
            values.iter().any(|wanted| wanted == value)
        });
    }
    let rows = found.iter().map(|(id, one)| row(id, one)).collect::<Vec<_>>();
    let size = call.input.optional_integer_within("MaxResults", 1, 50)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let page = call
        .page(rows, size as usize, token.as_deref(), |row| row.text("ActivationId").to_owned())?;
    Ok(json!({"ActivationList": page.items, "NextToken": page.next}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("ActivationId")?;
    if call.get(ACTIVATIONS, &id).is_none() {
        return Err(AwsError::new("InvalidActivation", format!("Activation ID {id} is invalid")));
    }
    call.delete(ACTIVATIONS, &id);
    Ok(json!({}))
}
