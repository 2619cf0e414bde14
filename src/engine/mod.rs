//! The pure heart: desired graph, diff, plan, execution, events.
//!
//! Sees documents ([`serde_json::Value`]) only: it knows no AWS, no manifest and no
//! terminal, and all I/O goes through [`Driver`]s that are handed in. What a resource kind
//! is, and how it talks to AWS, lives in `resources`.

pub mod address;
pub mod change;
pub mod desired;
pub mod driver;
pub mod event;
pub mod failure;
pub mod identity;
pub mod input;
pub mod plan;
pub mod rule;
pub mod scope;

pub use address::Address;
pub use change::Change;
pub use desired::{Desired, Edge, Node};
pub use driver::{
    BoxFuture, Driver, Foreign, Health, KindInfo, Live, Observed, Pace, Progress, Query,
    ReplaceOrder, Seen, Waiting,
};
pub use event::{Event, EventKind};
pub use failure::{Class, Failure};
pub use identity::{Identity, Owner};
pub use input::{Handle, Input, OutputRef, Spec, Wait};
pub use plan::{Action, Plan, Step};
pub use rule::Rule;
pub use scope::Scope;
