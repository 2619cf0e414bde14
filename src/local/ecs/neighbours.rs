//! What ECS asks of the other services of the account, in one place. A service that local AWS
//! does not serve has no say.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::ec2::network;
pub(super) use crate::local::elbv2::targets::Answers;
use crate::local::elbv2::targets::{self, TargetGroup};
use crate::local::error::AwsError;
use crate::local::logs;
use crate::local::registry;
use crate::local::servicediscovery;
use crate::local::store::Table;
use crate::local::vpclattice::targets as lattice;

const ROLES: Table = Table::global("iam/role");
const LOG_GROUPS: Table = Table::regional("logs/log-group");
const PARAMETERS: Table = Table::regional("ssm/parameter");
const REPOSITORIES: Table = Table::regional("ecr/repository");

fn is_served(name: &str) -> bool {
    registry::SERVICES.iter().any(|service| service.name == name)
}

/// The target group with this ARN, if there is one.
pub(super) fn target_group(call: &Call<'_>, arn: &str) -> Option<TargetGroup> {
    targets::find_target_group(call, arn).ok()
}

/// VPC Lattice's target group with this ARN, if there is one.
pub(super) fn lattice_group(call: &Call<'_>, arn: &str) -> Option<lattice::TargetGroup> {
    lattice::find(call, arn)
}

/// The container and the port that a mapping of this name stands for.
pub(super) fn named_port<'a>(definition: &'a Value, name: &str) -> Option<(&'a str, i64)> {
    definition.list("containerDefinitions").iter().find_map(|container| {
        let mapping = container.list("portMappings").iter().find(|it| it.text("name") == name)?;
        Some((container.text("name"), mapping.integer("containerPort")))
    })
}

/// How long it takes until a target of this group that answers badly is declared unhealthy.
pub(super) fn unhealthy_after(call: &Call<'_>, arn: &str) -> Option<Duration> {
    match lattice::is_lattice(arn) {
        true => lattice::find(call, arn).map(|group| group.unhealthy_after),
        false => target_group(call, arn).map(|group| group.unhealthy_after),
    }
}

/// Registers an address with a target group. Returns whether the group is there.
pub(super) fn register_target(
    call: &mut Call<'_>,
    group: &str,
    address: &str,
    port: i64,
    zone: &str,
    answers: Answers,
) -> bool {
    let port = u16::try_from(port).unwrap_or_default();
    if lattice::is_lattice(group) {
        return lattice::register(call, group, address, port, answers);
    }
    targets::register(call, group, address, port, Some(zone), answers).is_ok()
}

/// Takes an address out of a target group, where it drains first; returns when that is over.
pub(super) fn deregister_target(
    call: &mut Call<'_>,
    group: &str,
    address: &str,
    port: i64,
) -> Millis {
    let port = u16::try_from(port).unwrap_or_default();
    match lattice::is_lattice(group) {
        true => lattice::deregister(call, group, address, port),
        false => targets::deregister(call, group, address, port),
    }
}

/// Is there a role with this ARN that tasks may assume?
pub(super) fn role_exists(call: &Call<'_>, arn: &str) -> bool {
    role_trusts(call, arn, "ecs-tasks.amazonaws.com")
}

/// Is there a role with this ARN that this service of AWS may assume?
pub(super) fn role_trusts(call: &Call<'_>, arn: &str, service: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let assumable = |role: &Value| {
        let trust = role.get("Trust").map(Value::to_string).unwrap_or_default();
        role.text("Arn") == arn && trust.contains(service)
    };
    !is_served("iam") || call.get(ROLES, name).is_some_and(|role| assumable(&role))
}

/// Is there a role with this ARN that ECS itself may assume, to make volumes?
pub(super) fn is_infrastructure_role(call: &Call<'_>, arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let assumable = |role: &Value| {
        let trust = role.get("Trust").map(Value::to_string).unwrap_or_default();
        role.text("Arn") == arn && trust.contains("ecs.amazonaws.com")
    };
    !is_served("iam") || call.get(ROLES, name).is_some_and(|role| assumable(&role))
}

/// Is there a log group with this name?
pub(super) fn log_group_exists(call: &Call<'_>, name: &str) -> bool {
    !is_served("logs") || call.get(LOG_GROUPS, name).is_some()
}

/// Does a policy let this role do this? Policies inside the role are read; one that is attached to it and is not AWS's own
/// for execution roles is taken to allow everything. Conditions of what is allowed are taken as met.
pub(super) fn role_may(call: &Call<'_>, arn: &str, action: &str, resource: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let Some(role) = call.get(ROLES, name) else { return !is_served("iam") };
    let plain = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let mut allowed = role.texts("Attached").iter().any(|policy| *policy != plain);
    for text in role["Inline"].as_object().into_iter().flatten().filter_map(|(_, t)| t.as_str()) {
        let policy: Value = serde_json::from_str(text).unwrap_or_default();
        for statement in one_or_many(&policy["Statement"]) {
            let meets = |member: &str, wanted: &str, case: bool| {
                one_or_many(&statement[member]).iter().filter_map(|one| one.as_str()).any(
                    |pattern| match case {
                        true => fits(pattern, wanted),
                        false => fits(&pattern.to_lowercase(), &wanted.to_lowercase()),
                    },
                )
            };
            if meets("Action", action, false) && meets("Resource", resource, true) {
                match statement.text("Effect") {
                    "Deny" if !statement.has("Condition") => return false,
                    "Allow" => allowed = true,
                    _ => {}
                }
            }
        }
    }
    allowed
}

