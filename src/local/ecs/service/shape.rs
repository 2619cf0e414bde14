//! What a service may hold, member by member: a table.

use crate::local::ecs::task_definition::shape::LOG_CONFIGURATION;
use crate::local::params::Shape::{self, Boolean, Integer, List, Number, OneOf, Structure, Text};

pub(super) const LOAD_BALANCERS: Shape = List(&Structure(&[
    ("targetGroupArn", Text),
    ("containerName", Text),
    ("containerPort", Integer),
    (
        "advancedConfiguration",
        Structure(&[
            ("alternateTargetGroupArn", Text),
            ("productionListenerRule", Text),
            ("testListenerRule", Text),
            ("roleArn", Text),
        ]),
    ),
]));

pub(super) const SERVICE_REGISTRIES: Shape = List(&Structure(&[
    ("registryArn", Text),
    ("port", Integer),
    ("containerName", Text),
    ("containerPort", Integer),
]));

/// The stages at which a lifecycle hook may stand.
const HOOK_STAGES: [&str; 8] = [
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
];

pub(super) const DEPLOYMENT_CONFIGURATION: Shape = Structure(&[
    (
        "deploymentCircuitBreaker",
        Structure(&[
            ("enable", Boolean),
            ("rollback", Boolean),
            ("resetOnHealthyTask", Boolean),
            (
                "thresholdConfiguration",
                Structure(&[
                    ("type", OneOf(&["COUNT", "BOUNDED_PERCENT", "UNBOUNDED_PERCENT"])),
                    ("value", Integer),
                ]),
            ),
        ]),
    ),
    ("maximumPercent", Integer),
    ("minimumHealthyPercent", Integer),
    (
        "alarms",
        Structure(&[("alarmNames", List(&Text)), ("rollback", Boolean), ("enable", Boolean)]),
    ),
    ("strategy", OneOf(&["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"])),
    ("bakeTimeInMinutes", Integer),
    (
        "linearConfiguration",
        Structure(&[("stepPercent", Number), ("stepBakeTimeInMinutes", Integer)]),
    ),
    (
        "canaryConfiguration",
        Structure(&[("canaryPercent", Number), ("canaryBakeTimeInMinutes", Integer)]),
    ),
    (
        "lifecycleHooks",
        List(&Structure(&[
            ("targetType", OneOf(&["AWS_LAMBDA", "PAUSE"])),
            ("hookTargetArn", Text),
            ("roleArn", Text),
            ("lifecycleStages", List(&OneOf(&HOOK_STAGES))),
            (
                "timeoutConfiguration",
                Structure(&[
                    ("timeoutInMinutes", Integer),
                    ("action", OneOf(&["ROLLBACK", "CONTINUE"])),
                ]),
            ),
        ])),
    ),
    (
        "earlySuccessCriteria",
        Structure(&[
            ("enable", Boolean),
            ("healthyPercent", Integer),
            ("sourceServiceRevisionCleanup", OneOf(&["BLOCKING", "DEFERRED"])),
        ]),
    ),
]);

/// `networkConfiguration` of services and tasks.
pub(crate) const NETWORK_CONFIGURATION: Shape = Structure(&[(
    "awsvpcConfiguration",
    Structure(&[
        ("subnets", List(&Text)),
        ("securityGroups", List(&Text)),
        ("assignPublicIp", OneOf(&["ENABLED", "DISABLED"])),
    ]),
)]);

pub(crate) const PLACEMENT_CONSTRAINTS: Shape =
    List(&Structure(&[("type", OneOf(&["distinctInstance", "memberOf"])), ("expression", Text)]));

pub(crate) const PLACEMENT_STRATEGY: Shape =
    List(&Structure(&[("type", OneOf(&["random", "spread", "binpack"])), ("field", Text)]));

