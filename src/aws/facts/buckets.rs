//! Buckets that somebody else made.

use serde_json::Value;

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// A bucket, as far as its policy can be read.
#[derive(Clone, Debug, PartialEq)]
pub enum Bucket {
    /// There is none of that name.
    NotThere,
    /// It is in another region.
    Elsewhere,
    /// It is there, with this policy or none.
    There(Option<Value>),
}

/// Looks at a bucket by its policy (`s3:GetBucketPolicy`).
///
/// # Errors
/// The API refuses; above all where the bucket is another account's.
pub async fn bucket(cx: &Cx, name: &str) -> Result<Bucket, Failure> {
    let sent = cx.s3.get_bucket_policy().bucket(name).send().await;
    match sent.map_err(|error| classify("s3 GetBucketPolicy", error)) {
        Ok(answer) => {
            let policy = answer.policy().and_then(|text| serde_json::from_str(text).ok());
            Ok(Bucket::There(policy))
        }
        Err(failure) => match failure.code.as_deref() {
            Some("NoSuchBucket") => Ok(Bucket::NotThere),
            Some("NoSuchBucketPolicy") => Ok(Bucket::There(None)),
            Some(
                "PermanentRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException",
            ) => Ok(Bucket::Elsewhere),
            _ => Err(failure),
        },
    }
}
