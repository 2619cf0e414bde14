//! What a group does with its instances: launches, registers with ECS, terminates.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{GROUPS, group, invalid, required};
use crate::local::call::{Call, iso8601};
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::instance;
use crate::local::ecs;
use crate::local::error::AwsError;

/// A group keeps so many of its activities.
const MOST_ACTIVITIES: usize = 50;

/// The launch template that a group launches from.
pub(super) fn template(group: &Value) -> &Value {
    if group.has("MixedInstancesPolicy") {
        &group["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
    } else {
        &group["LaunchTemplate"]
    }
}

/// Launches and terminates until there are as many as desired.
pub(super) fn reconcile(call: &mut Call<'_>, name: &str) {
    let Some(group) = call.get(GROUPS, name).map(|group| Value::clone(&group)) else { return };
    let desired = usize::try_from(group.integer("DesiredCapacity")).unwrap_or(0);
    let count = group.list("instances").len();
    for _ in count..desired {
        if !launch(call, name) {
            return;
        }
    }
    // Protected ones stay; of the others, the oldest go.
    let surplus = count.saturating_sub(desired);
    let free = group.list("instances").iter().filter(|one| !one.flag("protected"));
    let gone: Vec<String> = free.take(surplus).map(|one| one.text("id").to_owned()).collect();
    for id in gone {
        drop_one(
            call,
            name,
            &id,
            "in response to a difference between desired and actual capacity",
        );
    }
}

/// Launches one. Returns whether it could be.
fn launch(call: &mut Call<'_>, name: &str) -> bool {
    let Some(group) = call.get(GROUPS, name).map(|group| Value::clone(&group)) else {
        return false;
    };
    let there = group.list("instances");
    // The subnet with the fewest instances comes next, so that zones stay even.
    let subnets = group::subnets(&group);
    let used = |subnet: &String| there.iter().filter(|one| one.text("subnet") == subnet).count();
    let Some(subnet) = subnets.iter().min_by_key(|subnet| used(subnet)).cloned() else {
        return false;
    };
    let mixed = &group["MixedInstancesPolicy"];
    let overrides = mixed["LaunchTemplate"].list("Overrides");
    let of_type = overrides.first().map(|one| one.text("InstanceType")).unwrap_or_default();
    let spot = group.has("MixedInstancesPolicy") && {
        let distribution = &mixed["InstancesDistribution"];
        let on_demand = there.iter().filter(|one| !one.flag("spot")).count() as i64;
        let base = distribution.integer("OnDemandBaseCapacity");
        let above = there.len() as i64 + 1 - base;
        let share = distribution.integer("OnDemandPercentageAboveBaseCapacity");
        on_demand >= base + (above.max(0) * share + 99) / 100
    };
    let mut tags: BTreeMap<String, String> = group
        .list("Tags")
        .iter()
        .filter(|tag| tag.flag("PropagateAtLaunch"))
        .map(|tag| (tag.text("Key").to_owned(), tag.text("Value").to_owned()))
        .collect();
    // A tag of AWS's own, which only AWS may put on.
    tags.remove("aws:autoscaling:groupName");
    let made = instance::launch_from(call, template(&group), of_type, &subnet, tags, spot);
    let (launched, user_data) = match made {
        Ok(made) => made,
        Err(error) => {
            activity(
                call,
                name,
                "Failed",
                &format!("Launching a new EC2 instance. Status Reason: {error}"),
            );
            return false;
        }
    };
    let facts = instance::facts(call, &launched.id);
    let of_type = facts.map(|facts| facts.text("instanceType").to_owned()).unwrap_or_default();
    let row = json!({
        "id": launched.id,
        "type": of_type,
        "zone": launched.zone,
        "subnet": subnet,
        "spot": spot,
        "protected": group.flag("NewInstancesProtectedFromScaleIn"),
        "running": launched.running,
    });
    call.update(GROUPS, name, |group| {
        let mut all = group.list("instances").to_vec();
        all.push(row);
        group.set("instances", all);
    });
    activity(call, name, "Successful", &format!("Launching a new EC2 instance: {}", launched.id));
    if let Some(cluster) = cluster_of(&user_data) {
        let at = call.ready_at(durations::INSTANCE_REGISTERS);
        let payload = json!({
            "registers": launched.id,
            "cluster": cluster,
            "system": launched.system.unwrap_or("LINUX"),
            "group": name,
            "attributes": attributes_of(&user_data),
        });
        call.schedule_for(&super::SERVICE, at, payload);
    }
    true
}

/// The cluster that an instance's user data has ECS's agent join: in `/etc/ecs/ecs.config`, in
/// Bottlerocket's settings, or in Windows' start-up script.
fn cluster_of(user_data: &str) -> Option<String> {
    let bytes = STANDARD.decode(user_data).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let after = |mark: &str| {
        let rest = text.split_once(mark)?.1.trim_start_matches([' ', '=', '"', '\'']);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        Some(rest[..end.unwrap_or(rest.len())].to_owned())
    };
    let found = after("ECS_CLUSTER=").or_else(|| after("-Cluster "));
    found.or_else(|| after("cluster =")).filter(|name| !name.is_empty())
}

/// Attributes that the user data gives an instance: `ECS_INSTANCE_ATTRIBUTES`, or Bottlerocket's table of them.
fn attributes_of(user_data: &str) -> Value {
    let bytes = STANDARD.decode(user_data).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    if let Some((_, table)) = text.split_once("[settings.ecs.instance-attributes]\n") {
        let rows = table.lines().map_while(|line| line.split_once(" = "));
        let plain = |text: &str| text.trim_matches('"').to_owned();
        return rows.map(|(name, value)| (plain(name), json!(plain(value)))).collect();
    }
    let after = text.split_once("ECS_INSTANCE_ATTRIBUTES").map_or("", |(_, rest)| rest);
    let line = after.lines().next().unwrap_or_default();
    let object = line.find('{').zip(line.rfind('}')).and_then(|(from, to)| line.get(from..=to));
    object.and_then(|object| serde_json::from_str(object).ok()).unwrap_or_default()
}

fn activity(call: &mut Call<'_>, name: &str, status: &str, description: &str) {
    let row = json!({
        "ActivityId": call.ids.uuid(),
        "AutoScalingGroupName": name,
        "Description": description,
        "Cause": "the desired capacity was changed",
        "StartTime": iso8601(call.now),
        "EndTime": iso8601(call.now),
        "StatusCode": status,
        "Progress": 100,
    });
    call.update(GROUPS, name, |group| {
        let mut all = group.list("activities").to_vec();
        all.insert(0, row);
        all.truncate(MOST_ACTIVITIES);
        group.set("activities", all);
    });
}

fn drop_one(call: &mut Call<'_>, name: &str, id: &str, why: &str) {
    call.update(GROUPS, name, |group| {
        let mut all = group.list("instances").to_vec();
        all.retain(|one| one.text("id") != id);
        group.set("instances", all);
    });
    activity(call, name, "Successful", &format!("Terminating EC2 instance: {id} {why}"));
    ecs::instance_gone(call, id);
    instance::terminate(call, id);
}

/// Terminates all instances of a group, protected or not.
pub(super) fn drop_all(call: &mut Call<'_>, name: &str) {
    let ids: Vec<String> = call
        .get(GROUPS, name)
        .map(|group| group.list("instances").iter().map(|one| one.text("id").to_owned()).collect())
        .unwrap_or_default();
    for id in ids {
        drop_one(call, name, &id, "as the group is deleted");
    }
}

pub(super) fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    if payload.has("deleted") {
        call.delete(GROUPS, payload.text("deleted"));
    } else if payload.has("registers") && instance::facts(call, payload.text("registers")).is_some()
    {
        let arn = call.get(GROUPS, payload.text("group"));
        let arn = arn.map(|group| group.text("AutoScalingGroupARN").to_owned());
        ecs::instance_up(call, payload, &arn.unwrap_or_default());
    }
    Ok(())
}

