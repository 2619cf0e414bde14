//! For Graphviz.

use std::fmt::Write;

use super::{heading, lines};
use crate::topology::{Role, Topology};

/// A `digraph`, from left to right.
pub fn dot(graph: &Topology) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "digraph mesh {{");
    let _ = writeln!(out, "  label={};\n  rankdir=LR;", quoted(&heading(graph)));
    let _ = writeln!(out, "  node [shape=box, style=rounded, fontname=\"sans-serif\"];");
    for node in &graph.nodes {
        let look = match (node.role, node.live) {
            (Role::Internet, _) => ", shape=ellipse",
            (Role::Balancer, _) => ", shape=hexagon",
            (Role::Store, _) => ", shape=cylinder, style=solid",
            (Role::Elsewhere, _) => ", style=dashed",
            (_, Some(false)) => ", style=\"rounded,dashed\"",
            _ => "",
        };
        let label = quoted(&lines(node).join("\n"));
        let _ = writeln!(out, "  {} [label={label}{look}];", quoted(&node.key));
    }
    for edge in &graph.edges {
        let (from, to) = (quoted(&edge.from), quoted(&edge.to));
        let _ = writeln!(out, "  {from} -> {to} [label={}];", quoted(&edge.label()));
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
