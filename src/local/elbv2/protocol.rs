//! What listeners and target groups speak, and which goes with which.

use serde_json::Value;

use super::errors::{configuration, validation};
use crate::local::document::Document;
use crate::local::error::AwsError;

const OF_APPLICATION: [&str; 2] = ["HTTP", "HTTPS"];
const OF_NETWORK: [&str; 4] = ["TCP", "UDP", "TCP_UDP", "TLS"];

/// Is this a protocol of network load balancers?
pub(super) fn is_network(protocol: &str) -> bool {
    OF_NETWORK.contains(&protocol)
}

/// Is this a protocol of target groups?
pub(super) fn is_known(protocol: &str) -> bool {
    is_network(protocol) || OF_APPLICATION.contains(&protocol)
}

/// Does it end TLS, and so need a certificate?
pub(super) fn is_secure(protocol: &str) -> bool {
    matches!(protocol, "HTTPS" | "TLS")
}

/// May a load balancer listen so?
pub(super) fn check_listener(load_balancer: &Value, protocol: &str) -> Result<(), AwsError> {
    let allowed: &[&str] = match load_balancer.text("Type") {
        "network" => &OF_NETWORK,
        _ => &OF_APPLICATION,
    };
    if allowed.contains(&protocol) {
        return Ok(());
    }
    let mut names = allowed.to_vec();
    names.reverse();
    Err(validation(format!("Listener protocol '{protocol}' must be one of '{}'", names.join(", "))))
}

/// May a listener of this protocol forward to this target group?
pub(super) fn check_forward(listener: &str, group: &Value) -> Result<(), AwsError> {
    let to = group.text("Protocol");
    let fits = match listener {
        "TLS" => matches!(to, "TCP" | "TLS"),
        "TCP" => to == "TCP",
        "UDP" => matches!(to, "UDP" | "TCP_UDP"),
        "TCP_UDP" => to == "TCP_UDP",
        _ => OF_APPLICATION.contains(&to),
    };
    match fits {
        true => Ok(()),
        false => Err(configuration(format!(
            "Listener protocol '{listener}' is not supported with a target group with the protocol '{to}'"
        ))),
    }
}
