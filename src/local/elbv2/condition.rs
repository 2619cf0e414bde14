//! Conditions of rules: AWS shows those on hosts and paths in the old form and the new.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::errors::validation;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// Values that one rule's conditions may have together.
const MOST_VALUES: usize = 5;

/// The conditions of the input; none if they are absent.
pub(super) fn read(input: &Params) -> Result<Option<Vec<Value>>, AwsError> {
    let Some(given) = input.optional_structures("Conditions")? else { return Ok(None) };
    if given.is_empty() {
        return Err(validation("A condition must be specified"));
    }
    let mut conditions = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut values = 0;
    for condition in &given {
        let field = condition.text("Field")?;
        let (shown, count) = one(condition, &field)?;
        values += count;
        let times = counts.entry(field.clone()).or_default();
        *times += 1;
        if *times > 1 && !matches!(field.as_str(), "http-header" | "query-string") {
            return Err(validation(format!("A rule can only have one '{field}' condition")));
        }
        conditions.push(shown);
    }
    if values > MOST_VALUES {
        return Err(validation(format!(
            "A rule cannot have more than {MOST_VALUES} condition values, and this one has {values}"
        )));
    }
    Ok(Some(conditions))
}

fn one(condition: &Params, field: &str) -> Result<(Value, usize), AwsError> {
    let (member, old) = match field {
        "host-header" => ("HostHeaderConfig", true),
        "path-pattern" => ("PathPatternConfig", true),
        "http-header" => ("HttpHeaderConfig", false),
        "query-string" => ("QueryStringConfig", false),
        "http-request-method" => ("HttpRequestMethodConfig", false),
        "source-ip" => ("SourceIpConfig", false),
        _ => {
            return Err(validation(format!(
                "Condition field '{field}' must be one of '[path-pattern,host-header,http-header,http-request-method,query-string,source-ip]'"
            )));
        }
    };
    let config = condition.optional_structure(member)?;
    if old {
        return host_or_path(condition, field, member, config);
    }
    let Some(config) = config else {
        return Err(validation(format!("A '{field}' condition must have a {member}")));
    };
    let mut shown = json!({});
    if field == "query-string" {
        let mut pairs = Vec::new();
        for pair in config.structures("Values")? {
            let mut kept = json!({});
            if let Some(key) = pair.optional_text("Key")? {
                kept.set("Key", key);
            }
            kept.set("Value", pair.text("Value")?);
            pairs.push(kept);
        }
        some(field, pairs.len())?;
        let count = pairs.len();
        return Ok((json!({"Field": field, member: {"Values": pairs}}), count));
    }
    if field == "http-header" {
        shown.set("HttpHeaderName", config.text("HttpHeaderName")?);
    }
    let regexes = if field == "http-header" { config.texts("RegexValues")? } else { Vec::new() };
    let values = config.texts("Values")?;
    if !values.is_empty() && !regexes.is_empty() {
        return Err(validation(format!("A '{field}' condition has either values or regex values")));
    }
    let count = values.len() + regexes.len();
    some(field, count)?;
    match field {
        "http-request-method" => {
            let good = |method: &String| {
                let named = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
                !method.is_empty() && method.len() <= 40 && method.bytes().all(named)
            };
            if let Some(bad) = values.iter().find(|method| !good(method)) {
                return Err(validation(format!("The HTTP request method '{bad}' is not valid")));
            }
        }
        "source-ip" => {
            if let Some(bad) = values.iter().find(|block| !is_block(block)) {
                return Err(validation(format!("The source IP '{bad}' is not in CIDR format")));
            }
        }
        _ => lengths(field, &values)?,
    }
    if regexes.is_empty() {
        shown.set("Values", values);
    } else {
        shown.set("RegexValues", regexes);
    }
    Ok((json!({"Field": field, member: shown}), count))
}

fn host_or_path(
    condition: &Params,
    field: &str,
    member: &str,
    config: Option<Params>,
) -> Result<(Value, usize), AwsError> {
    let mut values = condition.texts("Values")?;
    let mut regexes = condition.texts("RegexValues")?;
    if let Some(config) = config {
        let inner = (config.texts("Values")?, config.texts("RegexValues")?);
        let outer = (std::mem::take(&mut values), std::mem::take(&mut regexes));
        // What AWS shows is taken back: both forms, saying the same.
        if outer != (Vec::new(), Vec::new()) && outer != inner {
            return Err(validation(format!(
                "You cannot specify both 'Values' and '{member}' for a '{field}' condition"
            )));
        }
        (values, regexes) = inner;
    }
    if !values.is_empty() && !regexes.is_empty() {
        return Err(validation(format!("A '{field}' condition has either values or regex values")));
    }
    let count = values.len() + regexes.len();
    some(field, count)?;
    lengths(field, &values)?;
    lengths(field, &regexes)?;
    let (name, texts) =
        if regexes.is_empty() { ("Values", values) } else { ("RegexValues", regexes) };
    Ok((json!({"Field": field, name: texts, member: {name: texts}}), count))
}

fn some(field: &str, count: usize) -> Result<(), AwsError> {
    if count == 0 {
        return Err(validation(format!("A '{field}' condition must have a value")));
    }
    Ok(())
}

fn lengths(field: &str, values: &[String]) -> Result<(), AwsError> {
    match values.iter().find(|value| value.is_empty() || value.chars().count() > 128) {
        Some(bad) => Err(validation(format!(
            "The value '{bad}' of a '{field}' condition must be 1 to 128 characters long"
        ))),
        None => Ok(()),
    }
}

fn is_block(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(_)) => bits <= 32,
        Ok(std::net::IpAddr::V6(_)) => bits <= 128,
        Err(_) => false,
    }
}
