//! Which types of instances ECS may choose.

use aws_sdk_ecs::types::{
    AcceleratorCountRequest, AcceleratorTotalMemoryMiBRequest, BaselineEbsBandwidthMbpsRequest,
    InstanceRequirementsRequest, MemoryGiBPerVCpuRequest, MemoryMiBRequest,
    NetworkBandwidthGbpsRequest, NetworkInterfaceCountRequest, TotalLocalStorageGbRequest,
    VCpuCountRangeRequest,
};
use serde::{Deserialize, Serialize};

use crate::engine::Failure;
use crate::resources::ecs::convert::{built, some};

/// A range of whole numbers; an end that is not there is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Fewest.
    pub min: Option<i32>,
    /// Most.
    pub max: Option<i32>,
}

/// A range of numbers; an end that is not there is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Least.
    pub min: Option<f64>,
    /// Most.
    pub max: Option<f64>,
}

/// What a type must have. Empty lists and `None` ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Requirements {
    /// Virtual CPUs; ECS wants the least to be named.
    pub vcpus: Range,
    /// Memory in MiB; ECS wants the least to be named.
    pub memory_mib: Range,
    /// Network interfaces.
    pub network_interface_count: Option<Range>,
    /// Bandwidth to disks in Mbit/s.
    pub baseline_ebs_bandwidth_mbps: Option<Range>,
    /// Accelerators.
    pub accelerator_count: Option<Range>,
    /// Memory of all accelerators in MiB.
    pub accelerator_total_memory_mib: Option<Range>,
    /// Memory for each CPU in GiB.
    pub memory_gib_per_vcpu: Option<Numbers>,
    /// Disks of its own in GB.
    pub total_local_storage_gb: Option<Numbers>,
    /// Network in Gbit/s.
    pub network_bandwidth_gbps: Option<Numbers>,
    /// `intel`, `amd`, `amazon-web-services`.
    pub cpu_manufacturers: Vec<String>,
    /// Types that are never chosen; `*` stands for anything.
    pub excluded_instance_types: Vec<String>,
    /// Types that alone are chosen; `*` stands for anything.
    pub allowed_instance_types: Vec<String>,
    /// `current`, `previous`.
    pub instance_generations: Vec<String>,
    /// `hdd`, `ssd`.
    pub local_storage_types: Vec<String>,
    /// `gpu`, `fpga`, `inference`.
    pub accelerator_types: Vec<String>,
    /// `nvidia` and so on.
    pub accelerator_manufacturers: Vec<String>,
    /// `t4`, `a10g` and so on.
    pub accelerator_names: Vec<String>,
    /// Bare metal: `included`, `required` or `excluded`.
    pub bare_metal: Option<String>,
    /// Types of the T family: `included`, `required` or `excluded`.
    pub burstable_performance: Option<String>,
    /// Types with disks of their own: `included`, `required` or `excluded`.
    pub local_storage: Option<String>,
    /// Most above the cheapest Spot price, in percent.
    pub spot_max_price_percentage_over_lowest_price: Option<i32>,
    /// Most above the cheapest On-Demand price, in percent.
    pub on_demand_max_price_percentage_over_lowest_price: Option<i32>,
    /// Most for Spot, in percent of the best On-Demand price.
    pub max_spot_price_as_percentage_of_optimal_on_demand_price: Option<i32>,
    /// Types that can hibernate.
    pub require_hibernate_support: Option<bool>,
}

/// From a range to one of the SDK's many types of it.
macro_rules! range {
    ($range:expr, $sdk:ident) => {
        $range.map(|range| $sdk::builder().set_min(range.min).set_max(range.max).build())
    };
}

/// And back.
macro_rules! ends {
    ($sdk:expr, $range:ident) => {
        $sdk.map(|sdk| $range { min: sdk.min(), max: sdk.max() })
    };
}

