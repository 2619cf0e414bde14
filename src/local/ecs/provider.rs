//! Capacity providers of the account's own: Auto Scaling groups, and instances that ECS manages.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::names::{self, client, invalid};
use super::placement::Need;
use super::records::TASKS;
use super::{capacity, clusters, instances};
use crate::local::autoscaling;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::instance::{self, NewInstance};
use crate::local::ec2::instance_type::{self, InstanceType};
use crate::local::ec2::network;
use crate::local::error::AwsError;
use crate::local::params::Shape::{self, Boolean, Integer, List, Number, OneOf, Structure, Text};
use crate::local::store::Table;

/// Providers by name, as ECS describes them, and `readyAt`, `goneAt` in milliseconds.
pub(super) const PROVIDERS: Table = Table::regional("ecs/capacity-provider");

const SWITCH: Shape = OneOf(&["ENABLED", "DISABLED"]);
const RANGE: Shape = Structure(&[("min", Integer), ("max", Integer)]);
const NUMBERS: Shape = Structure(&[("min", Number), ("max", Number)]);
const TEXTS: Shape = List(&Text);
const WISH: Shape = OneOf(&["included", "required", "excluded"]);

const GROUP: Shape = Structure(&[
    ("autoScalingGroupArn", Text),
    (
        "managedScaling",
        Structure(&[
            ("status", SWITCH),
            ("targetCapacity", Integer),
            ("minimumScalingStepSize", Integer),
            ("maximumScalingStepSize", Integer),
            ("instanceWarmupPeriod", Integer),
        ]),
    ),
    ("managedTerminationProtection", SWITCH),
    ("managedDraining", SWITCH),
]);

const REQUIREMENTS: Shape = Structure(&[
    ("vCpuCount", RANGE),
    ("memoryMiB", RANGE),
    ("cpuManufacturers", List(&OneOf(&["intel", "amd", "amazon-web-services"]))),
    ("memoryGiBPerVCpu", NUMBERS),
    ("excludedInstanceTypes", TEXTS),
    ("instanceGenerations", List(&OneOf(&["current", "previous"]))),
    ("spotMaxPricePercentageOverLowestPrice", Integer),
    ("onDemandMaxPricePercentageOverLowestPrice", Integer),
    ("bareMetal", WISH),
    ("burstablePerformance", WISH),
    ("requireHibernateSupport", Boolean),
    ("networkInterfaceCount", RANGE),
    ("localStorage", WISH),
    ("localStorageTypes", List(&OneOf(&["hdd", "ssd"]))),
    ("totalLocalStorageGB", NUMBERS),
    ("baselineEbsBandwidthMbps", RANGE),
    ("acceleratorTypes", List(&OneOf(&["gpu", "fpga", "inference"]))),
    ("acceleratorCount", RANGE),
    (
        "acceleratorManufacturers",
        List(&OneOf(&["amazon-web-services", "amd", "nvidia", "xilinx", "habana"])),
    ),
    ("acceleratorNames", TEXTS),
    ("acceleratorTotalMemoryMiB", RANGE),
    ("networkBandwidthGbps", NUMBERS),
    ("allowedInstanceTypes", TEXTS),
    ("maxSpotPriceAsPercentageOfOptimalOnDemandPrice", Integer),
]);

const MANAGED: Shape = Structure(&[
    ("infrastructureRoleArn", Text),
    (
        "instanceLaunchTemplate",
        Structure(&[
            ("ec2InstanceProfileArn", Text),
            ("networkConfiguration", Structure(&[("subnets", TEXTS), ("securityGroups", TEXTS)])),
            ("storageConfiguration", Structure(&[("storageSizeGiB", Integer)])),
            ("localStorageConfiguration", Structure(&[("useLocalStorage", Boolean)])),
            ("monitoring", OneOf(&["BASIC", "DETAILED"])),
            ("capacityOptionType", OneOf(&["ON_DEMAND", "SPOT", "RESERVED"])),
            ("instanceMetadataTagsPropagation", Boolean),
            ("instanceRequirements", REQUIREMENTS),
            ("fipsEnabled", Boolean),
            (
                "capacityReservations",
                Structure(&[
                    ("reservationGroupArn", Text),
                    (
                        "reservationPreference",
                        OneOf(&[
                            "RESERVATIONS_ONLY",
                            "RESERVATIONS_FIRST",
                            "RESERVATIONS_EXCLUDED",
                        ]),
                    ),
                ]),
            ),
            ("nitroEnclavesEnabled", Boolean),
        ]),
    ),
    ("propagateTags", OneOf(&["CAPACITY_PROVIDER", "NONE"])),
    ("infrastructureOptimization", Structure(&[("scaleInAfter", Integer)])),
    ("autoRepairConfiguration", Structure(&[("actionsStatus", SWITCH)])),
]);

