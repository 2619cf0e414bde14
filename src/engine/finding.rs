//! What was found out about a plan before it is applied.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Address;

/// How bad a finding is. The order is that in which findings are listed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Applying would surely fail.
    Error,
    /// It looks wrong, and may work all the same.
    Warning,
    /// It could not be checked: access denied, no answer, not served.
    Unchecked,
}

/// One thing that somebody should know before the plan is applied. Texts are lower-case fragments
/// and hold no value of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which check found it: `image`, `secret`, `quota` and so on.
    pub check: String,
    /// The resource that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What is wrong, or (`unchecked`) what could not be checked.
    pub message: String,
    /// Why it would fail, or could not be checked; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
