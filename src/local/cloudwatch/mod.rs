//! `monitoring`: CloudWatch's metric alarms, kept and read back. There are no metrics, so an alarm changes its state only
//! by SetAlarmState: then ECS ends the deployments that watch it. Its actions are kept, not carried out. Composite alarms, dashboards and metrics themselves are refused by name.

mod alarm;
mod check;
mod state;
mod tags;

use super::call::Call;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Metric alarms by name.
const ALARMS: Table = Table::regional("cloudwatch/alarm");

pub(super) static SERVICE: Service = Service {
    name: "monitoring",
    protocol: Protocol::Cbor,
    target: "GraniteServiceVersion20100801",
    namespace: "",
    invalid: "ValidationError",
    invalid_token: "InvalidNextToken",
    throttle: ("Throttling", 400),
    timer: None,
    operations: &[
        write("PutMetricAlarm", alarm::put),
        read("DescribeAlarms", alarm::describe),
        write("DeleteAlarms", alarm::delete),
        write("SetAlarmState", state::set),
        write("EnableAlarmActions", state::enable),
        write("DisableAlarmActions", state::disable),
        write("TagResource", tags::tag),
        write("UntagResource", tags::untag),
        read("ListTagsForResource", tags::list),
    ],
};

/// The ARN of an alarm.
fn arn(call: &Call<'_>, name: &str) -> String {
    call.arn("cloudwatch", &format!("alarm:{name}"))
}

/// An error with the code that the API has had since it spoke the query protocol.
fn error(code: &'static str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, message).query_code(code)
}
