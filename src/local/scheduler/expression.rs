//! `rate(…)`, `cron(…)` and `at(…)`: whether EventBridge Scheduler takes them, and when they are due next.
//!
//! All is reckoned in UTC. Schedules of other time zones are kept and read back, but do not fire here: their rules would be
//! a table that changes every year.

use std::collections::BTreeSet;

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, Weekday};

use crate::local::clock::Millis;

const MINUTE: Millis = 60_000;
/// The last year of a cron expression.
const LAST_YEAR: i32 = 2199;

/// The names of time zones.
pub(in crate::local) struct Zone;

impl Zone {
    /// Is it a name of the tz database?
    pub(in crate::local) fn exists(name: &str) -> bool {
        include_str!("../../manifest/timezones.txt").lines().any(|known| known == name)
    }

    /// Do its schedules fire here?
    pub(in crate::local) fn fires(name: &str) -> bool {
        ["UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT"].contains(&name)
    }
}

/// A schedule's expression.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::local) enum Expression {
    /// Every so many milliseconds, from when the schedule was made.
    Rate(Millis),
    /// Once.
    At(Millis),
    Cron(Box<Cron>),
}

/// The six fields of a cron expression, as the values that they allow.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::local) struct Cron {
    minutes: BTreeSet<u16>,
    hours: BTreeSet<u16>,
    days: Days,
    months: BTreeSet<u16>,
    years: BTreeSet<u16>,
}

#[derive(Debug, Clone, PartialEq)]
enum Days {
    OfMonth(BTreeSet<u16>),
    /// The last day of the month; less so many days.
    Last(u16),
    LastWeekday,
    /// The weekday nearest to this day of the month.
    Nearest(u16),
    /// 1 is Sunday.
    OfWeek(BTreeSet<u16>),
    /// The last such day of the month.
    LastOfWeek(u16),
    /// The nth such day of the month.
    Nth(u16, u16),
}

impl Expression {
    /// `None` for what EventBridge Scheduler refuses.
    pub(in crate::local) fn parse(text: &str) -> Option<Self> {
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inside("rate") {
            let (count, unit) = rate.split_once(' ')?;
            let count: Millis = count.parse().ok().filter(|count| *count > 0)?;
            let unit = match unit {
                "minute" | "minutes" => MINUTE,
                "hour" | "hours" => 60 * MINUTE,
                "day" | "days" => 24 * 60 * MINUTE,
                _ => return None,
            };
            return count.checked_mul(unit).map(Self::Rate);
        }
        if let Some(at) = inside("at") {
            let form =
                time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
            let at = PrimitiveDateTime::parse(at, &form).ok()?.assume_utc().unix_timestamp();
            return Millis::try_from(at).ok().map(|at| Self::At(at * 1000));
        }
        let fields: Vec<&str> = inside("cron")?.split_ascii_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.as_slice() else {
            return None;
        };
        let days = match (*of_month, *of_week) {
            (of_month, "?") => days_of_month(of_month)?,
            ("?", of_week) => days_of_week(of_week)?,
            _ => return None,
        };
        Some(Self::Cron(Box::new(Cron {
            minutes: set(minutes, 0, 59, &[])?,
            hours: set(hours, 0, 23, &[])?,
            days,
            months: set(months, 1, 12, &MONTHS)?,
            years: set(years, 1970, 2199, &[])?,
        })))
    }

    /// The first time after `after`; a rate counts from `from`.
    pub(in crate::local) fn next(&self, from: Millis, after: Millis) -> Option<Millis> {
        match self {
            Self::Rate(every) => {
                let passed = after.saturating_sub(from) / every;
                Some(from + (passed + 1) * every)
            }
            Self::At(at) => (*at > after).then_some(*at),
            Self::Cron(cron) => cron.next(after),
        }
    }
}

impl Cron {
    fn next(&self, after: Millis) -> Option<Millis> {
        let seconds = i64::try_from(after / 1000).ok()?;
        let after = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        let mut day = after.date();
        while day.year() <= LAST_YEAR {
            if self.on(day) {
                for hour in &self.hours {
                    for minute in &self.minutes {
                        let (hour, minute) =
                            (u8::try_from(*hour).ok()?, u8::try_from(*minute).ok()?);
                        let at = day.with_time(Time::from_hms(hour, minute, 0).ok()?).assume_utc();
                        if at > after {
                            return Millis::try_from(at.unix_timestamp()).ok().map(|at| at * 1000);
                        }
                    }
                }
            }
            day = day.next_day()?;
        }
        None
    }

    fn on(&self, day: Date) -> bool {
        let year = u16::try_from(day.year()).unwrap_or(0);
        if !self.years.contains(&year) || !self.months.contains(&u16::from(u8::from(day.month()))) {
            return false;
        }
        let of_month = u16::from(day.day());
        let last = u16::from(day.month().length(day.year()));
        let of_week = u16::from(day.weekday().number_from_sunday());
        match &self.days {
            Days::OfMonth(days) => days.contains(&of_month),
            Days::Last(less) => of_month + less == last,
            Days::LastWeekday => nearest(day, last) == Some(day),
            Days::Nearest(wanted) => nearest(day, *wanted) == Some(day),
            Days::OfWeek(days) => days.contains(&of_week),
            Days::LastOfWeek(wanted) => of_week == *wanted && of_month + 7 > last,
            Days::Nth(wanted, nth) => of_week == *wanted && of_month.div_ceil(7) == *nth,
        }
    }
}

