//! Who changed or deleted a resource outside, as far as CloudTrail tells.

use std::time::Duration;

use serde::Serialize;

use crate::aws::Cx;
use crate::aws::trail::{By, TrailEvent, events};
use crate::engine::{Action, Clock, Failure, Step};

/// CloudTrail takes two look-ups a second.
const PAUSE: Duration = Duration::from_millis(550);

/// The call that did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// The call.
    #[serde(flatten)]
    pub event: TrailEvent,
    /// The call names this very resource. Otherwise it is the newest of the kind that deletes
    /// such resources, as what is gone is known by its address alone.
    pub certain: bool,
}

/// The newest call since `since` that changed the resource of a drifted step; `None` where
/// CloudTrail knows of none.
///
/// # Errors
/// CloudTrail refuses.
pub async fn suspect(
    cx: &Cx,
    clock: &dyn Clock,
    step: &Step,
    since: &str,
) -> Result<Option<Suspect>, Failure> {
    let global = step.address.kind().starts_with("iam/");
    for name in names(step) {
        let found = events(cx, By::Resource(&name), since, global).await?;
        clock.sleep(PAUSE).await;
        if let Some(event) = found.into_iter().next() {
            return Ok(Some(Suspect { event, certain: true }));
        }
    }
    if step.action != Action::Create {
        return Ok(None);
    }
    let operation = deletion(step.address.kind());
    let found = events(cx, By::Operation(&operation), since, global).await?;
    clock.sleep(PAUSE).await;
    Ok(found.into_iter().next().map(|event| Suspect { event, certain: false }))
}

/// What AWS may call the resource, the likeliest first.
fn names(step: &Step) -> Vec<String> {
    let mut names = Vec::new();
    match &step.live {
        Some(live) => {
            names.push(live.id.clone());
            for output in ["id", "arn", "name"] {
                names.extend(live.outputs[output].as_str().map(ToOwned::to_owned));
            }
        }
        // What is gone had the name that its successor will have.
        None if step.address.kind() == "logs/log-group" => {
            let identity = &step.identity;
            names.push(format!(
                "/shipit/{}/{}/{}",
                identity.application,
                identity.environment,
                identity.address.name()
            ));
        }
        None => names.push(step.identity.name(255)),
    }
    names.retain(|name| !name.is_empty());
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

/// The operation that deletes resources of a kind.
fn deletion(kind: &str) -> String {
    let operation = match kind {
        "ec2/elastic-ip" => "ReleaseAddress",
        "ec2/security-group-rule" => "RevokeSecurityGroupIngress",
        "ecs/task-definition" => "DeregisterTaskDefinition",
        "elbv2/listener-rule" => "DeleteRule",
        "application-autoscaling/target" => "DeregisterScalableTarget",
        _ => "",
    };
    if !operation.is_empty() {
        return operation.to_owned();
    }
    let noun = kind.split_once('/').map_or(kind, |(_, noun)| noun);
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
    };
    format!("Delete{}", noun.split('-').filter_map(capital).collect::<String>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_kind_has_the_operation_that_deletes_it() {
        let of = super::deletion;
        assert_eq!(of("ec2/security-group"), "DeleteSecurityGroup");
        assert_eq!(of("ecs/service"), "DeleteService");
        assert_eq!(of("elbv2/listener-rule"), "DeleteRule");
    }
}
