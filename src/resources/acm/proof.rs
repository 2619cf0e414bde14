//! The DNS records by which a certificate's names are proved. They belong to account and domain, not to one
//! certificate: all certificates of a name are proved, and renewed, by the same record.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_acm::types::CertificateDetail;

use super::certificate::CertificateArn;
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};
use crate::resources::route53::api::{self, RecordSet, Verb, plain};
use crate::resources::route53::zones::{self, Zones};

const TTL: i64 = 300;

/// The records by zone, as far as Certificate Manager says them; those of names outside of all zones are left out.
fn records(detail: &CertificateDetail, zones: &Zones) -> BTreeMap<String, Vec<RecordSet>> {
    let mut found: BTreeMap<String, Vec<RecordSet>> = BTreeMap::new();
    for option in detail.domain_validation_options() {
        let Some(record) = option.resource_record() else { continue };
        let Some(zone) = zones::of(zones, option.domain_name()) else { continue };
        let values = vec![record.value().to_owned()];
        let set = RecordSet::values(&plain(record.name()), record.r#type().as_str(), TTL, values);
        let sets = found.entry(zone.to_owned()).or_default();
        // A wildcard is proved as the domain below it.
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    found
}

/// Whether Certificate Manager has said all of them.
pub(super) fn are_known(detail: &CertificateDetail) -> bool {
    let options = detail.domain_validation_options();
    !options.is_empty() && options.iter().all(|option| option.resource_record().is_some())
}

/// Whether all are there.
pub(super) async fn are_there(
    cx: &Cx,
    detail: &CertificateDetail,
    zones: &Zones,
) -> Result<bool, Failure> {
    for (zone, sets) in records(detail, zones) {
        for set in sets {
            let found = api::find(cx, &zone, &set.name, &set.kind).await?;
            if found.is_none_or(|found| same(&found, &set).is_none()) {
                return Ok(false);
            }
        }
    }
    Ok(are_known(detail))
}

/// Makes them.
pub(super) async fn write(
    cx: &Cx,
    detail: &CertificateDetail,
    zones: &Zones,
) -> Result<(), Failure> {
    for (zone, sets) in records(detail, zones) {
        let changes: Vec<(Verb, &RecordSet)> = sets.iter().map(|set| (Verb::Upsert, set)).collect();
        api::change(cx, &zone, &changes).await?;
    }
    Ok(())
}

/// Deletes those by which no other certificate of the region is proved.
pub(super) async fn delete(
    cx: &Cx,
    arn: &CertificateArn,
    detail: &CertificateDetail,
    zones: &Zones,
) -> Result<(), Failure> {
    let others = others(cx, arn).await?;
    let kept: Vec<String> = detail
        .domain_validation_options()
        .iter()
        .filter(|option| others.contains(option.domain_name().trim_start_matches("*.")))
        .filter_map(|option| option.resource_record().map(|record| plain(record.name())))
        .collect();
    for (zone, sets) in records(detail, zones) {
        let mut there = Vec::new();
        for set in sets.iter().filter(|set| !kept.contains(&set.name)) {
            let found = api::find(cx, &zone, &set.name, &set.kind).await?;
            there.extend(found.and_then(|found| same(&found, set)));
        }
        if !there.is_empty() {
            let changes: Vec<(Verb, &RecordSet)> =
                there.iter().map(|set| (Verb::Delete, set)).collect();
            api::change(cx, &zone, &changes).await?;
        }
    }
    Ok(())
}

/// The record as it is there, if it has the value that proves.
fn same(found: &RecordSet, wanted: &RecordSet) -> Option<RecordSet> {
    let value = |set: &RecordSet| set.values.first().map(|value| plain(value));
    (value(found) == value(wanted)).then(|| found.clone())
}

/// The names, without `*.`, of all other certificates of the region.
async fn others(cx: &Cx, arn: &CertificateArn) -> Result<BTreeSet<String>, Failure> {
    let mut names = BTreeSet::new();
    let mut pages = cx.acm.list_certificates().max_items(1000).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("acm ListCertificates", error))?;
        for one in page.certificate_summary_list() {
            if one.certificate_arn() == Some(arn.as_str()) {
                continue;
            }
            let more = one.subject_alternative_name_summaries().iter().map(String::as_str);
            names.extend(
                one.domain_name()
                    .into_iter()
                    .chain(more)
                    .map(|name| name.trim_start_matches("*.").to_owned()),
            );
        }
    }
    Ok(names)
}

/// What a load balancer still uses cannot go.
pub(super) fn unless_used(detail: &CertificateDetail) -> Result<(), Failure> {
    match detail.in_use_by().first() {
        None => Ok(()),
        Some(user) => Err(Failure::new(
            Class::DependencyStillThere,
            format!("the certificate is still in use by {user}"),
        )),
    }
}
