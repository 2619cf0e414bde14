//! Why a command stopped, as a comment.

use super::escape::fenced;
use crate::render::human::text;

/// The most of a reason that is shown, in characters: with the rest it fits a comment.
const LONGEST: usize = 60_000;

/// A heading and the reason as it is printed for people; `code` is the exit code, `environment` the one that was named.
pub fn stop(said: &str, code: u8, environment: Option<&str>) -> String {
    // The name may be anything that was typed.
    let name: String = environment
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let about = if name.is_empty() { name } else { format!("{name} ") };
    let plain = console::strip_ansi_codes(said);
    let word = if code == 4 { "refused" } else { "failed" };
    let reason = fenced("text", &text::cut(&plain, LONGEST));
    format!("<!-- shipit:error {about}-->\n### shipit: ❌ {word} (exit code {code})\n\n{reason}")
}
