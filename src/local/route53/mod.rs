//! `route53`: public and private hosted zones, their records, changes that take a while to be everywhere, and
//! tags. It is global: every region sees the same zones, and calls are signed for us-east-1. Health checks,
//! traffic policies, reusable delegation sets, CIDR collections, DNSSEC and query logs are not here. No name
//! is resolved: records are kept, and Certificate Manager looks for its own among them ([`find`]).

mod change;
mod list;
mod name;
mod record;
mod tags;
mod zone;

use std::sync::Arc;

use serde_json::Value;

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Hosted zones by id.
const ZONES: Table = Table::global("route53/hosted-zone");
/// Records by `{zone}|{name from its end}|{type}|{identifier}`, which is the order in which AWS lists them.
const RECORDS: Table = Table::global("route53/record");
/// Changes by id.
const CHANGES: Table = Table::global("route53/change");

pub(super) static SERVICE: Service = Service {
    name: "route53",
    protocol: Protocol::RestXml,
    target: "",
    namespace: "https://route53.amazonaws.com/doc/2013-04-01/",
    invalid: "InvalidInput",
    invalid_token: "InvalidInput",
    throttle: ("Throttling", 400),
    timer: None,
    operations: &[
        service::write("CreateHostedZone", zone::create).at("POST /2013-04-01/hostedzone"),
        service::read("GetHostedZone", zone::get).at("GET /2013-04-01/hostedzone/{Id}"),
        service::read("GetHostedZoneCount", list::count).at("GET /2013-04-01/hostedzonecount"),
        service::read("ListHostedZones", list::zones).at("GET /2013-04-01/hostedzone"),
        service::read("ListHostedZonesByName", list::by_name)
            .at("GET /2013-04-01/hostedzonesbyname"),
        service::read("ListHostedZonesByVPC", list::by_vpc).at("GET /2013-04-01/hostedzonesbyvpc"),
        service::write("DeleteHostedZone", zone::delete).at("DELETE /2013-04-01/hostedzone/{Id}"),
        service::write("UpdateHostedZoneComment", zone::comment)
            .at("POST /2013-04-01/hostedzone/{Id}"),
        service::write("AssociateVPCWithHostedZone", zone::associate)
            .at("POST /2013-04-01/hostedzone/{Id}/associatevpc"),
        service::write("DisassociateVPCFromHostedZone", zone::disassociate)
            .at("POST /2013-04-01/hostedzone/{Id}/disassociatevpc"),
        service::write("ChangeResourceRecordSets", change::change)
            .at("POST /2013-04-01/hostedzone/{Id}/rrset"),
        service::read("ListResourceRecordSets", list::records)
            .at("GET /2013-04-01/hostedzone/{Id}/rrset"),
        service::read("GetChange", change::get).at("GET /2013-04-01/change/{Id}"),
        service::write("ChangeTagsForResource", tags::change)
            .at("POST /2013-04-01/tags/{ResourceType}/{ResourceId}"),
        service::read("ListTagsForResource", tags::list)
            .at("GET /2013-04-01/tags/{ResourceType}/{ResourceId}"),
        service::read("ListTagsForResources", tags::list_many)
            .at("POST /2013-04-01/tags/{ResourceType}"),
    ],
};

/// The zone that `Id` names, with or without `/hostedzone/`.
fn find_zone(call: &Call<'_>, id: &str) -> Result<(String, Arc<Value>), AwsError> {
    let id = id.rsplit('/').next().unwrap_or(id).to_owned();
    match call.get(ZONES, &id) {
        Some(found) => Ok((id, found)),
        None => {
            Err(AwsError::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}"))
                .status(404))
        }
    }
}

/// The first value of a record of this name and type in any public zone of the account, as resolvers would
/// find it.
pub(super) fn find(call: &Call<'_>, name: &str, kind: &str) -> Option<String> {
    let name = name::normal(name);
    call.scan(ZONES, "")
        .into_iter()
        .filter(|(_, zone)| !zone.flag("Private") && name::is_within(&name, zone.text("Name")))
        .find_map(|(id, _)| {
            let record = call.get(RECORDS, &record::key(&id, &name, kind, ""))?;
            record.list("Values").first()?.as_str().map(str::to_owned)
        })
}
