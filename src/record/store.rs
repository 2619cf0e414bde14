//! Records in SSM Parameter Store: one parameter for each scope, whose versions are its releases.
//! SSM keeps the last hundred; the oldest falls out.

use std::collections::BTreeMap;

use super::Release;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Failure, Owner};

/// A release and its number: the version of its parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// From 1; each apply to the scope counts on.
    pub number: i64,
    /// The record.
    pub release: Release,
}

/// The newest release of each scope of an environment.
pub type Records = BTreeMap<Owner, Numbered>;

/// `/shipit/APP/ENV/release`: what all records of an environment lie under. Services have a level
/// of their own, so that none can be named like the environment's.
fn folder(application: &str, environment: &str) -> String {
    format!("/shipit/{application}/{environment}/release")
}

/// The parameter of one scope.
pub fn parameter(application: &str, environment: &str, owner: &Owner) -> String {
    let folder = folder(application, environment);
    match owner {
        Owner::Environment => format!("{folder}/environment"),
        Owner::Service(name) => format!("{folder}/service/{name}"),
    }
}

fn owner(folder: &str, name: &str) -> Option<Owner> {
    let rest = name.strip_prefix(folder)?.strip_prefix('/')?;
    match rest.strip_prefix("service/") {
        Some(service) => Some(Owner::Service(service.to_owned())),
        None => (rest == "environment").then_some(Owner::Environment),
    }
}

/// The newest record of each scope: `ssm GetParametersByPath`, ten a page.
///
/// # Errors
/// The call is refused.
pub async fn read(cx: &Cx, application: &str, environment: &str) -> Result<Records, Failure> {
    let folder = folder(application, environment);
    let call = cx.ssm.get_parameters_by_path().path(&folder).recursive(true).max_results(10);
    let mut pages = call.into_paginator().send();
    let mut records = Records::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ssm GetParametersByPath", error))?;
        for parameter in page.parameters() {
            let owner = owner(&folder, parameter.name().unwrap_or_default());
            let release = Release::read(parameter.value().unwrap_or_default());
            if let (Some(owner), Some(release)) = (owner, release) {
                records.insert(owner, Numbered { number: parameter.version(), release });
            }
        }
    }
    Ok(records)
}

/// All releases of a scope that SSM still has, the newest first: `ssm GetParameterHistory`. None
/// where there is no record.
///
/// # Errors
/// The call is refused.
pub async fn history(
    cx: &Cx,
    application: &str,
    environment: &str,
    owner: &Owner,
) -> Result<Vec<Numbered>, Failure> {
    let name = parameter(application, environment, owner);
    let call = cx.ssm.get_parameter_history().name(name).max_results(50);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ssm GetParameterHistory", error));
        let Some(page) = unless_gone(page)? else { return Ok(Vec::new()) };
        for version in page.parameters() {
            if let Some(release) = Release::read(version.value().unwrap_or_default()) {
                found.push(Numbered { number: version.version(), release });
            }
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.number));
    Ok(found)
}

/// Writes a scope's next release and returns its number: `ssm PutParameter`.
///
/// # Errors
/// The call is refused.
pub async fn write(
    cx: &Cx,
    application: &str,
    environment: &str,
    owner: &Owner,
    release: &Release,
) -> Result<i64, Failure> {
    let answer = cx
        .ssm
        .put_parameter()
        .name(parameter(application, environment, owner))
        .value(release.write())
        .r#type("String".into())
        .overwrite(true)
        .send()
        .await
        .map_err(|error| classify("ssm PutParameter", error))?;
    Ok(answer.version())
}

/// Removes all releases of a scope; one that is gone is no error: `ssm DeleteParameter`.
///
/// # Errors
/// The call is refused.
pub async fn remove(
    cx: &Cx,
    application: &str,
    environment: &str,
    owner: &Owner,
) -> Result<(), Failure> {
    let name = parameter(application, environment, owner);
    let answer = cx.ssm.delete_parameter().name(name).send().await;
    unless_gone(answer.map_err(|error| classify("ssm DeleteParameter", error)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_service_can_be_named_like_the_environment() {
        let folder = folder("demo", "test");
        for of in [Owner::Environment, Owner::Service("environment".into())] {
            let name = parameter("demo", "test", &of);
            assert_eq!(owner(&folder, &name), Some(of), "{name}");
        }
        assert_eq!(owner(&folder, "/shipit/demo/test/release/other"), None);
    }
}
