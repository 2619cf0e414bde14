//! Where values come from: a prompt that shows nothing, a file, standard input.

use std::collections::BTreeMap;
use std::io::Read;

use crate::cli::{Global, Stop};

/// Values by secret, then by environment.
pub(super) type Values = BTreeMap<String, BTreeMap<String, String>>;

/// Largest file, in bytes.
const LARGEST: u64 = 1 << 20;

/// A file's text; `-` is standard input.
fn text(path: &str) -> Result<String, Stop> {
    let mut text = String::new();
    let failed = |error: std::io::Error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Stop::refused(format!("cannot read {path}: {why}"), "")
    };
    match path {
        "-" => std::io::stdin().lock().take(LARGEST).read_to_string(&mut text),
        path => {
            let file = std::fs::File::open(path).map_err(failed)?;
            file.take(LARGEST).read_to_string(&mut text)
        }
    }
    .map_err(failed)?;
    Ok(text)
}

/// One value: a whole file, without the line break at its end.
pub(super) fn from_file(path: &str) -> Result<String, Stop> {
    let text = text(path)?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// Values of several secrets in several environments, as YAML. What is wrong with the file is told without what is in it.
pub(super) fn from_yaml(path: &str) -> Result<Values, Stop> {
    let text = text(path)?;
    serde_saphyr::from_str(&text).map_err(|_| {
        Stop::refused(
            format!("{path} does not say values by secret and environment"),
            "write `DB_PASSWORD:` and below it, indented, `test: VALUE`, one line an environment; quote what is no plain word",
        )
    })
}

/// Asks at the terminal, without showing what is typed.
pub(super) fn ask(global: &Global, name: &str, environment: &str) -> Result<String, Stop> {
    let terminal = global.terminal();
    if !terminal.asks || terminal.json() {
        return Err(Stop::refused(
            format!("there is no terminal to ask for the value of `{name}` at"),
            "pass it in a file with `--from-file PATH`, or on standard input with `--from-file -`",
        ));
    }
    terminal.tell(&format!("Value of {name} in environment {environment} (not shown):"));
    console::Term::stderr().read_secure_line().map_err(|_| Stop::interrupted())
}
