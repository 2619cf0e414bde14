//! Who talks to whom, drawn: as text, for Graphviz, for Mermaid, as a picture.

mod dot;
mod mermaid;
mod svg;
mod text;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use text::text;

use crate::topology::{Node, Role, Topology};

/// What a node is called, and the lines below.
fn lines(node: &Node) -> Vec<String> {
    let about = match (node.role, node.live) {
        (Role::Elsewhere, _) => " (elsewhere)",
        (_, Some(false)) => " (not live)",
        (Role::Gateway, _) => " (gateway)",
        _ => "",
    };
    let mut lines = vec![format!("{}{about}", node.key)];
    lines.extend(node.about.iter().cloned());
    lines.extend(node.endpoints.iter().map(|endpoint| endpoint.label()));
    lines
}

/// `shop / test, Service Connect in test.shop.local`.
fn title(graph: &Topology) -> String {
    let mut title = format!("{} / {}", graph.application, graph.environment);
    match (&graph.mesh, &graph.namespace) {
        (Some(mesh), Some(namespace)) => title.push_str(&format!(", {mesh} in {namespace}")),
        (None, Some(namespace)) => title.push_str(&format!(", names in {namespace}")),
        (Some(mesh), None) => title.push_str(&format!(", {mesh}")),
        (None, None) => {}
    }
    title
}

/// The title, and the network below it.
fn heading(graph: &Topology) -> String {
    let mut lines = vec![title(graph)];
    lines.extend(graph.network.iter().cloned());
    lines.join("\n")
}
