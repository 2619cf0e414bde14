//! One field's part of a difference.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::OutputRef;

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where: `health_check.path`, `containers[0].image`; a map's keys are joined by dots.
    pub path: String,
    /// The live value; `Null` where there is none.
    pub before: Value,
    /// The desired value; `Null` where the field goes, a reference document where it is unknown yet.
    pub after: Value,
    /// The references in `after` that only applying can resolve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<OutputRefText>,
    /// The field cannot be changed in place: this change forces a replacement.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forces_replacement: bool,
    /// Values are masked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// Nothing in the manifests has changed it since the last apply: it was changed outside.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drift: bool,
}

/// A reference as people read it: `ec2/vpc.main → id`.
pub type OutputRefText = String;

impl From<&OutputRef> for OutputRefText {
    fn from(from: &OutputRef) -> Self {
        from.to_string()
    }
}

/// Whether any change touches `path` or something below it.
pub fn touches(changes: &[Change], path: &str) -> bool {
    changes.iter().any(|change| {
        change
            .path
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
    })
}