/// The weekday nearest to a day of the month that `day` lies in, within that month.
fn nearest(day: Date, wanted: u16) -> Option<Date> {
    let last = day.month().length(day.year());
    let wanted = u8::try_from(wanted).ok().filter(|wanted| *wanted <= last)?;
    let date = |day_of_month: u8, month: Month| {
        Date::from_calendar_date(day.year(), month, day_of_month).ok()
    };
    match date(wanted, day.month())?.weekday() {
        Weekday::Saturday if wanted == 1 => date(3, day.month()),
        Weekday::Saturday => date(wanted - 1, day.month()),
        Weekday::Sunday if wanted == last => date(wanted - 2, day.month()),
        Weekday::Sunday => date(wanted + 1, day.month()),
        _ => date(wanted, day.month()),
    }
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

fn days_of_month(text: &str) -> Option<Days> {
    let day = |text: &str| text.parse::<u16>().ok().filter(|day| (1..=31).contains(day));
    if text == "L" {
        return Some(Days::Last(0));
    }
    if text == "LW" {
        return Some(Days::LastWeekday);
    }
    if let Some(less) = text.strip_prefix("L-") {
        return day(less).map(Days::Last);
    }
    if let Some(nearest) = text.strip_suffix('W') {
        return day(nearest).map(Days::Nearest);
    }
    set(text, 1, 31, &[]).map(Days::OfMonth)
}

fn days_of_week(text: &str) -> Option<Days> {
    if text == "L" {
        return Some(Days::OfWeek([7].into()));
    }
    if let Some((which, nth)) = text.split_once('#') {
        let nth = nth.parse::<u16>().ok().filter(|nth| (1..=5).contains(nth))?;
        return value(which, 1, 7, &DAYS).map(|which| Days::Nth(which, nth));
    }
    if let Some(which) = text.strip_suffix('L') {
        return value(which, 1, 7, &DAYS).map(Days::LastOfWeek);
    }
    set(text, 1, 7, &DAYS).map(Days::OfWeek)
}

/// A number within bounds, or its name.
fn value(text: &str, low: u16, high: u16, names: &[&str]) -> Option<u16> {
    if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return u16::try_from(at).ok().map(|at| at + low);
    }
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value| (low..=high).contains(value))
}

/// `*`, values, ranges and steps, with commas between them.
fn set(text: &str, low: u16, high: u16, names: &[&str]) -> Option<BTreeSet<u16>> {
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u16>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((first, last)) => {
                (value(first, low, high, names)?, value(last, low, high, names)?)
            }
            None if part.contains('/') => (value(range, low, high, names)?, high),
            None => {
                let one = value(range, low, high, names)?;
                (one, one)
            }
        };
        if first > last {
            // Over the end: FRI-MON.
            all.extend((first..=high).chain(low..=last).step_by(step.into()));
        } else {
            all.extend((first..=last).step_by(step.into()));
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::call::iso8601;

    fn next(expression: &str, after: Millis, count: usize) -> Vec<String> {
        let expression = Expression::parse(expression).unwrap();
        let (mut times, mut at) = (Vec::new(), after);
        while times.len() < count {
            let Some(next) = expression.next(after, at) else { break };
            times.push(iso8601(next)[..16].to_owned());
            at = next;
        }
        times
    }

    /// 2026-11-21T10:30:00Z, a Saturday.
    const NOW: Millis = 1_795_257_000_000;

    #[test]
    fn expressions_are_due_as_on_aws() {
        assert_eq!(next("rate(90 minutes)", NOW, 2), ["2026-11-21T12:00", "2026-11-21T13:30"]);
        assert_eq!(next("at(2026-12-01T08:00:00)", NOW, 2), ["2026-12-01T08:00"]);
        assert_eq!(next("cron(0 3 * * ? *)", NOW, 2), ["2026-11-22T03:00", "2026-11-23T03:00"]);
        assert_eq!(next("cron(*/20 10 ? * 7 *)", NOW, 2), ["2026-11-21T10:40", "2026-11-28T10:00"]);
        assert_eq!(
            next("cron(0 9 ? * MON-FRI *)", NOW, 2),
            ["2026-11-23T09:00", "2026-11-24T09:00"]
        );
        assert_eq!(next("cron(0 0 L * ? 2026)", NOW, 3), ["2026-11-30T00:00", "2026-12-31T00:00"]);
        assert_eq!(next("cron(0 0 ? * 6#1 *)", NOW, 1), ["2026-12-04T00:00"]);
        assert_eq!(next("cron(0 0 ? * SUNL *)", NOW, 1), ["2026-11-29T00:00"]);
        assert_eq!(next("cron(0 0 28W * ? *)", NOW, 1), ["2026-11-27T00:00"]);
        assert_eq!(next("cron(0 0 LW JAN ? *)", NOW, 1), ["2027-01-29T00:00"]);
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        for bad in [
            "",
            "daily",
            "rate(0 minutes)",
            "rate(5)",
            "rate(5 seconds)",
            "rate(-1 days)",
            "rate(1.5 hours)",
            "cron(0 3 * * * *)",
            "cron(0 3 ? * ? *)x",
            "cron(0 3 * * ?)",
            "cron(60 3 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 3 ? * 0 *)",
            "cron(0 3 ? * 8 *)",
            "cron(0 3 32 * ? *)",
            "cron(0 3 1 13 ? *)",
            "cron(0 3 * * ? 1969)",
            "cron(0 3 ? * 2#6 *)",
            "at(2026-13-01T00:00:00)",
            "at(tomorrow)",
        ] {
            assert_eq!(Expression::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn zones_have_names() {
        assert!(Zone::exists("Europe/Berlin") && Zone::exists("UTC") && !Zone::exists("Berlin"));
    }
}
