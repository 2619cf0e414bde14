//! Names of zones and records: lower case, with a dot at the end, in AWS's escapes.

use crate::local::error::AwsError;

/// `Shop.example.com` to `shop.example.com.`; what is no letter, digit, hyphen, underscore or dot becomes
/// `\052`, a backslash and three octal digits.
pub(super) fn normal(name: &str) -> String {
    let mut text = String::new();
    for character in name.trim_end_matches('.').chars() {
        match character {
            'A'..='Z' => text.push(character.to_ascii_lowercase()),
            'a'..='z' | '0'..='9' | '-' | '_' | '.' | '\\' => text.push(character),
            other => text.push_str(&format!("\\{:03o}", u32::from(other))),
        }
    }
    text.push('.');
    text
}

/// The labels from the end: the order in which AWS lists names.
pub(super) fn reversed(name: &str) -> String {
    let labels: Vec<&str> = name.trim_end_matches('.').rsplit('.').collect();
    labels.join(".") + "."
}

/// Is a normal name that of a zone, or below it?
pub(super) fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Labels of 1 to 63 characters, at most 255 in all.
pub(super) fn check(name: &str) -> Result<(), AwsError> {
    let inner = name.trim_end_matches('.');
    let good = !inner.is_empty()
        && inner.len() <= 255
        && inner.split('.').all(|label| (1..=63).contains(&label.len()));
    match good {
        true => Ok(()),
        false => {
            Err(AwsError::new("InvalidDomainName", format!("{name} is not a valid domain name")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(normal("*.Shop.example.com"), "\\052.shop.example.com.");
        assert_eq!(normal("\\052.example.com."), "\\052.example.com.");
        assert_eq!(reversed("a.example.com."), "com.example.a.");
        assert!(is_within("a.example.com.", "example.com."));
        assert!(is_within("example.com.", "example.com."));
        assert!(!is_within("anexample.com.", "example.com."));
    }
}
