//! Target groups.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::common::{
    SERVICE_KIND, TARGET_GROUP, begin, begin_deletion, conflict, invalid, made_before, missing,
    name, page, quota, set_times, status,
};
use super::{LISTENERS, RULES, TARGET_GROUPS, TARGETS, action};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network;
use crate::local::error::AwsError;
use crate::local::params::Params;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = name(call, 128, "tg-")?;
    let kinds = ["IP", "INSTANCE", "ALB", "LAMBDA"];
    let kind = call.input.optional_one_of("type", &kinds)?;
    let kind = kind.ok_or_else(|| call.input.missing("type"))?;
    if kind == "LAMBDA" {
        return Err(AwsError::not_modelled(
            "local AWS does not model target groups of Lambda functions",
        ));
    }
    let config = config(call, &kind)?;
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let asked = json!({"name": name, "type": kind, "config": config});
    let rows = call.scan(TARGET_GROUPS, "");
    if let Some((id, one)) = made_before(token.as_deref(), &rows, &asked, TARGET_GROUP.word)? {
        return Ok(wire(call, &id, &one));
    }
    if let Some((id, _)) = rows.iter().find(|(_, one)| one.text("name") == name) {
        let message = format!("Target group {name} already exists");
        return Err(conflict(TARGET_GROUP.word, id, message));
    }
    quota(TARGET_GROUP.word, rows.len(), 500)?;
    let id = call.ids.resource(TARGET_GROUP.prefix);
    let mut one = asked.clone();
    begin(call, &mut one, token, asked);
    call.add_tags(&TARGET_GROUP.arn(call, &id), tags)?;
    call.put(TARGET_GROUPS, &id, one.clone());
    Ok(wire(call, &id, &one))
}

fn config(call: &Call<'_>, kind: &str) -> Result<Value, AwsError> {
    let Some(given) = call.input.optional_structure("config")? else {
        return Err(invalid(format!("A target group of type {kind} needs a config")));
    };
    let protocol = given.optional_one_of("protocol", &["HTTP", "HTTPS", "TCP"])?;
    let protocol = protocol.ok_or_else(|| given.missing("protocol"))?;
    let default = if protocol == "HTTP" { 80 } else { 443 };
    let port = given.optional_integer_within("port", 1, 65_535)?.unwrap_or(default);
    let vpc = given.text("vpcIdentifier")?;
    if network::vpc_cidr(call, &vpc).is_none() {
        return Err(missing("VPC", &vpc));
    }
    let mut config = json!({"port": port, "protocol": protocol, "vpcIdentifier": vpc});
    let versions = ["HTTP1", "HTTP2", "GRPC"];
    let version = given.optional_one_of("protocolVersion", &versions)?;
    if protocol == "TCP" {
        if version.is_some() {
            return Err(invalid("A target group of TCP has no protocol version"));
        }
    } else {
        config.set("protocolVersion", version.unwrap_or("HTTP1".to_owned()));
    }
    let family = given.optional_one_of("ipAddressType", &["IPV4", "IPV6"])?;
    if kind == "IP" {
        config.set("ipAddressType", family.unwrap_or("IPV4".to_owned()));
    } else if family.is_some() {
        return Err(invalid("ipAddressType goes with the type IP alone"));
    }
    let check = given.optional_structure("healthCheck")?;
    match kind {
        "ALB" if check.is_some() => {
            return Err(invalid("A target group of type ALB has no health checks"));
        }
        "ALB" => {}
        _ => config.set("healthCheck", health_check(check.as_ref(), &config, None)?),
    }
    Ok(config)
}

/// The health check that is given, completed by what was there or else by AWS's defaults.
fn health_check(
    given: Option<&Params>,
    config: &Value,
    before: Option<&Value>,
) -> Result<Value, AwsError> {
    let grpc = config.text("protocolVersion") == "GRPC";
    let plain = json!({
        "enabled": !grpc && config.text("protocol") != "TCP",
        "protocol": if config.text("protocol") == "HTTPS" { "HTTPS" } else { "HTTP" },
        "protocolVersion": "HTTP1",
        "path": "/", "healthCheckIntervalSeconds": 30, "healthCheckTimeoutSeconds": 5, "healthyThresholdCount": 5,
        "unhealthyThresholdCount": 2, "matcher": {"httpCode": "200"},
    });
    let mut check = before.cloned().unwrap_or_else(|| plain.clone());
    let Some(given) = given else { return Ok(check) };
    if let Some(enabled) = given.optional_boolean("enabled")? {
        check.set("enabled", enabled);
    }
    let protocols = ["HTTP", "HTTPS", "TCP"];
    if let Some(protocol) = given.optional_one_of("protocol", &protocols)? {
        check.set("protocol", protocol);
    }
    if let Some(version) = given.optional_one_of("protocolVersion", &["HTTP1", "HTTP2"])? {
        check.set("protocolVersion", version);
    }
    if let Some(path) = given.optional_text("path")? {
        if !path.starts_with('/') || path.len() > 2048 {
            return Err(invalid(
                "The path of a health check begins with / and has at most 2048 characters",
            ));
        }
        check.set("path", path);
    }
    for (member, low, high) in [
        ("port", 1, 65_535),
        ("healthCheckIntervalSeconds", 5, 300),
        ("healthCheckTimeoutSeconds", 1, 120),
        ("healthyThresholdCount", 2, 10),
        ("unhealthyThresholdCount", 2, 10),
    ] {
        // 0 takes the default, which for the port is the target's own.
        match given.optional_integer(member)? {
            Some(0) if member == "port" => {
                check.unset(member);
            }
            Some(0) => check.set(member, plain[member].clone()),
            _ => {
                if let Some(number) = given.optional_integer_within(member, low, high)? {
                    check.set(member, number);
                }
            }
        }
    }
    if let Some(matcher) = given.optional_structure("matcher")?
        && let Some(codes) = matcher.optional_text("httpCode")?
    {
        let good = |code: &str| {
            code.split('-').all(|part| part.parse().is_ok_and(|n: u16| (200..=599).contains(&n)))
        };
        if !codes.split(',').all(good) {
            return Err(invalid(format!("{codes} are no codes between 200 and 599")));
        }
        check.set("matcher", json!({"httpCode": codes}));
    }
    if check.integer("healthCheckTimeoutSeconds") >= check.integer("healthCheckIntervalSeconds") {
        return Err(invalid("The timeout of a health check must be shorter than its interval"));
    }
    Ok(check)
}

