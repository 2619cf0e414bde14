//! When a job runs: what people write, as EventBridge Scheduler takes it.
//!
//! Unix's five fields and AWS's six differ in more than the year: AWS counts weekdays from 1 for Sunday, and wants a `?` for
//! one of the two kinds of days. What has no translation is refused and not guessed at.

use std::collections::BTreeSet;

/// Why a text is no schedule, and what to write, where that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) why: String,
    pub(super) help: Option<String>,
}

fn wrong<T>(why: impl Into<String>, help: &str) -> Result<T, Wrong> {
    let help = Some(help.to_owned()).filter(|help| !help.is_empty());
    Err(Wrong { why: why.into(), help })
}

const MONTHS: &[&str] =
    &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// One field of an expression.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    /// Names of the values, from `low` on.
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", low: 0, high: 59, names: &[] };
const HOUR: Field = Field { name: "hour", low: 0, high: 23, names: &[] };
const DAY: Field = Field { name: "day of the month", low: 1, high: 31, names: &[] };
const MONTH: Field = Field { name: "month", low: 1, high: 12, names: MONTHS };
/// Unix's: 0 is Sunday, and so is 7.
const WEEKDAY: Field = Field { name: "day of the week", low: 0, high: 7, names: DAYS };
/// AWS's: 1 is Sunday.
const AWS_WEEKDAY: Field = Field { name: "day of the week", low: 1, high: 7, names: DAYS };
const YEAR: Field = Field { name: "year", low: 1970, high: 2199, names: &[] };

/// The expression for the scheduler; `None` for `none`.
pub(super) fn translate(text: &str) -> Result<Option<String>, Wrong> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("none") {
        return Ok(None);
    }
    if let Some(word) = text.strip_prefix('@') {
        return shorthand(word).map(Some);
    }
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inside("rate") {
        return every(rate).map(Some);
    }
    if let Some(at) = inside("at") {
        let form =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        return match time::PrimitiveDateTime::parse(at, &form) {
            Ok(_) => Ok(Some(text.to_owned())),
            Err(_) => wrong(
                format!("`{at}` is no date with a time"),
                "write `at(2030-01-31T03:00:00)`; the time zone stands in `on.timezone`",
            ),
        };
    }
    if let Some(fields) = inside("cron") {
        let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
        return six(&fields).map(Some);
    }
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    match fields.len() {
        5 => five(&fields).map(Some),
        6 => six(&fields).map(Some),
        1 if !text.contains(|c: char| c.is_ascii_digit() || c == '*') => wrong(
            "this is no schedule",
            "write a cron expression (`0 3 * * *`), `@daily`, `@every 1h`, `rate(1 hour)` or `none`",
        ),
        count => wrong(
            format!("a cron expression has 5 fields (AWS's has 6), and this one has {count}"),
            "write minute, hour, day of the month, month, day of the week: `0 3 * * *` for three at night",
        ),
    }
}

fn shorthand(word: &str) -> Result<String, Wrong> {
    if let Some(rest) = word.strip_prefix("every ") {
        return interval(rest.trim());
    }
    Ok(match word {
        "yearly" | "annually" => "cron(0 0 1 1 ? *)",
        "monthly" => "cron(0 0 1 * ? *)",
        "weekly" => "cron(0 0 ? * SUN *)",
        "daily" | "midnight" => "cron(0 0 * * ? *)",
        "hourly" => "cron(0 * * * ? *)",
        _ => {
            return wrong(
                format!("`@{word}` is not known"),
                "there are `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly` and `@every 1h30m`",
            );
        }
    }
    .to_owned())
}

/// Go's notation of a time, as a rate.
fn interval(text: &str) -> Result<String, Wrong> {
    let Some(time) = crate::manifest::read::duration(text) else {
        return wrong(format!("`{text}` is no span of time"), "write `@every 1h30m`");
    };
    let seconds = time.as_secs();
    if seconds < 60 || seconds % 60 != 0 {
        return wrong(
            format!("`@every {text}` is not a whole number of minutes"),
            "the scheduler fires once a minute at most: write `@every 1m` or more",
        );
    }
    Ok(rate(seconds / 60))
}

