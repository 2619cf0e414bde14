//! `acm`: certificates that AWS issues once their names are proved, and imported ones without their
//! text. Whoever asks for one here owns the domain: it is proved after a while, as if the DNS records
//! had been made. Private authorities, e-mail validation, export and renewal are not here.

mod certificate;
mod list;
mod request;
mod tags;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Certificates by ARN.
const CERTIFICATES: Table = Table::regional("acm/certificate");

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
    match call.get(CERTIFICATES, &arn) {
        Some(found) => Ok((arn, found)),
        None => Err(AwsError::new(
            "ResourceNotFoundException",
            format!("Could not find certificate {arn}."),
        )),
    }
}

/// Whether a load balancer may use the certificate with this ARN: one that is known here must have
/// been issued. One that is not known is taken, so that a manifest can be tried before its
/// certificates are there.
pub(super) fn is_usable(call: &Call<'_>, arn: &str) -> bool {
    call.get(CERTIFICATES, arn).is_none_or(|found| certificate::is_issued(&found, call.now))
}