/// A provider that is there.
pub(super) fn find(call: &Call<'_>, reference: &str) -> Option<Arc<Value>> {
    let name = reference.rsplit('/').next().unwrap_or_default();
    call.get(PROVIDERS, name).filter(|one| !one.has("goneAt") || one.time("goneAt") > call.now)
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("name")?;
    names::check(&name, "Capacity provider name")?;
    let lower = name.to_lowercase();
    if ["aws", "ecs", "fargate"].iter().any(|word| lower.starts_with(word)) {
        return Err(invalid(
            "The specified capacity provider name is invalid. Up to 255 characters are allowed, \
             including letters (uppercase and lowercase), numbers, underscores, and hyphens. The name \
             cannot be prefixed with \"aws\", \"ecs\", or \"fargate\". Specify a valid name and try again.",
        ));
    }
    let cluster = call.input.optional_text("cluster")?;
    let group = call.input.shaped("autoScalingGroupProvider", &GROUP)?;
    let managed = call.input.shaped("managedInstancesProvider", &MANAGED)?;
    let tags = call.input.tags("tags", "key", "value")?;
    if find(call, &name).is_some() {
        return Err(invalid(
            "The specified capacity provider already exists. To change the configuration of an \
             existing capacity provider, update the capacity provider.",
        ));
    }
    let arn = call.arn("ecs", &format!("capacity-provider/{name}"));
    let mut provider = json!({"capacityProviderArn": arn, "name": name, "status": "ACTIVE"});
    match (group, managed) {
        (Some(group), None) => {
            if cluster.is_some() {
                return Err(invalid("A cluster can only be given for managed instances."));
            }
            let given = group.text("autoScalingGroupArn").to_owned();
            let taken = |(_, one): &(String, Arc<Value>)| {
                one["autoScalingGroupProvider"].text("autoScalingGroupArn") == given
                    && !one.has("goneAt")
            };
            if call.scan(PROVIDERS, "").iter().any(taken) {
                return Err(invalid(
                    "The specified Auto Scaling group ARN is already being used by another capacity \
                     provider. Specify a unique Auto Scaling group ARN and try again.",
                ));
            }
            let Some(protected) = autoscaling::take(call, &given) else {
                return Err(invalid(
                    "The specified Auto Scaling group ARN is invalid. Specify a valid ARN and try again.",
                ));
            };
            let group = complete_group(group, protected)?;
            provider.set("autoScalingGroupProvider", group);
            provider.set("type", "EC2_AUTOSCALING");
        }
        (None, Some(managed)) => {
            let cluster = cluster.ok_or_else(|| {
                invalid("A cluster must be specified for a managed instances capacity provider.")
            })?;
            let cluster = names::cluster(call, Some(&cluster));
            clusters::active(call, &cluster).ok_or_else(names::no_cluster)?;
            let managed = complete_managed(call, managed)?;
            provider.set("managedInstancesProvider", managed);
            provider.set("cluster", call.arn("ecs", &format!("cluster/{cluster}")));
            provider.set("type", "MANAGED_INSTANCES");
            provider.set("readyAt", call.ready_at(durations::CAPACITY_PROVIDER));
        }
        _ => {
            return Err(invalid(
                "Exactly one of autoScalingGroupProvider and managedInstancesProvider must be given.",
            ));
        }
    }
    call.forget_tags(&arn);
    call.add_tags(&arn, tags)?;
    let output = wire(call, &provider, true);
    call.put(PROVIDERS, &name, provider);
    Ok(json!({"capacityProvider": output}))
}

