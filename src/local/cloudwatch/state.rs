//! An alarm's state, and whether it acts.

use serde_json::{Value, json};

use super::{ALARMS, check, error};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs;
use crate::local::error::AwsError;

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("AlarmName")?;
    let state = call.input.optional_one_of("StateValue", check::STATES)?;
    let state = state.ok_or_else(|| call.input.missing("StateValue"))?;
    let reason = call.input.text("StateReason")?;
    let data = call.input.optional_text("StateReasonData")?;
    if data.as_ref().is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
        return Err(error("InvalidFormat", "StateReasonData was not valid JSON"));
    }
    let Some(alarm) = call.get(ALARMS, &name) else {
        return Err(error("ResourceNotFound", format!("Alarm {name} does not exist")).status(404));
    };
    let now = call.time(call.now);
    let old = &alarm["state"];
    let old_state = old.text("StateValue").to_owned();
    let turned = if old.text("StateValue") == state {
        old["StateTransitionedTimestamp"].clone()
    } else {
        now.clone()
    };
    let mut new = json!({
        "StateValue": state,
        "StateReason": reason,
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": turned,
    });
    if let Some(data) = data {
        new.set("StateReasonData", data);
    }
    call.update(ALARMS, &name, |alarm| alarm.set("state", new));
    if state == "ALARM" && old_state != state {
        ecs::alarm_went_off(call, &name);
    }
    Ok(json!({}))
}

pub(super) fn enable(call: &mut Call<'_>) -> Result<Value, AwsError> {
    acts(call, true)
}

pub(super) fn disable(call: &mut Call<'_>) -> Result<Value, AwsError> {
    acts(call, false)
}

/// Names of alarms that are not there are passed over, as on AWS.
fn acts(call: &mut Call<'_>, acts: bool) -> Result<Value, AwsError> {
    let names = call.input.texts("AlarmNames")?;
    if names.is_empty() || names.len() > 100 {
        return Err(call.input.invalid("AlarmNames must have 1 to 100 elements."));
    }
    for name in names {
        call.update(ALARMS, &name, |alarm| alarm.set("ActionsEnabled", acts));
    }
    Ok(json!({}))
}
