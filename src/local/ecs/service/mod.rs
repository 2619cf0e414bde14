//! Services: create, update, delete, describe, list. How they roll out is in `rollout`.

mod check;
pub(super) mod connect;
mod create;
mod describe;
mod read;
pub(super) mod shape;
mod strategy;
mod update;
mod volumes;

use serde_json::Value;

pub(super) use check::against as check_against;
pub(super) use create::{create, platform};
pub(super) use describe::{describe, list, list_by_namespace};
pub(super) use read::{SPEC, complete_network};
pub(super) use update::{bring_inside, delete, update};
pub(super) use volumes::refusal as volume_refusal;

use super::records::{SERVICES, Service};
use crate::local::call::Call;

/// All services of a cluster, in every status.
pub(super) fn all(call: &Call<'_>, cluster: &str) -> Vec<Service> {
    let rows = call.scan(SERVICES, &format!("{cluster}/"));
    rows.into_iter()
        .filter_map(|(_, row)| serde_json::from_value(Value::clone(&row)).ok())
        .collect()
}