/// The services whose listeners or rules forward to a group.
pub(super) fn users(call: &Call<'_>, id: &str) -> BTreeSet<String> {
    let listeners = call.scan(LISTENERS, "").into_iter();
    let listeners = listeners.filter(|(_, one)| action::forwards_to(&one["defaultAction"], id));
    let rules = call.scan(RULES, "").into_iter();
    let rules = rules.filter(|(_, one)| action::forwards_to(&one["action"], id));
    let service = |(key, _): (String, _)| key.split('/').next().unwrap_or_default().to_owned();
    listeners.chain(rules).map(service).collect()
}

fn wire(call: &Call<'_>, id: &str, one: &Value) -> Value {
    json!({
        "id": id, "arn": TARGET_GROUP.arn(call, id), "name": one["name"], "type": one["type"], "config": one["config"],
        "status": status(call, one),
    })
}

fn service_arns(call: &Call<'_>, id: &str) -> Vec<String> {
    users(call, id).iter().map(|service| SERVICE_KIND.arn(call, service)).collect()
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = TARGET_GROUP.of_input(call, "targetGroupIdentifier")?;
    let mut wire = wire(call, &id, &one);
    set_times(&mut wire, &one);
    wire.set("serviceArns", service_arns(call, &id));
    Ok(wire)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let vpc = call.input.optional_text("vpcIdentifier")?;
    let kinds = ["IP", "INSTANCE", "ALB", "LAMBDA"];
    let kind = call.input.optional_one_of("targetGroupType", &kinds)?;
    let mut rows = call.scan(TARGET_GROUPS, "");
    rows.retain(|(_, one)| {
        vpc.as_ref().is_none_or(|vpc| one["config"].text("vpcIdentifier") == vpc)
            && kind.as_ref().is_none_or(|kind| one.text("type") == kind)
    });
    let shown = rows.iter().map(|(id, one)| {
        let mut wire = wire(call, id, one);
        wire.unset("config");
        for member in ["port", "protocol", "ipAddressType", "vpcIdentifier"] {
            if one["config"].has(member) {
                wire.set(member, one["config"][member].clone());
            }
        }
        set_times(&mut wire, one);
        wire.set("serviceArns", service_arns(call, id));
        wire
    });
    let shown = shown.collect();
    page(call, shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = TARGET_GROUP.of_input(call, "targetGroupIdentifier")?;
    let given = call.input.structure("healthCheck")?;
    if one.text("type") == "ALB" {
        return Err(invalid("A target group of type ALB has no health checks"));
    }
    if status(call, &one) != "ACTIVE" {
        return Err(conflict(TARGET_GROUP.word, &id, format!("Target group {id} is not ACTIVE")));
    }
    let check = health_check(Some(&given), &one["config"], one["config"].get("healthCheck"))?;
    let now = call.now;
    call.update(TARGET_GROUPS, &id, |one| {
        one["config"].set("healthCheck", check);
        one.set("updated", now);
    });
    let (id, one) = TARGET_GROUP.at(call, &id)?;
    Ok(wire(call, &id, &one))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = TARGET_GROUP.of_input(call, "targetGroupIdentifier")?;
    if status(call, &one) == "CREATE_IN_PROGRESS" {
        return Err(conflict(
            TARGET_GROUP.word,
            &id,
            format!("Target group {id} is being created"),
        ));
    }
    if let Some(service) = users(call, &id).first() {
        let message = format!("Target group {id} cannot be deleted: service {service} uses it");
        return Err(conflict(TARGET_GROUP.word, &id, message));
    }
    if !call.scan(TARGETS, &format!("{id}/")).is_empty() {
        let message = format!("Target group {id} cannot be deleted: it has targets");
        return Err(conflict(TARGET_GROUP.word, &id, message));
    }
    begin_deletion(call, &TARGET_GROUP, &id, "target-group");
    let arn = TARGET_GROUP.arn(call, &id);
    Ok(json!({"id": id, "arn": arn, "status": "DELETE_IN_PROGRESS"}))
}

pub(super) fn gone(call: &mut Call<'_>, id: &str) {
    let arn = TARGET_GROUP.arn(call, id);
    call.forget_tags(&arn);
    call.delete(TARGET_GROUPS, id);
}
