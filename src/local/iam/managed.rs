//! Managed policies: the account's own, and AWS's. Of AWS's the ones that containers need are
//! known; their documents are not kept, so asking for one is refused by name.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{no_such_policy, validation};
use super::{POLICIES, ROLES};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// AWS's policies: path and name, as they stand in the ARN.
const AWS: &[&str] = &[
    "AWSAppMeshEnvoyAccess",
    "AWSCloudMapDiscoverInstanceAccess",
    "AWSXRayDaemonWriteAccess",
    "AdministratorAccess",
    "AmazonDynamoDBFullAccess",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonECSInfrastructureRoleForGatewayHostSharedALB",
    "AmazonECSInfrastructureRolePolicyForLoadBalancers",
    "AmazonECSInfrastructureRolePolicyForManagedInstances",
    "AmazonECSInfrastructureRolePolicyForVpcLattice",
    "AmazonECSInstanceRolePolicyForManagedInstances",
    "AmazonECS_FullAccess",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSFargatePodExecutionRolePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonSNSFullAccess",
    "AmazonSQSFullAccess",
    "AmazonSSMManagedInstanceCore",
    "AmazonSSMReadOnlyAccess",
    "CloudWatchAgentServerPolicy",
    "CloudWatchLogsFullAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecretsManagerReadWrite",
    "aws-service-role/AWSApplicationAutoscalingECSServicePolicy",
    "aws-service-role/AWSElasticLoadBalancingServiceRolePolicy",
    "aws-service-role/AmazonECSComputeServiceRolePolicy",
    "aws-service-role/AmazonECSServiceRolePolicy",
    "job-function/ViewOnlyAccess",
    "service-role/AmazonEBSCSIDriverPolicy",
    "service-role/AmazonEC2ContainerServiceEventsRole",
    "service-role/AmazonEC2ContainerServiceRole",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity",
    "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
    "service-role/AmazonECSInfrastructureRoleforExpressGatewayServices",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "service-role/AmazonEFSCSIDriverPolicy",
];

const AWS_PREFIX: &str = "arn:aws:iam::aws:policy/";

/// All of AWS's policies, as documents like the account's own.
pub(super) fn of_aws() -> Vec<Arc<Value>> {
    AWS.iter().map(|path| Arc::new(of_aws_with(path))).collect()
}

fn of_aws_with(path: &str) -> Value {
    let (folder, name) = path
        .rsplit_once('/')
        .map_or(("/".to_owned(), path), |(folder, name)| (format!("/{folder}/"), name));
    // Ids look like AWS's, and are the same in every account.
    let mut id: String =
        name.bytes().rev().filter(u8::is_ascii_alphanumeric).map(char::from).collect();
    id.make_ascii_uppercase();
    json!({
        "PolicyName": name,
        "PolicyId": format!("ANPA{id:A<17.17}"),
        "Arn": format!("{AWS_PREFIX}{path}"),
        "Path": folder,
        "DefaultVersionId": "v1",
        // 2015-02-06T18:41:17Z, when AWS made the first of its policies.
        "Created": 1_423_248_077_000_u64,
        "Updated": 1_423_248_077_000_u64,
        "Tags": {},
    })
}

/// The managed policy with this ARN, the account's or AWS's.
pub(super) fn find(call: &Call<'_>, arn: &str) -> Result<Arc<Value>, AwsError> {
    if !arn.starts_with("arn:aws:iam::") || !arn.contains(":policy/") {
        return Err(validation(format!("ARN {arn} is not valid.")));
    }
    if let Some(path) = arn.strip_prefix(AWS_PREFIX) {
        let known = AWS.contains(&path);
        return if known { Ok(Arc::new(of_aws_with(path))) } else { Err(no_such_policy(arn)) };
    }
    call.get(POLICIES, arn).ok_or_else(|| no_such_policy(arn))
}

/// Is this a policy of AWS's, which nobody can change?
pub(super) fn is_of_aws(arn: &str) -> bool {
    arn.starts_with(AWS_PREFIX)
}

/// How many roles have this policy, and how many are bounded by it.
pub(super) fn uses(call: &Call<'_>, arn: &str) -> (usize, usize) {
    let roles = call.scan(ROLES, "");
    let attached = roles.iter().filter(|(_, role)| role.texts("Attached").contains(&arn)).count();
    let bounded = roles.iter().filter(|(_, role)| role.text("Boundary") == arn).count();
    (attached, bounded)
}

/// The name at the end of a policy's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
