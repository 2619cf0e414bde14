//! Prefix lists that AWS manages: those of VPC Lattice and of the gateway endpoints. Lists of an account's own are not modelled.

use serde_json::{Value, json};

use super::endpoint::prefix_list as id_of;
use super::list::{self, Filters};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Services, address families and, for those that can be said, addresses.
const LISTS: [(&str, &str, &[&str]); 4] = [
    ("dynamodb", "IPv4", &[]),
    ("ipv6.vpc-lattice", "IPv6", &["fd00:ec2:80::/64"]),
    ("s3", "IPv4", &[]),
    ("vpc-lattice", "IPv4", &["169.254.171.0/24"]),
];

fn name(call: &Call<'_>, service: &str) -> String {
    format!("com.amazonaws.{}.{service}", call.region)
}

fn find(
    call: &Call<'_>,
    id: &str,
) -> Result<&'static (&'static str, &'static str, &'static [&'static str]), AwsError> {
    LISTS.iter().find(|(service, ..)| id_of(&name(call, service)) == id).ok_or_else(|| {
        AwsError::new(
            "InvalidPrefixListID.NotFound",
            format!("The prefix list ID '{id}' does not exist"),
        )
    })
}

/// The id, if there is such a list.
pub(super) fn known(call: &Call<'_>, id: &str) -> Result<String, AwsError> {
    find(call, id).map(|_| id.to_owned())
}

fn row(call: &Call<'_>, service: &str, family: &str) -> Value {
    let name = name(call, service);
    let id = id_of(&name);
    json!({
        "prefixListId": id, "addressFamily": family, "state": "create-complete", "prefixListName": name,
        "prefixListArn": format!("arn:aws:ec2:{}:aws:prefix-list/{id}", call.region), "ownerId": "AWS", "tagSet": [],
    })
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("owner-id", "ownerId"),
        ("prefix-list-id", "prefixListId"),
        ("prefix-list-name", "prefixListName"),
    ];
    let ids = call.input.texts("PrefixListId")?;
    for id in &ids {
        known(call, id)?;
    }
    let filters = Filters::read(&call.input, FILTERS)?;
    let rows = LISTS.iter().map(|(service, family, _)| row(call, service, family));
    let rows: Vec<Value> = rows
        .filter(|row| ids.is_empty() || ids.iter().any(|id| row.text("prefixListId") == id))
        .filter(|row| filters.meet(row))
        .collect();
    list::paged(call, "prefixListSet", rows, 100, !ids.is_empty())
}

pub(super) fn entries(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("PrefixListId")?;
    let (service, _, addresses) = find(call, &id)?;
    if addresses.is_empty() {
        return Err(AwsError::not_modelled(format!(
            "local AWS does not model the addresses of {service}"
        )));
    }
    let rows = addresses.iter().map(|cidr| json!({"cidr": cidr})).collect();
    list::paged(call, "entrySet", rows, 100, false)
}
