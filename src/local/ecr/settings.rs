//! What can be changed of a repository: scanning, and whether tags can be moved.

use serde_json::{Value, json};

use super::{REPOSITORIES, find};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::{Params, Shape};

const MUTABILITIES: [&str; 4] =
    ["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"];

const FILTERS: Shape = Shape::List(&Shape::Structure(&[
    ("filterType", Shape::OneOf(&["WILDCARD"])),
    ("filter", Shape::Text),
]));

/// `imageTagMutability` with its filters, if it is given.
pub(super) fn mutability(input: &Params) -> Result<Option<(String, Vec<Value>)>, AwsError> {
    let mutability = input.optional_one_of("imageTagMutability", &MUTABILITIES)?;
    let filters = input.shaped("imageTagMutabilityExclusionFilters", &FILTERS)?;
    let filters = filters.and_then(|it| it.as_array().cloned()).unwrap_or_default();
    let excludes = mutability.as_ref().is_some_and(|it| it.ends_with("_WITH_EXCLUSION"));
    if excludes == filters.is_empty() {
        let when = if excludes { "must" } else { "can only" };
        return Err(input.invalid(format!(
            "Invalid parameter at 'imageTagMutabilityExclusionFilters': filters {when} be given with an exclusion"
        )));
    }
    if filters.len() > 5 {
        return Err(input.invalid("At most 5 imageTagMutabilityExclusionFilters can be given"));
    }
    Ok(mutability.map(|mutability| (mutability, filters)))
}

pub(super) fn set_mutability(repository: &mut Value, mutability: &str, filters: Vec<Value>) {
    repository.set("imageTagMutability", mutability);
    repository.unset("imageTagMutabilityExclusionFilters");
    if !filters.is_empty() {
        repository.set("imageTagMutabilityExclusionFilters", filters);
    }
}

/// `imageScanningConfiguration.scanOnPush`, if it is given.
pub(super) fn scanning(input: &Params) -> Result<Option<bool>, AwsError> {
    let given = input.optional_structure("imageScanningConfiguration")?;
    given.map(|given| Ok(given.optional_boolean("scanOnPush")?.unwrap_or(false))).transpose()
}

pub(super) fn put_scanning(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = find(call)?;
    let scan = scanning(&call.input)?;
    let scan = scan.ok_or_else(|| call.input.missing("imageScanningConfiguration"))?;
    let configuration = json!({"scanOnPush": scan});
    let output = json!({
        "registryId": call.account,
        "repositoryName": name,
        "imageScanningConfiguration": configuration,
    });
    call.update(REPOSITORIES, &name, |it| it.set("imageScanningConfiguration", configuration));
    Ok(output)
}

pub(super) fn put_mutability(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = find(call)?;
    let given = mutability(&call.input)?;
    let (mutability, filters) = given.ok_or_else(|| call.input.missing("imageTagMutability"))?;
    let mut output = json!({"registryId": call.account, "repositoryName": name});
    set_mutability(&mut output, &mutability, filters.clone());
    call.update(REPOSITORIES, &name, |it| set_mutability(it, &mutability, filters));
    Ok(output)
}
