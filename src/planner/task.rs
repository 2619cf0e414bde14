//! A service's task definition: its main container and its sidecars.

use std::collections::BTreeMap;
use std::time::Duration;

use super::messaging::Messaging;
use super::roles::{Roles, object_arn, secret_arn};
use super::{Context, app_mesh, capacity, connect, images, lattice, logging, settings};
use crate::engine::{Desired, Failure, Input};
use crate::manifest::env_file::in_s3;
use crate::manifest::service::{
    COLLECTOR, Condition, ContainerHealthCheck, LOG_ROUTER, NetworkMode, Platform, Secret,
    Settings, Sidecar, Timeout,
};
use crate::manifest::{ServiceManifest, TIMER};
use crate::resources::ecs::TaskDefinitionArn;
use crate::resources::ecs::task_definition::container::{
    Container, HealthCheck, LogConfiguration, MountPoint,
};
use crate::resources::ecs::task_definition::{TaskDefinition, Volume};
use crate::resources::logs::LogGroup;

/// Days that log lines are kept where no manifest says it.
const RETENTION: u32 = 30;

/// Names that containers are told.
#[derive(Debug)]
pub(super) struct Names<'a> {
    /// The namespace in which services find each other.
    pub(super) discovery: Option<&'a str>,
    /// The DNS name of the load balancer that serves the service.
    pub(super) balancer: Option<Input<String>>,
    /// The host names of services that it calls through VPC Lattice, by variable.
    pub(super) called: BTreeMap<String, Input<String>>,
}

/// What a task definition is put together from.
pub(super) struct Parts<'a> {
    /// The roles.
    pub(super) roles: &'a Roles,
    /// Queues and topics.
    pub(super) messaging: &'a Messaging,
    /// The volumes, by name.
    pub(super) volumes: BTreeMap<String, Volume>,
    /// Names that containers are told.
    pub(super) names: Names<'a>,
    /// What the tasks are in the mesh, where there is one.
    pub(super) mesh: Option<app_mesh::Role>,
}

/// Plans the log group and the task definition.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    parts: Parts<'_>,
) -> Result<Input<TaskDefinitionArn>, Failure> {
    let Parts { roles, messaging, volumes, names, mesh } = parts;
    let owner = super::owner(service);
    let environment = context.manifest()?;
    let runs = service.runs_in(Some(environment));
    let mode = service.network_mode_in(Some(environment));
    let retention = service.logging.retention.or(context.manifest()?.logging.retention);
    let log_group = LogGroup {
        retention_days: Some(i32::try_from(retention.unwrap_or(RETENTION)).unwrap_or_default()),
        tags: context.tags()?,
        ..LogGroup::default()
    };
    let log_group = desired.add(&owner, &service.name, &log_group)?.name();
    let images = images::plan(desired, context, service)?;
    let shared = Shared { context, service, log_group, messaging, names, images };
    let mut containers = BTreeMap::from([(service.name.clone(), shared.main())]);
    for (name, sidecar) in &service.sidecars {
        containers.insert(name.clone(), shared.sidecar(name, sidecar));
    }
    if service.logging.routed() {
        containers.insert(LOG_ROUTER.to_owned(), shared.log_router());
    }
    if service.observability.tracing.is_some() {
        containers.insert(COLLECTOR.to_owned(), shared.collector());
    }
    if let Some(timeout) = &service.timeout {
        containers.insert(TIMER.to_owned(), shared.timer(timeout));
    }
    let part = service.in_app_mesh(environment).zip(mesh.as_ref());
    let proxy = part.and_then(|((_, part), role)| {
        let plain = shared.container(app_mesh::ENVOY, &Settings::default());
        app_mesh::into_task(service, part, role, &mut containers, plain)
    });
    for (name, container) in &mut containers {
        let (port, host_port) = match service.sidecars.get(name) {
            Some(sidecar) => (sidecar.port.as_ref().map(|one| one.port), sidecar.host_port),
            None => (service.image.port, service.image.host_port),
        };
        for mapping in &mut container.port_mappings {
            let led_to = port.map(i32::from) == Some(mapping.container_port);
            match host_port.filter(|_| led_to) {
                Some(port) => mapping.host_port = port.into(),
                // Any of the instance's that is free.
                None if mode == NetworkMode::Bridge => mapping.host_port = 0,
                None => {}
            }
        }
    }
    connect::name_ports(service, environment, &mut containers);
    // The port that VPC Lattice's target group knows by name.
    if let Some((port, name)) = lattice::port(context, service)?
        && let Some(container) = containers.get_mut(&service.name)
        && let Some(mapping) =
            container.port_mappings.iter_mut().find(|mapping| mapping.container_port == port)
    {
        mapping.name = Some(name);
    }
    let task = TaskDefinition {
        cpu: Some(integer(service.cpu)),
        memory: Some(integer(service.memory)),
        network_mode: capacity::mode(mode).to_owned(),
        requires_compatibilities: vec![capacity::compatibility(runs).to_owned()],
        cpu_architecture: match service.platform {
            Platform::LinuxArm64 => "ARM64",
            _ => "X86_64",
        }
        .to_owned(),
        operating_system: service.platform.system().to_owned(),
        execution_role: Some(roles.execution.clone()),
        task_role: Some(roles.task.clone()),
        ephemeral_storage: service
            .storage
            .ephemeral
            .map_or(TaskDefinition::default().ephemeral_storage, integer),
        volumes,
        containers,
        proxy,
        pid_mode: service.pid_mode.map(|mode| mode.to_string()),
        ipc_mode: service.ipc_mode.map(|mode| mode.to_string()),
        enable_fault_injection: service.fault_injection,
        tags: context.tags()?,
        ..TaskDefinition::default()
    };
    Ok(desired.add(&owner, &service.name, &task)?.arn())
}

