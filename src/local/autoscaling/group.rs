//! Groups: created, updated, deleted, described.

use serde_json::{Value, json};

use super::{GROUPS, instances, invalid, required, shape, tags};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::{instance, network};
use crate::local::error::AwsError;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AutoScalingGroupName")?;
    let given = tags::of_input(&call.input, Some(&name))?;
    if call.get(GROUPS, &name).is_some() {
        return Err(AwsError::new(
            "AlreadyExists",
            "AutoScalingGroup by this name already exists - A group with the name already exists",
        ));
    }
    let id = call.ids.uuid();
    let arn = format!("autoScalingGroup:{id}:autoScalingGroupName/{name}");
    let mut group = json!({
        "AutoScalingGroupARN": call.arn("autoscaling", &arn),
        "CreatedTime": call.now,
        "DefaultCooldown": 300,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 0,
        "TerminationPolicies": ["Default"],
        "NewInstancesProtectedFromScaleIn": false,
        "CapacityRebalance": false,
        "Tags": [],
        "instances": [],
    });
    let desired = read(call, &mut group)?;
    for member in ["MinSize", "MaxSize"] {
        if !group.has(member) {
            return Err(call.input.missing(member));
        }
    }
    if !group.has("VPCZoneIdentifier") {
        return Err(invalid("At least one Availability Zone or VPC Subnet is required."));
    }
    if !group.has("LaunchTemplate") && !group.has("MixedInstancesPolicy") {
        return Err(invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId \
             or MixedInstancesPolicy parameter.",
        ));
    }
    group.set("DesiredCapacity", desired.unwrap_or_else(|| group.integer("MinSize")));
    check(call, &group)?;
    for (_, tag) in given {
        tags::put(&mut group, tag);
    }
    call.put(GROUPS, &name, group);
    instances::reconcile(call, &name);
    Ok(Value::Null)
}

/// Reads what creation and update share into the document; returns the desired capacity.
fn read(call: &Call<'_>, group: &mut Value) -> Result<Option<i64>, AwsError> {
    let input = &call.input;
    if let Some(template) = input.shaped("LaunchTemplate", &shape::LAUNCH_TEMPLATE)? {
        group.set("LaunchTemplate", template);
        group.unset("MixedInstancesPolicy");
    }
    if let Some(mut mixed) = input.shaped("MixedInstancesPolicy", &shape::MIXED_INSTANCES)? {
        let mut distribution = json!({
            "OnDemandAllocationStrategy": "prioritized",
            "OnDemandBaseCapacity": 0,
            "OnDemandPercentageAboveBaseCapacity": 100,
            "SpotAllocationStrategy": "lowest-price",
        });
        for (name, value) in mixed["InstancesDistribution"].as_object().into_iter().flatten() {
            distribution.set(name, value.clone());
        }
        mixed.set("InstancesDistribution", distribution);
        group.set("MixedInstancesPolicy", mixed);
        group.unset("LaunchTemplate");
    }
    for member in ["MinSize", "MaxSize"] {
        if let Some(number) = input.optional_integer_within(member, 0, 10_000)? {
            group.set(member, number);
        }
    }
    for member in ["DefaultCooldown", "HealthCheckGracePeriod", "DefaultInstanceWarmup"] {
        if let Some(number) = input.optional_integer(member)? {
            group.set(member, number);
            // −1 takes a warm-up away.
            if number < 0 {
                group.unset(member);
            }
        }
    }
    if let Some(seconds) = input.optional_integer("MaxInstanceLifetime")? {
        if seconds != 0 && !(86_400..=31_536_000).contains(&seconds) {
            return Err(invalid("MaxInstanceLifetime must be between 86400 and 31536000 seconds."));
        }
        group.set("MaxInstanceLifetime", seconds);
        if seconds == 0 {
            group.unset("MaxInstanceLifetime");
        }
    }
    if let Some(kind) = input.optional_text("HealthCheckType")? {
        group.set("HealthCheckType", kind);
    }
    if let Some(subnets) = input.optional_text("VPCZoneIdentifier")? {
        group.set("VPCZoneIdentifier", subnets);
    }
    if let Some(policies) = input.optional_texts("TerminationPolicies")? {
        group.set("TerminationPolicies", policies);
    }
    for member in ["NewInstancesProtectedFromScaleIn", "CapacityRebalance"] {
        if let Some(flag) = input.optional_boolean(member)? {
            group.set(member, flag);
        }
    }
    input.optional_integer("DesiredCapacity")
}

