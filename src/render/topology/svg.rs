//! As a picture.

use std::fmt::Write;

use super::{lines, title};
use crate::topology::{Role, Topology};

/// Of one character, at the size of letters that boxes have.
const LETTER: usize = 8;
const LINE: usize = 18;
const MARGIN: usize = 24;
/// Between two boxes of a column.
const GAP: usize = 28;
const HEAD: usize = 36;

struct Box {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    lines: Vec<String>,
}

/// Boxes in columns: those that call stand left of those that they call.
pub fn svg(graph: &Topology) -> String {
    let boxes = place(graph);
    let letters = |text: &str| text.chars().count() * LETTER;
    let right = boxes.iter().map(|one| one.x + one.width).max().unwrap_or_default();
    let bottom = boxes.iter().map(|one| one.y + one.height).max().unwrap_or(HEAD);
    let title = title(graph);
    let longest = graph.network.iter().chain([&title]).map(|line| letters(line)).max();
    let width = (right + MARGIN).max(longest.unwrap_or_default() + 2 * MARGIN);
    let height = bottom + MARGIN;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"13\">"
    );
    let _ = writeln!(out, "  <title>{}</title>", escaped(&title));
    out.push_str("  <defs><marker id=\"head\" markerWidth=\"9\" markerHeight=\"8\" refX=\"8\" refY=\"4\" orient=\"auto\"><path d=\"M0,0 L9,4 L0,8 z\" fill=\"#555\"/></marker></defs>\n");
    out.push_str("  <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
    let _ = writeln!(
        out,
        "  <text x=\"{MARGIN}\" y=\"24\" font-weight=\"bold\" fill=\"#222\">{}</text>",
        escaped(&title)
    );
    for (index, line) in graph.network.iter().enumerate() {
        let y = 24 + (index + 1) * LINE;
        let _ = writeln!(
            out,
            "  <text x=\"{MARGIN}\" y=\"{y}\" fill=\"#555\">{}</text>",
            escaped(line)
        );
    }
    arrows(graph, &boxes, &mut out);
    for (node, one) in graph.nodes.iter().zip(&boxes) {
        let dashed = node.role == Role::Elsewhere || node.live == Some(false);
        let dash = if dashed { " stroke-dasharray=\"5 3\"" } else { "" };
        let fill = match node.role {
            Role::Internet => "#eee",
            Role::Balancer => "#efe6fa",
            Role::Store => "#e6f4e6",
            Role::Gateway => "#fdf1d8",
            Role::Service => "#e3eefb",
            Role::Elsewhere => "#fff",
        };
        let Box { x, y, width, height, .. } = one;
        let _ = writeln!(
            out,
            "  <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{fill}\" stroke=\"#555\"{dash}/>"
        );
        for (index, line) in one.lines.iter().enumerate() {
            let (x, y) = (x + 10, y + 20 + index * LINE);
            let weight = if index == 0 { " font-weight=\"bold\"" } else { "" };
            let _ = writeln!(
                out,
                "  <text x=\"{x}\" y=\"{y}\" fill=\"#222\"{weight}>{}</text>",
                escaped(line)
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Where each node's box stands. Behind each column there is room for the longest label that begins in it.
fn place(graph: &Topology) -> Vec<Box> {
    let columns = graph.columns();
    let count = columns.iter().max().map_or(0, |most| most + 1);
    let texts: Vec<Vec<String>> = graph.nodes.iter().map(lines).collect();
    let wide = |text: &Vec<String>| {
        text.iter().map(|line| line.chars().count()).max().unwrap_or_default() * LETTER + 20
    };
    let mut between = vec![40; count];
    for edge in &graph.edges {
        let from = graph.nodes.iter().position(|node| node.key == edge.from);
        if let Some(column) = from.map(|from| columns[from]) {
            let room = edge.label().chars().count() * LETTER + 40;
            between[column] = room.max(between[column]);
        }
    }
    let mut widths = vec![0; count];
    for (column, text) in columns.iter().zip(&texts) {
        widths[*column] = wide(text).max(widths[*column]);
    }
    let mut next = vec![HEAD + graph.network.len() * LINE + 8; count];
    let mut boxes = Vec::new();
    for (column, lines) in columns.into_iter().zip(texts) {
        let x =
            MARGIN + widths.iter().zip(&between).take(column).map(|(a, b)| a + b).sum::<usize>();
        let height = lines.len() * LINE + 12;
        boxes.push(Box { x, y: next[column], width: widths[column], height, lines });
        next[column] += height + GAP;
    }
    boxes
}

/// One arrow for each pair, with the labels of all its edges.
fn arrows(graph: &Topology, boxes: &[Box], out: &mut String) {
    let at = |key: &str| graph.nodes.iter().position(|node| node.key == key);
    for (from, node) in graph.nodes.iter().enumerate() {
        let edges = graph.edges.iter().filter(|edge| edge.from == node.key);
        let mut pairs: Vec<(usize, Vec<String>)> = Vec::new();
        for edge in edges {
            let Some(to) = at(&edge.to) else { continue };
            match pairs.iter_mut().find(|(other, _)| *other == to) {
                Some((_, labels)) => labels.push(edge.label()),
                None => pairs.push((to, vec![edge.label()])),
            }
        }
        let many = pairs.len();
        for (index, (to, mut labels)) in pairs.into_iter().enumerate() {
            let (a, b) = (&boxes[from], &boxes[to]);
            let forth = b.x > a.x;
            // Arrows of one box leave it one below the other.
            let y1 = a.y + a.height * (index + 1) / (many + 1);
            let (x1, x2) = if forth { (a.x + a.width, b.x) } else { (a.x, b.x + b.width) };
            let y2 = b.y + b.height / 2;
            let _ = writeln!(
                out,
                "  <line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#555\" marker-end=\"url(#head)\"/>"
            );
            labels.dedup();
            labels.retain(|label| !label.is_empty());
            let (x, y) = ((x1 + x2) / 2, (y1 + y2) / 2);
            for (line, label) in labels.iter().enumerate() {
                let y = (y + line * 14).saturating_sub(5);
                let _ = writeln!(
                    out,
                    "  <text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-size=\"12\" fill=\"#333\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">{}</text>",
                    escaped(label)
                );
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