fn complete_group(mut group: Value, protected: bool) -> Result<Value, AwsError> {
    let mut scaling = json!({
        "status": "DISABLED",
        "targetCapacity": 100,
        "minimumScalingStepSize": 1,
        "maximumScalingStepSize": 10_000,
        "instanceWarmupPeriod": 300,
    });
    for (name, value) in group["managedScaling"].as_object().into_iter().flatten() {
        scaling.set(name, value.clone());
    }
    let within = |name: &str, low: i64, high: i64| (low..=high).contains(&scaling.integer(name));
    if !within("targetCapacity", 1, 100)
        || !within("minimumScalingStepSize", 1, 10_000)
        || !within("maximumScalingStepSize", 1, 10_000)
        || !within("instanceWarmupPeriod", 0, 10_000)
    {
        return Err(invalid("The specified managed scaling settings are out of range."));
    }
    let enabled = scaling.text("status") == "ENABLED";
    group.set("managedScaling", scaling);
    for (member, default) in
        [("managedTerminationProtection", "DISABLED"), ("managedDraining", "ENABLED")]
    {
        if !group.has(member) {
            group.set(member, default);
        }
    }
    if group.text("managedTerminationProtection") == "ENABLED" {
        if !enabled {
            return Err(invalid(
                "The managed termination protection setting for the capacity provider is invalid. To \
                 enable managed termination protection for a capacity provider, managed scaling must be \
                 enabled.",
            ));
        }
        if !protected {
            return Err(invalid(
                "The managed termination protection setting for the capacity provider is invalid. To \
                 enable managed termination protection for a capacity provider, the Auto Scaling group \
                 must have instance protection from scale in enabled.",
            ));
        }
    }
    Ok(group)
}

fn complete_managed(call: &Call<'_>, mut managed: Value) -> Result<Value, AwsError> {
    let template = &managed["instanceLaunchTemplate"];
    let network = &template["networkConfiguration"];
    if !managed.has("infrastructureRoleArn") || !template.has("ec2InstanceProfileArn") {
        return Err(invalid("infrastructureRoleArn and ec2InstanceProfileArn must be given."));
    }
    let subnets = network.texts("subnets");
    if subnets.is_empty() {
        return Err(invalid("networkConfiguration must have at least one subnet."));
    }
    for subnet in subnets {
        if network::subnet(call, subnet).is_none() {
            return Err(invalid(format!("The subnet ID '{subnet}' does not exist")));
        }
    }
    for group in network.texts("securityGroups") {
        if network::security_group(call, group).is_none() {
            return Err(invalid(format!("The security group '{group}' does not exist")));
        }
    }
    if let Some(requirements) = template.get("instanceRequirements") {
        for member in ["vCpuCount", "memoryMiB"] {
            if !requirements[member].has("min") {
                return Err(invalid(format!("instanceRequirements.{member}.min must be given.")));
            }
        }
        if requirements.has("allowedInstanceTypes") && requirements.has("excludedInstanceTypes") {
            return Err(invalid(
                "Only one of allowedInstanceTypes and excludedInstanceTypes can be given.",
            ));
        }
    }
    if let Some(template) = managed.get_mut("instanceLaunchTemplate") {
        for (member, default) in [("monitoring", "BASIC"), ("capacityOptionType", "ON_DEMAND")] {
            if !template.has(member) {
                template.set(member, default);
            }
        }
    }
    if !managed.has("propagateTags") {
        managed.set("propagateTags", "NONE");
    }
    Ok(managed)
}