/// An instance as its group shows it.
pub(super) fn row(call: &Call<'_>, group: &Value, one: &Value) -> Value {
    let mut row = json!({
        "InstanceId": one["id"],
        "InstanceType": one["type"],
        "AvailabilityZone": one["zone"],
        "LifecycleState": if one.time("running") > call.now { "Pending" } else { "InService" },
        "HealthStatus": "Healthy",
        "ProtectedFromScaleIn": one["protected"],
    });
    row.set("LaunchTemplate", template(group).clone());
    row
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let wanted = call.input.texts("InstanceIds")?;
    let mut rows = Vec::new();
    for (name, group) in call.scan(GROUPS, "") {
        for one in group.list("instances") {
            if wanted.is_empty() || wanted.iter().any(|id| id == one.text("id")) {
                let mut row = row(call, &group, one);
                row.set("AutoScalingGroupName", name.clone());
                rows.push(row);
            }
        }
    }
    let size = call.input.optional_integer_within("MaxRecords", 1, 50)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let page = call.page(rows, size as usize, token.as_deref(), ToString::to_string)?;
    Ok(json!({"AutoScalingInstances": page.items, "NextToken": page.next}))
}

pub(super) fn set_protection(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AutoScalingGroupName")?;
    let ids = call.input.texts("InstanceIds")?;
    let protected = call.input.optional_boolean("ProtectedFromScaleIn")?.unwrap_or(false);
    let mut group = required(call, &name)?;
    let mut all = group.list("instances").to_vec();
    for id in ids {
        let one = all.iter_mut().find(|one| one.text("id") == id);
        let one = one.ok_or_else(|| {
            invalid(format!("The instance {id} is not part of Auto Scaling group {name}."))
        })?;
        one.set("protected", protected);
    }
    group.set("instances", all);
    call.put(GROUPS, &name, group);
    Ok(json!({}))
}

