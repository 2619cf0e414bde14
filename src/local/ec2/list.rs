//! What all `Describe…` calls of EC2 share: ids, filters and pages. A filter is a path into the
//! row as it is answered, so a kind's filters are a table of names.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::errors;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;
use crate::local::store::Table;

/// How one kind is described.
pub(super) struct Listing {
    /// As in `TagSpecifications`: `vpc`.
    pub(super) kind: &'static str,
    pub(super) table: Table,
    /// The parameter that lists ids: `VpcId`.
    pub(super) ids: &'static str,
    /// The answer's list: `vpcSet`.
    pub(super) set: &'static str,
    /// Filter names and the paths they look at. `tag:…` and `tag-key` need no line.
    pub(super) filters: &'static [(&'static str, &'static str)],
    /// Most rows on a page; 0 if the operation has no pages.
    pub(super) most: i64,
    /// The row for a document, without its tags.
    pub(super) row: fn(&Call<'_>, &str, &Value) -> Value,
}

/// Answers a `Describe…` call.
pub(super) fn describe(call: &Call<'_>, listing: &Listing) -> Result<Value, AwsError> {
    let wanted = call.input.texts(listing.ids)?;
    let filters = Filters::read(&call.input, listing.filters)?;
    let rows = if wanted.is_empty() {
        call.scan(listing.table, "")
    } else {
        let mut rows = Vec::new();
        for id in wanted.iter().collect::<BTreeSet<_>>() {
            let found = call.get(listing.table, id);
            rows.push((id.clone(), found.ok_or_else(|| errors::not_found(listing.kind, id))?));
        }
        rows
    };
    let row = |(id, document): &(String, std::sync::Arc<Value>)| {
        let mut row = (listing.row)(call, id, document);
        row.set("tagSet", super::tag::set_of(call, listing.kind, id));
        row
    };
    let rows: Vec<Value> = rows.iter().map(row).filter(|row| filters.meet(row)).collect();
    if listing.most == 0 {
        return Ok(one(listing.set, Value::Array(rows)));
    }
    paged(call, listing.set, rows, listing.most, !wanted.is_empty())
}

/// Cuts a page out of rows by `MaxResults` and `NextToken`.
pub(super) fn paged(
    call: &Call<'_>,
    set: &str,
    rows: Vec<Value>,
    most: i64,
    by_id: bool,
) -> Result<Value, AwsError> {
    let size = call.input.optional_integer("MaxResults")?;
    let token = call.input.optional_text("NextToken")?;
    if let Some(size) = size {
        if by_id {
            return Err(AwsError::new(
                "InvalidParameterCombination",
                "The parameter MaxResults cannot be used with a list of ids",
            ));
        }
        if size < 5 {
            return Err(errors::invalid_value(format!(
                "Value ( {size} ) for parameter maxResults is invalid. Expecting a value greater than 5."
            )));
        }
    }
    // EC2 answers with at most so many rows, however many were asked for.
    let size = usize::try_from(size.unwrap_or(most).min(most)).unwrap_or(1000);
    let page = call.page(rows, size, token.as_deref(), ToString::to_string)?;
    let mut output = one(set, Value::Array(page.items));
    if let Some(next) = page.next {
        output.set("nextToken", next);
    }
    Ok(output)
}

/// `{name: value}`.
pub(super) fn one(name: &str, value: Value) -> Value {
    let mut members = Map::new();
    members.insert(name.to_owned(), value);
    Value::Object(members)
}

/// The `Filter` list of a call.
pub(super) struct Filters {
    filters: Vec<Filter>,
}

struct Filter {
    by: By,
    values: Vec<String>,
}

enum By {
    Path(&'static str),
    Tag(String),
    TagKey,
}

impl Filters {
    /// Reads `Filter.N`, refusing names that the operation does not have.
    pub(super) fn read(
        input: &Params,
        known: &'static [(&'static str, &'static str)],
    ) -> Result<Self, AwsError> {
        let mut filters = Vec::new();
        for filter in input.structures("Filter")? {
            let name = filter.text("Name")?;
            let values = filter.texts("Value")?;
            if values.is_empty() {
                return Err(errors::invalid_value(format!(
                    "The filter '{name}' must have at least one value"
                )));
            }
            let by = match known.iter().find(|(known, _)| *known == name) {
                Some((_, path)) => By::Path(path),
                None if name == "tag-key" => By::TagKey,
                None => match name.strip_prefix("tag:") {
                    Some(key) => By::Tag(key.to_owned()),
                    None => {
                        return Err(errors::invalid_value(format!(
                            "The filter '{name}' is invalid"
                        )));
                    }
                },
            };
            filters.push(Filter { by, values });
        }
        Ok(Self { filters })
    }

    /// Does a row (with its `tagSet`) pass every filter?
    pub(super) fn meet(&self, row: &Value) -> bool {
        self.filters.iter().all(|filter| {
            let mut found = Vec::new();
            match &filter.by {
                By::Path(path) => collect(row, path, &mut found),
                By::TagKey => collect(row, "tagSet.key", &mut found),
                By::Tag(key) => {
                    let tags = row.list("tagSet").iter().filter(|tag| tag.text("key") == key);
                    found.extend(tags.map(|tag| tag.text("value").to_owned()));
                }
            }
            found.iter().any(|text| filter.values.iter().any(|pattern| matches(pattern, text)))
        })
    }
}

/// Every scalar at a path, through all lists on the way.
fn collect(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, found)),
        Value::Object(members) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(value) = members.get(name) {
                collect(value, rest, found);
            }
        }
        Value::Null => {}
        Value::String(text) => found.push(text.clone()),
        other => found.push(other.to_string()),
    }
}

/// EC2's wildcards: `*` for any characters, `?` for one, `\` before either for itself.
fn matches(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|skip| go(rest, &text[skip..])),
            ['?', rest @ ..] => !text.is_empty() && go(rest, &text[1..]),
            ['\\', literal, rest @ ..] | [literal, rest @ ..] => {
                text.first() == Some(literal) && go(rest, &text[1..])
            }
        }
    }
    if !pattern.contains(['*', '?', '\\']) {
        return pattern == text;
    }
    let pattern: Vec<char> = pattern.chars().take(256).collect();
    let text: Vec<char> = text.chars().collect();
    go(&pattern, &text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wildcards() {
        assert!(matches("10.*", "10.0.0.0/16"));
        assert!(matches("eu-west-1?", "eu-west-1a"));
        assert!(matches("a\\*b", "a*b"));
        assert!(!matches("a\\*b", "axb"));
        assert!(!matches("a", "ab"));
    }

    #[test]
    fn paths_go_through_lists() {
        let mut found = Vec::new();
        let row = json!({"a": [{"b": 1}, {"b": true}, {"c": "x"}, {"b": ["s"]}]});
        collect(&row, "a.b", &mut found);
        assert_eq!(found, ["1", "true", "s"]);
    }
}
