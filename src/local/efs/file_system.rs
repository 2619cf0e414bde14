//! File systems: made, read, changed, deleted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ACCESS_POINTS, FILE_SYSTEMS, MOUNT_TARGETS};
use super::{access_point_arn, available, error, file_system, file_system_arn, id_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::{durations, regions};

/// The state that its times say.
pub(super) fn state(call: &Call<'_>, document: &Value) -> &'static str {
    match document {
        _ if document.has("deleting") => "deleting",
        _ if document.time("ready") > call.now => "creating",
        _ if document.time("updating") > call.now => "updating",
        _ => "available",
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let token = input.text("CreationToken")?;
    let performance = input.optional_one_of("PerformanceMode", &["generalPurpose", "maxIO"])?;
    let performance = performance.unwrap_or_else(|| "generalPurpose".to_owned());
    let encrypted = input.optional_boolean("Encrypted")?;
    let key = input.optional_text("KmsKeyId")?;
    let throughput = throughput(call, None)?;
    let zone = input.optional_text("AvailabilityZoneName")?;
    let backup = input.optional_boolean("Backup")?.unwrap_or(zone.is_some());
    let tags = input.tags("Tags", "Key", "Value")?;
    if token.is_empty() || token.len() > 64 {
        return Err(input.invalid("The creation token must be 1 to 64 characters long."));
    }
    let same = |(_, one): &(String, Arc<Value>)| one.text("CreationToken") == token;
    if let Some((id, _)) = call.scan(FILE_SYSTEMS, "").into_iter().find(same) {
        let message = format!("File system '{id}' already exists with creation token '{token}'");
        return Err(error("FileSystemAlreadyExists", 409, message).with("FileSystemId", id));
    }
    if key.is_some() && encrypted != Some(true) {
        return Err(input.invalid("KmsKeyId can only be given for an encrypted file system."));
    }
    if performance == "maxIO" && (zone.is_some() || throughput.0 == "elastic") {
        return Err(input.invalid(
            "Max I/O performance mode is not supported for One Zone file systems and elastic throughput.",
        ));
    }
    let id = call.ids.resource("fs");
    let mut document = json!({
        "CreationToken": token,
        "PerformanceMode": performance,
        "Encrypted": encrypted.unwrap_or(false),
        "ThroughputMode": throughput.0,
        "created": call.now,
        "ready": call.ready_at(durations::FILE_SYSTEM),
        "protection": "ENABLED",
        "lifecycle": [],
    });
    if let Some(rate) = throughput.1 {
        document.set("ProvisionedThroughputInMibps", rate);
    }
    if encrypted == Some(true) {
        let key = key.unwrap_or_else(|| "aws/elasticfilesystem".to_owned());
        document.set("KmsKeyId", key_arn(call, &key));
    }
    if let Some(zone) = zone {
        let mut zones = regions::zones(&call.region).into_iter();
        let Some((_, zone_id)) = zones.find(|(name, _)| *name == zone) else {
            return Err(error(
                "BadRequest",
                400,
                format!("invalid availability zone name: {zone}"),
            ));
        };
        document.set("AvailabilityZoneName", zone);
        document.set("AvailabilityZoneId", zone_id);
    }
    if backup {
        document.set("backup", "ENABLED");
    }
    let arn = file_system_arn(call, &id);
    call.add_tags(&arn, tags)?;
    call.put(FILE_SYSTEMS, &id, document.clone());
    Ok(wire(call, &id, &document))
}

/// A key's ARN: that of an alias of AWS's own ends in an id made from its name.
fn key_arn(call: &Call<'_>, key: &str) -> String {
    match key {
        _ if key.starts_with("arn:") => key.to_owned(),
        _ if key.starts_with("alias/") => call.arn("kms", key),
        "aws/elasticfilesystem" => call.arn("kms", "key/00000000-0000-4000-8000-00000000ef50"),
        _ => call.arn("kms", &format!("key/{key}")),
    }
}

/// The throughput that the input asks for, beside what there is.
fn throughput(call: &Call<'_>, old: Option<&Value>) -> Result<(String, Option<f64>), AwsError> {
    let modes = ["bursting", "provisioned", "elastic"];
    let mode = call.input.optional_one_of("ThroughputMode", &modes)?;
    let rate = call.input.optional_number("ProvisionedThroughputInMibps")?;
    let mode = mode
        .or_else(|| old.map(|old| old.text("ThroughputMode").to_owned()))
        .unwrap_or_else(|| "bursting".to_owned());
    let kept = old.and_then(|old| old["ProvisionedThroughputInMibps"].as_f64());
    match (mode.as_str(), rate.or(kept)) {
        ("provisioned", None) => Err(call
            .input
            .invalid("ProvisionedThroughputInMibps is needed with throughput mode provisioned.")),
        ("provisioned", Some(rate)) if !(1.0..=3414.0).contains(&rate) => {
            Err(error("ThroughputLimitExceeded", 400, "1 to 3414 MiB/s can be provisioned."))
        }
        ("provisioned", rate) => Ok((mode, rate)),
        _ if rate.is_some() => Err(call.input.invalid(
            "ProvisionedThroughputInMibps can only be given with throughput mode provisioned.",
        )),
        _ => Ok((mode, None)),
    }
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, old) = available(call, &call.input.text("FileSystemId")?)?;
    let (mode, rate) = throughput(call, Some(&old))?;
    let before = old["ProvisionedThroughputInMibps"].as_f64();
    let changed = old.text("ThroughputMode") != mode;
    let lowered = matches!((before, rate), (Some(before), Some(rate)) if rate < before);
    if changed && mode == "elastic" && old.text("PerformanceMode") == "maxIO" {
        return Err(call.input.invalid("Max I/O file systems cannot have elastic throughput."));
    }
    if (changed || lowered) && old.time("throughputFree") > call.now {
        return Err(error(
            "TooManyRequests",
            429,
            "Throughput can be decreased and its mode changed once in 24 hours.",
        ));
    }
    let (free, until) =
        (call.ready_at(durations::FILE_SYSTEM_THROUGHPUT), call.ready_at(durations::FILE_SYSTEM));
    let mut new = Value::clone(&old);
    new.set("ThroughputMode", mode);
    new.unset("ProvisionedThroughputInMibps");
    if let Some(rate) = rate {
        new.set("ProvisionedThroughputInMibps", rate);
    }
    if changed || lowered {
        new.set("throughputFree", free);
    }
    new.set("updating", until);
    call.put(FILE_SYSTEMS, &id, new.clone());
    Ok(wire(call, &id, &new))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, document) = file_system(call, &call.input.text("FileSystemId")?)?;
    if targets(call, &id) > 0 {
        return Err(error(
            "FileSystemInUse",
            409,
            format!("File system '{id}' has mount targets created in one or more subnets."),
        ));
    }
    if document.has("deleting") {
        return Ok(json!({}));
    }
    // Its access points go with it.
    for (point, _) in
        call.scan(ACCESS_POINTS, "").iter().filter(|(_, one)| one.text("FileSystemId") == id)
    {
        call.delete(ACCESS_POINTS, point);
        let arn = access_point_arn(call, point);
        call.forget_tags(&arn);
    }
    let arn = file_system_arn(call, &id);
    call.forget_tags(&arn);
    let gone = call.ready_at(durations::FILE_SYSTEM);
    call.update(FILE_SYSTEMS, &id, |document| document.set("deleting", gone));
    call.schedule(gone, json!({"fileSystem": id}));
    Ok(json!({}))
}

/// How many mount targets it has, those that are on their way out among them.
fn targets(call: &Call<'_>, id: &str) -> usize {
    let targets = call.scan(MOUNT_TARGETS, "");
    targets.iter().filter(|(_, one)| one.text("FileSystemId") == id).count()
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let size = input.optional_integer("MaxItems")?.unwrap_or(100).clamp(1, 100);
    let marker = input.optional_text("Marker")?;
    let token = input.optional_text("CreationToken")?;
    let wanted = input.optional_text("FileSystemId")?;
    let mut found = match wanted {
        Some(wanted) => vec![file_system(call, id_of(&wanted))?],
        None => call.scan(FILE_SYSTEMS, ""),
    };
    found
        .retain(|(_, one)| token.as_deref().is_none_or(|token| one.text("CreationToken") == token));
    let page = call.page(found, size as usize, marker.as_deref(), |(id, _)| id.clone())?;
    let shown: Vec<Value> = page.items.iter().map(|(id, one)| wire(call, id, one)).collect();
    let mut output = json!({"FileSystems": shown});
    if let Some(marker) = marker {
        output.set("Marker", marker);
    }
    if let Some(next) = page.next {
        output.set("NextMarker", next);
    }
    Ok(output)
}

fn wire(call: &Call<'_>, id: &str, document: &Value) -> Value {
    let arn = file_system_arn(call, id);
    let mut wire = json!({
        "OwnerId": call.account,
        "FileSystemId": id,
        "FileSystemArn": arn,
        "CreationTime": call.time(document.time("created")),
        "LifeCycleState": state(call, document),
        "NumberOfMountTargets": targets(call, id),
        // An empty file system has six KiB of metadata.
        "SizeInBytes": {"Value": 6144, "ValueInIA": 0, "ValueInStandard": 6144, "ValueInArchive": 0},
        "FileSystemProtection": {"ReplicationOverwriteProtection": document["protection"]},
        "Tags": call.tag_list(&arn, "Key", "Value"),
    });
    for member in [
        "CreationToken",
        "PerformanceMode",
        "Encrypted",
        "KmsKeyId",
        "ThroughputMode",
        "ProvisionedThroughputInMibps",
        "AvailabilityZoneName",
        "AvailabilityZoneId",
    ] {
        if document.has(member) {
            wire.set(member, document[member].clone());
        }
    }
    if let Some(name) = call.tags(&arn).get("Name") {
        wire.set("Name", name.as_str());
    }
    wire
}
