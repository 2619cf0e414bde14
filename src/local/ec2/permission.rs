//! `IpPermissions`: from what a caller sends to one rule per peer, and back.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::errors::{self, invalid_value};
use super::network::{self, SECURITY_GROUPS};
use super::prefix_list;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// Members of a rule's document that make it the same rule as another.
const IDENTITY: [&str; 7] =
    ["ipProtocol", "fromPort", "toPort", "cidrIpv4", "cidrIpv6", "referenced", "prefixList"];

/// Protocol and ports, in EC2's normal form.
pub(super) fn traffic(
    protocol: &str,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<(String, i64, i64), AwsError> {
    let protocol = match protocol.to_ascii_lowercase().as_str() {
        "tcp" | "6" => "tcp".to_owned(),
        "udp" | "17" => "udp".to_owned(),
        "icmp" | "1" => "icmp".to_owned(),
        "icmpv6" | "58" => "icmpv6".to_owned(),
        "-1" | "all" => "-1".to_owned(),
        number if number.parse::<u8>().is_ok() => number.to_owned(),
        _ => {
            return Err(invalid_value(format!(
                "Invalid value '{protocol}' for IP protocol. Unknown protocol."
            )));
        }
    };
    match protocol.as_str() {
        "tcp" | "udp" => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(invalid_value(
                    "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
                ));
            };
            for port in [from, to] {
                if !(0..=65_535).contains(&port) {
                    return Err(invalid_value(format!("TCP/UDP port ({port}) out of range")));
                }
            }
            if from > to {
                return Err(invalid_value(format!("Invalid TCP/UDP port range ({from}:{to})")));
            }
            Ok((protocol, from, to))
        }
        "icmp" | "icmpv6" => Ok((protocol, from.unwrap_or(-1), to.unwrap_or(-1))),
        // Every other protocol has no ports: whatever was given is not kept.
        _ => Ok((protocol, -1, -1)),
    }
}

/// An IPv4 peer in EC2's normal form.
pub(super) fn ipv4(text: &str) -> Result<String, AwsError> {
    let block: Cidr =
        text.parse().map_err(|()| invalid_value(format!("CIDR block {text} is malformed")))?;
    Ok(block.to_string())
}

/// An IPv6 peer in EC2's normal form.
pub(super) fn ipv6(text: &str) -> Result<String, AwsError> {
    let malformed = || invalid_value(format!("CIDR block {text} is malformed"));
    let (address, length) = text.split_once('/').ok_or_else(malformed)?;
    let address: std::net::Ipv6Addr = address.parse().map_err(|_| malformed())?;
    let length: u32 = length.parse().map_err(|_| malformed())?;
    let mask =
        u128::MAX.checked_shl(128_u32.checked_sub(length).ok_or_else(malformed)?).unwrap_or(0);
    Ok(format!("{}/{length}", std::net::Ipv6Addr::from(u128::from(address) & mask)))
}

/// A peer that is a group, which must be there.
pub(super) fn group(call: &Call<'_>, of: &str, id: &str) -> Result<String, AwsError> {
    let vpc = call.get(SECURITY_GROUPS, of).map(|group| group.text("vpcId").to_owned());
    let peer =
        network::security_group(call, id).ok_or_else(|| errors::not_found("security-group", id))?;
    if vpc.is_some_and(|vpc| vpc != peer.vpc) {
        return Err(AwsError::new(
            "InvalidGroup.NotFound",
            "You have specified two resources that belong to different networks.",
        ));
    }
    Ok(peer.id)
}

/// The rules that a call asks for: `IpPermissions`, or the older flat parameters.
pub(super) fn rules(call: &Call<'_>, of: &str, egress: bool) -> Result<Vec<Value>, AwsError> {
    let mut rules = Vec::new();
    for permission in call.input.structures("IpPermissions")? {
        let before = rules.len();
        let protocol = permission.text("IpProtocol")?;
        let (from, to) =
            (permission.optional_integer("FromPort")?, permission.optional_integer("ToPort")?);
        let traffic = traffic(&protocol, from, to)?;
        for range in permission.structures("IpRanges")? {
            let peer = ipv4(&range.text("CidrIp")?)?;
            rules.push(rule(of, egress, &traffic, "cidrIpv4", &peer, description(&range)?));
        }
        for range in permission.structures("Ipv6Ranges")? {
            let peer = ipv6(&range.text("CidrIpv6")?)?;
            rules.push(rule(of, egress, &traffic, "cidrIpv6", &peer, description(&range)?));
        }
        for pair in permission.structures("Groups")? {
            let id = pair.text("GroupId")?;
            if let Some(account) = pair.optional_text("UserId")?
                && account != call.account
            {
                return Err(AwsError::not_modelled(
                    "local AWS does not model groups of other accounts",
                ));
            }
            // What a described permission says of the peer may be sent back with it.
            pair.accept("GroupName");
            pair.accept("VpcId");
            let peer = group(call, of, &id)?;
            rules.push(rule(of, egress, &traffic, "referenced", &peer, description(&pair)?));
        }
        for list in permission.structures("PrefixListIds")? {
            let peer = prefix_list::known(call, &list.text("PrefixListId")?)?;
            rules.push(rule(of, egress, &traffic, "prefixList", &peer, description(&list)?));
        }
        if rules.len() == before {
            permission.refuse_unread()?;
            return Err(AwsError::new("MissingParameter", "Source group ID missing."));
        }
    }
    if let Some(protocol) = call.input.optional_text("IpProtocol")? {
        let (from, to) =
            (call.input.optional_integer("FromPort")?, call.input.optional_integer("ToPort")?);
        let traffic = traffic(&protocol, from, to)?;
        let peer = ipv4(&call.input.text("CidrIp")?)?;
        rules.push(rule(of, egress, &traffic, "cidrIpv4", &peer, None));
    }
    Ok(rules)
}

