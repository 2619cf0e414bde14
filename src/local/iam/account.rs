//! The account itself: it has no aliases.

use serde_json::Value;

use super::pages;
use crate::local::call::Call;
use crate::local::error::AwsError;

/// CreateAccountAlias is not served, so there are none.
pub(super) fn list_account_aliases(call: &mut Call<'_>) -> Result<Value, AwsError> {
    pages::page(call, "AccountAliases", Vec::<String>::new(), String::clone, |alias| {
        Value::from(alias.as_str())
    })
}
