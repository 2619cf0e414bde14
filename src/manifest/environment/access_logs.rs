//! Where a load balancer logs its requests.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::manifest::read::{Read, Reader, is_map, notation, record, whole};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

/// Where a load balancer logs its requests.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AccessLogs {
    /// The bucket.
    pub bucket: LogBucket,
    /// What keys begin with.
    pub prefix: Option<String>,
}

/// A bucket for logs.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogBucket {
    /// There are no logs.
    None,
    /// Made, changed and deleted with the environment.
    Own {
        /// Days after which logs go; never where left out.
        retention: Option<u32>,
    },
    /// Made by somebody else, and never changed.
    Existing(String),
}

record! {
    /// The logs of requests.
    pub(crate) struct AccessLogsMap {
        /// The name of a bucket that exists. Its policy must let `logdelivery.elasticloadbalancing.amazonaws.com` put objects.
        /// One is made when left out.
        bucket_name: Option<String> as Option<BucketName>,
        /// What the keys of the logs begin with.
        prefix: Option<String> as Option<KeyPrefix>,
        /// Days after which logs are deleted, in a bucket that shipit makes; they are kept when left out.
        retention: Option<u32> as Option<Days>,
    }
}

impl JsonSchema for AccessLogs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AccessLogs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<AccessLogsMap>(generator)])
    }
}

impl Read for AccessLogs {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if !is_map(node) {
            let before = reader.problems.len();
            let on = bool::read(node, reader);
            if let Some(problem) = reader.problems.get_mut(before) {
                problem.expected = Some(
                    "`true`, `false`, or a map with `bucket_name`, `prefix` or `retention`"
                        .to_owned(),
                );
            }
            let bucket = match on? {
                true => LogBucket::Own { retention: None },
                false => LogBucket::None,
            };
            return Some(Self { bucket, prefix: None });
        }
        let AccessLogsMap { bucket_name, prefix, retention } = AccessLogsMap::read(node, reader)?;
        let bucket = match bucket_name {
            // A name that cannot be was told already.
            None if node.get("bucket_name").is_some() => return None,
            None => LogBucket::Own { retention },
            Some(name) => {
                if let Some(retention) = node.get("retention") {
                    let problem = reader.error(
                        retention.span,
                        format!(
                            "`retention` is for a bucket that shipit makes, and `{name}` exists"
                        ),
                    );
                    problem.help = Some(
                        "give that bucket a life-cycle rule of its own, or remove `bucket_name`"
                            .to_owned(),
                    );
                    return None;
                }
                LogBucket::Existing(name)
            }
        };
        Some(Self { bucket, prefix })
    }
}

notation! {
    /// Days.
    Days as u32,
    { "type": "integer", "minimum": 1, "maximum": 36500 },
    |node, reader| {
        let days = whole::<i64>(node, reader, 1, 36_500, "a number of days, 1 to 36500")?;
        u32::try_from(days).ok()
    }
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
