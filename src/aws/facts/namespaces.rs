//! Cloud Map namespaces that exist.

use aws_sdk_servicediscovery::types::NamespaceType;

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::Failure;

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// `ns-…`.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// `test.demo.local`.
    pub name: String,
    /// `DNS_PRIVATE`, `DNS_PUBLIC` or `HTTP`.
    pub kind: String,
}

/// The namespace with this id, or ARN where another account shares it (`servicediscovery:GetNamespace`); `None` if
/// there is none.
///
/// # Errors
/// The call is refused.
pub async fn namespace(cx: &Cx, id: &str) -> Result<Option<Namespace>, Failure> {
    let sent = cx.servicediscovery.get_namespace().id(id).send().await;
    let answer =
        unless_gone(sent.map_err(|error| classify("servicediscovery GetNamespace", error)))?;
    Ok(answer.and_then(|answer| answer.namespace).map(|found| Namespace {
        id: found.id().unwrap_or_default().to_owned(),
        arn: found.arn().unwrap_or_default().to_owned(),
        name: found.name().unwrap_or_default().to_owned(),
        kind: found.r#type().unwrap_or(&NamespaceType::DnsPrivate).as_str().to_owned(),
    }))
}