/// What all containers of a task have in common.
struct Shared<'a> {
    context: &'a Context<'a>,
    service: &'a ServiceManifest,
    log_group: Input<String>,
    messaging: &'a Messaging,
    names: Names<'a>,
    /// What the service's own containers run.
    images: BTreeMap<String, Input<String>>,
}

impl Shared<'_> {
    /// What a container of the service's own runs.
    fn image(&self, container: &str) -> Input<String> {
        self.images.get(container).cloned().unwrap_or_else(|| String::new().into())
    }

    fn main(&self) -> Container {
        let service = self.service;
        Container {
            image: self.image(&service.name),
            repository_credentials: service.image.credentials.clone(),
            port_mappings: super::ports::of(service, &service.name),
            environment: self.environment(&service.variables),
            environment_files: self.environment_files(service.env_file.as_deref()),
            secrets: self.secrets(&service.secrets),
            entry_point: service.entrypoint.clone().unwrap_or_default(),
            command: service.command.clone().unwrap_or_default(),
            health_check: service.image.healthcheck.as_ref().map(health_check),
            depends_on: depends_on(&service.image.depends_on),
            mount_points: service
                .storage
                .volumes
                .iter()
                .map(|(name, volume)| mount_point(name, &volume.path, volume.read_only))
                .collect(),
            readonly_root_filesystem: service.storage.readonly_fs,
            docker_labels: service.image.labels.clone(),
            log_configuration: Some(match service.logging.routed() {
                true => logging::routed(self.context, service),
                false => self.awslogs(&service.name),
            }),
            ..self.container(&service.name, &service.settings)
        }
    }

    fn sidecar(&self, name: &str, sidecar: &Sidecar) -> Container {
        let logging = &self.service.logging;
        let routed = logging.routed() && logging.sidecars == Some(true);
        Container {
            image: self.image(name),
            repository_credentials: sidecar.credentials.clone(),
            essential: sidecar.essential,
            port_mappings: super::ports::of(self.service, name),
            cpu: sidecar.cpu.map_or(0, integer),
            memory: sidecar.memory.map(integer),
            memory_reservation: sidecar.memory_reservation.map(integer),
            environment: self.environment(&sidecar.variables),
            environment_files: self.environment_files(sidecar.env_file.as_deref()),
            secrets: self.secrets(&sidecar.secrets),
            entry_point: sidecar.entrypoint.clone().unwrap_or_default(),
            command: sidecar.command.clone().unwrap_or_default(),
            health_check: sidecar.healthcheck.as_ref().map(health_check),
            depends_on: depends_on(&sidecar.depends_on),
            mount_points: sidecar
                .mount_points
                .iter()
                .map(|mount| mount_point(&mount.source_volume, &mount.path, mount.read_only))
                .collect(),
            docker_labels: sidecar.labels.clone(),
            log_configuration: Some(match routed {
                true => logging::routed(self.context, self.service),
                false => self.awslogs(name),
            }),
            ..self.container(name, &sidecar.settings)
        }
    }

    /// The sidecar that routes the output (FireLens); its own goes to CloudWatch Logs.
    fn log_router(&self) -> Container {
        let logging = &self.service.logging;
        Container {
            image: logging.image.clone().unwrap_or_else(|| logging::ROUTER_IMAGE.to_owned()).into(),
            environment: self.environment(&logging.variables),
            environment_files: self.environment_files(logging.env_file.as_deref()),
            secrets: self.secrets(&logging.secrets),
            firelens: Some(logging::firelens(logging)),
            ..self.container(LOG_ROUTER, &Settings::default())
        }
    }

    /// The sidecar that takes traces and hands them on.
    fn collector(&self) -> Container {
        let image = &self.service.observability.collector_image;
        Container {
            image: image.clone().unwrap_or_else(|| logging::COLLECTOR_IMAGE.to_owned()).into(),
            command: vec![logging::COLLECTOR_CONFIGURATION.to_owned()],
            ..self.container(COLLECTOR, &Settings::default())
        }
    }

    /// Keeps the time of a job's run: it is essential, so that its end is the task's. It says so by its exit code, as the
    /// command `timeout` does; where the run ends first, it is told to stop.
    fn timer(&self, timeout: &Timeout) -> Container {
        let seconds = timeout.after.as_secs();
        let script = format!(
            "trap 'exit 0' TERM; sleep {seconds} & wait $!; echo 'the run has taken {seconds}s, its timeout'; exit 124"
        );
        Container {
            image: timeout.image.clone().into(),
            command: ["sh", "-c", &script].map(str::to_owned).into(),
            depends_on: [(self.service.name.clone(), "START".to_owned())].into(),
            ..self.container(TIMER, &Settings::default())
        }
    }

    fn container(&self, name: &str, how: &Settings) -> Container {
        let plain =
            Container { log_configuration: Some(self.awslogs(name)), ..Container::default() };
        settings::apply(plain, how)
    }

    /// Lines go to the service's log group.
    fn awslogs(&self, name: &str) -> LogConfiguration {
        let own = [
            ("awslogs-group", self.log_group.clone()),
            ("awslogs-region", Input::Known(self.context.region.to_owned())),
            ("awslogs-stream-prefix", Input::Known(name.to_owned())),
        ];
        let own = own.map(|(key, value)| (key.to_owned(), value));
        let asked = self.service.logging.options.iter();
        let asked = asked.map(|(key, value)| (key.clone(), Input::Known(value.clone())));
        LogConfiguration {
            driver: "awslogs".to_owned(),
            options: own.into_iter().chain(asked).collect(),
            secret_options: BTreeMap::new(),
        }
    }

    /// The manifest's variables, and where the container finds itself.
    fn environment(&self, variables: &BTreeMap<String, String>) -> BTreeMap<String, Input<String>> {
        let own = [
            ("SHIPIT_APPLICATION", Some(self.context.application())),
            ("SHIPIT_ENVIRONMENT", Some(self.context.environment)),
            ("SHIPIT_SERVICE", Some(self.service.name.as_str())),
            ("SHIPIT_DISCOVERY_ENDPOINT", self.names.discovery),
        ];
        let own =
            own.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
        let all = own.chain(variables.iter().map(|(key, value)| (key.clone(), value.clone())));
        let mut environment = self.messaging.variables.clone();
        let balancer = self.names.balancer.clone();
        environment.extend(self.names.called.clone());
        environment.extend(balancer.map(|name| ("SHIPIT_LB_DNS".to_owned(), name)));
        environment.extend(all.map(|(key, value)| (key, Input::Known(value))));
        environment
    }

    /// A file in S3; one in the workspace is among the variables by now.
    fn environment_files(&self, file: Option<&str>) -> Vec<String> {
        let object = file.and_then(in_s3);
        object.map(|object| object_arn(self.context, object)).into_iter().collect()
    }

    fn secrets(&self, secrets: &BTreeMap<String, Secret>) -> BTreeMap<String, Input<String>> {
        secret_arns(self.context, secrets)
    }
}

/// What `valueFrom` says, by the variable or option that gets the value.
pub(super) fn secret_arns(
    context: &Context<'_>,
    secrets: &BTreeMap<String, Secret>,
) -> BTreeMap<String, Input<String>> {
    secrets
        .iter()
        .map(|(variable, secret)| (variable.clone(), secret_arn(context, secret).into()))
        .collect()
}

fn health_check(check: &ContainerHealthCheck) -> HealthCheck {
    HealthCheck {
        command: check.command.clone(),
        interval: seconds(check.interval),
        timeout: seconds(check.timeout),
        retries: integer(check.retries),
        start_period: seconds(check.start_period),
    }
}

fn depends_on(conditions: &BTreeMap<String, Condition>) -> BTreeMap<String, String> {
    conditions
        .iter()
        .map(|(name, condition)| (name.clone(), condition.to_string().to_uppercase()))
        .collect()
}

fn mount_point(volume: &str, path: &str, read_only: bool) -> MountPoint {
    MountPoint { source_volume: volume.to_owned(), container_path: path.to_owned(), read_only }
}

/// A manifest's number as the API takes it; manifests allow none that is too large.
pub(super) fn integer(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// Whole seconds as the API takes them.
pub(super) fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
