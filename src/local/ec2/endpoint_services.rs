//! The services of Amazon that a VPC can have an endpoint for: those that containers use.

use serde_json::{Value, json};

use super::errors::invalid_value;
use super::list::Filters;
use crate::local::call::Call;
use crate::local::error::AwsError;
use crate::local::regions;

/// A service: what stands behind `com.amazonaws.REGION.`, and its private name before `REGION.amazonaws.com`.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) private: &'static str,
    /// Of type `Gateway`, too.
    pub(super) gateway: bool,
}

const fn interface(name: &'static str, private: &'static str) -> Service {
    Service { name, private, gateway: false }
}

/// All that are modelled; AWS has some hundreds.
const SERVICES: &[Service] = &[
    Service { name: "s3", private: "s3", gateway: true },
    Service { name: "dynamodb", private: "dynamodb", gateway: true },
    interface("acm", "acm"),
    interface("application-autoscaling", "application-autoscaling"),
    interface("appmesh-envoy-management", "appmesh-envoy-management"),
    interface("autoscaling", "autoscaling"),
    interface("cloudtrail", "cloudtrail"),
    interface("data-servicediscovery", "data-servicediscovery"),
    interface("ec2", "ec2"),
    interface("ec2messages", "ec2messages"),
    interface("ecr.api", "api.ecr"),
    interface("ecr.dkr", "*.dkr.ecr"),
    interface("ecs", "ecs"),
    interface("ecs-agent", "ecs-a"),
    interface("ecs-telemetry", "ecs-t"),
    interface("eks", "eks"),
    interface("eks-auth", "eks-auth"),
    interface("elasticache", "elasticache"),
    interface("elasticfilesystem", "elasticfilesystem"),
    interface("elasticloadbalancing", "elasticloadbalancing"),
    interface("events", "events"),
    interface("execute-api", "*.execute-api"),
    interface("kinesis-firehose", "firehose"),
    interface("kinesis-streams", "kinesis"),
    interface("kms", "kms"),
    interface("lambda", "lambda"),
    interface("logs", "logs"),
    interface("monitoring", "monitoring"),
    interface("rds", "rds"),
    interface("rds-data", "rds-data"),
    interface("scheduler", "scheduler"),
    interface("secretsmanager", "secretsmanager"),
    interface("servicediscovery", "servicediscovery"),
    interface("sns", "sns"),
    interface("sqs", "sqs"),
    interface("ssm", "ssm"),
    interface("ssmmessages", "ssmmessages"),
    interface("states", "states"),
    interface("sts", "sts"),
    interface("tagging", "tagging"),
    interface("xray", "xray"),
];

impl Service {
    pub(super) fn full_name(&self, region: &str) -> String {
        format!("com.amazonaws.{region}.{}", self.name)
    }

    /// `logs.eu-west-1.amazonaws.com`.
    pub(super) fn private_name(&self, region: &str) -> String {
        format!("{}.{region}.amazonaws.com", self.private)
    }

    pub(super) fn types(&self) -> &'static [&'static str] {
        if self.gateway { &["Gateway", "Interface"] } else { &["Interface"] }
    }
}

/// The service of this name in a region.
pub(super) fn find(region: &str, name: &str) -> Option<&'static Service> {
    let short = name.strip_prefix(&format!("com.amazonaws.{region}."))?;
    SERVICES.iter().find(|service| service.name == short)
}

pub(super) fn not_found(name: &str) -> AwsError {
    AwsError::new("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("owner", "owner"),
        ("service-name", "serviceName"),
        ("service-region", "serviceRegion"),
        ("service-type", "serviceType.serviceType"),
        ("supported-ip-address-types", "supportedIpAddressTypeSet"),
    ];
    let names = call.input.texts("ServiceName")?;
    let regions = call.input.texts("ServiceRegion")?;
    if regions.iter().any(|region| *region != call.region) {
        return Err(AwsError::not_modelled(
            "local AWS does not model endpoint services of other regions",
        ));
    }
    let filters = Filters::read(&call.input, FILTERS)?;
    let size = call.input.optional_integer("MaxResults")?;
    if size.is_some_and(|size| size < 5) {
        return Err(invalid_value(
            "Value for parameter maxResults is invalid. Expecting a value greater than 5.",
        ));
    }
    let token = call.input.optional_text("NextToken")?;
    if let Some(name) = names.iter().find(|name| find(&call.region, name).is_none()) {
        return Err(not_found(name));
    }
    let zones = regions::zones(&call.region);
    let (zone_names, zone_ids): (Vec<String>, Vec<String>) = zones.iter().cloned().unzip();
    let mut rows = Vec::new();
    for service in SERVICES {
        for kind in service.types() {
            let mut row = json!({
                "serviceName": service.full_name(&call.region),
                "serviceType": [{"serviceType": kind}],
                "serviceRegion": call.region,
                "availabilityZoneSet": zone_names,
                "availabilityZoneIdSet": zone_ids,
                "owner": "amazon",
                "baseEndpointDnsNameSet": [service.private_name(&call.region)],
                "vpcEndpointPolicySupported": true,
                "acceptanceRequired": false,
                "managesVpcEndpoints": false,
                "supportedIpAddressTypeSet": ["ipv4", "ipv6"],
            });
            if *kind == "Interface" {
                row["privateDnsName"] = service.private_name(&call.region).into();
                row["privateDnsNameSet"] =
                    json!([{"privateDnsName": service.private_name(&call.region)}]);
                row["privateDnsNameVerificationState"] = "verified".into();
            }
            let asked = names.is_empty() || names.contains(&service.full_name(&call.region));
            if asked && filters.meet(&row) {
                rows.push(row);
            }
        }
    }
    let size = usize::try_from(size.unwrap_or(1000).min(1000)).unwrap_or(1000);
    let page = call.page(rows, size, token.as_deref(), ToString::to_string)?;
    let mut names: Vec<Value> = page.items.iter().map(|row| row["serviceName"].clone()).collect();
    names.dedup();
    Ok(json!({"serviceNameSet": names, "serviceDetailSet": page.items, "nextToken": page.next}))
}
