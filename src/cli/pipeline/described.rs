//! An environment as plain values by path, so that two can be compared.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Pipeline;
use crate::cli::Stop;
use crate::cli::diff::leaves;
use crate::engine::Failure;

impl Pipeline {
    /// The environment's manifest, those of its services as they are in it, and the images that run, by path.
    pub(in crate::cli) async fn described(&self) -> Result<BTreeMap<String, Value>, Stop> {
        let mut found = BTreeMap::new();
        let name = &self.target.environment;
        let document = |value: Result<Value, serde_json::Error>| {
            value.map_err(|error| Failure::internal(error.to_string()))
        };
        if let Some(environment) = self.workspace.environment(name) {
            let mut value = document(serde_json::to_value(environment))?;
            if let Some(fields) = value.as_object_mut() {
                fields.remove("name");
            }
            leaves("environment", &value, &mut found);
        }
        for service in self.services() {
            if let Ok(manifest) = self.workspace.service_in(&service, name) {
                let value = document(serde_json::to_value(manifest))?;
                leaves(&service, &value, &mut found);
            }
        }
        let (_, live) = self.desired_and_live().await?;
        let mut newest: BTreeMap<String, &crate::engine::Live> = BTreeMap::new();
        for task in live.seen.of("ecs/task-definition") {
            let Some(service) = task.identity.owner.service() else { continue };
            let known = newest.entry(service.to_owned()).or_insert(task);
            if task.identity.generation > known.identity.generation {
                *known = task;
            }
        }
        for (service, task) in newest {
            for (container, spec) in task.spec["containers"].as_object().into_iter().flatten() {
                found.insert(format!("{service} runs {container}"), spec["image"].clone());
            }
        }
        Ok(found)
    }
}
