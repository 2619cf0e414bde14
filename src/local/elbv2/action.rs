//! Actions of listeners and rules, written out as AWS writes them out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::authenticate;
use super::errors::validation;
use super::target_group;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// The actions in this member, for a listener of this protocol; none if it is absent.
pub(super) fn read(
    call: &Call<'_>,
    name: &str,
    load_balancer: &Value,
    protocol: &str,
) -> Result<Option<Vec<Value>>, AwsError> {
    let Some(given) = call.input.optional_structures(name)? else { return Ok(None) };
    let mut actions = Vec::new();
    let mut orders = BTreeSet::new();
    for action in &given {
        let order = action.optional_integer_within("Order", 1, 50_000)?;
        if given.len() > 1 && !order.is_some_and(|order| orders.insert(order)) {
            return Err(validation("Each of several actions must have an order of its own"));
        }
        let mut shown = one(call, action, load_balancer, protocol)?;
        if let Some(order) = order {
            shown.set("Order", order);
        }
        actions.push(shown);
    }
    actions.sort_by_key(|action| action.integer("Order"));
    let last =
        |action: &Value| matches!(action.text("Type"), "forward" | "redirect" | "fixed-response");
    let ends = actions.iter().filter(|action| last(action)).count();
    if ends != 1 || !actions.last().is_some_and(last) {
        return Err(AwsError::new(
            "InvalidLoadBalancerAction",
            "The last action, and no other, must be one of forward, redirect and fixed-response",
        ));
    }
    Ok(Some(actions))
}

fn one(
    call: &Call<'_>,
    action: &Params,
    load_balancer: &Value,
    protocol: &str,
) -> Result<Value, AwsError> {
    let kind = action.text("Type")?;
    match kind.as_str() {
        "forward" => forward(call, action, load_balancer, protocol),
        other if super::protocol::is_network(protocol) => Err(AwsError::new(
            "InvalidLoadBalancerAction",
            format!("The action type '{other}' is not valid with network load balancers"),
        )),
        "redirect" => redirect(action),
        "fixed-response" => fixed_response(action),
        "authenticate-oidc" | "authenticate-cognito" => authenticate::read(action, &kind, protocol),
        "jwt-validation" => {
            Err(AwsError::not_modelled("local AWS does not model actions of type jwt-validation"))
        }
        _ => Err(action.not_one_of(
            "Type",
            &kind,
            &["forward", "authenticate-oidc", "authenticate-cognito", "redirect", "fixed-response"],
        )),
    }
}

