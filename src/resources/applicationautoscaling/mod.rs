//! Application Auto Scaling of ECS services' desired counts: targets with their policies inside.

mod calls;
pub mod policy;
pub mod target;

pub use policy::{Metric, MetricStatistic, Policy};
pub use target::Target;
