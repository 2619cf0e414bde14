//! How a container runs: the keys that the main container and sidecars have in common.
//!
//! Which of them go where a task runs is not known here but in `check::settings`.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::container::AbsolutePath;
use crate::manifest::read::{
    Between, Read, Reader, Seconds, SecondsBetween, Text, choice, is_map, notation, record, whole,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// How a container runs.
    #[derive(Default)]
    pub struct Settings {
        /// Limits of the container's processes by name (`nofile`): one number, or `soft` and `hard`.
        ulimits: BTreeMap<String, Ulimit>,
        /// How many graphics cards the container gets; not on Fargate.
        gpu: Option<u32> as Option<Between<1, 16>>,
        /// Whether the container is root on its instance; not on Fargate.
        privileged: bool = false,
        /// Whether an init process forwards signals and reaps processes.
        init: bool = false,
        /// Time between the signal that asks the container to stop and the one that ends it; 30s when left out, at most 2m on Fargate.
        stop_timeout: Option<Duration> as Option<Seconds>,
        /// How long others that depend on this container wait for it, at most 2m on Fargate.
        start_timeout: Option<Duration> as Option<Seconds>,
        /// Whether the container is restarted in place when it ends: `true`, `false`, or a map.
        restart_policy: Option<RestartPolicy>,
        /// The user that it runs as, instead of the image's: `NAME`, `UID`, `UID:GID`.
        user: Option<String> as Option<Text>,
        /// Its working directory, instead of the image's.
        working_directory: Option<String> as Option<AbsolutePath>,
        /// Linux settings.
        linux: Linux = Linux::default(),
        /// Kernel parameters of its own by name, such as `net.core.somaxconn`.
        system_controls: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// More names for its `/etc/hosts`, each with an address; not on Fargate.
        extra_hosts: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// DNS servers and search domains, instead of the VPC's; not on Fargate.
        dns: Dns = Dns::default(),
        /// Its host name; not on Fargate.
        hostname: Option<String>,
        /// Whether its standard input stays open.
        interactive: bool = false,
        /// Whether it has a terminal.
        pseudo_terminal: bool = false,
        /// Whether the image's tag means the same image for all tasks of a deployment: `enabled` (when left out) or `disabled`.
        version_consistency: Option<VersionConsistency>,
    }
}

choice! {
    /// Whether a tag is resolved once per deployment.
    pub enum VersionConsistency {
        /// Once, so that all tasks run the same image.
        Enabled = "enabled",
        /// By each task.
        Disabled = "disabled",
    }
}

/// A limit of a container's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Ulimit {
    /// What applies.
    pub soft: i32,
    /// What it may be raised to.
    pub hard: i32,
}

record! {
    /// A limit in detail; -1 for none.
    pub(crate) struct UlimitMap {
        /// What applies.
        soft: i32 as Limit,
        /// What a process may raise it to.
        hard: i32 as Limit,
    }
}

notation! {
    /// A number of a limit.
    Limit as i32,
    { "type": "integer", "minimum": -1, "maximum": 2_147_483_647 },
    |node, reader| whole(node, reader, -1, i64::from(i32::MAX), "a number, or -1 for no limit")
}

impl JsonSchema for Ulimit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ulimit".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Limit>(generator), part::<UlimitMap>(generator)])
    }
}

impl Read for Ulimit {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return UlimitMap::read(node, reader)
                .map(|map| Self { soft: map.soft, hard: map.hard });
        }
        Limit::read(node, reader).map(|both| Self { soft: both, hard: both })
    }
}

/// Restarts of a container in place, without a new task.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RestartPolicy {
    /// Whether it is restarted.
    pub enabled: bool,
    /// Exit codes after which it is not.
    pub ignored_exit_codes: Vec<u32>,
    /// How long it must have run before it is restarted (again).
    pub reset_period: Duration,
}

/// What ECS takes where no period is given.
const RESET_PERIOD: Duration = Duration::from_secs(300);

