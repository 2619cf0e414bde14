//! EventBridge Scheduler: schedules that run ECS tasks. Other targets are not known here.

pub mod schedule;
mod target;

pub use schedule::{Schedule, ScheduleGroupArn};
pub use target::{Retry, Run};
