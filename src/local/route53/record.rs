//! Record sets: what they may hold, and where they are kept.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use super::{RECORDS, name};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::elbv2;
use crate::local::error::AwsError;
use crate::local::params::Params;

const TYPES: [&str; 13] =
    ["SOA", "A", "TXT", "NS", "CNAME", "MX", "NAPTR", "PTR", "SRV", "SPF", "AAAA", "CAA", "DS"];

/// Where a record set is kept.
pub(super) fn key(zone: &str, name: &str, kind: &str, identifier: &str) -> String {
    format!("{zone}|{}|{kind}|{identifier}", name::reversed(name))
}

/// Where a kept record set is.
pub(super) fn key_of(zone: &str, record: &Value) -> String {
    key(zone, record.text("Name"), record.text("Type"), record.text("SetIdentifier"))
}

pub(super) fn put(call: &mut Call<'_>, zone: &str, record: Value) {
    let key = key_of(zone, &record);
    call.put(RECORDS, &key, record);
}

/// Reads a `ResourceRecordSet`; what makes it invalid is said as AWS says it, for the whole batch.
pub(super) fn read(input: &Params, zone: &Value) -> Result<Value, AwsError> {
    let name = name::normal(&input.text("Name")?);
    let kind = input.optional_one_of("Type", &TYPES)?.ok_or_else(|| input.missing("Type"))?;
    let mut record = json!({"Name": name, "Type": kind});
    for member in ["SetIdentifier", "Failover", "Region"] {
        if let Some(text) = input.optional_text(member)? {
            record.set(member, text);
        }
    }
    if let Some(weight) = input.optional_integer_within("Weight", 0, 255)? {
        record.set("Weight", weight);
    }
    if let Some(flag) = input.optional_boolean("MultiValueAnswer")? {
        record.set("MultiValueAnswer", flag);
    }
    if let Some(place) = input.optional_structure("GeoLocation")? {
        let mut kept = json!({});
        for member in ["ContinentCode", "CountryCode", "SubdivisionCode"] {
            if let Some(text) = place.optional_text(member)? {
                kept.set(member, text);
            }
        }
        record.set("GeoLocation", kept);
    }
    let ttl = input.optional_integer_within("TTL", 0, 2_147_483_647)?;
    let values: Vec<String> = match input.optional_structure("ResourceRecords")? {
        None => Vec::new(),
        Some(list) => list
            .structures("ResourceRecord")?
            .iter()
            .map(|one| one.text("Value"))
            .collect::<Result<_, _>>()?,
    };
    if let Some(alias) = input.optional_structure("AliasTarget")? {
        let target = json!({
            "HostedZoneId": alias.text("HostedZoneId")?,
            "DNSName": name::normal(&alias.text("DNSName")?),
            "EvaluateTargetHealth": alias
                .optional_boolean("EvaluateTargetHealth")?
                .ok_or_else(|| alias.missing("EvaluateTargetHealth"))?,
        });
        if ttl.is_some() || !values.is_empty() {
            return Err(input.invalid("Invalid request: an alias has no TTL and no records"));
        }
        record.set("AliasTarget", target);
    } else {
        let Some(ttl) = ttl.filter(|_| !values.is_empty()) else {
            return Err(input.invalid(
                "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found none in Change with [Action, Name, Type]",
            ));
        };
        record.set("TTL", ttl);
        record.set("Values", values);
    }
    check(&record, zone).map_err(invalid_batch)?;
    Ok(record)
}

/// The refusal of a batch.
pub(super) fn invalid_batch(why: String) -> AwsError {
    AwsError::new("InvalidChangeBatch", format!("[{why}]"))
}

/// `[name='shop.example.com.', type='A']`.
pub(super) fn title(record: &Value) -> String {
    let identifier = match record.text("SetIdentifier") {
        "" => String::new(),
        identifier => format!(", set-identifier='{identifier}'"),
    };
    format!("[name='{}', type='{}'{identifier}]", record.text("Name"), record.text("Type"))
}

