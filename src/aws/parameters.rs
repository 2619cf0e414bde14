//! Parameter Store (SSM), as little of it as locks and secrets need: parameters by name and by path. No secret's value is
//! ever read.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ssm::types::{ParameterStringFilter, ParameterType, Tag};
use aws_smithy_types::retry::RetryConfig;

use super::{Cx, classify, unless_gone};
use crate::engine::{Class, Failure};

/// How many names `GetParameters` and `DeleteParameters` take.
const BATCH: usize = 10;

/// One parameter as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its whole name, which begins with a slash.
    pub name: String,
    /// Its text.
    pub value: String,
    /// Counts up with every write.
    pub version: i64,
    /// When it was last written, since 1970, by AWS's clock.
    pub modified: Duration,
}

impl Parameter {
    fn read(parameter: &aws_sdk_ssm::types::Parameter) -> Self {
        let modified = parameter.last_modified_date().and_then(|date| date.to_millis().ok());
        Self {
            name: parameter.name().unwrap_or_default().to_owned(),
            value: parameter.value().unwrap_or_default().to_owned(),
            version: parameter.version(),
            modified: Duration::from_millis(u64::try_from(modified.unwrap_or(0)).unwrap_or(0)),
        }
    }
}

/// Creates a parameter unless one of that name is there (`ssm PutParameter`, `Overwrite=false`): of two that
/// try at once, one succeeds. `false` if the name is taken, be it by a first attempt of this
/// very call whose answer was lost.
///
/// # Errors
/// As AWS says; after a lost answer the parameter may be there.
pub async fn create(cx: &Cx, name: &str, value: &str) -> Result<bool, Failure> {
    let call = cx.ssm.put_parameter().name(name).value(value).overwrite(false);
    match call.r#type(ParameterType::String).send().await {
        Ok(_) => Ok(true),
        Err(error) => match classify("ssm PutParameter", error) {
            failure if failure.class == Class::AlreadyExists => Ok(false),
            failure => Err(failure),
        },
    }
}

/// Writes a parameter, whether it is there or not (`ssm PutParameter`, `Overwrite=true`), in one attempt, so that
/// the caller can count what may have been written. The new version.
///
/// # Errors
/// As AWS says; after a lost answer it may have been written.
pub async fn overwrite(cx: &Cx, name: &str, value: &str) -> Result<i64, Failure> {
    let call = cx.ssm.put_parameter().name(name).value(value).overwrite(true);
    let once = aws_sdk_ssm::config::Builder::new().retry_config(RetryConfig::disabled());
    let sent = call.r#type(ParameterType::String).customize().config_override(once).send();
    sent.await.map(|answer| answer.version()).map_err(|error| classify("ssm PutParameter", error))
}

/// A parameter by its name (`ssm GetParameter`), if it is there.
///
/// # Errors
/// As AWS says.
pub async fn get(cx: &Cx, name: &str) -> Result<Option<Parameter>, Failure> {
    let answer = cx.ssm.get_parameter().name(name).send().await;
    let answer = unless_gone(answer.map_err(|error| classify("ssm GetParameter", error)))?;
    Ok(answer.and_then(|answer| answer.parameter().map(Parameter::read)))
}

/// Those of the parameters that are there, in no order (`ssm GetParameters`, ten at a time).
///
/// # Errors
/// As AWS says.
pub async fn get_many(cx: &Cx, names: &[String]) -> Result<Vec<Parameter>, Failure> {
    let mut found = Vec::new();
    for names in names.chunks(BATCH) {
        let answer = cx.ssm.get_parameters().set_names(Some(names.to_vec())).send().await;
        let answer = answer.map_err(|error| classify("ssm GetParameters", error))?;
        found.extend(answer.parameters().iter().map(Parameter::read));
    }
    Ok(found)
}

