//! Where output goes: stdout for data, stderr for everything else; colour and width.
#![expect(clippy::print_stderr, reason = "this is the place that prints")]

use std::io::{IsTerminal, Write};

use console::Style;

use crate::engine::redact;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: one JSON document, or one per line for events.
    Json,
    /// For comments on pull requests: plans and what became of them.
    Markdown,
    /// For Graphviz: drawings alone (`env show --mesh`).
    Dot,
    /// For Mermaid: drawings alone.
    Mermaid,
    /// As a picture: drawings alone.
    Svg,
}

impl Format {
    /// Whether only what is drawn has this form.
    pub fn draws(self) -> bool {
        matches!(self, Self::Dot | Self::Mermaid | Self::Svg)
    }
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What output looks like in this run.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// For people or for programs.
    pub format: Format,
    /// Whether stderr is a terminal, so that lines can be redrawn.
    pub live: bool,
    /// Whether questions can be asked (stdin and stderr are terminals).
    pub asks: bool,
}

impl Terminal {
    /// Looks at the streams and the options once.
    pub fn new(format: Format, color: Color) -> Self {
        let stderr = std::io::stderr().is_terminal();
        match color {
            Color::Always => {
                console::set_colors_enabled(true);
                console::set_colors_enabled_stderr(true);
            }
            Color::Never => {
                console::set_colors_enabled(false);
                console::set_colors_enabled_stderr(false);
            }
            Color::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => {
                console::set_colors_enabled(false);
                console::set_colors_enabled_stderr(false);
            }
            Color::Auto => {}
        }
        Self { format, live: stderr && !dumb(), asks: stderr && std::io::stdin().is_terminal() }
    }

    /// Whether results are for programs.
    pub fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints a result to stdout. A reader that went away (`| head`) is no error.
    pub fn out(&self, text: &str) {
        let text = &*redact::values(text);
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = stdout.write_all(b"\n");
        }
        let _ = stdout.flush();
    }

    /// Prints text to stdout as it is. Gives whether somebody still reads.
    pub fn write(&self, text: &str) -> bool {
        let text = redact::values(text);
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_ok()
    }

    /// Passes on bytes of a session as they are, to stdout or stderr. Gives whether somebody still reads.
    pub fn pass(&self, bytes: &[u8], errors: bool) -> bool {
        if errors {
            return std::io::stderr().lock().write_all(bytes).is_ok();
        }
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).is_ok()
    }

    /// Says something beside the result, on stderr.
    pub fn say(&self, text: &str) {
        eprintln!("{}", redact::values(text));
    }

    /// Says something that programs need not see.
    pub fn tell(&self, text: &str) {
        if !self.json() {
            self.say(text);
        }
    }
}

fn dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Colours by meaning, the same everywhere; nothing is said by colour alone.
pub mod style {
    use super::Style;

    /// Additions and success.
    pub fn good() -> Style {
        Style::new().green()
    }
    /// Changes and warnings. Not yellow: nobody can read that on white.
    pub fn change() -> Style {
        Style::new().magenta()
    }
    /// Deletions, replacements and errors.
    pub fn bad() -> Style {
        Style::new().red()
    }
    /// Hints, paths and addresses.
    pub fn hint() -> Style {
        Style::new().bold()
    }
    /// What can be skipped when reading.
    pub fn faint() -> Style {
        Style::new().dim()
    }
    /// Headings.
    pub fn strong() -> Style {
        Style::new().bold()
    }
}

/// One line of `-v` output, on stderr.
pub fn trace(line: &str) {
    let line = redact::values(line);
    eprintln!("{}", style::faint().for_stderr().apply_to(line));
}
