//! IAM roles and what they may do.

mod read;
pub mod role;

pub use role::{Role, RoleArn};