fn check(record: &Value, zone: &Value) -> Result<(), String> {
    let (name, kind, apex) = (record.text("Name"), record.text("Type"), zone.text("Name"));
    if !name::is_within(name, apex) {
        return Err(format!("RRSet with DNS name {name} is not permitted in zone {apex}"));
    }
    name::check(name).map_err(|error| error.message)?;
    if kind == "CNAME" && name == apex {
        return Err(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"
        ));
    }
    let routed = ["Weight", "Region", "Failover", "GeoLocation", "MultiValueAnswer"]
        .map(|it| record.has(it));
    let routed = routed.iter().filter(|it| **it).count();
    if routed > 1 || (routed == 1) != record.has("SetIdentifier") {
        return Err(format!(
            "The resource record set {} must have a SetIdentifier and one of weight, region, failover, geolocation and multivalue answer, or none of these",
            title(record)
        ));
    }
    if record.has("AliasTarget") {
        return check_alias(record, zone);
    }
    let values = record.texts("Values");
    if kind == "CNAME" && values.len() > 1 {
        return Err(format!(
            "The record set {} of type CNAME has more than one value",
            title(record)
        ));
    }
    for (at, value) in values.iter().enumerate() {
        if values[..at].contains(value) {
            return Err(format!("Duplicate Resource Record: '{value}'"));
        }
        let good = match kind {
            "A" => value.parse::<Ipv4Addr>().is_ok(),
            "AAAA" => value.parse::<Ipv6Addr>().is_ok(),
            "TXT" | "SPF" => {
                value.len() >= 2
                    && value.starts_with('"')
                    && value.ends_with('"')
                    && value[1..value.len() - 1].split("\" \"").all(|part| part.len() <= 255)
            }
            "CNAME" | "NS" | "PTR" => name::check(value).is_ok(),
            _ => !value.is_empty(),
        };
        if !good {
            return Err(format!(
                "Invalid Resource Record: 'FATAL problem: {} (Value is not valid for type {kind}) encountered with '{value}''",
                if matches!(kind, "TXT" | "SPF") {
                    "InvalidCharacterString"
                } else {
                    "InvalidRecordData"
                }
            ));
        }
    }
    Ok(())
}

fn check_alias(record: &Value, zone: &Value) -> Result<(), String> {
    let target = &record["AliasTarget"];
    let (name, id) = (target.text("DNSName"), target.text("HostedZoneId"));
    let kind = record.text("Type");
    let outside = || {
        format!(
            "Tried to create an alias that targets {name}, type {kind} in zone {id}, but the alias target name does not lie within the target zone"
        )
    };
    if let Some(rest) = name.strip_suffix(".elb.amazonaws.com.") {
        if !matches!(kind, "A" | "AAAA") {
            return Err(outside());
        }
        // `NAME.REGION.elb…` of application load balancers, `NAME.elb.REGION…` of network ones.
        let region = rest.rsplit('.').next().unwrap_or_default();
        return match elbv2::hosted_zones(region).contains(&id) {
            true => Ok(()),
            false => Err(outside()),
        };
    }
    if name.ends_with(".amazonaws.com.") && name.contains(".elb.") {
        let region = name.rsplit('.').nth(3).unwrap_or_default();
        return match elbv2::hosted_zones(region).contains(&id) && matches!(kind, "A" | "AAAA") {
            true => Ok(()),
            false => Err(outside()),
        };
    }
    match name::is_within(name, zone.text("Name")) {
        true => Ok(()),
        false => Err(outside()),
    }
}

/// A record set as AWS shows it.
pub(super) fn shown(record: &Value) -> Value {
    let mut shown = record.clone();
    if let Some(values) = shown.unset("Values") {
        let records: Vec<Value> =
            values.as_array().into_iter().flatten().map(|value| json!({"Value": value})).collect();
        shown.set("ResourceRecords", json!({"ResourceRecord": records}));
    }
    shown
}
