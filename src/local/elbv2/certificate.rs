//! Certificates of HTTPS and TLS listeners: the default one, and those chosen by server name.

use serde_json::{Value, json};

use super::errors::validation;
use super::{LISTENERS, names, protocol};
use crate::local::acm;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Beside the default one.
const MOST: usize = 25;

/// The ARNs in `Certificates`. One that Certificate Manager knows must have been issued; one that it does
/// not know is taken, so that a manifest can be tried before its certificates are there.
pub(super) fn of_input(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let mut arns = Vec::new();
    for certificate in call.input.structures("Certificates")? {
        let arn = certificate.text("CertificateArn")?;
        let known = arn.starts_with("arn:aws:acm:") || arn.starts_with("arn:aws:iam::");
        if !known || !arn.contains("certificate/") {
            return Err(AwsError::new(
                "CertificateNotFound",
                format!("Certificate ARN '{arn}' is not valid"),
            ));
        }
        if !acm::is_usable(call, &arn) {
            return Err(AwsError::new(
                "UnsupportedCertificate",
                format!(
                    "The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key size."
                ),
            ));
        }
        arns.push(arn);
    }
    Ok(arns)
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, mut listener, given) = read(call)?;
    let mut more: Vec<String> = more_of(&listener);
    for certificate in &given {
        if !more.contains(certificate) && listener.text("Certificate") != certificate {
            more.push(certificate.clone());
        }
    }
    if more.len() > MOST {
        return Err(AwsError::new(
            "TooManyCertificates",
            format!("The maximum number of certificates has been reached on listener '{arn}'"),
        ));
    }
    listener.set("MoreCertificates", more);
    call.put(LISTENERS, &arn, listener);
    let shown: Vec<Value> =
        given.iter().map(|arn| json!({"CertificateArn": arn, "IsDefault": false})).collect();
    Ok(json!({"Certificates": shown}))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, mut listener, given) = read(call)?;
    if given.iter().any(|certificate| certificate == listener.text("Certificate")) {
        let message = "The default certificate of a listener cannot be removed";
        return Err(AwsError::new("OperationNotPermitted", message));
    }
    let mut more = more_of(&listener);
    more.retain(|certificate| !given.contains(certificate));
    listener.set("MoreCertificates", more);
    call.put(LISTENERS, &arn, listener);
    Ok(json!({}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let arn = input.text("ListenerArn")?;
    let marker = input.optional_text("Marker")?;
    let size = input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    let listener = names::listener(call, &arn)?;
    let mut shown = Vec::new();
    if listener.has("Certificate") {
        shown.push(json!({"CertificateArn": listener["Certificate"], "IsDefault": true}));
    }
    let more = more_of(&listener).into_iter();
    shown.extend(more.map(|arn| json!({"CertificateArn": arn, "IsDefault": false})));
    let page = call.page(shown, size as usize, marker.as_deref(), |certificate| {
        certificate.text("CertificateArn").to_owned()
    })?;
    Ok(json!({"Certificates": page.items, "NextMarker": page.next}))
}

fn read(call: &Call<'_>) -> Result<(String, Value, Vec<String>), AwsError> {
    let arn = call.input.text("ListenerArn")?;
    let given = of_input(call)?;
    let listener = Value::clone(&*names::listener(call, &arn)?);
    if given.is_empty() {
        return Err(call.input.missing("Certificates"));
    }
    if !protocol::is_secure(listener.text("Protocol")) {
        return Err(validation("Certificates can be given to HTTPS and TLS listeners only"));
    }
    Ok((arn, listener, given))
}

fn more_of(listener: &Value) -> Vec<String> {
    listener.texts("MoreCertificates").into_iter().map(str::to_owned).collect()
}