record! {
    /// Restarts in place.
    pub(crate) struct RestartPolicyMap {
        /// Whether the container is restarted in place when it ends.
        enabled: bool = true,
        /// Exit codes after which it is not restarted.
        ignored_exit_codes: Vec<u32> as Vec<Between<0, 255>>,
        /// How long it must have run before it is restarted (again), 60s to 1800s.
        reset_period: Duration as SecondsBetween<60, 1800> = RESET_PERIOD,
    }
}

impl JsonSchema for RestartPolicy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RestartPolicy".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<bool>(generator), part::<RestartPolicyMap>(generator)])
    }
}

impl Read for RestartPolicy {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if is_map(node) {
            return RestartPolicyMap::read(node, reader).map(|map| Self {
                enabled: map.enabled,
                ignored_exit_codes: map.ignored_exit_codes,
                reset_period: map.reset_period,
            });
        }
        bool::read(node, reader).map(|enabled| Self {
            enabled,
            ignored_exit_codes: Vec::new(),
            reset_period: RESET_PERIOD,
        })
    }
}

record! {
    /// Linux settings of a container.
    #[derive(Default)]
    pub struct Linux {
        /// What the kernel lets it do.
        capabilities: Capabilities = Capabilities::default(),
        /// File systems in memory.
        tmpfs: Vec<Tmpfs>,
        /// MiB of `/dev/shm`; not on Fargate.
        shm_size: Option<u32> as Option<Mebibytes>,
        /// MiB of swap, 0 for none; not on Fargate.
        max_swap: Option<u32> as Option<Between<0, 2_147_483_647>>,
        /// How eagerly it is swapped out, 0 to 100; needs `max_swap`, and not on Fargate.
        swappiness: Option<u32> as Option<Between<0, 100>>,
        /// Devices of the host that the container gets; not on Fargate.
        devices: Vec<Device>,
    }
}

record! {
    /// A device of the host.
    pub struct Device {
        /// Where it is on the host: `/dev/fuse`.
        host_path: String as AbsolutePath,
        /// Where it appears in the container; the same when left out.
        container_path: Option<String> as Option<AbsolutePath>,
        /// What the container may do: `read`, `write` and `mknod`; all when left out.
        permissions: Vec<DevicePermission>,
    }
}

choice! {
    /// What a container may do with a device.
    pub enum DevicePermission {
        /// Read from it.
        Read = "read",
        /// Write to it.
        Write = "write",
        /// Make a device file for it.
        Mknod = "mknod",
    }
}

record! {
    /// Capabilities of the kernel, such as `SYS_PTRACE`.
    #[derive(Default)]
    pub struct Capabilities {
        /// What is added to Docker's own; on Fargate only `SYS_PTRACE`.
        add: Vec<String>,
        /// What is taken from Docker's own.
        drop: Vec<String>,
    }
}

record! {
    /// A file system in memory.
    pub struct Tmpfs {
        /// Where it appears in the container.
        path: String as AbsolutePath,
        /// Its size in MiB.
        size: u32 as Mebibytes,
        /// Mount options such as `ro` or `noexec`.
        options: Vec<String>,
    }
}

notation! {
    /// A size in MiB.
    Mebibytes as u32,
    { "type": "integer", "minimum": 1, "maximum": 2_147_483_647 },
    |node, reader| whole(node, reader, 1, i64::from(i32::MAX), "a size in MiB, at least 1")
}

record! {
    /// How a container looks up names.
    #[derive(Default)]
    pub struct Dns {
        /// Addresses of the servers.
        servers: Vec<String>,
        /// Domains to search.
        search: Vec<String>,
    }
}

choice! {
    /// Whose processes a container sees.
    pub enum PidMode {
        /// All of its task's.
        Task = "task",
        /// All of its host's.
        Host = "host",
    }
}

choice! {
    /// Whose shared memory and queues a container uses.
    pub enum IpcMode {
        /// Its task's.
        Task = "task",
        /// Its host's.
        Host = "host",
        /// Its own.
        None = "none",
    }
}
