//! From a YAML tree to checked types, collecting every problem on the way.
//!
//! A type says once what it looks like: [`record!`] and [`choice!`] make from one list of fields the
//! struct, its reader and its JSON Schema, so that the three cannot disagree. What a *combination*
//! of values may be is not decided here but in `check`.

mod json;
mod record;
mod scalars;
mod suggest;

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;

pub(crate) use json::{Json, json};
pub(crate) use record::{choice, record};
pub(crate) use scalars::*;
pub(crate) use suggest::{did_you_mean, list};

use super::Kind;
use super::problem::{Problem, Source, Span};
use super::refused;
use super::yaml::{Entry, Node, Scalar, Style, Value};

/// Something that can be read from a YAML node. The schema that [`JsonSchema`] gives must accept
/// exactly what `read` accepts.
pub(crate) trait Read: JsonSchema {
    /// What it is read as: the type itself, or for a notation (`Cidr`, `Seconds`) a plain type.
    type Value;

    /// The value; `None` when it is wrong, and then the reader knows why.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self::Value>;

    /// What stands when the key is left out; `None` when it must not be.
    fn absent() -> Option<Self::Value> {
        None
    }
}

/// Gathers problems while a file's tree is read.
pub(crate) struct Reader {
    pub(crate) source: Arc<Source>,
    pub(crate) problems: Vec<Problem>,
    kind: Kind,
    /// Keys from the root to here, each with its place.
    path: Vec<(String, Span)>,
    /// Whether missing keys are fine, because this is a part that is laid over something else.
    partial: bool,
    /// Whether this is `environments.<name>`, which cannot say which service it is.
    overriding: bool,
}

impl Reader {
    pub(crate) fn new(source: &Arc<Source>, kind: Kind, partial: bool) -> Self {
        Self {
            source: source.clone(),
            problems: Vec::new(),
            kind,
            path: Vec::new(),
            partial,
            overriding: false,
        }
    }

    /// Reports an error at a place.
    pub(crate) fn error(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        let problem = Problem::error(&self.source, span, message);
        self.problems.push(problem);
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// The name of what is being read, for messages: `http.path`, or `the manifest`.
    pub(crate) fn here(&self) -> String {
        if self.path.is_empty() {
            "the manifest".to_owned()
        } else {
            format!("`{}`", self.dotted())
        }
    }

    fn dotted(&self) -> String {
        let mut out = String::new();
        for (step, _) in &self.path {
            if !out.is_empty() && !step.starts_with('[') {
                out.push('.');
            }
            out.push_str(step);
        }
        out
    }

    /// Reports that a node has the wrong form.
    pub(crate) fn wrong<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        let what = match &node.value {
            Value::Broken => return None,
            Value::Null => "has no value".to_owned(),
            Value::Sequence(_) => "is a list".to_owned(),
            Value::Mapping(_) => "is a map".to_owned(),
            Value::Scalar(scalar) => format!("is `{}`", brief(&scalar.text)),
        };
        if self.refuse(node) {
            return None;
        }
        let here = self.here();
        let span = match &node.value {
            Value::Scalar(_) => node.span,
            _ => self.path.last().map_or(node.span, |(_, span)| *span),
        };
        self.error(span, format!("{here} {what}")).expected = Some(expected.to_owned());
        None
    }

    /// Reports keys of a map that are known and refused, where no map belongs; false when there are none.
    fn refuse(&mut self, node: &Node) -> bool {
        let before = self.problems.len();
        for entry in node.entries() {
            let path = format!("{}.{}", self.dotted(), entry.key);
            if let Some(refusal) = refused::key(self.kind, &path) {
                self.error(entry.span, format!("`{path}` {}", refusal.why)).help =
                    Some(refusal.instead.to_owned());
            }
        }
        self.problems.len() > before
    }

    /// Reads a node one step further down.
    pub(crate) fn at<T: Read>(
        &mut self,
        step: String,
        span: Span,
        node: &Node,
    ) -> Option<T::Value> {
        self.path.push((step, span));
        let value = T::read(node, self);
        self.path.pop();
        value
    }

    /// Reads `environments.<name>`: every key of `T` but those that say which service it is.
    pub(crate) fn part<T: Read>(&mut self, part: &Entry, node: &Node) {
        self.path = vec![("environments".to_owned(), part.span), (part.key.clone(), part.span)];
        self.overriding = true;
        if node.is_null() {
            return;
        }
        T::read(node, self);
    }

    /// The fields of a mapping; reports anything else.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, expected: &str) -> Option<Fields<'n>> {
        match &node.value {
            Value::Mapping(_) => Some(Fields { node, known: Vec::new(), missing: Vec::new() }),
            // An empty manifest part reads as a map without keys, so that what is missing is named.
            Value::Null => Some(Fields { node, known: Vec::new(), missing: Vec::new() }),
            _ => {
                let example = refused::example(&self.dotted());
                let before = self.problems.len();
                self.wrong::<()>(node, expected);
                if let Some(problem) = self.problems.get_mut(before) {
                    problem.help = example;
                }
                None
            }
        }
    }

    /// The scalar's text, whatever it looks like; reports lists, maps and nothing.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n Scalar> {
        match &node.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => self.wrong(node, expected),
        }
    }

    /// A whole number; quoted ones are refused, since what reads them elsewhere would see text.
    pub(crate) fn integer(&mut self, node: &Node, expected: &str) -> Option<i64> {
        let scalar = self.text(node, expected)?;
        let Ok(number) = scalar.text.parse::<i64>() else { return self.wrong(node, expected) };
        if scalar.style == Style::Text {
            self.wrong::<()>(node, expected);
            if let Some(problem) = self.problems.last_mut() {
                problem.message.push_str(" in quotes, which makes it text");
                problem.help = Some(format!("remove the quotes: {number}"));
            }
            return None;
        }
        Some(number)
    }
}

