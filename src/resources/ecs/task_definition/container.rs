//! A task definition's containers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Input;

/// One container. Empty lists and maps, `false` and `None` are what ECS means by "not given".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// The image, with a tag or digest.
    pub image: Input<String>,
    /// ARN of the secret with a private registry's credentials.
    pub repository_credentials: Option<String>,
    /// CPU units reserved; 0 for no reservation.
    pub cpu: i32,
    /// Hard limit of memory in MiB.
    pub memory: Option<i32>,
    /// Soft limit of memory in MiB.
    pub memory_reservation: Option<i32>,
    /// The task stops with it.
    pub essential: bool,
    /// Ports that can be reached from outside the task.
    pub port_mappings: Vec<PortMapping>,
    /// Variables by name.
    pub environment: BTreeMap<String, Input<String>>,
    /// ARNs of S3 objects with further variables.
    pub environment_files: Vec<String>,
    /// ARNs of SSM parameters or Secrets Manager secrets, by the variable that gets their value.
    pub secrets: BTreeMap<String, Input<String>>,
    /// Replaces the image's entry point.
    pub entry_point: Vec<String>,
    /// Replaces the image's command.
    pub command: Vec<String>,
    /// Replaces the image's working directory.
    pub working_directory: Option<String>,
    /// Replaces the image's user.
    pub user: Option<String>,
    /// Where output goes.
    pub log_configuration: Option<LogConfiguration>,
    /// Fluentd or Fluent Bit runs here and routes the other containers' output.
    pub firelens: Option<Firelens>,
    /// ECS's own check, in the container.
    pub health_check: Option<HealthCheck>,
    /// What must have happened to other containers first (`START`, `COMPLETE`, `SUCCESS`, `HEALTHY`), by name.
    pub depends_on: BTreeMap<String, String>,
    /// Seconds until a dependency counts as failed; ECS's default if none.
    pub start_timeout: Option<i32>,
    /// Seconds between SIGTERM and SIGKILL, on Fargate at most 120; ECS's default of 30 if none.
    pub stop_timeout: Option<i32>,
    /// Whether it is restarted in place.
    pub restart_policy: Option<RestartPolicy>,
    /// Volumes and where they are mounted.
    pub mount_points: Vec<MountPoint>,
    /// Containers whose volumes are mounted here too.
    pub volumes_from: Vec<VolumesFrom>,
    /// The root file system cannot be written.
    pub readonly_root_filesystem: bool,
    /// Root on the host (EC2).
    pub privileged: bool,
    /// Standard input stays open.
    pub interactive: bool,
    /// It has a terminal.
    pub pseudo_terminal: bool,
    /// Docker's labels.
    pub docker_labels: BTreeMap<String, String>,
    /// Limits by name (`nofile`).
    pub ulimits: BTreeMap<String, Ulimit>,
    /// Kernel parameters by name.
    pub system_controls: BTreeMap<String, String>,
    /// Linux settings.
    pub linux_parameters: LinuxParameters,
    /// GPUs and accelerators.
    pub resource_requirements: Vec<ResourceRequirement>,
    /// The image's tag is resolved to a digest once per deployment (`enabled`), or by every task (`disabled`).
    pub version_consistency: String,
    /// Its host name (not with `awsvpc`).
    pub hostname: Option<String>,
    /// Networking is off (not with `awsvpc`).
    pub disable_networking: bool,
    /// DNS servers (not with `awsvpc`).
    pub dns_servers: Vec<String>,
    /// DNS search domains (not with `awsvpc`).
    pub dns_search_domains: Vec<String>,
    /// Addresses by host name for `/etc/hosts` (not with `awsvpc`).
    pub extra_hosts: BTreeMap<String, String>,
    /// Links to other containers (`bridge` only).
    pub links: Vec<String>,
    /// SELinux and AppArmor options (EC2).
    pub docker_security_options: Vec<String>,
    /// Active Directory credential specifications.
    pub credential_specs: Vec<String>,
}

impl Default for Container {
    /// An essential container with no image yet.
    fn default() -> Self {
        Self {
            image: Input::Known(String::new()),
            repository_credentials: None,
            cpu: 0,
            memory: None,
            memory_reservation: None,
            essential: true,
            port_mappings: Vec::new(),
            environment: BTreeMap::new(),
            environment_files: Vec::new(),
            secrets: BTreeMap::new(),
            entry_point: Vec::new(),
            command: Vec::new(),
            working_directory: None,
            user: None,
            log_configuration: None,
            firelens: None,
            health_check: None,
            depends_on: BTreeMap::new(),
            start_timeout: None,
            stop_timeout: None,
            restart_policy: None,
            mount_points: Vec::new(),
            volumes_from: Vec::new(),
            readonly_root_filesystem: false,
            privileged: false,
            interactive: false,
            pseudo_terminal: false,
            docker_labels: BTreeMap::new(),
            ulimits: BTreeMap::new(),
            system_controls: BTreeMap::new(),
            linux_parameters: LinuxParameters::default(),
            resource_requirements: Vec::new(),
            version_consistency: "enabled".to_owned(),
            hostname: None,
            disable_networking: false,
            dns_servers: Vec::new(),
            dns_search_domains: Vec::new(),
            extra_hosts: BTreeMap::new(),
            links: Vec::new(),
            docker_security_options: Vec::new(),
            credential_specs: Vec::new(),
        }
    }
}

