//! One certificate: what is known of it, and its end.

use serde_json::{Value, json};

use super::{CERTIFICATES, find};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

const LISTENERS: Table = Table::regional("elbv2/listener");
/// Certificates of AWS's last thirteen months.
const LASTS: Millis = 395 * 86_400_000;

/// Whether its names have been proved.
pub(super) fn is_issued(certificate: &Value, now: Millis) -> bool {
    certificate.has("Issued") && certificate.time("Issued") <= now
}

/// The record that proves a name: its own name, and its value.
pub(super) fn proof(name: &str, hidden: &str) -> (String, String) {
    let mirrored: String = hidden.chars().rev().collect();
    (
        format!("_{hidden}.{}.", name.trim_start_matches("*.")),
        format!("_{mirrored}.acm-validations.aws."),
    )
}

pub(super) fn status(certificate: &Value, now: Millis) -> &'static str {
    if !is_issued(certificate, now) {
        "PENDING_VALIDATION"
    } else if certificate.time("Issued") + LASTS <= now {
        "EXPIRED"
    } else {
        "ISSUED"
    }
}

pub(super) fn not_after(certificate: &Value) -> Millis {
    certificate.time("Issued") + LASTS
}

/// The ARNs of the load balancers that use it.
pub(super) fn in_use_by(call: &Call<'_>, arn: &str) -> Vec<String> {
    let mut users: Vec<String> = call
        .scan(LISTENERS, "")
        .into_iter()
        .filter(|(_, listener)| {
            listener.text("Certificate") == arn || listener.texts("MoreCertificates").contains(&arn)
        })
        // A listener's ARN holds that of its load balancer.
        .filter_map(|(listener, _)| {
            let (balancer, _) = listener.rsplit_once('/')?;
            Some(balancer.replacen(":listener/", ":loadbalancer/", 1))
        })
        .collect();
    users.sort();
    users.dedup();
    users
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = find(call)?;
    let names = found.texts("Names");
    let status = status(&found, call.now);
    let issued = is_issued(&found, call.now);
    let hidden = found.texts("Hidden");
    let options: Vec<Value> = names
        .iter()
        .zip(hidden)
        .map(|(name, hidden)| {
            let (record, value) = proof(name, hidden);
            let mut option = json!({
                "DomainName": name,
                "ValidationDomain": name,
                "ValidationMethod": "DNS",
                "ValidationStatus": if issued { "SUCCESS" } else { "PENDING_VALIDATION" },
            });
            // AWS takes a moment to say how a name is proved.
            if found.time("Shown") <= call.now {
                let record = json!({"Name": record, "Type": "CNAME", "Value": value});
                option.set("ResourceRecord", record);
            }
            option
        })
        .collect();
    let users = in_use_by(call, &arn);
    let mut detail = json!({
        "CertificateArn": arn,
        "DomainName": names.first(),
        "SubjectAlternativeNames": names,
        "DomainValidationOptions": options,
        "Subject": format!("CN={}", names.first().copied().unwrap_or_default()),
        "Issuer": "Amazon",
        "CreatedAt": call.time(found.time("Created")),
        "Status": status,
        "KeyAlgorithm": found["KeyAlgorithm"],
        "SignatureAlgorithm": "SHA256WITHRSA",
        "InUseBy": users,
        "Type": "AMAZON_ISSUED",
        "RenewalEligibility": if issued && !users.is_empty() { "ELIGIBLE" } else { "INELIGIBLE" },
        "KeyUsages": [],
        "ExtendedKeyUsages": [],
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED"},
    });
    if issued {
        detail.set("Serial", pairs(found.text("Serial")));
        detail.set("IssuedAt", call.time(found.time("Issued")));
        detail.set("NotBefore", call.time(found.time("Issued")));
        detail.set("NotAfter", call.time(not_after(&found)));
        detail
            .set("KeyUsages", json!([{"Name": "DIGITAL_SIGNATURE"}, {"Name": "KEY_ENCIPHERMENT"}]));
        detail.set(
            "ExtendedKeyUsages",
            json!([{"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}]),
        );
    }
    Ok(json!({"Certificate": detail}))
}

/// `0a:1b:…`.
fn pairs(hex: &str) -> String {
    let bytes: Vec<&str> =
        (0..hex.len() / 2).filter_map(|at| hex.get(2 * at..2 * at + 2)).collect();
    bytes.join(":")
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, _) = find(call)?;
    if !in_use_by(call, &arn).is_empty() {
        return Err(AwsError::new(
            "ResourceInUseException",
            format!("Certificate {arn} in account {} is in use.", call.account),
        ));
    }
    call.delete(CERTIFICATES, &arn);
    call.forget_tags(&arn);
    Ok(json!({}))
}
