//! Hosted zones: made, described, associated with VPCs, deleted.

use serde_json::{Value, json};

use super::{RECORDS, ZONES, change, find_zone, name, record};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2;
use crate::local::error::AwsError;
use crate::local::params::Params;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let name = input.text("Name")?;
    name::check(&name)?;
    let name = name::normal(&name);
    let reference = input.text("CallerReference")?;
    let vpc = input.optional_structure("VPC")?.map(|vpc| read_vpc(&vpc)).transpose()?;
    let mut comment = None;
    let mut private = vpc.is_some();
    if let Some(config) = input.optional_structure("HostedZoneConfig")? {
        comment = config.optional_text("Comment")?.filter(|text| !text.is_empty());
        private |= config.optional_boolean("PrivateZone")?.unwrap_or(false);
    }
    if private && vpc.is_none() {
        return Err(input.invalid("A private hosted zone must be created with a VPC"));
    }
    let zones = call.scan(ZONES, "");
    if zones.iter().any(|(_, zone)| zone.text("CallerReference") == reference) {
        return Err(AwsError::new(
            "HostedZoneAlreadyExists",
            format!("A hosted zone has already been created with the specified caller reference: {reference}"),
        )
        .status(409));
    }
    if let Some((id, region)) = &vpc {
        check_vpc(call, id, region)?;
        check_conflict(call, &name, id)?;
    }
    let id = format!("Z{}", call.ids.hex(19).to_ascii_uppercase());
    let number = |at: u64| 100 * at + 1;
    let servers: Vec<String> = match private {
        // Answered by the VPC's own resolver.
        true => vec!["ns-0.awsdns-00.com.".into(), "ns-512.awsdns-00.net.".into()],
        false => ["com", "net", "org", "co.uk"]
            .iter()
            .zip(1..)
            .map(|(end, at)| format!("ns-{}.awsdns-{:02}.{end}.", number(at), at))
            .collect(),
    };
    let zone = json!({
        "Name": name,
        "CallerReference": reference,
        "Comment": comment,
        "Private": private,
        "NameServers": servers,
        "VPCs": vpc.iter().map(|(id, region)| json!({"VPCId": id, "VPCRegion": region})).collect::<Vec<_>>(),
    });
    call.put(ZONES, &id, zone.clone());
    let soa = format!("{} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400", servers[0]);
    record::put(call, &id, json!({"Name": name, "Type": "NS", "TTL": 172_800, "Values": servers}));
    record::put(call, &id, json!({"Name": name, "Type": "SOA", "TTL": 900, "Values": [soa]}));
    let change = change::begin(call, None);
    let mut answer = described(call, &id, &zone);
    answer.set("ChangeInfo", change);
    if let Some((id, region)) = vpc {
        answer.unset("VPCs");
        answer.set("VPC", json!({"VPCId": id, "VPCRegion": region}));
    }
    Ok(answer)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, zone) = find_zone(call, &call.input.text("Id")?)?;
    Ok(described(call, &id, &zone))
}

pub(super) fn comment(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, zone) = find_zone(call, &call.input.text("Id")?)?;
    let comment = call.input.optional_text("Comment")?.filter(|text| !text.is_empty());
    let mut zone = Value::clone(&zone);
    zone.set("Comment", comment);
    call.put(ZONES, &id, zone.clone());
    Ok(json!({"HostedZone": shown(call, &id, &zone)}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, zone) = find_zone(call, &call.input.text("Id")?)?;
    let records = call.scan(RECORDS, &format!("{id}|"));
    let own = |record: &Value| {
        record.text("Name") == zone.text("Name") && matches!(record.text("Type"), "NS" | "SOA")
    };
    if records.iter().any(|(_, record)| !own(record)) {
        return Err(AwsError::new(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets  and so cannot be deleted.",
        ));
    }
    for (key, _) in records {
        call.delete(RECORDS, &key);
    }
    call.forget_tags(&arn(&id));
    call.delete(ZONES, &id);
    let change = change::begin(call, None);
    Ok(json!({"ChangeInfo": change}))
}