pub(super) const SERVICE_CONNECT: Shape = Structure(&[
    ("enabled", Boolean),
    ("namespace", Text),
    (
        "services",
        List(&Structure(&[
            ("portName", Text),
            ("discoveryName", Text),
            (
                "clientAliases",
                List(&Structure(&[
                    ("port", Integer),
                    ("dnsName", Text),
                    (
                        "testTrafficRules",
                        Structure(&[(
                            "header",
                            Structure(&[("name", Text), ("value", Structure(&[("exact", Text)]))]),
                        )]),
                    ),
                ])),
            ),
            ("ingressPortOverride", Integer),
            (
                "timeout",
                Structure(&[
                    ("idleTimeoutSeconds", Integer),
                    ("perRequestTimeoutSeconds", Integer),
                ]),
            ),
            (
                "tls",
                Structure(&[
                    ("issuerCertificateAuthority", Structure(&[("awsPcaAuthorityArn", Text)])),
                    ("kmsKey", Text),
                    ("roleArn", Text),
                ]),
            ),
        ])),
    ),
    ("logConfiguration", LOG_CONFIGURATION),
    (
        "accessLogConfiguration",
        Structure(&[
            ("format", OneOf(&["TEXT", "JSON"])),
            ("includeQueryParameters", OneOf(&["DISABLED", "ENABLED"])),
        ]),
    ),
    ("containerConfigurations", List(&Structure(&[("logLevel", OneOf(&["debug", "info"]))]))),
]);

pub(super) const VOLUME_CONFIGURATIONS: Shape = List(&Structure(&[
    ("name", Text),
    (
        "managedEBSVolume",
        Structure(&[
            ("encrypted", Boolean),
            ("kmsKeyId", Text),
            ("volumeType", Text),
            ("sizeInGiB", Integer),
            ("snapshotId", Text),
            ("volumeInitializationRate", Integer),
            ("iops", Integer),
            ("throughput", Integer),
            (
                "tagSpecifications",
                List(&Structure(&[
                    ("resourceType", OneOf(&["volume"])),
                    ("tags", List(&Structure(&[("key", Text), ("value", Text)]))),
                    ("propagateTags", OneOf(&["TASK_DEFINITION", "SERVICE", "NONE"])),
                ])),
            ),
            ("roleArn", Text),
            ("filesystemType", OneOf(&["ext3", "ext4", "xfs", "ntfs"])),
        ]),
    ),
]));

/// `volumeConfigurations` of `RunTask`.
pub(crate) const TASK_VOLUME_CONFIGURATIONS: Shape = List(&Structure(&[
    ("name", Text),
    (
        "managedEBSVolume",
        Structure(&[
            ("encrypted", Boolean),
            ("kmsKeyId", Text),
            ("volumeType", Text),
            ("sizeInGiB", Integer),
            ("snapshotId", Text),
            ("volumeInitializationRate", Integer),
            ("iops", Integer),
            ("throughput", Integer),
            (
                "tagSpecifications",
                List(&Structure(&[
                    ("resourceType", OneOf(&["volume"])),
                    ("tags", List(&Structure(&[("key", Text), ("value", Text)]))),
                    ("propagateTags", OneOf(&["TASK_DEFINITION", "SERVICE", "NONE"])),
                ])),
            ),
            ("roleArn", Text),
            ("terminationPolicy", Structure(&[("deleteOnTermination", Boolean)])),
            ("filesystemType", OneOf(&["ext3", "ext4", "xfs", "ntfs"])),
        ]),
    ),
]));

/// `advancedConfiguration` is for deployments that move traffic, which local AWS does not model with VPC Lattice.
pub(super) const LATTICE: Shape =
    List(&Structure(&[("roleArn", Text), ("targetGroupArn", Text), ("portName", Text)]));

pub(super) const MONITORING: Shape = Structure(&[(
    "metricConfigurations",
    List(&Structure(&[("metricNames", List(&Text)), ("resolutionSeconds", Integer)])),
)]);

/// `overrides` of `RunTask`.
pub(crate) const TASK_OVERRIDES: Shape = Structure(&[
    (
        "containerOverrides",
        List(&Structure(&[
            ("name", Text),
            ("command", List(&Text)),
            ("environment", crate::local::ecs::task_definition::shape::PAIRS),
            ("environmentFiles", crate::local::ecs::task_definition::shape::ENVIRONMENT_FILES),
            ("cpu", Integer),
            ("memory", Integer),
            ("memoryReservation", Integer),
            (
                "resourceRequirements",
                crate::local::ecs::task_definition::shape::RESOURCE_REQUIREMENTS,
            ),
        ])),
    ),
    ("cpu", Text),
    ("executionRoleArn", Text),
    ("memory", Text),
    ("taskRoleArn", Text),
    ("ephemeralStorage", Structure(&[("sizeInGiB", Integer)])),
]);
