//! Route 53: records in hosted zones of the account, and private zones of environments.
//!
//! A record has no tags, so each of ours is accompanied by a TXT record that says whose it is ([`mark`]), made and
//! deleted in the same batch. Which zones to look into is known from what is desired, and from tags on the
//! services' target groups ([`zones`]).

pub(in crate::resources) mod api;
pub mod hosted_zone;
mod mark;
pub mod record;
pub(in crate::resources) mod zones;

pub use hosted_zone::HostedZone;
pub use record::{AliasTarget, HostedZoneId, Record};
