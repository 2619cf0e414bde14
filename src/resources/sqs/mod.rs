//! Simple Queue Service.

mod attributes;
pub mod queue;
mod subscription;

pub use queue::{DeadLetters, Deduplication, Queue, QueueArn};
pub use subscription::Subscription;
