//! The keys and values in use.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const PAGE: usize = 500;

pub(super) fn get_tag_keys(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = call.input.optional_text("PaginationToken")?;
    let mut keys = BTreeSet::new();
    for (_, tags) in call.tagged("arn:") {
        keys.extend(tags.as_object().into_iter().flatten().map(|(key, _)| key.clone()));
    }
    let page = call.page(keys.into_iter().collect(), PAGE, token.as_deref(), String::clone)?;
    Ok(json!({"TagKeys": page.items, "PaginationToken": page.next.unwrap_or_default()}))
}

pub(super) fn get_tag_values(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let key = call.input.text("Key")?;
    let token = call.input.optional_text("PaginationToken")?;
    let mut values = BTreeSet::new();
    for (_, tags) in call.tagged("arn:") {
        values.extend(tags.has(&key).then(|| tags.text(&key).to_owned()));
    }
    let page = call.page(values.into_iter().collect(), PAGE, token.as_deref(), String::clone)?;
    Ok(json!({"TagValues": page.items, "PaginationToken": page.next.unwrap_or_default()}))
}