fn check(call: &Call<'_>, group: &Value) -> Result<(), AwsError> {
    let (low, high) = (group.integer("MinSize"), group.integer("MaxSize"));
    if low > high {
        return Err(invalid("Max bound, must be greater than or equal to min bound"));
    }
    let desired = group.integer("DesiredCapacity");
    if !(low..=high).contains(&desired) {
        return Err(invalid(format!(
            "Desired capacity:{desired} must be between the specified min size:{low} and max \
             size:{high}"
        )));
    }
    for subnet in subnets(group) {
        if network::subnet(call, &subnet).is_none() {
            return Err(invalid(format!("The subnet ID '{subnet}' does not exist")));
        }
    }
    let template = instances::template(group);
    let (_, data) = instance::check_template(call, template).map_err(|_| {
        invalid("You must use a valid fully-formed launch template. The specified launch template does not exist.")
    })?;
    let overrides = group["MixedInstancesPolicy"]["LaunchTemplate"].list("Overrides");
    if overrides.is_empty() && data.text("instanceType").is_empty() {
        return Err(invalid(
            "You must use a valid fully-formed launch template. The launch template does not name an \
             instance type.",
        ));
    }
    Ok(())
}

/// The subnets of a group.
pub(super) fn subnets(group: &Value) -> Vec<String> {
    let all = group.text("VPCZoneIdentifier").split(',');
    all.map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AutoScalingGroupName")?;
    let mut group = required(call, &name)?;
    not_going(&group)?;
    let desired = read(call, &mut group)?;
    // Bounds move the desired capacity with them.
    let (low, high) = (group.integer("MinSize"), group.integer("MaxSize"));
    let now = group.integer("DesiredCapacity");
    let inside = now.max(low).min(high.max(low));
    group.set("DesiredCapacity", desired.unwrap_or(inside));
    check(call, &group)?;
    call.put(GROUPS, &name, group);
    instances::reconcile(call, &name);
    Ok(Value::Null)
}

fn not_going(group: &Value) -> Result<(), AwsError> {
    if group.has("Status") {
        return Err(AwsError::new(
            "ScalingActivityInProgress",
            "You cannot change an AutoScalingGroup while it is being deleted.",
        ));
    }
    Ok(())
}

pub(super) fn set_desired_capacity(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AutoScalingGroupName")?;
    let desired = call.input.integer("DesiredCapacity")?;
    // There are no cooldowns here: nothing scales by simple policies.
    call.input.accept("HonorCooldown");
    let mut group = required(call, &name)?;
    not_going(&group)?;
    let (low, high) = (group.integer("MinSize"), group.integer("MaxSize"));
    if desired < low {
        return Err(invalid(format!(
            "New SetDesiredCapacity value {desired} is below min value {low} for the AutoScalingGroup."
        )));
    }
    if desired > high {
        return Err(invalid(format!(
            "New SetDesiredCapacity value {desired} is above max value {high} for the AutoScalingGroup."
        )));
    }
    group.set("DesiredCapacity", desired);
    call.put(GROUPS, &name, group);
    instances::reconcile(call, &name);
    Ok(Value::Null)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AutoScalingGroupName")?;
    let force = call.input.optional_boolean("ForceDelete")?.unwrap_or(false);
    let mut group = required(call, &name)?;
    if group.has("Status") {
        return Ok(Value::Null);
    }
    if !group.list("instances").is_empty() && !force {
        return Err(AwsError::new(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance \
             request(s) still in the group.",
        ));
    }
    let any = !group.list("instances").is_empty();
    group.set("Status", "Delete in progress");
    for member in ["MinSize", "MaxSize", "DesiredCapacity"] {
        group.set(member, 0);
    }
    call.put(GROUPS, &name, group);
    instances::drop_all(call, &name);
    let wait = if any { durations::INSTANCE_TERMINATION } else { durations::AUTO_SCALING_GROUP };
    let at = call.ready_at(wait);
    call.schedule_for(&super::SERVICE, at, json!({"deleted": name}));
    Ok(Value::Null)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let names = call.input.texts("AutoScalingGroupNames")?;
    let with_instances = call.input.optional_boolean("IncludeInstances")?.unwrap_or(true);
    let mut filters = Vec::new();
    for filter in call.input.structures("Filters")? {
        filters.push((filter.text("Name")?, filter.texts("Values")?));
    }
    let mut groups = call.scan(GROUPS, "");
    groups.retain(|(name, _)| names.is_empty() || names.contains(name));
    for (name, values) in &filters {
        let any = |text: &str| values.iter().any(|value| value == text);
        let meets: Box<dyn Fn(&Value) -> bool> = match name.as_str() {
            "tag-key" => Box::new(move |tag| any(tag.text("Key"))),
            "tag-value" => Box::new(move |tag| any(tag.text("Value"))),
            other => match other.strip_prefix("tag:") {
                Some(key) => Box::new(move |tag| tag.text("Key") == key && any(tag.text("Value"))),
                None => return Err(invalid(format!("Filter type {other} is not correct."))),
            },
        };
        groups.retain(|(_, group)| group.list("Tags").iter().any(&meets));
    }
    let rows = groups.iter().map(|(name, group)| row(call, name, group, with_instances)).collect();
    let size = call.input.optional_integer_within("MaxRecords", 1, 100)?.unwrap_or(50);
    let token = call.input.optional_text("NextToken")?;
    let key = |row: &Value| row.text("AutoScalingGroupName").to_owned();
    let page = call.page(rows, size as usize, token.as_deref(), key)?;
    Ok(json!({"AutoScalingGroups": page.items, "NextToken": page.next}))
}

