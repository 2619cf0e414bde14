//! How a container runs, from the manifest's keys to the task definition's fields.

use super::task::{integer, seconds};
use crate::manifest::service::{Settings, VersionConsistency};
use crate::resources::ecs::task_definition::container::{
    Container, Device, LinuxParameters, ResourceRequirement, RestartPolicy, Tmpfs, Ulimit,
};

/// A container that runs as the settings say.
pub(super) fn apply(container: Container, settings: &Settings) -> Container {
    Container {
        privileged: settings.privileged,
        resource_requirements: settings
            .gpu
            .map(|count| ResourceRequirement {
                resource: "GPU".to_owned(),
                value: count.to_string(),
            })
            .into_iter()
            .collect(),
        ulimits: settings
            .ulimits
            .iter()
            .map(|(name, limit)| (name.clone(), Ulimit { soft: limit.soft, hard: limit.hard }))
            .collect(),
        stop_timeout: settings.stop_timeout.map(seconds),
        start_timeout: settings.start_timeout.map(seconds),
        restart_policy: settings.restart_policy.as_ref().filter(|policy| policy.enabled).map(
            |policy| RestartPolicy {
                enabled: policy.enabled,
                ignored_exit_codes: sorted(
                    policy.ignored_exit_codes.iter().map(|code| integer(*code)),
                ),
                attempt_period: seconds(policy.reset_period),
            },
        ),
        user: settings.user.clone(),
        working_directory: settings.working_directory.clone(),
        linux_parameters: linux(settings),
        system_controls: settings.system_controls.clone(),
        extra_hosts: settings.extra_hosts.clone(),
        dns_servers: settings.dns.servers.clone(),
        dns_search_domains: settings.dns.search.clone(),
        hostname: settings.hostname.clone(),
        interactive: settings.interactive,
        pseudo_terminal: settings.pseudo_terminal,
        version_consistency: settings
            .version_consistency
            .unwrap_or(VersionConsistency::Enabled)
            .to_string(),
        ..container
    }
}

fn linux(settings: &Settings) -> LinuxParameters {
    let linux = &settings.linux;
    LinuxParameters {
        init_process_enabled: settings.init,
        add_capabilities: sorted(linux.capabilities.add.iter().cloned()),
        drop_capabilities: sorted(linux.capabilities.drop.iter().cloned()),
        shared_memory_size: linux.shm_size.map(integer),
        max_swap: linux.max_swap.map(integer),
        swappiness: linux.swappiness.map(integer),
        tmpfs: sorted(linux.tmpfs.iter().map(|disk| Tmpfs {
            container_path: disk.path.clone(),
            size: integer(disk.size),
            mount_options: disk.options.clone(),
        })),
        devices: sorted(linux.devices.iter().map(|device| Device {
            host_path: device.host_path.clone(),
            container_path: device.container_path.as_ref().unwrap_or(&device.host_path).clone(),
            permissions: match device.permissions.is_empty() {
                true => ["mknod", "read", "write"].map(str::to_owned).into(),
                false => sorted(device.permissions.iter().map(ToString::to_string)),
            },
        })),
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items.dedup();
    items
}
