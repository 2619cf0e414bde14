//! A bucket's settings: each is put whole, got as it was put, and deleted.

use serde_json::{Value, json};

use super::BUCKETS;
use super::bucket::required;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

fn set(call: &mut Call<'_>, bucket: &str, member: &str, value: Value) -> Value {
    call.update(BUCKETS, bucket, |bucket| bucket.set(member, value));
    Value::Null
}

/// Takes a setting away.
fn delete(call: &mut Call<'_>, member: &str) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    call.update(BUCKETS, &name, |bucket| {
        bucket.unset(member);
    });
    Ok(json!({"$status": 204}))
}

/// A setting, or the error that says it is not there.
fn get(call: &Call<'_>, member: &str, code: &str, message: &str) -> Result<Value, AwsError> {
    let (_, bucket) = required(call)?;
    match bucket.get(member) {
        Some(value) => Ok(value.clone()),
        None => Err(AwsError::new(code, message).status(404)),
    }
}

// Policy ------------------------------------------------------------------------------------------

pub(super) fn put_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, bucket) = required(call)?;
    let text = call.input.text("Policy")?;
    let malformed = |why: &str| AwsError::new("MalformedPolicy", why);
    let policy: Value = serde_json::from_str(&text)
        .map_err(|_| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    let statements = match policy.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list.clone(),
        Some(one @ Value::Object(_)) => vec![one.clone()],
        _ => return Err(malformed("Missing required field Statement")),
    };
    let arn = super::bucket::arn(&name);
    for statement in &statements {
        if !matches!(statement.text("Effect"), "Allow" | "Deny") {
            return Err(malformed("Invalid effect"));
        }
        if !statement.has("Principal") && !statement.has("NotPrincipal") {
            return Err(malformed("Missing required field Principal"));
        }
        if !statement.has("Action") && !statement.has("NotAction") {
            return Err(malformed("Missing required field Action"));
        }
        let resources = super::delivery::texts(statement, "Resource");
        if resources.is_empty() || !resources.iter().all(|it| it.starts_with(&arn) || *it == "*") {
            return Err(malformed("Policy has invalid resource"));
        }
        let everyone = statement["Principal"] == "*" || statement["Principal"]["AWS"] == "*";
        let blocked = bucket["publicAccessBlock"].text("BlockPublicPolicy") == "true";
        if statement.text("Effect") == "Allow" && everyone && blocked && !statement.has("Condition")
        {
            return Err(AwsError::new(
                "AccessDenied",
                "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            )
            .status(403));
        }
    }
    set(call, &name, "policy", text.into());
    Ok(json!({"$status": 204}))
}

pub(super) fn get_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let policy = get(call, "policy", "NoSuchBucketPolicy", "The bucket policy does not exist")?;
    Ok(super::object::text(policy.as_str().unwrap_or_default().as_bytes()))
}

pub(super) fn delete_policy(call: &mut Call<'_>) -> Result<Value, AwsError> {
    delete(call, "policy")
}

// Encryption --------------------------------------------------------------------------------------

/// What every bucket has that says nothing else.
pub(super) fn default_encryption() -> Value {
    json!({
        "Rule": [{
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": "false",
        }],
    })
}

pub(super) fn put_encryption(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let rules = call.input.structures("Rule")?;
    let [rule] = rules.as_slice() else {
        return Err(AwsError::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    };
    let default = rule.structure("ApplyServerSideEncryptionByDefault")?;
    let algorithm = default.text("SSEAlgorithm")?;
    let key = default.optional_text("KMSMasterKeyID")?;
    if !["AES256", "aws:kms", "aws:kms:dsse"].contains(&algorithm.as_str())
        || (key.is_some() && algorithm == "AES256")
    {
        return Err(call.input.invalid("The encryption algorithm and the key do not go together"));
    }
    let mut kept = json!({"SSEAlgorithm": algorithm});
    if let Some(key) = key {
        kept.set("KMSMasterKeyID", key);
    }
    let bucket_key = rule.optional_boolean("BucketKeyEnabled")?.unwrap_or(false);
    let rule = json!({
        "ApplyServerSideEncryptionByDefault": kept,
        "BucketKeyEnabled": bucket_key.to_string(),
    });
    Ok(set(call, &name, "encryption", json!({"Rule": [rule]})))
}

pub(super) fn get_encryption(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, bucket) = required(call)?;
    let mut output = bucket["encryption"].clone();
    output.set("$root", "ServerSideEncryptionConfiguration");
    Ok(output)
}