pub(super) fn associate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, zone) = find_zone(call, &call.input.text("Id")?)?;
    let (vpc, region) = read_vpc(&call.input.structure("VPC")?)?;
    let comment = call.input.optional_text("Comment")?;
    if !zone.flag("Private") {
        return Err(AwsError::new(
            "PublicZoneVPCAssociation",
            "You are trying to associate a VPC with a public hosted zone.",
        ));
    }
    check_vpc(call, &vpc, &region)?;
    check_conflict(call, zone.text("Name"), &vpc)?;
    let mut zone = Value::clone(&zone);
    let mut vpcs = zone.list("VPCs").to_vec();
    vpcs.push(json!({"VPCId": vpc, "VPCRegion": region}));
    zone.set("VPCs", vpcs);
    call.put(ZONES, &id, zone);
    let change = change::begin(call, comment);
    Ok(json!({"ChangeInfo": change}))
}

pub(super) fn disassociate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, zone) = find_zone(call, &call.input.text("Id")?)?;
    let (vpc, _) = read_vpc(&call.input.structure("VPC")?)?;
    let comment = call.input.optional_text("Comment")?;
    let mut vpcs = zone.list("VPCs").to_vec();
    vpcs.retain(|known| known.text("VPCId") != vpc);
    if vpcs.len() == zone.list("VPCs").len() {
        return Err(AwsError::new(
            "VPCAssociationNotFound",
            format!("The VPC {vpc} and the hosted zone {id} are not associated."),
        )
        .status(404));
    }
    if vpcs.is_empty() {
        return Err(AwsError::new(
            "LastVPCAssociation",
            "The VPC that you are trying to disassociate from the private hosted zone is the last VPC that is associated with the hosted zone.",
        ));
    }
    let mut zone = Value::clone(&zone);
    zone.set("VPCs", vpcs);
    call.put(ZONES, &id, zone);
    let change = change::begin(call, comment);
    Ok(json!({"ChangeInfo": change}))
}

fn read_vpc(vpc: &Params) -> Result<(String, String), AwsError> {
    Ok((vpc.text("VPCId")?, vpc.text("VPCRegion")?))
}

/// VPCs belong to a region, and this service to none.
fn check_vpc(call: &mut Call<'_>, id: &str, region: &str) -> Result<(), AwsError> {
    let own = std::mem::replace(&mut call.region, region.to_owned());
    let found = ec2::network::vpc_cidr(call, id).is_some();
    call.region = own;
    match found {
        true => Ok(()),
        false => Err(AwsError::new(
            "InvalidVPCId",
            format!("The VPC: {id} you have provided is not authorized to make the association."),
        )),
    }
}

/// A VPC has one private zone of a name.
fn check_conflict(call: &Call<'_>, name: &str, vpc: &str) -> Result<(), AwsError> {
    let other = call.scan(ZONES, "").into_iter().find(|(_, zone)| {
        zone.text("Name") == name && zone.list("VPCs").iter().any(|it| it.text("VPCId") == vpc)
    });
    match other {
        None => Ok(()),
        Some((id, _)) => Err(AwsError::new(
            "ConflictingDomainExists",
            format!(
                "The VPC {vpc} in region is already associated with the hosted zone {id} with the same domain name."
            ),
        )),
    }
}

pub(super) fn arn(id: &str) -> String {
    format!("arn:aws:route53:::hostedzone/{id}")
}

/// A zone as lists show it.
pub(super) fn shown(call: &Call<'_>, id: &str, zone: &Value) -> Value {
    let mut config = json!({"PrivateZone": zone.flag("Private")});
    if zone.has("Comment") {
        config.set("Comment", zone["Comment"].clone());
    }
    json!({
        "Id": format!("/hostedzone/{id}"),
        "Name": zone["Name"],
        "CallerReference": zone["CallerReference"],
        "Config": config,
        "ResourceRecordSetCount": call.scan(RECORDS, &format!("{id}|")).len(),
    })
}

fn described(call: &Call<'_>, id: &str, zone: &Value) -> Value {
    let mut answer = json!({"HostedZone": shown(call, id, zone)});
    if zone.flag("Private") {
        answer.set("VPCs", json!({"VPC": zone["VPCs"]}));
    } else {
        answer.set("DelegationSet", json!({"NameServers": {"NameServer": zone["NameServers"]}}));
    }
    answer
}
