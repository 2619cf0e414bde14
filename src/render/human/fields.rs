//! A step's fields: `path  before → after` on one line where it fits, else below each other.

use super::plan::View;
use super::text;
use crate::engine::Change;
use crate::render::look::Tone;

/// One line for each field, or three where they are long.
pub(super) fn fields(changes: &[Change], creating: bool, view: &View) -> String {
    let chars = |text: &str| text.chars().count();
    let column = changes.iter().map(|change| chars(&change.path)).max().unwrap_or(0);
    let column = column.min(view.width / 3);
    changes.iter().map(|change| field(change, creating, column, view)).collect()
}

fn field(change: &Change, creating: bool, column: usize, view: &View) -> String {
    let path = text::cut(&change.path, view.width.saturating_sub(6));
    let marks = marks(change);
    let mark = match marks.is_empty() {
        true => String::new(),
        false => format!("  {}", view.tone(Tone::Bad, &marks)),
    };
    let room = view.width.saturating_sub(8 + column.max(path.chars().count()));
    let tail = if marks.is_empty() { 0 } else { marks.chars().count() + 2 };
    let (before, after) = match change.sensitive {
        true => ("(sensitive)".to_owned(), "(sensitive)".to_owned()),
        false => (text::whole(&change.before), text::whole(&change.after)),
    };
    let length = |text: &str| text.chars().count();
    if creating || change.sensitive {
        let value = text::cut(&after, room.saturating_sub(tail).max(12));
        return format!("      {path:column$}  {value}{mark}\n");
    }
    if length(&before) + 3 + length(&after) + tail <= room {
        return format!("      {path:column$}  {before} → {after}{mark}\n");
    }
    let (before, after) = text::cut_pair(&before, &after, view.width.saturating_sub(10));
    format!("      {path}{mark}\n          {before}\n        → {after}\n")
}

/// What is to be said of a field besides its values.
fn marks(change: &Change) -> String {
    let mut marks = Vec::new();
    if change.forces_replacement {
        marks.push("forces replacement");
    }
    if change.drift {
        marks.push("drift");
    }
    if marks.is_empty() { String::new() } else { format!("({})", marks.join(", ")) }
}