/// Back to what every bucket has.
pub(super) fn delete_encryption(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    set(call, &name, "encryption", default_encryption());
    Ok(json!({"$status": 204}))
}

// Public access -----------------------------------------------------------------------------------

const BLOCKS: [&str; 4] =
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

/// What every new bucket has.
pub(super) fn all_blocked() -> Value {
    let mut all = json!({});
    BLOCKS.iter().for_each(|name| all.set(name, "true"));
    all
}

pub(super) fn put_public(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let mut kept = json!({});
    for block in BLOCKS {
        let on = call.input.optional_boolean(block)?.unwrap_or(false);
        kept.set(block, on.to_string());
    }
    Ok(set(call, &name, "publicAccessBlock", kept))
}

pub(super) fn get_public(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let code = "NoSuchPublicAccessBlockConfiguration";
    let message = "The public access block configuration was not found";
    let mut output = get(call, "publicAccessBlock", code, message)?;
    output.set("$root", "PublicAccessBlockConfiguration");
    Ok(output)
}

pub(super) fn delete_public(call: &mut Call<'_>) -> Result<Value, AwsError> {
    delete(call, "publicAccessBlock")
}

// Ownership ---------------------------------------------------------------------------------------

pub(super) fn put_ownership(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let rules = call.input.structures("Rule")?;
    let [rule] = rules.as_slice() else {
        return Err(call.input.invalid("OwnershipControls has one rule"));
    };
    let words = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"];
    let Some(ownership) = rule.optional_one_of("ObjectOwnership", &words)? else {
        return Err(rule.missing("ObjectOwnership"));
    };
    Ok(set(call, &name, "ownership", ownership.into()))
}

pub(super) fn get_ownership(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let code = "OwnershipControlsNotFoundError";
    let ownership = get(call, "ownership", code, "The bucket ownership controls were not found")?;
    Ok(json!({"$root": "OwnershipControls", "Rule": [{"ObjectOwnership": ownership}]}))
}

pub(super) fn delete_ownership(call: &mut Call<'_>) -> Result<Value, AwsError> {
    delete(call, "ownership")
}

// Lifecycle ---------------------------------------------------------------------------------------

pub(super) fn put_lifecycle(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let mut rules = Vec::new();
    for rule in call.input.structures("Rule")? {
        let id = rule.optional_text("ID")?;
        let id = id.unwrap_or_else(|| format!("rule-{}", rules.len() + 1));
        let words = ["Enabled", "Disabled"];
        let status =
            rule.optional_one_of("Status", &words)?.ok_or_else(|| rule.missing("Status"))?;
        let prefix = match rule.optional_structure("Filter")? {
            Some(filter) => filter.optional_text("Prefix")?.unwrap_or_default(),
            None => rule.optional_text("Prefix")?.unwrap_or_default(),
        };
        let mut kept = json!({"ID": id, "Status": status, "Filter": {"Prefix": prefix}});
        let mut acts = false;
        for (action, member) in [
            ("Expiration", "Days"),
            ("NoncurrentVersionExpiration", "NoncurrentDays"),
            ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
        ] {
            if let Some(action_of) = rule.optional_structure(action)? {
                let days = action_of.integer(member)?;
                if days < 1 {
                    return Err(call.input.invalid(format!(
                        "'{member}' for {action} action must be a positive integer"
                    )));
                }
                let mut value = json!({});
                value.set(member, days.to_string());
                kept.set(action, value);
                acts = true;
            }
        }
        if !acts {
            rule.refuse_unread()?;
            return Err(AwsError::new(
                "InvalidRequest",
                "At least one action needs to be specified in a rule.",
            ));
        }
        rules.push(kept);
    }
    if rules.is_empty() {
        return Err(AwsError::new("MalformedXML", "A lifecycle has at least one rule"));
    }
    Ok(set(call, &name, "lifecycle", rules.into()))
}

pub(super) fn get_lifecycle(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let code = "NoSuchLifecycleConfiguration";
    let rules = get(call, "lifecycle", code, "The lifecycle configuration does not exist")?;
    Ok(json!({"$root": "LifecycleConfiguration", "Rule": rules}))
}

pub(super) fn delete_lifecycle(call: &mut Call<'_>) -> Result<Value, AwsError> {
    delete(call, "lifecycle")
}
