//! A public certificate, requested, proved by DNS and waited for.

use aws_sdk_acm::types::{
    CertificateDetail, CertificateStatus, KeyAlgorithm, Tag, ValidationMethod,
};
use serde::{Deserialize, Serialize};

use super::proof;
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::resources::route53::zones::{self, Zones};

/// A certificate that AWS issues once its names are proved by DNS records in hosted zones of the account, and renews
/// as long as these are there. What can change of it is where its records are; for other names it is made anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its first name.
    pub domain: String,
    /// Its other names, in order of the alphabet.
    pub names: Vec<String>,
    /// The hosted zones that its names lie in: id by name. Kept in tags.
    pub zones: Zones,
    /// `RSA_2048`, `EC_prime256v1` or `EC_secp384r1`.
    pub key_algorithm: String,
    /// The records that prove its names are there.
    pub proved: bool,
    /// The user's own tags.
    pub tags: Tags,
}

crate::ids! {
    /// A certificate's ARN.
    CertificateArn,
}

crate::outputs!(Certificate => CertificateOutputs {
    /// Its ARN.
    arn: CertificateArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("RequestCertificate.ValidationMethod", "always `DNS`"),
    ("RequestCertificate.IdempotencyToken", "derived from run and address"),
    ("RequestCertificate.DomainValidationOptions", "for validation by e-mail"),
    ("RequestCertificate.CertificateAuthorityArn", "private authorities are not offered"),
    ("RequestCertificate.ManagedBy", "for CloudFront"),
    (
        "RequestCertificate.Options",
        "private keys stay with AWS, and certificates are logged in any case",
    ),
];

/// The ticket of a certificate whose records are not known yet.
const UNPROVED: &str = "unproved";

impl Spec for Certificate {
    const KIND: &'static str = "acm/certificate";
}

impl Certificate {
    /// A certificate for these names, whose zones these are, with AWS's defaults for all else.
    ///
    /// The first name is the certificate's; the order of the others means nothing.
    pub fn new(names: &[String], zones: Zones) -> Self {
        let mut others: Vec<String> = names.iter().skip(1).cloned().collect();
        others.sort();
        Self {
            domain: names.first().cloned().unwrap_or_default(),
            names: others,
            zones,
            key_algorithm: "RSA_2048".to_owned(),
            proved: true,
            tags: Tags::new(),
        }
    }

    /// The user's own tags, and those that hold zones.
    fn all_tags(&self) -> Tags {
        let mut all = self.tags.clone();
        all.extend(zones::to_tags(&self.zones));
        all
    }
}

impl Resource for Certificate {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("domain"),
            Rule::Immutable("names"),
            Rule::Immutable("key_algorithm"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(120, 10, 2700),
    };

    type Outputs = CertificateOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let prefix = cx.arn("acm", "certificate/");
        let mut found = Found::default();
        for (arn, all) in bulk.iter().filter(|(arn, _)| arn.starts_with(&prefix)) {
            let Some(identity) = tags::identity(all, query) else { continue };
            let Some(detail) = describe(cx, arn).await? else { continue };
            found.owned.push(live(cx, arn, &detail, identity, all).await?);
        }
        // The tagging API lags: what is missing is looked for by name.
        let missing: Vec<&str> = query
            .wanted
            .iter()
            .filter(|wanted| !found.owned.iter().any(|one| one.identity.address == wanted.address))
            .filter_map(|wanted| query.wanted_text(&wanted.address, "domain"))
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let mut pages = cx.acm.list_certificates().max_items(1000).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("acm ListCertificates", error))?;
            for one in page.certificate_summary_list() {
                let arn = one.certificate_arn().unwrap_or_default();
                if !missing.contains(&one.domain_name().unwrap_or_default())
                    || found.owned.iter().any(|known| known.id == arn)
                {
                    continue;
                }
                let Some(all) = unless_gone(tags_of(cx, arn).await)? else { continue };
                let Some(identity) = tags::identity(&all, query) else { continue };
                let Some(detail) = describe(cx, arn).await? else { continue };
                found.owned.push(live(cx, arn, &detail, identity, &all).await?);
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let names = Some(self.names.clone()).filter(|names| !names.is_empty());
        let answer = cx
            .acm
            .request_certificate()
            .domain_name(&self.domain)
            .set_subject_alternative_names(names)
            .validation_method(ValidationMethod::Dns)
            .idempotency_token(identity.client_token())
            .key_algorithm(KeyAlgorithm::from(self.key_algorithm.as_str()))
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.all_tags(), false))?))
            .send()
            .await
            .map_err(|error| classify("acm RequestCertificate", error))?;
        let arn = CertificateArn(answer.certificate_arn().unwrap_or_default().to_owned());
        let outputs = Some(CertificateOutputs { arn });
        // How its names are proved is known a moment later.
        Ok(Progress { outputs, ticket: Some(UNPROVED.to_owned()), more: true })
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        if touches(changes, "tags") || touches(changes, "zones") {
            let (write, remove) = tags::difference(&live.spec.all_tags(), &self.all_tags());
            if !write.is_empty() {
                tag(cx, arn, &write).await?;
            }
            if !remove.is_empty() {
                let gone = remove
                    .iter()
                    .map(|key| Tag::builder().key(key).build())
                    .collect::<Result<Vec<Tag>, _>>()
                    .map_err(|error| Failure::internal(error.to_string()))?;
                let call = cx.acm.remove_tags_from_certificate().certificate_arn(arn);
                let sent = call.set_tags(Some(gone)).send().await;
                sent.map_err(|error| classify("acm RemoveTagsFromCertificate", error))?;
            }
        }
        if let Some(detail) = describe(cx, arn).await?
            && (detail.status() == Some(&CertificateStatus::PendingValidation) || !live.spec.proved)
        {
            if !proof::are_known(&detail) {
                let ticket = Some(UNPROVED.to_owned());
                let outputs = Some(live.outputs.clone());
                return Ok(Progress { outputs, ticket, more: true });
            }
            proof::write(cx, &detail, &self.zones).await?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let arn = &live.outputs.arn;
        let Some(detail) = describe(cx, arn.as_str()).await? else {
            return Ok(Progress::deleted());
        };
        proof::unless_used(&detail)?;
        // First what only the certificate tells.
        proof::delete(cx, arn, &detail, &live.spec.zones).await?;
        let sent = cx.acm.delete_certificate().certificate_arn(arn.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("acm DeleteCertificate", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        if !id.starts_with("arn:") {
            return Ok(None);
        }
        let Some(detail) = describe(cx, id).await? else { return Ok(None) };
        let Some(all) = unless_gone(tags_of(cx, id).await)? else { return Ok(None) };
        let proved = is_proved(cx, &detail, &zones::from_tags(&all)).await?;
        let make =
            |identity, own| shaped(id, &detail, identity, own, zones::from_tags(&all), proved);
        Ok(Some(Existing::of(all.clone(), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, live.outputs.arn.as_str()).await)
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let detail = describe(cx, one.outputs.arn.as_str()).await?;
            healths.push(match detail {
                None => Health::Gone,
                Some(_) if one.deleting => Health::Pending("deleting".to_owned()),
                Some(detail) if one.ticket.as_deref() == Some(UNPROVED) => {
                    match proof::are_known(&detail) {
                        true => Health::Ready,
                        false => Health::Pending(
                            "Certificate Manager to say how its names are proved".to_owned(),
                        ),
                    }
                }
                Some(detail) => health(&detail),
            });
        }
        Ok(healths)
    }
}

async fn describe(cx: &Cx, arn: &str) -> Result<Option<CertificateDetail>, Failure> {
    let sent = cx.acm.describe_certificate().certificate_arn(arn).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("acm DescribeCertificate", error)))?;
    Ok(answer.and_then(|answer| answer.certificate))
}

