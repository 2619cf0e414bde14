//! CloudFormation's words for a task definition, member by member: a table.

use Absent::{Empty, List, Must, No, Nothing, Number as Is, Same, Word, Yes, Zero};
use Shape::{Flag, Keyed, Number, Pairs, Struct, Table, Text, Texts, Values};

/// What a member holds.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    Number,
    /// A number that CloudFormation writes as text.
    NumberText,
    Flag,
    /// `ENABLED`, or `DISABLED`.
    Enabled,
    /// A list of texts.
    Texts,
    Numbers,
    /// A list of maps of which one member counts; the others say the same each time.
    Values {
        member: &'static str,
        others: &'static [(&'static str, &'static str)],
    },
    /// A map of texts.
    Table,
    /// A list of two members each, which is a map here.
    Pairs {
        key: &'static str,
        value: &'static str,
    },
    /// A list of maps that have a name, which is a map by that name here.
    Keyed {
        key: &'static str,
        of: &'static [Member],
    },
    /// A list of maps.
    Structs(&'static [Member]),
    Struct(&'static [Member]),
}

/// What a member is that is not given.
#[derive(Debug)]
pub(super) enum Absent {
    /// It must be given.
    Must,
    Nothing,
    Empty,
    List,
    No,
    Yes,
    Zero,
    Number(i64),
    Word(&'static str),
    /// What another member of ours says.
    Same(&'static str),
}

/// One member: CloudFormation's path to it, ours, what it holds.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) theirs: &'static str,
    pub(super) ours: &'static str,
    pub(super) shape: Shape,
    pub(super) absent: Absent,
}

const fn row(theirs: &'static str, ours: &'static str, shape: Shape, absent: Absent) -> Member {
    Member { theirs, ours, shape, absent }
}

const SECRETS: Shape = Pairs { key: "Name", value: "ValueFrom" };
const NAMED: Shape = Pairs { key: "Name", value: "Value" };

/// A task definition.
#[rustfmt::skip]
pub(super) const TASK: &[Member] = &[
    row("Cpu", "cpu", Shape::NumberText, Nothing),
    row("Memory", "memory", Shape::NumberText, Nothing),
    row("NetworkMode", "network_mode", Text, Must),
    row("RequiresCompatibilities", "requires_compatibilities", Texts, List),
    row("RuntimePlatform.CpuArchitecture", "cpu_architecture", Text, Word("X86_64")),
    row("RuntimePlatform.OperatingSystemFamily", "operating_system", Text, Word("LINUX")),
    row("ExecutionRoleArn", "execution_role", Text, Nothing),
    row("TaskRoleArn", "task_role", Text, Nothing),
    row("EphemeralStorage.SizeInGiB", "ephemeral_storage", Number, Is(20)),
    row("PidMode", "pid_mode", Text, Nothing),
    row("IpcMode", "ipc_mode", Text, Nothing),
    row("EnableFaultInjection", "enable_fault_injection", Flag, No),
    row("PlacementConstraints", "placement_constraints", Values { member: "Expression", others: &[("Type", "memberOf")] }, List),
    row("ProxyConfiguration", "proxy", Struct(PROXY), Nothing),
    row("Volumes", "volumes", Keyed { key: "Name", of: VOLUME }, Empty),
    row("ContainerDefinitions", "containers", Keyed { key: "Name", of: CONTAINER }, Empty),
    row("Tags", "tags", Pairs { key: "Key", value: "Value" }, Empty),
];

#[rustfmt::skip]
const PROXY: &[Member] = &[
    row("ContainerName", "container", Text, Must),
    row("ProxyConfigurationProperties", "properties", NAMED, Empty),
];

#[rustfmt::skip]
const VOLUME: &[Member] = &[
    row("Host.SourcePath", "host_path", Text, Nothing),
    row("ConfiguredAtLaunch", "configured_at_launch", Flag, No),
    row("EFSVolumeConfiguration", "efs", Struct(EFS), Nothing),
    row("DockerVolumeConfiguration", "docker", Struct(DOCKER), Nothing),
    row("FSxWindowsFileServerVolumeConfiguration", "fsx", Struct(FSX), Nothing),
    row("S3FilesVolumeConfiguration", "s3files", Struct(S3FILES), Nothing),
];

#[rustfmt::skip]
const EFS: &[Member] = &[
    row("FilesystemId", "file_system", Text, Must),
    row("RootDirectory", "root_directory", Text, Word("/")),
    row("TransitEncryption", "transit_encryption", Shape::Enabled, No),
    row("TransitEncryptionPort", "transit_encryption_port", Number, Nothing),
    row("AuthorizationConfig.AccessPointId", "access_point", Text, Nothing),
    row("AuthorizationConfig.IAM", "iam", Shape::Enabled, No),
];

#[rustfmt::skip]
const DOCKER: &[Member] = &[
    row("Scope", "scope", Text, Word("task")),
    row("Autoprovision", "autoprovision", Flag, No),
    row("Driver", "driver", Text, Nothing),
    row("DriverOpts", "driver_options", Table, Empty),
    row("Labels", "labels", Table, Empty),
];

#[rustfmt::skip]
const FSX: &[Member] = &[
    row("FileSystemId", "file_system", Text, Must),
    row("RootDirectory", "root_directory", Text, Must),
    row("AuthorizationConfig.CredentialsParameter", "credentials", Text, Must),
    row("AuthorizationConfig.Domain", "domain", Text, Must),
];

#[rustfmt::skip]
const S3FILES: &[Member] = &[
    row("FileSystemArn", "file_system", Text, Must),
    row("RootDirectory", "root_directory", Text, Word("/")),
    row("TransitEncryptionPort", "transit_encryption_port", Number, Nothing),
    row("AccessPointArn", "access_point", Text, Nothing),
];

#[rustfmt::skip]
const CONTAINER: &[Member] = &[
    row("Image", "image", Text, Must),
    row("RepositoryCredentials.CredentialsParameter", "repository_credentials", Text, Nothing),
    row("Cpu", "cpu", Number, Zero),
    row("Memory", "memory", Number, Nothing),
    row("MemoryReservation", "memory_reservation", Number, Nothing),
    row("Essential", "essential", Flag, Yes),
    row("PortMappings", "port_mappings", Shape::Structs(PORT), List),
    row("Environment", "environment", NAMED, Empty),
    row("EnvironmentFiles", "environment_files", Values { member: "Value", others: &[("Type", "s3")] }, List),
    row("Secrets", "secrets", SECRETS, Empty),
    row("EntryPoint", "entry_point", Texts, List),
    row("Command", "command", Texts, List),
    row("WorkingDirectory", "working_directory", Text, Nothing),
    row("User", "user", Text, Nothing),
    row("LogConfiguration", "log_configuration", Struct(LOG), Nothing),
    row("FirelensConfiguration", "firelens", Struct(FIRELENS), Nothing),
    row("HealthCheck", "health_check", Struct(HEALTH), Nothing),
    row("DependsOn", "depends_on", Pairs { key: "ContainerName", value: "Condition" }, Empty),
    row("StartTimeout", "start_timeout", Number, Nothing),
    row("StopTimeout", "stop_timeout", Number, Nothing),
    row("RestartPolicy", "restart_policy", Struct(RESTART), Nothing),
    row("MountPoints", "mount_points", Shape::Structs(MOUNT), List),
    row("VolumesFrom", "volumes_from", Shape::Structs(VOLUMES_FROM), List),
    row("ReadonlyRootFilesystem", "readonly_root_filesystem", Flag, No),
    row("Privileged", "privileged", Flag, No),
    row("Interactive", "interactive", Flag, No),
    row("PseudoTerminal", "pseudo_terminal", Flag, No),
    row("DockerLabels", "docker_labels", Table, Empty),
    row("Ulimits", "ulimits", Keyed { key: "Name", of: ULIMIT }, Empty),
    row("SystemControls", "system_controls", Pairs { key: "Namespace", value: "Value" }, Empty),
    row("LinuxParameters.InitProcessEnabled", "linux_parameters.init_process_enabled", Flag, No),
    row("LinuxParameters.Capabilities.Add", "linux_parameters.add_capabilities", Texts, List),
    row("LinuxParameters.Capabilities.Drop", "linux_parameters.drop_capabilities", Texts, List),
    row("LinuxParameters.SharedMemorySize", "linux_parameters.shared_memory_size", Number, Nothing),
    row("LinuxParameters.MaxSwap", "linux_parameters.max_swap", Number, Nothing),
    row("LinuxParameters.Swappiness", "linux_parameters.swappiness", Number, Nothing),
    row("LinuxParameters.Tmpfs", "linux_parameters.tmpfs", Shape::Structs(TMPFS), List),
    row("LinuxParameters.Devices", "linux_parameters.devices", Shape::Structs(DEVICE), List),
    row("ResourceRequirements", "resource_requirements", Shape::Structs(REQUIREMENT), List),
    row("VersionConsistency", "version_consistency", Text, Word("enabled")),
    row("Hostname", "hostname", Text, Nothing),
    row("DisableNetworking", "disable_networking", Flag, No),
    row("DnsServers", "dns_servers", Texts, List),
    row("DnsSearchDomains", "dns_search_domains", Texts, List),
    row("ExtraHosts", "extra_hosts", Pairs { key: "Hostname", value: "IpAddress" }, Empty),
    row("Links", "links", Texts, List),
    row("DockerSecurityOptions", "docker_security_options", Texts, List),
    row("CredentialSpecs", "credential_specs", Texts, List),
];

#[rustfmt::skip]
const PORT: &[Member] = &[
    row("ContainerPort", "container_port", Number, Must),
    row("HostPort", "host_port", Number, Same("container_port")),
    row("Protocol", "protocol", Text, Word("tcp")),
    row("Name", "name", Text, Nothing),
    row("AppProtocol", "app_protocol", Text, Nothing),
];

#[rustfmt::skip]
const LOG: &[Member] = &[
    row("LogDriver", "driver", Text, Must),
    row("Options", "options", Table, Empty),
    row("SecretOptions", "secret_options", SECRETS, Empty),
];

#[rustfmt::skip]
const FIRELENS: &[Member] = &[
    row("Type", "router", Text, Must),
    row("Options", "options", Table, Empty),
];

#[rustfmt::skip]
const HEALTH: &[Member] = &[
    row("Command", "command", Texts, Must),
    row("Interval", "interval", Number, Is(30)),
    row("Timeout", "timeout", Number, Is(5)),
    row("Retries", "retries", Number, Is(3)),
    row("StartPeriod", "start_period", Number, Zero),
];

#[rustfmt::skip]
const RESTART: &[Member] = &[
    row("Enabled", "enabled", Flag, No),
    row("IgnoredExitCodes", "ignored_exit_codes", Shape::Numbers, List),
    row("RestartAttemptPeriod", "attempt_period", Number, Is(300)),
];

#[rustfmt::skip]
const MOUNT: &[Member] = &[
    row("SourceVolume", "source_volume", Text, Must),
    row("ContainerPath", "container_path", Text, Must),
    row("ReadOnly", "read_only", Flag, No),
];

#[rustfmt::skip]
const VOLUMES_FROM: &[Member] = &[
    row("SourceContainer", "source_container", Text, Must),
    row("ReadOnly", "read_only", Flag, No),
];

#[rustfmt::skip]
const ULIMIT: &[Member] = &[
    row("SoftLimit", "soft", Number, Must),
    row("HardLimit", "hard", Number, Must),
];

#[rustfmt::skip]
const TMPFS: &[Member] = &[
    row("ContainerPath", "container_path", Text, Must),
    row("Size", "size", Number, Must),
    row("MountOptions", "mount_options", Texts, List),
];

#[rustfmt::skip]
const DEVICE: &[Member] = &[
    row("HostPath", "host_path", Text, Must),
    row("ContainerPath", "container_path", Text, Same("host_path")),
    row("Permissions", "permissions", Texts, List),
];

#[rustfmt::skip]
const REQUIREMENT: &[Member] = &[
    row("Type", "resource", Text, Must),
    row("Value", "value", Text, Must),
];
