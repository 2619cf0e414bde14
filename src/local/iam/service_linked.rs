//! Roles that a service makes for itself.

use serde_json::{Value, json};

use super::errors::{invalid_input, no_such};
use super::role::{self, Detail};
use super::{DELETIONS, ROLES, names};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Services, the names of their roles, and the policies of those.
const SERVICES: &[(&str, &str, &str)] = &[
    ("ecs.amazonaws.com", "AWSServiceRoleForECS", "AmazonECSServiceRolePolicy"),
    (
        "ecs-compute.amazonaws.com",
        "AWSServiceRoleForECSCompute",
        "AmazonECSComputeServiceRolePolicy",
    ),
    (
        "ecs.application-autoscaling.amazonaws.com",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
    ),
    (
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
        "AWSElasticLoadBalancingServiceRolePolicy",
    ),
    ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling", "AutoScalingServiceRolePolicy"),
    ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot", "AWSEC2SpotServiceRolePolicy"),
    ("eks.amazonaws.com", "AWSServiceRoleForAmazonEKS", "AmazonEKSServiceRolePolicy"),
    (
        "eks-nodegroup.amazonaws.com",
        "AWSServiceRoleForAmazonEKSNodegroup",
        "AWSServiceRoleForAmazonEKSNodegroup",
    ),
    ("vpc-lattice.amazonaws.com", "AWSServiceRoleForVpcLattice", "AWSVpcLatticeServiceRolePolicy"),
];

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let service = call.input.text("AWSServiceName")?;
    let description = names::description(call)?;
    let known = SERVICES.iter().find(|(name, ..)| *name == service);
    let Some((_, name, policy)) = known else {
        return Err(AwsError::not_modelled(format!(
            "local AWS knows no service-linked role of {service}"
        )));
    };
    if call.get(ROLES, name).is_some() {
        return Err(invalid_input(format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        )));
    }
    let path = format!("/aws-service-role/{service}/");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Action": ["sts:AssumeRole"],
            "Effect": "Allow",
            "Principal": {"Service": [service]},
        }],
    });
    let role = json!({
        "Path": path,
        "RoleName": name,
        "RoleId": call.ids.iam("AROA"),
        "Arn": call.global_arn("iam", &format!("role{path}{name}")),
        "Created": call.now,
        "Trust": trust.to_string(),
        "Description": description,
        "MaxSessionDuration": 3600,
        "Tags": {},
        "Inline": {},
        "Attached": [format!("arn:aws:iam::aws:policy/aws-service-role/{policy}")],
    });
    let output = json!({"Role": role::shown(call, &role, Detail::Created)});
    call.put(ROLES, name, role);
    Ok(output)
}

/// The role is gone at once: whether its service still uses it is not looked up.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, role) = names::role(call)?;
    let path = role.text("Path").to_owned();
    if !path.starts_with("/aws-service-role/") {
        return Err(invalid_input(format!("{name} is not a service-linked role.")));
    }
    call.delete(ROLES, &name);
    let task = format!("task{path}{name}/{}", call.ids.uuid());
    call.put(DELETIONS, &task, json!({"Status": "SUCCEEDED"}));
    Ok(json!({"DeletionTaskId": task}))
}

pub(super) fn deletion_status(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let task = call.input.text("DeletionTaskId")?;
    let deletion = call.get(DELETIONS, &task);
    let deletion =
        deletion.ok_or_else(|| no_such(format!("Deletion task {task} cannot be found.")))?;
    Ok(json!({"Status": deletion["Status"]}))
}
