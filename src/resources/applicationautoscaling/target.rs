//! A scalable target: between which counts a service's tasks may be scaled, and by what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::engine::{Input, KindInfo, Pace, ReplaceOrder, Rule, Spec};
use crate::resources::ecs::{ClusterName, ServiceName};
use crate::resources::resource::Tags;

/// The desired count of one ECS service as a scalable target; AWS knows it as
/// `service/CLUSTER/SERVICE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The service's cluster.
    pub cluster: Input<ClusterName>,
    /// The service.
    pub service: Input<ServiceName>,
    /// It never has fewer tasks.
    pub min_capacity: i32,
    /// It never has more tasks.
    pub max_capacity: i32,
    /// What is switched off for now.
    pub suspended: Suspended,
    /// The policies, by name.
    pub policies: BTreeMap<String, Policy>,
    /// The user's own tags.
    pub tags: Tags,
}

/// What is switched off for now; the default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Suspended {
    /// Policies remove no tasks.
    pub dynamic_scaling_in: bool,
    /// Policies add no tasks.
    pub dynamic_scaling_out: bool,
    /// Schedules do nothing.
    pub scheduled_scaling: bool,
}

impl Spec for Target {
    const KIND: &'static str = "application-autoscaling/target";
}

crate::ids! {
    /// A scalable target's ARN.
    ScalableTargetArn,
}

crate::outputs!(Target => TargetOutputs {
    /// Its ARN.
    arn: ScalableTargetArn,
    /// `service/CLUSTER/SERVICE`.
    resource_id: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("RegisterScalableTarget.ServiceNamespace", "always `ecs`"),
    ("RegisterScalableTarget.ScalableDimension", "always `ecs:service:DesiredCount`"),
    ("RegisterScalableTarget.ResourceId", "made of `cluster` and `service`"),
    ("RegisterScalableTarget.RoleARN", "ECS services always use the service-linked role"),
    ("PutScalingPolicy.PolicyName", "the key in `policies`"),
    ("PutScalingPolicy.ServiceNamespace", "always `ecs`"),
    ("PutScalingPolicy.ScalableDimension", "always `ecs:service:DesiredCount`"),
    ("PutScalingPolicy.ResourceId", "made of `cluster` and `service`"),
    ("PutScalingPolicy.PolicyType", "always `TargetTrackingScaling`"),
    (
        "PutScalingPolicy.StepScalingPolicyConfiguration",
        "policies track targets; steps need alarms of their own",
    ),
    ("PutScalingPolicy.PredictiveScalingPolicyConfiguration", "not offered yet"),
    (
        "PutScalingPolicy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics",
        "metric math is not offered yet",
    ),
];

#[allow(dead_code)]
const INFO: KindInfo = KindInfo {
    kind: Target::KIND,
    rules: &[Rule::Immutable("cluster"), Rule::Immutable("service")],
    observe_after: &["ecs/service"],
    order_after: &[],
    replace: ReplaceOrder::CreateFirst,
    revisioned: false,
    stateful: None,
    pace: Pace::AT_ONCE,
};
