//! From the document to the SDK's types. What is empty is left out, as ECS keeps what it is given.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types::{
    ContainerDefinition, ContainerDependency, ContainerRestartPolicy, Device as SdkDevice,
    EnvironmentFile, EnvironmentFileType, FirelensConfiguration, HealthCheck as SdkHealthCheck,
    HostEntry, KernelCapabilities, KeyValuePair, LinuxParameters as SdkLinuxParameters,
    LogConfiguration as SdkLogConfiguration, MountPoint as SdkMountPoint,
    PortMapping as SdkPortMapping, ProxyConfiguration, ProxyConfigurationType,
    RepositoryCredentials, ResourceRequirement as SdkRequirement, SystemControl, Tmpfs as SdkTmpfs,
    Ulimit as SdkUlimit, VolumeFrom,
};

use super::Proxy;
use super::container::{
    Container, Device, Firelens, HealthCheck, LinuxParameters, LogConfiguration, MountPoint,
    PortMapping, ResourceRequirement, RestartPolicy, Tmpfs, Ulimit, VolumesFrom,
};
use crate::engine::{Failure, Input};
use crate::resources::ecs::convert::{built, secrets_to_sdk, some};

/// `Some(true)`, or nothing.
fn yes(value: bool) -> Option<bool> {
    value.then_some(true)
}

fn each<'a, A: 'a, B>(
    items: impl IntoIterator<Item = A>,
    convert: impl Fn(A) -> Result<B, Failure>,
) -> Result<Option<Vec<B>>, Failure> {
    Ok(some(items.into_iter().map(convert).collect::<Result<Vec<_>, _>>()?))
}

fn hash_map(map: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!map.is_empty()).then(|| map.clone().into_iter().collect())
}

pub(super) fn container(name: &str, from: &Container) -> Result<ContainerDefinition, Failure> {
    let enabled = from.version_consistency == "enabled";
    Ok(ContainerDefinition::builder()
        .name(name)
        .image(from.image.get()?)
        .set_repository_credentials(credentials(from.repository_credentials.as_deref())?)
        .set_cpu((from.cpu > 0).then_some(from.cpu))
        .set_memory(from.memory)
        .set_memory_reservation(from.memory_reservation)
        .essential(from.essential)
        .set_port_mappings(some(from.port_mappings.iter().map(port_mapping).collect()))
        .set_environment(environment(&from.environment)?)
        .set_environment_files(each(&from.environment_files, |arn| environment_file(arn))?)
        .set_secrets(secrets_to_sdk(&from.secrets)?)
        .set_entry_point(some(from.entry_point.clone()))
        .set_command(some(from.command.clone()))
        .set_working_directory(from.working_directory.clone())
        .set_user(from.user.clone())
        .set_log_configuration(from.log_configuration.as_ref().map(log).transpose()?)
        .set_firelens_configuration(from.firelens.as_ref().map(firelens).transpose()?)
        .set_health_check(from.health_check.as_ref().map(health_check).transpose()?)
        .set_depends_on(each(&from.depends_on, dependency)?)
        .set_start_timeout(from.start_timeout)
        .set_stop_timeout(from.stop_timeout)
        .set_restart_policy(from.restart_policy.as_ref().map(restart_policy).transpose()?)
        .set_mount_points(some(from.mount_points.iter().map(mount_point).collect()))
        .set_volumes_from(some(from.volumes_from.iter().map(volumes_from).collect()))
        .set_readonly_root_filesystem(yes(from.readonly_root_filesystem))
        .set_privileged(yes(from.privileged))
        .set_interactive(yes(from.interactive))
        .set_pseudo_terminal(yes(from.pseudo_terminal))
        .set_docker_labels(hash_map(&from.docker_labels))
        .set_ulimits(each(&from.ulimits, ulimit)?)
        .set_system_controls(some(from.system_controls.iter().map(system_control).collect()))
        .set_linux_parameters(linux_parameters(&from.linux_parameters)?)
        .set_resource_requirements(each(&from.resource_requirements, requirement)?)
        .set_version_consistency((!enabled).then(|| from.version_consistency.as_str().into()))
        .set_hostname(from.hostname.clone())
        .set_disable_networking(yes(from.disable_networking))
        .set_dns_servers(some(from.dns_servers.clone()))
        .set_dns_search_domains(some(from.dns_search_domains.clone()))
        .set_extra_hosts(each(&from.extra_hosts, host)?)
        .set_links(some(from.links.clone()))
        .set_docker_security_options(some(from.docker_security_options.clone()))
        .set_credential_specs(some(from.credential_specs.clone()))
        .build())
}

fn credentials(arn: Option<&str>) -> Result<Option<RepositoryCredentials>, Failure> {
    arn.map(|arn| built(RepositoryCredentials::builder().credentials_parameter(arn).build()))
        .transpose()
}

fn port_mapping(from: &PortMapping) -> SdkPortMapping {
    SdkPortMapping::builder()
        .container_port(from.container_port)
        .host_port(from.host_port)
        .protocol(from.protocol.as_str().into())
        .set_name(from.name.clone())
        .set_app_protocol(from.app_protocol.as_deref().map(Into::into))
        .build()
}

fn pair(name: &str, value: String) -> KeyValuePair {
    KeyValuePair::builder().name(name).value(value).build()
}

