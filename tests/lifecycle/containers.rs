//! Examples of clusters and task definitions.

use std::collections::BTreeMap;

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::ecs::cluster::ExecuteCommand;
use shipit::resources::ecs::task_definition::Container;
use shipit::resources::ecs::task_definition::Volume;
use shipit::resources::ecs::task_definition::container::{HealthCheck, PortMapping};
use shipit::resources::ecs::{CapacityProviderStrategyItem, Cluster, TaskDefinition};
use shipit::resources::servicediscovery::Namespace;

use super::example::{Edit, Example, Graph, edit, retag, tags};
use super::stores::key;

impl Graph {
    pub(super) fn cluster(&mut self, name: &str) -> Handle<Cluster> {
        let cluster = Cluster {
            capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
            default_capacity_provider_strategy: vec![CapacityProviderStrategyItem::of(
                "FARGATE", 1, 0,
            )],
            container_insights: "enabled".to_owned(),
            execute_command: ExecuteCommand {
                logging: "OVERRIDE".to_owned(),
                log_group: Some(Input::Known("/demo/commands".to_owned())),
                ..ExecuteCommand::default()
            },
            tags: tags(),
            ..Cluster::default()
        };
        self.add(name, &cluster)
    }

    /// A task with a web server, for Fargate.
    pub(super) fn task(&mut self, name: &str) -> Handle<TaskDefinition> {
        let task = self.task_document();
        self.add(name, &task)
    }

    pub(super) fn task_document(&mut self) -> TaskDefinition {
        TaskDefinition {
            execution_role: Some(self.role("api-execution").arn()),
            task_role: Some(self.role("api-task").arn()),
            containers: BTreeMap::from([("web".to_owned(), web())]),
            tags: tags(),
            ..TaskDefinition::default()
        }
    }
}

fn web() -> Container {
    Container {
        image: "public.ecr.aws/nginx/nginx:1.27".to_owned().into(),
        port_mappings: vec![PortMapping { name: Some("web".to_owned()), ..PortMapping::tcp(80) }],
        environment: BTreeMap::from([("MODE".to_owned(), Input::Known("fast".to_owned()))]),
        health_check: Some(HealthCheck::new(vec!["CMD-SHELL".to_owned(), "true".to_owned()])),
        ..Container::default()
    }
}

pub(super) fn cluster() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.cluster("main");
    let connect = graph.add("connect", &Namespace::http("test-demo"));
    let spot = json!([
        { "capacity_provider": "FARGATE", "weight": 1, "base": 1 },
        { "capacity_provider": "FARGATE_SPOT", "weight": 3, "base": 0 },
    ]);
    graph.example(
        &cluster,
        vec![
            edit("capacity_providers", json!(["FARGATE"])),
            edit("default_capacity_provider_strategy", spot),
            edit("default_capacity_provider_strategy", json!([])),
            edit("container_insights", json!("enhanced")),
            edit("container_insights", json!("disabled")),
            edit("execute_command.log_group", json!("/demo/other")),
            edit("execute_command", json!(ExecuteCommand::default())),
            edit("execute_command.kms_key", json!(key(1))),
            edit("execute_command.log_group_encrypted", json!(true)),
            edit("execute_command.bucket", json!("commands-of-demo")),
            edit("execute_command.bucket", json!("commands-of-demo"))
                .with("execute_command.bucket_encrypted", json!(true))
                .with("execute_command.bucket_prefix", json!("typed")),
            edit("managed_storage_kms_key", json!(key(1))),
            edit("fargate_ephemeral_storage_kms_key", json!(key(1))),
            edit("service_connect_namespace", json!(connect.arn())),
            edit("protect", json!(true)),
            retag(),
        ],
    )
}

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-a1b2c3";

