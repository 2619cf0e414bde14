//! Settings of the control plane's components: `kubeApiServerConfig` and its neighbours.

use serde_json::Value;

use super::invalid;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape;

const API_SERVER: Shape = Shape::Structure(&[
    ("eventTtl", Shape::Text),
    (
        "serviceNodePortRange",
        Shape::Structure(&[("minPort", Shape::Integer), ("maxPort", Shape::Integer)]),
    ),
]);
const SCHEDULER: Shape = Shape::Structure(&[(
    "nodeResourcesFit",
    Shape::Structure(&[(
        "scoringStrategy",
        Shape::Structure(&[
            ("type", Shape::OneOf(&["LeastAllocated", "MostAllocated"])),
            (
                "resources",
                Shape::List(&Shape::Structure(&[
                    ("name", Shape::Text),
                    ("weight", Shape::Integer),
                ])),
            ),
        ]),
    )]),
)]);
const CONTROLLERS: Shape = Shape::Structure(&[
    ("podGcControllerConfig", Shape::Structure(&[("terminatedPodGcThreshold", Shape::Integer)])),
    (
        "horizontalPodAutoscalerControllerConfig",
        Shape::Structure(&[("horizontalPodAutoscalerSyncPeriod", Shape::Text)]),
    ),
]);

/// The three settings, by member.
pub(super) const MEMBERS: [&str; 3] =
    ["kubeApiServerConfig", "kubeSchedulerConfig", "kubeControllerManagerConfig"];

/// The settings that the input gives, with their members.
pub(super) fn read(call: &Call<'_>) -> Result<Vec<(&'static str, Value)>, AwsError> {
    let mut found = Vec::new();
    for (member, shape) in MEMBERS.into_iter().zip([API_SERVER, SCHEDULER, CONTROLLERS]) {
        if let Some(value) = call.input.shaped(member, &shape)? {
            check(&value)?;
            found.push((member, value));
        }
    }
    Ok(found)
}

fn check(value: &Value) -> Result<(), AwsError> {
    let ports = &value["serviceNodePortRange"];
    if ports.is_object() {
        let (low, high) = (ports.integer("minPort"), ports.integer("maxPort"));
        if low < 1024 || high > 65_535 || low > high {
            return Err(invalid(
                "serviceNodePortRange: minPort and maxPort must lie between 1024 and 65535, minPort first",
            ));
        }
    }
    for resource in value["nodeResourcesFit"]["scoringStrategy"].list("resources") {
        if !(1..=100).contains(&resource.integer("weight")) {
            return Err(invalid("The weight of a resource must be 1 to 100"));
        }
    }
    let threshold = &value["podGcControllerConfig"]["terminatedPodGcThreshold"];
    if threshold.as_i64().is_some_and(|number| !(1..=1_000_000).contains(&number)) {
        return Err(invalid("terminatedPodGcThreshold must be 1 to 1000000"));
    }
    let durations = [
        &value["eventTtl"],
        &value["horizontalPodAutoscalerControllerConfig"]["horizontalPodAutoscalerSyncPeriod"],
    ];
    for text in durations.into_iter().filter_map(Value::as_str) {
        if !is_duration(text) {
            return Err(invalid(format!("'{text}' is not a duration such as 30s or 1h0m0s")));
        }
    }
    Ok(())
}

/// `1h30m`, as Go writes durations.
fn is_duration(text: &str) -> bool {
    let mut digits = false;
    for letter in text.chars() {
        match letter {
            '0'..='9' => digits = true,
            'h' | 'm' | 's' if digits => digits = false,
            _ => return false,
        }
    }
    !text.is_empty() && !digits
}
