//! An ECS cluster with its capacity providers and defaults.

use serde::{Deserialize, Serialize};

use super::CapacityProviderStrategyItem;
use crate::engine::{Input, KindInfo, Pace, ReplaceOrder, Rule, Spec};
use crate::resources::resource::Tags;
use crate::resources::servicediscovery::NamespaceArn;

/// An ECS cluster, named `identity.name(255)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// `FARGATE`, `FARGATE_SPOT`, or providers of the account's.
    pub capacity_providers: Vec<String>,
    /// What services that name neither launch type nor strategy run on.
    pub default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// CloudWatch Container Insights: `disabled`, `enabled` or `enhanced`.
    pub container_insights: String,
    /// What becomes of what is typed in `ecs execute-command` sessions.
    pub execute_command: ExecuteCommand,
    /// KMS key for managed storage.
    pub managed_storage_kms_key: Option<String>,
    /// KMS key for Fargate's ephemeral storage.
    pub fargate_ephemeral_storage_kms_key: Option<String>,
    /// The namespace of services that switch Service Connect on and name none.
    pub service_connect_namespace: Option<Input<NamespaceArn>>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            capacity_providers: Vec::new(),
            default_capacity_provider_strategy: Vec::new(),
            container_insights: "disabled".to_owned(),
            execute_command: ExecuteCommand::default(),
            managed_storage_kms_key: None,
            fargate_ephemeral_storage_kms_key: None,
            service_connect_namespace: None,
            tags: Tags::new(),
        }
    }
}

/// Logging and encryption of `ecs execute-command` sessions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecuteCommand {
    /// `NONE`, `DEFAULT` (the task's awslogs configuration) or `OVERRIDE` (the fields below).
    pub logging: String,
    /// KMS key that encrypts the session.
    pub kms_key: Option<String>,
    /// Log group, with `OVERRIDE`.
    pub log_group: Option<Input<String>>,
    /// The log group is encrypted: sessions are refused where it is not.
    pub log_group_encrypted: bool,
    /// S3 bucket, with `OVERRIDE`.
    pub bucket: Option<String>,
    /// The bucket is encrypted.
    pub bucket_encrypted: bool,
    /// Prefix of the keys in the bucket.
    pub bucket_prefix: Option<String>,
}

impl Default for ExecuteCommand {
    fn default() -> Self {
        Self {
            logging: "DEFAULT".to_owned(),
            kms_key: None,
            log_group: None,
            log_group_encrypted: false,
            bucket: None,
            bucket_encrypted: false,
            bucket_prefix: None,
        }
    }
}

impl Spec for Cluster {
    const KIND: &'static str = "ecs/cluster";
}

crate::ids! {
    /// A cluster's name.
    ClusterName,
    /// A cluster's ARN.
    ClusterArn,
}

crate::outputs!(Cluster => ClusterOutputs {
    /// Its ARN.
    arn: ClusterArn,
    /// Its name.
    name: ClusterName,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateCluster.clusterName", "the physical name follows from the address"),
    ("UpdateCluster.cluster", "says which cluster"),
    ("PutClusterCapacityProviders.cluster", "says which cluster"),
];

#[allow(dead_code)]
const INFO: KindInfo = KindInfo {
    kind: Cluster::KIND,
    rules: &[
        Rule::Unordered("capacity_providers"),
        Rule::Unordered("default_capacity_provider_strategy"),
    ],
    observe_after: &[],
    order_after: &[],
    replace: ReplaceOrder::CreateFirst,
    revisioned: false,
    stateful: None,
    pace: Pace::seconds(3, 2, 300),
};
