//! Services of AWS that a VPC can reach without the internet, by the names that manifests use.

use crate::manifest::read::{did_you_mean, notation};

/// Name in manifests, and the services that it stands for: what follows `com.amazonaws.REGION.`.
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    // All that tasks on Fargate need: image, logs, secrets, `exec`.
    ("tasks", &["ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager", "ssm", "ssmmessages"]),
    // Image layers come from S3.
    ("ecr", &["ecr.api", "ecr.dkr", "s3"]),
    // What agents on instances talk to.
    ("ecs", &["ecs", "ecs-agent", "ecs-telemetry"]),
    ("s3", &["s3"]),
    ("dynamodb", &["dynamodb"]),
    ("application-autoscaling", &["application-autoscaling"]),
    ("appmesh-envoy-management", &["appmesh-envoy-management"]),
    ("autoscaling", &["autoscaling"]),
    ("cloudtrail", &["cloudtrail"]),
    ("ec2", &["ec2"]),
    ("ec2messages", &["ec2messages"]),
    ("eks", &["eks"]),
    ("eks-auth", &["eks-auth"]),
    ("elasticache", &["elasticache"]),
    ("elasticfilesystem", &["elasticfilesystem"]),
    ("elasticloadbalancing", &["elasticloadbalancing"]),
    ("events", &["events"]),
    ("execute-api", &["execute-api"]),
    ("kinesis-firehose", &["kinesis-firehose"]),
    ("kinesis-streams", &["kinesis-streams"]),
    ("kms", &["kms"]),
    ("lambda", &["lambda"]),
    ("logs", &["logs"]),
    ("monitoring", &["monitoring"]),
    ("rds", &["rds"]),
    ("rds-data", &["rds-data"]),
    ("scheduler", &["scheduler"]),
    ("secretsmanager", &["secretsmanager"]),
    ("servicediscovery", &["servicediscovery", "data-servicediscovery"]),
    ("sns", &["sns"]),
    ("sqs", &["sqs"]),
    ("ssm", &["ssm"]),
    ("ssmmessages", &["ssmmessages"]),
    ("states", &["states"]),
    ("sts", &["sts"]),
    ("xray", &["xray"]),
];

/// Services that are reached through route tables, free of charge; all others by network interfaces.
pub const GATEWAYS: [&str; 2] = ["s3", "dynamodb"];

/// The services that a name in a manifest stands for, in a region: whole names.
pub fn services(name: &str, region: &str) -> Vec<String> {
    match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, services)) => {
            services.iter().map(|service| format!("com.amazonaws.{region}.{service}")).collect()
        }
        None => vec![name.to_owned()],
    }
}

notation! {
    /// A service of AWS: a short name, or `com.amazonaws.REGION.NAME`.
    Endpoint as String,
    { "anyOf": [
        { "enum": NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>() },
        { "type": "string", "pattern": "^com\\.amazonaws\\.[a-z0-9-]+\\.[a-z0-9.-]+$" },
    ] },
    |node, reader| {
        let expected = "the name of a service of AWS, such as `s3`, `ecr` or `logs`";
        let text = &reader.text(node, expected)?.text;
        let whole = text.strip_prefix("com.amazonaws.").and_then(|rest| rest.split_once('.'));
        let plain = |part: &str| {
            !part.is_empty()
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        };
        if NAMES.iter().any(|(name, _)| name == text)
            || whole.is_some_and(|(region, name)| plain(region) && plain(name))
        {
            return Some(text.clone());
        }
        let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
        let guess = did_you_mean(text, &names);
        let text = text.clone();
        reader.wrong::<()>(node, expected);
        if let Some(problem) = reader.problems.last_mut() {
            problem.message = format!("`{text}` is no service that is known here");
            problem.help = Some(guess.unwrap_or_else(|| {
                "any other service goes by its whole name: `com.amazonaws.REGION.NAME`".to_owned()
            }));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_services() {
        let of = |name| services(name, "eu-west-1");
        assert_eq!(of("logs"), ["com.amazonaws.eu-west-1.logs"]);
        assert_eq!(of("ecr").len(), 3);
        assert_eq!(of("com.amazonaws.eu-west-1.bedrock"), ["com.amazonaws.eu-west-1.bedrock"]);
    }
}
