//! `ListCertificates`.

use serde_json::{Value, json};

use super::{CERTIFICATES, certificate, in_region};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const ALGORITHMS: [&str; 3] = ["RSA_2048", "EC_prime256v1", "EC_secp384r1"];

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let statuses = call.input.texts("CertificateStatuses")?;
    let size = call.input.optional_integer_within("MaxItems", 1, 1000)?.unwrap_or(1000);
    let token = call.input.optional_text("NextToken")?;
    let algorithms = match call.input.optional_structure("Includes")? {
        // Without it, only certificates with the commonest keys are listed.
        Some(includes) => includes.texts("keyTypes")?,
        None => Vec::new(),
    };
    let rows: Vec<(String, Value)> = call
        .scan(CERTIFICATES, &in_region(call))
        .into_iter()
        .filter(|(_, it)| {
            let status = certificate::status(it, call.now);
            let algorithm = it.text("KeyAlgorithm");
            (statuses.is_empty() || statuses.iter().any(|wanted| wanted == status))
                && match algorithms.is_empty() {
                    true => algorithm == ALGORITHMS[0],
                    false => algorithms.iter().any(|wanted| wanted == algorithm),
                }
        })
        .map(|(arn, it)| (arn.clone(), row(call, &arn, &it)))
        .collect();
    let page = call.page(rows, size as usize, token.as_deref(), |(arn, _)| arn.clone())?;
    let list: Vec<Value> = page.items.into_iter().map(|(_, row)| row).collect();
    let mut answer = json!({"CertificateSummaryList": list});
    if let Some(next) = page.next {
        answer.set("NextToken", next);
    }
    Ok(answer)
}

fn row(call: &Call<'_>, arn: &str, found: &Value) -> Value {
    let names = found.texts("Names");
    let issued = certificate::is_issued(found, call.now);
    let mut row = json!({
        "CertificateArn": arn,
        "DomainName": names.first(),
        "SubjectAlternativeNameSummaries": names,
        "HasAdditionalSubjectAlternativeNames": false,
        "Status": certificate::status(found, call.now),
        "Type": "AMAZON_ISSUED",
        "KeyAlgorithm": found["KeyAlgorithm"],
        "InUse": !certificate::in_use_by(call, arn).is_empty(),
        "CreatedAt": call.time(found.time("Created")),
    });
    if issued {
        row.set("IssuedAt", call.time(found.time("Issued")));
        row.set("NotBefore", call.time(found.time("Issued")));
        row.set("NotAfter", call.time(certificate::not_after(found)));
    }
    row
}
