//! Buckets: made, found, tagged, deleted once they are empty.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{BUCKETS, OBJECTS};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The bucket that a call names, which must be in the region that was called.
pub(super) fn required(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = call.input.text("Bucket")?;
    if let Some(owner) = call.input.optional_text("x-amz-expected-bucket-owner")?
        && owner != call.account
    {
        return Err(AwsError::new("AccessDenied", "Access Denied").status(403));
    }
    let bucket = call.get(BUCKETS, &name).ok_or_else(no_such_bucket)?;
    if bucket.text("region") != call.region {
        return Err(AwsError::new(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
        )
        .status(301));
    }
    Ok((name, bucket))
}

fn no_such_bucket() -> AwsError {
    AwsError::new("NoSuchBucket", "The specified bucket does not exist").status(404)
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// Lower-case letters, digits, hyphens and dots, 3 to 63, and no IP address.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    (3..=63).contains(&name.len())
        && name.split('.').all(label)
        && !name.split('.').all(|label| label.bytes().all(|b| b.is_ascii_digit()))
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias")
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("Bucket")?;
    let region = call.input.optional_text("LocationConstraint")?.filter(|it| !it.is_empty());
    let ownership = call.input.optional_one_of(
        "x-amz-object-ownership",
        &["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
    )?;
    let tags = match call.input.optional_structure("Tags")? {
        Some(tags) => tags.tags("Tag", "Key", "Value")?,
        None => BTreeMap::new(),
    };
    if !is_name(&name) {
        return Err(AwsError::new("InvalidBucketName", "The specified bucket is not valid."));
    }
    let wanted = region.unwrap_or_else(|| "us-east-1".to_owned());
    if wanted != call.region {
        return Err(AwsError::new(
            "IllegalLocationConstraintException",
            format!(
                "The {wanted} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        ));
    }
    if call.get(BUCKETS, &name).is_some() {
        return Err(AwsError::new(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        )
        .status(409));
    }
    let bucket = json!({
        "region": wanted,
        "created": call.now,
        // What every new bucket has.
        "encryption": super::settings::default_encryption(),
        "publicAccessBlock": super::settings::all_blocked(),
        "ownership": ownership.unwrap_or_else(|| "BucketOwnerEnforced".to_owned()),
    });
    call.put(BUCKETS, &name, bucket);
    call.add_tags(&arn(&name), tags)?;
    Ok(json!({"$headers": {"location": format!("/{name}"), "x-amz-bucket-arn": arn(&name)}}))
}

pub(super) fn head(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, bucket) = required(call)?;
    Ok(json!({"$headers": {"x-amz-bucket-region": bucket["region"]}}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    if !call.scan(OBJECTS, &format!("{name}/")).is_empty() {
        return Err(AwsError::new("BucketNotEmpty", "The bucket you tried to delete is not empty")
            .status(409));
    }
    call.delete(BUCKETS, &name);
    call.forget_tags(&arn(&name));
    Ok(json!({"$status": 204}))
}

pub(super) fn location(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, bucket) = required(call)?;
    let region = bucket.text("region");
    // The first region has none.
    let text = if region == "us-east-1" { "" } else { region };
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint xmlns=\"{}\">{text}</LocationConstraint>",
        call.service.namespace
    );
    Ok(super::object::text(body.as_bytes()))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let prefix = call.input.optional_text("prefix")?.unwrap_or_default();
    let region = call.input.optional_text("bucket-region")?;
    let size = call.input.optional_integer_within("max-buckets", 1, 10_000)?.unwrap_or(10_000);
    let token = call.input.optional_text("continuation-token")?;
    let mut rows = call.scan(BUCKETS, &prefix);
    rows.retain(|(_, bucket)| region.as_ref().is_none_or(|it| bucket.text("region") == it));
    let size = usize::try_from(size).unwrap_or(10_000);
    let page = call.page(rows, size, token.as_deref(), |(name, _)| name.clone())?;
    let row = |(name, bucket): &(String, Arc<Value>)| {
        json!({
            "Name": name,
            "CreationDate": call.time(bucket.time("created")),
            "BucketRegion": bucket["region"],
            "BucketArn": arn(name),
        })
    };
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    Ok(json!({
        "$root": "ListAllMyBucketsResult",
        "Owner": {"ID": call.account},
        "Buckets": {"Bucket": rows},
        "Prefix": prefix,
        "ContinuationToken": page.next,
    }))
}

pub(super) fn put_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let tags = call.input.structure("TagSet")?.tags("Tag", "Key", "Value")?;
    call.forget_tags(&arn(&name));
    call.add_tags(&arn(&name), tags)?;
    Ok(json!({"$status": 204}))
}

pub(super) fn get_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let tags = call.tag_list(&arn(&name), "Key", "Value");
    if tags.is_empty() {
        return Err(AwsError::new("NoSuchTagSet", "The TagSet does not exist").status(404));
    }
    Ok(json!({"$root": "Tagging", "TagSet": {"Tag": tags}}))
}

pub(super) fn delete_tags(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    call.forget_tags(&arn(&name));
    Ok(json!({"$status": 204}))
}

/// As the tagging API has it: beside the tags that are there.
pub(super) fn tag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let tags = call.input.tags("Tags", "Key", "Value")?;
    call.add_tags(&arn(&name), tags)?;
    Ok(Value::Null)
}

pub(super) fn untag(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = required(call)?;
    let keys = call.input.texts("TagKeys")?;
    call.remove_tags(&arn(&name), &keys);
    Ok(Value::Null)
}