fn forward(
    call: &Call<'_>,
    action: &Params,
    load_balancer: &Value,
    protocol: &str,
) -> Result<Value, AwsError> {
    let single = action.optional_text("TargetGroupArn")?;
    let mut groups = Vec::new();
    let mut stickiness = json!({"Enabled": false});
    if let Some(config) = action.optional_structure("ForwardConfig")? {
        for group in config.structures("TargetGroups")? {
            let arn = group.text("TargetGroupArn")?;
            let weight = group.optional_integer_within("Weight", 0, 999)?.unwrap_or(1);
            groups.push(json!({"TargetGroupArn": arn, "Weight": weight}));
        }
        if let Some(given) = config.optional_structure("TargetGroupStickinessConfig")? {
            let enabled = given.optional_boolean("Enabled")?.unwrap_or(false);
            let duration = given.optional_integer_within("DurationSeconds", 1, 604_800)?;
            if enabled && duration.is_none() {
                return Err(validation("Target group stickiness duration must be specified"));
            }
            stickiness = json!({"Enabled": enabled});
            if let Some(duration) = duration {
                stickiness.set("DurationSeconds", duration);
            }
        }
    }
    match (single, groups.as_slice()) {
        (Some(arn), []) => groups.push(json!({"TargetGroupArn": arn, "Weight": 1})),
        (Some(arn), [group]) if group.text("TargetGroupArn") == arn => {}
        (Some(_), _) => {
            return Err(validation(
                "You cannot specify a target group ARN and a forward config with other target groups",
            ));
        }
        (None, []) => return Err(validation("A target group ARN must be specified")),
        (None, _) => {}
    }
    if groups.len() > 5 {
        return Err(validation("A forward action cannot have more than 5 target groups"));
    }
    let arns: BTreeSet<&str> = groups.iter().map(|group| group.text("TargetGroupArn")).collect();
    if arns.len() < groups.len() {
        return Err(validation("A forward action cannot name a target group twice"));
    }
    for arn in arns {
        target_group::check_use(call, arn, load_balancer, protocol)?;
    }
    let mut shown = json!({"Type": "forward"});
    if let [group] = groups.as_slice() {
        shown.set("TargetGroupArn", group["TargetGroupArn"].clone());
    }
    shown.set(
        "ForwardConfig",
        json!({"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}),
    );
    Ok(shown)
}

fn redirect(action: &Params) -> Result<Value, AwsError> {
    let config = action.structure("RedirectConfig")?;
    let status = config.text("StatusCode")?;
    if !matches!(status.as_str(), "HTTP_301" | "HTTP_302") {
        return Err(config.not_one_of("StatusCode", &status, &["HTTP_301", "HTTP_302"]));
    }
    let part = |name: &str, default: &str| {
        config.optional_text(name).map(|text| text.unwrap_or_else(|| default.to_owned()))
    };
    let protocol = part("Protocol", "#{protocol}")?;
    let port = part("Port", "#{port}")?;
    let host = part("Host", "#{host}")?;
    let path = part("Path", "/#{path}")?;
    let query = part("Query", "#{query}")?;
    if !matches!(protocol.as_str(), "HTTP" | "HTTPS" | "#{protocol}") {
        return Err(config.not_one_of("Protocol", &protocol, &["HTTP", "HTTPS", "#{protocol}"]));
    }
    if port != "#{port}" && !port.parse::<u16>().is_ok_and(|port| port > 0) {
        return Err(validation(format!("The redirect port '{port}' is not valid")));
    }
    if !path.starts_with('/') {
        return Err(validation(format!("The redirect path '{path}' must start with '/'")));
    }
    if (protocol.as_str(), port.as_str(), host.as_str(), path.as_str())
        == ("#{protocol}", "#{port}", "#{host}", "/#{path}")
    {
        return Err(AwsError::new(
            "InvalidLoadBalancerAction",
            "The redirect configuration is not valid because it creates a loop.",
        ));
    }
    Ok(json!({"Type": "redirect", "RedirectConfig": {
        "Protocol": protocol,
        "Port": port,
        "Host": host,
        "Path": path,
        "Query": query,
        "StatusCode": status,
    }}))
}

fn fixed_response(action: &Params) -> Result<Value, AwsError> {
    let config = action.structure("FixedResponseConfig")?;
    let status = config.text("StatusCode")?;
    let good = status.len() == 3
        && status.starts_with(['2', '4', '5'])
        && status.chars().all(|digit| digit.is_ascii_digit());
    if !good {
        return Err(validation(format!("The fixed response status code '{status}' is not valid")));
    }
    let types =
        ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
    let mut shown = json!({"StatusCode": status});
    let body = config.optional_text("MessageBody")?;
    let content_type = config.optional_one_of("ContentType", &types)?;
    if body.as_ref().is_some_and(|body| body.len() > 1024) {
        return Err(validation("The fixed response message body cannot be longer than 1024 bytes"));
    }
    if let Some(content_type) =
        content_type.or_else(|| body.as_ref().map(|_| "text/plain".to_owned()))
    {
        shown.set("ContentType", content_type);
    }
    if let Some(body) = body {
        shown.set("MessageBody", body);
    }
    Ok(json!({"Type": "fixed-response", "FixedResponseConfig": shown}))
}
