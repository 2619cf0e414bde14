//! CloudWatch's filter patterns, as far as lines of pods need them: words, `"several words"`, `-without`, `?either ?or`, and one or more
//! comparisons of members of JSON, `{ $.level = "error" && $.status >= 500 }`.

use serde_json::Value;

use crate::engine::{Class, Failure};

/// What lines fit.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Words {
        all: Vec<String>,
        any: Vec<String>,
        none: Vec<String>,
    },
    /// Comparisons of which all of one group must hold.
    Json(Vec<Vec<Comparison>>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Comparison {
    path: Vec<String>,
    operator: &'static str,
    value: String,
}

const OPERATORS: [&str; 6] = ["!=", ">=", "<=", "=", ">", "<"];

fn wrong(pattern: &str) -> Failure {
    Failure::new(Class::Invalid, format!("`--filter {pattern}` makes no sense")).with_hint(
        "a pattern is words that all must be there, `\"several words\"`, `-without`, `?either ?or`, \
         or `{ $.level = \"error\" }` for lines of JSON",
    )
}

impl Filter {
    pub(super) fn of(pattern: &str) -> Result<Self, Failure> {
        let text = pattern.trim();
        if let Some(inside) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            let groups = inside.split("||").map(|group| {
                group.split("&&").map(|one| comparison(one).ok_or_else(|| wrong(pattern))).collect()
            });
            return groups.collect::<Result<_, _>>().map(Self::Json);
        }
        if text.starts_with(['{', '[', '%']) {
            return Err(wrong(pattern));
        }
        let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let list = match first {
                '?' => &mut any,
                '-' => &mut none,
                _ => &mut all,
            };
            rest = rest.strip_prefix(['?', '-']).unwrap_or(rest);
            let word = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let (word, more) = quoted.split_once('"').ok_or_else(|| wrong(pattern))?;
                    rest = more;
                    word
                }
                None => {
                    let (word, more) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                    // CloudWatch takes other characters in quotes alone.
                    let plain = |c: char| c.is_alphanumeric() || c == '_';
                    if word.is_empty() || !word.chars().all(plain) {
                        return Err(wrong(pattern));
                    }
                    rest = more;
                    word
                }
            };
            list.push(word.to_owned());
            rest = rest.trim_start();
        }
        Ok(Self::Words { all, any, none })
    }

    pub(super) fn fits(&self, message: &str) -> bool {
        let has = |word: &String| message.contains(word.as_str());
        match self {
            Self::Words { all, any, none } => {
                all.iter().all(has)
                    && (any.is_empty() || any.iter().any(has))
                    && !none.iter().any(has)
            }
            Self::Json(groups) => {
                let Ok(line) = serde_json::from_str::<Value>(message) else { return false };
                groups.iter().any(|group| group.iter().all(|one| one.holds(&line)))
            }
        }
    }
}

fn comparison(text: &str) -> Option<Comparison> {
    let found = OPERATORS.iter().filter_map(|operator| Some((text.find(operator)?, *operator)));
    // `>=` before `=` where both begin alike.
    let (at, operator) =
        found.min_by_key(|(at, operator)| (*at, std::cmp::Reverse(operator.len())))?;
    let (path, value) = (text[..at].trim(), text[at + operator.len()..].trim());
    let path: Vec<String> = path.strip_prefix("$.")?.split('.').map(str::to_owned).collect();
    let value = value.strip_prefix('"').map_or(Some(value), |value| value.strip_suffix('"'))?;
    let whole = path.iter().all(|part| !part.is_empty()) && !value.is_empty();
    whole.then(|| Comparison { path, operator, value: value.to_owned() })
}

impl Comparison {
    fn holds(&self, line: &Value) -> bool {
        let member = self.path.iter().try_fold(line, |value, part| value.get(part));
        let Some(member) = member else { return false };
        let text = match member {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let numbers = || Some((member.as_f64()?, self.value.parse::<f64>().ok()?));
        match self.operator {
            "=" | "!=" => {
                let same = match self.value.split_once('*') {
                    Some((start, end)) => {
                        text.len() >= start.len() + end.len()
                            && text.starts_with(start)
                            && text.ends_with(end)
                    }
                    None => text == self.value || numbers().is_some_and(|(a, b)| a == b),
                };
                same == (self.operator == "=")
            }
            ">" => numbers().is_some_and(|(a, b)| a > b),
            "<" => numbers().is_some_and(|(a, b)| a < b),
            ">=" => numbers().is_some_and(|(a, b)| a >= b),
            _ => numbers().is_some_and(|(a, b)| a <= b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_patterns_as_in_cloudwatch() {
        let fits = |pattern: &str, line: &str| Filter::of(pattern).unwrap().fits(line);
        assert!(fits("", "anything"));
        assert!(fits("ERROR database", "ERROR: no database"));
        assert!(!fits("ERROR database", "ERROR: no disk"));
        assert!(fits("\"no disk\" -warn", "ERROR: no disk"));
        assert!(!fits("ERROR -disk", "ERROR: no disk"));
        assert!(fits("?WARN ?ERROR", "ERROR"));
        assert!(!fits("?WARN ?ERROR", "INFO"));
        let line = r#"{"level":"error","status":503,"a":{"b":"x.y"}}"#;
        assert!(fits("{ $.level = \"error\" }", line));
        assert!(fits("{ $.status >= 500 && $.a.b = x* }", line));
        assert!(fits("{ $.status = 1 || $.level != info }", line));
        assert!(!fits("{ $.other = 1 }", line));
        assert!(!fits("{ $.level = error }", "no JSON"));
        for wrong in ["a.b", "{ level = 1 }", "{ $.level }", "[a, b]", "\"open", "{ $.a = 1"] {
            assert!(Filter::of(wrong).is_err(), "{wrong}");
        }
    }
}