pub(super) fn to_sdk(one: &Requirements) -> Result<InstanceRequirementsRequest, Failure> {
    let words = |list: &[String]| some(list.to_vec());
    let cpus = VCpuCountRangeRequest::builder()
        .min(one.vcpus.min.unwrap_or(0))
        .set_max(one.vcpus.max)
        .build();
    let memory = MemoryMiBRequest::builder()
        .min(one.memory_mib.min.unwrap_or(0))
        .set_max(one.memory_mib.max)
        .build();
    Ok(InstanceRequirementsRequest::builder()
        .v_cpu_count(built(cpus)?)
        .memory_mib(built(memory)?)
        .set_network_interface_count(range!(
            one.network_interface_count,
            NetworkInterfaceCountRequest
        ))
        .set_baseline_ebs_bandwidth_mbps(range!(
            one.baseline_ebs_bandwidth_mbps,
            BaselineEbsBandwidthMbpsRequest
        ))
        .set_accelerator_count(range!(one.accelerator_count, AcceleratorCountRequest))
        .set_accelerator_total_memory_mib(range!(
            one.accelerator_total_memory_mib,
            AcceleratorTotalMemoryMiBRequest
        ))
        .set_memory_gib_per_v_cpu(range!(one.memory_gib_per_vcpu, MemoryGiBPerVCpuRequest))
        .set_total_local_storage_gb(range!(one.total_local_storage_gb, TotalLocalStorageGbRequest))
        .set_network_bandwidth_gbps(range!(one.network_bandwidth_gbps, NetworkBandwidthGbpsRequest))
        .set_cpu_manufacturers(some(
            one.cpu_manufacturers.iter().map(|one| one.as_str().into()).collect(),
        ))
        .set_excluded_instance_types(words(&one.excluded_instance_types))
        .set_allowed_instance_types(words(&one.allowed_instance_types))
        .set_instance_generations(some(
            one.instance_generations.iter().map(|one| one.as_str().into()).collect(),
        ))
        .set_local_storage_types(some(
            one.local_storage_types.iter().map(|one| one.as_str().into()).collect(),
        ))
        .set_accelerator_types(some(
            one.accelerator_types.iter().map(|one| one.as_str().into()).collect(),
        ))
        .set_accelerator_manufacturers(some(
            one.accelerator_manufacturers.iter().map(|one| one.as_str().into()).collect(),
        ))
        .set_accelerator_names(some(
            one.accelerator_names.iter().map(|one| one.as_str().into()).collect(),
        ))
        .set_bare_metal(one.bare_metal.as_deref().map(Into::into))
        .set_burstable_performance(one.burstable_performance.as_deref().map(Into::into))
        .set_local_storage(one.local_storage.as_deref().map(Into::into))
        .set_spot_max_price_percentage_over_lowest_price(
            one.spot_max_price_percentage_over_lowest_price,
        )
        .set_on_demand_max_price_percentage_over_lowest_price(
            one.on_demand_max_price_percentage_over_lowest_price,
        )
        .set_max_spot_price_as_percentage_of_optimal_on_demand_price(
            one.max_spot_price_as_percentage_of_optimal_on_demand_price,
        )
        .set_require_hibernate_support(one.require_hibernate_support)
        .build())
}

fn sorted(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words: Vec<String> = words.collect();
    words.sort();
    words
}

pub(super) fn from_sdk(one: &InstanceRequirementsRequest) -> Requirements {
    let (cpus, memory) = (one.v_cpu_count(), one.memory_mib());
    Requirements {
        vcpus: Range {
            min: cpus.map(|range| range.min()),
            max: cpus.and_then(|range| range.max()),
        },
        memory_mib: Range {
            min: memory.map(|range| range.min()),
            max: memory.and_then(|range| range.max()),
        },
        network_interface_count: ends!(one.network_interface_count(), Range),
        baseline_ebs_bandwidth_mbps: ends!(one.baseline_ebs_bandwidth_mbps(), Range),
        accelerator_count: ends!(one.accelerator_count(), Range),
        accelerator_total_memory_mib: ends!(one.accelerator_total_memory_mib(), Range),
        memory_gib_per_vcpu: ends!(one.memory_gib_per_v_cpu(), Numbers),
        total_local_storage_gb: ends!(one.total_local_storage_gb(), Numbers),
        network_bandwidth_gbps: ends!(one.network_bandwidth_gbps(), Numbers),
        cpu_manufacturers: sorted(
            one.cpu_manufacturers().iter().map(|one| one.as_str().to_owned()),
        ),
        excluded_instance_types: sorted(one.excluded_instance_types().iter().cloned()),
        allowed_instance_types: sorted(one.allowed_instance_types().iter().cloned()),
        instance_generations: sorted(
            one.instance_generations().iter().map(|one| one.as_str().to_owned()),
        ),
        local_storage_types: sorted(
            one.local_storage_types().iter().map(|one| one.as_str().to_owned()),
        ),
        accelerator_types: sorted(
            one.accelerator_types().iter().map(|one| one.as_str().to_owned()),
        ),
        accelerator_manufacturers: sorted(
            one.accelerator_manufacturers().iter().map(|one| one.as_str().to_owned()),
        ),
        accelerator_names: sorted(
            one.accelerator_names().iter().map(|one| one.as_str().to_owned()),
        ),
        bare_metal: one.bare_metal().map(|one| one.as_str().to_owned()),
        burstable_performance: one.burstable_performance().map(|one| one.as_str().to_owned()),
        local_storage: one.local_storage().map(|one| one.as_str().to_owned()),
        spot_max_price_percentage_over_lowest_price: one
            .spot_max_price_percentage_over_lowest_price(),
        on_demand_max_price_percentage_over_lowest_price: one
            .on_demand_max_price_percentage_over_lowest_price(),
        max_spot_price_as_percentage_of_optimal_on_demand_price: one
            .max_spot_price_as_percentage_of_optimal_on_demand_price(),
        require_hibernate_support: one.require_hibernate_support(),
    }
}
