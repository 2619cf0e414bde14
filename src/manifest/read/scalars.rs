//! Plain values, and the notations that manifests use for them.
//!
//! A notation (`Port`, `Seconds`, `Cidr`) is a type without values: it says how a plain Rust type is
//! written in YAML.

use std::time::Duration;

use super::super::cidr::{Cidr, Range};
use super::{Read, Reader, did_you_mean, list};
use crate::manifest::yaml::{Node, Style, Value};

/// A notation: its name, the type it is read as, its schema and how to read it.
macro_rules! notation {
    ($(#[doc = $doc:literal])* $name:ident as $value:ty, $schema:tt, |$node:ident, $reader:ident| $read:expr) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        notation!(@impl $name, $value, $schema, |$node, $reader| $read);
    };
    (@impl $name:ty, $value:ty, $schema:tt, |$node:ident, $reader:ident| $read:expr) => {
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }

        impl $crate::manifest::read::Read for $name {
            type Value = $value;

            fn read(
                $node: &$crate::manifest::yaml::Node,
                $reader: &mut $crate::manifest::read::Reader,
            ) -> Option<$value> {
                $read
            }
        }
    };
}
pub(crate) use notation;

impl Read for String {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = &reader.text(node, "text")?.text;
        if text.is_empty() {
            reader.wrong(node, "text that is not empty")
        } else {
            Some(text.clone())
        }
    }
}

impl Read for bool {
    type Value = Self;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let scalar = reader.text(node, "`true` or `false`")?;
        let value = match scalar.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" => true,
            "false" | "no" | "off" | "n" => false,
            _ => return reader.wrong(node, "`true` or `false`"),
        };
        if scalar.style != Style::Text && matches!(scalar.text.as_str(), "true" | "false") {
            return Some(value);
        }
        let quoted = scalar.style == Style::Text;
        reader.wrong::<()>(node, "`true` or `false`");
        if let Some(problem) = reader.problems.last_mut() {
            let note = if quoted {
                " in quotes, which makes it text"
            } else {
                ", which YAML 1.2 takes for text"
            };
            problem.message.push_str(note);
            problem.help = Some(format!("write {value}"));
        }
        None
    }
}

notation! {
    /// Text as it is, empty or not; numbers and booleans are taken for their text.
    Text as String,
    { "type": ["string", "number", "boolean"] },
    |node, reader| {
        let expected = "text; a list or a map cannot be a variable's value";
        Some(reader.text(node, expected)?.text.clone())
    }
}

notation! {
    /// A TCP or UDP port.
    Port as u16,
    { "type": "integer", "minimum": 1, "maximum": 65535 },
    |node, reader| whole(node, reader, 1, 65_535, "a port, 1 to 65535")
}

notation! {
    /// 1 to 100.
    Percentage as u8,
    { "type": "integer", "minimum": 1, "maximum": 100 },
    |node, reader| whole(node, reader, 1, 100, "a percentage, 1 to 100, without `%`")
}

notation! {
    /// A span of time, whole seconds: `10s`, `1m30s`, `1h`, `4d`.
    Seconds as Duration,
    { "type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["10s", "1m30s"] },
    |node, reader| {
        let expected = "a time with its unit: `10s`, `1m30s`, `1h`, `4d`";
        let text = &reader.text(node, expected)?.text;
        match duration(text) {
            Some(duration) => Some(duration),
            None => {
                let number = text.parse::<u32>();
                reader.wrong::<()>(node, expected);
                if let (Some(problem), Ok(number)) = (reader.problems.last_mut(), number) {
                    problem.help = Some(format!("write {number}s"));
                }
                None
            }
        }
    }
}

/// A span of time within bounds, in seconds.
#[derive(Debug)]
pub(crate) struct SecondsBetween<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> schemars::JsonSchema for SecondsBetween<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("SecondsBetween{MIN}And{MAX}").into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Seconds::json_schema(generator)
    }
}

impl<const MIN: u64, const MAX: u64> Read for SecondsBetween<MIN, MAX> {
    type Value = Duration;

    fn read(node: &Node, reader: &mut Reader) -> Option<Duration> {
        let time = Seconds::read(node, reader)?;
        if (MIN..=MAX).contains(&time.as_secs()) {
            Some(time)
        } else {
            reader.wrong(node, &format!("a time from {MIN}s to {MAX}s"))
        }
    }
}