/// At most 60 characters of a value, on one line.
pub(crate) fn brief(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(61).collect();
    if line.chars().count() > 60 {
        line.chars().take(57).chain("...".chars()).collect()
    } else {
        line
    }
}

/// More keys than these are no help in a message.
const MOST_LISTED: usize = 20;

/// A mapping whose keys are being read one by one.
pub(crate) struct Fields<'n> {
    pub(crate) node: &'n Node,
    known: Vec<&'static str>,
    /// Reported at the end, unless something refused stands in their place.
    missing: Vec<Problem>,
}

impl Fields<'_> {
    /// The value of a key, or what its absence means; a key without a value counts as absent.
    pub(crate) fn field<T: Read>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
    ) -> Option<T::Value> {
        if reader.overriding && reader.path.len() == 2 && super::service::IDENTITY.contains(&key) {
            return T::absent();
        }
        self.known.push(key);
        let present = self.node.get(key).filter(|entry| !entry.node.is_null());
        if let Some(entry) = present {
            // What cannot be read is reported; a stand-in lets the rest be looked at too.
            return reader.at::<T>(key.to_owned(), entry.span, &entry.node).or_else(T::absent);
        }
        let absent = T::absent();
        if absent.is_none() && !reader.partial {
            let here = reader.here();
            let first = self.node.entries().first().map_or(self.node.span, |entry| entry.span);
            let span = reader.path.last().map_or(first, |(_, span)| *span);
            let path = if reader.path.is_empty() {
                key.to_owned()
            } else {
                format!("{}.{key}", reader.dotted())
            };
            let help = refused::how_to_write(&path);
            let problem = Problem::error(&reader.source, span, format!("{here} has no `{key}`"));
            self.missing.push(problem.help(help));
        }
        absent
    }

    /// The same, with a value for when the key is left out.
    pub(crate) fn field_or<T: Read>(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
        default: T::Value,
    ) -> Option<T::Value> {
        if self.node.get(key).is_some_and(|entry| !entry.node.is_null()) {
            self.field::<T>(reader, key).or(Some(default))
        } else {
            self.known.push(key);
            Some(default)
        }
    }

    /// Reports every key that was not asked for, and those that are missing.
    pub(crate) fn finish(self, reader: &mut Reader) {
        let strangers: Vec<&Entry> = self
            .node
            .entries()
            .iter()
            .filter(|entry| !self.known.contains(&entry.key.as_str()))
            .collect();
        let mut replaced = false;
        for entry in strangers {
            let above = reader.dotted();
            let path =
                if above.is_empty() { entry.key.clone() } else { format!("{above}.{}", entry.key) };
            if let Some(refusal) = refused::key(reader.kind, &path) {
                let problem = reader.error(entry.span, format!("`{path}` {}", refusal.why));
                problem.help = Some(refusal.instead.to_owned());
                replaced = true;
                continue;
            }
            let place = if above.is_empty() { above } else { format!(" in `{above}`") };
            let help = did_you_mean(&entry.key, &self.known)
                .or_else(|| super::schema::elsewhere(reader.kind, &entry.key, &path))
                .unwrap_or_else(|| format!("`shipit schema {}` prints every key", reader.kind));
            let kind = reader.kind;
            let problem = reader.error(entry.span, format!("unknown key `{}`{place}", entry.key));
            problem.expected = Some(match self.known.len() > MOST_LISTED {
                true => format!("one of the keys that `shipit schema {kind}` prints"),
                false => list(&self.known),
            });
            problem.help = Some(help);
        }
        if !replaced || reader.path.is_empty() {
            reader.problems.extend(self.missing);
        }
    }
}

impl<T: Read> Read for Option<T> {
    type Value = Option<T::Value>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self::Value> {
        T::read(node, reader).map(Some)
    }

    fn absent() -> Option<Self::Value> {
        Some(None)
    }
}

impl<T: Read> Read for Vec<T> {
    type Value = Vec<T::Value>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self::Value> {
        let Value::Sequence(items) = &node.value else {
            reader.wrong::<()>(node, "a list: one `- value` per line");
            return None;
        };
        let values: Vec<_> = items
            .iter()
            .enumerate()
            .map(|(index, item)| reader.at::<T>(format!("[{index}]"), item.span, item))
            .collect();
        values.into_iter().collect()
    }

    fn absent() -> Option<Self::Value> {
        Some(Vec::new())
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    type Value = BTreeMap<String, T::Value>;

    fn read(node: &Node, reader: &mut Reader) -> Option<Self::Value> {
        if !matches!(node.value, Value::Mapping(_)) {
            return reader.wrong(node, "a map: one `name: value` per line");
        }
        let values: Vec<_> = node
            .entries()
            .iter()
            .map(|entry| {
                Some((
                    entry.key.clone(),
                    reader.at::<T>(entry.key.clone(), entry.span, &entry.node)?,
                ))
            })
            .collect();
        values.into_iter().collect()
    }

    fn absent() -> Option<Self::Value> {
        Some(BTreeMap::new())
    }
}
