//! Every service that local AWS serves: the whole list.

use super::service::Service;
use super::{applicationautoscaling, ec2, ecs, elbv2, iam, servicediscovery, ssm, sts};

/// All services, one a line.
pub static SERVICES: &[&Service] = &[
    &applicationautoscaling::SERVICE,
    &ec2::SERVICE,
    &ecs::SERVICE,
    &elbv2::SERVICE,
    &iam::SERVICE,
    &servicediscovery::SERVICE,
    &ssm::SERVICE,
    &sts::SERVICE,
];

/// The names of all services, for messages.
pub(super) fn names() -> String {
    let mut names: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
    names.sort_unstable();
    names.join(", ")
}