fn rate(minutes: u64) -> String {
    let (count, unit) = match minutes {
        days if days % 1440 == 0 => (days / 1440, "day"),
        hours if hours % 60 == 0 => (hours / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    format!("rate({count} {unit}{})", if count == 1 { "" } else { "s" })
}

fn every(text: &str) -> Result<String, Wrong> {
    let help = "write a number and `minutes`, `hours` or `days`: `rate(12 hours)`";
    let mut words = text.split_ascii_whitespace();
    let (Some(count), Some(unit), None) = (words.next(), words.next(), words.next()) else {
        return wrong(format!("`rate({text})` is not a number and a unit"), help);
    };
    let Ok(count) = count.parse::<u64>() else {
        return wrong(format!("`{count}` is no whole number"), help);
    };
    if count == 0 {
        return wrong("a rate of 0 would never end", help);
    }
    let unit = match unit.trim_end_matches('s') {
        unit @ ("minute" | "hour" | "day") => unit,
        _ => return wrong(format!("`{unit}` is no unit of a rate"), help),
    };
    Ok(format!("rate({count} {unit}{})", if count == 1 { "" } else { "s" }))
}

/// AWS's fields, checked and otherwise left alone.
fn six(fields: &[&str]) -> Result<String, Wrong> {
    let [minute, hour, day, month, weekday, year] = fields else {
        return wrong(
            format!("AWS's cron expressions have 6 fields, and this one has {}", fields.len()),
            "write minute, hour, day of the month, month, day of the week, year: `cron(0 3 * * ? *)`",
        );
    };
    match (*day, *weekday) {
        ("?", "?") => {
            return wrong("both kinds of days are `?`", "write `*` for one of the two");
        }
        ("?", _) => special_or(weekday, &AWS_WEEKDAY, is_special_weekday)?,
        (_, "?") => special_or(day, &DAY, is_special_day)?,
        _ => {
            return wrong(
                "AWS wants a `?` for the day of the month or the day of the week",
                "write `cron(0 3 * * ? *)` for every day, `cron(0 3 ? * MON-FRI *)` for weekdays",
            );
        }
    }
    for (text, field) in [(minute, &MINUTE), (hour, &HOUR), (month, &MONTH), (year, &YEAR)] {
        values(text, field)?;
    }
    Ok(format!("cron({})", fields.join(" ")))
}

fn special_or(text: &str, field: &Field, special: fn(&str) -> bool) -> Result<(), Wrong> {
    if special(text) { Ok(()) } else { values(text, field).map(drop) }
}

fn is_special_day(text: &str) -> bool {
    let day = |text: &str| text.parse::<u32>().is_ok_and(|day| (1..=31).contains(&day));
    let within = |text: Option<&str>| text.is_some_and(day);
    text == "L" || text == "LW" || within(text.strip_prefix("L-")) || within(text.strip_suffix('W'))
}

fn is_special_weekday(text: &str) -> bool {
    let day = |text: &str| value(text, &AWS_WEEKDAY).is_ok();
    match text.split_once('#') {
        Some((which, nth)) => day(which) && matches!(nth, "1" | "2" | "3" | "4" | "5"),
        None => text == "L" || text.strip_suffix('L').is_some_and(day),
    }
}

/// Unix's fields as AWS's.
fn five(fields: &[&str]) -> Result<String, Wrong> {
    let [minute, hour, day, month, weekday] = fields else { return six(fields) };
    let any = |text: &str| text == "*" || text == "?";
    let mut parts = Vec::new();
    for (text, field) in [(minute, &MINUTE), (hour, &HOUR)] {
        parts.push(same(text, field)?);
    }
    let (day, weekday) = match (any(day), any(weekday)) {
        (_, true) => (same(day, &DAY)?, "?".to_owned()),
        (true, false) => ("?".to_owned(), weekdays(weekday)?),
        (false, false) => {
            return wrong(
                "AWS cannot choose by the day of the month and the day of the week at once",
                "write `*` for one of the two, or make two jobs",
            );
        }
    };
    let month = same(month, &MONTH)?;
    Ok(format!("cron({} {day} {month} {weekday} *)", parts.join(" ")))
}

/// A field that means the same to both; ranges with steps become lists, which AWS is known to take.
fn same(text: &str, field: &Field) -> Result<String, Wrong> {
    let values = values(text, field)?;
    if text == "?" {
        return Ok("*".to_owned());
    }
    let stepped = text.contains('/') && (text.contains('-') || text.contains(','));
    Ok(if stepped { list(&values) } else { text.to_ascii_uppercase() })
}

fn list(values: &BTreeSet<u32>) -> String {
    let texts: Vec<String> = values.iter().map(u32::to_string).collect();
    texts.join(",")
}

/// Weekdays by their names, which both count alike.
fn weekdays(text: &str) -> Result<String, Wrong> {
    let days: BTreeSet<u32> = values(text, &WEEKDAY)?.into_iter().map(|day| day % 7).collect();
    let name = |day: u32| usize::try_from(day).ok().and_then(|day| DAYS.get(day).copied());
    if days.len() == DAYS.len() {
        return Ok("*".to_owned());
    }
    let mut parts: Vec<String> = Vec::new();
    let all: Vec<u32> = days.into_iter().collect();
    for run in all.chunk_by(|one, next| one + 1 == *next) {
        let (first, last) = (run.first().copied(), run.last().copied());
        match (first.and_then(name), last.and_then(name)) {
            (Some(first), Some(last)) if run.len() > 2 => parts.push(format!("{first}-{last}")),
            _ => parts.extend(run.iter().filter_map(|day| name(*day)).map(str::to_owned)),
        }
    }
    Ok(parts.join(","))
}

/// The values that a field allows.
fn values(text: &str, field: &Field) -> Result<BTreeSet<u32>, Wrong> {
    let name = field.name;
    let mut all = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => match step.parse::<u32>() {
                Ok(step) if step > 0 && step <= field.high => (range, step),
                _ => {
                    let why = format!("`{part}` is no step of the {name}");
                    return wrong(why, "a step is a number of 1 or more: `*/15`");
                }
            },
            None => (part, 1),
        };
        let (first, last) = if range == "*" || range == "?" {
            // Seven is Sunday again.
            (field.low, if field.names.len() == 7 && field.low == 0 { 6 } else { field.high })
        } else if let Some((first, last)) = range.split_once('-') {
            (value(first, field)?, value(last, field)?)
        } else {
            let one = value(range, field)?;
            (one, if part.contains('/') { field.high } else { one })
        };
        if first > last {
            let why = format!("`{part}` ends before it begins, in the {name}");
            return wrong(why, "write the smaller one first, or two parts with a comma: `6,0`");
        }
        all.extend((first..=last).step_by(usize::try_from(step).unwrap_or(1)));
    }
    Ok(all)
}

