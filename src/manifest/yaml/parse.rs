//! Parser events to a tree, with limits: nothing a file says can make this slow, deep or large.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Tag, options};

use super::{Entry, Node, Scalar, Style, Value};
use crate::manifest::problem::{Problem, Source, Span};

/// Deepest nesting allowed; the vocabulary needs 8.
const DEEPEST: usize = 64;
/// Most values a manifest may have once its aliases are expanded: a bound for alias bombs.
const MOST_NODES: usize = 50_000;

/// The one document of a manifest, or nothing when it cannot be parsed or has none.
pub(crate) fn parse(source: &Arc<Source>, problems: &mut Vec<Problem>) -> Option<Node> {
    let limits = options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    let parser = Parser::new_from_str_with_options(&source.text, limits);
    let mut builder = Builder {
        source,
        problems,
        open: Vec::new(),
        root: None,
        count: 0,
        anchors: HashMap::new(),
        documents: 0,
    };
    for event in parser {
        match event {
            Ok((event, span)) => {
                if builder.event(event, bytes(span)).is_err() {
                    return None;
                }
            }
            Err(error) => {
                let problem = syntax(source, &error);
                builder.problems.push(problem);
                return None;
            }
        }
    }
    builder.root
}

fn bytes(span: granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or_default();
    let end = span.end.byte_offset().unwrap_or(start);
    Span { offset: start, length: end.saturating_sub(start) }
}

/// A problem after which the rest of the file is not worth reading.
struct Stop;

struct Builder<'a> {
    source: &'a Arc<Source>,
    problems: &'a mut Vec<Problem>,
    open: Vec<Open>,
    root: Option<Node>,
    count: usize,
    /// Finished anchored nodes with their sizes, by the parser's anchor number.
    anchors: HashMap<usize, (Node, usize)>,
    documents: usize,
}

