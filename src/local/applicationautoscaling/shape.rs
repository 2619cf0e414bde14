//! What a scaling policy may hold, member by member: a table.

use crate::local::params::Shape::{self, Boolean, Integer, List, Number, OneOf, Structure, Text};

const PAIRS: Shape = List(&Structure(&[("Name", Text), ("Value", Text)]));

pub(super) const STEP_SCALING: Shape = Structure(&[
    ("AdjustmentType", OneOf(&["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"])),
    (
        "StepAdjustments",
        List(&Structure(&[
            ("MetricIntervalLowerBound", Number),
            ("MetricIntervalUpperBound", Number),
            ("ScalingAdjustment", Integer),
        ])),
    ),
    ("MinAdjustmentMagnitude", Integer),
    ("Cooldown", Integer),
    ("MetricAggregationType", OneOf(&["Average", "Minimum", "Maximum"])),
]);

/// The metrics of ECS services.
pub(super) const METRICS: &[&str] = &[
    "ECSServiceAverageCPUUtilization",
    "ECSServiceAverageMemoryUtilization",
    "ALBRequestCountPerTarget",
    "ECSServiceAverageCPUUtilizationHighResolution",
    "ECSServiceAverageMemoryUtilizationHighResolution",
];

pub(super) const TARGET_TRACKING: Shape = Structure(&[
    ("TargetValue", Number),
    (
        "PredefinedMetricSpecification",
        Structure(&[("PredefinedMetricType", OneOf(METRICS)), ("ResourceLabel", Text)]),
    ),
    (
        "CustomizedMetricSpecification",
        Structure(&[
            ("MetricName", Text),
            ("Namespace", Text),
            ("Dimensions", PAIRS),
            ("Statistic", OneOf(&["Average", "Minimum", "Maximum", "SampleCount", "Sum"])),
            ("Unit", Text),
            (
                "Metrics",
                List(&Structure(&[
                    ("Expression", Text),
                    ("Id", Text),
                    ("Label", Text),
                    (
                        "MetricStat",
                        Structure(&[
                            (
                                "Metric",
                                Structure(&[
                                    ("Dimensions", PAIRS),
                                    ("MetricName", Text),
                                    ("Namespace", Text),
                                ]),
                            ),
                            ("Stat", Text),
                            ("Unit", Text),
                        ]),
                    ),
                    ("ReturnData", Boolean),
                ])),
            ),
        ]),
    ),
    ("ScaleOutCooldown", Integer),
    ("ScaleInCooldown", Integer),
    ("DisableScaleIn", Boolean),
]);
