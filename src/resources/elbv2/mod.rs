//! Elastic Load Balancing v2: application and network load balancers and all that hangs on them.
//!
//! What the kinds share lives here: AWS's vocabulary as types ([`words`]), the actions of listeners and
//! rules ([`action`]), and tags ([`tagging`]). The API has no filter by tag, so objects are listed by
//! name prefix and their tags asked for in batches.

pub mod action;
pub mod health;
pub mod listener;
pub mod listener_certificate;
pub mod listener_rule;
pub mod load_balancer;
mod tagging;
pub mod target_group;
pub mod words;

pub use action::{Action, Redirect, WeightedTargetGroup};
pub use listener::{Listener, ListenerArn};
pub use listener_certificate::ListenerCertificate;
pub use listener_rule::{
    Conditions, HeaderCondition, ListenerRule, ListenerRuleArn, QueryCondition, QueryPair,
};
pub use load_balancer::{LoadBalancer, LoadBalancerArn, LoadBalancerAttributes};
pub use target_group::{
    HealthCheck, Stickiness, TargetGroup, TargetGroupArn, TargetGroupAttributes,
};
pub use words::{IpAddressType, LoadBalancerType, Protocol, ProtocolVersion, Scheme, TargetType};
