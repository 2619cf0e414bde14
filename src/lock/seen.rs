//! What one look at a lock finds: the highest number, and whether its holder lives.

use std::time::Duration;

use super::holder::Holder;
use super::{Context, scope_path};
use crate::aws::parameters::Parameter;
use crate::engine::{Failure, Owner};

/// One number of a lock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) number: u64,
    /// None if the value cannot be read: another version of shipit wrote it.
    pub(super) holder: Option<Holder>,
    /// The parameter whose version is the heartbeat, and that version.
    pub(super) beat: (String, i64),
    /// When that was written, by AWS's clock, since 1970.
    pub(super) modified: Duration,
    /// Nobody holds it.
    pub(super) free: bool,
    /// How long to wait before taking it though it is free.
    pub(super) hold_off: Duration,
}

/// Everything of one lock, sorted by number.
pub(super) async fn numbers(cx: &Context, owner: &Owner) -> Result<Vec<(u64, Parameter)>, Failure> {
    let path = scope_path(&cx.prefix, owner);
    let mut found: Vec<(u64, Parameter)> = cx
        .store
        .under(&path)
        .await?
        .into_iter()
        .filter_map(|parameter| {
            let rest = parameter.name.strip_prefix(&path)?.strip_prefix('/')?;
            Some((rest.parse().ok()?, parameter))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    Ok(found)
}

/// Reads one number: where another parameter keeps it, that one is asked.
pub(super) async fn read(cx: &Context, number: u64, parameter: Parameter) -> Result<Seen, Failure> {
    let holder = Holder::read(&parameter.value);
    let kept_by = holder.as_ref().and_then(|holder| holder.kept_by.clone());
    let (mut free, mut hold_off) = given_back(holder.as_ref());
    let mut beat = (parameter.name.clone(), parameter.version);
    let mut modified = parameter.modified;
    if let Some(keeper) = kept_by.filter(|_| !free) {
        let found = cx.store.get(std::slice::from_ref(&keeper)).await?.into_iter().next();
        match found {
            // Deleted long after its lock moved on.
            None => {
                free = true;
                modified = Duration::MAX;
            }
            Some(keeper) => {
                beat = (keeper.name.clone(), keeper.version);
                modified = modified.max(keeper.modified);
                (free, hold_off) = given_back(Holder::read(&keeper.value).as_ref());
            }
        }
    }
    Ok(Seen { number, holder, beat, modified, free, hold_off })
}

fn given_back(holder: Option<&Holder>) -> (bool, Duration) {
    match holder {
        Some(holder) if holder.released.is_some() => (true, Duration::from_millis(holder.hold_off)),
        _ => (false, Duration::ZERO),
    }
}

/// The highest number, if there is any.
pub(super) async fn highest(cx: &Context, owner: &Owner) -> Result<Option<Seen>, Failure> {
    match numbers(cx, owner).await?.pop() {
        Some((number, parameter)) => read(cx, number, parameter).await.map(Some),
        None => Ok(None),
    }
}
