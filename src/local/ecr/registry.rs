//! The registry itself. Its token opens the one in `http`, which is where this call came to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::local::call::Call;
use crate::local::error::AwsError;

const HALF_A_DAY: u64 = 12 * 3600 * 1000;

pub(super) fn get_authorization_token(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let wanted = call.input.texts("registryIds")?;
    if let Some(other) = wanted.iter().find(|registry| **registry != call.account) {
        return Err(AwsError::not_modelled(format!(
            "local AWS serves the registry of account {}, not {other}",
            call.account
        )));
    }
    let password = super::http::password(&call.account, &call.region);
    let token = STANDARD.encode(format!("AWS:{password}"));
    Ok(json!({"authorizationData": [{
        "authorizationToken": token,
        "expiresAt": call.time(call.now + HALF_A_DAY),
        "proxyEndpoint": match is_loopback(&call.host) {
            true => format!("http://{}", call.host),
            false => format!("https://{}.dkr.ecr.{}.amazonaws.com", call.account, call.region),
        },
    }]}))
}

/// Whether a host is a port of this machine: only there a builder finds the registry.
fn is_loopback(host: &str) -> bool {
    ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|start| host.starts_with(start))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    Ok(json!({"registryId": call.account, "replicationConfiguration": {"rules": []}}))
}
