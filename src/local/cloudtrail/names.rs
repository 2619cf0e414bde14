//! Which resources a call is about: the identifiers that its input and output mention.

use serde_json::{Value, json};

/// An event mentions at most so many.
const MOST_NAMES: usize = 8;
/// Longer than any identifier.
const LONGEST: usize = 512;

/// Members whose values name resources, however deep they stand; those of tags, filters and
/// containers are no resources of the call.
const NAMING: &[&str] = &[
    "id",
    "ids",
    "arn",
    "arns",
    "name",
    "names",
    "cluster",
    "service",
    "family",
    "taskdefinition",
];
const OTHER: &[&str] =
    &["tag", "tags", "tagset", "tagspecification", "filter", "containerdefinitions"];

/// Adds the identifiers that a document mentions, outermost first.
pub(in crate::local) fn mentioned(document: &Value, names: &mut Vec<String>) {
    let Some(members) = document.as_object() else { return };
    for (key, value) in members {
        let lower = key.to_ascii_lowercase();
        if NAMING.iter().any(|ending| lower.ends_with(ending)) {
            match value {
                Value::String(text) => add(text, names),
                Value::Array(items) => {
                    items.iter().filter_map(Value::as_str).for_each(|text| add(text, names));
                }
                _ => {}
            }
        }
    }
    for (key, value) in members {
        let lower = key.to_ascii_lowercase();
        if OTHER.iter().any(|word| lower.starts_with(word)) {
            continue;
        }
        match value {
            Value::Object(_) => mentioned(value, names),
            Value::Array(items) => items.iter().for_each(|item| mentioned(item, names)),
            _ => {}
        }
    }
}

fn add(text: &str, names: &mut Vec<String>) {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return;
    }
    if names.len() < MOST_NAMES && !names.iter().any(|known| known == text) {
        names.push(text.to_owned());
    }
}

/// A resource as events show it; the type is null where a name does not tell it.
pub(super) fn resource(name: &str) -> Value {
    json!({ "ResourceType": kind(name), "ResourceName": name })
}

fn kind(name: &str) -> Option<&'static str> {
    if let Some(rest) = name.strip_prefix("arn:aws:") {
        let mut parts = rest.splitn(4, ':');
        let (service, resource) = (parts.next()?, parts.nth(2)?);
        return Some(match (service, resource.split([':', '/']).next()?) {
            ("ecs", "cluster") => "AWS::ECS::Cluster",
            ("ecs", "service") => "AWS::ECS::Service",
            ("ecs", "task-definition") => "AWS::ECS::TaskDefinition",
            ("elasticloadbalancing", "loadbalancer") => "AWS::ElasticLoadBalancingV2::LoadBalancer",
            ("elasticloadbalancing", "targetgroup") => "AWS::ElasticLoadBalancingV2::TargetGroup",
            ("elasticloadbalancing", "listener") => "AWS::ElasticLoadBalancingV2::Listener",
            ("elasticloadbalancing", "listener-rule") => {
                "AWS::ElasticLoadBalancingV2::ListenerRule"
            }
            ("iam", "role") => "AWS::IAM::Role",
            ("iam", "policy") => "AWS::IAM::Policy",
            ("logs", "log-group") => "AWS::Logs::LogGroup",
            ("ecr", "repository") => "AWS::ECR::Repository",
            ("servicediscovery", "namespace") => "AWS::ServiceDiscovery::Namespace",
            ("servicediscovery", "service") => "AWS::ServiceDiscovery::Service",
            ("ssm", "parameter") => "AWS::SSM::Parameter",
            _ => return None,
        });
    }
    let (prefix, _) = name.split_once('-')?;
    Some(match prefix {
        "vpc" => "AWS::EC2::VPC",
        "subnet" => "AWS::EC2::Subnet",
        "sg" => "AWS::EC2::SecurityGroup",
        "sgr" => "AWS::EC2::SecurityGroupRule",
        "rtb" => "AWS::EC2::RouteTable",
        "igw" => "AWS::EC2::InternetGateway",
        "nat" => "AWS::EC2::NatGateway",
        "eipalloc" => "AWS::EC2::EIP",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_is_about_is_what_its_members_name() {
        let mut names = Vec::new();
        let input = json!({
            "cluster": "demo-test", "service": "api", "desiredCount": 2,
            "tags": [{"key": "Name", "value": "x"}],
            "networkConfiguration": {"awsvpcConfiguration": {"securityGroupIds": ["sg-01"]}},
        });
        mentioned(&input, &mut names);
        mentioned(
            &json!({"service": {"serviceArn": "arn:aws:ecs:eu-west-1:1:service/a"}}),
            &mut names,
        );
        assert_eq!(names, ["demo-test", "api", "sg-01", "arn:aws:ecs:eu-west-1:1:service/a"]);
        assert_eq!(kind("sg-01"), Some("AWS::EC2::SecurityGroup"));
        assert_eq!(kind("arn:aws:ecs:eu-west-1:1:service/a"), Some("AWS::ECS::Service"));
        assert_eq!(kind("demo-test"), None);
    }
}
