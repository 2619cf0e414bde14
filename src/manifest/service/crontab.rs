//! When a job runs, as Kubernetes takes it: from EventBridge Scheduler's expressions to five fields.

/// The schedule of a CronJob for an expression of AWS's scheduler: `cron(…)` or `rate(…)`.
///
/// # Errors
/// Why Kubernetes cannot say it.
pub fn crontab(expression: &str) -> Result<String, String> {
    let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(rate) = inside("rate") {
        return every(rate);
    }
    let Some(fields) = inside("cron") else {
        return Err("Kubernetes knows no single point in time".to_owned());
    };
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let [minute, hour, day, month, weekday, year] = fields[..] else {
        return Err(format!("`{expression}` is no schedule"));
    };
    if year != "*" {
        return Err("a CronJob knows no years".to_owned());
    }
    if [day, weekday].iter().any(|field| field.contains(['L', 'W', '#']) && !names(field)) {
        return Err("a CronJob knows no last, nearest or n-th day".to_owned());
    }
    let any = |field: &str| if field == "?" { "*".to_owned() } else { field.to_owned() };
    Ok(format!("{minute} {hour} {} {month} {}", any(day), any(&weekdays(weekday))))
}

/// Are the letters of a field names of days alone?
fn names(field: &str) -> bool {
    const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let mut words = field.split([',', '-', '/']);
    !field.contains('#')
        && words.all(|word| DAYS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit()))
}

/// AWS counts weekdays from 1 for Sunday, Kubernetes from 0; what stands behind a slash is a step.
fn weekdays(field: &str) -> String {
    let one = |word: &str| match word.parse::<u32>() {
        Ok(day) => (day.saturating_sub(1)).to_string(),
        Err(_) => word.to_owned(),
    };
    let part = |part: &str| {
        let (range, step) =
            part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let range = range.split('-').map(one).collect::<Vec<_>>().join("-");
        step.map_or(range.clone(), |step| format!("{range}/{step}"))
    };
    field.split(',').map(part).collect::<Vec<_>>().join(",")
}

/// `15 minutes`, `1 hour`: at the full hour or day where the number divides it, else that long after the last run.
fn every(rate: &str) -> Result<String, String> {
    let words: Vec<&str> = rate.split_whitespace().collect();
    let [number, unit] = words[..] else { return Err(format!("`rate({rate})` is no schedule")) };
    let number: u32 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => u64::from(number),
        "hour" => u64::from(number) * 60,
        _ => u64::from(number) * 1440,
    };
    Ok(match minutes {
        1 => "* * * * *".to_owned(),
        60 => "0 * * * *".to_owned(),
        1440 => "0 0 * * *".to_owned(),
        few if few < 60 && 60 % few == 0 => format!("*/{few} * * * *"),
        more if more < 1440 && more % 60 == 0 && 1440 % more == 0 => {
            format!("0 */{} * * *", more / 60)
        }
        other => format!("@every {other}m"),
    })
}

#[cfg(test)]
mod tests {
    use super::crontab;

    #[test]
    fn schedules_mean_the_same() {
        for (aws, kubernetes) in [
            ("cron(0 3 * * ? *)", "0 3 * * *"),
            ("cron(0 3 ? * 2-6 *)", "0 3 * * 1-5"),
            ("cron(0 3 ? * MON,WED *)", "0 3 * * MON,WED"),
            ("cron(0/15 8 1 JAN ? *)", "0/15 8 1 JAN *"),
            ("rate(1 minute)", "* * * * *"),
            ("rate(15 minutes)", "*/15 * * * *"),
            ("rate(12 hours)", "0 */12 * * *"),
            ("rate(1 day)", "0 0 * * *"),
            ("rate(90 minutes)", "@every 90m"),
        ] {
            assert_eq!(crontab(aws).as_deref(), Ok(kubernetes), "{aws}");
        }
        for wrong in [
            "at(2030-01-31T03:00:00)",
            "cron(0 3 L * ? *)",
            "cron(0 3 ? * 2#1 *)",
            "cron(0 3 1 1 ? 2030)",
        ] {
            assert!(crontab(wrong).is_err(), "{wrong}");
        }
    }
}
