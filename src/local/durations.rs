//! How long things take on AWS: the one table of them. A handler writes
//! `call.ready_at(durations::NAT_GATEWAY)` and never a number of its own.

use std::time::Duration;

/// `ec2` NAT gateway: `pending` to `available`.
pub const NAT_GATEWAY: Duration = Duration::from_secs(90);
/// `ec2` NAT gateway: `deleting` to `deleted`.
pub const NAT_GATEWAY_DELETION: Duration = Duration::from_secs(50);
/// `ec2` NAT gateway: how long a deleted one is still described.
pub const NAT_GATEWAY_TOMBSTONE: Duration = Duration::from_secs(3600);
/// `ec2` VPC: `pending` to `available`.
pub const VPC: Duration = Duration::from_secs(1);
/// `ec2` VPC: its IPv6 block, `associating` to `associated`.
pub const VPC_IPV6: Duration = Duration::from_secs(3);
/// `ec2` interface endpoint: `pending` to `available`.
pub const VPC_ENDPOINT: Duration = Duration::from_secs(60);
/// `ec2` endpoint: `deleting` until it is gone, with its network interfaces.
pub const VPC_ENDPOINT_DELETION: Duration = Duration::from_secs(20);
/// `elbv2` load balancer: `provisioning` to `active`.
pub const LOAD_BALANCER: Duration = Duration::from_secs(120);
/// `elbv2` load balancer: how long its network interfaces outlive it.
pub const LOAD_BALANCER_INTERFACES: Duration = Duration::from_secs(20);
/// `elbv2` target: time of one health check's round until a healthy target counts as such.
pub const TARGET_INITIAL: Duration = Duration::from_secs(5);
/// `ecs` task: `PROVISIONING` to `PENDING` (its network interface is there).
pub const TASK_PROVISIONING: Duration = Duration::from_secs(8);
/// `ecs` task: `PENDING` to `RUNNING` (its images are pulled).
pub const TASK_PENDING: Duration = Duration::from_secs(20);
/// `ecs` task of no service: how long its main container runs, which here has nothing to do.
pub const TASK_ALONE: Duration = Duration::from_secs(60);
/// `ecs` task: `DEPROVISIONING` to `STOPPED`.
pub const TASK_STOPPING: Duration = Duration::from_secs(10);
/// `ecs` service scheduler: time between two looks at a service.
pub const SERVICE_SCHEDULER: Duration = Duration::from_secs(5);
/// `ecs` deployment that moves traffic: a stage in which nothing is waited for.
pub const SHIFT_STAGE: Duration = Duration::from_secs(5);
/// `ecs` deployment that moves traffic: what a network load balancer adds to each shift.
pub const SHIFT_NETWORK: Duration = Duration::from_secs(600);
/// `ecs` service: a drained one turns from `DRAINING` to `INACTIVE`.
pub const SERVICE_DRAINING: Duration = Duration::from_secs(15);
/// `ecs` cluster: attachments of capacity providers being `UPDATE_IN_PROGRESS`.
pub const CLUSTER_UPDATE: Duration = Duration::from_secs(5);
/// `scheduler` group: `DELETING` until it is gone.
pub const SCHEDULE_GROUP_DELETION: Duration = Duration::from_secs(20);
/// `servicediscovery` namespace operation: `PENDING` to `SUCCESS`.
pub const NAMESPACE: Duration = Duration::from_secs(45);
/// `servicediscovery` instance operation: `PENDING` to `SUCCESS`.
pub const INSTANCE_REGISTRATION: Duration = Duration::from_secs(10);
/// `elasticfilesystem` file system or access point: `creating` to `available`, `updating`, `deleting`.
pub const FILE_SYSTEM: Duration = Duration::from_secs(5);
/// `elasticfilesystem` file system: time between two changes of its throughput's mode.
pub const FILE_SYSTEM_THROUGHPUT: Duration = Duration::from_secs(24 * 3600);
/// `elasticfilesystem` mount target: `creating` to `available`.
pub const MOUNT_TARGET: Duration = Duration::from_secs(80);
/// `elasticfilesystem` mount target: `deleting` to gone, its network interface with it.
pub const MOUNT_TARGET_DELETION: Duration = Duration::from_secs(30);
/// How far the Resource Groups Tagging API lags behind what it reports.
pub const TAGGING_LAG: Duration = Duration::from_secs(2);
/// `sqs` queue: how long the name of a deleted one cannot be used again.
pub const QUEUE_NAME: Duration = Duration::from_secs(60);
/// `route53` change: `PENDING` to `INSYNC`.
pub const DNS_CHANGE: Duration = Duration::from_secs(40);
/// `acm` certificate: from being asked for until it says by which DNS records its names are proved.
pub const CERTIFICATE_RECORDS: Duration = Duration::from_secs(5);
/// `acm` certificate: from the DNS records' being there until it is issued.
pub const CERTIFICATE_ISSUING: Duration = Duration::from_secs(90);
/// `ec2` instance: `pending` to `running`.
pub const INSTANCE: Duration = Duration::from_secs(20);
/// `ec2` instance: `shutting-down` to `terminated`.
pub const INSTANCE_TERMINATION: Duration = Duration::from_secs(40);
/// `ecs` container instance: launch of the instance to its registration.
pub const INSTANCE_REGISTERS: Duration = Duration::from_secs(60);
/// `ecs` managed scaling: how long an instance without tasks stays.
pub const SCALE_IN: Duration = Duration::from_secs(900);
/// `autoscaling` group: how long the deletion of an empty one takes.
pub const AUTO_SCALING_GROUP: Duration = Duration::from_secs(10);
/// `ecs` capacity provider: `PROVISIONING` to `ACTIVE`, and `DEPROVISIONING` to `INACTIVE`.
pub const CAPACITY_PROVIDER: Duration = Duration::from_secs(10);
/// `vpc-lattice` service, target group or association: `CREATE_IN_PROGRESS` (`UPDATE_IN_PROGRESS`) to `ACTIVE`.
pub const LATTICE_CREATION: Duration = Duration::from_secs(10);
/// `vpc-lattice` service, target group or association: `DELETE_IN_PROGRESS` until it is gone.
pub const LATTICE_DELETION: Duration = Duration::from_secs(15);
/// `vpc-lattice` target: `DRAINING` until it is gone.
pub const LATTICE_DRAINING: Duration = Duration::from_secs(30);
/// `eks` cluster: `CREATING` to `ACTIVE`.
pub const EKS_CLUSTER: Duration = Duration::from_secs(9 * 60);
/// `eks` cluster: `DELETING` until it is gone.
pub const EKS_CLUSTER_DELETION: Duration = Duration::from_secs(150);
/// `eks` cluster: a new version of Kubernetes, `UPDATING` to `ACTIVE`.
pub const EKS_VERSION: Duration = Duration::from_secs(9 * 60);
/// `eks` cluster: subnets, security groups or access to the endpoint change.
pub const EKS_ENDPOINT: Duration = Duration::from_secs(4 * 60);
/// `eks` cluster: logging, Auto Mode, tier, components or hybrid networks change.
pub const EKS_CONFIG: Duration = Duration::from_secs(90);
/// `eks` cluster: what only EKS itself notes changes, such as deletion protection.
pub const EKS_NOTE: Duration = Duration::from_secs(10);
/// `eks` cluster: secrets are encrypted with a key, or an identity provider comes or goes.
pub const EKS_API_SERVER: Duration = Duration::from_secs(15 * 60);
/// `eks` node group: `CREATING` to `ACTIVE`.
pub const EKS_NODES: Duration = Duration::from_secs(150);
/// `eks` node group: `CREATING` to `CREATE_FAILED`, where its nodes cannot join.
pub const EKS_NODES_FAIL: Duration = Duration::from_secs(25 * 60);
/// `eks` node group: `DELETING` until it is gone.
pub const EKS_NODES_DELETION: Duration = Duration::from_secs(4 * 60);
/// `eks` node group: labels, taints, sizes and the like change.
pub const EKS_NODES_CONFIG: Duration = Duration::from_secs(30);
/// `eks` node group: all nodes are replaced.
pub const EKS_NODES_VERSION: Duration = Duration::from_secs(8 * 60);
/// `eks` add-on: `CREATING` to `ACTIVE`, and `UPDATING`.
pub const EKS_ADDON: Duration = Duration::from_secs(45);
/// `eks` add-on: `DELETING` until it is gone.
pub const EKS_ADDON_DELETION: Duration = Duration::from_secs(30);
/// `eks` Fargate profile: `CREATING` to `ACTIVE`.
pub const EKS_FARGATE: Duration = Duration::from_secs(80);
/// `eks` Fargate profile: `DELETING` until it is gone.
pub const EKS_FARGATE_DELETION: Duration = Duration::from_secs(100);
/// `eks` capability: `CREATING` to `ACTIVE`, `UPDATING`, `DELETING`.
pub const EKS_CAPABILITY: Duration = Duration::from_secs(120);
/// `eks` insights: how long a refresh takes.
pub const EKS_INSIGHTS: Duration = Duration::from_secs(60);