fn description(of: &Params) -> Result<Option<String>, AwsError> {
    let text = of.optional_text("Description")?.filter(|text| !text.is_empty());
    check_description(text)
}

/// Descriptions hold 255 characters of a small set.
pub(super) fn check_description(text: Option<String>) -> Result<Option<String>, AwsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    match text {
        Some(text) if text.len() > 255 || !text.chars().all(allowed) => {
            Err(invalid_value(format!(
                "Invalid rule description. Valid descriptions are strings less than 256 characters from the \
             following set: a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*: {text}"
            )))
        }
        text => Ok(text),
    }
}

fn rule(
    of: &str,
    egress: bool,
    traffic: &(String, i64, i64),
    peer: &str,
    value: &str,
    description: Option<String>,
) -> Value {
    let (protocol, from, to) = traffic;
    let mut rule = json!({
        "groupId": of,
        "isEgress": egress,
        "ipProtocol": protocol,
        "fromPort": from,
        "toPort": to,
    });
    rule.set(peer, value);
    if let Some(description) = description {
        rule.set("description", description);
    }
    rule
}

/// Do two documents allow the same?
pub(super) fn same(one: &Value, other: &Value) -> bool {
    one.text("groupId") == other.text("groupId")
        && one.flag("isEgress") == other.flag("isEgress")
        && IDENTITY.iter().all(|member| one.get(member) == other.get(member))
}

/// How EC2 names a rule in messages.
pub(super) fn spelled(rule: &Value) -> String {
    let peer = ["cidrIpv4", "cidrIpv6", "referenced", "prefixList"]
        .iter()
        .map(|m| rule.text(m))
        .collect::<String>();
    match rule.text("ipProtocol") {
        "-1" => format!("peer: {peer}, ALL, ALLOW"),
        protocol => format!(
            "peer: {peer}, {}, from port: {}, to port: {}, ALLOW",
            protocol.to_ascii_uppercase(),
            rule.integer("fromPort"),
            rule.integer("toPort")
        ),
    }
}

/// Rules of one direction as `ipPermissions`: one for each protocol and port range.
pub(super) fn grouped(call: &Call<'_>, rules: &[&Value]) -> Vec<Value> {
    let mut permissions: Vec<Value> = Vec::new();
    for rule in rules {
        let key = |of: &Value| {
            (
                of.text("ipProtocol").to_owned(),
                of.get("fromPort").cloned(),
                of.get("toPort").cloned(),
            )
        };
        let mut fresh = json!({"ipProtocol": rule["ipProtocol"]});
        if rule.text("ipProtocol") != "-1"
            && (rule.integer("fromPort"), rule.integer("toPort")) != (-1, -1)
            || matches!(rule.text("ipProtocol"), "icmp" | "icmpv6")
        {
            fresh.set("fromPort", rule["fromPort"].clone());
            fresh.set("toPort", rule["toPort"].clone());
        }
        for list in ["ipRanges", "ipv6Ranges", "groups", "prefixListIds"] {
            fresh.set(list, json!([]));
        }
        let at =
            permissions.iter().position(|known| key(known) == key(&fresh)).unwrap_or_else(|| {
                permissions.push(fresh);
                permissions.len() - 1
            });
        let (list, mut peer) = if rule.has("cidrIpv4") {
            ("ipRanges", json!({"cidrIp": rule["cidrIpv4"]}))
        } else if rule.has("cidrIpv6") {
            ("ipv6Ranges", json!({"cidrIpv6": rule["cidrIpv6"]}))
        } else if rule.has("prefixList") {
            ("prefixListIds", json!({"prefixListId": rule["prefixList"]}))
        } else {
            ("groups", json!({"groupId": rule["referenced"], "userId": call.account}))
        };
        if rule.has("description") {
            peer.set("description", rule["description"].clone());
        }
        let mut peers = permissions[at].list(list).to_vec();
        peers.push(peer);
        permissions[at].set(list, peers);
    }
    permissions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_forms() {
        assert_eq!(traffic("6", Some(80), Some(80)).unwrap(), ("tcp".to_owned(), 80, 80));
        assert_eq!(traffic("-1", Some(80), Some(80)).unwrap(), ("-1".to_owned(), -1, -1));
        assert_eq!(traffic("icmp", None, None).unwrap(), ("icmp".to_owned(), -1, -1));
        assert!(traffic("tcp", None, None).is_err());
        assert!(traffic("tcp", Some(81), Some(80)).is_err());
        assert!(traffic("tcp", Some(0), Some(70_000)).is_err());
        assert!(traffic("sctpx", None, None).is_err());
        assert_eq!(ipv4("10.0.0.7/24").unwrap(), "10.0.0.0/24");
        assert_eq!(ipv6("2001:DB8::1/32").unwrap(), "2001:db8::/32");
        assert_eq!(ipv6("::/0").unwrap(), "::/0");
        assert!(ipv6("::/129").is_err());
        assert!(ipv4("10.0.0.0").is_err());
    }
}
