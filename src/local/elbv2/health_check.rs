//! The health check of a target group: AWS's defaults and limits.

use serde_json::{Value, json};

use super::errors::validation;
use super::protocol;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// What AWS fills in for groups of addresses and instances.
pub(super) fn defaults(group: &mut Value) {
    let grpc = group.text("ProtocolVersion") == "GRPC";
    let network = protocol::is_network(group.text("Protocol"));
    group.set("HealthCheckProtocol", if network { "TCP" } else { "HTTP" });
    group.set("HealthCheckPort", "traffic-port");
    group.set("HealthCheckEnabled", true);
    group.set("HealthCheckIntervalSeconds", 30);
    group.set("HealthCheckTimeoutSeconds", if network { 10 } else { 5 });
    group.set("HealthyThresholdCount", 5);
    group.set("UnhealthyThresholdCount", 2);
    if network {
        return;
    }
    group.set("HealthCheckPath", if grpc { "/AWS.ALB/healthcheck" } else { "/" });
    group.set("Matcher", if grpc { json!({"GrpcCode": "12"}) } else { json!({"HttpCode": "200"}) });
}

/// Changes what stands in the input.
pub(super) fn read(input: &Params, group: &mut Value) -> Result<(), AwsError> {
    if let Some(protocol) = input.optional_text("HealthCheckProtocol")? {
        let network = protocol::is_network(group.text("Protocol"));
        let known = matches!(protocol.as_str(), "HTTP" | "HTTPS") || network && protocol == "TCP";
        if !known {
            return Err(validation(format!(
                "Health check protocol '{protocol}' must be one of {} for the target group protocol '{}'",
                if network { "HTTP, HTTPS and TCP" } else { "HTTP and HTTPS" },
                group.text("Protocol")
            )));
        }
        if network && protocol == "TCP" {
            group.unset("HealthCheckPath");
            group.unset("Matcher");
        } else if network && !group.has("HealthCheckPath") {
            group.set("HealthCheckPath", "/");
            group.set("Matcher", json!({"HttpCode": "200-399"}));
            if !input.has("HealthCheckTimeoutSeconds") {
                group.set("HealthCheckTimeoutSeconds", if protocol == "HTTP" { 6 } else { 10 });
            }
        }
        group.set("HealthCheckProtocol", protocol);
    }
    let plain = group.text("HealthCheckProtocol") == "TCP";
    if plain && (input.has("HealthCheckPath") || input.has("Matcher")) {
        return Err(validation(
            "Health checks with the protocol 'TCP' have no path and no matcher",
        ));
    }
    if let Some(port) = input.optional_text("HealthCheckPort")? {
        if port != "traffic-port" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err(validation(format!(
                "Health check port '{port}' must be either 'traffic-port' or a port from 1 to 65535"
            )));
        }
        group.set("HealthCheckPort", port);
    }
    if let Some(enabled) = input.optional_boolean("HealthCheckEnabled")? {
        if !enabled {
            return Err(validation(format!(
                "Health check enabled must be true for target groups with target type '{}'",
                group.text("TargetType")
            )));
        }
        group.set("HealthCheckEnabled", enabled);
    }
    if let Some(path) = input.optional_text("HealthCheckPath")? {
        if !path.starts_with('/') || path.len() > 1024 {
            return Err(validation(format!(
                "Health check path '{path}' must begin with a '/' character, and can be at most 1024 characters long"
            )));
        }
        group.set("HealthCheckPath", path);
    }
    for (name, low, high) in [
        ("HealthCheckIntervalSeconds", 5, 300),
        ("HealthCheckTimeoutSeconds", 2, 120),
        ("HealthyThresholdCount", 2, 10),
        ("UnhealthyThresholdCount", 2, 10),
    ] {
        if let Some(number) = input.optional_integer_within(name, low, high)? {
            group.set(name, number);
        }
    }
    let (interval, timeout) =
        (group.integer("HealthCheckIntervalSeconds"), group.integer("HealthCheckTimeoutSeconds"));
    if timeout >= interval {
        return Err(validation(format!(
            "Health check interval '{interval}' must be greater than the timeout '{timeout}'"
        )));
    }
    if let Some(matcher) = input.optional_structure("Matcher")? {
        read_matcher(&matcher, group)?;
    }
    Ok(())
}

fn read_matcher(matcher: &Params, group: &mut Value) -> Result<(), AwsError> {
    let grpc = group.text("ProtocolVersion") == "GRPC";
    let http = matcher.optional_text("HttpCode")?;
    let code = matcher.optional_text("GrpcCode")?;
    let (name, codes, low, high) = match (http, code) {
        (Some(codes), None) if !grpc => ("HttpCode", codes, 200, 499),
        (None, Some(codes)) if grpc => ("GrpcCode", codes, 0, 99),
        _ => {
            let (version, name) =
                (group.text("ProtocolVersion"), if grpc { "GrpcCode" } else { "HttpCode" });
            return Err(validation(format!(
                "A matcher for the protocol version '{version}' must have {name} and nothing else"
            )));
        }
    };
    let number = |text: &str| text.parse::<u32>().ok().filter(|code| (low..=high).contains(code));
    let good = |part: &str| match part.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
        None => number(part).is_some(),
    };
    if !codes.split(',').all(good) {
        return Err(validation(format!(
            "Health check matcher {name} '{codes}' must be codes from {low} to {high}, such as '{low}', '{low},{high}' or '{low}-{high}'"
        )));
    }
    group.set("Matcher", json!({name: codes}));
    Ok(())
}
