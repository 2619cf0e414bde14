//! The TXT record beside a record that says whose it is: what tags are elsewhere.

use crate::engine::Identity;
use crate::resources::resource::Tags;

/// How long resolvers remember it: nobody asks.
pub(super) const TTL: i64 = 300;
const PREFIX: &str = "_shipit-";
/// What stands for the star of a wildcard.
const ANY: &str = "_any";
const FIRST: &str = "shipit";
/// Characters of one string of a TXT record.
const LONGEST: usize = 255;

/// The name of the mark of a record: `_shipit-a.shop.example.com`.
pub(super) fn name(record: &str, kind: &str) -> String {
    let record = match record.strip_prefix("*.") {
        Some(rest) => format!("{ANY}.{rest}"),
        None => record.to_owned(),
    };
    format!("{PREFIX}{}.{record}", kind.to_ascii_lowercase())
}

/// The record that a name marks: its name and type.
pub(super) fn marked(name: &str) -> Option<(String, String)> {
    let (kind, record) = name.strip_prefix(PREFIX)?.split_once('.')?;
    let record = match record.strip_prefix(ANY).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) => format!("*.{rest}"),
        None => record.to_owned(),
    };
    Some((record, kind.to_ascii_uppercase()))
}

/// Its value: ownership tags in quotes.
pub(super) fn value(identity: &Identity) -> String {
    let mut text = FIRST.to_owned();
    for (key, value) in identity.tags() {
        let key = key.strip_prefix("shipit:").unwrap_or(&key).to_owned();
        text.push_str(&format!(" {key}={value}"));
    }
    let characters: Vec<char> = text.chars().collect();
    let parts: Vec<String> = characters
        .chunks(LONGEST)
        .map(|part| format!("\"{}\"", part.iter().collect::<String>()))
        .collect();
    parts.join(" ")
}

/// The tags that a value stands for; none if it is no mark.
pub(super) fn tags(value: &str) -> Tags {
    let text = value.trim().trim_matches('"').replace("\" \"", "");
    let mut words = text.split(' ');
    if words.next() != Some(FIRST) {
        return Tags::new();
    }
    words
        .filter_map(|word| word.split_once('='))
        .map(|(key, value)| (format!("shipit:{key}"), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    #[test]
    fn a_mark_says_whose_a_record_is() {
        let identity = Identity {
            application: "demo".into(),
            environment: "test".into(),
            owner: Owner::Service("web".into()),
            address: Address::new("route53/record", "web/shop.example.com"),
            generation: 1,
            run: String::new(),
        };
        let text = value(&identity);
        assert_eq!(
            text,
            "\"shipit application=demo environment=test resource=route53/record.web/shop.example.com service=web\""
        );
        assert_eq!(Identity::from_tags(&tags(&text), "demo", "test").unwrap(), identity);
        let long = Identity {
            address: Address::new("route53/record", format!("web/{}", "a".repeat(250))),
            ..identity
        };
        assert_eq!(Identity::from_tags(&tags(&value(&long)), "demo", "test").unwrap(), long);
        assert_eq!(tags("\"v=spf1 -all\""), Tags::new());
    }

    #[test]
    fn its_name_leads_back_to_the_record() {
        for (record, kind, mark) in [
            ("shop.example.com", "A", "_shipit-a.shop.example.com"),
            ("*.example.com", "CNAME", "_shipit-cname._any.example.com"),
        ] {
            assert_eq!(name(record, kind), mark);
            assert_eq!(marked(mark), Some((record.to_owned(), kind.to_owned())));
        }
        assert_eq!(marked("shop.example.com"), None);
    }
}
