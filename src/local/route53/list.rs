//! Lists of zones and records. Their pages go on at a name, not at a token.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{RECORDS, ZONES, find_zone, name, zone};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

type Zone = (String, Arc<Value>);

pub(super) fn count(call: &mut Call<'_>) -> Result<Value, AwsError> {
    Ok(json!({"HostedZoneCount": call.scan(ZONES, "").len()}))
}

pub(super) fn zones(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let marker = call.input.optional_text("marker")?;
    let size = size(call, 100)?;
    let kind = call.input.optional_one_of("hostedzonetype", &["PrivateHostedZone"])?;
    let mut zones: Vec<Zone> = call.scan(ZONES, "");
    zones.retain(|(_, zone)| kind.is_none() || zone.flag("Private"));
    if let Some(marker) = &marker {
        zones.retain(|(id, _)| id >= marker);
    }
    let next = zones.get(size).map(|(id, _)| id.clone());
    let listed = shown(call, zones.iter().take(size));
    Ok(json!({
        "HostedZones": listed,
        "Marker": marker.unwrap_or_default(),
        "IsTruncated": next.is_some(),
        "NextMarker": next,
        "MaxItems": size.to_string(),
    }))
}

pub(super) fn by_name(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let from = call.input.optional_text("dnsname")?;
    let id = call.input.optional_text("hostedzoneid")?;
    let size = size(call, 100)?;
    let order = |(id, zone): &Zone| (name::reversed(zone.text("Name")), id.clone());
    let mut zones: Vec<Zone> = call.scan(ZONES, "");
    zones.sort_by_key(order);
    if let Some(from) = &from {
        let start = (name::reversed(&name::normal(from)), id.clone().unwrap_or_default());
        zones.retain(|zone| order(zone) >= start);
    }
    let next = zones.get(size).cloned();
    let listed = shown(call, zones.iter().take(size));
    Ok(json!({
        "HostedZones": listed,
        "DNSName": from,
        "HostedZoneId": id,
        "IsTruncated": next.is_some(),
        "NextDNSName": next.as_ref().map(|(_, zone)| zone["Name"].clone()),
        "NextHostedZoneId": next.map(|(id, _)| id),
        "MaxItems": size.to_string(),
    }))
}

pub(super) fn by_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let vpc = call.input.text("vpcid")?;
    let region = call.input.text("vpcregion")?;
    let size = size(call, 100)?;
    let token = call.input.optional_text("nexttoken")?;
    let has = |zone: &Value| {
        zone.list("VPCs").iter().any(|it| it.text("VPCId") == vpc && it.text("VPCRegion") == region)
    };
    let zones: Vec<Zone> = call.scan(ZONES, "").into_iter().filter(|(_, zone)| has(zone)).collect();
    let page = call.page(zones, size, token.as_deref(), |(id, _)| id.clone())?;
    let owner = json!({"OwningAccount": call.account});
    let row = |(id, zone): &Zone| json!({"HostedZoneId": id, "Name": zone["Name"], "Owner": owner});
    let rows: Vec<Value> = page.items.iter().map(row).collect();
    Ok(json!({
        "HostedZoneSummaries": {"HostedZoneSummary": rows},
        "MaxItems": size.to_string(),
        "NextToken": page.next,
    }))
}

pub(super) fn records(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let (id, _) = find_zone(call, &input.text("Id")?)?;
    let size = size(call, 300)?;
    let from = input.optional_text("name")?;
    let kind = input.optional_text("type")?;
    let identifier = input.optional_text("identifier")?;
    if kind.is_some() && from.is_none() {
        return Err(input.invalid("The input is not valid: a type needs a name to start at"));
    }
    let start = (
        from.map(|from| name::reversed(&name::normal(&from))).unwrap_or_default(),
        kind.unwrap_or_default(),
        identifier.unwrap_or_default(),
    );
    let order = |record: &Value| {
        (
            name::reversed(record.text("Name")),
            record.text("Type").to_owned(),
            record.text("SetIdentifier").to_owned(),
        )
    };
    let mut records: Vec<Arc<Value>> =
        call.scan(RECORDS, &format!("{id}|")).into_iter().map(|(_, record)| record).collect();
    records.sort_by_key(|record| order(record));
    records.retain(|record| order(record) >= start);
    let next = records.get(size).cloned();
    let listed: Vec<Value> =
        records.iter().take(size).map(|record| super::record::shown(record)).collect();
    let part = |name: &str| next.as_ref().map(|next| next[name].clone()).unwrap_or_default();
    Ok(json!({
        "ResourceRecordSets": {"ResourceRecordSet": listed},
        "IsTruncated": next.is_some(),
        "NextRecordName": part("Name"),
        "NextRecordType": part("Type"),
        "NextRecordIdentifier": part("SetIdentifier"),
        "MaxItems": size.to_string(),
    }))
}

fn shown<'a>(call: &Call<'_>, zones: impl Iterator<Item = &'a Zone>) -> Value {
    let listed: Vec<Value> = zones.map(|(id, it)| zone::shown(call, id, it)).collect();
    json!({"HostedZone": listed})
}

/// How many AWS lists at once: fewer if asked for, and never more.
fn size(call: &Call<'_>, most: usize) -> Result<usize, AwsError> {
    let asked = call.input.optional_integer("maxitems")?;
    Ok(asked
        .and_then(|asked| usize::try_from(asked).ok())
        .map_or(most, |asked| asked.clamp(1, most)))
}
