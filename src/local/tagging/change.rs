//! Tagging resources of any service. As on AWS, the service itself carries it out by its own rules;
//! what it refuses stands in `FailedResourcesMap`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::local::call::Call;
use crate::local::error::{AwsError, NOT_MODELLED};
use crate::local::params::Params;
use crate::local::registry::SERVICES;

/// An operation of the service that has a resource, and its input.
type Step = (&'static str, Value);

pub(super) fn tag_resources(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns(call)?;
    let tags = call.input.map("Tags")?;
    if tags.is_empty() || tags.len() > 50 {
        return Err(call.input.invalid("Tags must hold 1 to 50 tags"));
    }
    each(call, arns, |arn| tag(arn, &tags))
}

pub(super) fn untag_resources(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arns = arns(call)?;
    let keys = call.input.texts("TagKeys")?;
    if keys.is_empty() || keys.len() > 50 {
        return Err(call.input.invalid("TagKeys must hold 1 to 50 keys"));
    }
    each(call, arns, |arn| untag(arn, &keys))
}

fn arns(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let arns = call.input.texts("ResourceARNList")?;
    if arns.is_empty() || arns.len() > 20 {
        return Err(call.input.invalid("ResourceARNList must hold 1 to 20 ARNs"));
    }
    Ok(arns)
}

fn each(
    call: &mut Call<'_>,
    arns: Vec<String>,
    step: impl Fn(&str) -> Option<Step>,
) -> Result<Value, AwsError> {
    let mut failed = Map::new();
    for arn in arns {
        let outcome = match step(&arn) {
            Some((operation, input)) => hand_on(call, &arn, operation, input),
            None => Err(call.input.invalid(format!("{arn} is not the ARN of a resource"))),
        };
        match outcome {
            Ok(()) => {}
            Err(error) if error.code == NOT_MODELLED => return Err(error),
            Err(error) => {
                let code = match error.status {
                    500.. => "InternalServiceException",
                    _ => "InvalidParameterException",
                };
                let failure = json!({"StatusCode": error.status, "ErrorCode": code, "ErrorMessage": error.message});
                failed.insert(arn, failure);
            }
        }
    }
    Ok(json!({"FailedResourcesMap": failed}))
}

/// The words between the colons of an ARN, the resource whole.
fn parts(arn: &str) -> Option<[&str; 6]> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    parts.try_into().ok().filter(|parts: &[&str; 6]| parts[0] == "arn")
}

/// Lets the resource's own service do it, in this transaction.
fn hand_on(call: &mut Call<'_>, arn: &str, operation: &str, input: Value) -> Result<(), AwsError> {
    let Some([_, _, name, region, account, _]) = parts(arn) else {
        return Err(call.input.invalid(format!("{arn} is not an ARN")));
    };
    // A bucket's ARN has neither.
    let nowhere = name == "s3" && region.is_empty() && account.is_empty();
    if !nowhere && (region != call.region || account != call.account) {
        return Err(call.input.invalid(format!(
            "{arn} is not a resource of account {} in {}",
            call.account, call.region
        )));
    }
    // CloudWatch signs its calls by another name than its ARNs bear.
    let name = if name == "cloudwatch" { "monitoring" } else { name };
    let service = SERVICES.iter().find(|service| service.name == name);
    let found = service.and_then(|service| Some((*service, service.operation(operation)?)));
    let Some((service, operation)) = found else {
        return Err(AwsError::not_modelled(format!("local AWS does not model tags of {name}")));
    };
    let own = (call.service, call.operation, call.input.clone());
    let written = call.transaction.changes.rows.clone();
    (call.service, call.operation) = (service, operation);
    call.input = Params::new(input, service, operation);
    let outcome = (operation.handler)(call).and_then(|_| call.input.refuse_unread());
    (call.service, call.operation, call.input) = own;
    if outcome.is_err() {
        call.transaction.changes.rows = written;
    }
    outcome
}

