//! A certificate of ours on a listener, beside its default one: services bring theirs to a listener that they share.
//!
//! It has no tags: it is ours if the certificate is, and has the certificate's name.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::Certificate as Sdk;
use serde::{Deserialize, Serialize};

use super::listener::ListenerArn;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Address, Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder,
    Rule, Spec,
};
use crate::resources::acm::{Certificate, CertificateArn};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A certificate that a listener shows to clients that name one of its hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerCertificate {
    /// The listener.
    pub listener: Input<ListenerArn>,
    /// The certificate.
    pub certificate: Input<CertificateArn>,
}

crate::outputs!(ListenerCertificate => ListenerCertificateOutputs {
    /// Both ARNs: nothing else is called so.
    id: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("AddListenerCertificates.Certificates[].IsDefault", "output only"),
    ("RemoveListenerCertificates.ListenerArn", "says which listener"),
    ("RemoveListenerCertificates.Certificates[].CertificateArn", "says which certificate"),
    ("RemoveListenerCertificates.Certificates[].IsDefault", "output only"),
];

impl Spec for ListenerCertificate {
    const KIND: &'static str = "elbv2/listener-certificate";
}

impl Resource for ListenerCertificate {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("listener"), Rule::Immutable("certificate")],
        observe_after: &["elbv2/listener", "acm/certificate"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = ListenerCertificateOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        let certificates = query.seen.of(Certificate::KIND);
        // Without certificates of ours there is nothing to look for.
        if certificates.is_empty() {
            return Ok(found);
        }
        let secure =
            |spec: &serde_json::Value| matches!(spec["protocol"].as_str(), Some("HTTPS" | "TLS"));
        let listeners = query.seen.of("elbv2/listener").iter();
        let mut listeners: BTreeSet<String> =
            listeners.filter(|one| secure(&one.spec)).map(|one| one.id.clone()).collect();
        let wanted = query.wanted.iter();
        listeners.extend(
            wanted.filter_map(|one| query.wanted_text(&one.address, "listener").map(str::to_owned)),
        );
        for listener in listeners {
            for arn in attached(cx, &listener).await? {
                let Some(one) = certificates.iter().find(|one| one.id == arn) else { continue };
                found.owned.push(live(&listener, &arn, of_certificate(&one.identity)));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, _identity: &Identity) -> Result<Progress<Self>, Failure> {
        let listener = self.listener.get()?;
        cx.elbv2
            .add_listener_certificates()
            .listener_arn(listener.as_str())
            .certificates(to_sdk(self.certificate.get()?.as_str()))
            .send()
            .await
            .map_err(|error| classify("elbv2 AddListenerCertificates", error))?;
        let id = id(listener.as_str(), self.certificate.get()?.as_str());
        Ok(Progress::done(ListenerCertificateOutputs { id }))
    }

    async fn update(
        &self,
        _cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx
            .elbv2
            .remove_listener_certificates()
            .listener_arn(live.spec.listener.get()?.as_str())
            .certificates(to_sdk(live.spec.certificate.get()?.as_str()))
            .send()
            .await;
        unless_gone(sent.map_err(|error| classify("elbv2 RemoveListenerCertificates", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some((listener, certificate)) = id.split_once(' ') else { return Ok(None) };
        if !attached(cx, listener).await?.iter().any(|arn| arn == certificate) {
            return Ok(None);
        }
        let its_tags = match certificate.split(':').nth(2) {
            Some("acm") => crate::resources::acm::certificate::its_tags(cx, certificate).await?,
            _ => None,
        };
        let its_tags = its_tags.unwrap_or_default();
        let owner = Identity::from_tags(&its_tags, &wanted.application, &wanted.environment);
        let tags = owner.map_or(its_tags, |owner| of_certificate(&owner).tags());
        let make = |identity, _| live(listener, certificate, identity);
        Ok(Some(Existing::of(tags, wanted, make)))
    }

    async fn claim(_cx: &Cx, live: &Live<Self>, _tags: &Tags) -> Result<(), Failure> {
        Err(Failure::new(
            Class::Invalid,
            format!(
                "`{}` has no tags of its own: it belongs to whom its certificate does",
                live.id
            ),
        )
        .with_hint("adopt the certificate: `shipit adopt acm/certificate.NAME ARN`"))
    }
}

/// The identity of what hangs on a certificate.
fn of_certificate(certificate: &Identity) -> Identity {
    let address = Address::new(ListenerCertificate::KIND, certificate.address.name());
    Identity { address, ..certificate.clone() }
}

fn id(listener: &str, certificate: &str) -> String {
    format!("{listener} {certificate}")
}

fn to_sdk(arn: &str) -> Sdk {
    Sdk::builder().certificate_arn(arn).build()
}

/// The ARNs of the certificates beside a listener's default one; none where the listener is gone.
async fn attached(cx: &Cx, listener: &str) -> Result<Vec<String>, Failure> {
    let mut pages = cx
        .elbv2
        .describe_listener_certificates()
        .listener_arn(listener)
        .page_size(400)
        .into_paginator()
        .send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("elbv2 DescribeListenerCertificates", error));
        let Some(page) = unless_gone(page)? else { break };
        found.extend(
            page.certificates()
                .iter()
                .filter(|one| one.is_default() != Some(true))
                .filter_map(|one| one.certificate_arn().map(str::to_owned)),
        );
    }
    Ok(found)
}

fn live(listener: &str, certificate: &str, identity: Identity) -> Live<ListenerCertificate> {
    Live {
        spec: ListenerCertificate {
            listener: Input::Known(listener.into()),
            certificate: Input::Known(certificate.into()),
        },
        outputs: ListenerCertificateOutputs { id: id(listener, certificate) },
        health: Health::Ready,
        id: id(listener, certificate),
        identity,
    }
}
