//! Writes down a call that changed something.

use serde_json::{Value, json};

use super::names::resource;
use super::{EVENTS, MOST_EVENTS};
use crate::local::call::Call;
use crate::local::sts;

/// What a request says of itself beside its input.
#[derive(Debug, Clone, Default)]
pub(in crate::local) struct Caller {
    pub(in crate::local) request_id: String,
    pub(in crate::local) user_agent: String,
}

/// Operations on data: CloudTrail's event history holds management events only.
const DATA: &[&str] = &[
    "PutLogEvents",
    "SendMessage",
    "SendMessageBatch",
    "ReceiveMessage",
    "DeleteMessage",
    "DeleteMessageBatch",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "Publish",
    "PublishBatch",
];

/// Adds the event of a call that has succeeded to what it writes; `names` are those that its
/// input and output mention. A call that changed nothing leaves none.
pub(in crate::local) fn record(call: &mut Call<'_>, caller: &Caller, names: Vec<String>) {
    if call.transaction.changes.rows.is_empty() || DATA.contains(&call.operation.name) {
        return;
    }
    let number = call.ids.sequence();
    let (user, arn) = sts::identity(call);
    let resources: Vec<Value> = names.iter().map(|name| resource(name)).collect();
    let event = json!({
        "id": call.ids.uuid(),
        "number": number,
        "name": call.operation.name,
        "source": source(call.service.name),
        "at": call.now,
        "access_key": call.access_key,
        "user": user,
        "arn": arn,
        "agent": caller.user_agent.chars().take(200).collect::<String>(),
        "request": caller.request_id,
        "resources": resources,
    });
    call.put(EVENTS, &format!("{:04}", number % MOST_EVENTS), event);
}

/// A service as events name it.
fn source(service: &str) -> String {
    match service {
        "application-autoscaling" => "autoscaling.amazonaws.com".to_owned(),
        service => format!("{service}.amazonaws.com"),
    }
}
