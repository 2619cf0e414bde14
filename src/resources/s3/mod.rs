//! S3: buckets. Objects are only ever deleted, with their bucket.

pub mod bucket;
pub mod delivery;
mod settings;

pub use bucket::{Bucket, BucketName};
