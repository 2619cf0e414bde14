//! The account itself: its root user, and no aliases.

use serde_json::{Value, json};

use super::errors::no_such;
use super::pages;
use crate::local::call::Call;
use crate::local::error::AwsError;

/// Whoever calls is the root user; there are no others.
pub(super) fn get_user(call: &mut Call<'_>) -> Result<Value, AwsError> {
    if let Some(name) = call.input.optional_text("UserName")? {
        return Err(no_such(format!("The user with name {name} cannot be found.")));
    }
    Ok(json!({"User": {
        "Path": "/",
        "UserName": "root",
        "UserId": call.account,
        "Arn": call.global_arn("iam", "root"),
        "CreateDate": call.time(0),
    }}))
}

pub(super) fn list_account_aliases(call: &mut Call<'_>) -> Result<Value, AwsError> {
    pages::page(call, "AccountAliases", Vec::<String>::new(), String::clone, |alias| {
        Value::from(alias.as_str())
    })
}
