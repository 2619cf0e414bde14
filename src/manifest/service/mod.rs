//! `kind: service`: containers that run all the time, and how they are reached.

mod build;
mod capacity;
mod connect;
mod container;
mod count;
mod cron;
mod crontab;
mod deployment;
mod discovery;
mod http;
mod iam;
mod job;
mod kubernetes;
mod logging;
mod messaging;
mod network;
mod nlb;
mod rollback;
mod settings;
mod steps;
mod storage;

use std::collections::BTreeMap;

pub use build::{Build, Source};
pub use capacity::{
    Constraint, NetworkMode, Resource, Runs, ServiceCapacity, Share, Strategy, TaskPlacement,
};
pub use connect::{
    AccessLogFormat, AppProtocol, Connect, ConnectAccessLogs, ConnectAlias, ConnectLogging,
    ConnectMap, ConnectPort, ConnectTimeouts, ConnectTls, Endpoint, LogDriver, ProxyLogLevel,
    TestHeader,
};
pub use container::{
    Condition, ContainerHealthCheck, Image, MountPoint, PortProtocol, Secret, Sidecar, SidecarPort,
};
pub(crate) use count::CountMap;
pub use count::{Autoscaling, Bounds, Cooldown, Count, Target};
pub use crontab::crontab;
pub use deployment::{
    CircuitBreaker, Deployment, EarlySuccess, Failures, Hook, Hooks, OnTimeout, Rolling, Rollout,
    TestTraffic,
};
pub use discovery::{
    CheckProtocol, DiscoveryHealthCheck, RecordKind, Route53Check, RoutingPolicy, ServiceDiscovery,
    ServiceDiscoveryMap,
};
pub use http::{
    Alias, Http, HttpHealthCheck, HttpVersion, Place, RedirectCode, RedirectRule, Rule,
};
pub use iam::{Iam, OwnRole, RoleSource};
pub(crate) use iam::{PolicyDocument, PolicyName, RoleArn, is_policy_name};
pub use job::{JobDeadLetter, On, Timeout};
pub use kubernetes::{
    Account, Claim, DisruptionBudget, Effect, ServiceKubernetes, Toleration, TopologySpread,
    after_main, spread_by,
};
pub use logging::{COLLECTOR, LOG_ROUTER, ServiceLogging, ServiceObservability, Tracing};
pub use messaging::{
    DeadLetter, DeduplicationScope, Publish, PublishedTopic, Queue, QueueFifo, Subscribe,
    Subscription, ThroughputLimit, TopicFifo,
};
pub use network::{Placement, SecurityGroups, ServiceNetwork, ServiceVpc, Tagged};
pub use nlb::{Nlb, NlbHealthCheck, NlbListener, NlbPort, NlbProtocol};
pub use rollback::RollbackAlarms;
pub use settings::{
    Capabilities, Device, DevicePermission, Dns, IpcMode, Linux, PidMode, RestartPolicy, Settings,
    Tmpfs, Ulimit, VersionConsistency,
};
pub use steps::{
    Adjustment, Aggregation, AnyMetric, ChangeIn, OwnMetric, Schedule, StepMetric, Steps,
};
pub use storage::{Ebs, EbsFilesystem, EbsType, Efs, Storage, Volume};

use super::env_file::EnvFile;
use super::mesh::{MeshOrNot, ServiceMesh};
use super::patch::{Patch, TaskDefinitionOverride};
use super::read::{Between, Name, Text, choice, notation, record};
use super::read::{Read, Reader, is_map, whole};
use super::schema::{either, part};
use super::yaml::Node;
use container::{Command, SecretSource};
use job::TimeoutText;
use schemars::{JsonSchema, Schema, SchemaGenerator};

choice! {
    /// Which kind of manifest this is.
    pub enum ServiceKind {
        /// Anything that runs containers, jobs among it.
        Service = "service",
        /// A `Scheduled Job`.
        Job = "job",
    }
}

