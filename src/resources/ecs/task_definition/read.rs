//! From the SDK's types to the document, with every default of ECS spelt out.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types::{
    ContainerDefinition, LinuxParameters as SdkLinuxParameters,
    LogConfiguration as SdkLogConfiguration, NetworkMode, PortMapping as SdkPortMapping,
    TaskDefinition as SdkTaskDefinition,
};

use super::container::{
    Container, Device, Firelens, HealthCheck, LinuxParameters, LogConfiguration, MountPoint,
    PortMapping, ResourceRequirement, RestartPolicy, Tmpfs, Ulimit, VolumesFrom,
};
use super::{Proxy, TaskDefinition, volume};
use crate::engine::Input;
use crate::resources::ecs::convert::{given, known, secrets_from_sdk, sorted};
use crate::resources::resource::Tags;

/// Fargate's scratch space in GiB where none is asked for.
const EPHEMERAL_STORAGE: i32 = 20;

fn tree_map(map: Option<&HashMap<String, String>>) -> BTreeMap<String, String> {
    map.map(|map| map.clone().into_iter().collect()).unwrap_or_default()
}

fn in_order<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

pub(super) fn spec(from: &SdkTaskDefinition, tags: Tags) -> TaskDefinition {
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok());
    let platform = from.runtime_platform();
    let awsvpc = from.network_mode() == Some(&NetworkMode::Awsvpc);
    TaskDefinition {
        cpu: number(from.cpu()),
        memory: number(from.memory()),
        network_mode: from.network_mode().map_or("bridge", NetworkMode::as_str).to_owned(),
        requires_compatibilities: in_order(
            from.requires_compatibilities().iter().map(|one| one.as_str().to_owned()),
        ),
        cpu_architecture: platform
            .and_then(|platform| platform.cpu_architecture())
            .map_or("X86_64", |one| one.as_str())
            .to_owned(),
        operating_system: platform
            .and_then(|platform| platform.operating_system_family())
            .map_or("LINUX", |one| one.as_str())
            .to_owned(),
        execution_role: known(from.execution_role_arn()),
        task_role: known(from.task_role_arn()),
        ephemeral_storage: from
            .ephemeral_storage()
            .map_or(EPHEMERAL_STORAGE, |storage| storage.size_in_gib()),
        pid_mode: given(from.pid_mode().map(|mode| mode.as_str())),
        ipc_mode: given(from.ipc_mode().map(|mode| mode.as_str())),
        enable_fault_injection: from.enable_fault_injection().unwrap_or_default(),
        placement_constraints: in_order(
            from.placement_constraints()
                .iter()
                .map(|one| one.expression().unwrap_or_default().to_owned()),
        ),
        proxy: from.proxy_configuration().map(|proxy| Proxy {
            container: proxy.container_name().to_owned(),
            properties: proxy
                .properties()
                .iter()
                .map(|pair| (owned(pair.name()), owned(pair.value())))
                .collect(),
        }),
        volumes: from
            .volumes()
            .iter()
            .map(|one| (owned(one.name()), volume::from_sdk(one)))
            .collect(),
        containers: from
            .container_definitions()
            .iter()
            .map(|one| (owned(one.name()), container(one, awsvpc)))
            .collect(),
        tags,
    }
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn container(from: &ContainerDefinition, awsvpc: bool) -> Container {
    Container {
        image: owned(from.image()).into(),
        repository_credentials: from
            .repository_credentials()
            .map(|one| one.credentials_parameter().to_owned()),
        cpu: from.cpu(),
        memory: from.memory(),
        memory_reservation: from.memory_reservation(),
        essential: from.essential().unwrap_or(true),
        port_mappings: in_order(from.port_mappings().iter().map(|one| port_mapping(one, awsvpc))),
        environment: from
            .environment()
            .iter()
            .map(|pair| (owned(pair.name()), Input::Known(owned(pair.value()))))
            .collect(),
        environment_files: from
            .environment_files()
            .iter()
            .map(|file| file.value().to_owned())
            .collect(),
        secrets: secrets_from_sdk(from.secrets()),
        entry_point: from.entry_point().to_vec(),
        command: from.command().to_vec(),
        working_directory: given(from.working_directory()),
        user: given(from.user()),
        log_configuration: from.log_configuration().map(log),
        firelens: from.firelens_configuration().map(|one| Firelens {
            router: one.r#type().as_str().to_owned(),
            options: tree_map(one.options()),
        }),
        health_check: from.health_check().filter(|one| !one.command().is_empty()).map(|one| {
            HealthCheck {
                command: one.command().to_vec(),
                interval: one.interval().unwrap_or(30),
                timeout: one.timeout().unwrap_or(5),
                retries: one.retries().unwrap_or(3),
                start_period: one.start_period().unwrap_or_default(),
            }
        }),
        depends_on: from
            .depends_on()
            .iter()
            .map(|one| (one.container_name().to_owned(), one.condition().as_str().to_owned()))
            .collect(),
        start_timeout: from.start_timeout(),
        stop_timeout: from.stop_timeout(),
        restart_policy: from.restart_policy().map(|one| RestartPolicy {
            enabled: one.enabled(),
            ignored_exit_codes: sorted(one.ignored_exit_codes()),
            attempt_period: one.restart_attempt_period().unwrap_or(300),
        }),
        mount_points: in_order(from.mount_points().iter().map(|one| MountPoint {
            source_volume: owned(one.source_volume()),
            container_path: owned(one.container_path()),
            read_only: one.read_only().unwrap_or_default(),
        })),
        volumes_from: in_order(from.volumes_from().iter().map(|one| VolumesFrom {
            source_container: owned(one.source_container()),
            read_only: one.read_only().unwrap_or_default(),
        })),
        readonly_root_filesystem: from.readonly_root_filesystem().unwrap_or_default(),
        privileged: from.privileged().unwrap_or_default(),
        interactive: from.interactive().unwrap_or_default(),
        pseudo_terminal: from.pseudo_terminal().unwrap_or_default(),
        docker_labels: tree_map(from.docker_labels()),
        ulimits: from
            .ulimits()
            .iter()
            .map(|one| {
                let limit = Ulimit { soft: one.soft_limit(), hard: one.hard_limit() };
                (one.name().as_str().to_owned(), limit)
            })
            .collect(),
        system_controls: from
            .system_controls()
            .iter()
            .map(|one| (owned(one.namespace()), owned(one.value())))
            .collect(),
        linux_parameters: from.linux_parameters().map(linux_parameters).unwrap_or_default(),
        resource_requirements: in_order(from.resource_requirements().iter().map(|one| {
            ResourceRequirement {
                resource: one.r#type().as_str().to_owned(),
                value: one.value().to_owned(),
            }
        })),
        version_consistency: from
            .version_consistency()
            .map_or("enabled", |one| one.as_str())
            .to_owned(),
        hostname: given(from.hostname()),
        disable_networking: from.disable_networking().unwrap_or_default(),
        dns_servers: from.dns_servers().to_vec(),
        dns_search_domains: from.dns_search_domains().to_vec(),
        extra_hosts: from
            .extra_hosts()
            .iter()
            .map(|one| (one.hostname().to_owned(), one.ip_address().to_owned()))
            .collect(),
        links: from.links().to_vec(),
        docker_security_options: sorted(from.docker_security_options()),
        credential_specs: from.credential_specs().to_vec(),
    }
}

