//! AWS Cloud Map: namespaces and the services in them, by which tasks find each other.
//!
//! Instances are not here: ECS registers and deregisters its tasks.

mod common;
pub mod namespace;
pub mod service;

pub use namespace::{Namespace, NamespaceArn, NamespaceId};
pub use service::{DiscoveryService, DiscoveryServiceArn, DiscoveryServiceId};
