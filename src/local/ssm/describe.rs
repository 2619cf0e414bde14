//! `DescribeParameters` and its filters.

use serde_json::{Value, json};

use super::read::with_token;
use super::{PARAMETERS, arn_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

struct Filter {
    key: String,
    option: String,
    values: Vec<String>,
}

pub(super) fn describe_parameters(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let size = call.input.optional_integer_within("MaxResults", 1, 50)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let mut filters = Vec::new();
    for filter in call.input.structures("ParameterFilters")? {
        let key = filter.text("Key")?;
        let option = filter.optional_text("Option")?.unwrap_or_else(|| "Equals".to_owned());
        check(&key, &option)?;
        filters.push(Filter { key, option, values: filter.texts("Values")? });
    }
    for filter in call.input.structures("Filters")? {
        let key = filter.optional_one_of("Key", &["Name", "Type", "KeyId"])?;
        let key = key.ok_or_else(|| filter.missing("Key"))?;
        let option = if key == "Name" { "BeginsWith" } else { "Equals" };
        filters.push(Filter { key, option: option.to_owned(), values: filter.texts("Values")? });
    }
    let mut rows = Vec::new();
    for (name, document) in call.scan(PARAMETERS, "") {
        let Some(version) = document.list("Versions").last() else { continue };
        let arn = arn_of(call, &name);
        let tags = if filters.iter().any(|f| f.key.starts_with("tag:")) {
            call.tags(&arn)
        } else {
            Default::default()
        };
        if filters.iter().all(|filter| meets(filter, &name, version, &tags)) {
            let mut row = json!({
                "Name": name,
                "ARN": arn,
                "Type": version["Type"],
                "LastModifiedDate": call.time(version.time("Modified")),
                "LastModifiedUser": call.global_arn("iam", "user/local"),
                "Version": version["Version"],
                "Tier": version["Tier"],
                "Policies": [],
                "DataType": version["DataType"],
            });
            for member in ["Description", "KeyId"] {
                if version.has(member) {
                    row.set(member, version[member].clone());
                }
            }
            rows.push(row);
        }
    }
    let page =
        call.page(rows, size as usize, token.as_deref(), |row| row.text("Name").to_owned())?;
    Ok(with_token(json!({"Parameters": page.items}), page.next))
}

fn check(key: &str, option: &str) -> Result<(), AwsError> {
    let options: &[&str] = match key {
        "Name" => &["Equals", "BeginsWith", "Contains"],
        "Path" => &["OneLevel", "Recursive", "Equals"],
        "Type" | "Tier" | "DataType" | "KeyId" => &["Equals", "BeginsWith"],
        key if key.starts_with("tag:") => &["Equals"],
        _ => {
            return Err(AwsError::new(
                "InvalidFilterKey",
                format!("The following filter key is not valid: {key}."),
            ));
        }
    };
    if options.contains(&option) {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidFilterOption",
        format!(
            "The following filter option is not valid: {option}. Valid options include: {options:?}"
        ),
    ))
}

fn meets(
    filter: &Filter,
    name: &str,
    version: &Value,
    tags: &std::collections::BTreeMap<String, String>,
) -> bool {
    let compare = |text: &str| {
        let one = |value: &String| match filter.option.as_str() {
            "BeginsWith" => text.starts_with(value.as_str()),
            "Contains" => text.contains(value.as_str()),
            _ => text == value,
        };
        filter.values.iter().any(one)
    };
    match filter.key.as_str() {
        "Name" => compare(name) || name.strip_prefix('/').is_some_and(compare),
        "Path" => filter.values.iter().any(|path| {
            let folder = format!("{}/", path.trim_end_matches('/'));
            name.strip_prefix(&folder)
                .is_some_and(|rest| filter.option == "Recursive" || !rest.contains('/'))
        }),
        key => match key.strip_prefix("tag:") {
            Some(tag) => match tags.get(tag) {
                Some(value) => filter.values.is_empty() || compare(value),
                None => false,
            },
            None => compare(version.text(key)),
        },
    }
}
