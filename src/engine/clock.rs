//! Time, injected: every wait, pause and deadline of the engine runs on a [`Clock`].

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::BoxFuture;

/// Tells the time and waits.
pub trait Clock: Send + Sync {
    /// Time since some fixed start.
    fn now(&self) -> Duration;

    /// Completes once this much time has passed.
    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()>;
}

/// The real clock, on tokio's timer.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Instant,
    factor: f64,
}

impl TokioClock {
    /// Starts at zero.
    pub fn new() -> Self {
        Self::faster(1.0)
    }

    /// The same, `factor` times as fast as time really passes: for a simulated account whose
    /// time is sped up, so that pauses between looks shrink with it.
    pub fn faster(factor: f64) -> Self {
        Self { start: Instant::now(), factor }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Duration {
        self.start.elapsed().mul_f64(self.factor)
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(pause.div_f64(self.factor)))
    }
}

/// A clock that never really sleeps: once every task has had its turn and all are asleep, it
/// jumps to the earliest of their deadlines. For tests, within one task.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    shared: Arc<Mutex<TestTime>>,
}

#[derive(Debug, Default)]
struct TestTime {
    now: Duration,
    next_sleeper: u64,
    sleepers: BTreeMap<u64, Duration>,
}

impl TestClock {
    /// Starts at zero.
    pub fn new() -> Self {
        Self::default()
    }

    fn time(&self) -> MutexGuard<'_, TestTime> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        self.time().now
    }

    fn sleep(&self, pause: Duration) -> BoxFuture<'static, ()> {
        let mut time = self.time();
        let (id, deadline) = (time.next_sleeper, time.now + pause);
        time.next_sleeper += 1;
        time.sleepers.insert(id, deadline);
        Box::pin(TestSleep { clock: self.clone(), id, deadline, turns: 0 })
    }
}

/// How often a sleeper lets everyone else have a turn before time jumps.
const TURNS: u32 = 8;

struct TestSleep {
    clock: TestClock,
    id: u64,
    deadline: Duration,
    turns: u32,
}

impl Future for TestSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.turns += 1;
        let mut time = self.clock.time();
        let earliest = time.sleepers.values().min().copied();
        if self.turns > TURNS && earliest == Some(self.deadline) {
            time.now = time.now.max(self.deadline);
        }
        if time.now >= self.deadline {
            return Poll::Ready(());
        }
        drop(time);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for TestSleep {
    fn drop(&mut self) {
        self.clock.time().sleepers.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_deadlines() {
        let clock = TestClock::new();
        let order = Mutex::new(Vec::new());
        let nap = |seconds: u64| {
            let (clock, order) = (clock.clone(), &order);
            async move {
                clock.sleep(Duration::from_secs(seconds)).await;
                order.lock().unwrap().push((seconds, clock.now().as_secs()));
            }
        };
        futures_util::future::join3(nap(3600), nap(1), nap(60)).await;
        assert_eq!(*order.lock().unwrap(), [(1, 1), (60, 60), (3600, 3600)]);
    }
}
