//! Disks of a task: what cannot be mounted together, and what EBS offers.

use std::collections::BTreeMap;

use super::{Explain, Findings};
use crate::manifest::read::did_you_mean;
use crate::manifest::service::{Ebs, EbsType, Efs, ServiceManifest};

/// Everything about the volumes of one task.
pub(super) fn storage(service: &ServiceManifest, findings: &mut Findings<'_>) {
    names(service, findings);
    mounts(service, findings);
    file_systems(service, findings);
    let volumes = service.storage.volumes.iter();
    let disks: Vec<(&str, &Ebs)> =
        volumes.filter_map(|(name, one)| Some((name.as_str(), one.ebs.as_ref()?))).collect();
    if let Some((second, _)) = disks.get(1) {
        findings
            .error_of_key(&format!("storage.volumes.{second}.ebs"), "a second EBS volume")
            .explain(
                "at most one a service: ECS attaches no more to a task",
                "use `efs`, or leave both keys out for a volume that lives as long as the task",
            );
    }
    for (name, disk) in disks {
        let place = format!("storage.volumes.{name}.ebs");
        // A schedule starts its tasks without the configuration that such a volume needs.
        if service.service_type.to_string().ends_with("Job") {
            findings
                .error_of_key(&place, format!("a {} has no EBS volume", service.service_type))
                .advise("use `efs`, or `storage.ephemeral` for more scratch disk");
        }
        ebs(&place, disk, findings);
    }
}

fn names(service: &ServiceManifest, findings: &mut Findings<'_>) {
    for name in service.storage.volumes.keys() {
        let sound = name.len() <= 255
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !sound {
            findings
                .error(
                    &format!("storage.volumes.{name}"),
                    format!("`{name}` is no name for a volume"),
                )
                .expected = Some("letters, digits, `-` and `_`".into());
        }
    }
}

/// Sidecars mount what there is, and no path twice in a container.
fn mounts(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let volumes = &service.storage.volumes;
    let main = volumes
        .iter()
        .map(|(name, volume)| (volume.path.as_str(), format!("storage.volumes.{name}.path")));
    twice(main.collect(), findings);
    let known: Vec<&str> = volumes.keys().map(String::as_str).collect();
    for (name, sidecar) in &service.sidecars {
        let mut paths = Vec::new();
        for (index, mount) in sidecar.mount_points.iter().enumerate() {
            let place = format!("sidecars.{name}.mount_points.{index}");
            paths.push((mount.path.as_str(), format!("{place}.path")));
            if known.contains(&mount.source_volume.as_str()) {
                continue;
            }
            let help = did_you_mean(&mount.source_volume, &known)
                .unwrap_or_else(|| "add it under `storage.volumes`".into());
            findings
                .error(
                    &format!("{place}.source_volume"),
                    format!("there is no volume `{}`", mount.source_volume),
                )
                .help = Some(help);
        }
        twice(paths, findings);
    }
}

fn twice(paths: Vec<(&str, String)>, findings: &mut Findings<'_>) {
    let mut seen: BTreeMap<&str, String> = BTreeMap::new();
    for (path, place) in paths {
        let Some(first) = seen.get(path.trim_end_matches('/')) else {
            seen.insert(path.trim_end_matches('/'), place);
            continue;
        };
        let first = findings.node.place(first);
        let problem = findings.error(&place, format!("two volumes are mounted at `{path}`"));
        *problem = problem.clone().also(first, "the other one").help("choose another path");
    }
}

