//! Every service that local AWS serves: the whole list.

use super::service::Service;
use super::{
    acm, applicationautoscaling, appmesh, autoscaling, cloudtrail, cloudwatch, ec2, ecr, ecs, efs,
    eks, elbv2, iam, logs, route53, s3, scheduler, secretsmanager, servicediscovery, servicequotas,
    sns, sqs, ssm, sts, tagging, vpclattice,
};

/// All services, one a line.
pub static SERVICES: &[&Service] = &[
    &acm::SERVICE,
    &applicationautoscaling::SERVICE,
    &appmesh::SERVICE,
    &autoscaling::SERVICE,
    &cloudtrail::SERVICE,
    &cloudwatch::SERVICE,
    &ec2::SERVICE,
    &ecr::SERVICE,
    &ecs::SERVICE,
    &efs::SERVICE,
    &eks::SERVICE,
    &elbv2::SERVICE,
    &iam::SERVICE,
    &logs::SERVICE,
    &route53::SERVICE,
    &scheduler::SERVICE,
    &s3::SERVICE,
    &secretsmanager::SERVICE,
    &servicediscovery::SERVICE,
    &servicequotas::SERVICE,
    &sns::SERVICE,
    &sqs::SERVICE,
    &ssm::SERVICE,
    &sts::SERVICE,
    &tagging::SERVICE,
    &vpclattice::SERVICE,
];

/// The names of all services, for messages.
pub(super) fn names() -> String {
    let mut names: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
    names.sort_unstable();
    names.join(", ")
}
