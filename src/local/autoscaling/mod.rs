//! `autoscaling`: groups that keep a number of instances from a launch template, their tags and scale-in
//! protection. Policies, schedules, hooks, warm pools and refreshes are not here: ECS scales what is served.

mod group;
mod instances;
mod shape;
mod tags;

use serde_json::Value;

use super::call::Call;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Groups by name, with the members that are read back as they were written.
const GROUPS: Table = Table::regional("autoscaling/group");

pub(super) static SERVICE: Service = Service {
    name: "autoscaling",
    protocol: Protocol::Query,
    target: "2011-01-01",
    namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
    invalid: "ValidationError",
    invalid_token: "InvalidNextToken",
    throttle: ("Throttling", 400),
    timer: Some(instances::timer),
    operations: &[
        write("CreateAutoScalingGroup", group::create),
        write("UpdateAutoScalingGroup", group::update),
        write("DeleteAutoScalingGroup", group::delete),
        read("DescribeAutoScalingGroups", group::describe),
        read("DescribeAutoScalingInstances", instances::describe),
        write("SetDesiredCapacity", group::set_desired_capacity),
        write("SetInstanceProtection", instances::set_protection),
        write("TerminateInstanceInAutoScalingGroup", instances::terminate_one),
        read("DescribeScalingActivities", instances::activities),
        write("CreateOrUpdateTags", tags::create),
        write("DeleteTags", tags::delete),
        read("DescribeTags", tags::describe),
    ],
};

pub(super) use group::{desired, make, remove, replace_all, resize, size};
pub(super) use instances::{release, room, scale_to, take};

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

/// The document of a group that must be there and not on its way out.
fn required(call: &Call<'_>, name: &str) -> Result<Value, AwsError> {
    let group = call.get(GROUPS, name).map(|group| Value::clone(&group));
    group.ok_or_else(|| invalid(format!("AutoScalingGroup name not found - {name}")))
}
