//! A token bucket that slows down when it is told that it is too fast.

use std::time::Duration;

use super::rates::Rate;

/// The rate never falls below this part of the table's.
const SLOWEST: f64 = 1.0 / 16.0;
/// After so long without a throttle the rate doubles again.
const RECOVERY: Duration = Duration::from_secs(10);
/// Throttles closer to each other than this are one: calls in flight learn of it together.
const TOGETHER: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Bucket {
    rate: &'static Rate,
    /// Below zero: calls that wait.
    tokens: f64,
    filled: Duration,
    /// The part of the rate in force.
    part: f64,
    throttled: Option<Duration>,
}

impl Bucket {
    pub(super) fn new(rate: &'static Rate, now: Duration) -> Self {
        Self { rate, tokens: f64::from(rate.burst), filled: now, part: 1.0, throttled: None }
    }

    /// Takes a token. Returns how long to wait for it.
    pub(super) fn take(&mut self, now: Duration) -> Duration {
        self.fill(now);
        self.tokens -= 1.0;
        if self.tokens >= 0.0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(-self.tokens / (f64::from(self.rate.per_second) * self.part))
    }

    /// AWS said that it was too much: no burst, and half the rate.
    pub(super) fn throttled(&mut self, now: Duration) {
        self.fill(now);
        let since = self.throttled.map(|at| now.saturating_sub(at));
        if since.is_none_or(|since| since >= TOGETHER) {
            self.part = (self.part / 2.0).max(SLOWEST);
            self.tokens = self.tokens.min(0.0);
            self.throttled = Some(now);
        }
    }

    fn fill(&mut self, now: Duration) {
        if let Some(at) = self.throttled {
            let spans = now.saturating_sub(at).as_secs() / RECOVERY.as_secs();
            if spans > 0 {
                let doubled = self.part * 2_f64.powi(i32::try_from(spans).unwrap_or(i32::MAX));
                self.part = doubled.min(1.0);
                self.throttled = (self.part < 1.0).then_some(now);
            }
        }
        let passed = now.saturating_sub(self.filled).as_secs_f64();
        let more = passed * f64::from(self.rate.per_second) * self.part;
        self.tokens = (self.tokens + more).min(f64::from(self.rate.burst));
        self.filled = now;
    }
}

#[cfg(test)]
mod tests {
    use super::super::rates::of;
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_then_the_rate_then_half_of_it_and_back() {
        let (_, rate) = of("EC2", "CreateVpc").unwrap();
        let mut bucket = Bucket::new(rate, Duration::ZERO);
        let waits = (0..50).map(|_| bucket.take(Duration::ZERO)).max();
        assert_eq!(waits, Some(Duration::ZERO));
        assert_eq!(bucket.take(Duration::ZERO), Duration::from_millis(200));
        assert_eq!(bucket.take(Duration::ZERO), Duration::from_millis(400));
        assert_eq!(bucket.take(seconds(2)), Duration::ZERO);

        bucket.throttled(seconds(30));
        bucket.throttled(seconds(30));
        assert_eq!(bucket.take(seconds(30)), Duration::from_millis(400));
        assert_eq!(bucket.take(seconds(30)), Duration::from_millis(800));
        // It recovers.
        for _ in 0..60 {
            bucket.take(seconds(60));
        }
        assert!(bucket.take(seconds(60)) < seconds(8));
        bucket.take(seconds(90));
        assert_eq!(bucket.take(seconds(90)), Duration::ZERO);
    }

    #[test]
    fn the_rate_has_a_floor() {
        let (_, rate) = of("ECS", "CreateService").unwrap();
        let mut bucket = Bucket::new(rate, Duration::ZERO);
        for second in 0..60 {
            bucket.throttled(Duration::from_millis(1500 * second));
        }
        let wait = bucket.take(seconds(90));
        assert!(wait <= seconds(4), "{wait:?}");
    }
}
