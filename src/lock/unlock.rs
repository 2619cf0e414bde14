//! Taking a lock away from whoever holds it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::holder::Holder;
use super::seen;
use super::take::HeldBy;
use super::{Context, nonce, parameter_name};
use crate::aws::parameters::Parameter;
use crate::engine::{Failure, Owner};

/// A lock that is held.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldLock {
    /// Which.
    pub owner: Owner,
    /// Its number.
    pub number: u64,
    /// Who holds it; none if another version of shipit wrote something unreadable.
    pub holder: Option<Holder>,
    /// Seconds since its last sign of life, as far as clocks agree.
    pub silent_seconds: u64,
}

impl HeldLock {
    /// Says who holds which lock.
    pub fn message(&self, cx: &Context) -> String {
        let lock = cx.called(&self.owner);
        let silent = Duration::from_secs(self.silent_seconds);
        HeldBy { lock, holder: self.holder.clone(), silent }.message()
    }
}

/// The locks of the environment that are held, dead holders included.
///
/// # Errors
/// As AWS says.
pub async fn held(cx: &Context) -> Result<Vec<HeldLock>, Failure> {
    let mut highest: BTreeMap<Owner, (u64, Parameter)> = BTreeMap::new();
    for parameter in cx.store.under(&cx.prefix).await? {
        let Some((owner, number)) = parse(&cx.prefix, &parameter.name) else { continue };
        if highest.get(&owner).is_none_or(|(known, _)| *known < number) {
            highest.insert(owner, (number, parameter));
        }
    }
    let mut held = Vec::new();
    for (owner, (number, parameter)) in highest {
        let seen = seen::read(cx, number, parameter).await?;
        if !seen.free {
            let silent_seconds = cx.age(seen.modified).as_secs();
            held.push(HeldLock { owner, number, holder: seen.holder, silent_seconds });
        }
    }
    Ok(held)
}

fn parse(prefix: &str, name: &str) -> Option<(Owner, u64)> {
    let rest: Vec<&str> = name.strip_prefix(prefix)?.strip_prefix('/')?.split('/').collect();
    match rest.as_slice() {
        ["environment", number] => Some((Owner::Environment, number.parse().ok()?)),
        ["service", name, number] => {
            Some((Owner::Service((*name).to_owned()), number.parse().ok()?))
        }
        _ => None,
    }
}

/// Supersedes a lease by a number that is released already: its holder, if it lives, notices within a third
/// of its lease time and starts nothing more. The next run waits until it must have noticed. `false` if the lock has moved on
/// meanwhile: then nothing was taken away.
///
/// # Errors
/// As AWS says.
pub async fn unlock(cx: &Context, lock: &HeldLock) -> Result<bool, Failure> {
    let lease = lock.holder.as_ref().map_or(cx.lease, Holder::lease);
    let hold_off = u64::try_from((lease / 2).as_millis()).unwrap_or(u64::MAX);
    let record = Holder {
        me: cx.me.clone(),
        since: cx.moment(),
        nonce: nonce(),
        run: cx.run.clone(),
        lease: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        kept_by: None,
        beats: 0,
        released: Some(cx.moment()),
        hold_off,
    };
    let name = parameter_name(&cx.prefix, &lock.owner, lock.number + 1);
    if !cx.store.create(&name, &record.to_text()).await? {
        let there = cx.store.get(std::slice::from_ref(&name)).await?;
        let ours = there
            .first()
            .and_then(|parameter| Holder::read(&parameter.value))
            .is_some_and(|holder| holder.nonce == record.nonce);
        if !ours {
            return Ok(false);
        }
    }
    // What the run's other locks are kept by is over, too: losing one, it has lost all.
    let keeper = lock.holder.as_ref().and_then(|holder| holder.kept_by.clone());
    let keeper = keeper.unwrap_or_else(|| parameter_name(&cx.prefix, &lock.owner, lock.number));
    if let Some(mut holder) = lock.holder.clone() {
        holder.kept_by = None;
        holder.released = Some(cx.moment());
        holder.hold_off = hold_off;
        // The holder finds the next number in any case; this only frees its other locks.
        let _ = cx.store.overwrite(&keeper, &holder.to_text()).await;
    }
    Ok(true)
}