/// Does a text fit a pattern of IAM's, in which `*` stands for any characters and `?` for one?
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where the last star was, and how far the text had been read then.
    let mut back: Option<(usize, usize)> = None;
    while read < text.len() {
        if pattern.get(at) == Some(&'*') {
            back = Some((at, read));
            at += 1;
        } else if pattern.get(at).is_some_and(|c| *c == '?' || *c == text[read]) {
            at += 1;
            read += 1;
        } else if let Some((star, from)) = back {
            (at, read) = (star + 1, from + 1);
            back = Some((star, from + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|c| *c == '*')
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(many) => many.iter().collect(),
        one => vec![one],
    }
}

/// Is there a parameter with this name, or ARN, in this region? What is elsewhere is not known.
pub(super) fn parameter_exists(call: &Call<'_>, reference: &str) -> bool {
    let prefix = call.arn("ssm", "parameter/");
    let names = match reference.strip_prefix(&prefix) {
        Some(rest) => [rest.to_owned(), format!("/{rest}")],
        None if reference.starts_with("arn:") => return true,
        None => [reference.to_owned(), format!("/{}", reference.trim_start_matches('/'))],
    };
    !is_served("ssm") || names.iter().any(|name| call.get(PARAMETERS, name).is_some())
}

/// Writes lines of a container's output.
pub(super) fn write_log(call: &mut Call<'_>, group: &str, stream: &str, lines: &[&str]) {
    logs::events::write(call, group, stream, lines);
}

/// Can a task in this subnet fetch this image? From the account's own registry endpoints of the VPC suffice.
pub(super) fn reaches(call: &Call<'_>, subnet: &str, public: bool, image: &str) -> bool {
    let own = format!("{}.dkr.ecr.{}.amazonaws.com/", call.account, call.region);
    network::reaches_out(call, subnet, public)
        || image.starts_with(&own)
            && network::reaches_endpoints(call, subnet, &["ecr.api", "ecr.dkr", "s3"])
}

/// Could there be an image of this name? What other registries hold is not known; of the
/// account's own, the repository must be there.
pub(super) fn image_exists(call: &Call<'_>, image: &str) -> bool {
    let own = format!("{}.dkr.ecr.{}.amazonaws.com/", call.account, call.region);
    let Some(rest) = image.strip_prefix(&own) else { return true };
    let name = rest.split(['@', ':']).next().unwrap_or_default();
    !is_served("ecr") || call.get(REPOSITORIES, name).is_some()
}

/// The ARN of the Cloud Map namespace with this name or ARN.
pub(super) fn namespace_arn(call: &Call<'_>, reference: &str) -> Result<String, AwsError> {
    servicediscovery::namespace_arn(call, reference).ok_or_else(|| {
        AwsError::new(
            "NamespaceNotFoundException",
            format!("The namespace \"{reference}\" was not found."),
        )
    })
}

/// Makes the Cloud Map service by which Service Connect knows a port, unless it is there.
pub(super) fn connect_service(
    call: &mut Call<'_>,
    namespace: &str,
    name: &str,
) -> Result<(), AwsError> {
    match servicediscovery::put_managed_service(call, namespace, name) {
        Ok(true) => Ok(()),
        Ok(false) => Err(AwsError::new(
            "InvalidParameterException",
            format!(
                "The discoveryName {name} is already used by a service that ECS does not manage."
            ),
        )),
        Err(error) => Err(error),
    }
}

/// The ARN of the Cloud Map service of this name in a namespace, if there is one.
pub(super) fn connect_service_arn(call: &Call<'_>, namespace: &str, name: &str) -> Option<String> {
    servicediscovery::service_arn(call, namespace, name)
}

/// Is there a Cloud Map service with this ARN?
pub(super) fn registry_exists(call: &Call<'_>, arn: &str) -> bool {
    servicediscovery::service_id(call, arn).is_some()
}

/// Registers an instance with a Cloud Map service. Returns whether the service is there.
pub(super) fn register_instance(
    call: &mut Call<'_>,
    registry: &str,
    instance: &str,
    attributes: BTreeMap<String, String>,
) -> bool {
    let Some(service) = servicediscovery::service_id(call, registry) else { return false };
    servicediscovery::put_instance(call, &service, instance, attributes);
    true
}

/// Takes an instance out of a Cloud Map service.
pub(super) fn deregister_instance(call: &mut Call<'_>, registry: &str, instance: &str) {
    if let Some(service) = servicediscovery::service_id(call, registry) {
        servicediscovery::drop_instance(call, &service, instance);
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_of_policies() {
        assert!(fits("arn:aws:ssm:*:1:parameter/a", "arn:aws:ssm:eu-west-1:1:parameter/a"));
        assert!(fits("secret:db-??????", "secret:db-000000"));
        assert!(!fits("secret:db-??????", "secret:db-00000"));
        assert!(fits("*", "") && fits("a*b*", "axxbyy") && fits("", ""));
        assert!(!fits("a*b", "abc") && !fits("", "a"));
    }
}
