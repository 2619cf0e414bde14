//! Lists: matched by key, by position, or as bags.

use std::collections::HashMap;

use serde_json::Value;

use super::pattern::Segment;
use super::{OutputRef, Walk};

/// Fields that name a list's elements, in the order they are tried.
const KEYS: [&str; 3] = ["name", "key", "id"];

impl Walk<'_> {
    pub(super) fn lists(&mut self, live: &Value, desired: &Value, a: &[Value], b: &[Value]) {
        let unordered = self.rules.unordered(&self.path);
        if let Some((a_keys, b_keys)) = keys(a, b) {
            self.keyed(live, desired, (a, &a_keys), (b, &b_keys), unordered);
        } else if is_plain(a) && is_plain(b) {
            let same = unordered && {
                let sorted = |items: &[Value]| {
                    let mut texts: Vec<String> = items.iter().map(number_blind).collect();
                    texts.sort_unstable();
                    texts
                };
                a.len() == b.len() && sorted(a) == sorted(b)
            };
            let equal_in_order = a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| number_blind(a) == number_blind(b));
            if !same && !equal_in_order {
                self.changed(live, desired);
            }
        } else if unordered {
            self.bags(a, b);
        } else {
            self.aligned(a, b);
        }
    }

    /// Elements with a name: matched by it, so that adding one shows just that one.
    fn keyed(
        &mut self,
        live: &Value,
        desired: &Value,
        (a, a_keys): (&[Value], &[String]),
        (b, b_keys): (&[Value], &[String]),
        unordered: bool,
    ) {
        let b_index: HashMap<&str, usize> =
            b_keys.iter().enumerate().map(|(index, key)| (key.as_str(), index)).collect();
        let matches: Vec<Option<usize>> =
            a_keys.iter().map(|key| b_index.get(key.as_str()).copied()).collect();
        if !unordered && !matches.iter().flatten().is_sorted() {
            return self.changed(live, desired);
        }
        for (index, before) in a.iter().enumerate() {
            match matches[index] {
                Some(other) => {
                    self.at(Segment::Index(other), |walk| walk.compare(before, &b[other]));
                }
                None => self.at(Segment::Index(index), |walk| walk.changed(before, &Value::Null)),
            }
        }
        let mut known = vec![false; b.len()];
        matches.iter().flatten().for_each(|index| known[*index] = true);
        for (index, after) in b.iter().enumerate().filter(|(index, _)| !known[*index]) {
            self.at(Segment::Index(index), |walk| walk.changed(&Value::Null, after));
        }
    }

    /// Order means nothing: what both sides hold is equal, the rest came or went.
    fn bags(&mut self, a: &[Value], b: &[Value]) {
        let mut by_text: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, item) in b.iter().enumerate().rev() {
            by_text.entry(item.to_string()).or_default().push(index);
        }
        let mut b_left = vec![true; b.len()];
        let mut a_left = Vec::new();
        for (index, item) in a.iter().enumerate() {
            match by_text.get_mut(&item.to_string()).and_then(Vec::pop) {
                Some(other) => b_left[other] = false,
                None => a_left.push(index),
            }
        }
        // What is not spelt the same may still be equal under the rules below this path.
        for index in a_left {
            let segment = || Segment::Index(index);
            let equal = (0..b.len()).find(|other| {
                b_left[*other] && {
                    let mut equal = false;
                    self.at(segment(), |walk| equal = walk.equal(&a[index], &b[*other]));
                    equal
                }
            });
            match equal {
                Some(other) => b_left[other] = false,
                None => self.at(segment(), |walk| walk.changed(&a[index], &Value::Null)),
            }
        }
        for (index, after) in b.iter().enumerate().filter(|(index, _)| b_left[*index]) {
            self.at(Segment::Index(index), |walk| walk.changed(&Value::Null, after));
        }
    }

    /// Order counts: equal ends are set aside, what lies between is compared one by one.
    fn aligned(&mut self, a: &[Value], b: &[Value]) {
        let shorter = a.len().min(b.len());
        let mut start = 0;
        while start < shorter && self.equal_at(start, &a[start], &b[start]) {
            start += 1;
        }
        let mut end = 0;
        while end < shorter - start
            && self.equal_at(b.len() - 1 - end, &a[a.len() - 1 - end], &b[b.len() - 1 - end])
        {
            end += 1;
        }
        let (a_end, b_end) = (a.len() - end, b.len() - end);
        for index in start..a_end.max(b_end) {
            let before = if index < a_end { &a[index] } else { &Value::Null };
            let after = if index < b_end { &b[index] } else { &Value::Null };
            self.at(Segment::Index(index), |walk| {
                if before.is_null() || after.is_null() {
                    walk.changed(before, after);
                } else {
                    walk.compare(before, after);
                }
            });
        }
    }

    fn equal_at(&mut self, index: usize, a: &Value, b: &Value) -> bool {
        let mut equal = false;
        self.at(Segment::Index(index), |walk| equal = walk.equal(a, b));
        equal
    }
}

/// A scalar as text, `1.0` as `1`.
fn number_blind(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_number() => number.to_string(),
        _ => value.to_string(),
    }
}

/// Whether a list holds scalars and references only: it is shown whole.
fn is_plain(items: &[Value]) -> bool {
    items.iter().all(|item| match item {
        Value::Array(_) => false,
        Value::Object(_) => OutputRef::from_value(item).is_some(),
        _ => true,
    })
}

/// The elements' names on both sides, if one field names every element of both.
fn keys(a: &[Value], b: &[Value]) -> Option<(Vec<String>, Vec<String>)> {
    KEYS.iter().find_map(|key| Some((names(a, key)?, names(b, key)?)))
}

fn names(items: &[Value], key: &str) -> Option<Vec<String>> {
    let names: Vec<String> = items
        .iter()
        .map(|item| match item.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1]).then_some(names)
}