/// A collection whose end has not come yet.
struct Open {
    anchor: usize,
    span: Span,
    /// How many nodes there were before it.
    before: usize,
    value: Value,
    key: Option<(String, Span)>,
    merges: Vec<Node>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Stop> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return self.stop(
                        Problem::error(self.source, span, "a second YAML document starts here")
                            .expected("one manifest per file")
                            .help("move what follows `---` into a file of its own"),
                    );
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), span);
                self.count += 1;
                self.finish(Node { span, value }, anchor, 1)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Value::Sequence(Vec::new()), anchor, tag.as_deref(), span)?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Value::Mapping(Vec::new()), anchor, tag.as_deref(), span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end(span),
            Event::Alias(anchor) => return self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                self.problems.push(
                    Problem::error(self.source, span, format!("no anchor `&{name}` stands before this alias"))
                        .help("define the anchor above, or quote the text if a leading `*` was meant literally"),
                );
                return self.finish(Node { span, value: Value::Broken }, 0, 1);
            }
            _ => {}
        }
        Ok(())
    }

    fn stop(&mut self, problem: Problem) -> Result<(), Stop> {
        self.problems.push(problem);
        Err(Stop)
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Value {
        let forced = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
        if let Some(tag) = tag.filter(|_| !forced) {
            self.tagged(tag, span);
            return Value::Broken;
        }
        let plain = matches!(style, ScalarStyle::Plain) && !forced;
        if plain && matches!(text, "" | "~" | "null" | "Null" | "NULL") {
            return Value::Null;
        }
        let style = if plain { Style::Plain } else { Style::Text };
        Value::Scalar(Scalar { text: text.to_owned(), style })
    }

    fn tagged(&mut self, tag: &Tag, span: Span) {
        self.problems.push(
            Problem::error(
                self.source,
                span,
                format!(
                    "the tag `{}{}` means nothing in a manifest",
                    tag.original_handle(),
                    tag.suffix()
                ),
            )
            .help("remove the tag; `!!str` is the only one that manifests know"),
        );
    }

    fn start(
        &mut self,
        value: Value,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Stop> {
        if let Some(tag) = tag {
            self.tagged(tag, span);
        }
        if self.open.len() >= DEEPEST {
            return self.too_deep(span);
        }
        self.open.push(Open {
            anchor,
            span,
            before: self.count,
            value,
            key: None,
            merges: Vec::new(),
        });
        self.count += 1;
        Ok(())
    }

    fn too_deep(&mut self, span: Span) -> Result<(), Stop> {
        self.stop(
            Problem::error(
                self.source,
                span,
                format!("this is nested more than {DEEPEST} levels deep"),
            )
            .help("no manifest needs that: look for a bracket or a `-` that repeats"),
        )
    }

    fn end(&mut self, span: Span) -> Result<(), Stop> {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        let size = self.count - open.before;
        if let Value::Mapping(entries) = &mut open.value {
            for node in std::mem::take(&mut open.merges) {
                for entry in node.entries() {
                    if !entries.iter().any(|own| own.key == entry.key) {
                        entries.push(entry.clone());
                    }
                }
            }
        }
        let end = (span.offset + span.length).max(open.span.offset);
        // A block collection ends where the next token starts: cut the blank lines between.
        let text = self.source.text.get(open.span.offset..end).unwrap_or_default();
        let span = Span { offset: open.span.offset, length: text.trim_end().len() };
        self.finish(Node { span, value: open.value }, open.anchor, size)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return self.stop(
                Problem::error(
                    self.source,
                    span,
                    "this alias stands inside the value it refers to",
                )
                .help("write the value out"),
            );
        };
        self.count += size;
        if self.count > MOST_NODES {
            return self.stop(
                Problem::error(
                    self.source,
                    span,
                    format!(
                        "with its aliases expanded this file has more than {MOST_NODES} values"
                    ),
                )
                .help("write the values out, or alias smaller parts"),
            );
        }
        if self.open.len() + depth(node) > DEEPEST {
            return self.too_deep(span);
        }
        let (node, size) = (node.clone(), *size);
        self.finish(node, 0, size)
    }

    /// A node is complete: hand it to the collection it belongs to.
    fn finish(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Stop> {
        if self.count > MOST_NODES {
            return self.stop(
                Problem::error(
                    self.source,
                    node.span,
                    format!("this file has more than {MOST_NODES} values"),
                )
                .help("split it into several services"),
            );
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.value, open.key.take()) {
            (Value::Sequence(items), _) => items.push(node),
            (Value::Mapping(_), None) => {
                let text = match &node.value {
                    Value::Scalar(scalar) => scalar.text.clone(),
                    value => {
                        let what =
                            if matches!(value, Value::Null) { "empty" } else { "a list or a map" };
                        self.problems.push(
                            Problem::error(self.source, node.span, format!("this key is {what}"))
                                .expected("a word")
                                .help("write `name: value`; text that contains `: `, `{` or `[` needs quotes"),
                        );
                        String::new()
                    }
                };
                open.key = Some((text, node.span));
            }
            (Value::Mapping(_), Some((key, _))) if key == "<<" => self.merge(node),
            (Value::Mapping(entries), Some((key, span))) => {
                if key.is_empty() {
                    return Ok(());
                }
                if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                    self.problems.push(
                        Problem::error(self.source, span, format!("`{key}` stands here twice"))
                            .also(first.span, "first here")
                            .help("keep one of the two"),
                    );
                    return Ok(());
                }
                entries.push(Entry { key, span, node });
            }
            _ => {}
        }
        Ok(())
    }

    /// The value of a merge key, `<<`: a map or a list of maps.
    fn merge(&mut self, node: Node) {
        let parts = match node.value {
            Value::Sequence(items) => items,
            _ => vec![node],
        };
        for part in parts {
            if matches!(part.value, Value::Mapping(_)) {
                if let Some(open) = self.open.last_mut() {
                    open.merges.push(part);
                }
            } else {
                self.problems.push(
                    Problem::error(self.source, part.span, "`<<` merges maps, and this is not one")
                        .expected("`<<: *anchor` where `&anchor` marks a map"),
                );
            }
        }
    }
}

fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Sequence(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Mapping(entries) => {
            1 + entries.iter().map(|entry| depth(&entry.node)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// What the scanner stumbled over, in words that say what to do about it.
fn syntax(source: &Arc<Source>, error: &ScanError) -> Problem {
    let offset = error.marker().byte_offset().unwrap_or_default().min(source.text.len());
    let length = source.text.get(offset..).and_then(|rest| rest.chars().next());
    let length = length.map_or(0, char::len_utf8);
    let problem = |message: String| Problem::error(source, Span { offset, length }, message);
    match error.kind() {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation => {
            problem("a tab stands where YAML wants spaces".into())
                .help("indent with spaces, two per level")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            problem("this line is not `key: value`".into())
                .help("put a colon and a space after the key, or quote the text")
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockSequenceEntry => {
            problem("the indentation here fits nothing above".into())
                .help("line this up with its neighbours: two spaces per level")
        }
        _ => {
            let text = error.kind().to_string();
            if let Some(bracket) = text.strip_prefix("unclosed bracket ") {
                let closing = if bracket.contains('[') { ']' } else { '}' };
                return problem("this bracket is never closed".into())
                    .help(format!("add the missing `{closing}`"));
            }
            if text.contains("recursion") || text.contains("nesting") {
                return problem(format!("this is nested more than {DEEPEST} levels deep"))
                    .help("no manifest needs that: look for a bracket or a `-` that repeats");
            }
            let hint = if text.contains("escape") {
                "in double quotes a backslash needs another one (`\\\\${X}`); or use single quotes"
            } else {
                "text that starts with or contains one of `: # { } [ ] & * ! | > % @` needs quotes"
            };
            problem(format!("this is not valid YAML: {text}")).help(hint)
        }
    }
}
