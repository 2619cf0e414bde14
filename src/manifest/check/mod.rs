//! What only several values together can tell: fields of one file, and files of one workspace.
//!
//! What a single value may look like is not here but where it is read.

mod containers;
mod environment;
mod fargate;
mod http;
mod service;
mod workspace;

use std::sync::Arc;

pub(crate) use environment::{environment, vpc};
pub(crate) use fargate::FARGATE_CPUS;
pub(crate) use service::{count, service};
pub(crate) use workspace::{file_name, overrides, workspace};

use super::problem::{Problem, Source, Span};
use super::yaml::Node;

/// Where problems of a merged tree go.
pub(crate) struct Findings<'a> {
    pub(crate) source: &'a Arc<Source>,
    pub(crate) node: &'a Node,
    pub(crate) problems: &'a mut Vec<Problem>,
}

impl Findings<'_> {
    /// Reports an error at a dotted path, or at the nearest key above it that is written.
    pub(crate) fn error(&mut self, path: &str, message: impl Into<String>) -> &mut Problem {
        let span = self.node.place(path);
        self.error_at(span, message)
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
