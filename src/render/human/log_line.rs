//! One line of a log, with the task that wrote it.

use std::borrow::Cow;

use console::{Color, Style};

/// Colours that can be read on black and on white.
const COLORS: [Color; 5] = [Color::Cyan, Color::Magenta, Color::Green, Color::Blue, Color::Red];
/// So much of a task's id tells it from others.
const SHORT: usize = 8;

/// What stands before lines.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prefix {
    /// There are several services.
    pub service: bool,
    /// There are several tasks.
    pub task: bool,
    /// There are several containers.
    pub container: bool,
    /// Names of tasks are not shortened: they are names of pods.
    pub whole: bool,
}

impl Prefix {
    /// `3f2a91bc | message`, with the task in a colour of its own. A message that is JSON stays as it is; so does every
    /// other, unless it is printed on a terminal, whose cursor it must not move.
    pub fn line(
        self,
        service: &str,
        task: &str,
        container: &str,
        message: &str,
        terminal: bool,
    ) -> String {
        let short = task.get(..SHORT).filter(|_| !self.whole).unwrap_or(task);
        let parts = [(self.service, service), (self.task, short), (self.container, container)];
        let parts: Vec<&str> = parts.iter().filter(|part| part.0).map(|part| part.1).collect();
        let start = parts.join(" ");
        let sum = task.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
        let style = Style::new().fg(COLORS[sum % COLORS.len()]);
        let message = message.trim_end_matches(['\n', '\r']);
        format!("{} | {}", style.apply_to(start), shown(message, terminal))
    }
}

fn shown(message: &str, terminal: bool) -> Cow<'_, str> {
    let json = || {
        let start = message.trim_start();
        start.starts_with(['{', '['])
            && serde_json::from_str::<serde::de::IgnoredAny>(start).is_ok()
    };
    if !terminal || !message.contains(char::is_control) || json() {
        return Cow::Borrowed(message);
    }
    let plain = console::strip_ansi_codes(message);
    Cow::Owned(plain.chars().filter(|c| *c == '\t' || !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_is_needed_to_tell_them_apart() {
        let task = "3f2a91bc4d5e6f708192a3b4c5d6e7f8";
        let line = |prefix: Prefix, message: &str, terminal| {
            console::strip_ansi_codes(&prefix.line("api", task, "web", message, terminal))
                .into_owned()
        };
        let all = Prefix { service: true, task: true, container: true, whole: false };
        let usual = Prefix { task: true, ..Prefix::default() };
        assert_eq!(line(usual, "hello\n", true), "3f2a91bc | hello");
        assert_eq!(line(all, "hello", true), "api 3f2a91bc web | hello");
        let pods = Prefix { whole: true, ..usual };
        assert_eq!(line(pods, "hello", true), format!("{task} | hello"));
        assert_eq!(line(usual, "\u{1b}[2Jgone\tx\u{7}", true), "3f2a91bc | gone\tx");
        let json = "{\"a\":  \"\\u001b\",\t\"b\": 1}";
        assert_eq!(line(usual, json, true), format!("3f2a91bc | {json}"));
        assert!(usual.line("", task, "", "a\u{8}b", false).ends_with("a\u{8}b"));
    }
}
