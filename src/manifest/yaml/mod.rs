//! YAML text as a tree in which every key and value knows its place.
//!
//! Reading, interpolating and merging trees lives here; what the keys mean does not.

mod interpolate;
mod merge;
mod parse;

pub(crate) use interpolate::{Undefined, interpolate};
pub(crate) use merge::overlay;
pub(crate) use parse::parse;

use super::problem::Span;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What a node holds. Scalars keep their text as written: what it means (`8080`, `012`, `yes`) is
/// decided by whoever reads it, who knows what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<Entry>),
    /// Something whose problem is already reported: whoever reads it says no more.
    Broken,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    /// Quoted, a block scalar, or tagged `!!str`: text, whatever it looks like.
    Text,
    /// Came out of `${...}`: it had to be quoted or not for reasons of its own.
    Interpolated,
}

/// A key of a mapping with its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) node: Node,
}

impl Node {
    /// The value of a key, when this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The entry or list item at a path such as `http.additional_rules.0.path`, or the nearest
    /// thing above it that exists: where to point when something there is wrong or missing.
    pub(crate) fn place(&self, path: &str) -> Span {
        self.places(path).1
    }

    /// The same, but always the key.
    pub(crate) fn place_of_key(&self, path: &str) -> Span {
        self.places(path).0
    }

    fn places(&self, path: &str) -> (Span, Span) {
        let top = self.get("name").or(self.entries().first());
        let mut place = top.map_or(self.span, |entry| entry.span);
        let mut node = self;
        for step in path.split('.').filter(|step| !step.is_empty()) {
            if let Some(entry) = node.get(step) {
                (node, place) = (&entry.node, entry.span);
                continue;
            }
            match (&node.value, step.parse::<usize>()) {
                (Value::Sequence(items), Ok(index)) if index < items.len() => {
                    node = &items[index];
                    place = node.span;
                }
                _ => return (place, place),
            }
        }
        // A scalar is pointed at itself, a block by its key.
        (place, if matches!(node.value, Value::Scalar(_)) { node.span } else { place })
    }
}