fn value(text: &str, field: &Field) -> Result<u32, Wrong> {
    let Field { name, low, high, names } = *field;
    if let Some(at) = names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return Ok(low + u32::try_from(at).unwrap_or(0));
    }
    let number = text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
    if let Some(number) = number.filter(|number| (low..=high).contains(number)) {
        return Ok(number);
    }
    let help = match names.first().zip(names.last()) {
        Some((first, last)) => format!("{low} to {high}, or {first} to {last}"),
        None => format!("{low} to {high}"),
    };
    let special = low == 0 && text.contains(['L', 'W', '#']);
    let help = match special || (name == "day of the month" && text.contains(['L', 'W'])) {
        true => {
            "`L`, `W` and `#` are AWS's: write all six fields, as in `cron(0 3 L * ? *)`".to_owned()
        }
        false => format!("the {name} is {help}"),
    };
    wrong(format!("`{text}` is no {name}"), &help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_becomes_what_aws_takes() {
        for (text, expected) in [
            ("@yearly", "cron(0 0 1 1 ? *)"),
            ("@monthly", "cron(0 0 1 * ? *)"),
            ("@weekly", "cron(0 0 ? * SUN *)"),
            ("@daily", "cron(0 0 * * ? *)"),
            ("@hourly", "cron(0 * * * ? *)"),
            ("@every 1h", "rate(1 hour)"),
            ("@every 90m", "rate(90 minutes)"),
            ("@every 1h30m", "rate(90 minutes)"),
            ("@every 48h", "rate(2 days)"),
            ("rate(5 minutes)", "rate(5 minutes)"),
            ("rate(1 hours)", "rate(1 hour)"),
            ("at(2030-01-31T03:00:00)", "at(2030-01-31T03:00:00)"),
            ("0 3 * * *", "cron(0 3 * * ? *)"),
            ("*/15 8-17 * * 1-5", "cron(*/15 8-17 ? * MON-FRI *)"),
            ("0 12 * * 0", "cron(0 12 ? * SUN *)"),
            ("0 12 * * 7", "cron(0 12 ? * SUN *)"),
            ("0 12 * * 5-7", "cron(0 12 ? * SUN,FRI,SAT *)"),
            ("0 12 * * sat,sun", "cron(0 12 ? * SUN,SAT *)"),
            ("0 12 * * 0-6", "cron(0 12 ? * * *)"),
            ("0 12 * * */2", "cron(0 12 ? * SUN,TUE,THU,SAT *)"),
            ("30 6 1,15 jan-mar ?", "cron(30 6 1,15 JAN-MAR ? *)"),
            ("0-30/10 * ? * *", "cron(0,10,20,30 * * * ? *)"),
            ("cron(0 3 L * ? *)", "cron(0 3 L * ? *)"),
            ("0 3 ? * 6#1 2030", "cron(0 3 ? * 6#1 2030)"),
        ] {
            assert_eq!(translate(text), Ok(Some(expected.to_owned())), "{text}");
        }
        assert_eq!(translate("none"), Ok(None));
    }

    #[test]
    fn what_has_no_translation_is_refused() {
        for text in [
            "",
            "daily",
            "@reboot",
            "@every",
            "@every 30s",
            "@every soon",
            "rate(0 hours)",
            "rate(1 week)",
            "rate(x days)",
            "0 3 1 * 1",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "* * * foo *",
            "*/0 * * * *",
            "5-1 * * * *",
            "0 3 L * *",
            "* * * *",
            "* * * * * * *",
            "cron(0 3 * * *)",
            "cron(0 3 * * * *)",
            "cron(0 3 ? * ? *)",
            "cron(0 3 ? * 0 *)",
            "at(tomorrow)",
            "1,,2 * * * *",
        ] {
            let wrong = translate(text).unwrap_err();
            assert!(!wrong.why.is_empty() && wrong.help.is_some(), "{text}");
        }
    }
}
