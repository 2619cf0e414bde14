//! What is written is read back, and what ECS leaves out is spelt out.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, HealthCheck as SdkHealthCheck, KernelCapabilities,
    LinuxParameters as SdkLinuxParameters, NetworkMode, PortMapping as SdkPortMapping,
    TaskDefinition as SdkTaskDefinition,
};

use super::container::{
    Container, Device, Firelens, HealthCheck, LinuxParameters, LogConfiguration, MountPoint,
    PortMapping, ResourceRequirement, RestartPolicy, Tmpfs, Ulimit, VolumesFrom,
};
use super::volume::{self, DockerVolume, EfsVolume, FsxVolume, S3FilesVolume, Volume};
use super::{Proxy, TaskDefinition, read, revision, write};
use crate::engine::Input;
use crate::resources::resource::Tags;

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

fn map<T>(name: &str, value: T) -> BTreeMap<String, T> {
    BTreeMap::from([(name.to_owned(), value)])
}

fn known(text: &str) -> Input<String> {
    Input::Known(text.to_owned())
}

/// A container with nothing left at its default.
fn full() -> Container {
    Container {
        image: "nginx:1.27".to_owned().into(),
        repository_credentials: Some("arn:aws:secretsmanager:eu-west-1:1:secret:hub".into()),
        cpu: 128,
        memory: Some(512),
        memory_reservation: Some(256),
        essential: false,
        port_mappings: vec![PortMapping {
            name: Some("web".into()),
            app_protocol: Some("http".into()),
            ..PortMapping::tcp(8080)
        }],
        environment: map("MODE", known("fast")),
        environment_files: texts(&["arn:aws:s3:::bucket/file.env"]),
        secrets: map("TOKEN", known("arn:aws:ssm:eu-west-1:1:parameter/token")),
        entry_point: texts(&["/entry"]),
        command: texts(&["serve", "--all"]),
        working_directory: Some("/srv".into()),
        user: Some("1000:1000".into()),
        log_configuration: Some(LogConfiguration {
            driver: "awslogs".into(),
            options: map("awslogs-group", known("/shipit/demo/test/api")),
            secret_options: map("splunk-token", known("arn:aws:ssm:eu-west-1:1:parameter/s")),
        }),
        firelens: Some(Firelens {
            router: "fluentbit".into(),
            options: map("enable-ecs-log-metadata", "true".into()),
        }),
        health_check: Some(HealthCheck {
            command: texts(&["CMD-SHELL", "true"]),
            interval: 10,
            timeout: 2,
            retries: 5,
            start_period: 20,
        }),
        depends_on: map("init", "SUCCESS".into()),
        start_timeout: Some(60),
        stop_timeout: Some(90),
        restart_policy: Some(RestartPolicy {
            enabled: true,
            ignored_exit_codes: vec![0, 3],
            attempt_period: 120,
        }),
        mount_points: vec![MountPoint {
            source_volume: "data".into(),
            container_path: "/data".into(),
            read_only: true,
        }],
        volumes_from: vec![VolumesFrom { source_container: "init".into(), read_only: true }],
        readonly_root_filesystem: true,
        privileged: true,
        interactive: true,
        pseudo_terminal: true,
        docker_labels: map("team", "blue".into()),
        ulimits: map("nofile", Ulimit { soft: 1024, hard: 4096 }),
        system_controls: map("net.core.somaxconn", "1024".into()),
        linux_parameters: LinuxParameters {
            init_process_enabled: true,
            add_capabilities: texts(&["SYS_PTRACE"]),
            drop_capabilities: texts(&["NET_RAW"]),
            shared_memory_size: Some(64),
            max_swap: Some(128),
            swappiness: Some(10),
            tmpfs: vec![Tmpfs {
                container_path: "/tmp".into(),
                size: 16,
                mount_options: texts(&["noexec"]),
            }],
            devices: vec![Device {
                host_path: "/dev/kvm".into(),
                container_path: "/dev/vm".into(),
                permissions: texts(&["read", "write"]),
            }],
        },
        resource_requirements: vec![ResourceRequirement {
            resource: "GPU".into(),
            value: "1".into(),
        }],
        version_consistency: "disabled".into(),
        hostname: Some("box".into()),
        disable_networking: true,
        dns_servers: texts(&["10.0.0.2"]),
        dns_search_domains: texts(&["local"]),
        extra_hosts: map("db", "10.0.0.9".into()),
        links: texts(&["init"]),
        docker_security_options: texts(&["no-new-privileges"]),
        credential_specs: texts(&["credentialspecdomainless:arn:aws:ssm:eu-west-1:1:parameter/c"]),
    }
}

