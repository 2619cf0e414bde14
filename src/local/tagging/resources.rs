//! Resources by their tags.

use serde_json::{Value, json};

use super::arn::is_of_type;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// A filter: this key, with one of these values or any.
struct Filter {
    key: String,
    values: Vec<String>,
}

impl Filter {
    fn allows(&self, tags: &Value) -> bool {
        tags.has(&self.key)
            && (self.values.is_empty()
                || self.values.iter().any(|value| tags.text(&self.key) == value))
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let token = input.optional_text("PaginationToken")?;
    let size = input.optional_integer_within("ResourcesPerPage", 1, 100)?.unwrap_or(50);
    let types = input.texts("ResourceTypeFilters")?;
    let arns = input.texts("ResourceARNList")?;
    let compliance = input.optional_boolean("IncludeComplianceDetails")?.unwrap_or(false)
        || input.optional_boolean("ExcludeCompliantResources")?.unwrap_or(false);
    if compliance {
        return Err(AwsError::not_modelled("local AWS has no tag policies to comply with"));
    }
    if let Some(kind) = types.iter().find(|kind| kind.starts_with(':') || kind.ends_with(':')) {
        return Err(input.invalid(format!("The resource type '{kind}' is not valid")));
    }
    let mut filters: Vec<Filter> = Vec::new();
    for filter in input.structures("TagFilters")? {
        let (key, values) = (filter.text("Key")?, filter.texts("Values")?);
        if values.len() > 20 {
            return Err(input.invalid("A tag filter can have at most 20 values"));
        }
        if filters.iter().any(|other| other.key == key) {
            return Err(input.invalid(format!("TagFilters holds the key '{key}' twice")));
        }
        filters.push(Filter { key, values });
    }
    if filters.len() > 50 || types.len() > 100 || arns.len() > 100 {
        return Err(input.invalid(
            "At most 50 TagFilters, 100 ResourceTypeFilters and 100 ResourceARNList members",
        ));
    }
    let others =
        !filters.is_empty() || !types.is_empty() || token.as_ref().is_some_and(|it| !it.is_empty());
    if !arns.is_empty() && others {
        return Err(input.invalid("ResourceARNList cannot be given with other filters or a token"));
    }
    let mut found = call.tagged("arn:");
    found.retain(|(arn, tags)| {
        (arns.is_empty() || arns.contains(arn))
            && (types.is_empty() || types.iter().any(|filter| is_of_type(arn, filter)))
            && filters.iter().all(|filter| filter.allows(tags))
    });
    let page = call.page(found, size as usize, token.as_deref(), |(arn, _)| arn.clone())?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(arn, _)| json!({"ResourceARN": arn, "Tags": call.tag_list(arn, "Key", "Value")}))
        .collect();
    // The last page's token is empty, not absent.
    Ok(json!({"ResourceTagMappingList": shown, "PaginationToken": page.next.unwrap_or_default()}))
}