choice! {
    /// How a service is reached.
    pub enum ServiceType {
        /// From the internet, through the environment's public load balancer.
        LoadBalancedWebService = "Load Balanced Web Service",
        /// From other services only: by name, or through the internal load balancer.
        BackendService = "Backend Service",
        /// By messages in a queue of its own.
        WorkerService = "Worker Service",
        /// By nothing: it runs at set times and ends.
        ScheduledJob = "Scheduled Job",
    }
}

/// A service, before it is looked at in an environment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// How it is reached.
    pub service_type: ServiceType,
    /// The name it had before.
    pub formerly: Option<String>,
    /// Its file, relative to the workspace's root.
    pub file: String,
}

/// Keys that say which service it is, and so cannot differ between environments.
pub(crate) const IDENTITY: &[&str] = &["kind", "name", "type", "formerly", "environments"];

record! {
    /// A service: containers that run all the time.
    pub struct ServiceFile {
        ..=settings: Settings,
        /// `service`, or `job` for a `Scheduled Job`.
        kind: ServiceKind,
        /// The service's name, the same as the file's.
        name: String as Name,
        /// How the service is reached.
        "type" service_type: ServiceType,
        /// The name this service had before, so that a rename is no delete and create.
        formerly: Option<String> as Option<Name>,
        /// The main container's image.
        image: Image,
        /// Replaces the image's entry point: a list, or one line with shell quotes.
        entrypoint: Option<Vec<String>> as Option<Command>,
        /// Replaces the image's command: a list, or one line with shell quotes.
        command: Option<Vec<String>> as Option<Command>,
        /// How requests from the load balancer reach the service; `false` for not at all.
        http: Option<Http> as HttpOrNot,
        /// A network load balancer of the service's own, for TCP, UDP and TLS.
        nlb: Option<Nlb>,
        /// CPU units of a task: 1024 are one virtual CPU.
        cpu: u32 as Cpu = 256,
        /// Memory of a task in MiB. Which amounts there are depends on `cpu`.
        memory: u32 as Memory = 512,
        /// What the containers are built for: `linux/x86_64`, `linux/arm64`, `windows/x86_64`, or a map.
        platform: Platform as PlatformShape = Platform::LinuxX86,
        /// What the tasks run on: `fargate`, `fargate-spot`, `external`, capacity of the environment's by name, or a list with shares.
        capacity: Option<ServiceCapacity>,
        /// Where on instances tasks are placed; not on Fargate.
        placement: TaskPlacement = TaskPlacement::default(),
        /// How many tasks run: a number, or a map for Fargate Spot and autoscaling.
        count: Count = Count::default(),
        /// Whether a shell may be opened in running containers (ECS Exec).
        exec: bool as Exec = false,
        /// A file of environment variables of the main container, below `variables`: a path from the workspace's root, or `s3://BUCKET/KEY.env`.
        env_file: Option<String> as Option<EnvFile>,
        /// Environment variables of the main container.
        variables: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Environment variables whose values ECS takes from SSM or Secrets Manager when a task starts.
        secrets: BTreeMap<String, Secret> as BTreeMap<String, SecretSource>,
        /// What the service sends.
        publish: Publish = Publish::default(),
        /// What a `Worker Service` receives.
        subscribe: Subscribe = Subscribe::default(),
        /// When a `Scheduled Job` runs.
        on: Option<On>,
        /// How long a run of a `Scheduled Job` may take, 1s to 336h. A second container, which ends the task with exit code
        /// 124, keeps the time.
        timeout: Option<Timeout> as Option<TimeoutText>,
        /// How often AWS tries again to start a run of a `Scheduled Job`, where starting failed. A run whose containers fail is
        /// not run again: ECS knows nothing that would.
        retries: u32 as Between<0, 185> = 0,
        /// More containers in each task, by name.
        sidecars: BTreeMap<String, Sidecar>,
        /// Where the tasks stand in the network.
        network: ServiceNetwork = ServiceNetwork::default(),
        /// The service's part in the environment's mesh; `false` stays out.
        mesh: Option<ServiceMesh> as MeshOrNot = Some(ServiceMesh::default()),
        /// Its name in the environment's namespace (Cloud Map); `false` for none.
        discovery: ServiceDiscovery = ServiceDiscovery::default(),
        /// Disks of a task.
        storage: Storage = Storage::default(),
        /// What becomes of the output.
        logging: ServiceLogging = ServiceLogging::default(),
        /// How a new version replaces the old one.
        deployment: Deployment = Deployment::default(),
        /// What is measured.
        observability: ServiceObservability = ServiceObservability::default(),
        /// What the tasks may do in AWS.
        iam: Iam = Iam::default(),
        /// Whose processes the containers see: `task`, or `host` (not on Fargate); each its own when left out.
        pid_mode: Option<PidMode>,
        /// Whose shared memory and queues the containers use: `task`, `host` or `none`; not on Fargate.
        ipc_mode: Option<IpcMode>,
        /// Whether the containers may ask AWS for faults to be injected into their network.
        fault_injection: bool = false,
        /// What only Kubernetes knows of the service; below `environments.NAME` of an environment on EKS.
        kubernetes: ServiceKubernetes = ServiceKubernetes::default(),
        /// Changes of the task definition in CloudFormation's words, as Copilot has them; `patches` can do more.
        taskdef_overrides: Vec<TaskDefinitionOverride>,
        /// Changes of planned resources of the service, for what has no key.
        patches: Vec<Patch>,
    }
}

