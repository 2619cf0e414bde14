//! As text, for a terminal.

use super::{lines, title};
use crate::topology::Topology;

/// The widest line.
const WIDTH: usize = 80;

/// Each node with what it is called and whom it calls.
pub fn text(graph: &Topology) -> String {
    let mut out = String::new();
    line(&mut out, &title(graph));
    for part in &graph.network {
        line(&mut out, part);
    }
    for node in &graph.nodes {
        out.push('\n');
        let lines = lines(node);
        let (name, endpoints) = lines.split_first().map_or(("", &[][..]), |(a, b)| (a, b));
        line(&mut out, name);
        for endpoint in endpoints {
            line(&mut out, &format!("    {endpoint}"));
        }
        for edge in graph.edges.iter().filter(|edge| edge.from == node.key) {
            let label = edge.label();
            let at = if label.is_empty() { String::new() } else { format!(" at {label}") };
            line(&mut out, &format!("  → {}{at}  [{}]", edge.to, edge.because));
        }
    }
    out
}

/// A line that fits.
fn line(out: &mut String, text: &str) {
    if text.chars().count() <= WIDTH {
        out.push_str(text);
    } else {
        out.extend(text.chars().take(WIDTH - 1));
        out.push('…');
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut() {
        let graph = Topology { application: "a".repeat(100), ..Topology::default() };
        let text = text(&graph);
        assert!(text.lines().all(|line| line.chars().count() == WIDTH), "{text}");
        assert!(text.ends_with("…\n"));
    }
}
