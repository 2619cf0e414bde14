//! Objects: whole ones, by key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::OBJECTS;
use super::bucket::required;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// An output that is no XML.
pub(super) fn text(bytes: &[u8]) -> Value {
    json!({"$text": STANDARD.encode(bytes)})
}

fn path(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}

fn found(call: &Call<'_>) -> Result<Arc<Value>, AwsError> {
    let (bucket, _) = required(call)?;
    let key = call.input.text("Key")?;
    call.get(OBJECTS, &path(&bucket, &key))
        .ok_or_else(|| AwsError::new("NoSuchKey", "The specified key does not exist.").status(404))
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (bucket, _) = required(call)?;
    let key = call.input.text("Key")?;
    let body = call.input.optional_text("Body")?.unwrap_or_default();
    let content_type = call.input.optional_text("content-type")?;
    // Not an MD5 as S3's, but as good for telling objects apart.
    let etag: String =
        Sha256::digest(&body).iter().take(16).map(|it| format!("{it:02x}")).collect();
    let object = json!({
        "body": body,
        "etag": format!("\"{etag}\""),
        "modified": call.now,
        "type": content_type.unwrap_or_else(|| "binary/octet-stream".to_owned()),
    });
    let headers = json!({"etag": object["etag"]});
    call.put(OBJECTS, &path(&bucket, &key), object);
    Ok(json!({"$headers": headers}))
}

fn headers(object: &Value) -> Value {
    json!({"etag": object["etag"], "content-type": object["type"]})
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let object = found(call)?;
    Ok(json!({"$text": object["body"], "$headers": headers(&object)}))
}

pub(super) fn head(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let object = found(call)?;
    Ok(json!({"$headers": headers(&object)}))
}

/// Deleting what is not there succeeds.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (bucket, _) = required(call)?;
    let key = call.input.text("Key")?;
    call.delete(OBJECTS, &path(&bucket, &key));
    Ok(json!({"$status": 204}))
}

/// A thousand at most.
pub(super) fn delete_many(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (bucket, _) = required(call)?;
    let objects = call.input.structures("Object")?;
    let quiet = call.input.optional_boolean("Quiet")?.unwrap_or(false);
    if objects.is_empty() || objects.len() > 1000 {
        return Err(AwsError::new(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ));
    }
    let mut deleted = Vec::new();
    for object in objects {
        let key = object.text("Key")?;
        let version = object.optional_text("VersionId")?;
        // Another version than the only one is not there, so there is nothing to delete.
        if version.as_deref().is_none_or(|version| version == "null") {
            call.delete(OBJECTS, &path(&bucket, &key));
        }
        deleted.push(json!({"Key": key, "VersionId": version}));
    }
    let deleted = if quiet { Vec::new() } else { deleted };
    Ok(json!({"$root": "DeleteResult", "Deleted": deleted}))
}

/// A page of a bucket's objects.
struct Listed {
    bucket: String,
    prefix: String,
    size: usize,
    rows: Vec<Value>,
    next: Option<String>,
}

fn listed(call: &Call<'_>, token: Option<&str>) -> Result<Listed, AwsError> {
    let (bucket, _) = required(call)?;
    let prefix = call.input.optional_text("prefix")?.unwrap_or_default();
    let size = call.input.optional_integer_within("max-keys", 1, 1_000_000)?.unwrap_or(1000);
    // Keys are shown as they are: none here holds what XML cannot spell.
    call.input.accept("encoding-type");
    let rows = call.scan(OBJECTS, &path(&bucket, &prefix));
    let size = usize::try_from(size.min(1000)).unwrap_or(1000);
    let page = call.page(rows, size, token, |(key, _)| key.clone())?;
    let skip = bucket.len() + 1;
    let row = |(key, object): &(String, Arc<Value>)| {
        let size = STANDARD.decode(object.text("body")).map_or(0, |bytes| bytes.len());
        json!({
            "Key": key[skip..],
            "LastModified": call.time(object.time("modified")),
            "ETag": object["etag"],
            "Size": size,
            "StorageClass": "STANDARD",
        })
    };
    let rows = page.items.iter().map(row).collect();
    Ok(Listed { bucket, prefix, size, rows, next: page.next })
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = call.input.optional_text("continuation-token")?;
    let listed = listed(call, token.as_deref())?;
    Ok(json!({
        "$root": "ListBucketResult",
        "Name": listed.bucket,
        "Prefix": listed.prefix,
        "KeyCount": listed.rows.len(),
        "MaxKeys": listed.size,
        "IsTruncated": listed.next.is_some(),
        "Contents": listed.rows,
        "ContinuationToken": token,
        "NextContinuationToken": listed.next,
    }))
}

pub(super) fn versions(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = call.input.optional_text("key-marker")?;
    // It stands beside the key, which says it all here.
    call.input.accept("version-id-marker");
    let mut listed = listed(call, token.as_deref())?;
    for row in &mut listed.rows {
        row.set("VersionId", "null");
        row.set("IsLatest", true);
    }
    Ok(json!({
        "$root": "ListVersionsResult",
        "Name": listed.bucket,
        "Prefix": listed.prefix,
        "MaxKeys": listed.size,
        "IsTruncated": listed.next.is_some(),
        "Version": listed.rows,
        "NextKeyMarker": listed.next,
        "NextVersionIdMarker": listed.next.is_some().then_some("null"),
    }))
}