/// A service as it is in one environment: its manifest with `environments.<name>` laid over it,
/// every default filled in and every check passed.
pub type ServiceManifest = ServiceFile;

/// `http: false`, or a map.
#[derive(Debug)]
pub(crate) struct HttpOrNot;

impl JsonSchema for HttpOrNot {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HttpOrNot".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([schemars::json_schema!({ "const": false }), part::<Http>(generator)])
    }
}

impl Read for HttpOrNot {
    type Value = Option<Http>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Option<Http>> {
        match node.text() {
            Some("false") => Some(None),
            Some(_) => reader.wrong(node, "a map with at least `path`, or `false`"),
            None => Http::read(node, reader).map(Some),
        }
    }

    fn absent() -> Option<Option<Http>> {
        Some(None)
    }
}

/// What containers are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Platform {
    /// Linux on 64-bit Intel and AMD.
    #[serde(rename = "linux/x86_64")]
    LinuxX86,
    /// Linux on 64-bit ARM (Graviton).
    #[serde(rename = "linux/arm64")]
    LinuxArm64,
    /// Windows Server 2019 Core.
    #[serde(rename = "windows_server_2019_core")]
    Windows2019Core,
    /// Windows Server 2019 Full.
    #[serde(rename = "windows_server_2019_full")]
    Windows2019Full,
    /// Windows Server 2022 Core.
    #[serde(rename = "windows_server_2022_core")]
    Windows2022Core,
    /// Windows Server 2022 Full.
    #[serde(rename = "windows_server_2022_full")]
    Windows2022Full,
}

impl Platform {
    /// Is it Windows?
    pub fn is_windows(self) -> bool {
        self.system() != "LINUX"
    }

    /// What images for it are for, as registries write it.
    pub fn of_images(self) -> &'static str {
        match self {
            Self::LinuxX86 => "linux/amd64",
            Self::LinuxArm64 => "linux/arm64",
            _ => "windows/amd64",
        }
    }

    /// The operating system, as ECS calls it.
    pub fn system(self) -> &'static str {
        match self {
            Self::LinuxX86 | Self::LinuxArm64 => "LINUX",
            Self::Windows2019Core => "WINDOWS_SERVER_2019_CORE",
            Self::Windows2019Full => "WINDOWS_SERVER_2019_FULL",
            Self::Windows2022Core => "WINDOWS_SERVER_2022_CORE",
            Self::Windows2022Full => "WINDOWS_SERVER_2022_FULL",
        }
    }
}

choice! {
    /// What the containers are built for.
    pub(crate) enum PlatformWord {
        /// 64-bit Intel and AMD.
        X86_64 = "linux/x86_64" | "linux/amd64",
        /// 64-bit ARM (Graviton).
        Arm64 = "linux/arm64",
        /// Windows Server 2019 Core.
        Windows = "windows/x86_64" | "windows/amd64",
    }
}

