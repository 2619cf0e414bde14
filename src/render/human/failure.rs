//! Failures: what failed, on which address, why, and what to type next.

use crate::engine::{Address, Failure};
use crate::render::terminal::style;

/// `error: ADDRESS: message` with the request id and a hint below.
pub fn failure(address: Option<&Address>, failure: &Failure) -> String {
    let place =
        address.map(|address| format!("{}: ", style::hint().for_stderr().apply_to(address)));
    let mut text = format!(
        "{} {}{failure}",
        style::bad().bold().for_stderr().apply_to("error:"),
        place.unwrap_or_default(),
    );
    if let Some(id) = &failure.request_id {
        text.push_str(&format!("\n  request id: {id}"));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&hint_line(hint));
    }
    text
}

/// `error: message`, with a hint below.
pub fn message(message: &str, hint: Option<&str>) -> String {
    let text = format!("{} {message}", style::bad().bold().for_stderr().apply_to("error:"));
    text + &hint.map(hint_line).unwrap_or_default()
}

fn hint_line(hint: &str) -> String {
    format!("\n{} {hint}", style::hint().for_stderr().apply_to("hint:"))
}
