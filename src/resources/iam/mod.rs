//! IAM roles and what they may do; identity providers, whose users may take on roles.

pub mod instance_profile;
pub mod oidc_provider;
mod read;
pub mod role;
pub mod web_identity;

pub use instance_profile::{InstanceProfile, InstanceProfileArn};
pub use oidc_provider::{OidcProvider, OidcProviderArn};
pub use role::{Role, RoleArn};
