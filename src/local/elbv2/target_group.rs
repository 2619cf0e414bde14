//! Target groups of addresses and instances.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{configuration, target_group_not_found, validation};
use super::{
    LISTENERS, RULES, TARGET_GROUPS, attribute_keys, health_check, names, protocol, tags, targets,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2;
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("Name")?;
    names::check("Target group", &name)?;
    let target_type = input.optional_one_of("TargetType", &["instance", "ip", "lambda", "alb"])?;
    let target_type = target_type.unwrap_or_else(|| "instance".to_owned());
    let protocol = input.optional_text("Protocol")?;
    if matches!(target_type.as_str(), "lambda" | "alb") {
        return Err(AwsError::not_modelled(format!(
            "local AWS models target groups of type ip and instance, not {target_type}"
        )));
    }
    let Some(protocol) = protocol else { return Err(validation("A protocol must be specified")) };
    if !protocol::is_known(&protocol) {
        return Err(AwsError::not_modelled(format!(
            "local AWS models target groups of protocol HTTP, HTTPS, TCP, UDP, TCP_UDP and TLS, not {protocol}"
        )));
    }
    let network = protocol::is_network(&protocol);
    let version = input.optional_one_of("ProtocolVersion", &["HTTP1", "HTTP2", "GRPC"])?;
    if network && version.is_some() {
        return Err(validation(format!(
            "Protocol version cannot be specified for target groups with the protocol '{protocol}'"
        )));
    }
    let version = version.or_else(|| (!network).then(|| "HTTP1".to_owned()));
    let Some(port) = input.optional_integer_within("Port", 1, 65_535)? else {
        return Err(validation("A port must be specified"));
    };
    let Some(vpc) = input.optional_text("VpcId")? else {
        return Err(validation("A VPC ID must be specified"));
    };
    if ec2::network::vpc_cidr(call, &vpc).is_none() {
        return Err(validation(format!("The VPC ID '{vpc}' is not found")));
    }
    let address_type = input.optional_one_of("IpAddressType", &["ipv4", "ipv6"])?;
    let address_type = address_type.unwrap_or_else(|| "ipv4".to_owned());
    if address_type == "ipv6" {
        return Err(AwsError::not_modelled(
            "local AWS models target groups of address type ipv4 only",
        ));
    }
    let control = input.optional_integer_within("TargetControlPort", 1, 65_535)?;
    let tags = tags::of_input(call)?;
    let mut document = json!({
        "TargetGroupName": name,
        "Protocol": protocol,
        "Port": port,
        "VpcId": vpc,
        "TargetType": target_type,
        "IpAddressType": address_type,
    });
    if let Some(version) = version {
        document.set("ProtocolVersion", version);
    }
    if let Some(control) = control {
        document.set("TargetControlPort", control);
    }
    health_check::defaults(&mut document);
    health_check::read(&input, &mut document)?;

    if let Some(existing) = call.get(TARGET_GROUPS, &name) {
        let mut same = Value::clone(&existing);
        let arn = same.unset("TargetGroupArn").unwrap_or_default();
        same.unset("Attributes");
        if same == document && call.tags(arn.as_str().unwrap_or_default()) == tags {
            return Ok(json!({"TargetGroups": [shown(&existing, &users(call))]}));
        }
        return Err(AwsError::new(
            "DuplicateTargetGroupName",
            format!(
                "A target group with the same name '{name}' exists, but with different settings"
            ),
        ));
    }
    let id = call.ids.hex(16);
    let arn = call.arn(names::SERVICE, &format!("targetgroup/{name}/{id}"));
    document.set("TargetGroupArn", arn.clone());
    let attributes = attribute_keys::target_group_defaults(&protocol, &target_type);
    document.set("Attributes", attributes);
    call.add_tags(&arn, tags)?;
    call.put(TARGET_GROUPS, &name, document.clone());
    Ok(json!({"TargetGroups": [shown(&document, &BTreeMap::new())]}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let load_balancer = input.optional_text("LoadBalancerArn")?;
    let arns = input.texts("TargetGroupArns")?;
    let wanted = input.texts("Names")?;
    let marker = input.optional_text("Marker")?;
    let size = input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    let ways = [load_balancer.is_some(), !arns.is_empty(), !wanted.is_empty()];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(validation(
            "Only one of target group names, target group ARNs and a load balancer ARN can be specified",
        ));
    }
    let users = users(call);
    let found: Vec<Arc<Value>> = if let Some(load_balancer) = load_balancer {
        names::load_balancer(call, &load_balancer)?;
        let uses = |found: &Arc<Value>| {
            users.get(found.text("TargetGroupArn")).is_some_and(|by| by.contains(&load_balancer))
        };
        call.scan(TARGET_GROUPS, "").into_iter().map(|(_, found)| found).filter(uses).collect()
    } else if !arns.is_empty() {
        arns.iter().map(|arn| names::target_group(call, arn)).collect::<Result<_, _>>()?
    } else if !wanted.is_empty() {
        let by_name = |name: &String| {
            call.get(TARGET_GROUPS, name).ok_or_else(|| target_group_not_found(name))
        };
        wanted.iter().map(by_name).collect::<Result<_, _>>()?
    } else {
        call.scan(TARGET_GROUPS, "").into_iter().map(|(_, found)| found).collect()
    };
    let page = call.page(found, size as usize, marker.as_deref(), |found| {
        found.text("TargetGroupName").to_owned()
    })?;
    let shown: Vec<Value> = page.items.iter().map(|found| shown(found, &users)).collect();
    Ok(json!({"TargetGroups": shown, "NextMarker": page.next}))
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let arn = input.text("TargetGroupArn")?;
    let mut document = Value::clone(&*names::target_group(call, &arn)?);
    health_check::read(&input, &mut document)?;
    let output = json!({"TargetGroups": [shown(&document, &users(call))]});
    let name = document.text("TargetGroupName").to_owned();
    call.put(TARGET_GROUPS, &name, document);
    Ok(output)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TargetGroupArn")?;
    let document = match names::target_group(call, &arn) {
        Ok(document) => document,
        // Deleting what is gone succeeds.
        Err(error) if error.code == "TargetGroupNotFound" => return Ok(json!({})),
        Err(error) => return Err(error),
    };
    if users(call).contains_key(&arn) {
        let message = format!("Target group '{arn}' is currently in use by a listener or a rule");
        return Err(AwsError::new("ResourceInUse", message));
    }
    for (key, _) in call.scan(targets::TARGETS, &format!("{arn}|")) {
        call.delete(targets::TARGETS, &key);
    }
    call.forget_tags(&arn);
    call.delete(TARGET_GROUPS, document.text("TargetGroupName"));
    Ok(json!({}))
}

/// Which load balancers forward to which target groups, by ARN.
pub(super) fn users(call: &Call<'_>) -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let listeners = call.scan(LISTENERS, "").into_iter().map(|it| (it, "DefaultActions"));
    let rules = call.scan(RULES, "").into_iter().map(|it| (it, "Actions"));
    for ((arn, document), actions) in listeners.chain(rules) {
        let load_balancer = names::load_balancer_of(&arn);
        for action in document.list(actions) {
            for group in action["ForwardConfig"].list("TargetGroups") {
                let by = users.entry(group.text("TargetGroupArn").to_owned()).or_default();
                if !by.contains(&load_balancer) {
                    by.push(load_balancer.clone());
                }
            }
        }
    }
    users
}

/// May this load balancer forward to this group? A group serves one load balancer of its own VPC.
pub(super) fn check_use(
    call: &Call<'_>,
    arn: &str,
    load_balancer: &Value,
    listener: &str,
) -> Result<(), AwsError> {
    let group = names::target_group(call, arn)?;
    protocol::check_forward(listener, &group)?;
    if group.text("VpcId") != load_balancer.text("VpcId") {
        return Err(configuration(format!(
            "The target group '{arn}' and the load balancer are in different VPCs"
        )));
    }
    let users = users(call);
    let other = users.get(arn).into_iter().flatten();
    if other.clone().any(|other| other != load_balancer.text("LoadBalancerArn")) {
        return Err(AwsError::new(
            "TargetGroupAssociationLimit",
            format!(
                "The following target groups cannot be associated with more than one load balancer: {arn}"
            ),
        ));
    }
    Ok(())
}

fn shown(document: &Value, users: &BTreeMap<String, Vec<String>>) -> Value {
    let mut shown = document.clone();
    shown.unset("Attributes");
    let by = users.get(document.text("TargetGroupArn")).cloned().unwrap_or_default();
    shown.set("LoadBalancerArns", by);
    shown
}
