//! What a task definition may hold, member by member: a table.

use crate::local::params::Shape::{self, Boolean, Integer, List, Map, OneOf, Structure, Text};

const TEXTS: Shape = List(&Text);
const TEXT_MAP: Shape = Map(&Text);
pub(crate) const PAIRS: Shape = List(&Structure(&[("name", Text), ("value", Text)]));
const SECRETS: Shape = List(&Structure(&[("name", Text), ("valueFrom", Text)]));

/// `logConfiguration` of a container and of Service Connect.
pub(crate) const LOG_CONFIGURATION: Shape = Structure(&[
    (
        "logDriver",
        OneOf(&[
            "json-file",
            "syslog",
            "journald",
            "gelf",
            "fluentd",
            "awslogs",
            "splunk",
            "awsfirelens",
        ]),
    ),
    ("options", TEXT_MAP),
    ("secretOptions", SECRETS),
]);

pub(crate) const ENVIRONMENT_FILES: Shape =
    List(&Structure(&[("value", Text), ("type", OneOf(&["s3"]))]));

pub(crate) const RESOURCE_REQUIREMENTS: Shape = List(&Structure(&[
    ("value", Text),
    ("type", OneOf(&["GPU", "InferenceAccelerator", "NeuronDevice"])),
]));

const PORT_MAPPINGS: Shape = List(&Structure(&[
    ("containerPort", Integer),
    ("hostPort", Integer),
    ("protocol", OneOf(&["tcp", "udp"])),
    ("name", Text),
    ("appProtocol", OneOf(&["http", "http2", "grpc"])),
    ("containerPortRange", Text),
]));

const LINUX_PARAMETERS: Shape = Structure(&[
    ("capabilities", Structure(&[("add", TEXTS), ("drop", TEXTS)])),
    (
        "devices",
        List(&Structure(&[
            ("hostPath", Text),
            ("containerPath", Text),
            ("permissions", List(&OneOf(&["read", "write", "mknod"]))),
        ])),
    ),
    ("initProcessEnabled", Boolean),
    ("sharedMemorySize", Integer),
    (
        "tmpfs",
        List(&Structure(&[("containerPath", Text), ("size", Integer), ("mountOptions", TEXTS)])),
    ),
    ("maxSwap", Integer),
    ("swappiness", Integer),
]);

const ULIMITS: Shape = List(&Structure(&[
    (
        "name",
        OneOf(&[
            "core",
            "cpu",
            "data",
            "fsize",
            "locks",
            "memlock",
            "msgqueue",
            "nice",
            "nofile",
            "nproc",
            "rss",
            "rtprio",
            "rttime",
            "sigpending",
            "stack",
        ]),
    ),
    ("softLimit", Integer),
    ("hardLimit", Integer),
]));

/// `containerDefinitions`.
pub(super) const CONTAINERS: Shape = List(&Structure(&[
    ("name", Text),
    ("image", Text),
    ("repositoryCredentials", Structure(&[("credentialsParameter", Text)])),
    ("cpu", Integer),
    ("memory", Integer),
    ("memoryReservation", Integer),
    ("links", TEXTS),
    ("portMappings", PORT_MAPPINGS),
    ("essential", Boolean),
    (
        "restartPolicy",
        Structure(&[
            ("enabled", Boolean),
            ("ignoredExitCodes", List(&Integer)),
            ("restartAttemptPeriod", Integer),
        ]),
    ),
    ("entryPoint", TEXTS),
    ("command", TEXTS),
    ("environment", PAIRS),
    ("environmentFiles", ENVIRONMENT_FILES),
    (
        "mountPoints",
        List(&Structure(&[("sourceVolume", Text), ("containerPath", Text), ("readOnly", Boolean)])),
    ),
    ("volumesFrom", List(&Structure(&[("sourceContainer", Text), ("readOnly", Boolean)]))),
    ("linuxParameters", LINUX_PARAMETERS),
    ("secrets", SECRETS),
    (
        "dependsOn",
        List(&Structure(&[
            ("containerName", Text),
            ("condition", OneOf(&["START", "COMPLETE", "SUCCESS", "HEALTHY"])),
        ])),
    ),
    ("startTimeout", Integer),
    ("stopTimeout", Integer),
    ("versionConsistency", OneOf(&["enabled", "disabled"])),
    ("hostname", Text),
    ("user", Text),
    ("workingDirectory", Text),
    ("disableNetworking", Boolean),
    ("privileged", Boolean),
    ("readonlyRootFilesystem", Boolean),
    ("dnsServers", TEXTS),
    ("dnsSearchDomains", TEXTS),
    ("extraHosts", List(&Structure(&[("hostname", Text), ("ipAddress", Text)]))),
    ("dockerSecurityOptions", TEXTS),
    ("interactive", Boolean),
    ("pseudoTerminal", Boolean),
    ("dockerLabels", TEXT_MAP),
    ("ulimits", ULIMITS),
    ("logConfiguration", LOG_CONFIGURATION),
    (
        "healthCheck",
        Structure(&[
            ("command", TEXTS),
            ("interval", Integer),
            ("timeout", Integer),
            ("retries", Integer),
            ("startPeriod", Integer),
        ]),
    ),
    ("systemControls", List(&Structure(&[("namespace", Text), ("value", Text)]))),
    ("resourceRequirements", RESOURCE_REQUIREMENTS),
    (
        "firelensConfiguration",
        Structure(&[("type", OneOf(&["fluentd", "fluentbit"])), ("options", TEXT_MAP)]),
    ),
    ("credentialSpecs", TEXTS),
]));

