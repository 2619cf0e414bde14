//! EC2 Auto Scaling: groups of instances. What scales a group of ECS's is its capacity provider.

pub mod group;

pub use group::{AutoScalingGroup, AutoScalingGroupArn};
