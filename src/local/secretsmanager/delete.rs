//! Deletion, at once or after a time to think, in which it can be taken back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{SECRETS, find, find_active, named, not_found};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const DAY: u64 = 86_400;

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let window = call.input.optional_integer("RecoveryWindowInDays")?;
    let at_once = call.input.optional_boolean("ForceDeleteWithoutRecovery")?.unwrap_or(false);
    if at_once && window.is_some() {
        return Err(call.input.invalid(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = window.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(call
            .input
            .invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
    }
    let found = if at_once { find(call) } else { find_active(call) };
    let (name, secret) = match found {
        Err(error) if at_once && error.code == not_found().code => {
            // Asked for by force, what is not there counts as deleted.
            let id = call.input.text("SecretId")?;
            let date = call.time(call.now);
            return Ok(
                json!({"ARN": call.arn("secretsmanager", &format!("secret:{id}")), "Name": id, "DeletionDate": date}),
            );
        }
        found => found?,
    };
    let mut answer = named(&name, &secret);
    if at_once {
        let arn = secret.text("Arn").to_owned();
        call.delete(SECRETS, &name);
        call.forget_tags(&arn);
        answer.set("DeletionDate", call.time(call.now));
        return Ok(answer);
    }
    let seconds = u64::try_from(days).unwrap_or_default() * DAY;
    let gone = call.ready_at(Duration::from_secs(seconds));
    let now = call.now;
    call.update(SECRETS, &name, |secret| {
        secret.set("Deleted", now);
        secret.set("Gone", gone);
    });
    answer.set("DeletionDate", call.time(gone));
    Ok(answer)
}

pub(super) fn restore(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, secret) = find(call)?;
    call.update(SECRETS, &name, |secret| {
        secret.unset("Deleted");
        secret.unset("Gone");
    });
    Ok(named(&name, &secret))
}
