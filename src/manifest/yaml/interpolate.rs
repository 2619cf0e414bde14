//! `${NAME}` in scalar values.

use std::sync::Arc;

use super::{Node, Style, Value};
use crate::manifest::problem::{Problem, Source, Span};

/// Replaces `${NAME}` in every scalar value (keys are left alone) by what `lookup` says, and `\${`
/// by `${`. What came out is text: it is not parsed as YAML again.
pub(crate) fn interpolate(
    node: &mut Node,
    source: &Arc<Source>,
    lookup: &dyn Fn(&str) -> Result<String, Undefined>,
    problems: &mut Vec<Problem>,
) {
    match &mut node.value {
        Value::Null | Value::Broken => {}
        Value::Sequence(items) => {
            items.iter_mut().for_each(|item| interpolate(item, source, lookup, problems));
        }
        Value::Mapping(entries) => {
            entries
                .iter_mut()
                .for_each(|entry| interpolate(&mut entry.node, source, lookup, problems));
        }
        Value::Scalar(scalar) if scalar.text.contains("${") => {
            if let Some(text) = expand(&scalar.text, node.span, source, lookup, problems) {
                scalar.text = text;
                scalar.style = Style::Interpolated;
            } else {
                node.value = Value::Broken;
            }
        }
        Value::Scalar(_) => {}
    }
}

/// Why a name has no value, for the `help:` line.
pub(crate) struct Undefined {
    pub(crate) help: String,
}

fn expand(
    text: &str,
    span: Span,
    source: &Arc<Source>,
    lookup: &dyn Fn(&str) -> Result<String, Undefined>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut whole = true;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('\\') {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let name = rest.split('}').next().unwrap_or_default();
        let problem = if name.len() == rest.len() {
            Some((
                format!("${{{rest}"),
                "this `${` is never closed".to_owned(),
                "add the missing `}`, or write `\\${` for the text itself".to_owned(),
            ))
        } else if !is_name(name) {
            Some((
                format!("${{{name}}}"),
                format!("`{name}` is not the name of a variable"),
                "write `${NAME}`, or `\\${` for the text itself".to_owned(),
            ))
        } else {
            match lookup(name) {
                Ok(value) => {
                    out.push_str(&value);
                    None
                }
                Err(undefined) => Some((
                    format!("${{{name}}}"),
                    format!("`${{{name}}}` is not defined"),
                    undefined.help,
                )),
            }
        };
        if let Some((needle, message, help)) = problem {
            problems
                .push(Problem::error(source, within(source, span, &needle), message).help(help));
            whole = false;
        }
        rest = rest.get(name.len() + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    whole.then_some(out)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The part of the scalar that says `needle`, or all of it when it is written in another way there.
fn within(source: &Source, span: Span, needle: &str) -> Span {
    let text = source.text.get(span.offset..span.offset + span.length).unwrap_or_default();
    text.find(needle).map_or(span, |at| Span { offset: span.offset + at, length: needle.len() })
}
