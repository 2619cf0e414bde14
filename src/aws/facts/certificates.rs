//! Certificates of Certificate Manager.

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// A certificate, as `acm:DescribeCertificate` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// `ISSUED`, `PENDING_VALIDATION`, `EXPIRED` and so on.
    pub status: String,
    /// The host names that it is for, some with a leading `*.`.
    pub names: Vec<String>,
    /// When it ends, in seconds since 1970.
    pub ends: Option<i64>,
    /// AWS renews it before it ends: it was issued by AWS, and is not imported.
    pub renewed: bool,
}

/// The certificate with this ARN; `None` if there is none in the account and region.
///
/// # Errors
/// `acm:DescribeCertificate` is refused.
pub async fn certificate(cx: &Cx, arn: &str) -> Result<Option<Certificate>, Failure> {
    let answer = cx.acm.describe_certificate().certificate_arn(arn).send().await;
    let answer = unless_gone(answer.map_err(|error| classify("acm DescribeCertificate", error)))?;
    Ok(answer.and_then(|answer| answer.certificate).map(|found| {
        let mut names: Vec<String> = found.domain_name().map(str::to_owned).into_iter().collect();
        names.extend(found.subject_alternative_names().iter().cloned());
        names.sort();
        names.dedup();
        Certificate {
            status: found.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            names,
            ends: found.not_after().map(aws_smithy_types::DateTime::secs),
            renewed: found.r#type().is_some_and(|it| it.as_str() == "AMAZON_ISSUED"),
        }
    }))
}
