//! Hybrid activations of Systems Manager: with one, machines outside AWS come to be managed, and may join a cluster.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::Tag;

use super::{Cx, classify};
use crate::engine::Failure;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The role's name with its path: `shipit/shop/test/shop-test-machine`.
    pub role: String,
    /// What it is for.
    pub description: String,
    /// What machines are called in Systems Manager.
    pub machine: String,
    /// How many machines it is good for, 1 to 1000.
    pub machines: i32,
    /// How long it is good for, at most 30 days.
    pub good_for: Duration,
    /// Its tags, which the machines get, too.
    pub tags: BTreeMap<String, String>,
}

/// An activation that was made.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Its id.
    pub id: String,
    /// What proves that a machine may use it: a secret.
    pub code: String,
}

/// One that is there. AWS never shows its code again.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its id.
    pub id: String,
    /// How many machines it is good for.
    pub machines: i32,
    /// How many have used it.
    pub used: i32,
    /// Until when, since 1970.
    pub expires: Duration,
    /// It is too late for it.
    pub expired: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Makes one (`ssm:CreateActivation`, `iam:PassRole`).
///
/// # Errors
/// The API refuses: the role is not there, or does not trust `ssm.amazonaws.com`.
pub async fn create(cx: &Cx, wanted: &Wanted) -> Result<Activation, Failure> {
    let tag = |(key, value): (&String, &String)| {
        let tag = Tag::builder().key(key).value(value).build();
        tag.map_err(|error| Failure::internal(error.to_string()))
    };
    let tags = wanted.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
    let call = cx
        .ssm
        .create_activation()
        .iam_role(&wanted.role)
        .description(&wanted.description)
        .default_instance_name(&wanted.machine)
        .registration_limit(wanted.machines)
        .expiration_date(DateTime::from(SystemTime::now() + wanted.good_for))
        .set_tags(Some(tags));
    let answer = call.send().await.map_err(|error| classify("ssm CreateActivation", error))?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(Activation { id: text(answer.activation_id()), code: text(answer.activation_code()) })
}

/// All of the account and region (`ssm:DescribeActivations`).
///
/// # Errors
/// The API refuses.
pub async fn list(cx: &Cx) -> Result<Vec<Described>, Failure> {
    let mut all = Vec::new();
    let mut pages = cx.ssm.describe_activations().max_results(50).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ssm DescribeActivations", error))?;
        all.extend(page.activation_list().iter().map(|one| {
            let expires = one.expiration_date().map_or(0, DateTime::secs);
            Described {
                id: one.activation_id().unwrap_or_default().to_owned(),
                machines: one.registration_limit().unwrap_or(1),
                used: one.registrations_count().unwrap_or_default(),
                expires: Duration::from_secs(u64::try_from(expires).unwrap_or_default()),
                expired: one.expired(),
                tags: one
                    .tags()
                    .iter()
                    .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
                    .collect(),
            }
        }));
    }
    Ok(all)
}

/// Takes one back (`ssm:DeleteActivation`): no further machine can use it; those that did stay.
///
/// # Errors
/// The API refuses, or there is none with this id.
pub async fn delete(cx: &Cx, id: &str) -> Result<(), Failure> {
    let call = cx.ssm.delete_activation().activation_id(id);
    call.send().await.map(drop).map_err(|error| classify("ssm DeleteActivation", error))
}
