//! `acm`: certificates that AWS issues once their names are proved, and imported ones without their
//! text. A name is proved by its DNS record in a public hosted zone of the account, a while after that is there.
//! Private authorities, e-mail validation, export and renewal are not here.

mod certificate;
mod list;
mod request;
mod tags;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::document::Document;
use super::durations;
use super::error::AwsError;
use super::route53;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Certificates by ARN. Those of all regions together, as a DNS record proves names in all.
const CERTIFICATES: Table = Table::global("acm/certificate");

pub(super) static SERVICE: Service = Service {
    name: "acm",
    protocol: Protocol::Json,
    target: "CertificateManager",
    namespace: "",
    invalid: "ValidationException",
    invalid_token: "ValidationException",
    throttle: ("ThrottlingException", 400),
    timer: None,
    operations: &[
        service::write("RequestCertificate", request::request),
        service::read("DescribeCertificate", certificate::describe),
        service::read("ListCertificates", list::list),
        service::write("DeleteCertificate", certificate::delete),
        service::write("AddTagsToCertificate", tags::add),
        service::write("RemoveTagsFromCertificate", tags::remove),
        service::read("ListTagsForCertificate", tags::list),
    ],
};

/// The certificate that `CertificateArn` names.
fn find(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let arn = call.input.text("CertificateArn")?;
    if !arn.starts_with("arn:aws:acm:") || !arn.contains(":certificate/") {
        return Err(AwsError::new("InvalidArnException", format!("Invalid arn: {arn}")));
    }
    match call.get(CERTIFICATES, &arn).filter(|_| arn.starts_with(&in_region(call))) {
        Some(found) => Ok((arn, found)),
        None => Err(AwsError::new(
            "ResourceNotFoundException",
            format!("Could not find certificate {arn}."),
        )),
    }
}

/// What the ARNs of this region's certificates begin with.
fn in_region(call: &Call<'_>) -> String {
    call.arn("acm", "certificate/")
}

/// Has the names proved whose records are in a public zone by now. Called when a certificate is asked for, and
/// by Route 53 when records have changed.
pub(super) fn look_for_proofs(call: &mut Call<'_>) {
    for (arn, found) in call.scan(CERTIFICATES, "") {
        if found.has("Issued") {
            continue;
        }
        let mut pairs = found.texts("Names").into_iter().zip(found.texts("Hidden"));
        let proved = pairs.all(|(name, hidden)| {
            let (record, value) = certificate::proof(name, hidden);
            route53::find(call, &record, "CNAME")
                .is_some_and(|found| found.trim_end_matches('.') == value.trim_end_matches('.'))
        });
        if proved {
            let issued = call.ready_at(durations::CERTIFICATE_ISSUING);
            call.update(CERTIFICATES, &arn, |it| it.set("Issued", issued));
        }
    }
}

/// Whether a load balancer may use the certificate with this ARN: one that is known here must have
/// been issued. One that is not known is taken, so that a manifest can be tried before its
/// certificates are there.
pub(super) fn is_usable(call: &Call<'_>, arn: &str) -> bool {
    call.get(CERTIFICATES, arn).is_none_or(|found| certificate::is_issued(&found, call.now))
}
