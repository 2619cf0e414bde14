//! Points in time, as options give them: `10m` ago, `2026-01-31T12:00:00Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970 of a moment: so long ago (`90s`, `10m`, `2h`, `3d`), or RFC 3339.
pub(super) fn moment(text: &str) -> Result<i64, String> {
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX));
    }
    let ago = span(text).map_err(|_| {
        "write how long ago (`90s`, `10m`, `2h`, `3d`), or when (`2026-01-31T12:00:00Z`)".to_owned()
    })?;
    Ok(now() - i64::try_from(ago.as_millis()).unwrap_or(i64::MAX))
}

/// A length of time: `90s`, `10m`, `2h`, `3d`, `1w`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no length of time: write `90s`, `10m`, `2h`, `3d` or `1w`");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// Now, in RFC 3339 with seconds.
pub(super) fn stamp() -> String {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0);
    now.ok().and_then(|now| now.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Now, in RFC 3339 with milliseconds: two of them in one second differ.
pub(super) fn exact_stamp() -> String {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(u32::from(now.millisecond()) * 1_000_000);
    now.ok().and_then(|now| now.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_spans() {
        assert_eq!(moment("2026-01-31T12:00:00+01:00"), Ok(1_769_857_200_000));
        let ago = now() - moment("10m").unwrap();
        assert!((590_000..=600_000).contains(&ago), "{ago}");
        assert_eq!(span("3d"), Ok(Duration::from_secs(259_200)));
        for bad in ["", "10", "m", "-5m", "1.5h", "10 m", "yesterday", "5µ"] {
            assert!(span(bad).is_err() && moment(bad).is_err(), "{bad}");
        }
    }
}