fn to_change(call: &Call<'_>, member: &str) -> Result<(String, Value), AwsError> {
    let reference = call.input.text(member)?;
    // Names are unique in an account and region, whatever cluster a provider is for.
    call.input.accept("cluster");
    let missing = || {
        invalid(
            "The specified capacity provider was not found. Specify a valid name or ARN and try again.",
        )
    };
    let provider = find(call, &reference).filter(|one| !one.has("goneAt")).ok_or_else(missing)?;
    Ok((provider.text("name").to_owned(), Value::clone(&provider)))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, mut provider) = to_change(call, "name")?;
    let group = call.input.shaped("autoScalingGroupProvider", &GROUP)?;
    let managed = call.input.shaped("managedInstancesProvider", &MANAGED)?;
    if let Some(given) = group {
        let mut whole = provider["autoScalingGroupProvider"].clone();
        let arn = whole.text("autoScalingGroupArn").to_owned();
        for (member, value) in given.as_object().cloned().into_iter().flatten() {
            if member == "managedScaling" {
                let mut scaling = whole["managedScaling"].clone();
                for (member, value) in value.as_object().cloned().into_iter().flatten() {
                    scaling.set(&member, value);
                }
                whole.set("managedScaling", scaling);
            } else {
                whole.set(&member, value);
            }
        }
        let protected = autoscaling::take(call, &arn).unwrap_or(false);
        let whole = complete_group(whole, protected)?;
        provider.set("autoScalingGroupProvider", whole);
    }
    if let Some(given) = managed {
        let mut whole = provider["managedInstancesProvider"].clone();
        for (member, value) in given.as_object().cloned().into_iter().flatten() {
            if member == "instanceLaunchTemplate" {
                let mut template = whole["instanceLaunchTemplate"].clone();
                for (member, value) in value.as_object().cloned().into_iter().flatten() {
                    template.set(&member, value);
                }
                whole.set("instanceLaunchTemplate", template);
            } else {
                whole.set(&member, value);
            }
        }
        let whole = complete_managed(call, whole)?;
        provider.set("managedInstancesProvider", whole);
    }
    provider.set("updated", true);
    let output = wire(call, &provider, true);
    call.put(PROVIDERS, &name, provider);
    Ok(json!({"capacityProvider": output}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, mut provider) = to_change(call, "capacityProvider")?;
    if let Some(cluster) = clusters::using(call, &name) {
        return Err(client(format!(
            "The capacity provider cannot be deleted because it is associated with cluster: {cluster}. \
             Remove the capacity provider from the cluster and try again."
        )));
    }
    let managed = provider.has("managedInstancesProvider");
    if managed {
        for id in instances::of_provider(call, &name) {
            instances::gone(call, &id);
            instance::terminate(call, &id);
        }
    }
    let gone = if managed { call.ready_at(durations::CAPACITY_PROVIDER) } else { call.now };
    provider.set("goneAt", gone);
    let output = wire(call, &provider, false);
    let arn = provider.text("capacityProviderArn").to_owned();
    call.put(PROVIDERS, &name, provider);
    call.forget_tags(&arn);
    Ok(json!({"capacityProvider": output}))
}

/// A provider as ECS describes it.
pub(super) fn wire(call: &Call<'_>, provider: &Value, tags: bool) -> Value {
    let mut output = provider.clone();
    let (going, gone) = (provider.has("goneAt"), provider.time("goneAt") <= call.now);
    let ready = provider.time("readyAt") <= call.now;
    for member in ["readyAt", "goneAt", "updated"] {
        output.unset(member);
    }
    let (status, update) = match (going, gone, ready) {
        (true, true, _) => ("INACTIVE", "DELETE_COMPLETE"),
        (true, false, _) => ("DEPROVISIONING", "DELETE_IN_PROGRESS"),
        (_, _, false) => ("PROVISIONING", "CREATE_IN_PROGRESS"),
        _ if provider.flag("updated") => ("ACTIVE", "UPDATE_COMPLETE"),
        _ => ("ACTIVE", "CREATE_COMPLETE"),
    };
    output.set("status", status);
    output.set("updateStatus", update);
    let all = call.tag_list(provider.text("capacityProviderArn"), "key", "value");
    output.set("tags", if tags { all } else { Vec::new() });
    output
}

// Scaling --------------------------------------------------------------------------------------

/// Can a task wait for this provider's next instance?
pub(super) fn scales(call: &Call<'_>, name: &str) -> bool {
    let Some(provider) = find(call, name) else { return false };
    provider.has("managedInstancesProvider")
        || provider["autoScalingGroupProvider"]["managedScaling"].text("status") == "ENABLED"
}