/// One port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortMapping {
    /// The port in the container.
    pub container_port: i32,
    /// The port on the host: the container's own with `awsvpc`, 0 for any with `bridge`.
    pub host_port: i32,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Service Connect knows it by this name.
    pub name: Option<String>,
    /// What Service Connect may expect: `http`, `http2` or `grpc`; none for plain TCP.
    pub app_protocol: Option<String>,
}

impl PortMapping {
    /// A TCP port, the same on both sides.
    pub fn tcp(port: i32) -> Self {
        Self {
            container_port: port,
            host_port: port,
            protocol: "tcp".to_owned(),
            name: None,
            app_protocol: None,
        }
    }
}

/// Where a container's output goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogConfiguration {
    /// `awslogs`, `awsfirelens`, `splunk`, or one of Docker's.
    pub driver: String,
    /// The driver's options; `awslogs-group` may be a log group's name.
    pub options: BTreeMap<String, Input<String>>,
    /// Options whose values are secrets: ARNs by option.
    pub secret_options: BTreeMap<String, Input<String>>,
}

/// A log router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Firelens {
    /// `fluentbit` or `fluentd`.
    pub router: String,
    /// `enable-ecs-log-metadata`, `config-file-type`, `config-file-value`.
    pub options: BTreeMap<String, String>,
}

/// A check that ECS runs in the container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `CMD` or `CMD-SHELL` first, then the command.
    pub command: Vec<String>,
    /// Seconds between checks, 5 to 300.
    pub interval: i32,
    /// Seconds until a check counts as failed, 2 to 60.
    pub timeout: i32,
    /// How many failures make it unhealthy, 1 to 10.
    pub retries: i32,
    /// Seconds at the start in which failures do not count, 0 to 300.
    pub start_period: i32,
}

impl HealthCheck {
    /// A command with ECS's own defaults.
    pub fn new(command: Vec<String>) -> Self {
        Self { command, interval: 30, timeout: 5, retries: 3, start_period: 0 }
    }
}

/// Restarts in place, without a new task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestartPolicy {
    /// Whether it is restarted.
    pub enabled: bool,
    /// Exit codes after which it is not; at most 50.
    pub ignored_exit_codes: Vec<i32>,
    /// How many seconds it must have run before it is restarted, 60 to 1800; 300 by default.
    pub attempt_period: i32,
}

/// A volume in a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MountPoint {
    /// The volume's name.
    pub source_volume: String,
    /// Where it is mounted.
    pub container_path: String,
    /// It cannot be written.
    pub read_only: bool,
}

/// Another container's volumes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct VolumesFrom {
    /// The other container.
    pub source_container: String,
    /// They cannot be written.
    pub read_only: bool,
}

/// A resource limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ulimit {
    /// What applies.
    pub soft: i32,
    /// What it may be raised to.
    pub hard: i32,
}

/// Linux settings; the default is none of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinuxParameters {
    /// An init process forwards signals and reaps processes.
    pub init_process_enabled: bool,
    /// Capabilities beyond Docker's; on Fargate only `SYS_PTRACE`.
    pub add_capabilities: Vec<String>,
    /// Capabilities taken away.
    pub drop_capabilities: Vec<String>,
    /// Size of `/dev/shm` in MiB (EC2).
    pub shared_memory_size: Option<i32>,
    /// Swap in MiB (EC2).
    pub max_swap: Option<i32>,
    /// 0 to 100 (EC2).
    pub swappiness: Option<i32>,
    /// File systems in memory (EC2).
    pub tmpfs: Vec<Tmpfs>,
    /// Devices of the host (EC2).
    pub devices: Vec<Device>,
}

/// A file system in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tmpfs {
    /// Where it is mounted.
    pub container_path: String,
    /// Size in MiB.
    pub size: i32,
    /// `ro`, `noexec` and so on.
    pub mount_options: Vec<String>,
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Device {
    /// Its path on the host.
    pub host_path: String,
    /// Its path in the container.
    pub container_path: String,
    /// `read`, `write`, `mknod`, sorted.
    pub permissions: Vec<String>,
}

/// A GPU or accelerator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceRequirement {
    /// `GPU`, `InferenceAccelerator` or `NeuronDevice`.
    pub resource: String,
    /// How many, or which.
    pub value: String,
}
