//! `deployment.rollback_alarms`: alarms that roll a new version back.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::count::Positive;
use super::steps::Threshold;
use crate::manifest::read::{Read, Reader, Text, is_map, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

/// Alarms that roll a new version back: those that exist, or those that are made.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct RollbackAlarms {
    /// Names of alarms that exist.
    pub names: Vec<String>,
    /// Made: average CPU in percent at which it goes off.
    pub cpu_utilization: Option<f64>,
    /// Made: average memory in percent at which it goes off.
    pub memory_utilization: Option<f64>,
    /// Made: how many messages wait for their delay in a worker's queues when it goes off.
    pub messages_delayed: Option<u32>,
}

record! {
    /// Thresholds of alarms that are made: each goes off when two of three minutes are at it or above.
    pub(crate) struct RollbackAlarmsMap {
        /// Average CPU, in percent.
        cpu_utilization: Option<f64> as Option<Threshold>,
        /// Average memory, in percent.
        memory_utilization: Option<f64> as Option<Threshold>,
        /// Messages that wait for their delay in a worker's queues.
        messages_delayed: Option<u32> as Option<Positive>,
    }
}

impl JsonSchema for RollbackAlarms {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RollbackAlarms".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<Vec<Text>>(generator), part::<RollbackAlarmsMap>(generator)])
    }
}

impl Read for RollbackAlarms {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(node.value, Value::Sequence(_)) {
            let names = Vec::<Text>::read(node, reader)?;
            return Some(Self { names, ..Self::default() });
        }
        if !is_map(node) {
            return reader.wrong(
                node,
                "a list of alarms' names, or a map with `cpu_utilization`, `memory_utilization` or `messages_delayed`",
            );
        }
        let map = RollbackAlarmsMap::read(node, reader)?;
        Some(Self {
            names: Vec::new(),
            cpu_utilization: map.cpu_utilization,
            memory_utilization: map.memory_utilization,
            messages_delayed: map.messages_delayed,
        })
    }
}
