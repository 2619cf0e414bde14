//! Security groups. Their rules are in `rule`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::{dependency, invalid_value, not_found};
use super::list::{self, Listing};
use super::network::{INTERFACES, SECURITY_GROUPS};
use super::{ipv6, permission, rule, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

static LISTING: Listing = Listing {
    kind: "security-group",
    table: SECURITY_GROUPS,
    ids: "GroupId",
    set: "securityGroupInfo",
    filters: &[
        ("description", "groupDescription"),
        ("egress.ip-permission.cidr", "ipPermissionsEgress.ipRanges.cidrIp"),
        ("egress.ip-permission.from-port", "ipPermissionsEgress.fromPort"),
        ("egress.ip-permission.group-id", "ipPermissionsEgress.groups.groupId"),
        ("egress.ip-permission.ipv6-cidr", "ipPermissionsEgress.ipv6Ranges.cidrIpv6"),
        ("egress.ip-permission.protocol", "ipPermissionsEgress.ipProtocol"),
        ("egress.ip-permission.to-port", "ipPermissionsEgress.toPort"),
        ("egress.ip-permission.user-id", "ipPermissionsEgress.groups.userId"),
        ("group-id", "groupId"),
        ("group-name", "groupName"),
        ("ip-permission.cidr", "ipPermissions.ipRanges.cidrIp"),
        ("ip-permission.from-port", "ipPermissions.fromPort"),
        ("ip-permission.group-id", "ipPermissions.groups.groupId"),
        ("ip-permission.ipv6-cidr", "ipPermissions.ipv6Ranges.cidrIpv6"),
        ("ip-permission.protocol", "ipPermissions.ipProtocol"),
        ("ip-permission.to-port", "ipPermissions.toPort"),
        ("ip-permission.user-id", "ipPermissions.groups.userId"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, group: &Value) -> Value {
    let rules = rule::of_group(call, id);
    let side = |egress: bool| {
        let rules: Vec<&Value> = rules
            .iter()
            .map(|(_, rule)| &**rule)
            .filter(|rule| rule.flag("isEgress") == egress)
            .collect();
        permission::grouped(call, &rules)
    };
    json!({
        "groupId": id,
        "groupName": group["groupName"],
        "groupDescription": group["groupDescription"],
        "ownerId": call.account,
        "vpcId": group["vpcId"],
        "securityGroupArn": tag::arn(call, "security-group", id),
        "ipPermissions": side(false),
        "ipPermissionsEgress": side(true),
    })
}

/// Names and descriptions hold 255 characters of a small set.
fn check(what: &str, text: &str) -> Result<(), AwsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.is_empty() || text.len() > 255 || !text.chars().all(allowed) {
        return Err(invalid_value(format!(
            "Value ({text}) for parameter {what} is invalid. It must have 1 to 255 characters of \
             a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{{}}!$*"
        )));
    }
    Ok(())
}

pub(super) fn create_security_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("GroupName")?;
    let description = call.input.text("GroupDescription")?;
    let vpc = call.input.optional_text("VpcId")?;
    let tags = tag::specified(call, "security-group")?;
    check("GroupName", &name)?;
    check("GroupDescription", &description)?;
    if name.starts_with("sg-") {
        return Err(invalid_value(format!(
            "Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*"
        )));
    }
    let Some(vpc) = vpc else {
        return Err(AwsError::new("VPCIdNotSpecified", "No default VPC for this user"));
    };
    let with_ipv6 = ipv6::has_block(&*vpc::required(call, &vpc)?);
    if name == "default" {
        return Err(AwsError::new(
            "InvalidParameterValue",
            "Cannot use reserved security group name: default",
        ));
    }
    let clash = call
        .scan(SECURITY_GROUPS, "")
        .iter()
        .any(|(_, group)| group.text("vpcId") == vpc && group.text("groupName") == name);
    if clash {
        return Err(AwsError::new(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{vpc}'"),
        ));
    }
    let id = call.ids.resource("sg");
    let document = json!({"groupName": name, "groupDescription": description, "vpcId": vpc});
    call.put(SECURITY_GROUPS, &id, document);
    rule::create_defaults(call, &id, false, with_ipv6);
    tag::put(call, "security-group", &id, tags)?;
    Ok(json!({
        "groupId": id,
        "securityGroupArn": tag::arn(call, "security-group", &id),
        "tagSet": tag::set_of(call, "security-group", &id),
    }))
}

pub(super) fn describe_security_groups(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete_security_group(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("GroupId")?;
    let group = call.get(SECURITY_GROUPS, &id).ok_or_else(|| not_found("security-group", &id))?;
    if group.text("groupName") == "default" {
        return Err(AwsError::new(
            "CannotDelete",
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user"),
        ));
    }
    let used = call.scan(INTERFACES, "").iter().any(|(_, interface)| {
        interface.list("groupSet").iter().any(|group| group.text("groupId") == id)
    });
    if used || rule::is_referenced(call, &id) {
        return Err(dependency(format!("resource {id} has a dependent object")));
    }
    rule::delete_all_of(call, &id);
    call.delete(SECURITY_GROUPS, &id);
    tag::forget(call, "security-group", &id);
    Ok(json!({"return": true, "groupId": id}))
}

/// Makes a group whose members talk to each other, for a service that keeps groups of its own.
pub(in crate::local) fn make_group(
    call: &mut Call<'_>,
    vpc: &str,
    name: &str,
    description: &str,
    tags: BTreeMap<String, String>,
) -> Result<String, AwsError> {
    let with_ipv6 = ipv6::has_block(&*vpc::required(call, vpc)?);
    let id = call.ids.resource("sg");
    let document = json!({"groupName": name, "groupDescription": description, "vpcId": vpc});
    call.put(SECURITY_GROUPS, &id, document);
    rule::create_defaults(call, &id, true, with_ipv6);
    tag::put_any(call, "security-group", &id, tags);
    Ok(id)
}

/// Deletes such a group, unless something still uses it: then it stays, as on AWS.
pub(in crate::local) fn drop_group(call: &mut Call<'_>, id: &str) {
    let used = call.scan(INTERFACES, "").iter().any(|(_, interface)| {
        interface.list("groupSet").iter().any(|group| group.text("groupId") == id)
    });
    if used || rule::is_referenced(call, id) {
        return;
    }
    rule::delete_all_of(call, id);
    call.delete(SECURITY_GROUPS, id);
    tag::forget(call, "security-group", id);
}
