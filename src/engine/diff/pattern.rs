//! Rule paths, compiled once per kind and matched while two documents are walked.

use serde_json::Value;

use crate::engine::Rule;

/// One step down a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// A field of an object, or a key of a map.
    Key(String),
    /// An element of a list.
    Index(usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Key(&'static str),
    Each,
    AnyKey,
}

impl Part {
    fn matches(&self, segment: &Segment) -> bool {
        match (self, segment) {
            (Self::Key(key), Segment::Key(name)) => key == name,
            (Self::Each, Segment::Index(_)) | (Self::AnyKey, Segment::Key(_)) => true,
            _ => false,
        }
    }
}

/// One rule's path.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

impl Pattern {
    fn new(path: &'static str) -> Self {
        let mut parts = Vec::new();
        for piece in path.split('.') {
            let name = piece.trim_end_matches("[]");
            match name {
                "" => {}
                "*" => parts.push(Part::AnyKey),
                name => parts.push(Part::Key(name)),
            }
            let lists = (piece.len() - name.len()) / 2;
            parts.extend((0..lists).map(|_| Part::Each));
        }
        Self { parts }
    }

    /// The path is exactly this one.
    fn is(&self, path: &[Segment]) -> bool {
        self.parts.len() == path.len() && self.covers(path)
    }

    /// The path is this one or lies below it.
    fn covers(&self, path: &[Segment]) -> bool {
        self.parts.len() <= path.len()
            && self.parts.iter().zip(path).all(|(part, segment)| part.matches(segment))
    }

    /// What is left of the pattern below `path`, if it goes below it.
    fn below(&self, path: &[Segment]) -> Option<&[Part]> {
        let (above, rest) = self.parts.split_at_checked(path.len())?;
        let fits = above.iter().zip(path).all(|(part, segment)| part.matches(segment));
        (fits && !rest.is_empty()).then_some(rest)
    }
}

/// Whether the rest of a pattern selects anything in `value`.
fn selects(rest: &[Part], value: &Value) -> bool {
    match (rest.split_first(), value) {
        (_, Value::Null) => false,
        (None, _) => true,
        (Some((Part::Key(key), rest)), Value::Object(fields)) => {
            fields.get(*key).is_some_and(|field| selects(rest, field))
        }
        (Some((Part::AnyKey, rest)), Value::Object(fields)) => {
            fields.values().any(|field| selects(rest, field))
        }
        (Some((Part::Each, rest)), Value::Array(items)) => {
            items.iter().any(|item| selects(rest, item))
        }
        _ => false,
    }
}

fn mask_below(rest: &[Part], value: &mut Value) {
    match (rest.split_first(), value) {
        (_, Value::Null) => {}
        (None, value) => *value = Value::String(MASK.to_owned()),
        (Some((Part::Key(key), rest)), Value::Object(fields)) => {
            if let Some(field) = fields.get_mut(*key) {
                mask_below(rest, field);
            }
        }
        (Some((Part::AnyKey, rest)), Value::Object(fields)) => {
            fields.values_mut().for_each(|field| mask_below(rest, field));
        }
        (Some((Part::Each, rest)), Value::Array(items)) => {
            items.iter_mut().for_each(|item| mask_below(rest, item));
        }
        _ => {}
    }
}

/// What stands where a sensitive value would be shown.
pub const MASK: &str = "(sensitive)";

/// All rules of one kind.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    immutable: Vec<Pattern>,
    unordered: Vec<Pattern>,
    owned_elsewhere: Vec<Pattern>,
    policy: Vec<Pattern>,
    sensitive: Vec<Pattern>,
}

impl Rules {
    /// Compiles a kind's rules.
    pub fn new(rules: &[Rule]) -> Self {
        let mut compiled = Self::default();
        for rule in rules {
            let list = match rule {
                Rule::Immutable(_) => &mut compiled.immutable,
                Rule::Unordered(_) => &mut compiled.unordered,
                Rule::OwnedElsewhere(..) => &mut compiled.owned_elsewhere,
                Rule::Policy(_) => &mut compiled.policy,
                Rule::Sensitive(_) => &mut compiled.sensitive,
                // Says what is no reference, and nothing about differences.
                Rule::Names(_) | Rule::SaysNames => continue,
            };
            list.push(Pattern::new(rule.path()));
        }
        compiled
    }

    pub(super) fn unordered(&self, path: &[Segment]) -> bool {
        self.unordered.iter().any(|pattern| pattern.is(path))
    }

    pub(super) fn owned_elsewhere(&self, path: &[Segment]) -> bool {
        self.owned_elsewhere.iter().any(|pattern| pattern.is(path))
    }

    pub(super) fn policy(&self, path: &[Segment]) -> bool {
        self.policy.iter().any(|pattern| pattern.is(path))
    }

    /// Whether a difference at `path` forces a replacement: a rule covers the path, or selects
    /// something in the values below it.
    pub(super) fn immutable(&self, path: &[Segment], before: &Value, after: &Value) -> bool {
        self.immutable.iter().any(|pattern| {
            pattern.covers(path)
                || pattern
                    .below(path)
                    .is_some_and(|rest| selects(rest, before) || selects(rest, after))
        })
    }

    pub(super) fn sensitive(&self, path: &[Segment]) -> bool {
        self.sensitive.iter().any(|pattern| pattern.covers(path))
    }

    /// Masks sensitive parts of a value that stands at `path`.
    pub(super) fn mask(&self, path: &[Segment], value: &mut Value) {
        for pattern in &self.sensitive {
            if let Some(rest) = pattern.below(path) {
                mask_below(rest, value);
            }
        }
    }

    /// Masks every sensitive part of a whole document.
    pub fn mask_all(&self, document: &mut Value) {
        self.mask(&[], document);
    }

    /// Takes the fields that are owned elsewhere out of a document. Fields inside lists stay: a
    /// difference there is no change either way.
    pub fn drop_owned_elsewhere(&self, document: &mut Value) {
        for pattern in &self.owned_elsewhere {
            let Some((Part::Key(last), parents)) = pattern.parts.split_last() else { continue };
            let parent = parents.iter().try_fold(&mut *document, |value, part| match part {
                Part::Key(key) => value.get_mut(*key),
                Part::Each | Part::AnyKey => None,
            });
            if let Some(Value::Object(fields)) = parent {
                fields.remove(*last);
            }
        }
    }

    /// Puts the live values of fields that are owned elsewhere into a desired document, so
    /// that a call which sends whole documents leaves them alone. Fields inside lists stay.
    pub fn keep_owned_elsewhere(&self, live: &Value, desired: &mut Value) {
        for pattern in &self.owned_elsewhere {
            let keys: Option<Vec<&str>> = pattern
                .parts
                .iter()
                .map(|part| if let Part::Key(key) = part { Some(*key) } else { None })
                .collect();
            let Some((last, parents)) = keys.as_deref().and_then(<[&str]>::split_last) else {
                continue;
            };
            let from = parents.iter().try_fold(live, |value, key| value.get(*key));
            let to = parents.iter().try_fold(&mut *desired, |value, key| value.get_mut(*key));
            if let (Some(found), Some(Value::Object(fields))) =
                (from.and_then(|value| value.get(*last)), to)
                && !found.is_null()
            {
                fields.insert((*last).to_owned(), found.clone());
            }
        }
    }
}

/// The path as people read it: `containers[0].image`.
pub(super) fn text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Segment::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}
