//! What emulators lose on read-back.
//!
//! Fields of an ECS service that both lose are judged by nobody but local AWS: zone rebalancing, the
//! service's own role, and Service Connect (which manifests cannot ask for yet).

/// One field that an emulator accepts and does not give back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    /// The resource kind.
    pub(crate) kind: &'static str,
    /// The field, and all below it.
    pub(crate) path: &'static str,
    /// What the emulator does.
    #[expect(dead_code, reason = "read by people")]
    pub(crate) why: &'static str,
}

const fn loss(kind: &'static str, path: &'static str, why: &'static str) -> Loss {
    Loss { kind, path, why }
}

/// What every flow meets on `moto_server`, and more rows.
macro_rules! moto {
    ($($more:expr),*) => {
        &[
            loss("ec2/security-group-rule", "description", "DescribeSecurityGroupRules leaves it out"),
            loss(
                "ecs/service",
                "capacity_provider_strategy",
                "CreateService drops it, UpdateService keeps it",
            ),
            loss("ecs/service", "launch_type", "answers EC2 where CreateService got a strategy"),
            loss("ecs/service", "availability_zone_rebalancing", "CreateService drops it"),
            loss("ecs/service", "deployment", "CreateService drops it"),
            loss("ecs/service", "enable_ecs_managed_tags", "CreateService drops it"),
            loss("ecs/service", "health_check_grace_period", "CreateService drops it"),
            $($more),*
        ]
    };
}

/// `moto_server` 5.2.5.
pub(crate) const MOTO: &[Loss] = moto![];

/// The same, for services with EBS volumes; of EFS it loses nothing.
pub(crate) const MOTO_DISKS: &[Loss] =
    moto![loss("ecs/service", "volumes", "CreateService and UpdateService drop them")];

/// The same, for queues that change.
pub(crate) const MOTO_QUEUES: &[Loss] =
    moto![loss("sqs/queue", "policy", "SetQueueAttributes of others loses it")];

/// The same, for services on instances; of launch templates and capacity providers it loses nothing.
pub(crate) const MOTO_INSTANCES: &[Loss] = moto![
    loss("autoscaling/group", "health_check_grace_period", "answers 300 where 0 was given"),
    loss("ecs/service", "placement_constraints", "CreateService drops them"),
    loss("ecs/service", "placement_strategy", "CreateService drops it")
];

/// `ministack` 1.5.33.
pub(crate) const MINISTACK: &[Loss] = &[
    loss("ecs/service", "availability_zone_rebalancing", "CreateService drops it"),
    loss("elbv2/listener-rule", "action.target_groups", "DescribeRules loses ForwardConfig"),
];

/// `fakecloud` 0.51.0, of the environments on EKS.
pub(crate) const FAKECLOUD: &[Loss] = &[];