/// A whole number within bounds.
#[derive(Debug)]
pub(crate) struct Between<const MIN: u32, const MAX: u32>;

impl<const MIN: u32, const MAX: u32> schemars::JsonSchema for Between<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Between{MIN}And{MAX}").into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl<const MIN: u32, const MAX: u32> Read for Between<MIN, MAX> {
    type Value = u32;

    fn read(node: &Node, reader: &mut Reader) -> Option<u32> {
        whole(node, reader, MIN.into(), MAX.into(), &format!("a number from {MIN} to {MAX}"))
    }
}

notation! {
    /// A range of IPv4 addresses, `10.0.0.0/16`, or one address.
    Addresses as Cidr,
    { "type": "string", "pattern": "^[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+(/[0-9]+)?$", "examples": ["10.0.0.0/16"] },
    |node, reader| {
        let expected = "an IPv4 range such as `10.0.0.0/16`";
        let text = &reader.text(node, expected)?.text;
        match Cidr::parse(text) {
            Ok(cidr) => Some(cidr),
            Err(why) => {
                reader.wrong::<()>(node, expected);
                if let (Some(problem), Some(why)) = (reader.problems.last_mut(), why) {
                    problem.help = Some(why);
                }
                None
            }
        }
    }
}

notation! {
    /// A range of IPv4 or IPv6 addresses, or one address.
    AnyAddresses as Range,
    { "type": "string", "pattern": "^[0-9a-fA-F:.]+(/[0-9]+)?$", "examples": ["10.0.0.0/16", "2001:db8::/32"] },
    |node, reader| {
        let expected = "a range such as `10.0.0.0/16` or `2001:db8::/32`";
        let text = &reader.text(node, expected)?.text;
        match Range::parse(text) {
            Ok(range) => Some(range),
            Err(why) => {
                reader.wrong::<()>(node, expected);
                if let (Some(problem), Some(why)) = (reader.problems.last_mut(), why) {
                    problem.help = Some(why);
                }
                None
            }
        }
    }
}

notation! {
    /// The name of an application, environment, service or container.
    Name as String,
    { "type": "string", "pattern": "^[a-z][a-z0-9-]*$", "maxLength": LONGEST_NAME },
    |node, reader| {
        let expected = "lower-case letters, digits and single hyphens, starting with a letter, at most 40 characters";
        let text = &reader.text(node, expected)?.text;
        match name_problem(text) {
            None => Some(text.clone()),
            Some(help) => {
                reader.wrong::<()>(node, expected);
                if let Some(problem) = reader.problems.last_mut() {
                    problem.help = help;
                }
                None
            }
        }
    }
}

notation! {
    /// An AWS region's name.
    Region as String,
    { "type": "string", "pattern": "^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", "examples": ["eu-west-1"] },
    |node, reader| {
        let expected = "an AWS region such as `eu-west-1`";
        let text = &reader.text(node, expected)?.text;
        if is_region(text) {
            return Some(text.clone());
        }
        let zone = text.trim_end_matches(|c: char| c.is_ascii_lowercase()).to_owned();
        let help = if zone.len() + 1 == text.len() && is_region(&zone) {
            Some(format!("that is an availability zone; write {zone}"))
        } else {
            did_you_mean(text, REGIONS)
        };
        reader.wrong::<()>(node, expected);
        if let Some(problem) = reader.problems.last_mut() {
            problem.help = help;
        }
        None
    }
}

notation! {
    /// An AWS account number.
    Account as String,
    { "type": ["string", "integer"], "pattern": "^[0-9]{12}$" },
    |node, reader| {
        let expected = "the 12 digits of an AWS account, in quotes";
        let text = &reader.text(node, expected)?.text;
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Some(text.clone())
        } else {
            reader.wrong::<()>(node, expected);
            if let Some(problem) = reader.problems.last_mut() {
                problem.help = Some("`aws sts get-caller-identity` prints the account you are in".to_owned());
            }
            None
        }
    }
}