/// Names of the members of the services' tagging operations, which differ in little else.
fn service_of(arn: &str) -> Option<(&str, &str)> {
    parts(arn).map(|[_, _, service, _, _, resource]| (service, resource))
}

fn tag(arn: &str, tags: &BTreeMap<String, String>) -> Option<Step> {
    let list = |key: &str, value: &str| -> Vec<Value> {
        tags.iter().map(|(name, text)| json!({key: name, value: text})).collect()
    };
    let (service, resource) = service_of(arn)?;
    Some(match service {
        "ec2" => {
            ("CreateTags", json!({"ResourceId": [last(resource)], "Tag": list("Key", "Value")}))
        }
        "elasticloadbalancing" => {
            ("AddTags", json!({"ResourceArns": [arn], "Tags": list("Key", "Value")}))
        }
        "ssm" => (
            "AddTagsToResource",
            json!({"ResourceType": "Parameter", "ResourceId": arn, "Tags": list("Key", "Value")}),
        ),
        "servicediscovery" | "cloudwatch" => {
            ("TagResource", json!({"ResourceARN": arn, "Tags": list("Key", "Value")}))
        }
        "sqs" => ("TagQueue", json!({"QueueUrl": queue_url(arn), "Tags": tags})),
        "scheduler" => ("TagResource", json!({"ResourceArn": arn, "Tags": list("Key", "Value")})),
        "elasticfilesystem" => {
            ("TagResource", json!({"ResourceId": last(resource), "Tags": list("Key", "Value")}))
        }
        "s3" => ("TagResource", json!({"Bucket": resource, "Tags": list("Key", "Value")})),
        "sns" => ("TagResource", json!({"ResourceArn": arn, "Tags": list("Key", "Value")})),
        "application-autoscaling" => ("TagResource", json!({"ResourceARN": arn, "Tags": tags})),
        "eks" | "logs" | "vpc-lattice" => {
            ("TagResource", json!({"resourceArn": arn, "tags": tags}))
        }
        "ecr" => ("TagResource", json!({"resourceArn": arn, "tags": list("Key", "Value")})),
        _ => ("TagResource", json!({"resourceArn": arn, "tags": list("key", "value")})),
    })
}

fn untag(arn: &str, keys: &[String]) -> Option<Step> {
    let (service, resource) = service_of(arn)?;
    Some(match service {
        "ec2" => {
            let tags: Vec<Value> = keys.iter().map(|key| json!({"Key": key})).collect();
            ("DeleteTags", json!({"ResourceId": [last(resource)], "Tag": tags}))
        }
        "sqs" => ("UntagQueue", json!({"QueueUrl": queue_url(arn), "TagKeys": keys})),
        "scheduler" | "sns" => ("UntagResource", json!({"ResourceArn": arn, "TagKeys": keys})),
        "s3" => ("UntagResource", json!({"Bucket": resource, "TagKeys": keys})),
        "elasticfilesystem" => {
            ("UntagResource", json!({"ResourceId": last(resource), "tagKeys": keys}))
        }
        "elasticloadbalancing" => ("RemoveTags", json!({"ResourceArns": [arn], "TagKeys": keys})),
        "ssm" => (
            "RemoveTagsFromResource",
            json!({"ResourceType": "Parameter", "ResourceId": arn, "TagKeys": keys}),
        ),
        "servicediscovery" | "application-autoscaling" | "cloudwatch" => {
            ("UntagResource", json!({"ResourceARN": arn, "TagKeys": keys}))
        }
        _ => ("UntagResource", json!({"resourceArn": arn, "tagKeys": keys})),
    })
}

/// `vpc/vpc-1` is called `vpc-1` in EC2's own API.
fn last(resource: &str) -> &str {
    resource.rsplit('/').next().unwrap_or_default()
}

/// SQS's own API knows queues by their URLs.
fn queue_url(arn: &str) -> String {
    let [_, _, _, region, account, name] = parts(arn).unwrap_or_default();
    format!("https://sqs.{region}.amazonaws.com/{account}/{name}")
}