/// `volumes`.
pub(super) const VOLUMES: Shape = List(&Structure(&[
    ("name", Text),
    ("host", Structure(&[("sourcePath", Text)])),
    (
        "dockerVolumeConfiguration",
        Structure(&[
            ("scope", OneOf(&["task", "shared"])),
            ("autoprovision", Boolean),
            ("driver", Text),
            ("driverOpts", TEXT_MAP),
            ("labels", TEXT_MAP),
        ]),
    ),
    (
        "efsVolumeConfiguration",
        Structure(&[
            ("fileSystemId", Text),
            ("rootDirectory", Text),
            ("transitEncryption", OneOf(&["ENABLED", "DISABLED"])),
            ("transitEncryptionPort", Integer),
            (
                "authorizationConfig",
                Structure(&[("accessPointId", Text), ("iam", OneOf(&["ENABLED", "DISABLED"]))]),
            ),
        ]),
    ),
    (
        "s3filesVolumeConfiguration",
        Structure(&[
            ("fileSystemArn", Text),
            ("rootDirectory", Text),
            ("transitEncryptionPort", Integer),
            ("accessPointArn", Text),
        ]),
    ),
    (
        "fsxWindowsFileServerVolumeConfiguration",
        Structure(&[
            ("fileSystemId", Text),
            ("rootDirectory", Text),
            ("authorizationConfig", Structure(&[("credentialsParameter", Text), ("domain", Text)])),
        ]),
    ),
    ("configuredAtLaunch", Boolean),
]));

/// The other structures of a task definition, by member.
pub(super) const REST: &[(&str, Shape)] = &[
    ("networkMode", OneOf(&["bridge", "host", "awsvpc", "none"])),
    ("pidMode", OneOf(&["host", "task"])),
    ("ipcMode", OneOf(&["host", "task", "none"])),
    (
        "placementConstraints",
        List(&Structure(&[("type", OneOf(&["memberOf"])), ("expression", Text)])),
    ),
    ("requiresCompatibilities", List(&OneOf(&["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"]))),
    (
        "proxyConfiguration",
        Structure(&[("type", OneOf(&["APPMESH"])), ("containerName", Text), ("properties", PAIRS)]),
    ),
    ("ephemeralStorage", Structure(&[("sizeInGiB", Integer)])),
    (
        "runtimePlatform",
        Structure(&[
            ("cpuArchitecture", OneOf(&["X86_64", "ARM64"])),
            (
                "operatingSystemFamily",
                OneOf(&[
                    "WINDOWS_SERVER_2019_FULL",
                    "WINDOWS_SERVER_2019_CORE",
                    "WINDOWS_SERVER_2016_FULL",
                    "WINDOWS_SERVER_2004_CORE",
                    "WINDOWS_SERVER_2022_CORE",
                    "WINDOWS_SERVER_2022_FULL",
                    "WINDOWS_SERVER_2025_CORE",
                    "WINDOWS_SERVER_2025_FULL",
                    "WINDOWS_SERVER_20H2_CORE",
                    "LINUX",
                ]),
            ),
        ]),
    ),
    ("enableFaultInjection", Boolean),
    (
        "trustedExecutionConfiguration",
        Structure(&[
            ("isolationMode", OneOf(&["SHARED", "ISOLATED_SANDBOX", "CONFIDENTIAL_SANDBOX"])),
            ("attestationPolicy", Text),
        ]),
    ),
];
