//! Amazon ECS: clusters, task definitions and services.
//!
//! Scaling of a service's desired count lives in `applicationautoscaling`, its names in
//! `servicediscovery`, what sends it traffic in `elbv2`.

pub mod capacity_provider;
pub mod cluster;
mod convert;
mod diagnosis;
pub mod exec;
pub mod expiry;
pub mod output;
mod outside;
pub mod run;
pub mod running;
pub mod service;
pub mod shifting;
pub mod status;
pub mod task_definition;

pub use capacity_provider::{CapacityProvider, CapacityProviderName};
pub use cluster::{Cluster, ClusterArn, ClusterName};
pub use service::{Service, ServiceArn, ServiceName};
pub use task_definition::{TaskDefinition, TaskDefinitionArn};

use serde::{Deserialize, Serialize};

use crate::engine::Input;

/// One capacity provider's share of the tasks: part of a cluster's default strategy or of a
/// service's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CapacityProviderStrategyItem {
    /// `FARGATE`, `FARGATE_SPOT`, or a provider of the account's.
    pub capacity_provider: Input<CapacityProviderName>,
    /// Its share beyond all bases, 0 to 1000.
    pub weight: i32,
    /// How many tasks it runs at least, 0 to 100,000; only one provider may have more than 0.
    pub base: i32,
}

impl CapacityProviderStrategyItem {
    /// The share of a provider that is known by its name: `FARGATE`.
    pub fn of(name: &str, weight: i32, base: i32) -> Self {
        Self { capacity_provider: Input::Known(name.into()), weight, base }
    }
}