fn read_back(container: &Container) -> Container {
    let definition = SdkTaskDefinition::builder()
        .network_mode(NetworkMode::Awsvpc)
        .container_definitions(write::container("api", container).unwrap())
        .build();
    read::spec(&definition, Tags::new()).containers.remove("api").unwrap()
}

#[test]
fn a_container_reads_back_as_it_was_written() {
    assert_eq!(read_back(&full()), full());
    let plain = Container { image: "nginx".to_owned().into(), ..Container::default() };
    assert_eq!(read_back(&plain), plain);
}

#[test]
fn a_plain_container_asks_for_nothing_that_is_default() {
    let plain = Container { image: "nginx".to_owned().into(), ..Container::default() };
    let expected =
        ContainerDefinition::builder().name("api").image("nginx").essential(true).build();
    assert_eq!(write::container("api", &plain).unwrap(), expected);
}

/// What other tools register, and what ECS adds or leaves out.
#[test]
fn what_ecs_leaves_out_is_spelt_out() {
    let container = ContainerDefinition::builder()
        .name("api")
        .image("nginx")
        .port_mappings(SdkPortMapping::builder().container_port(80).build())
        .health_check(SdkHealthCheck::builder().command("CMD").command("true").build().unwrap())
        .linux_parameters(
            SdkLinuxParameters::builder()
                .capabilities(KernelCapabilities::builder().build())
                .build(),
        )
        .build();
    let definition = SdkTaskDefinition::builder()
        .network_mode(NetworkMode::Awsvpc)
        .requires_compatibilities(Compatibility::Fargate)
        .cpu("256")
        .memory("512")
        .container_definitions(container)
        .build();
    let expected = TaskDefinition {
        containers: map(
            "api",
            Container {
                image: "nginx".to_owned().into(),
                port_mappings: vec![PortMapping::tcp(80)],
                health_check: Some(HealthCheck::new(texts(&["CMD", "true"]))),
                ..Container::default()
            },
        ),
        ..TaskDefinition::default()
    };
    assert_eq!(read::spec(&definition, Tags::new()), expected);
}

#[test]
fn a_bridge_port_may_be_any() {
    let definition = SdkTaskDefinition::builder()
        .network_mode(NetworkMode::Bridge)
        .container_definitions(
            ContainerDefinition::builder()
                .name("api")
                .port_mappings(SdkPortMapping::builder().container_port(80).host_port(0).build())
                .build(),
        )
        .build();
    let ports = &read::spec(&definition, Tags::new()).containers["api"].port_mappings;
    assert_eq!(*ports, [PortMapping { host_port: 0, ..PortMapping::tcp(80) }]);
}

#[test]
fn volumes_read_back_as_they_were_written() {
    let plain = Volume::default();
    let volumes = [
        plain.clone(),
        Volume { host_path: Some("/srv".into()), ..plain.clone() },
        Volume { configured_at_launch: true, ..plain.clone() },
        Volume {
            efs: Some(EfsVolume {
                file_system: Input::Known("fs-1".into()),
                root_directory: "/".into(),
                transit_encryption: true,
                transit_encryption_port: Some(2049),
                access_point: Some(Input::Known("fsap-1".into())),
                iam: true,
            }),
            ..plain.clone()
        },
        Volume {
            docker: Some(DockerVolume {
                scope: "shared".into(),
                autoprovision: true,
                driver: Some("local".into()),
                driver_options: map("type", "nfs".into()),
                labels: map("team", "blue".into()),
            }),
            ..plain.clone()
        },
        Volume {
            fsx: Some(FsxVolume {
                file_system: "fs-2".into(),
                root_directory: "share".into(),
                credentials: "arn:aws:ssm:eu-west-1:1:parameter/c".into(),
                domain: "corp".into(),
            }),
            ..plain.clone()
        },
        Volume {
            s3files: Some(S3FilesVolume {
                file_system: "arn:aws:s3files:eu-west-1:1:file-system/fs-3".into(),
                root_directory: "/a".into(),
                transit_encryption_port: None,
                access_point: None,
            }),
            ..plain
        },
    ];
    for volume in volumes {
        assert_eq!(volume::from_sdk(&volume::to_sdk("data", &volume).unwrap()), volume);
    }
}

#[test]
fn a_proxy_reads_back_as_it_was_written() {
    let proxy = Proxy { container: "envoy".into(), properties: map("AppPorts", "80".into()) };
    let definition =
        SdkTaskDefinition::builder().proxy_configuration(write::proxy(&proxy).unwrap()).build();
    assert_eq!(read::spec(&definition, Tags::new()).proxy, Some(proxy));
}

#[test]
fn an_arn_ends_in_its_revision() {
    assert_eq!(revision("arn:aws:ecs:eu-west-1:1:task-definition/demo-test-api:17"), 17);
    assert_eq!(revision("demo"), 0);
}
