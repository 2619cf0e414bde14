//! Associations of services and of VPCs with service networks.

use std::sync::Arc;

use serde_json::{Value, json};

use super::common::{
    Kind, NETWORK, SERVICE_ASSOCIATION, SERVICE_KIND, VPC_ASSOCIATION, begin, begin_deletion,
    conflict, invalid, made_before, missing, page, set_times, status, time,
};
use super::{NETWORKS, SERVICE_ASSOCIATIONS, SERVICES, VPC_ASSOCIATIONS, service};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network;
use crate::local::error::AwsError;
use crate::local::params::Shape;
use crate::local::store::Table;

const DNS_OPTIONS: Shape = Shape::Structure(&[
    (
        "privateDnsPreference",
        Shape::OneOf(&[
            "VERIFIED_DOMAINS_ONLY",
            "ALL_DOMAINS",
            "VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS",
            "SPECIFIED_DOMAINS_ONLY",
        ]),
    ),
    ("privateDnsSpecifiedDomains", Shape::List(&Shape::Text)),
]);

pub(super) fn create_of_service(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (service, found) = SERVICE_KIND.of_input(call, "serviceIdentifier")?;
    let (network, _) = NETWORK.of_input(call, "serviceNetworkIdentifier")?;
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let kind = &SERVICE_ASSOCIATION;
    let asked = json!({"service": service, "network": network});
    let rows = call.scan(SERVICE_ASSOCIATIONS, "");
    if let Some((id, one)) = made_before(token.as_deref(), &rows, &asked, kind.word)? {
        return Ok(of_service(call, &id, &one, true));
    }
    if status(call, &found) != "ACTIVE" {
        let message = format!("Service {service} is not ACTIVE");
        return Err(conflict(SERVICE_KIND.word, &service, message));
    }
    let same = |one: &Value| one.text("service") == service && one.text("network") == network;
    if let Some((id, _)) = rows.iter().find(|(_, one)| same(one)) {
        let message = "The service and the service network are associated, or their association is being deleted";
        return Err(conflict(kind.word, id, message));
    }
    let id = call.ids.resource(kind.prefix);
    let mut one = asked.clone();
    begin(call, &mut one, token, asked);
    call.add_tags(&kind.arn(call, &id), tags)?;
    call.put(SERVICE_ASSOCIATIONS, &id, one.clone());
    Ok(of_service(call, &id, &one, true))
}

fn of_service(call: &Call<'_>, id: &str, one: &Value, short: bool) -> Value {
    let (service, network) = (one.text("service"), one.text("network"));
    let found = call.get(SERVICES, service).unwrap_or_default();
    let mut wire = json!({
        "id": id, "arn": SERVICE_ASSOCIATION.arn(call, id), "status": status(call, one), "createdBy": call.account,
        "dnsEntry": service::dns_entry(call, service, &found),
    });
    if found.has("customDomainName") {
        wire.set("customDomainName", found["customDomainName"].clone());
    }
    if !short {
        wire.set("createdAt", time(one.time("created")));
        wire.set("serviceId", service);
        wire.set("serviceArn", SERVICE_KIND.arn(call, service));
        wire.set("serviceName", found["name"].clone());
        set_network(call, &mut wire, network);
    }
    wire
}

fn set_network(call: &Call<'_>, wire: &mut Value, network: &str) {
    let found = call.get(NETWORKS, network).unwrap_or_default();
    wire.set("serviceNetworkId", network);
    wire.set("serviceNetworkArn", NETWORK.arn(call, network));
    wire.set("serviceNetworkName", found["name"].clone());
}

pub(super) fn get_of_service(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let member = "serviceNetworkServiceAssociationIdentifier";
    let (id, one) = SERVICE_ASSOCIATION.of_input(call, member)?;
    Ok(of_service(call, &id, &one, false))
}