pub(super) fn terminate_one(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("InstanceId")?;
    let less = call.input.optional_boolean("ShouldDecrementDesiredCapacity")?.unwrap_or(false);
    let has = |group: &Value| group.list("instances").iter().any(|one| one.text("id") == id);
    let found = call.scan(GROUPS, "").into_iter().find(|(_, group)| has(group));
    let (name, group) = found.ok_or_else(|| {
        invalid(format!("Instance Id not found - No managed instance found for instance ID {id}"))
    })?;
    if less {
        let desired = group.integer("DesiredCapacity") - 1;
        if desired < group.integer("MinSize") {
            return Err(invalid(
                "Currently, desiredSize equals minSize. Terminating instance without replacement will \
                 violate group's min size constraint.",
            ));
        }
        call.update(GROUPS, &name, |group| group.set("DesiredCapacity", desired));
    }
    drop_one(call, &name, &id, "at a user's request");
    reconcile(call, &name);
    let shown = call.get(GROUPS, &name).and_then(|group| group.list("activities").last().cloned());
    Ok(json!({"Activity": shown}))
}

pub(super) fn activities(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.optional_text("AutoScalingGroupName")?;
    let mut rows = Vec::new();
    for (group_name, group) in call.scan(GROUPS, "") {
        if name.as_ref().is_none_or(|name| *name == group_name) {
            rows.extend(group.list("activities").to_vec());
        }
    }
    let size = call.input.optional_integer_within("MaxRecords", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("NextToken")?;
    let page = call.page(rows, size as usize, token.as_deref(), ToString::to_string)?;
    Ok(json!({"Activities": page.items, "NextToken": page.next}))
}

// For ECS --------------------------------------------------------------------------------------

/// How far a group may be scaled.
#[derive(Debug, Clone)]
pub(in crate::local) struct Room {
    /// The type that is launched next.
    pub(in crate::local) of_type: String,
    pub(in crate::local) low: i64,
    pub(in crate::local) high: i64,
    pub(in crate::local) desired: i64,
}

fn by_arn(call: &Call<'_>, arn: &str) -> Option<(String, Value)> {
    let name = arn.rsplit_once("autoScalingGroupName/")?.1.to_owned();
    let group = call.get(GROUPS, &name).filter(|group| group.text("AutoScalingGroupARN") == arn)?;
    (!group.has("Status")).then(|| (name, Value::clone(&group)))
}

/// The bounds of the group with this ARN; none if it is not there or on its way out.
pub(in crate::local) fn room(call: &Call<'_>, arn: &str) -> Option<Room> {
    let (_, group) = by_arn(call, arn)?;
    let overrides = group["MixedInstancesPolicy"]["LaunchTemplate"].list("Overrides");
    let of_type = match overrides.first() {
        Some(first) => first.text("InstanceType").to_owned(),
        None => {
            let (_, data) = instance::check_template(call, template(&group)).ok()?;
            data.text("instanceType").to_owned()
        }
    };
    Some(Room {
        of_type,
        low: group.integer("MinSize"),
        high: group.integer("MaxSize"),
        desired: group.integer("DesiredCapacity"),
    })
}

/// Has a group want so many.
pub(in crate::local) fn scale_to(call: &mut Call<'_>, arn: &str, desired: i64) {
    if let Some((name, group)) = by_arn(call, arn)
        && group.integer("DesiredCapacity") != desired
    {
        call.update(GROUPS, &name, |group| group.set("DesiredCapacity", desired));
        reconcile(call, &name);
    }
}

/// Gives one instance back: it is terminated, and the group wants one less.
pub(in crate::local) fn release(call: &mut Call<'_>, arn: &str, id: &str) {
    if let Some((name, group)) = by_arn(call, arn) {
        let desired = (group.integer("DesiredCapacity") - 1).max(group.integer("MinSize"));
        call.update(GROUPS, &name, |group| group.set("DesiredCapacity", desired));
        drop_one(call, &name, id, "as ECS has no tasks on it");
        reconcile(call, &name);
    }
}

/// Is there a group with this ARN, and are new instances of it protected? Puts ECS's tag on.
pub(in crate::local) fn take(call: &mut Call<'_>, arn: &str) -> Option<bool> {
    let (name, group) = by_arn(call, arn)?;
    let tag = json!({"Key": "AmazonECSManaged", "Value": "", "PropagateAtLaunch": true});
    call.update(GROUPS, &name, |group| super::tags::put(group, tag));
    Some(group.flag("NewInstancesProtectedFromScaleIn"))
}
