//! A `Scheduled Job`: a CronJob, whose runs Kubernetes repeats and ends itself.

use serde_json::json;

use super::object::Fields;
use super::{Parts, Planner};
use crate::engine::Failure;
use crate::manifest::service::{Count, crontab};

/// How long AWS's scheduler tries to start a run unless a manifest says otherwise.
const DAY: u64 = 86_400;

impl Planner<'_> {
    pub(super) fn job(&mut self, parts: &Parts) -> Result<(), Failure> {
        let service = self.service;
        let name = service.name.clone();
        let on = service.on.as_ref();
        let expression = on.and_then(|on| on.schedule.as_deref());
        let schedule = match expression {
            Some(expression) => crontab(expression).map_err(Failure::internal)?,
            // It runs by hand alone.
            None => "0 0 1 1 *".to_owned(),
        };
        let tasks = match service.count {
            Count::Fixed(tasks) if tasks > 1 => Some(tasks),
            _ => None,
        };
        let run = Fields::default()
            .with("parallelism", tasks)
            .with("completions", tasks)
            .with("backoffLimit", service.retries)
            .with("activeDeadlineSeconds", service.timeout.as_ref().map(|one| one.after.as_secs()))
            .with("template", self.template(parts)?);
        let mut spec = Fields::default().with("schedule", schedule).with(
            "jobTemplate",
            json!({
                "metadata": { "labels": self.labels() },
                "spec": serde_json::Value::from(run),
            }),
        );
        // Control planes of EKS live by UTC.
        let zone = on.map(|on| on.timezone.clone()).filter(|zone| zone != "UTC");
        spec.put("timeZone", zone);
        spec.on("suspend", expression.is_none());
        let age = on.map(|on| on.maximum_event_age.as_secs()).filter(|age| *age != DAY);
        spec.put("startingDeadlineSeconds", age);
        let object = self.object("batch/v1", "CronJob", &name).with("spec", spec);
        let address = self.add(&name, object.into())?;
        for (first, wait) in &parts.before {
            self.desired.order(&address, first, *wait);
        }
        Ok(())
    }
}
