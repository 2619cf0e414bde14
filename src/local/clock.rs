//! What time it is on local AWS, and how fast its things happen.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = u64;

/// The clock of a simulated account: the machine's, or one that a test moves by hand.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    manual: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `start` (milliseconds since 1970) until [`Clock::advance`] moves it.
    pub fn manual(start: Millis) -> Self {
        Self { manual: Some(Arc::new(AtomicU64::new(start))) }
    }

    /// Milliseconds since 1970 on this clock.
    pub fn now(&self) -> Millis {
        match &self.manual {
            Some(at) => at.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |passed| u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    /// Moves a manual clock forward; the machine's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(at) = &self.manual {
            at.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }
}

/// How much faster than AWS's the durations of local AWS pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// Nothing takes time: what is created is ready at the next call.
    Instant,
    /// Durations are divided by this factor; `1` is AWS's own pace.
    Factor(f64),
}

impl Speed {
    /// AWS's own pace.
    pub const REAL: Self = Self::Factor(1.0);

    /// How long something takes that takes `duration` on AWS.
    pub fn scale(self, duration: Duration) -> Duration {
        match self {
            Self::Instant => Duration::ZERO,
            Self::Factor(factor) => duration.div_f64(factor),
        }
    }
}

impl Default for Speed {
    /// Sixty times AWS's pace: a minute passes in a second.
    fn default() -> Self {
        Self::Factor(60.0)
    }
}

impl FromStr for Speed {
    type Err = String;

    /// `instant`, `real`, or a factor such as `60` or `60x` (0.001 to 1,000,000).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "instant" => return Ok(Self::Instant),
            "real" => return Ok(Self::REAL),
            _ => {}
        }
        match text.strip_suffix('x').unwrap_or(text).parse::<f64>() {
            Ok(factor) if (0.001..=1e6).contains(&factor) => Ok(Self::Factor(factor)),
            _ => {
                Err(format!("`{text}` is no speed: give `instant`, `real` or a factor like `60x`"))
            }
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant => f.write_str("instant"),
            Self::Factor(1.0) => f.write_str("real"),
            Self::Factor(factor) => write!(f, "{factor}x"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_and_written() {
        let read = |text: &str| text.parse::<Speed>().map(|speed| speed.to_string());
        assert_eq!(read("instant"), Ok("instant".to_owned()));
        assert_eq!(read("real"), Ok("real".to_owned()));
        assert_eq!(read("60x"), Ok("60x".to_owned()));
        assert_eq!(read("2.5"), Ok("2.5x".to_owned()));
        for bad in ["", "x", "0", "-3", "fast", "NaN", "inf"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(Speed::default().scale(Duration::from_secs(90)), Duration::from_millis(1500));
        assert_eq!(Speed::Instant.scale(Duration::from_secs(90)), Duration::ZERO);
    }
}
