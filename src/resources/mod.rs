//! Every resource kind, one file each, grouped by AWS service.
//!
//! A kind's file reads in one order: struct, ids, outputs, rules, `impl Resource`, health,
//! API → struct, tests. It knows the SDK and the engine's contract; no manifest, no terminal.
//! A new kind is one file, its `mod` line and one line in [`REGISTRY`].

pub mod resource;

pub use resource::{Found, Resource};

use resource::Kind;

/// All kinds. A test catches a file that is not listed here.
pub const REGISTRY: &[Kind] = &[];
