//! Where a load balancer logs its requests.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::read::{Read, Reader, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

/// Where a load balancer logs its requests.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AccessLogs {
    /// The bucket; `None` for no logs.
    pub bucket_name: Option<String>,
    /// What keys begin with.
    pub prefix: Option<String>,
}

record! {
    /// A bucket for the logs of requests.
    pub(crate) struct AccessLogsMap {
        /// The bucket's name. Its policy must let `logdelivery.elasticloadbalancing.amazonaws.com` put objects.
        bucket_name: Option<String> as Option<BucketName>,
        /// What the keys of the logs begin with.
        prefix: Option<String> as Option<KeyPrefix>,
    }
}

impl JsonSchema for AccessLogs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccessLogs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([schemars::json_schema!({ "const": false }), part::<AccessLogsMap>(generator)])
    }
}

impl Read for AccessLogs {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if !is_map(node) {
            return match bool::read(node, reader)? {
                false => Some(Self { bucket_name: None, prefix: None }),
                true => no_bucket(node, reader),
            };
        }
        let map = AccessLogsMap::read(node, reader)?;
        match map.bucket_name {
            // A name that cannot be was told already.
            None if node.get("bucket_name").is_some() => None,
            None => no_bucket(node, reader),
            bucket_name => Some(Self { bucket_name, prefix: map.prefix }),
        }
    }
}

/// Copilot makes a bucket then.
fn no_bucket(node: &Node, reader: &mut Reader) -> Option<AccessLogs> {
    let problem = reader.error(
        node.span,
        "access logs need a bucket, and shipit makes none: that comes in a later release",
    );
    problem.expected = Some("the name of a bucket that lets load balancers write".to_owned());
    problem.help = Some("write `access_logs:` and below it `bucket_name: NAME`".to_owned());
    None
}

notation! {
    /// The name of a bucket.
    BucketName as String,
    { "type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$" },
    |node, reader| {
        let expected = "the name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots";
        let text = &reader.text(node, expected)?.text;
        let label = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let address = text.split('.').all(|label| label.bytes().all(|b| b.is_ascii_digit()));
        if (3..=63).contains(&text.len()) && text.split('.').all(label) && (!address || !text.contains('.')) {
            Some(text.clone())
        } else {
            reader.wrong(node, expected)
        }
    }
}

notation! {
    /// What keys begin with.
    KeyPrefix as String,
    { "type": "string" },
    |node, reader| {
        let expected = "a prefix without a slash at either end, and without `AWSLogs`, which AWS adds";
        let text = &reader.text(node, expected)?.text;
        if text.starts_with('/') || text.ends_with('/') || text.contains("AWSLogs") {
            reader.wrong(node, expected)
        } else {
            Some(text.clone())
        }
    }
}
