//! OpenID Connect providers: whose tokens roles may trust.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{exists, invalid_input, limit, no_such, validation};
use super::{OIDC_PROVIDERS, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// The provider that `OpenIDConnectProviderArn` names.
pub(super) fn find(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let arn = call.input.text("OpenIDConnectProviderArn")?;
    let found = call.get(OIDC_PROVIDERS, &arn);
    found
        .map(|found| (arn.clone(), found))
        .ok_or_else(|| no_such(format!("OpenIDConnect Provider not found for arn {arn}")))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let url = call.input.text("Url")?;
    let clients = call.input.texts("ClientIDList")?;
    let prints = call.input.texts("ThumbprintList")?;
    let tags = tags::of_input(call)?;
    let Some(host) = url.strip_prefix("https://").map(|rest| rest.trim_end_matches('/')) else {
        return Err(validation(format!("Invalid Open ID Connect Provider URL: {url}")));
    };
    if host.is_empty() || host.contains(['?', '#']) {
        return Err(validation(format!("Invalid Open ID Connect Provider URL: {url}")));
    }
    check(&clients, &prints)?;
    let arn = call.global_arn("iam", &format!("oidc-provider/{host}"));
    if call.get(OIDC_PROVIDERS, &arn).is_some() {
        return Err(exists(format!("Provider with url {url} already exists.")));
    }
    if call.scan(OIDC_PROVIDERS, "").len() >= 100 {
        return Err(limit("Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100"));
    }
    // Without a thumbprint IAM fetches that of the certificate: nothing is fetched here.
    let prints = if prints.is_empty() {
        vec!["9e99a48a9960b14926bb7f3b02e22da2b0ab7280".to_owned()]
    } else {
        prints
    };
    let provider = json!({
        "Url": host, "Clients": clients, "Thumbprints": prints, "Created": call.now, "Tags": tags,
    });
    let shown = tags::shown(&provider);
    call.put(OIDC_PROVIDERS, &arn, provider);
    Ok(json!({"OpenIDConnectProviderArn": arn, "Tags": shown}))
}

fn check(clients: &[String], prints: &[String]) -> Result<(), AwsError> {
    if clients.len() > 100 {
        return Err(limit("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"));
    }
    if clients.iter().any(|client| client.is_empty() || client.len() > 255) {
        return Err(validation("A client ID must have 1 to 255 characters"));
    }
    let good =
        |print: &String| print.len() == 40 && print.bytes().all(|byte| byte.is_ascii_hexdigit());
    if prints.len() > 5 || !prints.iter().all(good) {
        return Err(invalid_input("At most 5 thumbprints of 40 hexadecimal digits can be given"));
    }
    Ok(())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = find(call)?;
    let tags = tags::shown(&found);
    Ok(json!({
        "Url": found["Url"], "ClientIDList": found["Clients"], "ThumbprintList": found["Thumbprints"],
        "CreateDate": call.time(found.time("Created")),
        "Tags": if tags.is_empty() { Value::Null } else { Value::from(tags) },
    }))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let all = call.scan(OIDC_PROVIDERS, "").into_iter();
    let all: Vec<Value> = all.map(|(arn, _)| json!({"Arn": arn})).collect();
    Ok(json!({"OpenIDConnectProviderList": all}))
}

pub(super) fn add_client(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, found) = find(call)?;
    let client = call.input.text("ClientID")?;
    let mut clients: Vec<String> = found.texts("Clients").into_iter().map(str::to_owned).collect();
    if !clients.contains(&client) {
        clients.push(client);
    }
    check(&clients, &[])?;
    call.update(OIDC_PROVIDERS, &arn, |provider| provider.set("Clients", clients));
    Ok(Value::Null)
}

pub(super) fn remove_client(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, _) = find(call)?;
    let client = call.input.text("ClientID")?;
    call.update(OIDC_PROVIDERS, &arn, |provider| {
        let mut clients = provider.list("Clients").to_vec();
        clients.retain(|one| one.as_str() != Some(client.as_str()));
        provider.set("Clients", clients);
    });
    Ok(Value::Null)
}

pub(super) fn set_thumbprints(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (arn, _) = find(call)?;
    let prints = call.input.texts("ThumbprintList")?;
    check(&[], &prints)?;
    if prints.is_empty() {
        return Err(validation("Thumbprint list must contain at least one entry."));
    }
    call.update(OIDC_PROVIDERS, &arn, |provider| provider.set("Thumbprints", prints));
    Ok(Value::Null)
}

/// Deleting what is not there is no error.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("OpenIDConnectProviderArn")?;
    call.delete(OIDC_PROVIDERS, &arn);
    Ok(Value::Null)
}
