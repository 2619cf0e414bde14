//! Parameters and secrets: whether they are there. No value is ever asked for.

use std::collections::BTreeSet;

use aws_sdk_ssm::types::ParameterStringFilter;

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Class, Failure};

/// A secret, as `secretsmanager:DescribeSecret` shows it: its value is not part of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its whole ARN, with the six characters at the end.
    pub arn: String,
    /// It is on its way out.
    pub deleted: bool,
    /// It has a value.
    pub filled: bool,
}

/// The ARNs of those SSM parameters that there are among these names (`ssm:DescribeParameters`,
/// which shows no values).
///
/// # Errors
/// The API refuses.
pub async fn parameters(cx: &Cx, names: &BTreeSet<String>) -> Result<BTreeSet<String>, Failure> {
    let names: Vec<&String> = names.iter().collect();
    let mut found = BTreeSet::new();
    // A filter takes 50 values.
    for names in names.chunks(50) {
        let values = names.iter().map(|name| (*name).clone()).collect();
        let filter = ParameterStringFilter::builder()
            .key("Name")
            .option("Equals")
            .set_values(Some(values))
            .build()
            .map_err(|error| Failure::internal(error.to_string()))?;
        let mut pages =
            cx.ssm.describe_parameters().parameter_filters(filter).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("ssm DescribeParameters", error))?;
            for parameter in page.parameters() {
                // Older answers have no ARN.
                let arn = parameter.arn().map(str::to_owned).unwrap_or_else(|| {
                    let name = parameter.name().unwrap_or_default().trim_start_matches('/');
                    cx.arn("ssm", &format!("parameter/{name}"))
                });
                found.insert(arn);
            }
        }
    }
    Ok(found)
}

/// The secret with this name or ARN; `None` if there is none.
///
/// # Errors
/// `secretsmanager:DescribeSecret` is refused.
pub async fn secret(cx: &Cx, id: &str) -> Result<Option<Secret>, Failure> {
    let answer = cx.secretsmanager.describe_secret().secret_id(id).send().await;
    let answer = answer.map_err(|error| classify("secretsmanager DescribeSecret", error));
    let answer = match unless_gone(answer) {
        // What is no name at all is there as little.
        Err(failure) if failure.class == Class::Invalid => return Ok(None),
        answer => answer?,
    };
    Ok(answer.map(|found| Secret {
        arn: found.arn().unwrap_or_default().to_owned(),
        deleted: found.deleted_date().is_some(),
        filled: found.version_ids_to_stages().is_some_and(|versions| {
            versions.values().any(|stages| stages.iter().any(|stage| stage == "AWSCURRENT"))
        }),
    }))
}
