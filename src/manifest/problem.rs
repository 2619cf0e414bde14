//! What is wrong with a manifest, where, and what to type instead.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A stretch of a file's text, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// Where it starts, counted from the file's first byte (a byte-order mark is not counted).
    pub offset: usize,
    /// How many bytes it covers; 0 for a point.
    pub length: usize,
}

/// One manifest's text, kept so that a problem can show its line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The path, relative to the folder that holds `shipit/`, with forward slashes.
    pub path: String,
    /// The whole text; empty when the file could not be read.
    pub text: String,
}

impl Source {
    /// A source with this path and text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Line and column (in characters), both counted from 1, of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = self.before(offset);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// The text of the line that holds a byte offset, without its line break.
    pub fn line(&self, offset: usize) -> &str {
        let start = self.before(offset).rfind('\n').map_or(0, |newline| newline + 1);
        self.text[start..].lines().next().unwrap_or_default()
    }

    /// Everything before an offset, which may lie outside the text or inside a character.
    fn before(&self, offset: usize) -> &str {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        &self.text[..end]
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is planned until it is put right.
    Error,
    /// Allowed, but probably not meant.
    Warning,
}

/// A second place that a problem speaks of, in the same file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Related {
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The bytes it covers.
    pub span: Span,
    /// The line's text.
    pub text: String,
    /// What that place has to do with it.
    pub label: String,
}

/// One mistake in one manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Error or warning.
    pub severity: Severity,
    /// The file, relative to the folder that holds `shipit/`; empty when no file is at fault.
    pub file: String,
    /// Line, counted from 1; 0 when the file as a whole is at fault.
    pub line: usize,
    /// Column in characters, counted from 1; 0 when the file as a whole is at fault.
    pub column: usize,
    /// The bytes at fault.
    pub span: Span,
    /// The line's text.
    pub text: String,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What to do or type next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Other places of the same file that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// The environments in which it shows, when that is not all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<String>,
    /// The text that `span` points into.
    #[serde(skip)]
    pub source: Arc<Source>,
}

impl Problem {
    /// An error at a place.
    pub fn error(source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        let (line, column) = source.position(span.offset);
        Self {
            severity: Severity::Error,
            file: source.path.clone(),
            line,
            column,
            span,
            text: source.line(span.offset).to_owned(),
            message: message.into(),
            expected: None,
            help: None,
            related: Vec::new(),
            environments: Vec::new(),
            source: source.clone(),
        }
    }

    /// An error of a file as a whole (it cannot be read, it is missing), or of no file at all.
    pub fn of_file(path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut problem = Self::error(&Source::new(path, ""), Span::default(), message);
        (problem.line, problem.column) = (0, 0);
        problem
    }

    /// Makes it a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Names a second place of the same file.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        let (line, column) = self.source.position(span.offset);
        let text = self.source.line(span.offset).to_owned();
        self.related.push(Related { line, column, span, text, label: label.into() });
        self
    }
}

/// Every problem found, by file and position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Sorts by file and position and drops repetitions.
    pub fn new(mut problems: Vec<Problem>) -> Self {
        // Stable: at one place they stay in the order in which they were found.
        problems.sort_by(|a, b| (&a.file, a.span, a.severity).cmp(&(&b.file, b.span, b.severity)));
        problems.dedup();
        Self(problems)
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.0.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl std::error::Error for Problems {}

/// Plain text in the compilers' manner, without colour: one block per problem, a blank line between.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        if !self.environments.is_empty() {
            write!(f, " (in environment {})", self.environments.join(", "))?;
        }
        writeln!(f)?;
        let last = self.related.iter().map(|related| related.line).fold(self.line, usize::max);
        let width = last.to_string().len();
        if self.line > 0 {
            writeln!(f, "{:width$}--> {}:{}:{}", "", self.file, self.line, self.column)?;
            writeln!(f, "{:width$} |", "")?;
            snippet(f, width, '^', self.line, self.column, self.span, &self.text, "")?;
        } else if !self.file.is_empty() {
            writeln!(f, "{:width$}--> {}", "", self.file)?;
        }
        for Related { line, column, span, text, label } in &self.related {
            writeln!(f, "{:width$}...", "")?;
            snippet(f, width, '-', *line, *column, *span, text, label)?;
        }
        for (word, text) in [("expected", &self.expected), ("help", &self.help)] {
            if let Some(text) = text {
                writeln!(f, "{:width$} = {word}: {text}", "")?;
            }
        }
        Ok(())
    }
}

/// The line, and below it the marks under the part that matters.
#[allow(clippy::too_many_arguments)]
fn snippet(
    f: &mut fmt::Formatter<'_>,
    width: usize,
    mark: char,
    line: usize,
    column: usize,
    span: Span,
    text: &str,
    label: &str,
) -> fmt::Result {
    // A minified file must not flood a terminal: long lines are cut before and after the place.
    let skipped = if text.chars().count() > LONGEST { column.saturating_sub(40) } else { 0 };
    // Tabs and other unprintable characters would shift the marks below.
    let shown: String = text
        .chars()
        .skip(skipped)
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    writeln!(f, "{line:width$} | {shown}")?;
    let rest: String = text.chars().skip(column - 1).collect();
    let mut end = span.length.min(rest.len());
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let marks = rest[..end].trim_end().chars().count().clamp(1, LONGEST - 40);
    let marks: String = std::iter::repeat_n(mark, marks).collect();
    let below = format!("{:skip$}{marks} {label}", "", skip = column - 1 - skipped);
    writeln!(f, "{:width$} | {}", "", below.trim_end())
}

/// How many characters of a line are shown.
const LONGEST: usize = 160;
