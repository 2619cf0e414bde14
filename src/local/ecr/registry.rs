//! The registry itself. Its token opens nothing: no registry stands behind it.

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
    let token = STANDARD.encode("AWS:local-aws");
    Ok(json!({"authorizationData": [{
        "authorizationToken": token,
        "expiresAt": call.time(call.now + HALF_A_DAY),
        "proxyEndpoint": format!("https://{}.dkr.ecr.{}.amazonaws.com", call.account, call.region),
    }]}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    Ok(json!({"registryId": call.account, "replicationConfiguration": {"rules": []}}))
}