fn environment(
    from: &BTreeMap<String, Input<String>>,
) -> Result<Option<Vec<KeyValuePair>>, Failure> {
    each(from, |(name, value)| Ok(pair(name, value.get()?)))
}

fn environment_file(arn: &str) -> Result<EnvironmentFile, Failure> {
    built(EnvironmentFile::builder().r#type(EnvironmentFileType::S3).value(arn).build())
}

/// Also the configuration of Service Connect's proxy.
pub(in crate::resources::ecs) fn log(
    from: &LogConfiguration,
) -> Result<SdkLogConfiguration, Failure> {
    let options: HashMap<String, String> = from
        .options
        .iter()
        .map(|(name, value)| Ok((name.clone(), value.get()?)))
        .collect::<Result<_, Failure>>()?;
    built(
        SdkLogConfiguration::builder()
            .log_driver(from.driver.as_str().into())
            .set_options((!options.is_empty()).then_some(options))
            .set_secret_options(secrets_to_sdk(&from.secret_options)?)
            .build(),
    )
}

fn firelens(from: &Firelens) -> Result<FirelensConfiguration, Failure> {
    built(
        FirelensConfiguration::builder()
            .r#type(from.router.as_str().into())
            .set_options(hash_map(&from.options))
            .build(),
    )
}

fn health_check(from: &HealthCheck) -> Result<SdkHealthCheck, Failure> {
    built(
        SdkHealthCheck::builder()
            .set_command(Some(from.command.clone()))
            .interval(from.interval)
            .timeout(from.timeout)
            .retries(from.retries)
            .set_start_period((from.start_period > 0).then_some(from.start_period))
            .build(),
    )
}

fn dependency((name, condition): (&String, &String)) -> Result<ContainerDependency, Failure> {
    built(
        ContainerDependency::builder()
            .container_name(name)
            .condition(condition.as_str().into())
            .build(),
    )
}

fn restart_policy(from: &RestartPolicy) -> Result<ContainerRestartPolicy, Failure> {
    built(
        ContainerRestartPolicy::builder()
            .enabled(from.enabled)
            .set_ignored_exit_codes(some(from.ignored_exit_codes.clone()))
            .restart_attempt_period(from.attempt_period)
            .build(),
    )
}

fn mount_point(from: &MountPoint) -> SdkMountPoint {
    SdkMountPoint::builder()
        .source_volume(&from.source_volume)
        .container_path(&from.container_path)
        .read_only(from.read_only)
        .build()
}

fn volumes_from(from: &VolumesFrom) -> VolumeFrom {
    VolumeFrom::builder().source_container(&from.source_container).read_only(from.read_only).build()
}

fn ulimit((name, limit): (&String, &Ulimit)) -> Result<SdkUlimit, Failure> {
    built(
        SdkUlimit::builder()
            .name(name.as_str().into())
            .soft_limit(limit.soft)
            .hard_limit(limit.hard)
            .build(),
    )
}

fn system_control((namespace, value): (&String, &String)) -> SystemControl {
    SystemControl::builder().namespace(namespace).value(value).build()
}

fn host((name, address): (&String, &String)) -> Result<HostEntry, Failure> {
    built(HostEntry::builder().hostname(name).ip_address(address).build())
}

fn requirement(from: &ResourceRequirement) -> Result<SdkRequirement, Failure> {
    built(
        SdkRequirement::builder().r#type(from.resource.as_str().into()).value(&from.value).build(),
    )
}

fn linux_parameters(from: &LinuxParameters) -> Result<Option<SdkLinuxParameters>, Failure> {
    if *from == LinuxParameters::default() {
        return Ok(None);
    }
    let (add, drop) = (&from.add_capabilities, &from.drop_capabilities);
    let capabilities = (!add.is_empty() || !drop.is_empty()).then(|| {
        KernelCapabilities::builder()
            .set_add(some(add.clone()))
            .set_drop(some(drop.clone()))
            .build()
    });
    Ok(Some(
        SdkLinuxParameters::builder()
            .set_capabilities(capabilities)
            .set_init_process_enabled(yes(from.init_process_enabled))
            .set_shared_memory_size(from.shared_memory_size)
            .set_max_swap(from.max_swap)
            .set_swappiness(from.swappiness)
            .set_tmpfs(each(&from.tmpfs, tmpfs)?)
            .set_devices(each(&from.devices, device)?)
            .build(),
    ))
}

fn tmpfs(from: &Tmpfs) -> Result<SdkTmpfs, Failure> {
    built(
        SdkTmpfs::builder()
            .container_path(&from.container_path)
            .size(from.size)
            .set_mount_options(some(from.mount_options.clone()))
            .build(),
    )
}

fn device(from: &Device) -> Result<SdkDevice, Failure> {
    let permissions = from.permissions.iter().map(|one| one.as_str().into()).collect();
    built(
        SdkDevice::builder()
            .host_path(&from.host_path)
            .container_path(&from.container_path)
            .set_permissions(some(permissions))
            .build(),
    )
}

pub(super) fn proxy(from: &Proxy) -> Result<ProxyConfiguration, Failure> {
    let properties = from.properties.iter().map(|(name, value)| pair(name, value.clone()));
    built(
        ProxyConfiguration::builder()
            .r#type(ProxyConfigurationType::Appmesh)
            .container_name(&from.container)
            .set_properties(some(properties.collect()))
            .build(),
    )
}
