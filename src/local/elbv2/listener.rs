//! Listeners. Each has a default rule, which carries its default actions.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::validation;
use super::load_balancer::remove_listener;
use super::{
    LISTENERS, RULES, action, attribute_keys, attributes, certificate, limits, names, protocol,
    tags,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// What AWS takes if the caller of the API names no policy.
const DEFAULT_POLICY: &str = "ELBSecurityPolicy-2016-08";

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let load_balancer_arn = input.text("LoadBalancerArn")?;
    let load_balancer = names::load_balancer(call, &load_balancer_arn)?;
    let Some(protocol) = input.optional_text("Protocol")? else {
        return Err(validation("A listener protocol must be specified"));
    };
    protocol::check_listener(&load_balancer, &protocol)?;
    let Some(port) = input.optional_integer_within("Port", 1, 65_535)? else {
        return Err(validation("A listener port must be specified"));
    };
    let Some(actions) = action::read(call, "DefaultActions", &load_balancer, &protocol)? else {
        return Err(input.missing("DefaultActions"));
    };
    let tags = tags::of_input(call)?;
    let mut document = json!({
        "LoadBalancerArn": load_balancer_arn,
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": actions,
    });
    secure(call, &mut document)?;

    let prefix = names::listeners_of(&load_balancer_arn);
    let listeners = call.scan(LISTENERS, &prefix);
    if let Some((arn, existing)) = listeners.iter().find(|(_, other)| other.integer("Port") == port)
    {
        let mut same = Value::clone(existing);
        same.unset("ListenerArn");
        same.unset("Attributes");
        same.unset("MoreCertificates");
        if same == document && call.tags(arn) == tags {
            return Ok(json!({"Listeners": [shown(existing)]}));
        }
        return Err(duplicate(&load_balancer_arn));
    }
    if listeners.len() >= 50 {
        let message = "The maximum number of listeners has been reached on the load balancer";
        return Err(AwsError::new("TooManyListeners", message));
    }
    let arn = format!("{prefix}{}", call.ids.hex(16));
    document.set("ListenerArn", arn.clone());
    document.set("Attributes", attribute_keys::defaults(attributes::of_listener(&protocol)));
    let rule = format!("{}{}", names::rules_of(&arn), call.ids.hex(16));
    call.put(
        RULES,
        &rule,
        json!({
            "RuleArn": rule,
            "Priority": "default",
            "Conditions": [],
            "Actions": document["DefaultActions"],
            "IsDefault": true,
        }),
    );
    call.add_tags(&arn, tags)?;
    call.put(LISTENERS, &arn, document.clone());
    Ok(json!({"Listeners": [shown(&document)]}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let load_balancer = input.optional_text("LoadBalancerArn")?;
    let arns = input.texts("ListenerArns")?;
    let marker = input.optional_text("Marker")?;
    let size = input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    let found: Vec<Arc<Value>> = match (load_balancer, arns.as_slice()) {
        (Some(_), [_, ..]) | (None, []) => {
            return Err(validation("You must specify either listener ARNs or a load balancer ARN"));
        }
        (Some(load_balancer), []) => {
            names::load_balancer(call, &load_balancer)?;
            let listeners = call.scan(LISTENERS, &names::listeners_of(&load_balancer));
            listeners.into_iter().map(|(_, found)| found).collect()
        }
        (None, arns) => {
            arns.iter().map(|arn| names::listener(call, arn)).collect::<Result<_, _>>()?
        }
    };
    let key = |found: &Arc<Value>| found.text("ListenerArn").to_owned();
    let page = call.page(found, size as usize, marker.as_deref(), key)?;
    let shown: Vec<Value> = page.items.iter().map(|found| shown(found)).collect();
    Ok(json!({"Listeners": shown, "NextMarker": page.next}))
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let arn = input.text("ListenerArn")?;
    let mut document = Value::clone(&*names::listener(call, &arn)?);
    let load_balancer_arn = document.text("LoadBalancerArn").to_owned();
    let load_balancer = names::load_balancer(call, &load_balancer_arn)?;
    if let Some(port) = input.optional_integer_within("Port", 1, 65_535)? {
        let others = call.scan(LISTENERS, &names::listeners_of(&load_balancer_arn));
        if others.iter().any(|(other, it)| *other != arn && it.integer("Port") == port) {
            return Err(duplicate(&load_balancer_arn));
        }
        document.set("Port", port);
    }
    if let Some(protocol) = input.optional_text("Protocol")? {
        protocol::check_listener(&load_balancer, &protocol)?;
        if protocol != document.text("Protocol") {
            let mut kept = attribute_keys::defaults(attributes::of_listener(&protocol));
            for (key, value) in kept.as_object_mut().into_iter().flatten() {
                if document["Attributes"].has(key) {
                    *value = document["Attributes"][key.as_str()].clone();
                }
            }
            document.set("Attributes", kept);
        }
        document.set("Protocol", protocol);
    }
    let protocol = document.text("Protocol").to_owned();
    if let Some(actions) = action::read(call, "DefaultActions", &load_balancer, &protocol)? {
        for (rule, _) in call.scan(RULES, &names::rules_of(&arn)) {
            let actions = actions.clone();
            call.update(RULES, &rule, |rule| {
                if rule.flag("IsDefault") {
                    rule.set("Actions", actions);
                }
            });
        }
        document.set("DefaultActions", actions);
    }
    secure(call, &mut document)?;
    call.put(LISTENERS, &arn, document.clone());
    Ok(json!({"Listeners": [shown(&document)]}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("ListenerArn")?;
    names::listener(call, &arn)?;
    remove_listener(call, &arn);
    Ok(json!({}))
}

/// Reads what makes a listener end TLS; for what does not, all of it goes.
fn secure(call: &Call<'_>, document: &mut Value) -> Result<(), AwsError> {
    let certificates = certificate::of_input(call)?;
    let policy = call.input.optional_text("SslPolicy")?;
    let mutual = call.input.optional_structure("MutualAuthentication")?;
    let alpn = call.input.optional_texts("AlpnPolicy")?;
    let protocol = document.text("Protocol").to_owned();
    if alpn.is_some() && protocol != "TLS" {
        return Err(validation("ALPN policies can be given to TLS listeners only"));
    }
    if !protocol::is_secure(&protocol) {
        if !certificates.is_empty() || policy.is_some() {
            return Err(validation(
                "Certificates and SSL policies can be given to HTTPS and TLS listeners only",
            ));
        }
        for member in
            ["Certificate", "MoreCertificates", "SslPolicy", "MutualAuthentication", "AlpnPolicy"]
        {
            document.unset(member);
        }
        return Ok(());
    }
    match certificates.as_slice() {
        [] => {}
        [certificate] => document.set("Certificate", certificate.clone()),
        _ => return Err(validation("You can specify only one default certificate")),
    }
    if !document.has("Certificate") {
        return Err(validation(format!(
            "A certificate must be specified for {protocol} listeners"
        )));
    }
    if let Some(policy) = policy {
        limits::check_policy(&policy)?;
        document.set("SslPolicy", policy);
    } else if !document.has("SslPolicy") {
        document.set("SslPolicy", DEFAULT_POLICY);
    }
    if protocol == "TLS" {
        if let Some(alpn) = alpn {
            check_alpn(call, &alpn)?;
            document.set("AlpnPolicy", alpn);
        }
        if mutual.is_some() {
            return Err(validation("Mutual authentication is for HTTPS listeners only"));
        }
        document.unset("MutualAuthentication");
        return Ok(());
    }
    if let Some(mutual) = mutual {
        // Trust stores, which `verify` needs, are not modelled.
        let mode = mutual.text("Mode")?;
        if !matches!(mode.as_str(), "off" | "passthrough") {
            return Err(AwsError::not_modelled(format!(
                "local AWS models mutual authentication off and passthrough, not {mode}"
            )));
        }
        document.set("MutualAuthentication", json!({"Mode": mode}));
    } else if !document.has("MutualAuthentication") {
        document.set("MutualAuthentication", json!({"Mode": "off"}));
    }
    Ok(())
}

fn check_alpn(call: &Call<'_>, alpn: &[String]) -> Result<(), AwsError> {
    const POLICIES: [&str; 5] =
        ["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"];
    match alpn {
        [policy] if POLICIES.contains(&policy.as_str()) => Ok(()),
        [policy] => Err(AwsError::new(
            "ALPNPolicyNotSupported",
            format!("ALPN policy '{policy}' is not supported"),
        )),
        _ => Err(call.input.invalid("Exactly one ALPN policy must be specified")),
    }
}

fn shown(document: &Value) -> Value {
    let mut shown = document.clone();
    shown.unset("Attributes");
    shown.unset("MoreCertificates");
    if let Some(arn) = shown.unset("Certificate") {
        shown.set("Certificates", json!([{"CertificateArn": arn}]));
    }
    shown
}

fn duplicate(load_balancer: &str) -> AwsError {
    let message =
        format!("A listener already exists on this port for this load balancer '{load_balancer}'");
    AwsError::new("DuplicateListener", message)
}
