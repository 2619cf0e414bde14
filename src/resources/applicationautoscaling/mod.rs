//! Application Auto Scaling of ECS services' desired counts: targets with their policies and schedules inside.

mod calls;
pub mod policy;
pub mod schedule;
pub mod step;
pub mod target;

pub use policy::{Metric, MetricStatistic, Policy};
pub use schedule::Schedule;
pub use step::{Step, StepPolicy};
pub use target::Target;
