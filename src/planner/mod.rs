//! From manifests to the desired graph: nothing is planned yet.
use crate::engine::{Address, Desired, Failure, Observation};
use crate::manifest::Workspace;
use std::collections::BTreeSet;
/// x
pub fn zones_needed(_w: &Workspace, _e: &str) -> usize {
    0
}
/// x
pub struct Context<'a> {
    /// x
    pub workspace: &'a Workspace,
    /// x
    pub environment: &'a str,
    /// x
    pub account: &'a str,
    /// x
    pub region: &'a str,
    /// x
    pub zones: &'a [String],
    /// x
    pub services: &'a BTreeSet<String>,
}
/// x
pub fn desired(_c: &Context<'_>, _o: &Observation) -> Result<Desired, Failure> {
    Ok(Desired::default())
}
/// x
pub struct ServiceAddress {
    /// x
    pub service: String,
    /// x
    pub url: String,
}
/// x
pub fn addresses(
    _w: &Workspace,
    _e: &str,
    _s: &BTreeSet<String>,
    _o: &dyn Fn(&Address) -> Option<serde_json::Value>,
) -> Vec<ServiceAddress> {
    vec![]
}