pub(super) fn task_definition() -> Example {
    let mut graph = Graph::default();
    let task = graph.task("api");
    let other = graph.role("api-other");
    let sidecar = json!(Container {
        image: "public.ecr.aws/nginx/nginx:1.27".to_owned().into(),
        essential: false,
        ..Container::default()
    });
    let volume = json!({ "data": Volume::default() });
    let share = json!({ "data": {
        "host_path": null,
        "configured_at_launch": false,
        "efs": {
            "file_system": "fs-0123456789abcdef0",
            "root_directory": "/",
            "transit_encryption": true,
            "transit_encryption_port": 2999,
            "access_point": "fsap-0123456789abcdef0",
            "iam": true,
        },
        "docker": null,
        "fsx": null,
        "s3files": null,
    } });
    let mount = json!([{ "source_volume": "data", "container_path": "/data", "read_only": true }]);
    let logs = json!({
        "driver": "awslogs",
        "options": {
            "awslogs-group": "/demo/web",
            "awslogs-region": "eu-west-1",
            "awslogs-stream-prefix": "web",
        },
        "secret_options": {},
    });
    let restarts = json!({ "enabled": true, "ignored_exit_codes": [0, 3], "attempt_period": 60 });
    let ports = json!([
        { "container_port": 80, "host_port": 80, "protocol": "tcp", "name": "web", "app_protocol": "http" },
        { "container_port": 53, "host_port": 53, "protocol": "udp", "name": null, "app_protocol": null },
    ]);
    let files = "arn:aws:s3:::settings-of-demo/web.env";
    let edits: Vec<Edit> = vec![
        edit("cpu", json!(512)).with("memory", json!(1024)),
        edit("memory", json!(1024)),
        edit("requires_compatibilities", json!(["EC2", "FARGATE"])),
        edit("cpu_architecture", json!("ARM64")),
        edit("operating_system", json!("WINDOWS_SERVER_2022_CORE"))
            .with("cpu", json!(1024))
            .with("memory", json!(2048)),
        edit("execution_role", json!(other.arn())),
        edit("task_role", json!(other.arn())),
        edit("task_role", json!(null)),
        edit("ephemeral_storage", json!(100)),
        edit("pid_mode", json!("task")),
        edit("enable_fault_injection", json!(true)),
        edit("volumes", volume.clone()),
        edit("volumes", share),
        edit("containers.sidecar", sidecar),
        edit("containers.web.image", json!("public.ecr.aws/nginx/nginx:1.28")),
        edit("containers.web.repository_credentials", json!(SECRET)),
        edit("containers.web.cpu", json!(128)),
        edit("containers.web.memory", json!(256)),
        edit("containers.web.memory_reservation", json!(128)),
        edit("containers.web.port_mappings", ports),
        edit("containers.web.port_mappings", json!([])),
        edit("containers.web.environment", json!({ "MODE": "slow", "LEVEL": "3" })),
        edit("containers.web.environment", json!({})),
        edit("containers.web.environment_files", json!([files])),
        edit("containers.web.secrets", json!({ "KEY": SECRET })),
        edit("containers.web.entry_point", json!(["/bin/sh", "-c"])),
        edit("containers.web.command", json!(["nginx"])),
        edit("containers.web.working_directory", json!("/srv")),
        edit("containers.web.user", json!("1000:1000")),
        edit("containers.web.log_configuration", logs),
        edit("containers.web.health_check", json!(null)),
        edit("containers.web.health_check.interval", json!(10)),
        edit("containers.web.health_check.timeout", json!(10)),
        edit("containers.web.health_check.retries", json!(5)),
        edit("containers.web.health_check.start_period", json!(60)),
        edit("containers.web.start_timeout", json!(60)),
        edit("containers.web.stop_timeout", json!(60)),
        edit("containers.web.restart_policy", restarts),
        edit("containers.web.mount_points", mount).with("volumes", volume),
        edit("containers.web.readonly_root_filesystem", json!(true)),
        edit("containers.web.interactive", json!(true)),
        edit("containers.web.pseudo_terminal", json!(true)),
        edit("containers.web.docker_labels", json!({ "team": "blue" })),
        edit("containers.web.ulimits", json!({ "nofile": { "soft": 1024, "hard": 4096 } })),
        edit("containers.web.system_controls", json!({ "net.core.somaxconn": "1024" })),
        edit("containers.web.linux_parameters.init_process_enabled", json!(true)),
        edit("containers.web.linux_parameters.add_capabilities", json!(["SYS_PTRACE"])),
        edit("containers.web.linux_parameters.drop_capabilities", json!(["NET_RAW", "CHOWN"])),
        edit("containers.web.version_consistency", json!("disabled")),
        retag(),
    ];
    Example {
        fixed: &[("proxy", "App Mesh has ended: it is read, so that it can be taken away")],
        ..graph.example(&task, edits)
    }
}

pub(super) fn task_definition_on_instances() -> Example {
    let mut graph = Graph::default();
    let task = TaskDefinition {
        cpu: None,
        memory: None,
        network_mode: "bridge".to_owned(),
        requires_compatibilities: vec!["EC2".to_owned()],
        containers: BTreeMap::from([(
            "web".to_owned(),
            Container {
                memory: Some(256),
                port_mappings: vec![PortMapping { host_port: 0, ..PortMapping::tcp(80) }],
                ..web()
            },
        )]),
        tags: tags(),
        ..TaskDefinition::default()
    };
    let handle = graph.add("api", &task);
    let docker = json!({ "data": {
        "host_path": null,
        "configured_at_launch": false,
        "efs": null,
        "docker": {
            "scope": "shared",
            "autoprovision": true,
            "driver": "local",
            "driver_options": { "type": "tmpfs" },
            "labels": { "team": "blue" },
        },
        "fsx": null,
        "s3files": null,
    } });
    let folder =
        json!({ "data": Volume { host_path: Some("/srv".to_owned()), ..Volume::default() } });
    let tmpfs = json!([{ "container_path": "/tmp", "size": 64, "mount_options": ["noexec"] }]);
    let devices = json!([{ "host_path": "/dev/fuse", "container_path": "/dev/fuse", "permissions": ["read"] }]);
    let edits = vec![
        edit("network_mode", json!("none")).with("containers.web.port_mappings", json!([])),
        edit("pid_mode", json!("host")),
        edit("ipc_mode", json!("task")),
        edit("placement_constraints", json!(["attribute:ecs.instance-type =~ t3.*"])),
        edit("volumes", docker),
        edit("volumes", folder),
        edit("containers.web.privileged", json!(true)),
        edit("containers.web.hostname", json!("web")),
        edit("containers.web.disable_networking", json!(true)),
        edit("containers.web.dns_servers", json!(["10.0.0.2"])),
        edit("containers.web.dns_search_domains", json!(["demo.local"])),
        edit("containers.web.extra_hosts", json!({ "db": "10.0.0.9" })),
        edit("containers.web.docker_security_options", json!(["label:none"])),
        edit("containers.web.linux_parameters.shared_memory_size", json!(64)),
        edit("containers.web.linux_parameters.max_swap", json!(512)),
        edit("containers.web.linux_parameters.swappiness", json!(10)),
        edit("containers.web.linux_parameters.tmpfs", tmpfs),
        edit("containers.web.linux_parameters.devices", devices),
        edit("containers.web.resource_requirements", json!([{ "resource": "GPU", "value": "1" }])),
    ];
    graph.example(&handle, edits)
}
