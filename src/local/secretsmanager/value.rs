//! The value of one version: the only place that takes it in and gives it out.

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::sealed;

/// A text, or bytes in base64.
const MEMBERS: [&str; 2] = ["SecretString", "SecretBinary"];
/// In bytes.
const LARGEST: usize = 65_536;

/// The value in the input, if there is one.
pub(super) fn of_input(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let mut found = None;
    for member in MEMBERS {
        let Some(value) = call.input.optional_text(member)? else { continue };
        if found.is_some() {
            return Err(call
                .input
                .invalid("You can't specify both a binary secret value and a string secret value in the same secret."));
        }
        if value.len() > LARGEST {
            return Err(call.input.invalid(format!(
                "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member \
                 must have length less than or equal to {LARGEST}"
            )));
        }
        found = Some(json!({member: sealed::secret(&value)}));
    }
    Ok(found)
}

/// Puts a version's value into an answer.
pub(super) fn show(version: &Value, answer: &mut Value) {
    for member in MEMBERS {
        if version["Value"].has(member) {
            answer.set(member, sealed::text(&version["Value"][member]));
        }
    }
}
