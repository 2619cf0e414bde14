//! Asking for a certificate.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{CERTIFICATES, in_region};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

pub(super) fn request(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let domain = call.input.text("DomainName")?.to_ascii_lowercase();
    let method = call.input.optional_one_of("ValidationMethod", &["EMAIL", "DNS", "HTTP"])?;
    let more = call.input.texts("SubjectAlternativeNames")?;
    let token = call.input.optional_text("IdempotencyToken")?;
    let algorithm = call
        .input
        .optional_one_of("KeyAlgorithm", &["RSA_2048", "EC_prime256v1", "EC_secp384r1"])?
        .unwrap_or_else(|| "RSA_2048".to_owned());
    let tags = call.input.tags("Tags", "Key", "Value")?;
    // E-mail is what AWS takes where nobody says otherwise.
    if method.as_deref() != Some("DNS") {
        return Err(AwsError::not_modelled(
            "local AWS models certificates with ValidationMethod DNS only",
        ));
    }
    let mut names = vec![domain.clone()];
    names.extend(more.iter().map(|name| name.to_ascii_lowercase()));
    names.dedup();
    if let Some(bad) = names.iter().find(|name| !is_domain(name)) {
        return Err(call.input.invalid(format!(
            "1 validation error detected: Value '{bad}' at 'domainName' failed to satisfy constraint: Member must satisfy regular expression pattern: (\\*\\.)?(((?!-)[A-Za-z0-9-]{{0,62}}[A-Za-z0-9])\\.)+((?!-)[A-Za-z0-9-]{{1,62}}[A-Za-z0-9])"
        )));
    }
    if names.len() > 10 {
        return Err(AwsError::new(
            "LimitExceededException",
            "The maximum number of domain names for a certificate has been reached.",
        ));
    }
    // The same question within an hour has the same answer.
    if let Some(token) = &token {
        let asked = call.scan(CERTIFICATES, &in_region(call)).into_iter().find(|(_, it)| {
            it.text("Token") == token
                && it.texts("Names") == names
                && call.now.saturating_sub(it.time("Created")) < 3_600_000
        });
        if let Some((arn, _)) = asked {
            return Ok(json!({"CertificateArn": arn}));
        }
    }
    let id = call.ids.uuid();
    let arn = call.arn("acm", &format!("certificate/{id}"));
    // The same domain is proved by the same record, whatever the certificate.
    let hidden: Vec<String> = names.iter().map(|name| proof(&call.account, name)).collect();
    let certificate = json!({
        "Names": names,
        "Hidden": hidden,
        "Created": call.now,
        "Shown": call.ready_at(durations::CERTIFICATE_RECORDS),
        "KeyAlgorithm": algorithm,
        "Token": token,
        "Serial": call.ids.hex(32),
    });
    call.put(CERTIFICATES, &arn, certificate);
    call.add_tags(&arn, tags)?;
    super::look_for_proofs(call);
    Ok(json!({"CertificateArn": arn}))
}

/// 32 digits that stand for a domain and an account; a wildcard is proved as the domain below it.
fn proof(account: &str, name: &str) -> String {
    let text = format!("{account} {}", name.trim_start_matches("*."));
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Two labels at least; the first may be a star.
fn is_domain(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    name.len() <= 253 && rest.contains('.') && rest.split('.').all(label)
}
