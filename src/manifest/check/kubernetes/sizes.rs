//! Whether a pod fits what runs pods: nodes of groups, and Fargate.

use super::super::{Explain, Findings};
use crate::manifest::environment::{Environment, Kubernetes};
use crate::manifest::service::ServiceManifest;

/// CPU units and MiB that a pod on Fargate has at most.
const FARGATE: (u32, u32) = (16 * 1024, 120 * 1024);
/// CPU units and MiB of a node that Kubernetes and the system keep, at least.
const KEPT: (u32, u32) = (64, 512);

pub(super) fn check(
    service: &ServiceManifest,
    environment: &Environment,
    kubernetes: &Kubernetes,
    findings: &mut Findings<'_>,
) {
    let sidecars = || service.sidecars.values();
    let cpu: u32 = sidecars().filter_map(|one| one.cpu).sum();
    let memory: u32 = sidecars().filter_map(|one| one.memory_reservation.or(one.memory)).sum();
    for (key, all, taken) in [("cpu", service.cpu, cpu), ("memory", service.memory, memory)] {
        if taken > 0 && taken >= all {
            findings
                .error(key, format!("the sidecars take {taken} of {all}, and leave nothing to the main container"))
                .advise(format!("write more `{key}`: it is what all containers of a pod have together"));
            return;
        }
    }
    if kubernetes.auto_mode() {
        return;
    }
    let wanted = (service.cpu, service.memory);
    let name = &environment.name;
    if kubernetes.only_fargate() {
        if wanted.0 > FARGATE.0 || wanted.1 > FARGATE.1 {
            let key = if wanted.0 > FARGATE.0 { "cpu" } else { "memory" };
            findings
                .error(
                    key,
                    format!("no pod on Fargate has cpu {} and memory {}", wanted.0, wanted.1),
                )
                .explain(
                    format!("at most cpu {} and memory {} (EKS on Fargate)", FARGATE.0, FARGATE.1),
                    format!("write less, or add node groups to environments/{name}.yml"),
                );
        }
        return;
    }
    if !kubernetes.fargate_profiles.is_empty() {
        return;
    }
    let types = kubernetes.node_groups.values().flat_map(|group| &group.instances);
    let sizes: Option<Vec<(u32, u32)>> = types.map(|name| size(name)).collect();
    // A type that is not known here may be large enough.
    let Some(sizes) = sizes.filter(|sizes| !sizes.is_empty()) else { return };
    let room = |one: &(u32, u32)| (one.0.saturating_sub(KEPT.0), one.1.saturating_sub(KEPT.1));
    let fits = |one: &(u32, u32)| wanted.0 <= room(one).0 && wanted.1 <= room(one).1;
    if sizes.iter().any(fits) {
        return;
    }
    let largest = sizes.iter().max().copied().unwrap_or_default();
    let key = if wanted.0 > room(&largest).0 { "cpu" } else { "memory" };
    findings
        .error(
            key,
            format!("no node of environment `{name}` has room for a pod with cpu {} and memory {}", wanted.0, wanted.1),
        )
        .explain(
            format!("less than the largest node has: cpu {} and memory {}, of which the system keeps some", largest.0, largest.1),
            format!("write less, or larger `instances` in a node group in environments/{name}.yml"),
        );
}

/// CPU units and MiB of an instance type of the usual families; `None` for others.
fn size(name: &str) -> Option<(u32, u32)> {
    let (family, size) = name.split_once('.')?;
    let letter = family.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let first = letter.trim_end_matches(|c: char| c.is_ascii_digit());
    if first == "t" {
        return Some(match size {
            "nano" => (2048, 512),
            "micro" => (2048, 1024),
            "small" => (2048, 2048),
            "medium" => (2048, 4096),
            "large" => (2048, 8192),
            "xlarge" => (4096, 16_384),
            "2xlarge" => (8192, 32_768),
            _ => return None,
        });
    }
    // GiB for each virtual CPU.
    let share = match first {
        "c" => 2,
        "m" => 4,
        "r" => 8,
        _ => return None,
    };
    let cpus = match size {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        more => more.strip_suffix("xlarge")?.parse::<u32>().ok()?.checked_mul(4)?,
    };
    Some((cpus.checked_mul(1024)?, cpus.checked_mul(share)?.checked_mul(1024)?))
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_follow_from_names() {
        assert_eq!(size("m7g.large"), Some((2048, 8192)));
        assert_eq!(size("c6i.2xlarge"), Some((8192, 16_384)));
        assert_eq!(size("r5.24xlarge"), Some((98_304, 786_432)));
        assert_eq!(size("t4g.small"), Some((2048, 2048)));
        assert_eq!([size("g5.xlarge"), size("m7g.metal"), size("m7g")], [None, None, None]);
    }
}
