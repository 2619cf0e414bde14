//! What a group may hold, member by member: a table.

use crate::local::params::Shape::{self, Integer, List, Structure, Text};

pub(super) const LAUNCH_TEMPLATE: Shape =
    Structure(&[("LaunchTemplateId", Text), ("LaunchTemplateName", Text), ("Version", Text)]);

pub(super) const MIXED_INSTANCES: Shape = Structure(&[
    (
        "LaunchTemplate",
        Structure(&[
            ("LaunchTemplateSpecification", LAUNCH_TEMPLATE),
            ("Overrides", List(&Structure(&[("InstanceType", Text), ("WeightedCapacity", Text)]))),
        ]),
    ),
    (
        "InstancesDistribution",
        Structure(&[
            ("OnDemandAllocationStrategy", Text),
            ("OnDemandBaseCapacity", Integer),
            ("OnDemandPercentageAboveBaseCapacity", Integer),
            ("SpotAllocationStrategy", Text),
            ("SpotInstancePools", Integer),
            ("SpotMaxPrice", Text),
        ]),
    ),
]);
