//! Security-group rules: one document per rule, one peer per rule, as EC2 counts them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{invalid_value, not_found};
use super::list::{self, Listing};
use super::network::{self, SECURITY_GROUPS};
use super::permission::{self, check_description, same, spelled};
use super::{SECURITY_GROUP_RULES, prefix_list, tag};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// `sg-…/sgr-…`: which rules a group has, so that no look at a group goes through all rules.
const RULES_OF_GROUP: Table = Table::regional("ec2/rules-of-group");

/// Rules of one direction that a group may have.
const MOST_RULES: usize = 60;

static LISTING: Listing = Listing {
    kind: "security-group-rule",
    table: SECURITY_GROUP_RULES,
    ids: "SecurityGroupRuleId",
    set: "securityGroupRuleSet",
    filters: &[("group-id", "groupId"), ("security-group-rule-id", "securityGroupRuleId")],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, rule: &Value) -> Value {
    let mut row = json!({
        "securityGroupRuleId": id,
        "securityGroupRuleArn": tag::arn(call, "security-group-rule", id),
        "groupId": rule["groupId"],
        "groupOwnerId": call.account,
        "isEgress": rule["isEgress"],
        "ipProtocol": rule["ipProtocol"],
        "fromPort": rule["fromPort"],
        "toPort": rule["toPort"],
    });
    for member in ["cidrIpv4", "cidrIpv6", "description"] {
        if rule.has(member) {
            row.set(member, rule[member].clone());
        }
    }
    if rule.has("prefixList") {
        row.set("prefixListId", rule["prefixList"].clone());
    }
    if rule.has("referenced") {
        let peer = network::security_group(call, rule.text("referenced"));
        let mut info = json!({"groupId": rule["referenced"], "userId": call.account});
        info.set("vpcId", peer.map(|peer| peer.vpc));
        row.set("referencedGroupInfo", info);
    }
    row
}

/// All rules of one group.
pub(super) fn of_group(call: &Call<'_>, group: &str) -> Vec<(String, Arc<Value>)> {
    let prefix = format!("{group}/");
    let ids = call.scan(RULES_OF_GROUP, &prefix).into_iter();
    let rule = |id: &str| Some((id.to_owned(), call.get(SECURITY_GROUP_RULES, id)?));
    ids.filter_map(|(key, _)| rule(key.strip_prefix(&prefix)?)).collect()
}

/// Writes a rule and enters it into its group's index.
fn put(call: &mut Call<'_>, id: &str, rule: Value) {
    let index = format!("{}/{id}", rule.text("groupId"));
    call.put(RULES_OF_GROUP, &index, Value::Null);
    call.put(SECURITY_GROUP_RULES, id, rule);
}

/// Is the group the peer of a rule of another group?
pub(super) fn is_referenced(call: &Call<'_>, group: &str) -> bool {
    let rules = call.scan(SECURITY_GROUP_RULES, "");
    rules.iter().any(|(_, rule)| rule.text("referenced") == group && rule.text("groupId") != group)
}

/// The rules that a new group has: everything may leave, and a default group talks to itself.
pub(super) fn create_defaults(call: &mut Call<'_>, group: &str, of_vpc: bool, with_ipv6: bool) {
    let all = json!({"groupId": group, "ipProtocol": "-1", "fromPort": -1, "toPort": -1});
    let mut egress = all.clone();
    egress.set("isEgress", true);
    egress.set("cidrIpv4", "0.0.0.0/0");
    let id = call.ids.resource("sgr");
    put(call, &id, egress.clone());
    if with_ipv6 {
        egress.unset("cidrIpv4");
        egress.set("cidrIpv6", "::/0");
        let id = call.ids.resource("sgr");
        put(call, &id, egress);
    }
    if of_vpc {
        let mut ingress = all;
        ingress.set("isEgress", false);
        ingress.set("referenced", group);
        let id = call.ids.resource("sgr");
        put(call, &id, ingress);
    }
}

