//! `ecs`: clusters, task definitions, services and tasks on Fargate, with their roll-outs. Not
//! here, and refused by name: task sets, lifecycle hooks of AWS Lambda, gateways, daemons, and
//! express services. Sessions of ExecuteCommand lead nowhere.

mod capacity;
mod clusters;
mod deployments;
mod exec;
mod instances;
mod names;
mod neighbours;
mod placement;
mod provider;
mod records;
mod rollout;
mod service;
mod settings;
mod tags;
mod task_definition;
mod tasks;

use serde_json::Value;

use super::call::Call;
use super::clock::Millis;
use super::document::Document;
use super::error::AwsError;
use super::params::Params;
use super::service::{Protocol, Service, read, write};

/// How long what was deleted is still described, in the clock's own time.
const TOMBSTONE: Millis = 3_600_000;

pub(super) static SERVICE: Service = Service {
    name: "ecs",
    protocol: Protocol::Json,
    target: "AmazonEC2ContainerServiceV20141113",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "InvalidParameterException",
    throttle: ("ThrottlingException", 400),
    timer: Some(rollout::timer),
    operations: &[
        write("CreateCluster", clusters::create),
        write("DeleteCluster", clusters::delete),
        read("DescribeClusters", clusters::describe),
        read("ListClusters", clusters::list),
        write("UpdateCluster", clusters::update),
        write("UpdateClusterSettings", clusters::update_settings),
        write("PutClusterCapacityProviders", clusters::put_capacity_providers),
        read("DescribeCapacityProviders", capacity::describe),
        write("CreateCapacityProvider", provider::create),
        write("UpdateCapacityProvider", provider::update),
        write("DeleteCapacityProvider", provider::delete),
        write("RegisterContainerInstance", instances::register),
        write("DeregisterContainerInstance", instances::deregister),
        read("DescribeContainerInstances", instances::describe),
        read("ListContainerInstances", instances::list),
        write("UpdateContainerInstancesState", instances::update_state),
        write("RegisterTaskDefinition", task_definition::register),
        write("DeregisterTaskDefinition", task_definition::deregister),
        write("DeleteTaskDefinitions", task_definition::delete),
        read("DescribeTaskDefinition", task_definition::describe),
        read("ListTaskDefinitions", task_definition::list),
        read("ListTaskDefinitionFamilies", task_definition::list_families),
        write("CreateService", service::create),
        write("UpdateService", service::update),
        write("DeleteService", service::delete),
        read("DescribeServices", service::describe),
        read("ListServices", service::list),
        read("ListServicesByNamespace", service::list_by_namespace),
        read("ListServiceDeployments", deployments::list),
        read("DescribeServiceDeployments", deployments::describe),
        write("StopServiceDeployment", deployments::stop),
        write("ContinueServiceDeployment", deployments::go_on),
        read("DescribeServiceRevisions", deployments::describe_revisions),
        write("RunTask", tasks::run),
        write("StopTask", tasks::stop),
        write("ExecuteCommand", exec::execute),
        read("DescribeTasks", tasks::describe),
        read("ListTasks", tasks::list),
        write("TagResource", tags::tag),
        write("UntagResource", tags::untag),
        read("ListTagsForResource", tags::list),
        write("PutAccountSetting", settings::put),
        write("PutAccountSettingDefault", settings::put_default),
        write("DeleteAccountSetting", settings::delete),
        read("ListAccountSettings", settings::list),
    ],
};

/// The desired count of an active service, for application autoscaling.
pub(super) fn desired_count(call: &Call<'_>, cluster: &str, service: &str) -> Option<u64> {
    let service = records::Service::load(call, cluster, service)?;
    service.is_active().then_some(service.desired)
}

/// Brings the desired count of an active service inside these bounds.
pub(super) fn bring_inside(call: &mut Call<'_>, cluster: &str, service: &str, low: u64, high: u64) {
    service::bring_inside(call, cluster, service, low, high);
}

/// A CloudWatch alarm went off: deployments that watch it fail.
pub(super) fn alarm_went_off(call: &mut Call<'_>, name: &str) {
    for (key, _) in call.scan(records::SERVICES, "") {
        let Some((cluster, service)) = key.split_once('/') else { continue };
        if let Some(mut service) = records::Service::load(call, cluster, service) {
            rollout::alarm(call, &mut service, name);
        }
    }
}

/// RunTask for another service of AWS, within its call: as though it had not been made where it fails.
pub(super) fn run_task(call: &mut Call<'_>, input: Value) -> Result<(), AwsError> {
    let Some(operation) = SERVICE.operation("RunTask") else {
        return Err(AwsError::internal("ecs has no RunTask"));
    };
    let own = (call.service, call.operation, call.input.clone());
    let written = call.transaction.changes.rows.clone();
    (call.service, call.operation) = (&SERVICE, operation);
    call.input = Params::new(input, &SERVICE, operation);
    let outcome = (operation.handler)(call).and_then(|_| call.input.refuse_unread());
    (call.service, call.operation, call.input) = own;
    if outcome.is_err() {
        call.transaction.changes.rows = written;
    }
    outcome
}

/// The roles that a task definition's tasks act in.
pub(super) fn roles_of(call: &Call<'_>, definition: &str) -> Vec<String> {
    let definition = task_definition::find(call, definition);
    let roles = ["executionRoleArn", "taskRoleArn"]
        .map(|member| definition.as_deref().map(|one| one.text(member).to_owned()));
    roles.into_iter().flatten().filter(|role| !role.is_empty()).collect()
}

/// Is there a role with this ARN that this service of AWS may assume?
pub(super) fn role_trusts(call: &Call<'_>, arn: &str, service: &str) -> bool {
    neighbours::role_trusts(call, arn, service)
}

/// May the role do this? See [`neighbours::role_may`].
pub(super) fn role_may(call: &Call<'_>, arn: &str, action: &str, resource: &str) -> bool {
    neighbours::role_may(call, arn, action, resource)
}

/// An instance of the account's has come up whose agent joins a cluster.
pub(super) fn instance_up(call: &mut Call<'_>, joining: &serde_json::Value, group: &str) {
    instances::up(call, joining, group);
}

/// An instance is being terminated.
pub(super) fn instance_gone(call: &mut Call<'_>, id: &str) {
    instances::gone(call, id);
}
