//! What the `init` commands share: asking, filling templates, writing files that are not there yet.

use std::io::Write;
use std::path::Path;

use super::{Global, Stop};
use crate::manifest::{self, Kind};
use crate::render::{Terminal, json};

/// Asks for answers, unless options give them or nobody is there to ask.
pub(super) struct Ask {
    asks: bool,
}

impl Ask {
    /// Asks only at a terminal and without `--yes`.
    pub(super) fn new(global: &Global, terminal: &Terminal) -> Self {
        Self { asks: terminal.asks && !global.yes && !terminal.json() }
    }

    /// A text: the option's, the answer, or the default.
    pub(super) fn text(
        &self,
        question: &str,
        given: Option<String>,
        default: &str,
    ) -> Result<String, Stop> {
        match given {
            Some(text) => Ok(text),
            None if self.asks => dialoguer::Input::new()
                .with_prompt(question)
                .default(default.to_owned())
                .interact_text()
                .map_err(|error| Stop::failed(format!("no answer to `{question}`: {error}"), "")),
            None => Ok(default.to_owned()),
        }
    }

    /// One of several.
    pub(super) fn choice(
        &self,
        question: &str,
        given: Option<String>,
        choices: &[&str],
    ) -> Result<String, Stop> {
        match given {
            Some(text) => Ok(text),
            None if self.asks => dialoguer::Select::new()
                .with_prompt(question)
                .items(choices)
                .default(0)
                .interact()
                .map(|index| choices[index].to_owned())
                .map_err(|error| Stop::failed(format!("no answer to `{question}`: {error}"), "")),
            None => Ok(choices[0].to_owned()),
        }
    }

    /// A name as manifests allow it.
    pub(super) fn name(
        &self,
        question: &str,
        given: Option<String>,
        default: &str,
    ) -> Result<String, Stop> {
        let name = self.text(question, given, default)?;
        if is_name(&name) {
            return Ok(name);
        }
        Err(Stop::failed(
            format!("`{name}` cannot be the name of an {}", question.to_lowercase())
                .replace("an service", "a service"),
            "a name begins with a lower-case letter and goes on with lower-case letters, digits and single hyphens, such as `my-api`",
        ))
    }
}

/// Whether manifests allow this name.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !name.ends_with('-')
        && !name.contains("--")
        && name.len() <= 32
}

/// A file to be written.
pub(super) struct File {
    path: String,
    text: String,
}

impl File {
    /// A file with this text.
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Fills a template.
    pub(super) fn render(
        path: impl Into<String>,
        template: &str,
        values: minijinja::Value,
    ) -> Result<Self, Stop> {
        let mut environment = minijinja::Environment::new();
        environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
        let syntax = minijinja::syntax::SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| Stop::failed(format!("the template syntax is broken: {error}"), ""))?;
        environment.set_syntax(syntax);
        // Values are YAML scalars: quoted where YAML would read them as something else.
        environment.add_filter("yaml", |value: minijinja::Value| yaml_scalar(&value.to_string()));
        let path = path.into();
        let text = environment.render_str(template, values).map_err(|error| {
            Stop::failed(format!("the template of {path} is broken: {error}"), "")
        })?;
        Ok(Self { path, text })
    }
}

/// A text as a YAML scalar, quoted unless it is plainly a text.
fn yaml_scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@".contains(c))
        && !text.ends_with(':')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// The application's manifest.
pub(super) fn application(name: &str) -> Result<File, Stop> {
    File::render(
        "shipit/application.yml",
        include_str!("../../templates/application.yml"),
        minijinja::context! { name => name },
    )
}

/// Writes the files, none of which may be there, the schemas that editors complete from, and says so.
pub(super) fn all(terminal: &Terminal, root: &Path, files: &[File]) -> Result<(), Stop> {
    let wrote = self::files(root, files)?;
    if terminal.json() {
        terminal.out(&json::document(&serde_json::json!({ "wrote": wrote })));
    } else {
        wrote.iter().for_each(|path| terminal.say(&format!("wrote {path}")));
    }
    Ok(())
}

/// Writes the files, none of which may be there, and the schemas that editors complete from; gives their paths.
pub(super) fn files<'a>(root: &Path, files: &'a [File]) -> Result<Vec<&'a str>, Stop> {
    for file in files {
        if root.join(&file.path).symlink_metadata().is_ok() {
            return Err(Stop::refused(
                format!("{} is there already; nothing was written", file.path),
                "edit it, or choose another name",
            ));
        }
    }
    for kind in Kind::ALL {
        let path = format!("shipit/.schema/{kind}.json");
        put(root, &path, &(json::document(&manifest::schema(kind)) + "\n"), true)?;
    }
    for file in files {
        put(root, &file.path, &file.text, false)?;
    }
    Ok(files.iter().map(|file| file.path.as_str()).collect())
}

fn put(root: &Path, path: &str, text: &str, overwrite: bool) -> Result<(), Stop> {
    let full = root.join(path);
    let written = full
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| {
            let mut options = std::fs::OpenOptions::new();
            options.write(true);
            if overwrite {
                options.create(true).truncate(true)
            } else {
                options.create_new(true)
            };
            options.open(&full)
        })
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        Stop::failed(
            format!("{path} could not be written: {error}"),
            "check the folder's permissions",
        )
    })
}
