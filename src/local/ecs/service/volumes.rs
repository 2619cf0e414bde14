//! EBS volumes that ECS makes for each task: what it refuses of their configuration.

use serde_json::Value;

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::invalid;
use crate::local::ecs::neighbours;
use crate::local::error::AwsError;

/// The least and the most.
type Range = (i64, i64);

/// Sizes in GiB, then IOPS where they can be chosen, by volume type.
const TYPES: &[(&str, i64, i64, Option<Range>)] = &[
    ("gp3", 1, 65_536, Some((3000, 80_000))),
    ("gp2", 1, 16_384, None),
    ("io2", 4, 65_536, Some((100, 256_000))),
    ("io1", 4, 16_384, Some((100, 64_000))),
    ("st1", 125, 16_384, None),
    ("sc1", 125, 16_384, None),
    ("standard", 1, 1024, None),
];

/// Checks `volumeConfigurations` against each other and the task definition.
pub(super) fn check(wire: &Value, definition: &Value) -> Result<(), AwsError> {
    let configurations = wire.list("volumeConfigurations");
    let at_launch = |volume: &&Value| volume.flag("configuredAtLaunch");
    let volumes: Vec<&Value> = definition.list("volumes").iter().filter(at_launch).collect();
    if configurations.len() > 1 || volumes.len() > 1 {
        return Err(invalid("At most one volume can be configured at launch."));
    }
    for volume in &volumes {
        let name = volume.text("name");
        if !configurations.iter().any(|one| one.text("name") == name) {
            return Err(invalid(format!(
                "Volume '{name}' is configured at launch, and volumeConfigurations does not have it."
            )));
        }
    }
    for one in configurations {
        let name = one.text("name");
        if !volumes.iter().any(|volume| volume.text("name") == name) {
            return Err(invalid(format!(
                "Volume configuration '{name}' names no volume of the task definition with configuredAtLaunch."
            )));
        }
        let Some(volume) = one.get("managedEBSVolume") else {
            return Err(invalid(format!("managedEBSVolume is missing for volume '{name}'.")));
        };
        managed(volume)?;
    }
    Ok(())
}

fn managed(volume: &Value) -> Result<(), AwsError> {
    if volume.text("roleArn").is_empty() {
        return Err(invalid("roleArn of managedEBSVolume should not be null or empty."));
    }
    if !volume.has("sizeInGiB") && !volume.has("snapshotId") {
        return Err(invalid("Either sizeInGiB or snapshotId must be specified for an EBS volume."));
    }
    let kind = if volume.has("volumeType") { volume.text("volumeType") } else { "gp3" };
    let Some((_, low, high, iops)) = TYPES.iter().find(|(name, ..)| *name == kind) else {
        return Err(invalid(format!("Invalid EBS volume type '{kind}'.")));
    };
    let within = |member: &str, low: i64, high: i64| {
        let given = volume.integer(member);
        if volume.has(member) && !(low..=high).contains(&given) {
            return Err(invalid(format!(
                "{member} {given} of an EBS volume of type {kind} must be between {low} and {high}."
            )));
        }
        Ok(())
    };
    within("sizeInGiB", *low, *high)?;
    match iops {
        Some((low, high)) => within("iops", *low, *high)?,
        None if volume.has("iops") => {
            return Err(invalid(format!("iops is not supported for volume type {kind}.")));
        }
        None => {}
    }
    if kind.starts_with("io") && !volume.has("iops") {
        return Err(invalid(format!("iops is required for volume type {kind}.")));
    }
    if volume.has("throughput") && kind != "gp3" {
        return Err(invalid(format!("throughput is not supported for volume type {kind}.")));
    }
    within("throughput", 125, 2000)?;
    within("volumeInitializationRate", 100, 300)?;
    if volume.has("volumeInitializationRate") && !volume.has("snapshotId") {
        return Err(invalid("volumeInitializationRate needs a snapshotId."));
    }
    if volume.has("encrypted") && !volume.flag("encrypted") && volume.has("kmsKeyId") {
        return Err(invalid("kmsKeyId needs an encrypted volume."));
    }
    Ok(())
}

/// Why a task's volumes cannot be made; `None` if they can.
pub(crate) fn refusal(call: &Call<'_>, spec: &Value) -> Option<String> {
    spec.list("volumeConfigurations").iter().find_map(|one| {
        let role = one["managedEBSVolume"].text("roleArn");
        (!neighbours::is_infrastructure_role(call, role)).then(|| {
            format!(
                "ECS was unable to assume the configured ECS Infrastructure Role '{role}'. Please verify that the \
                 role being passed has the proper trust relationship with Amazon ECS"
            )
        })
    })
}