/// With `awsvpc` ECS fills in the container's port as the host's; an emulator may not.
fn port_mapping(from: &SdkPortMapping, awsvpc: bool) -> PortMapping {
    let container_port = from.container_port().unwrap_or_default();
    let host_port = from.host_port().filter(|port| *port != 0 || !awsvpc);
    PortMapping {
        container_port,
        host_port: host_port.unwrap_or(if awsvpc { container_port } else { 0 }),
        protocol: from.protocol().map_or("tcp", |one| one.as_str()).to_owned(),
        name: given(from.name()),
        app_protocol: given(from.app_protocol().map(|one| one.as_str())),
    }
}

/// Also the configuration of Service Connect's proxy.
pub(in crate::resources::ecs) fn log(from: &SdkLogConfiguration) -> LogConfiguration {
    LogConfiguration {
        driver: from.log_driver().as_str().to_owned(),
        options: tree_map(from.options())
            .into_iter()
            .map(|(name, value)| (name, Input::Known(value)))
            .collect(),
        secret_options: secrets_from_sdk(from.secret_options()),
    }
}

fn linux_parameters(from: &SdkLinuxParameters) -> LinuxParameters {
    let capabilities = from.capabilities();
    LinuxParameters {
        init_process_enabled: from.init_process_enabled().unwrap_or_default(),
        add_capabilities: capabilities.map(|one| sorted(one.add())).unwrap_or_default(),
        drop_capabilities: capabilities.map(|one| sorted(one.drop())).unwrap_or_default(),
        shared_memory_size: from.shared_memory_size(),
        max_swap: from.max_swap(),
        swappiness: from.swappiness(),
        tmpfs: in_order(from.tmpfs().iter().map(|one| Tmpfs {
            container_path: one.container_path().to_owned(),
            size: one.size(),
            mount_options: one.mount_options().to_vec(),
        })),
        devices: in_order(from.devices().iter().map(|one| Device {
            host_path: one.host_path().to_owned(),
            container_path:
                given(one.container_path()).unwrap_or_else(|| one.host_path().to_owned()),
            permissions: in_order(one.permissions().iter().map(|p| p.as_str().to_owned())),
        })),
    }
}
