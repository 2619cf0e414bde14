//! Instance types: a table of those that people run containers on, and how they are described.

use serde_json::{Value, json};

use super::list::{self, Filters};
use crate::local::call::Call;
use crate::local::error::AwsError;

/// An instance type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceType {
    /// Such as `m7g.large`.
    pub name: &'static str,
    /// Virtual CPUs.
    pub cpus: i64,
    /// MiB.
    pub memory: i64,
    /// `x86_64` or `arm64`.
    pub architecture: &'static str,
    /// GPUs.
    pub gpus: i64,
    /// Network interfaces.
    pub interfaces: i64,
}

const fn row(
    name: &'static str,
    cpus: i64,
    gib: i64,
    architecture: &'static str,
    gpus: i64,
    interfaces: i64,
) -> InstanceType {
    InstanceType { name, cpus, memory: gib * 1024, architecture, gpus, interfaces }
}

/// In order of price, roughly: the first that fits is what a cheapest choice takes.
#[rustfmt::skip]
const TYPES: &[InstanceType] = &[
    row("t4g.small", 2, 2, "arm64", 0, 3),
    row("t3.small", 2, 2, "x86_64", 0, 3),
    row("t4g.medium", 2, 4, "arm64", 0, 3),
    row("t3.medium", 2, 4, "x86_64", 0, 3),
    row("t4g.large", 2, 8, "arm64", 0, 3),
    row("t3.large", 2, 8, "x86_64", 0, 3),
    row("c7g.large", 2, 4, "arm64", 0, 3),
    row("c7i.large", 2, 4, "x86_64", 0, 3),
    row("m6g.large", 2, 8, "arm64", 0, 3),
    row("m7g.large", 2, 8, "arm64", 0, 3),
    row("m5.large", 2, 8, "x86_64", 0, 3),
    row("m6i.large", 2, 8, "x86_64", 0, 3),
    row("m7i.large", 2, 8, "x86_64", 0, 3),
    row("r7g.large", 2, 16, "arm64", 0, 3),
    row("r7i.large", 2, 16, "x86_64", 0, 3),
    row("t3.xlarge", 4, 16, "x86_64", 0, 4),
    row("c7g.xlarge", 4, 8, "arm64", 0, 4),
    row("c7i.xlarge", 4, 8, "x86_64", 0, 4),
    row("m7g.xlarge", 4, 16, "arm64", 0, 4),
    row("m5.xlarge", 4, 16, "x86_64", 0, 4),
    row("m7i.xlarge", 4, 16, "x86_64", 0, 4),
    row("r7i.xlarge", 4, 32, "x86_64", 0, 4),
    row("c7i.2xlarge", 8, 16, "x86_64", 0, 4),
    row("m7g.2xlarge", 8, 32, "arm64", 0, 4),
    row("m5.2xlarge", 8, 32, "x86_64", 0, 4),
    row("m7i.2xlarge", 8, 32, "x86_64", 0, 4),
    row("g4dn.xlarge", 4, 16, "x86_64", 1, 3),
    row("g5g.xlarge", 4, 8, "arm64", 1, 4),
    row("g5.xlarge", 4, 16, "x86_64", 1, 4),
    row("g6.xlarge", 4, 16, "x86_64", 1, 4),
    row("g5.2xlarge", 8, 32, "x86_64", 1, 4),
    row("m7g.4xlarge", 16, 64, "arm64", 0, 8),
    row("m7i.4xlarge", 16, 64, "x86_64", 0, 8),
    row("g5.12xlarge", 48, 192, "x86_64", 4, 15),
    row("p3.2xlarge", 8, 61, "x86_64", 1, 4),
];

/// All types, the cheap first.
pub fn all() -> &'static [InstanceType] {
    TYPES
}

/// The type of this name, if it is in the table.
pub fn find(name: &str) -> Option<&'static InstanceType> {
    TYPES.iter().find(|one| one.name == name)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("instance-type", "instanceType"),
        ("processor-info.supported-architecture", "processorInfo.supportedArchitectures"),
        ("vcpu-info.default-vcpus", "vCpuInfo.defaultVCpus"),
        ("memory-info.size-in-mib", "memoryInfo.sizeInMiB"),
        ("current-generation", "currentGeneration"),
    ];
    let wanted = call.input.texts("InstanceType")?;
    let filters = Filters::read(&call.input, FILTERS)?;
    let unknown: Vec<&str> =
        wanted.iter().filter(|name| find(name).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(AwsError::new(
            "InvalidInstanceType",
            format!("The following supplied instance types do not exist: [{}]", unknown.join(", ")),
        ));
    }
    let types =
        TYPES.iter().filter(|one| wanted.is_empty() || wanted.iter().any(|w| w == one.name));
    let rows = types.map(shown).filter(|row| filters.meet(row)).collect();
    list::paged(call, "instanceTypeSet", rows, 100, !wanted.is_empty())
}

fn shown(one: &InstanceType) -> Value {
    let mut row = json!({
        "instanceType": one.name,
        "currentGeneration": true,
        "processorInfo": {"supportedArchitectures": [one.architecture]},
        "vCpuInfo": {"defaultVCpus": one.cpus},
        "memoryInfo": {"sizeInMiB": one.memory},
        "networkInfo": {"maximumNetworkInterfaces": one.interfaces},
    });
    if one.gpus > 0 {
        row["gpuInfo"] = json!({"gpus": [{"count": one.gpus, "manufacturer": "NVIDIA"}]});
    }
    row
}