/// The needs of tasks of a cluster that wait for a provider's instances.
fn waiting(call: &Call<'_>, cluster: &str, provider: &str) -> Vec<Need> {
    let tasks = call.scan(TASKS, &format!("{cluster}/"));
    let tasks = tasks.iter().filter(|(_, task)| task.text("waiting") == provider);
    tasks.filter_map(|(_, task)| Need::of_task(call, &task["wire"])).collect()
}

/// How many empty instances of a type hold these.
fn bins(needs: &[Need], of_type: &InstanceType) -> i64 {
    let mut bins: Vec<(i64, i64, i64)> = Vec::new();
    let whole = instances::registered(of_type);
    for need in needs {
        let fits = |free: &&mut (i64, i64, i64)| {
            free.0 >= need.cpu && free.1 >= need.memory && free.2 >= need.gpus
        };
        match bins.iter_mut().find(fits) {
            Some(free) => *free = (free.0 - need.cpu, free.1 - need.memory, free.2 - need.gpus),
            None => bins.push((whole.0 - need.cpu, whole.1 - need.memory, whole.2 - need.gpus)),
        }
    }
    i64::try_from(bins.len()).unwrap_or(i64::MAX)
}

/// Brings instances for tasks that wait.
pub(super) fn grow(call: &mut Call<'_>, cluster: &str, name: &str) {
    let Some(provider) = find(call, name) else { return };
    let needs = waiting(call, cluster, name);
    if provider.has("managedInstancesProvider") {
        return grow_managed(call, cluster, &provider, needs);
    }
    let group = &provider["autoScalingGroupProvider"];
    let arn = group.text("autoScalingGroupArn");
    let Some(room) = autoscaling::room(call, arn) else { return };
    let Some(of_type) = instance_type::find(&room.of_type) else { return };
    let wanted = instances::busy(call, cluster, name) + bins(&needs, of_type);
    let target = group["managedScaling"].integer("targetCapacity").max(1);
    let desired = ((wanted * 100 + target - 1) / target).clamp(room.low, room.high.max(room.low));
    if desired > room.desired {
        autoscaling::scale_to(call, arn, desired);
    }
}

fn suits(one: &InstanceType, requirements: &Value, need: &Need) -> bool {
    let inside = |range: &Value, value: i64| {
        range.integer("min") <= value && (!range.has("max") || value <= range.integer("max"))
    };
    let named = |list: &str| {
        requirements.texts(list).iter().any(|pattern| match pattern.split_once('*') {
            Some((before, after)) => one.name.starts_with(before) && one.name.ends_with(after),
            None => *pattern == one.name,
        })
    };
    let (cpu, memory, gpus) = instances::registered(one);
    cpu >= need.cpu
        && memory >= need.memory
        && gpus >= need.gpus
        && (need.gpus > 0) == (one.gpus > 0)
        && need.architecture.as_ref().is_none_or(|wanted| wanted == one.architecture)
        && inside(&requirements["vCpuCount"], one.cpus)
        && inside(&requirements["memoryMiB"], one.memory)
        && (requirements.list("allowedInstanceTypes").is_empty() || named("allowedInstanceTypes"))
        && !named("excludedInstanceTypes")
        && (requirements.text("burstablePerformance") == "included" || !one.name.starts_with('t'))
}

