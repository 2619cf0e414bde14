//! awsQuery and ec2Query requests: `A.member.1.B=c` and `A.1.B=c` to nested values. Every leaf
//! is a string here; `Params` reads numbers and booleans from it.

use serde_json::{Map, Value};

use super::escape::{self, Plus};
use crate::local::error::AwsError;
use crate::local::service::Service;

pub(super) fn decode(service: &Service, body: &[u8]) -> Result<(Option<String>, Value), AwsError> {
    let text = std::str::from_utf8(body)
        .map_err(|_| AwsError::new("MalformedQueryString", "the body is not UTF-8"))?;
    let mut root = Map::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        insert(&mut root, &unescape(name)?, unescape(value)?)?;
    }
    let mut take = |name: &str| match root.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let action = take("Action");
    let version = take("Version");
    if let Some(version) = version.filter(|version| version != service.target) {
        return Err(AwsError::not_modelled(format!(
            "local AWS serves version {} of {}, not {version}",
            service.target, service.name
        )));
    }
    Ok((action, lists(Value::Object(root))))
}

fn insert(root: &mut Map<String, Value>, name: &str, value: String) -> Result<(), AwsError> {
    let malformed = || AwsError::new("MalformedQueryString", format!("`{name}` is given twice"));
    let parts: Vec<&str> = name.split('.').collect();
    if parts.len() > 32 {
        return Err(AwsError::new("MalformedQueryString", format!("`{name}` is too deep")));
    }
    let Some((last, path)) = parts.split_last() else { return Err(malformed()) };
    let mut at = root;
    for part in path {
        let next = at.entry((*part).to_owned()).or_insert_with(|| Value::Object(Map::new()));
        at = next.as_object_mut().ok_or_else(malformed)?;
    }
    if at.insert((*last).to_owned(), Value::String(value)).is_some() {
        return Err(malformed());
    }
    Ok(())
}

/// Turns `{"1": a, "2": b}` and `{"member": {"1": a}}` into `[a, b]`, and `{"entry": [{key, value}]}` into a map.
fn lists(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let members: Map<String, Value> =
        members.into_iter().map(|(name, value)| (name, lists(value))).collect();
    let numbered = |name: &String| name.parse::<u32>().is_ok();
    if !members.is_empty() && members.keys().all(numbered) {
        let mut items: Vec<(u32, Value)> = members
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap_or_default(), value))
            .collect();
        items.sort_by_key(|(at, _)| *at);
        return Value::Array(items.into_iter().map(|(_, value)| value).collect());
    }
    if members.len() == 1 {
        if let Some(items @ Value::Array(_)) = members.get("member") {
            return items.clone();
        }
        // Maps of older models (`MessageAttributes` of SNS) spell it otherwise: their handlers read them.
        let keyed = |entries: &Vec<Value>| entries.iter().all(|entry| entry.get("key").is_some());
        if let Some(Value::Array(entries)) =
            members.get("entry").filter(|entries| entries.as_array().is_some_and(keyed))
        {
            let entry = |entry: &Value| {
                Some((entry.get("key")?.as_str()?.to_owned(), entry.get("value")?.clone()))
            };
            return Value::Object(entries.iter().filter_map(entry).collect());
        }
    }
    Value::Object(members)
}

fn unescape(text: &str) -> Result<String, AwsError> {
    escape::decode(text, Plus::IsSpace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decoded(body: &str) -> Value {
        let mut root = Map::new();
        for pair in body.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            insert(&mut root, &unescape(name).unwrap(), unescape(value).unwrap()).unwrap();
        }
        lists(Value::Object(root))
    }

    #[test]
    fn names_with_dots_nest() {
        assert_eq!(
            decoded(
                "VpcId.1=a&VpcId.2=b&Tags.member.1.Key=k+1&Tags.member.1.Value=%C3%A9&Ids.10=z&Ids.9=y\
                 &Map.entry.1.key=x&Map.entry.1.value=1&Empty="
            ),
            json!({
                "VpcId": ["a", "b"],
                "Tags": [{"Key": "k 1", "Value": "é"}],
                "Ids": ["y", "z"],
                "Map": {"x": "1"},
                "Empty": "",
            })
        );
    }

    #[test]
    fn bad_escapes_and_clashes_are_refused() {
        assert!(unescape("%4").is_err());
        assert!(unescape("%zz").is_err());
        assert!(unescape("%ff").is_err());
        let mut root = Map::new();
        insert(&mut root, "a", "1".into()).unwrap();
        assert!(insert(&mut root, "a.b", "1".into()).is_err());
        assert!(insert(&mut root, "a", "2".into()).is_err());
    }
}
