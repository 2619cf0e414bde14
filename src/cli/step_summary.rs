//! The summary of a CI step: GitHub shows what is in the file that `GITHUB_STEP_SUMMARY` names.

use std::io::Write;

use crate::render::Terminal;
use crate::render::markdown::Room;

/// How much GitHub takes of one step.
const LIMIT: u64 = 1024 * 1024;
/// Less than this is not worth a document.
const LEAST: u64 = 1024;

/// Appends a document, cut to the room that is left, where there is such a file. That it could not be written is a
/// warning: nothing hangs on it.
pub(super) fn append(terminal: &Terminal, document: impl FnOnce(Room) -> String) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return;
    };
    let warn = |why: String| {
        terminal.say(&format!("warning: the step summary was not written: {why}"));
    };
    let used = std::fs::metadata(&path).map_or(0, |file| file.len());
    let left = LIMIT.saturating_sub(used + 1);
    if left < LEAST {
        return warn("its file is full".to_owned());
    }
    let room = Room::Bytes(usize::try_from(left).unwrap_or(usize::MAX));
    let mut text = document(room);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    if let Err(error) = opened.and_then(|mut file| file.write_all(text.as_bytes())) {
        warn(format!("{}: {error}", std::path::Path::new(&path).display()));
    }
}
