//! IAM roles and what they may do.

pub mod instance_profile;
mod read;
pub mod role;

pub use instance_profile::{InstanceProfile, InstanceProfileArn};
pub use role::{Role, RoleArn};
