//! Subscriptions of queues to topics.

use serde_json::{Map, Value, json};

use super::{SUBSCRIPTIONS, arn_of, filter, subscription, topic};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

fn check(call: &Call<'_>, name: &str, value: &str) -> Result<(), AwsError> {
    let invalid = |why: &str| {
        Err(call.input.invalid(format!("Invalid parameter: Attributes Reason: {name}: {why}")))
    };
    let is_object = || serde_json::from_str::<Value>(value).is_ok_and(|value| value.is_object());
    match name {
        "FilterPolicy" if value.is_empty() || value == "{}" => Ok(()),
        "FilterPolicy" => filter::check(value)
            .map_err(|why| call.input.invalid(format!("Invalid parameter: FilterPolicy: {why}"))),
        "FilterPolicyScope" if matches!(value, "MessageAttributes" | "MessageBody") => Ok(()),
        "RawMessageDelivery" if matches!(value, "true" | "false") => Ok(()),
        "RedrivePolicy" if value.is_empty() || is_object() => Ok(()),
        "DeliveryPolicy" if value.is_empty() || is_object() => Ok(()),
        "FilterPolicyScope" | "RawMessageDelivery" | "RedrivePolicy" | "DeliveryPolicy" => {
            invalid("the value is not valid")
        }
        _ => invalid("unknown attribute"),
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let topic_arn = input.text("TopicArn")?;
    let protocol = input.text("Protocol")?;
    let endpoint = input.text("Endpoint")?;
    let given = input.map("Attributes")?;
    // The ARN is answered anyway, as queues confirm by themselves.
    input.accept("ReturnSubscriptionArn");
    let (name, _) = topic(call, &topic_arn)?;
    if protocol != "sqs" {
        return Err(AwsError::not_modelled(format!(
            "local AWS delivers to queues (sqs) only, not by {protocol}"
        )));
    }
    if !endpoint.starts_with("arn:aws:sqs:") {
        return Err(input.invalid("Invalid parameter: SQS endpoint ARN"));
    }
    for (attribute, value) in &given {
        check(call, attribute, value)?;
    }
    let same = call
        .scan(SUBSCRIPTIONS, &format!("{name}:"))
        .into_iter()
        .find(|(_, there)| there.text("endpoint") == endpoint);
    if let Some((key, there)) = same {
        let differs =
            given.iter().any(|(attribute, value)| there["attributes"].text(attribute) != value);
        if differs {
            return Err(input.invalid(
                "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
            ));
        }
        return Ok(json!({"SubscriptionArn": arn_of(call, &key)}));
    }
    let key = format!("{name}:{}", call.ids.uuid());
    let subscription = json!({"protocol": protocol, "endpoint": endpoint, "attributes": given});
    call.put(SUBSCRIPTIONS, &key, subscription);
    Ok(json!({"SubscriptionArn": arn_of(call, &key)}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("SubscriptionArn")?;
    if let Ok((key, _)) = subscription(call, &arn) {
        call.delete(SUBSCRIPTIONS, &key);
    }
    Ok(Value::Null)
}

pub(super) fn attributes(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = subscription(call, &call.input.text("SubscriptionArn")?)?;
    let name = key.split(':').next().unwrap_or_default();
    let mut all = Map::new();
    let mut add = |name: &str, value: String| {
        all.insert(name.to_owned(), value.into());
    };
    add("SubscriptionArn", arn_of(call, &key));
    add("TopicArn", arn_of(call, name));
    add("Owner", call.account.clone());
    add("Protocol", found.text("protocol").to_owned());
    add("Endpoint", found.text("endpoint").to_owned());
    add("PendingConfirmation", "false".to_owned());
    add("ConfirmationWasAuthenticated", "true".to_owned());
    add("RawMessageDelivery", "false".to_owned());
    add("SubscriptionPrincipal", call.global_arn("iam", "user/local"));
    let given = &found["attributes"];
    let filters = !matches!(given.text("FilterPolicy"), "" | "{}");
    if filters {
        add("FilterPolicyScope", "MessageAttributes".to_owned());
    }
    for (name, value) in given.as_object().into_iter().flatten() {
        let of_filter = name.starts_with("FilterPolicy");
        if value.as_str() != Some("") && (!of_filter || filters) {
            all.insert(name.clone(), value.clone());
        }
    }
    Ok(json!({"Attributes": {"$entries": all}}))
}

pub(super) fn set_attribute(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let (key, _) = subscription(call, &input.text("SubscriptionArn")?)?;
    let name = input.text("AttributeName")?;
    let value = input.optional_text("AttributeValue")?.unwrap_or_default();
    check(call, &name, &value)?;
    call.update(SUBSCRIPTIONS, &key, |subscription| {
        let mut attributes = subscription["attributes"].take();
        attributes.set(&name, value);
        subscription.set("attributes", attributes);
    });
    Ok(Value::Null)
}

fn page(call: &mut Call<'_>, prefix: &str) -> Result<Value, AwsError> {
    let token = call.input.optional_text("NextToken")?;
    let all = call.scan(SUBSCRIPTIONS, prefix);
    let page = call.page(all, 100, token.as_deref(), |(key, _)| key.clone())?;
    let shown: Vec<Value> = page
        .items
        .iter()
        .map(|(key, found)| {
            let topic = key.split(':').next().unwrap_or_default();
            json!({
                "SubscriptionArn": arn_of(call, key),
                "TopicArn": arn_of(call, topic),
                "Owner": call.account,
                "Protocol": found["protocol"],
                "Endpoint": found["endpoint"],
            })
        })
        .collect();
    Ok(json!({"Subscriptions": shown, "NextToken": page.next}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    page(call, "")
}

pub(super) fn list_by_topic(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, _) = topic(call, &call.input.text("TopicArn")?)?;
    page(call, &format!("{name}:"))
}
