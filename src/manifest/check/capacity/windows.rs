//! Windows: where it runs, and what of Linux it does not have.

use super::super::{Explain, Findings, fargate};
use super::each_container;
use crate::manifest::service::{
    Count, IpcMode, Linux, NetworkMode, Runs, ServiceCapacity, ServiceManifest,
};

/// Everything about a service of Windows containers.
pub(super) fn windows(service: &ServiceManifest, runs: Runs, findings: &mut Findings<'_>) {
    match runs {
        Runs::External => findings
            .error("platform", "shipit runs nothing but Linux on machines outside AWS")
            .advise("run Windows on Fargate, or on `ec2` capacity with a Windows `image`"),
        Runs::Fargate => on_fargate(service, findings),
        Runs::Ec2 => {
            if let Some(mode) = service.network.mode.filter(|one| *one != NetworkMode::Awsvpc) {
                findings
                    .error("network.mode", format!("Windows has no network mode `{mode}` on ECS"))
                    .explain("`awsvpc`", "remove the line");
            }
        }
        // Said where the capacity is looked at.
        Runs::Managed => {}
    }
    if service.storage.readonly_fs {
        findings
            .error("storage.readonly_fs", "Windows needs to write to its root file system")
            .advise("remove the line");
    }
    for (name, volume) in &service.storage.volumes {
        if volume.efs.is_some() {
            findings
                .error_of_key(
                    &format!("storage.volumes.{name}.efs"),
                    "Windows containers cannot mount EFS",
                )
                .advise("remove the line: the volume then lives as long as the task");
        }
    }
    each_container(service, findings, |path, how, findings| {
        for (key, given) in [
            ("gpu", how.gpu.is_some() && runs != Runs::Fargate),
            ("privileged", how.privileged && runs != Runs::Fargate),
            ("init", how.init),
            ("ulimits", !how.ulimits.is_empty()),
            ("linux", how.linux != Linux::default()),
            ("system_controls", !how.system_controls.is_empty()),
        ] {
            if given {
                findings
                    .error_of_key(
                        &format!("{path}{key}"),
                        format!("`{key}` is for Linux, and these containers run on Windows"),
                    )
                    .advise("remove the line");
            }
        }
    });
    for (key, given) in [
        ("pid_mode", service.pid_mode.is_some()),
        ("ipc_mode", service.ipc_mode.is_some_and(|mode| mode != IpcMode::None)),
    ] {
        if given {
            findings
                .error_of_key(
                    key,
                    format!("`{key}` is for Linux, and these containers run on Windows"),
                )
                .advise("remove the line");
        }
    }
    helpers(service, findings);
}

/// Containers that shipit adds are Linux ones, unless their image is named.
fn helpers(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if service.logging.routed() && service.logging.image.is_none() {
        findings
            .error_of_key("logging", "the log router's usual image is for Linux")
            .advise("add `image:` below `logging:`, with a Fluent Bit for Windows");
    }
    if service.observability.tracing.is_some() && service.observability.collector_image.is_none() {
        findings
            .error_of_key("observability.tracing", "the collector's usual image is for Linux")
            .advise("add `collector_image:` with one for Windows, or remove `tracing`");
    }
    if service.timeout.is_some() {
        findings
            .error_of_key("timeout", "a Linux shell keeps the time, and does not run on Windows")
            .advise("remove the line, and end the run in the container");
    }
}

fn on_fargate(service: &ServiceManifest, findings: &mut Findings<'_>) {
    if findings.sound(&["cpu", "memory"]) {
        match service.cpu {
            1024 | 2048 | 4096 => fargate::size(service, findings),
            cpu => findings
                .error("cpu", format!("Windows does not run on Fargate with cpu {cpu}"))
                .explain("`1024`, `2048` or `4096`", "write `cpu: 1024` and `memory: 2048`"),
        }
    }
    let spot = match &service.count {
        Count::Spot(_) => Some("count.spot"),
        Count::Autoscaling(scaling) if scaling.spot_from.is_some() => Some("count.range.spot_from"),
        _ => match &service.capacity {
            Some(ServiceCapacity::FargateSpot) => Some("capacity"),
            Some(ServiceCapacity::Providers(shares))
                if shares.iter().any(|share| share.provider == "fargate-spot") =>
            {
                Some("capacity")
            }
            _ => None,
        },
    };
    if let Some(path) = spot {
        findings
            .error(path, "Fargate Spot does not run Windows")
            .advise("use plain Fargate, or `ec2` capacity with a Windows `image`");
    }
    for (name, volume) in &service.storage.volumes {
        if volume.ebs.is_some() {
            findings
                .error_of_key(
                    &format!("storage.volumes.{name}.ebs"),
                    "Fargate attaches EBS volumes to Linux tasks alone",
                )
                .advise("remove the line, or use `ec2` capacity with a Windows `image`");
        }
    }
}
