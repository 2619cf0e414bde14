//! `ListSecrets` and its filters.

use serde_json::{Value, json};

use super::{SECRETS, is_gone, read};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const KEYS: [&str; 4] = ["name", "description", "tag-key", "tag-value"];

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let deleted = call.input.optional_boolean("IncludePlannedDeletion")?.unwrap_or(false);
    let size = call.input.optional_integer_within("MaxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("NextToken")?;
    let order = call.input.optional_one_of("SortOrder", &["asc", "desc"])?;
    let mut filters = Vec::new();
    for filter in call.input.structures("Filters")? {
        let key = filter.text("Key")?;
        let values = filter.texts("Values")?;
        if !KEYS.contains(&key.as_str()) {
            return Err(AwsError::not_modelled(format!(
                "local AWS does not model the filter {key} of secretsmanager:ListSecrets"
            )));
        }
        filters.push((key, values));
    }
    let mut rows: Vec<Value> = call
        .scan(SECRETS, "")
        .into_iter()
        .filter(|(_, secret)| !is_gone(secret, call.now) && (deleted || !secret.has("Deleted")))
        .map(|(name, secret)| {
            let mut row = read::shown(call, &name, &secret);
            row.set("SecretVersionsToStages", read::versions(&secret));
            row
        })
        .filter(|row| filters.iter().all(|(key, values)| meets(row, key, values)))
        .collect();
    rows.sort_by_key(|row| (row["CreatedDate"].as_f64().unwrap_or_default() * 1000.0) as u64);
    // The newest first, unless it is said otherwise.
    if order.as_deref() != Some("asc") {
        rows.reverse();
    }
    let page =
        call.page(rows, size as usize, token.as_deref(), |row| row.text("Name").to_owned())?;
    let mut answer = json!({"SecretList": page.items});
    if let Some(next) = page.next {
        answer.set("NextToken", next);
    }
    Ok(answer)
}

/// A value is the beginning of what is looked for; `!` before it turns it round.
fn meets(row: &Value, key: &str, values: &[String]) -> bool {
    let texts: Vec<&str> = match key {
        "name" => vec![row.text("Name")],
        "description" => vec![row.text("Description")],
        "tag-key" => row.list("Tags").iter().map(|tag| tag.text("Key")).collect(),
        _ => row.list("Tags").iter().map(|tag| tag.text("Value")).collect(),
    };
    values.iter().any(|value| match value.strip_prefix('!') {
        Some(value) => !texts.iter().any(|text| text.starts_with(value)),
        None => texts.iter().any(|text| text.starts_with(value.as_str())),
    })
}
