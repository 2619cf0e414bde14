//! What only several values together can tell: fields of one file, and files of one workspace.
//!
//! What a single value may look like is not here but where it is read.

mod build;
mod capacity;
mod connect;
mod containers;
mod deployment;
mod discovery;
mod domains;
mod environment;
mod fargate;
mod http;
mod job;
mod kubernetes;
mod mesh;
mod messaging;
mod nlb;
mod policy;
mod scaling;
mod service;
mod settings;
mod storage;
mod workspace;

use std::sync::Arc;

pub(crate) use build::images;
pub(crate) use environment::{environment, vpc};
pub use job::TIMER;
pub(crate) use service::{count, service};
pub(crate) use workspace::{file_name, overrides, workspace};

use super::problem::{Problem, Source, Span};
use super::yaml::{Node, Value};

/// Where problems of a merged tree go.
pub(crate) struct Findings<'a> {
    pub(crate) source: &'a Arc<Source>,
    pub(crate) node: &'a Node,
    /// Where values could not be read.
    pub(crate) unread: Vec<Span>,
    pub(crate) problems: &'a mut Vec<Problem>,
}

/// Whether a part of a tree is broken. Parts of a merged tree may come from different places.
fn within(node: &Node, broken: &impl Fn(usize, usize) -> bool) -> bool {
    let own = node.span.offset;
    match &node.value {
        Value::Mapping(entries) => entries.iter().any(|entry| {
            broken(entry.span.offset, entry.span.offset + entry.span.length)
                || within(&entry.node, broken)
        }),
        Value::Sequence(items) => broken(own, own) || items.iter().any(|item| within(item, broken)),
        _ => broken(own, own + node.span.length),
    }
}

impl Findings<'_> {
    /// Reports an error at a dotted path, or at the nearest key above it that is written.
    pub(crate) fn error(&mut self, path: &str, message: impl Into<String>) -> &mut Problem {
        let span = self.node.place(path);
        self.error_at(span, message)
    }

    /// Reports an error at the key itself.
    pub(crate) fn error_of_key(&mut self, path: &str, message: impl Into<String>) -> &mut Problem {
        let span = self.node.place_of_key(path);
        self.error_at(span, message)
    }

    /// Whether all that stands at these paths could be read: what could not has a stand-in, of which
    /// nothing should be said.
    pub(crate) fn sound(&self, paths: &[&str]) -> bool {
        let broken = |start: usize, end: usize| {
            self.unread.iter().any(|span| (start..=end).contains(&span.offset))
        };
        paths.iter().all(|path| {
            let mut node = self.node;
            let mut key = None;
            for step in path.split('.') {
                let Some(entry) = node.get(step) else { return true };
                (node, key) = (&entry.node, Some(entry.span));
            }
            let own = key.is_some_and(|key| broken(key.offset, key.offset + key.length));
            !own && !within(node, &broken)
        })
    }

    pub(crate) fn error_at(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::error(self.source, span, message));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }
}

/// Fills in what a problem expects and helps with, where it was made by reference.
pub(crate) trait Explain {
    fn explain(&mut self, expected: impl Into<String>, help: impl Into<String>);
    fn advise(&mut self, help: impl Into<String>);
}

impl Explain for Problem {
    fn explain(&mut self, expected: impl Into<String>, help: impl Into<String>) {
        self.expected = Some(expected.into());
        self.help = Some(help.into());
    }

    fn advise(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }
}
