//! VPC Lattice: service networks and who is in them, services with listeners and rules, target groups, access logs.
//!
//! Who may call what is a policy, a field of the network or service that it stands for. What a mesh of services should
//! look like is for the planner to say.

pub mod access_log_subscription;
pub mod action;
pub mod listener;
pub mod matching;
pub mod rule;
pub mod service;
pub mod service_network;
pub mod service_network_service_association;
pub mod service_network_vpc_association;
mod shared;
pub mod target_group;

pub use access_log_subscription::AccessLogSubscription;
pub use action::{Action, Forward};
pub use listener::{Listener, ListenerId};
pub use matching::{HeaderMatch, HttpMatch, PathMatch, TextMatch};
pub use rule::Rule;
pub use service::{Service, ServiceId};
pub use service_network::{ServiceNetwork, ServiceNetworkId};
pub use service_network_service_association::ServiceNetworkServiceAssociation;
pub use service_network_vpc_association::ServiceNetworkVpcAssociation;
pub use target_group::{HealthCheck, TargetGroup, TargetGroupArn, TargetGroupId};