pub(super) fn list_of_service(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let by_network = optional(call, &NETWORK, "serviceNetworkIdentifier")?;
    let by_service = optional(call, &SERVICE_KIND, "serviceIdentifier")?;
    if by_network.is_none() && by_service.is_none() {
        return Err(invalid("A service network or a service must be given"));
    }
    let rows =
        matching(call, SERVICE_ASSOCIATIONS, &[("network", by_network), ("service", by_service)]);
    let shown = rows.iter().map(|(id, one)| of_service(call, id, one, false)).collect();
    page(call, shown)
}

fn optional(call: &Call<'_>, kind: &Kind, member: &str) -> Result<Option<String>, AwsError> {
    let reference = call.input.optional_text(member)?;
    reference.map(|reference| kind.at(call, &reference).map(|(id, _)| id)).transpose()
}

fn matching(
    call: &Call<'_>,
    table: Table,
    wanted: &[(&str, Option<String>)],
) -> Vec<(String, Arc<Value>)> {
    let mut rows = call.scan(table, "");
    rows.retain(|(_, one)| {
        wanted.iter().all(|(member, id)| id.as_ref().is_none_or(|id| one.text(member) == id))
    });
    rows
}

pub(super) fn delete_of_service(call: &mut Call<'_>) -> Result<Value, AwsError> {
    delete(
        call,
        &SERVICE_ASSOCIATION,
        "serviceNetworkServiceAssociationIdentifier",
        "service-association",
    )
}

fn delete(call: &mut Call<'_>, kind: &Kind, member: &str, gone: &str) -> Result<Value, AwsError> {
    let (id, one) = kind.of_input(call, member)?;
    if matches!(status(call, &one), "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS") {
        let message = format!("Association {id} is being made or changed");
        return Err(conflict(kind.word, &id, message));
    }
    begin_deletion(call, kind, &id, gone);
    Ok(json!({"id": id, "arn": kind.arn(call, &id), "status": "DELETE_IN_PROGRESS"}))
}

pub(super) fn gone(call: &mut Call<'_>, table: Table, id: &str) {
    let kind =
        if table.name == VPC_ASSOCIATIONS.name { &VPC_ASSOCIATION } else { &SERVICE_ASSOCIATION };
    let arn = kind.arn(call, id);
    call.forget_tags(&arn);
    call.delete(table, id);
}

pub(super) fn create_of_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (network, _) = NETWORK.of_input(call, "serviceNetworkIdentifier")?;
    let vpc = call.input.text("vpcIdentifier")?;
    if network::vpc_cidr(call, &vpc).is_none() {
        return Err(missing("VPC", &vpc));
    }
    let groups = groups(call, &vpc)?.unwrap_or_default();
    let private_dns = call.input.optional_boolean("privateDnsEnabled")?.unwrap_or(false);
    let options = dns_options(call, private_dns)?;
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.map("tags")?;
    let kind = &VPC_ASSOCIATION;
    let asked = json!({
        "network": network, "vpc": vpc, "groups": groups, "privateDns": private_dns, "dnsOptions": options,
    });
    let rows = call.scan(VPC_ASSOCIATIONS, "");
    if let Some((id, one)) = made_before(token.as_deref(), &rows, &asked, kind.word)? {
        return Ok(of_vpc(call, &id, &one, true));
    }
    if let Some((id, _)) = rows.iter().find(|(_, one)| one.text("vpc") == vpc) {
        let message = format!(
            "{vpc} is associated with a service network, or its association is being deleted"
        );
        return Err(conflict(kind.word, id, message));
    }
    let id = call.ids.resource(kind.prefix);
    let mut one = asked.clone();
    begin(call, &mut one, token, asked);
    call.add_tags(&kind.arn(call, &id), tags)?;
    call.put(VPC_ASSOCIATIONS, &id, one.clone());
    Ok(of_vpc(call, &id, &one, true))
}

fn dns_options(call: &Call<'_>, private_dns: bool) -> Result<Value, AwsError> {
    let options = call.input.shaped("dnsOptions", &DNS_OPTIONS)?.unwrap_or_default();
    if options.has("privateDnsPreference") && !private_dns {
        return Err(invalid("DNS options need private DNS to be enabled"));
    }
    let specified = options.text("privateDnsPreference").contains("SPECIFIED");
    if specified == options.list("privateDnsSpecifiedDomains").is_empty() {
        return Err(invalid("Domains go together with a preference for specified domains"));
    }
    Ok(options)
}

