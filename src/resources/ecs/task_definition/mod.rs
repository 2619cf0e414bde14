//! A task definition: what a service's tasks are made of.
//!
//! Every change registers a new revision of the family; old ones stay for rollbacks.
//! `container` and `volume` hold the parts, `write` and `read` the way to the SDK's types and back.

pub mod container;
pub mod volume;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use container::Container;
pub use volume::Volume;

use crate::engine::{Input, KindInfo, Pace, ReplaceOrder, Rule, Spec};
use crate::resources::iam::RoleArn;
use crate::resources::resource::Tags;

/// A task definition; its family is `identity.name(255)` of the first generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// CPU units of the whole task (1024 are one vCPU); required on Fargate.
    pub cpu: Option<i32>,
    /// Memory of the whole task in MiB; required on Fargate.
    pub memory: Option<i32>,
    /// `awsvpc`, `bridge`, `host` or `none`.
    pub network_mode: String,
    /// `FARGATE`, `EC2`, `EXTERNAL`, `MANAGED_INSTANCES`: where it must be able to run.
    pub requires_compatibilities: Vec<String>,
    /// `X86_64` or `ARM64`.
    pub cpu_architecture: String,
    /// `LINUX`, or one of Windows' editions.
    pub operating_system: String,
    /// The role ECS itself acts in: it pulls images, writes logs, reads secrets.
    pub execution_role: Option<Input<RoleArn>>,
    /// The role the containers act in.
    pub task_role: Option<Input<RoleArn>>,
    /// Scratch space on Fargate in GiB, 20 to 200.
    pub ephemeral_storage: i32,
    /// `host` or `task`.
    pub pid_mode: Option<String>,
    /// `host`, `task` or `none`.
    pub ipc_mode: Option<String>,
    /// Fault injection requests from the containers are accepted.
    pub enable_fault_injection: bool,
    /// Cluster query language expressions (`memberOf`), for EC2.
    pub placement_constraints: Vec<String>,
    /// App Mesh's proxy.
    pub proxy: Option<Proxy>,
    /// Volumes by name.
    pub volumes: BTreeMap<String, Volume>,
    /// Containers by name.
    pub containers: BTreeMap<String, Container>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for TaskDefinition {
    /// A Fargate task of the smallest size with no containers yet.
    fn default() -> Self {
        Self {
            cpu: Some(256),
            memory: Some(512),
            network_mode: "awsvpc".to_owned(),
            requires_compatibilities: vec!["FARGATE".to_owned()],
            cpu_architecture: "X86_64".to_owned(),
            operating_system: "LINUX".to_owned(),
            execution_role: None,
            task_role: None,
            ephemeral_storage: 20,
            pid_mode: None,
            ipc_mode: None,
            enable_fault_injection: false,
            placement_constraints: Vec::new(),
            proxy: None,
            volumes: BTreeMap::new(),
            containers: BTreeMap::new(),
            tags: Tags::new(),
        }
    }
}

/// App Mesh's Envoy proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// The container that runs it.
    pub container: String,
    /// `ProxyIngressPort`, `AppPorts`, `IgnoredUID` and so on.
    pub properties: BTreeMap<String, String>,
}

impl Spec for TaskDefinition {
    const KIND: &'static str = "ecs/task-definition";
}

crate::ids! {
    /// The ARN of one revision.
    TaskDefinitionArn,
}

crate::outputs!(TaskDefinition => TaskDefinitionOutputs {
    /// The revision's ARN.
    arn: TaskDefinitionArn,
    /// The family.
    family: String,
    /// The revision's number in the family.
    revision: i32,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("RegisterTaskDefinition.family", "the physical name follows from the address"),
    ("RegisterTaskDefinition.inferenceAccelerators", "deprecated: Elastic Inference has ended"),
    (
        "RegisterTaskDefinition.containerDefinitions[].resourceRequirements[].sharingStrategy",
        "sharing one GPU between containers is for EC2 instances, which are not offered yet",
    ),
    (
        "RegisterTaskDefinition.containerDefinitions[].portMappings[].containerPortRange",
        "every port is mapped by itself",
    ),
    (
        "RegisterTaskDefinition.trustedExecutionConfiguration",
        "not in the SDK yet; Managed Instances only",
    ),
];

#[allow(dead_code)]
const INFO: KindInfo = KindInfo {
    kind: TaskDefinition::KIND,
    rules: &[
        Rule::Unordered("requires_compatibilities"),
        Rule::Unordered("placement_constraints"),
        Rule::Unordered("containers.*.port_mappings"),
        Rule::Unordered("containers.*.mount_points"),
        Rule::Unordered("containers.*.volumes_from"),
        Rule::Unordered("containers.*.resource_requirements"),
        Rule::Unordered("containers.*.linux_parameters.add_capabilities"),
        Rule::Unordered("containers.*.linux_parameters.drop_capabilities"),
        Rule::Unordered("containers.*.linux_parameters.devices"),
        Rule::Unordered("containers.*.linux_parameters.tmpfs"),
        Rule::Unordered("containers.*.restart_policy.ignored_exit_codes"),
        Rule::Unordered("containers.*.docker_security_options"),
    ],
    observe_after: &[],
    order_after: &[],
    replace: ReplaceOrder::CreateFirst,
    revisioned: true,
    stateful: None,
    pace: Pace::AT_ONCE,
};