/// Everything below a path, in no order (`ssm GetParametersByPath`, recursive). Eventually consistent: what was
/// written a moment ago may be missing.
///
/// # Errors
/// As AWS says.
pub async fn under(cx: &Cx, path: &str) -> Result<Vec<Parameter>, Failure> {
    let mut pages =
        cx.ssm.get_parameters_by_path().path(path).recursive(true).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ssm GetParametersByPath", error))?;
        found.extend(page.parameters().iter().map(Parameter::read));
    }
    Ok(found)
}

/// Deletes parameters (`ssm DeleteParameters`, ten at a time); what is not there is no error.
///
/// # Errors
/// As AWS says.
pub async fn delete(cx: &Cx, names: &[String]) -> Result<(), Failure> {
    for names in names.chunks(BATCH) {
        let answer = cx.ssm.delete_parameters().set_names(Some(names.to_vec())).send().await;
        answer.map_err(|error| classify("ssm DeleteParameters", error))?;
    }
    Ok(())
}

/// Creates a secret (`ssm PutParameter`, SecureString under AWS's own key, `Overwrite=false`), tags in the same call.
/// `false` if the name is taken.
///
/// # Errors
/// As AWS says; after a lost answer it may be there.
pub async fn create_secret(
    cx: &Cx,
    name: &str,
    value: &str,
    tags: &BTreeMap<String, String>,
) -> Result<bool, Failure> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags: Result<Vec<Tag>, _> = tags.iter().map(tag).collect();
    let tags = tags.map_err(|error| Failure::internal(error.to_string()))?;
    let call = cx.ssm.put_parameter().name(name).value(value).overwrite(false);
    let call = call.r#type(ParameterType::SecureString).set_tags(Some(tags));
    match call.send().await.map_err(|error| classify("ssm PutParameter", error)) {
        Ok(_) => Ok(true),
        Err(failure) if failure.class == Class::AlreadyExists => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Gives a secret another value (`ssm PutParameter`, `Overwrite=true`). The new version.
///
/// # Errors
/// As AWS says; after a lost answer it may have been written.
pub async fn overwrite_secret(cx: &Cx, name: &str, value: &str) -> Result<i64, Failure> {
    let call = cx.ssm.put_parameter().name(name).value(value).overwrite(true);
    let sent = call.r#type(ParameterType::SecureString).send().await;
    sent.map(|answer| answer.version()).map_err(|error| classify("ssm PutParameter", error))
}

/// What can be said of a parameter without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its whole name.
    pub name: String,
    /// Counts up with every write.
    pub version: i64,
    /// When it was last written, since 1970, by AWS's clock.
    pub modified: Duration,
}

/// Everything below a path, without values (`ssm DescribeParameters`), by name.
///
/// # Errors
/// As AWS says.
pub async fn described(cx: &Cx, path: &str) -> Result<Vec<Described>, Failure> {
    describe(cx, "Path", "Recursive", path).await
}

/// Is there a parameter of this name? Its value is not read (`ssm DescribeParameters`).
///
/// # Errors
/// As AWS says.
pub async fn exists(cx: &Cx, name: &str) -> Result<bool, Failure> {
    Ok(!describe(cx, "Name", "Equals", name).await?.is_empty())
}

async fn describe(
    cx: &Cx,
    key: &str,
    option: &str,
    value: &str,
) -> Result<Vec<Described>, Failure> {
    let filter = ParameterStringFilter::builder().key(key).option(option).values(value).build();
    let filter = filter.map_err(|error| Failure::internal(error.to_string()))?;
    let call = cx.ssm.describe_parameters().parameter_filters(filter).max_results(50);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ssm DescribeParameters", error))?;
        found.extend(page.parameters().iter().map(|one| {
            let modified = one.last_modified_date().and_then(|date| date.to_millis().ok());
            Described {
                name: one.name().unwrap_or_default().to_owned(),
                version: one.version(),
                modified: Duration::from_millis(u64::try_from(modified.unwrap_or(0)).unwrap_or(0)),
            }
        }));
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}
