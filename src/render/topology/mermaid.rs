//! For Mermaid, which GitHub and GitLab draw in Markdown.

use std::fmt::Write;

use super::{lines, title};
use crate::topology::{Role, Topology};

/// A `flowchart`, from left to right.
pub fn mermaid(graph: &Topology) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "---\ntitle: {}\n---\nflowchart LR", quoted(&title(graph)));
    let id = |key: &str| {
        let at = graph.nodes.iter().position(|node| node.key == key);
        format!("n{}", at.unwrap_or_default())
    };
    for node in &graph.nodes {
        let label = quoted(&lines(node).join("\n")).replace('\n', "<br>");
        let (open, close) = match node.role {
            Role::Internet => ("([", "])"),
            Role::Balancer => ("{{", "}}"),
            Role::Store => ("[(", ")]"),
            Role::Elsewhere => ("[[", "]]"),
            Role::Gateway | Role::Service => ("[", "]"),
        };
        let _ = writeln!(out, "  {}{open}{label}{close}", id(&node.key));
    }
    for edge in &graph.edges {
        let label = edge.label();
        let label = if label.is_empty() { String::new() } else { format!("|{}|", quoted(&label)) };
        let _ = writeln!(out, "  {} -->{label} {}", id(&edge.from), id(&edge.to));
    }
    out
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('&', "#amp;").replace('"', "#quot;").replace('<', "#lt;");
    format!("\"{escaped}\"")
}
