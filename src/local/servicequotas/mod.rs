//! `servicequotas`: AWS's defaults for the quotas that shipit's resources use up. Nothing was ever
//! applied for in a simulated account, and local AWS holds nobody to these numbers.

mod table;

use serde_json::{Value, json};

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use table::{QUOTAS, Quota, SERVICES};

pub(super) static SERVICE: Service = Service {
    name: "servicequotas",
    protocol: Protocol::Json,
    target: "ServiceQuotasV20190624",
    namespace: "",
    invalid: "IllegalArgumentException",
    invalid_token: "InvalidPaginationTokenException",
    throttle: ("TooManyRequestsException", 400),
    timer: None,
    operations: &[
        service::read("ListServices", list_services),
        service::read("ListServiceQuotas", list_quotas),
        service::read("GetServiceQuota", get_quota),
        service::read("ListAWSDefaultServiceQuotas", list_defaults),
        service::read("GetAWSDefaultServiceQuota", get_quota),
    ],
};

fn list_services(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (size, token) = page_of(call)?;
    let page = call
        .page(SERVICES.iter().collect(), size, token.as_deref(), |(code, _)| (*code).to_owned())?;
    let list: Vec<Value> = page
        .items
        .iter()
        .map(|(code, name)| json!({"ServiceCode": code, "ServiceName": name}))
        .collect();
    Ok(with_token(json!({"Services": list}), page.next))
}

fn list_quotas(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let code = call.input.optional_text("QuotaCode")?;
    let level =
        call.input.optional_one_of("QuotaAppliedAtLevel", &["ACCOUNT", "RESOURCE", "ALL"])?;
    if level.as_deref() == Some("RESOURCE") {
        return Err(AwsError::not_modelled("local AWS does not model quotas of single resources"));
    }
    list(call, code.as_deref())
}

fn list_defaults(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list(call, None)
}

fn list(call: &mut Call<'_>, code: Option<&str>) -> Result<Value, AwsError> {
    let service = service_of(call)?;
    let (size, token) = page_of(call)?;
    let of =
        QUOTAS.iter().filter(|it| it.service == service && code.is_none_or(|code| code == it.code));
    let page = call.page(of.collect(), size, token.as_deref(), |it| it.code.to_owned())?;
    let list: Vec<Value> = page.items.iter().map(|quota| shown(call, quota)).collect();
    Ok(with_token(json!({"Quotas": list}), page.next))
}

fn get_quota(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let service = service_of(call)?;
    let code = call.input.text("QuotaCode")?;
    match QUOTAS.iter().find(|it| it.service == service && it.code == code) {
        Some(quota) => Ok(json!({"Quota": shown(call, quota)})),
        None => Err(none("The request failed because the specified quota does not exist.")),
    }
}

/// `ServiceCode`, which must be known.
fn service_of(call: &Call<'_>) -> Result<String, AwsError> {
    let service = call.input.text("ServiceCode")?;
    if SERVICES.iter().any(|(code, _)| *code == service) {
        return Ok(service);
    }
    Err(none("The request failed because the specified service does not exist."))
}

fn none(message: &str) -> AwsError {
    AwsError::new("NoSuchResourceException", message)
}

fn page_of(call: &Call<'_>) -> Result<(usize, Option<String>), AwsError> {
    let size = call.input.optional_integer_within("MaxResults", 1, 100)?.unwrap_or(100);
    Ok((size as usize, call.input.optional_text("NextToken")?))
}

fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer.set("NextToken", next);
    }
    answer
}

fn shown(call: &Call<'_>, quota: &Quota) -> Value {
    let name = SERVICES.iter().find(|(code, _)| *code == quota.service).map(|(_, name)| *name);
    json!({
        "ServiceCode": quota.service,
        "ServiceName": name,
        "QuotaArn": call.arn("servicequotas", &format!("{}/{}", quota.service, quota.code)),
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": quota.value,
        "Unit": "None",
        "Adjustable": true,
        "GlobalQuota": quota.service == "iam",
        "QuotaAppliedAtLevel": "ACCOUNT",
    })
}