/// Launches an instance for each task that fits on none that is coming up.
fn grow_managed(call: &mut Call<'_>, cluster: &str, provider: &Value, needs: Vec<Need>) {
    let name = provider.text("name");
    let template = &provider["managedInstancesProvider"]["instanceLaunchTemplate"];
    let mut coming = instances::coming(call, name);
    for need in needs {
        let fits = |one: &&mut (String, i64, i64, i64)| {
            one.1 >= need.cpu && one.2 >= need.memory && one.3 >= need.gpus
        };
        if let Some(one) = coming.iter_mut().find(fits) {
            *one = (one.0.clone(), one.1 - need.cpu, one.2 - need.memory, one.3 - need.gpus);
            continue;
        }
        let requirements = &template["instanceRequirements"];
        let Some(of_type) = instance_type::all().iter().find(|one| suits(one, requirements, &need))
        else {
            continue;
        };
        let subnets = template["networkConfiguration"].texts("subnets");
        let Some(subnet) = coming.len().checked_rem(subnets.len()).map(|at| subnets[at]) else {
            return;
        };
        let groups = template["networkConfiguration"].texts("securityGroups");
        let arm = if of_type.architecture == "arm64" { "arm64" } else { "x86_64" };
        let new = NewInstance {
            of_type,
            image: format!("resolve:ssm:/aws/service/bottlerocket/aws-ecs-2/{arm}/latest/image_id"),
            subnet: subnet.to_owned(),
            security_groups: groups.into_iter().map(str::to_owned).collect(),
            profile: template.text("ec2InstanceProfileArn").to_owned(),
            tags: BTreeMap::from([("AmazonECSManaged".to_owned(), "true".to_owned())]),
            spot: template.text("capacityOptionType") == "SPOT",
            public: false,
            operator: "ecs".to_owned(),
        };
        let Ok(launched) = instance::launch(call, new) else { continue };
        let whole = instances::registered(of_type);
        coming.push((
            launched.id.clone(),
            whole.0 - need.cpu,
            whole.1 - need.memory,
            whole.2 - need.gpus,
        ));
        instances::note_coming(call, name, &launched.id, of_type.name);
        let at = call.ready_at(durations::INSTANCE_REGISTERS);
        let payload = json!({"registers": launched.id, "cluster": cluster, "provider": name});
        call.schedule_for(&super::SERVICE, at, payload);
    }
}

/// A task of a provider's has stopped: later, instances without tasks are given back.
pub(super) fn shrink_later(call: &mut Call<'_>, cluster: &str, name: &str) {
    let Some(provider) = find(call, name) else { return };
    let wait = match provider["managedInstancesProvider"]["infrastructureOptimization"]
        .get("scaleInAfter")
    {
        Some(after) => match after.as_i64() {
            // −1 keeps them.
            Some(seconds) if seconds >= 0 => Duration::from_secs(seconds.unsigned_abs()),
            _ => return,
        },
        None if provider.has("managedInstancesProvider") => Duration::from_secs(300),
        None => durations::SCALE_IN,
    };
    let at = call.ready_at(wait);
    call.schedule_for(&super::SERVICE, at, json!({"shrinks": name, "cluster": cluster}));
}

/// The timers of [`shrink_later`] and of managed instances that come up.
pub(super) fn timer(call: &mut Call<'_>, payload: &Value) {
    let cluster = payload.text("cluster").to_owned();
    if payload.has("registers") {
        if instance::facts(call, payload.text("registers")).is_some() {
            instances::up(call, payload, "");
        }
        return;
    }
    let name = payload.text("shrinks").to_owned();
    let Some(provider) = find(call, &name) else { return };
    let arn = provider["autoScalingGroupProvider"].text("autoScalingGroupArn").to_owned();
    let managed = provider.has("managedInstancesProvider");
    if !managed && !scales(call, &name) {
        return;
    }
    for id in instances::empty(call, &cluster, &name) {
        if managed {
            instances::gone(call, &id);
            instance::terminate(call, &id);
        } else if let Some(room) = autoscaling::room(call, &arn) {
            let target =
                provider["autoScalingGroupProvider"]["managedScaling"].integer("targetCapacity");
            let busy = instances::busy(call, &cluster, &name);
            let wanted = ((busy * 100 + target - 1) / target.max(1)).max(room.low);
            if room.desired > wanted {
                autoscaling::release(call, &arn, &id);
            }
        }
    }
}

/// The kind of place that a provider's tasks run in: `FARGATE`, `EC2` or `MANAGED_INSTANCES`.
pub(super) fn launch_type(call: &Call<'_>, name: &str) -> &'static str {
    if capacity::PROVIDERS.contains(&name) {
        return "FARGATE";
    }
    match find(call, name) {
        Some(provider) if provider.has("managedInstancesProvider") => "MANAGED_INSTANCES",
        _ => "EC2",
    }
}
