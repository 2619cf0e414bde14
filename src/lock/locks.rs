//! All the locks of one run: taken in order, kept, given back together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::held::Held;
use super::take::{Others, Refusal, Taker, Told};
use super::{Context, nonce, parameter_name, seen};
use crate::engine::retry::read_schedule;
use crate::engine::{BoxFuture, Cancel, Class, Failure, Fence, Owner};

/// How long giving back what was just taken may take when not all could be.
const ABANDON: Duration = Duration::from_secs(2);

/// The locks of one run. Cheap to clone; they are kept only while [`Locks::keep_alive`] runs.
#[derive(Clone)]
pub struct Locks {
    cx: Context,
    held: Arc<Held>,
}

impl Locks {
    /// Takes the locks of `owners` in their order, the environment first, so that two runs never
    /// wait for each other in a circle. `wait`: how long to wait for a holder that lives. None
    /// if `owners` is empty.
    ///
    /// # Errors
    /// A refusal; what was taken until then is given back.
    pub async fn take(
        cx: &Context,
        owners: &BTreeSet<Owner>,
        wait: Option<Duration>,
        cancel: &Cancel,
        tell: &(dyn Fn(Told) + Send + Sync),
    ) -> Result<Option<Self>, Refusal> {
        let nonce = nonce();
        let mut locks: Option<Self> = None;
        for owner in owners {
            let kept_by = locks.as_ref().map(|locks| locks.held.keeper());
            let taker = Taker { cx, owner, nonce: &nonce, kept_by, wait, cancel, tell };
            let taken = match &locks {
                None => taker.take().await,
                Some(locks) => tokio::select! {
                    taken = taker.take() => taken,
                    () = locks.keep_alive() => Err(locks.held.lost().await.into()),
                },
            };
            match (taken, &locks) {
                (Ok(taken), Some(locks)) => locks.held.add(taken),
                (Ok(taken), None) => {
                    // What counts is when it was made; that was a moment ago, and asking
                    // sooner than needed does no harm.
                    let began = cx.clock.now().saturating_sub(cx.lease / 4);
                    let held = Held::new(cx.clone(), taker.record(), taken, began);
                    locks = Some(Self { cx: cx.clone(), held: Arc::new(held) });
                }
                (Err(refusal), locks) => {
                    let give_back = abandon(cx, owner, &nonce, locks.as_ref());
                    tokio::select! {
                        () = give_back => {}
                        () = cx.clock.sleep(ABANDON) => {}
                    }
                    return Err(refusal);
                }
            }
        }
        Ok(locks)
    }

    /// Heartbeats until the locks are lost or released; run it beside the work.
    pub async fn keep_alive(&self) {
        self.held.keep_alive().await;
    }

    /// Whether another run may have changed something within this time before the locks were
    /// taken. Compares only times that AWS wrote.
    pub fn others_ran_within(&self, time: Duration) -> bool {
        self.held.taken().iter().any(|taken| match taken.others {
            Others::JustNow => true,
            Others::Released(before) => before <= time,
            Others::Never => false,
        })
    }

    /// Gives the locks back, trying again what time heals, for at most `limit`.
    ///
    /// # Errors
    /// It could not be written in time: the locks are free one lease time after the last
    /// heartbeat.
    pub async fn release(&self, limit: Duration) -> Result<(), Failure> {
        let tries = async {
            for failures in 1.. {
                match self.held.release().await {
                    Ok(()) => return Ok(()),
                    Err(failure) => match read_schedule(failure.class) {
                        Some(schedule) => match schedule.pause(failures) {
                            Some(pause) => self.cx.clock.sleep(pause).await,
                            None => return Err(failure),
                        },
                        None => return Err(failure),
                    },
                }
            }
            Ok(())
        };
        tokio::select! {
            released = tries => released,
            () = self.cx.clock.sleep(limit) => {
                Err(Failure::new(Class::LostAnswer, format!("no answer came in {} s", limit.as_secs())))
            }
        }
    }
}

impl Fence for Locks {
    fn may_go_on(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(self.held.may_go_on())
    }

    fn lost(&self) -> BoxFuture<'_, Failure> {
        Box::pin(self.held.lost())
    }
}

/// Gives back what was taken, and what may have been taken by a call whose answer never came.
async fn abandon(cx: &Context, owner: &Owner, nonce: &str, locks: Option<&Locks>) {
    if let Some(locks) = locks {
        // What this one keeps is free with it.
        let _ = locks.held.release().await;
        return;
    }
    let Ok(Some(seen)) = seen::highest(cx, owner).await else { return };
    let Some(mut record) = seen.holder.filter(|holder| holder.nonce == nonce) else { return };
    if record.released.is_none() {
        record.released = Some(cx.moment());
        let name = parameter_name(&cx.prefix, owner, seen.number);
        let _ = cx.store.overwrite(&name, &record.to_text()).await;
    }
}