/// Deletes the rules of a group that is being deleted.
pub(super) fn delete_all_of(call: &mut Call<'_>, group: &str) {
    for (id, _) in of_group(call, group) {
        delete(call, group, &id);
    }
}

fn delete(call: &mut Call<'_>, group: &str, id: &str) {
    call.delete(RULES_OF_GROUP, &format!("{group}/{id}"));
    call.delete(SECURITY_GROUP_RULES, id);
    tag::forget(call, "security-group-rule", id);
}

fn group(call: &Call<'_>) -> Result<String, AwsError> {
    let id = call.input.text("GroupId")?;
    if call.get(SECURITY_GROUPS, &id).is_none() {
        return Err(not_found("security-group", &id));
    }
    Ok(id)
}

pub(super) fn authorize_ingress(call: &mut Call<'_>) -> Result<Value, AwsError> {
    authorize(call, false)
}

pub(super) fn authorize_egress(call: &mut Call<'_>) -> Result<Value, AwsError> {
    authorize(call, true)
}

fn authorize(call: &mut Call<'_>, egress: bool) -> Result<Value, AwsError> {
    let group = group(call)?;
    let tags = tag::specified(call, "security-group-rule")?;
    let fresh = permission::rules(call, &group, egress)?;
    if fresh.is_empty() {
        return Err(call.input.missing("IpPermissions"));
    }
    let there = of_group(call, &group);
    for (at, rule) in fresh.iter().enumerate() {
        if fresh[..at].iter().any(|other| same(rule, other)) {
            return Err(invalid_value("The same permission must not appear multiple times"));
        }
        if there.iter().any(|(_, other)| same(rule, other)) {
            return Err(duplicate(rule));
        }
    }
    let count = there.iter().filter(|(_, rule)| rule.flag("isEgress") == egress).count();
    if count + fresh.len() > MOST_RULES {
        return Err(AwsError::new(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        ));
    }
    let mut rows = Vec::new();
    for rule in fresh {
        let id = call.ids.resource("sgr");
        put(call, &id, rule.clone());
        tag::put(call, "security-group-rule", &id, tags.clone())?;
        let mut row = row(call, &id, &rule);
        row.set("tagSet", tag::set_of(call, "security-group-rule", &id));
        rows.push(row);
    }
    Ok(json!({"return": true, "securityGroupRuleSet": rows}))
}

fn duplicate(rule: &Value) -> AwsError {
    AwsError::new(
        "InvalidPermission.Duplicate",
        format!("the specified rule \"{}\" already exists", spelled(rule)),
    )
}

pub(super) fn revoke_ingress(call: &mut Call<'_>) -> Result<Value, AwsError> {
    revoke(call, false)
}

pub(super) fn revoke_egress(call: &mut Call<'_>) -> Result<Value, AwsError> {
    revoke(call, true)
}

fn revoke(call: &mut Call<'_>, egress: bool) -> Result<Value, AwsError> {
    let group = group(call)?;
    let ids = call.input.texts("SecurityGroupRuleId")?;
    let asked = permission::rules(call, &group, egress)?;
    let there = of_group(call, &group);
    let mut goes = Vec::new();
    for id in ids {
        let found =
            there.iter().find(|(other, rule)| *other == id && rule.flag("isEgress") == egress);
        goes.push(found.ok_or_else(|| not_found("security-group-rule", &id))?);
    }
    for rule in &asked {
        let found = there.iter().find(|(_, other)| same(rule, other));
        goes.push(found.ok_or_else(|| {
            AwsError::new(
                "InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.",
            )
        })?);
    }
    if goes.is_empty() {
        return Err(call.input.missing("IpPermissions"));
    }
    let mut rows = Vec::new();
    for (id, rule) in goes {
        let mut revoked = row(call, id, rule);
        for member in ["securityGroupRuleArn", "groupOwnerId", "referencedGroupInfo"] {
            revoked.unset(member);
        }
        if rule.has("referenced") {
            revoked.set("referencedGroupId", rule["referenced"].clone());
        }
        rows.push(revoked);
        delete(call, &group, id);
    }
    Ok(json!({"return": true, "revokedSecurityGroupRuleSet": rows}))
}