fn row(call: &Call<'_>, name: &str, group: &Value, with_instances: bool) -> Value {
    let mut row = group.clone();
    row.unset("instances");
    row.unset("activities");
    row.set("AutoScalingGroupName", name);
    row.set("CreatedTime", call.time(group.time("CreatedTime")));
    row.set("Tags", tags::shown(name, group));
    let mut zones: Vec<String> = subnets(group)
        .iter()
        .filter_map(|id| network::subnet(call, id).map(|subnet| subnet.zone))
        .collect();
    zones.sort();
    zones.dedup();
    row.set("AvailabilityZones", zones);
    row.set(
        "ServiceLinkedRoleARN",
        call.global_arn(
            "iam",
            "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        ),
    );
    let shown = group.list("instances").iter().map(|one| instances::row(call, group, one));
    row.set("Instances", if with_instances { shown.collect() } else { Vec::new() });
    row
}

/// Makes a group for a service that keeps groups of its own, from the members that it is described with.
pub(in crate::local) fn make(call: &mut Call<'_>, name: &str, members: Value) {
    let id = call.ids.uuid();
    let arn = format!("autoScalingGroup:{id}:autoScalingGroupName/{name}");
    let mut group = json!({
        "AutoScalingGroupARN": call.arn("autoscaling", &arn),
        "CreatedTime": call.now,
        "DefaultCooldown": 300,
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": 15,
        "TerminationPolicies": ["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"],
        "NewInstancesProtectedFromScaleIn": false,
        "CapacityRebalance": false,
        "Tags": [],
        "instances": [],
    });
    for (name, value) in members.as_object().into_iter().flatten() {
        group.set(name, value.clone());
    }
    call.put(GROUPS, name, group);
    instances::reconcile(call, name);
}

/// Changes such a group's bounds and size.
pub(in crate::local) fn resize(call: &mut Call<'_>, name: &str, low: i64, high: i64, desired: i64) {
    call.update(GROUPS, name, |group| {
        group.set("MinSize", low);
        group.set("MaxSize", high);
        group.set("DesiredCapacity", desired);
    });
    instances::reconcile(call, name);
}

/// Replaces all instances of such a group.
pub(in crate::local) fn replace_all(call: &mut Call<'_>, name: &str) {
    instances::drop_all(call, name);
    instances::reconcile(call, name);
}

/// Deletes such a group with its instances.
pub(in crate::local) fn remove(call: &mut Call<'_>, name: &str) {
    instances::drop_all(call, name);
    call.delete(GROUPS, name);
}

/// How many instances a group shall have; none if it is not there.
pub(in crate::local) fn desired(call: &Call<'_>, name: &str) -> Option<i64> {
    call.get(GROUPS, name).map(|group| group.integer("DesiredCapacity"))
}

/// How many instances a group has.
pub(in crate::local) fn size(call: &Call<'_>, name: &str) -> usize {
    call.get(GROUPS, name).map_or(0, |group| group.list("instances").len())
}