notation! {
    /// Any ARN.
    Arn as String,
    { "type": "string", "pattern": "^arn:" },
    |node, reader| {
        let expected = "an ARN: `arn:aws:SERVICE:REGION:ACCOUNT:NAME`";
        let text = &reader.text(node, expected)?.text;
        if is_arn(text) { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

notation! {
    /// How many days CloudWatch keeps log lines.
    RetentionDays as u32,
    { "enum": RETENTIONS },
    |node, reader| {
        let days: u32 = whole(node, reader, 1, 3653, "a number of days that CloudWatch Logs offers")?;
        if RETENTIONS.contains(&days) {
            return Some(days);
        }
        let near = RETENTIONS.iter().min_by_key(|offered| offered.abs_diff(days)).copied().unwrap_or(30);
        let words: Vec<String> = RETENTIONS.iter().map(ToString::to_string).collect();
        reader.wrong::<()>(node, &list(&words));
        if let Some(problem) = reader.problems.last_mut() {
            problem.help = Some(format!("the nearest is {near}"));
        }
        None
    }
}

/// Longest application, environment, service or container name.
pub(crate) const LONGEST_NAME: usize = 40;

/// The values `PutRetentionPolicy` of CloudWatch Logs accepts.
pub(crate) const RETENTIONS: &[u32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// Regions to compare a mistyped one with; any name of the right form is accepted, as AWS opens new ones.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "cn-north-1",
    "cn-northwest-1",
];

/// A whole number within bounds.
pub(crate) fn whole<T: TryFrom<i64>>(
    node: &Node,
    reader: &mut Reader,
    min: i64,
    max: i64,
    expected: &str,
) -> Option<T> {
    let number = reader.integer(node, expected)?;
    if (min..=max).contains(&number)
        && let Ok(number) = T::try_from(number)
    {
        return Some(number);
    }
    reader.wrong(node, expected)
}

/// Reports a word that is none of the choices.
pub(crate) fn not_a_choice<T>(
    node: &Node,
    reader: &mut Reader,
    word: &str,
    words: &[&str],
) -> Option<T> {
    let refusal = crate::manifest::refused::value(&reader.here(), word);
    reader.wrong::<()>(node, &list(words));
    if let Some(problem) = reader.problems.last_mut() {
        if let Some(refusal) = refusal {
            problem.message.push_str(&format!(", which {}", refusal.why));
            problem.help = Some(refusal.instead.to_owned());
        } else {
            problem.help = did_you_mean(word, words);
        }
    }
    None
}

/// `1d2h3m4s` and its parts; no fractions, no empty text.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    let mut units = "dhms".chars();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        // Each unit at most once, largest first.
        units.find(|unit| *unit == c)?;
        let factor = match c {
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            _ => 1,
        };
        seconds = seconds.checked_add(digits.parse::<u64>().ok()?.checked_mul(factor)?)?;
        digits.clear();
    }
    let sensible = digits.is_empty() && !text.is_empty() && seconds <= u64::from(u32::MAX);
    sensible.then(|| Duration::from_secs(seconds))
}

/// `Some` when a name is not one: with a better one, if one can be made of it.
pub(crate) fn name_problem(name: &str) -> Option<Option<String>> {
    if is_name(name) {
        return None;
    }
    let mut better: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .skip_while(|c| !c.is_ascii_lowercase())
        .collect();
    while better.contains("--") {
        better = better.replace("--", "-");
    }
    better.truncate(LONGEST_NAME);
    let better = better.trim_end_matches('-');
    Some(is_name(better).then(|| format!("for instance {better}")))
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.contains("--")
        && !name.ends_with('-')
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    parts.len() >= 3
        && parts[..parts.len() - 1].iter().all(word)
        && (2..=4).contains(&parts[0].len())
        && matches!(parts.last(), Some(number) if (1..=2).contains(&number.len())
            && number.chars().all(|c| c.is_ascii_digit()))
}

/// Six parts, the first of which says so.
pub(crate) fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, service, _, _, resource]
        if partition.starts_with("aws") && !service.is_empty() && !resource.is_empty())
        && !text.contains(char::is_whitespace)
}

/// Whether a value is a map, for unions of a word and a map.
pub(crate) fn is_map(node: &Node) -> bool {
    matches!(node.value, Value::Mapping(_))
}
