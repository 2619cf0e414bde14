//! How often AWS lets an account call it: the one table of it.
//!
//! Sources: "EC2" is the Amazon EC2 Developer Guide, request throttling (a bucket for each operation); "ECS" and "ELB"
//! are the pages of the same name of Amazon ECS and Elastic Load Balancing (a bucket for each class of operations);
//! "quotas" are the service's published endpoints and quotas. Where AWS publishes nothing, the row says "careful": well
//! below what accounts are seen to bear. A rate that proves too high is halved when AWS says so, for a while.

/// One bucket: so many calls at once, then so many a second.
#[derive(Debug, PartialEq)]
pub(super) struct Rate {
    /// The service, as the SDK calls it.
    pub(super) service: &'static str,
    /// How its operations' names begin; all others where empty.
    pub(super) operations: &'static [&'static str],
    /// Calls at once.
    pub(super) burst: u32,
    /// Calls a second.
    pub(super) per_second: u32,
    /// Whether each operation has a bucket of its own.
    pub(super) each: bool,
    /// Where the numbers are from.
    pub(super) source: &'static str,
}

const READS: &[&str] = &["Describe", "List", "Get", "Batch", "Lookup", "Simulate"];

const fn rate(
    service: &'static str,
    operations: &'static [&'static str],
    burst: u32,
    per_second: u32,
    source: &'static str,
) -> Rate {
    Rate { service, operations, burst, per_second, each: false, source }
}

const fn each(
    service: &'static str,
    operations: &'static [&'static str],
    burst: u32,
    per_second: u32,
    source: &'static str,
) -> Rate {
    Rate { service, operations, burst, per_second, each: true, source }
}

/// The first row that fits counts.
pub(super) const RATES: &[Rate] = &[
    each("EC2", READS, 100, 20, "EC2"),
    each("EC2", &[], 50, 5, "EC2"),
    rate("kubernetes", READS, 200, 50, "careful"),
    rate("kubernetes", &[], 100, 25, "careful"),
    rate("EKS", READS, 40, 10, "careful"),
    rate("EKS", &[], 10, 3, "careful"),
    rate("ECS", READS, 50, 20, "ECS"),
    rate("ECS", &["RegisterTaskDefinition", "DeregisterTaskDefinition"], 20, 5, "careful"),
    rate("ECS", &[], 50, 5, "careful"),
    rate("Elastic Load Balancing v2", READS, 40, 10, "ELB"),
    rate("Elastic Load Balancing v2", &[], 20, 5, "careful"),
    rate("IAM", READS, 50, 15, "careful"),
    rate("IAM", &[], 20, 5, "careful"),
    rate("ServiceDiscovery", READS, 50, 10, "careful"),
    rate("ServiceDiscovery", &[], 20, 5, "careful"),
    rate("Application Auto Scaling", READS, 50, 10, "quotas"),
    rate("Application Auto Scaling", &[], 20, 5, "quotas"),
    rate("Auto Scaling", READS, 50, 10, "careful"),
    rate("Auto Scaling", &[], 20, 5, "careful"),
    each("CloudWatch", &["DescribeAlarms"], 9, 9, "quotas"),
    each("CloudWatch", &[], 3, 3, "quotas"),
    each("CloudWatch Logs", &["DescribeLogGroups"], 50, 10, "quotas"),
    each("CloudWatch Logs", &["FilterLogEvents"], 5, 5, "quotas"),
    each("CloudWatch Logs", &[], 20, 10, "quotas"),
    each("ECR", READS, 50, 20, "quotas"),
    each("ECR", &[], 20, 5, "careful"),
    rate("SSM", &["PutParameter", "DeleteParameter", "AddTags", "LabelParameter"], 20, 3, "quotas"),
    rate("SSM", &[], 40, 40, "quotas"),
    rate("CloudTrail", &[], 2, 2, "quotas"),
    rate("Service Quotas", &[], 20, 10, "quotas"),
    rate("Secrets Manager", &[], 50, 40, "quotas"),
    rate("ACM", &[], 20, 8, "quotas"),
    rate("Route 53", &[], 5, 5, "quotas"),
    rate("S3", &[], 100, 50, "careful"),
    rate("Resource Groups Tagging API", &[], 15, 15, "quotas"),
    each("Scheduler", READS, 50, 20, "careful"),
    each("Scheduler", &[], 50, 10, "careful"),
    rate("VPC Lattice", READS, 20, 10, "careful"),
    rate("VPC Lattice", &[], 10, 5, "careful"),
    rate("STS", &[], 100, 50, "quotas"),
];

/// The row of an operation; `None` for a service that the table does not name.
pub(super) fn of(service: &str, operation: &str) -> Option<(usize, &'static Rate)> {
    RATES.iter().enumerate().find(|(_, rate)| {
        rate.service == service
            && (rate.operations.is_empty()
                || rate.operations.iter().any(|start| operation.starts_with(start)))
    })
}

/// What people call a service.
pub(super) fn name(service: &str) -> String {
    match service {
        "Elastic Load Balancing v2" => "elbv2".to_owned(),
        "CloudWatch Logs" => "logs".to_owned(),
        other => other.to_lowercase(),
    }
}