fn file_systems(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let mut managed: Option<&str> = None;
    for (name, volume) in &service.storage.volumes {
        let place = format!("storage.volumes.{name}");
        if volume.efs.is_some() && volume.ebs.is_some() {
            findings
                .error_of_key(&format!("{place}.ebs"), format!("`{name}` is on EFS and on EBS"))
                .advise("keep one of `efs` and `ebs`");
        }
        if !matches!(volume.efs, Some(Efs::Managed { .. })) {
            continue;
        }
        if let Some(first) = managed {
            let first = findings.node.place_of_key(&format!("storage.volumes.{first}.efs"));
            let message = "a second volume on the environment's file system";
            let problem = findings.error_of_key(&format!("{place}.efs"), message);
            *problem = problem
                .clone()
                .also(first, "the first one")
                .help("a service has one folder in it: keep one volume, or name a file system with `efs.id`");
        }
        managed = managed.or(Some(name));
        if service.network.vpc.security_groups.deny_default {
            findings
                .error_of_key(
                    &format!("{place}.efs"),
                    "the environment's file system lets in the environment's security group alone",
                )
                .advise("remove `network.vpc.security_groups.deny_default`, or name a file system with `efs.id`");
        }
    }
}

/// Sizes in GiB and I/O operations that a type of volume can have.
fn limits(kind: EbsType) -> ((u32, u32), Option<(u32, u32)>) {
    match kind {
        EbsType::Gp3 => ((1, 65_536), Some((3000, 80_000))),
        EbsType::Gp2 => ((1, 16_384), None),
        EbsType::Io2 => ((4, 65_536), Some((100, 256_000))),
        EbsType::Io1 => ((4, 16_384), Some((100, 64_000))),
        EbsType::St1 | EbsType::Sc1 => ((125, 16_384), None),
        EbsType::Standard => ((1, 1024), None),
    }
}

fn ebs(place: &str, disk: &Ebs, findings: &mut Findings<'_>) {
    let kind = disk.volume_type;
    let ((smallest, largest), iops) = limits(kind);
    match disk.size {
        None if disk.snapshot.is_none() => {
            findings
                .error_of_key(place, "an EBS volume without a size")
                .advise("add `size:` in GiB, or `snapshot:`");
        }
        Some(size) if !(smallest..=largest).contains(&size) => {
            let message = format!("an EBS volume of type {kind} cannot have {size} GiB");
            findings.error(&format!("{place}.size"), message).expected =
                Some(format!("{smallest} to {largest} GiB"));
        }
        _ => rates(place, disk, iops, findings),
    }
}

fn rates(place: &str, disk: &Ebs, offered: Option<(u32, u32)>, findings: &mut Findings<'_>) {
    let kind = disk.volume_type;
    match (disk.iops, offered) {
        (None, Some(_)) if matches!(kind, EbsType::Io1 | EbsType::Io2) => {
            findings
                .error_of_key(place, format!("an EBS volume of type {kind} without `iops`"))
                .advise("add `iops:`, or use `type: gp3`");
        }
        (Some(_), None) => {
            findings
                .error_of_key(
                    &format!("{place}.iops"),
                    format!("`iops` cannot be chosen for {kind}"),
                )
                .advise("remove the line, or use `type: gp3`");
        }
        (Some(iops), Some((low, high))) if !(low..=high).contains(&iops) => {
            let message =
                format!("an EBS volume of type {kind} cannot have {iops} I/O operations a second");
            findings.error(&format!("{place}.iops"), message).expected =
                Some(format!("{low} to {high}"));
        }
        _ => {}
    }
    if disk.throughput.is_some() && kind != EbsType::Gp3 {
        findings
            .error_of_key(
                &format!("{place}.throughput"),
                format!("`throughput` cannot be chosen for {kind}"),
            )
            .advise("remove the line, or use `type: gp3`");
    }
    if disk.initialization_rate.is_some() && disk.snapshot.is_none() {
        findings
            .error_of_key(
                &format!("{place}.initialization_rate"),
                "`initialization_rate` without `snapshot`",
            )
            .advise("an empty volume is ready at once: remove the line");
    }
    if disk.kms_key.is_some() && !disk.encrypted {
        findings
            .error_of_key(&format!("{place}.kms_key"), "a key for a volume that is not encrypted")
            .advise("remove `encrypted: false`, or the key");
    }
}