async fn tags_of(cx: &Cx, arn: &str) -> Result<Tags, Failure> {
    let sent = cx.acm.list_tags_for_certificate().certificate_arn(arn).send().await;
    let answer = sent.map_err(|error| classify("acm ListTagsForCertificate", error))?;
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().unwrap_or_default().to_owned());
    Ok(answer.tags().iter().map(pair).collect())
}

/// The tags of a certificate, for what hangs on it.
pub(in crate::resources) async fn its_tags(cx: &Cx, arn: &str) -> Result<Option<Tags>, Failure> {
    unless_gone(tags_of(cx, arn).await)
}

async fn tag(cx: &Cx, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.acm.add_tags_to_certificate().certificate_arn(arn).set_tags(Some(to_sdk(tags)?));
    call.send().await.map(drop).map_err(|error| classify("acm AddTagsToCertificate", error))
}

fn to_sdk(tags: &Tags) -> Result<Vec<Tag>, Failure> {
    tags.iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| Failure::internal(error.to_string()))
        })
        .collect()
}

fn health(detail: &CertificateDetail) -> Health {
    match detail.status() {
        Some(CertificateStatus::PendingValidation) => {
            Health::Pending("its names to be proved by DNS".to_owned())
        }
        Some(CertificateStatus::Issued) | None => Health::Ready,
        Some(status) => {
            let why = detail.failure_reason().map(|why| format!(": {}", why.as_str()));
            Health::Failed(format!("its status is {}{}", status.as_str(), why.unwrap_or_default()))
        }
    }
}

/// An issued one was proved; of a pending one it shows in its zones.
async fn is_proved(cx: &Cx, detail: &CertificateDetail, zones: &Zones) -> Result<bool, Failure> {
    match detail.status() {
        Some(CertificateStatus::PendingValidation) => proof::are_there(cx, detail, zones).await,
        _ => Ok(true),
    }
}

async fn live(
    cx: &Cx,
    arn: &str,
    detail: &CertificateDetail,
    identity: Identity,
    all: &Tags,
) -> Result<Live<Certificate>, Failure> {
    let zones = zones::from_tags(all);
    let proved = is_proved(cx, detail, &zones).await?;
    let own = tags::own(all, &identity);
    Ok(shaped(arn, detail, identity, own, zones, proved))
}

fn shaped(
    arn: &str,
    detail: &CertificateDetail,
    identity: Identity,
    tags: Tags,
    zones: Zones,
    proved: bool,
) -> Live<Certificate> {
    let domain = detail.domain_name().unwrap_or_default().to_owned();
    let mut names: Vec<String> = detail
        .subject_alternative_names()
        .iter()
        .filter(|name| **name != domain)
        .cloned()
        .collect();
    names.sort();
    let spec = Certificate {
        domain,
        names,
        zones,
        // ACM describes as `RSA-2048` what it was asked for as `RSA_2048`.
        key_algorithm: detail
            .key_algorithm()
            .map_or("RSA_2048", |word| word.as_str())
            .replace('-', "_"),
        proved,
        tags,
    };
    Live {
        spec,
        outputs: CertificateOutputs { arn: arn.into() },
        health: health(detail),
        id: arn.to_owned(),
        identity,
    }
}
