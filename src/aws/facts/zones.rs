//! Hosted zones of Route 53.

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// A public hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: String,
    /// `example.com`.
    pub name: String,
}

/// All public hosted zones of the account (`route53:ListHostedZones`).
///
/// # Errors
/// The call is refused.
pub async fn public(cx: &Cx) -> Result<Vec<Zone>, Failure> {
    let mut pages = cx.route53.list_hosted_zones().into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("route53 ListHostedZones", error))?;
        let public = page
            .hosted_zones()
            .iter()
            .filter(|zone| !zone.config().is_some_and(|config| config.private_zone()));
        found.extend(public.map(|zone| Zone {
            id: zone.id().rsplit('/').next().unwrap_or_default().to_owned(),
            name: zone.name().trim_end_matches('.').to_owned(),
        }));
    }
    Ok(found)
}

/// Makes a public hosted zone (`route53:CreateHostedZone`), with none of our tags: it is the account's.
///
/// # Errors
/// The call is refused.
pub async fn make(cx: &Cx, name: &str) -> Result<Zone, Failure> {
    let call = cx.route53.create_hosted_zone().name(name).caller_reference(name);
    let answer = call.send().await.map_err(|error| classify("route53 CreateHostedZone", error))?;
    let id = answer.hosted_zone().map_or("", |zone| zone.id());
    Ok(Zone { id: id.rsplit('/').next().unwrap_or_default().to_owned(), name: name.to_owned() })
}