choice! {
    /// The operating system.
    pub(crate) enum OsFamily {
        /// Linux.
        Linux = "linux",
        /// Windows Server 2019 Core.
        Windows2019Core = "windows_server_2019_core",
        /// Windows Server 2019 Full.
        Windows2019Full = "windows_server_2019_full",
        /// Windows Server 2022 Core.
        Windows2022Core = "windows_server_2022_core",
        /// Windows Server 2022 Full.
        Windows2022Full = "windows_server_2022_full",
    }
}

choice! {
    /// The processor.
    pub(crate) enum ArchitectureWord {
        /// 64-bit Intel and AMD.
        X86_64 = "x86_64" | "amd64",
        /// 64-bit ARM (Graviton).
        Arm64 = "arm64",
    }
}

record! {
    /// What the containers are built for.
    pub(crate) struct PlatformMap {
        /// The operating system.
        osfamily: OsFamily = OsFamily::Linux,
        /// The processor.
        architecture: ArchitectureWord = ArchitectureWord::X86_64,
    }
}

/// `platform`: one word, or a map.
#[derive(Debug)]
pub(crate) struct PlatformShape;

impl JsonSchema for PlatformShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Platform".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<PlatformWord>(generator), part::<PlatformMap>(generator)])
    }
}

impl Read for PlatformShape {
    type Value = Platform;

    fn read(node: &Node, reader: &mut Reader) -> Option<Platform> {
        if is_map(node) {
            let map = PlatformMap::read(node, reader)?;
            return Some(match (map.osfamily, map.architecture) {
                (OsFamily::Linux, ArchitectureWord::X86_64) => Platform::LinuxX86,
                (OsFamily::Linux, ArchitectureWord::Arm64) => Platform::LinuxArm64,
                (_, ArchitectureWord::Arm64) => {
                    let place = node.get("architecture").map_or(node.span, |one| one.node.span);
                    reader.error(place, "Windows containers do not run on ARM").help =
                        Some("write `architecture: x86_64`".to_owned());
                    return None;
                }
                (OsFamily::Windows2019Core, _) => Platform::Windows2019Core,
                (OsFamily::Windows2019Full, _) => Platform::Windows2019Full,
                (OsFamily::Windows2022Core, _) => Platform::Windows2022Core,
                (OsFamily::Windows2022Full, _) => Platform::Windows2022Full,
            });
        }
        PlatformWord::read(node, reader).map(|word| match word {
            PlatformWord::X86_64 => Platform::LinuxX86,
            PlatformWord::Arm64 => Platform::LinuxArm64,
            PlatformWord::Windows => Platform::Windows2019Core,
        })
    }
}

record! {
    /// ECS Exec.
    pub(crate) struct ExecMap {
        /// Whether a shell may be opened in running containers.
        enable: bool = false,
    }
}

/// `exec: true`, or `{enable: true}`.
#[derive(Debug)]
pub(crate) struct Exec;

impl JsonSchema for Exec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Exec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<ExecMap>(generator)])
    }
}

impl Read for Exec {
    type Value = bool;

    fn read(node: &Node, reader: &mut Reader) -> Option<bool> {
        if is_map(node) {
            ExecMap::read(node, reader).map(|map| map.enable)
        } else {
            bool::read(node, reader)
        }
    }
}

notation! {
    /// CPU units; on Fargate some amounts only.
    Cpu as u32,
    { "type": "integer", "minimum": 1, "maximum": 196_608, "examples": [256, 512, 1024] },
    |node, reader| whole(node, reader, 1, i64::from(i32::MAX), "a number of CPU units: 1024 are one virtual CPU")
}

notation! {
    /// MiB of memory; which amounts there are depends on the CPU units.
    Memory as u32,
    { "type": "integer", "minimum": 1 },
    |node, reader| whole(node, reader, 1, i64::from(u32::MAX), "memory in MiB: 512, 1024, 2048, ...")
}
