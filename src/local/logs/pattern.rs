//! Filter patterns of plain words: `ERROR`, `"two words"`, `-debug`, `?ERROR ?WARN`. Patterns of
//! JSON members, of columns and regular expressions are refused loudly.

use crate::local::error::AwsError;
use crate::local::params::Params;

/// Which messages are wanted: those with all of `all`, one of `any` (if there are some), and none
/// of `none`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    pub(super) fn parse(text: &str, input: &Params) -> Result<Self, AwsError> {
        let refused = |what: &str| {
            AwsError::not_modelled(format!(
                "local AWS does not model {what} in filterPattern of logs:FilterLogEvents"
            ))
        };
        let mut pattern = Self::default();
        let mut rest = text.trim();
        match rest.chars().next() {
            Some('{') => return Err(refused("JSON selectors")),
            Some('[') => return Err(refused("columns")),
            _ => {}
        }
        while let Some(first) = rest.chars().next() {
            let terms = match first {
                '?' => &mut pattern.any,
                '-' => &mut pattern.none,
                _ => &mut pattern.all,
            };
            rest = rest.strip_prefix(['?', '-']).unwrap_or(rest);
            if rest.starts_with('%') {
                return Err(refused("regular expressions"));
            }
            let (term, more) = word(rest)
                .ok_or_else(|| input.invalid(format!("Invalid filter pattern: {text}")))?;
            terms.push(term);
            rest = more.trim_start();
        }
        let others = !pattern.all.is_empty() || !pattern.none.is_empty();
        if others && !pattern.any.is_empty() {
            return Err(refused("'?' beside other terms"));
        }
        Ok(pattern)
    }

    pub(super) fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        self.all.iter().all(has)
            && (self.any.is_empty() || self.any.iter().any(has))
            && !self.none.iter().any(has)
    }
}

/// The word at the beginning, and what follows: quoted, or of letters, digits and underscores.
fn word(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut term = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => return (!term.is_empty()).then_some((term, &quoted[at + 1..])),
                '\\' => term.push(characters.next()?.1),
                _ => term.push(character),
            }
        }
        return None;
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (term, rest) = text.split_at(end);
    let plain = !term.is_empty() && term.chars().all(|c| c.is_alphanumeric() || c == '_');
    plain.then(|| (term.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::logs::SERVICE;

    fn parse(text: &str) -> Result<Pattern, String> {
        let operation = SERVICE.operation("FilterLogEvents").unwrap();
        let input = Params::new(serde_json::json!({}), &SERVICE, operation);
        Pattern::parse(text, &input).map_err(|error| error.to_string())
    }

    #[test]
    fn words_phrases_exclusions_and_choices() {
        let matches = |pattern: &str, message: &str| parse(pattern).unwrap().matches(message);
        assert!(matches("", "anything"));
        assert!(matches("ERROR code", "code 5: ERROR"));
        assert!(!matches("ERROR code", "ERROR"));
        assert!(!matches("error", "ERROR"));
        assert!(matches(r#""a \"b\"" -debug"#, r#"has a "b""#));
        assert!(!matches(r#""a \"b\"" -debug"#, r#"has a "b" debug"#));
        assert!(matches("?ERROR ?WARN", "WARN: low"));
        assert!(!matches("?ERROR ?WARN", "INFO"));
    }

    #[test]
    fn what_is_not_modelled_is_refused_and_what_is_wrong_is_invalid() {
        let all = ["{ $.a = 1 }", "[a, b]", "%x+%", "?a b", "a.b", "\"open"];
        let found: Vec<String> = all.iter().map(|text| parse(text).unwrap_err()).collect();
        assert_eq!(
            found,
            [
                "NotImplementedByLocalAws: local AWS does not model JSON selectors in filterPattern of logs:FilterLogEvents",
                "NotImplementedByLocalAws: local AWS does not model columns in filterPattern of logs:FilterLogEvents",
                "NotImplementedByLocalAws: local AWS does not model regular expressions in filterPattern of logs:FilterLogEvents",
                "NotImplementedByLocalAws: local AWS does not model '?' beside other terms in filterPattern of logs:FilterLogEvents",
                "InvalidParameterException: Invalid filter pattern: a.b",
                "InvalidParameterException: Invalid filter pattern: \"open",
            ]
        );
    }
}
