//! EBS volumes that stand alone: those that a cluster's storage controller makes for pods. Nothing here attaches them.

use serde_json::{Value, json};

use super::errors::{invalid_value, not_found};
use super::list::{self, Listing};
use super::{VOLUMES, tag};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::regions;

const KIND: &str = "volume";
/// Seconds until a new volume can be used.
const CREATING: u64 = 3;
/// Types; least and most GiB of each.
const TYPES: [(&str, i64, i64); 7] = [
    ("standard", 1, 1024),
    ("io1", 4, 16_384),
    ("io2", 4, 65_536),
    ("gp2", 1, 16_384),
    ("sc1", 125, 16_384),
    ("st1", 125, 16_384),
    ("gp3", 1, 65_536),
];

static LISTING: Listing = Listing {
    kind: KIND,
    table: VOLUMES,
    ids: "VolumeId",
    set: "volumeSet",
    filters: &[
        ("availability-zone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("encrypted", "encrypted"),
        ("size", "size"),
        ("status", "status"),
        ("volume-id", "volumeId"),
        ("volume-type", "volumeType"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, volume: &Value) -> Value {
    let mut row = volume.clone();
    row.unset("clientToken");
    row.unset("created");
    row.set("volumeId", id);
    row.set("createTime", call.time(volume.time("created")));
    row.set("status", if is_ready(call, volume) { "available" } else { "creating" });
    row.set("attachmentSet", json!([]));
    row
}

fn is_ready(call: &Call<'_>, volume: &Value) -> bool {
    volume.time("created").saturating_add(CREATING * 1000) <= call.now
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let zone = call.input.text("AvailabilityZone")?;
    let zones = regions::zones(&call.region);
    let Some((_, zone_id)) = zones.iter().find(|(name, _)| *name == zone) else {
        return Err(AwsError::new(
            "InvalidZone.NotFound",
            format!("The zone '{zone}' does not exist."),
        ));
    };
    let names = TYPES.map(|(name, ..)| name);
    let kind = call.input.optional_one_of("VolumeType", &names)?.unwrap_or("gp2".to_owned());
    let size = call.input.integer("Size")?;
    let (_, least, most) = TYPES.into_iter().find(|(name, ..)| *name == kind).unwrap_or(TYPES[0]);
    if !(least..=most).contains(&size) {
        return Err(invalid_value(format!(
            "Volume of {size}GiB is too small or too large for volume type {kind}; it must be {least} to {most} GiB."
        )));
    }
    let (iops, throughput) =
        (call.input.optional_integer("Iops")?, call.input.optional_integer("Throughput")?);
    if iops.is_some() && !matches!(&*kind, "io1" | "io2" | "gp3") {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            format!("The parameter iops is not supported for {kind} volumes."),
        ));
    }
    if throughput.is_some() && kind != "gp3" {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            format!("The parameter throughput is not supported for {kind} volumes."),
        ));
    }
    let mut document = json!({
        "availabilityZone": zone,
        "availabilityZoneId": zone_id,
        "volumeType": kind,
        "size": size,
        "encrypted": call.input.optional_boolean("Encrypted")?.unwrap_or(false),
        "multiAttachEnabled": false,
        "snapshotId": "",
        "created": call.now,
    });
    match &*kind {
        "gp2" => document.set("iops", (size * 3).clamp(100, 16_000)),
        "gp3" => {
            document.set("iops", iops.unwrap_or(3000));
            document.set("throughput", throughput.unwrap_or(125));
        }
        "io1" | "io2" => {
            document.set("iops", iops.ok_or_else(|| call.input.missing("Iops"))?);
        }
        _ => {}
    }
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let tags = tag::specified(call, KIND)?;
    let known = token.as_ref().and_then(|token| {
        let rows = call.scan(VOLUMES, "");
        rows.into_iter().find(|(_, volume)| volume.text("clientToken") == token)
    });
    let id = match known {
        Some((id, _)) => id,
        None => {
            document.set("clientToken", token);
            let id = call.ids.resource("vol");
            call.put(VOLUMES, &id, document.clone());
            tag::put(call, KIND, &id, tags)?;
            id
        }
    };
    let mut row = row(call, &id, &document);
    row.set("tagSet", tag::set_of(call, KIND, &id));
    Ok(row)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("VolumeId")?;
    let Some(volume) = call.get(VOLUMES, &id) else { return Err(not_found(KIND, &id)) };
    if !is_ready(call, &volume) {
        return Err(AwsError::new(
            "IncorrectState",
            format!("The volume '{id}' is not in the 'available' state."),
        ));
    }
    call.delete(VOLUMES, &id);
    tag::forget(call, KIND, &id);
    Ok(Value::Null)
}
