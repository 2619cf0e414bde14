//! Instances, as far as containers run on them: launched by Auto Scaling and by ECS, described,
//! terminated. An instance holds its subnet and security groups through its network interface.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::instance_type::{self, InstanceType};
use super::list::{self, Listing};
use super::network::{self, NewInterface};
use super::{errors, image, launch_template, tag};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::store::Table;

/// Instances by id.
pub(super) const INSTANCES: Table = Table::regional("ec2/instance");

/// An instance to be launched.
#[derive(Debug, Clone)]
pub struct NewInstance {
    /// Its type.
    pub of_type: &'static InstanceType,
    /// `ami-…` or `resolve:ssm:…`.
    pub image: String,
    /// `subnet-…`.
    pub subnet: String,
    /// `sg-…`.
    pub security_groups: Vec<String>,
    /// ARN or name of the instance profile; empty for none.
    pub profile: String,
    /// Its own tags, and those of what launches it.
    pub tags: BTreeMap<String, String>,
    /// On Spot.
    pub spot: bool,
    /// It gets a public address.
    pub public: bool,
    /// The service that manages it, such as `ecs`; empty for the account's own.
    pub operator: String,
}

/// An instance that was launched.
#[derive(Debug, Clone)]
pub struct Launched {
    /// `i-…`.
    pub id: String,
    /// Where it stands.
    pub zone: String,
    /// Its address.
    pub address: String,
    /// When it has started.
    pub running: Millis,
    /// The operating system of its image: `LINUX` or `WINDOWS_…`; none of an image that is not ECS's.
    pub system: Option<&'static str>,
}

