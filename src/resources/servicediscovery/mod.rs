//! AWS Cloud Map: namespaces, the services in them, by which tasks find each other, and instances of services that
//! are registered by hand.
//!
//! Instances of tasks are not here: ECS registers and deregisters them. What it leaves behind is taken away by
//! `leftovers` when a namespace goes.

mod common;
pub mod instance;
mod leftovers;
pub mod namespace;
pub mod service;

pub use instance::Instance;
pub use namespace::{Namespace, NamespaceArn, NamespaceId};
pub use service::{DiscoveryService, DiscoveryServiceArn, DiscoveryServiceId};
