//! Kubernetes' objects in a cluster of EKS: one generic resource, and what is special about each kind.
//!
//! `object` is the resource, `kinds` the table of kinds, `secret` the one kind with a field more. `owner` writes ownership
//! as labels, `place` finds clusters and kinds, `brings` knows what brings kinds, `record` keeps which other kinds are in use; `compare` says what a
//! dry run would change; `health` and `rollout` judge. `workload` is what a service runs as, `status` how that fares,
//! `revisions` what Kubernetes keeps of earlier ones, `logs` what its pods write, `exec` how commands are run in them. Transport is in `crate::kubernetes`; which objects a service
//! needs is the planner's affair.

mod brings;
mod compare;
mod definitions;
pub mod exec;
mod health;
mod kinds;
pub mod logs;
mod look;
mod object;
mod observe;
mod owner;
mod place;
mod quantity;
mod record;
pub mod revisions;
mod rollout;
mod secret;
pub mod status;
mod trouble;
pub mod workload;
mod write;

pub use brings::brings;
pub use definitions::{defines, definitions_first};
pub use kinds::*;
pub use object::{At, Object, ObjectKind, ObjectOutputs};
pub use secret::{Secret, SecretKind, Source};