/// The security groups that the input names: at most five, of the VPC.
fn groups(call: &Call<'_>, vpc: &str) -> Result<Option<Vec<String>>, AwsError> {
    let Some(groups) = call.input.optional_texts("securityGroupIds")? else { return Ok(None) };
    if groups.len() > 5 {
        return Err(invalid("At most 5 security groups can be given"));
    }
    for id in &groups {
        let group =
            network::security_group(call, id).ok_or_else(|| missing("SECURITY_GROUP", id))?;
        if group.vpc != vpc {
            return Err(invalid(format!("{id} is not a security group of {vpc}")));
        }
    }
    Ok(Some(groups))
}

fn of_vpc(call: &Call<'_>, id: &str, one: &Value, short: bool) -> Value {
    let mut wire = json!({
        "id": id, "arn": VPC_ASSOCIATION.arn(call, id), "status": status(call, one), "createdBy": call.account,
        "securityGroupIds": one["groups"], "privateDnsEnabled": one["privateDns"],
    });
    if one["dnsOptions"].has("privateDnsPreference") {
        wire.set("dnsOptions", one["dnsOptions"].clone());
    }
    if !short {
        set_times(&mut wire, one);
        wire.set("vpcId", one["vpc"].clone());
        set_network(call, &mut wire, one.text("network"));
    }
    wire
}

pub(super) fn get_of_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = VPC_ASSOCIATION.of_input(call, "serviceNetworkVpcAssociationIdentifier")?;
    Ok(of_vpc(call, &id, &one, false))
}

pub(super) fn list_of_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let by_network = optional(call, &NETWORK, "serviceNetworkIdentifier")?;
    let by_vpc = call.input.optional_text("vpcIdentifier")?;
    if by_network.is_none() && by_vpc.is_none() {
        return Err(invalid("A service network or a VPC must be given"));
    }
    let rows = matching(call, VPC_ASSOCIATIONS, &[("network", by_network), ("vpc", by_vpc)]);
    let shown = rows.iter().map(|(id, one)| {
        let mut wire = of_vpc(call, id, one, false);
        wire.unset("securityGroupIds");
        wire
    });
    let shown = shown.collect();
    page(call, shown)
}

pub(super) fn update_of_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, one) = VPC_ASSOCIATION.of_input(call, "serviceNetworkVpcAssociationIdentifier")?;
    let groups = groups(call, one.text("vpc"))?;
    let private_dns = call.input.optional_boolean("privateDnsEnabled")?;
    let enabled = private_dns.unwrap_or(one.flag("privateDns"));
    let options = match call.input.has("dnsOptions") {
        true => Some(dns_options(call, enabled)?),
        false => None,
    };
    if status(call, &one) != "ACTIVE" {
        return Err(conflict(VPC_ASSOCIATION.word, &id, "The association is not ACTIVE"));
    }
    if groups.as_ref().is_some_and(Vec::is_empty) && !one.list("groups").is_empty() {
        return Err(invalid(
            "An association that has security groups must keep at least one: delete it and make it anew",
        ));
    }
    let until = call.ready_at(durations::LATTICE_CREATION);
    let now = call.now;
    call.update(VPC_ASSOCIATIONS, &id, |one| {
        if let Some(groups) = groups {
            one.set("groups", groups);
        }
        if let Some(options) = options {
            one.set("dnsOptions", options);
        }
        one.set("privateDns", enabled);
        one.set("updated", now);
        one.set("updating", until);
    });
    let (id, one) = VPC_ASSOCIATION.at(call, &id)?;
    Ok(of_vpc(call, &id, &one, true))
}

pub(super) fn delete_of_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    delete(call, &VPC_ASSOCIATION, "serviceNetworkVpcAssociationIdentifier", "vpc-association")
}
