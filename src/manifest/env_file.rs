//! `env_file`: a file of variables in the workspace, which become variables of the container, or one in S3, which ECS
//! reads when a task starts.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Component, Path};

use super::check::Findings;
use super::problem::Problem;
use super::read::notation;
use super::service::{Secret, ServiceManifest};

/// Largest file, in bytes: a whole task definition has no more.
const LARGEST: u64 = 64 << 10;

notation! {
    /// A file of variables: a path from the workspace's root, or an object in S3, kept as `s3://BUCKET/KEY`.
    EnvFile as String,
    { "type": "string", "pattern": "\\.env$" },
    |node, reader| {
        let expected = "a path from the workspace's root that ends in `.env`, or `s3://BUCKET/KEY.env`";
        let text = reader.text(node, expected)?.text.clone();
        let object = text
            .strip_prefix("s3://")
            .or_else(|| text.strip_prefix("arn:").and_then(|rest| rest.split_once(":s3:::")).map(|(_, object)| object));
        let sound = match object {
            Some(object) => object.split_once('/').is_some_and(|(bucket, key)| {
                bucket.len() >= 3 && key.len() > ".env".len()
            }),
            None => !text.starts_with("arn:") && !text.contains("://") && !text.contains('\0'),
        };
        if !text.ends_with(".env") || !sound {
            return reader.wrong(node, expected);
        }
        Some(object.map_or(text.clone(), |object| format!("s3://{object}")))
    }
}

/// The bucket and key of an `env_file` that is in S3: `BUCKET/KEY`.
pub fn in_s3(env_file: &str) -> Option<&str> {
    env_file.strip_prefix("s3://")
}

/// Reads the files of all containers in the workspace at `root`: their variables go below those that the manifest has.
pub(crate) fn load(root: &Path, service: &mut ServiceManifest, findings: &mut Findings<'_>) {
    let main = service.env_file.as_deref();
    one(root, main, "", &mut service.variables, &service.secrets, findings);
    let logging = &mut service.logging;
    let router = logging.env_file.as_deref();
    one(root, router, "logging.", &mut logging.variables, &logging.secrets, findings);
    for (name, sidecar) in &mut service.sidecars {
        let place = format!("sidecars.{name}.");
        let file = sidecar.env_file.as_deref();
        one(root, file, &place, &mut sidecar.variables, &sidecar.secrets, findings);
    }
}

/// Reads the file of one container, whose keys stand at `place`.
fn one(
    root: &Path,
    file: Option<&str>,
    place: &str,
    variables: &mut BTreeMap<String, String>,
    secrets: &BTreeMap<String, Secret>,
    findings: &mut Findings<'_>,
) {
    let Some(file) = file.filter(|file| in_s3(file).is_none()) else { return };
    let place = format!("{place}env_file");
    let mut say = |message: String, help: String| {
        findings.error(&place, message).help = Some(help);
    };
    let text = match text(root, file) {
        Ok(text) => text,
        Err((message, help)) => return say(message, help),
    };
    let mut lines: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        // The line itself is not shown: it may hold what is nobody's business.
        let Some((name, value)) = line.split_once('=') else {
            say(
                format!("line {number} of {file} is no variable"),
                "write `NAME=VALUE`; lines that begin with `#` are comments".to_owned(),
            );
            continue;
        };
        let sound = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
        if !sound {
            say(
                format!("line {number} of {file} has no name that a variable can have"),
                "letters, digits and `_`, not starting with a digit, no space before `=`; ECS knows no `export`"
                    .to_owned(),
            );
            continue;
        }
        match lines.get(name) {
            Some((first, _)) => say(
                format!("`{name}` stands twice in {file}: in lines {first} and {number}"),
                "keep one of the two".to_owned(),
            ),
            None => drop(lines.insert(name, (number, value))),
        }
    }
    for (name, (number, value)) in lines {
        if secrets.contains_key(name) || variables.contains_key(name) {
            continue;
        }
        if !value.is_empty() && looks_secret(name) {
            let problem = findings
                .error(&place, format!("`{name}` in line {number} of {file} looks like a secret"));
            *problem = Problem::warning(problem.clone()).help(format!(
                "variables are shown in plans and in the task definition: `shipit secret init {name}`, then name it under `secrets`"
            ));
        }
        variables.insert(name.to_owned(), value.to_owned());
    }
}

/// A file's text, or what is wrong with it and what to do.
fn text(root: &Path, file: &str) -> Result<String, (String, String)> {
    let path = Path::new(file);
    let inside = "it must be in the workspace: move it there, or put it into S3 and write `s3://BUCKET/KEY.env`";
    let outside = path.is_absolute() || path.components().any(|part| part == Component::ParentDir);
    if outside {
        return Err((format!("{file} is not a path within the workspace"), inside.to_owned()));
    }
    let full = root.join(path);
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => (
            format!("there is no file {file}"),
            "the path begins at the workspace's root, the folder that holds `shipit`".to_owned(),
        ),
        ErrorKind::PermissionDenied => {
            (format!("no permission to read {file}"), format!("chmod u+r {file}"))
        }
        _ => (format!("cannot read {file}: {error}"), "is it a file?".to_owned()),
    };
    let real = full.canonicalize().map_err(failed)?;
    let home = root.canonicalize().map_err(failed)?;
    if !real.starts_with(&home) {
        return Err((
            format!("{file} is a link to a file outside of the workspace"),
            inside.to_owned(),
        ));
    }
    let metadata = std::fs::metadata(&real).map_err(failed)?;
    if !metadata.is_file() {
        return Err((format!("{file} is not a file"), "name a file of variables".to_owned()));
    }
    if metadata.len() > LARGEST {
        let size = metadata.len();
        return Err((
            format!("{file} has {size} bytes, and at most {LARGEST} fit"),
            "a task definition has 64 KiB for everything: put the file into S3 and write `s3://BUCKET/KEY.env`".to_owned(),
        ));
    }
    let bytes = std::fs::read(&real).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        (format!("byte {at} of {file} is not UTF-8"), "save the file as UTF-8".to_owned())
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
}

/// Does a variable's name say that its value is nobody's business?
fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words =
        ["PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "ACCESS_KEY"];
    words.iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_secret() {
        for name in ["DB_PASSWORD", "github_token", "STRIPE_API_KEY", "AWS_SECRET_ACCESS_KEY"] {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["MODE", "KEYBOARD", "LOG_LEVEL"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
