//! The planner: from manifests to the desired graph, with no AWS.
//!
//! `examples` holds the whole graph of every example application as a snapshot, `properties` what must
//! hold of any plan, `priorities` and `needs` how it takes what is live into account. `support` makes
//! workspaces, plans them, writes graphs as text and turns them into what would be live.

mod examples;
mod lattice;
mod needs;
mod on_eks;
mod priorities;
mod properties;
mod support;
