//! Rules of listeners, the default rule among them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::validation;
use super::{RULES, action, condition, names, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape;

const REWRITES: Shape = Shape::Structure(&[(
    "Rewrites",
    Shape::List(&Shape::Structure(&[("Regex", Shape::Text), ("Replace", Shape::Text)])),
)]);

const TRANSFORMS: Shape = Shape::List(&Shape::Structure(&[
    ("Type", Shape::OneOf(&["host-header-rewrite", "url-rewrite"])),
    ("HostHeaderRewriteConfig", REWRITES),
    ("UrlRewriteConfig", REWRITES),
]));

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let listener_arn = input.text("ListenerArn")?;
    let listener = names::listener(call, &listener_arn)?;
    let load_balancer = names::load_balancer(call, listener.text("LoadBalancerArn"))?;
    if load_balancer.text("Type") == "network" {
        return Err(validation("Rules are not supported by load balancers of type 'network'"));
    }
    let priority = input.optional_integer_within("Priority", 1, 50_000)?;
    let priority = priority.ok_or_else(|| input.missing("Priority"))?.to_string();
    let conditions = condition::read(&input)?.ok_or_else(|| input.missing("Conditions"))?;
    let actions = action::read(call, "Actions", &load_balancer, listener.text("Protocol"))?;
    let actions = actions.ok_or_else(|| input.missing("Actions"))?;
    let transforms = transforms(call)?;
    let tags = tags::of_input(call)?;
    let prefix = names::rules_of(&listener_arn);
    let others = call.scan(RULES, &prefix);
    let mut document = json!({
        "Priority": priority,
        "Conditions": conditions,
        "Actions": actions,
        "IsDefault": false,
        "Transforms": transforms.unwrap_or_else(|| json!([])),
    });
    if let Some((arn, other)) = others.iter().find(|(_, other)| other.text("Priority") == priority)
    {
        let mut same = Value::clone(other);
        same.unset("RuleArn");
        if same == document && call.tags(arn) == tags {
            return Ok(json!({"Rules": [&**other]}));
        }
        return Err(priority_in_use(&priority));
    }
    let of_load_balancer = names::rules_of(&names::listeners_of(listener.text("LoadBalancerArn")));
    let all = call.scan(RULES, of_load_balancer.trim_end_matches('/'));
    if all.iter().filter(|(_, rule)| !rule.flag("IsDefault")).count() >= 100 {
        let message = "The maximum number of rules has been reached on the load balancer";
        return Err(AwsError::new("TooManyRules", message));
    }
    let arn = format!("{prefix}{}", call.ids.hex(16));
    document.set("RuleArn", arn.clone());
    call.add_tags(&arn, tags)?;
    call.put(RULES, &arn, document.clone());
    Ok(json!({"Rules": [document]}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let listener = input.optional_text("ListenerArn")?;
    let arns = input.texts("RuleArns")?;
    let marker = input.optional_text("Marker")?;
    let size = input.optional_integer_within("PageSize", 1, 400)?.unwrap_or(400);
    let found: Vec<Arc<Value>> = match (listener, arns.as_slice()) {
        (Some(_), [_, ..]) | (None, []) => {
            return Err(validation("You must specify either listener rule ARNs or a listener ARN"));
        }
        (Some(listener), []) => {
            names::listener(call, &listener)?;
            let rules = call.scan(RULES, &names::rules_of(&listener)).into_iter();
            let mut rules: Vec<Arc<Value>> = rules.map(|(_, rule)| rule).collect();
            // The default rule, whose priority is no number, comes last.
            rules.sort_by_key(|rule| rule.text("Priority").parse().unwrap_or(u32::MAX));
            rules
        }
        (None, arns) => arns.iter().map(|arn| names::rule(call, arn)).collect::<Result<_, _>>()?,
    };
    let key = |rule: &Arc<Value>| rule.text("RuleArn").to_owned();
    let page = call.page(found, size as usize, marker.as_deref(), key)?;
    let rules: Vec<&Value> = page.items.iter().map(|rule| &**rule).collect();
    Ok(json!({"Rules": rules, "NextMarker": page.next}))
}

pub(super) fn modify(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let arn = input.text("RuleArn")?;
    let mut document = Value::clone(&*names::rule(call, &arn)?);
    if document.flag("IsDefault") {
        return Err(not_permitted(format!("Default rule '{arn}' cannot be modified")));
    }
    let load_balancer = names::load_balancer(call, &names::load_balancer_of(&arn))?;
    let protocol = listener_of(call, &arn)?.text("Protocol").to_owned();
    if let Some(conditions) = condition::read(&input)? {
        document.set("Conditions", conditions);
    }
    if let Some(actions) = action::read(call, "Actions", &load_balancer, &protocol)? {
        document.set("Actions", actions);
    }
    let reset = input.optional_boolean("ResetTransforms")?.unwrap_or(false);
    match transforms(call)? {
        Some(_) if reset => {
            return Err(validation("Transforms cannot be given and reset in the same call"));
        }
        Some(transforms) => document.set("Transforms", transforms),
        None if reset => document.set("Transforms", json!([])),
        None => {}
    }
    call.put(RULES, &arn, document.clone());
    Ok(json!({"Rules": [document]}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("RuleArn")?;
    if names::rule(call, &arn)?.flag("IsDefault") {
        return Err(not_permitted(format!("Default rule '{arn}' cannot be deleted")));
    }
    call.forget_tags(&arn);
    call.delete(RULES, &arn);
    Ok(json!({}))
}

pub(super) fn not_permitted(message: String) -> AwsError {
    AwsError::new("OperationNotPermitted", message)
}

pub(super) fn priority_in_use(priority: &str) -> AwsError {
    AwsError::new("PriorityInUse", format!("Priority '{priority}' is currently in use"))
}

fn listener_of(call: &Call<'_>, rule: &str) -> Result<Arc<Value>, AwsError> {
    let listener = rule.rsplit_once('/').map_or(rule, |(listener, _)| listener);
    names::listener(call, &listener.replacen(":listener-rule/", ":listener/", 1))
}

fn transforms(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let Some(transforms) = call.input.shaped("Transforms", &TRANSFORMS)? else { return Ok(None) };
    let given = transforms.as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, transform) in given.iter().enumerate() {
        let kind = transform.text("Type");
        let member =
            if kind == "url-rewrite" { "UrlRewriteConfig" } else { "HostHeaderRewriteConfig" };
        if transform[member].list("Rewrites").len() != 1 {
            return Err(validation(format!(
                "A '{kind}' transform must have one rewrite in its {member}"
            )));
        }
        if given[..at].iter().any(|other| other.text("Type") == kind) {
            return Err(validation(format!("A rule can only have one '{kind}' transform")));
        }
    }
    Ok(Some(transforms))
}