static LISTING: Listing = Listing {
    kind: "instance",
    table: INSTANCES,
    ids: "InstanceId",
    set: "instancesSet",
    filters: &[
        ("instance-state-name", "instanceState.name"),
        ("instance-type", "instanceType"),
        ("image-id", "imageId"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
        ("availability-zone", "placement.availabilityZone"),
        ("instance.group-id", "groupSet.groupId"),
        ("iam-instance-profile.arn", "iamInstanceProfile.arn"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, instance: &Value) -> Value {
    let (code, name) = match instance {
        one if one.has("terminated") && one.time("terminated") <= call.now => (48, "terminated"),
        one if one.has("terminated") => (32, "shutting-down"),
        one if one.time("running") > call.now => (0, "pending"),
        _ => (16, "running"),
    };
    let mut row = json!({
        "instanceId": id,
        "imageId": instance["imageId"],
        "instanceState": {"code": code, "name": name},
        "instanceType": instance["instanceType"],
        "launchTime": call.time(instance.time("launched")),
        "placement": {"availabilityZone": instance["zone"], "tenancy": "default"},
        "architecture": instance["architecture"],
        "monitoring": {"state": "disabled"},
    });
    if !instance.has("terminated") {
        row.set("subnetId", instance["subnetId"].clone());
        row.set("vpcId", instance["vpcId"].clone());
        if instance.has("publicIp") {
            row.set("ipAddress", instance["publicIp"].clone());
        }
        row.set("privateIpAddress", instance["address"].clone());
        row.set("groupSet", instance["groups"].clone());
        row.set("iamInstanceProfile", instance["profile"].clone());
    }
    if instance.flag("spot") {
        row.set("instanceLifecycle", "spot");
    }
    row
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let mut flat = list::describe(call, &LISTING)?;
    let rows = flat.unset("instancesSet").unwrap_or_default();
    let rows = rows.as_array().cloned().unwrap_or_default();
    let reservation = |row: Value| {
        let id = row.text("instanceId").replacen("i-", "r-", 1);
        json!({"reservationId": id, "ownerId": call.account, "groupSet": [], "instancesSet": [row]})
    };
    flat.set("reservationSet", rows.into_iter().map(reservation).collect::<Vec<_>>());
    Ok(flat)
}

/// The ARN and id of the profile that a launch names by ARN or name.
fn profile(call: &Call<'_>, named: &str) -> Result<Value, AwsError> {
    if named.is_empty() {
        return Ok(Value::Null);
    }
    let name = named.rsplit('/').next().unwrap_or_default();
    let found = call.get(Table::global("iam/instance-profile"), name);
    let found = found.filter(|one| !named.starts_with("arn:") || one.text("Arn") == named);
    let missing = || {
        errors::invalid_value(format!(
            "Value ({named}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance \
             Profile name"
        ))
    };
    let found = found.ok_or_else(missing)?;
    Ok(json!({"arn": found["Arn"], "id": found["InstanceProfileId"]}))
}

/// Launches one.
///
/// # Errors
/// Image, subnet, group or profile are not there, or the image is for another architecture.
pub fn launch(call: &mut Call<'_>, new: NewInstance) -> Result<Launched, AwsError> {
    let (image, family) = image::resolve(call, &new.image)?;
    if let Some(family) = family
        && family.architecture != new.of_type.architecture
    {
        return Err(errors::invalid_value(format!(
            "The architecture '{}' of the specified instance type does not match the architecture \
             '{}' of the specified AMI.",
            new.of_type.architecture, family.architecture
        )));
    }
    let profile = profile(call, &new.profile)?;
    let id = call.ids.resource("i");
    let public_ip = new.public.then(|| network::public_address(call));
    let interface = network::create_interface(
        call,
        NewInterface {
            subnet: new.subnet.clone(),
            security_groups: new.security_groups,
            description: String::new(),
            interface_type: "interface".to_owned(),
            requester: String::new(),
            private_ip: None,
            ipv6: false,
            public_ip: public_ip.clone(),
        },
    )?;
    let subnet = network::subnet(call, &new.subnet);
    let (zone, vpc) = subnet.map(|one| (one.zone, one.vpc)).unwrap_or_default();
    let groups = call.get(network::INTERFACES, &interface.id).map(|one| one["groupSet"].clone());
    let running = call.ready_at(durations::INSTANCE);
    let document = json!({
        "imageId": image,
        "instanceType": new.of_type.name,
        "architecture": new.of_type.architecture,
        "launched": call.now,
        "running": running,
        "zone": zone,
        "vpcId": vpc,
        "subnetId": new.subnet,
        "address": interface.private_ip,
        "interface": interface.id,
        "groups": groups,
        "profile": profile,
        "spot": new.spot,
        "publicIp": public_ip,
        "operator": new.operator,
    });
    call.put(INSTANCES, &id, document);
    tag::put(call, "instance", &id, new.tags)?;
    let system = family.map(|family| family.system);
    Ok(Launched { id, zone, address: interface.private_ip, running, system })
}

/// Launches one from a launch template as Auto Scaling names it (`LaunchTemplateId`, `Version`),
/// of this type.
///
/// # Errors
/// As [`launch`]; the template or its version is not there.
pub fn launch_from(
    call: &mut Call<'_>,
    template: &Value,
    of_type: &str,
    subnet: &str,
    tags: BTreeMap<String, String>,
    spot: bool,
) -> Result<(Launched, String), AwsError> {
    let (_, data) = launch_template::launched(call, template)?;
    let of_type = if of_type.is_empty() { data.text("instanceType") } else { of_type };
    let known = instance_type::find(of_type).ok_or_else(|| {
        AwsError::new(
            "InvalidParameterValue",
            format!("Invalid value '{of_type}' for InstanceType."),
        )
    })?;
    let mut all = BTreeMap::new();
    for specification in data.list("tagSpecificationSet") {
        if specification.text("resourceType") == "instance" {
            let tags = specification.list("tagSet").iter();
            all.extend(tags.map(|tag| (tag.text("key").to_owned(), tag.text("value").to_owned())));
        }
    }
    all.extend(tags);
    let profile = &data["iamInstanceProfile"];
    let profile = if profile.has("arn") { profile.text("arn") } else { profile.text("name") };
    let interface = data.list("networkInterfaceSet").first().cloned().unwrap_or_default();
    let groups = match interface.has("groupSet") {
        true => interface.texts("groupSet"),
        false => data.texts("securityGroupIdSet"),
    };
    let new = NewInstance {
        of_type: known,
        image: data.text("imageId").to_owned(),
        subnet: subnet.to_owned(),
        security_groups: groups.into_iter().map(str::to_owned).collect(),
        public: interface.flag("associatePublicIpAddress"),
        profile: profile.to_owned(),
        tags: all,
        spot,
        operator: String::new(),
    };
    let launched = launch(call, new)?;
    Ok((launched, data.text("userData").to_owned()))
}

/// Is the template there, with its version?
///
/// # Errors
/// It is not.
pub fn check_template(call: &Call<'_>, template: &Value) -> Result<(String, Value), AwsError> {
    launch_template::launched(call, template)
}

/// Terminates one: its interface goes at once, and it is described for a while.
pub fn terminate(call: &mut Call<'_>, id: &str) {
    let Some(instance) = call.get(INSTANCES, id) else { return };
    if instance.has("terminated") {
        return;
    }
    network::delete_interface(call, instance.text("interface"));
    let at = call.ready_at(durations::INSTANCE_TERMINATION);
    call.update(INSTANCES, id, |instance| instance.set("terminated", at));
    tag::forget(call, "instance", id);
}

/// What other services want to know of an instance: type, zone and address.
pub fn facts(call: &Call<'_>, id: &str) -> Option<std::sync::Arc<Value>> {
    call.get(INSTANCES, id).filter(|one| !one.has("terminated"))
}