pub(super) fn describe_security_group_rules(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn modify_security_group_rules(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let group = group(call)?;
    let updates = call.input.structures("SecurityGroupRule")?;
    if updates.is_empty() {
        return Err(call.input.missing("SecurityGroupRule"));
    }
    for update in updates {
        let id = update.text("SecurityGroupRuleId")?;
        let old = call.get(SECURITY_GROUP_RULES, &id).filter(|rule| rule.text("groupId") == group);
        let old = old.ok_or_else(|| not_found("security-group-rule", &id))?;
        let wanted = update.structure("SecurityGroupRule")?;
        let traffic = permission::traffic(
            &wanted.text("IpProtocol")?,
            wanted.optional_integer("FromPort")?,
            wanted.optional_integer("ToPort")?,
        )?;
        let mut rule = json!({
            "groupId": group,
            "isEgress": old["isEgress"],
            "ipProtocol": traffic.0,
            "fromPort": traffic.1,
            "toPort": traffic.2,
        });
        let mut peers = 0;
        if let Some(text) = wanted.optional_text("CidrIpv4")? {
            rule.set("cidrIpv4", permission::ipv4(&text)?);
            peers += 1;
        }
        if let Some(text) = wanted.optional_text("CidrIpv6")? {
            rule.set("cidrIpv6", permission::ipv6(&text)?);
            peers += 1;
        }
        if let Some(peer) = wanted.optional_text("ReferencedGroupId")? {
            rule.set("referenced", permission::group(call, &group, &peer)?);
            peers += 1;
        }
        if let Some(list) = wanted.optional_text("PrefixListId")? {
            rule.set("prefixList", prefix_list::known(call, &list)?);
            peers += 1;
        }
        if peers != 1 {
            call.input.refuse_unread()?;
            return Err(invalid_value(format!(
                "exactly one source or destination is needed for {id}"
            )));
        }
        let description = wanted.optional_text("Description")?.filter(|text| !text.is_empty());
        if let Some(description) = check_description(description)? {
            rule.set("description", description);
        }
        let clash = of_group(call, &group)
            .into_iter()
            .any(|(other, there)| other != id && same(&there, &rule));
        if clash {
            return Err(duplicate(&rule));
        }
        put(call, &id, rule);
    }
    Ok(json!({"return": true}))
}

pub(super) fn update_descriptions_ingress(call: &mut Call<'_>) -> Result<Value, AwsError> {
    update_descriptions(call, false)
}

pub(super) fn update_descriptions_egress(call: &mut Call<'_>) -> Result<Value, AwsError> {
    update_descriptions(call, true)
}

fn update_descriptions(call: &mut Call<'_>, egress: bool) -> Result<Value, AwsError> {
    let group = group(call)?;
    let there = of_group(call, &group);
    let mut changes = Vec::new();
    for update in call.input.structures("SecurityGroupRuleDescription")? {
        let id = update.text("SecurityGroupRuleId")?;
        if !there.iter().any(|(other, rule)| *other == id && rule.flag("isEgress") == egress) {
            return Err(not_found("security-group-rule", &id));
        }
        changes.push((id, check_description(update.optional_text("Description")?)?));
    }
    for rule in permission::rules(call, &group, egress)? {
        let found = there.iter().find(|(_, other)| same(&rule, other)).ok_or_else(|| {
            AwsError::new(
                "InvalidPermission.NotFound",
                "The specified rule does not exist in this security group.",
            )
        })?;
        changes.push((
            found.0.clone(),
            rule.get("description").and_then(Value::as_str).map(str::to_owned),
        ));
    }
    if changes.is_empty() {
        return Err(call.input.missing("IpPermissions"));
    }
    for (id, description) in changes {
        call.update(SECURITY_GROUP_RULES, &id, |rule| {
            match description.filter(|text| !text.is_empty()) {
                Some(text) => rule.set("description", text),
                None => {
                    rule.unset("description");
                }
            }
        });
    }
    Ok(json!({"return": true}))
}
