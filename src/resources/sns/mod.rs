//! Simple Notification Service. Subscriptions bear no tags: they are fields of the queue that they
//! deliver to ([`super::sqs::Queue`]).

pub mod topic;

pub use topic::{Topic, TopicArn};
