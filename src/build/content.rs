//! What an image is made of, as one tag: the same files, Dockerfile, arguments, target and platform give the same tag on every
//! machine. Times, owners and permissions other than "may be run" do not count, as they differ between clones of a repository.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ignore::Ignored;
use super::recipe::{Recipe, Unusable};

/// Counts up when what is hashed changes.
const FORMAT: &str = "shipit-image-1";
/// Hexadecimal digits of a tag.
const DIGITS: usize = 16;

/// `sha-0123456789abcdef`: the tag of what the recipe makes of the folder as it is now.
///
/// # Errors
/// The folder or the Dockerfile is not there, or something in it cannot be read.
pub fn tag(root: &Path, recipe: &Recipe) -> Result<String, Unusable> {
    let context = root.join(&recipe.context);
    if !context.is_dir() {
        return Err(Unusable::new(
            format!("there is no folder `{}` to build from", recipe.context),
            "paths of `image.build` begin at the workspace's root, the folder that holds `shipit`",
        ));
    }
    let file = root.join(&recipe.dockerfile);
    let dockerfile = fs::read(&file).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unusable::new(
            format!("there is no Dockerfile `{}`", recipe.dockerfile),
            "write it, or name another with `dockerfile` below `image.build`",
        ),
        _ => unreadable(&recipe.dockerfile, &error),
    })?;
    let mut hash = Sha256::new();
    let mut part = |name: &str, value: &[u8]| {
        hash.update(format!("{name} {}\n", value.len()));
        hash.update(value);
        hash.update("\n");
    };
    part("format", FORMAT.as_bytes());
    part("platform", recipe.platform.as_bytes());
    part("target", recipe.target.as_deref().unwrap_or_default().as_bytes());
    for (name, value) in &recipe.args {
        part("arg", format!("{name}={value}").as_bytes());
    }
    part("dockerfile", &dockerfile);
    let mut walk =
        Walk { context: &context, ignored: ignored(&context, &file)?, entries: Vec::new() };
    walk.folder("")?;
    walk.entries.sort();
    for (path, entry) in &walk.entries {
        part("path", path.as_bytes());
        part("entry", entry.as_bytes());
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha-{}", &hex[..DIGITS]))
}

/// The patterns of the Dockerfile's own file (`api.Dockerfile.dockerignore`), else of the folder's.
fn ignored(context: &Path, dockerfile: &Path) -> Result<Ignored, Unusable> {
    let mut own = dockerfile.as_os_str().to_owned();
    own.push(".dockerignore");
    for file in [PathBuf::from(own), context.join(".dockerignore")] {
        match fs::read(&file) {
            Ok(text) => return Ok(Ignored::parse(&String::from_utf8_lossy(&text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&file.to_string_lossy(), &error)),
        }
    }
    Ok(Ignored::default())
}

struct Walk<'a> {
    context: &'a Path,
    ignored: Ignored,
    /// Path, and what stands for the content.
    entries: Vec<(String, String)>,
}

impl Walk<'_> {
    fn folder(&mut self, below: &str) -> Result<(), Unusable> {
        let failed =
            |error: io::Error| unreadable(if below.is_empty() { "." } else { below }, &error);
        for entry in fs::read_dir(self.context.join(below)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let kind = entry.file_type().map_err(failed)?;
            let ignored = self.ignored.ignores(&path);
            if kind.is_dir() {
                if !ignored {
                    self.entries.push((path.clone(), "folder".to_owned()));
                }
                if !ignored || self.ignored.has_exceptions() {
                    self.folder(&path)?;
                }
            } else if !ignored {
                let full = entry.path();
                let seen = match (kind.is_symlink(), kind.is_file()) {
                    (true, _) => fs::read_link(&full)
                        .map(|to| format!("link {}", to.to_string_lossy().replace('\\', "/"))),
                    (_, true) => file(&full),
                    // Sockets and the like are nothing that can be copied.
                    _ => continue,
                };
                let seen = seen.map_err(|error| unreadable(&path, &error))?;
                self.entries.push((path, seen));
            }
        }
        Ok(())
    }
}

fn file(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    let kind = if may_be_run(&file.metadata()?) { "program" } else { "file" };
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{kind} {hex}"))
}

#[cfg(unix)]
fn may_be_run(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn may_be_run(_metadata: &fs::Metadata) -> bool {
    false
}

fn unreadable(path: &str, error: &io::Error) -> Unusable {
    Unusable::new(
        format!("cannot read `{path}` for the image's content: {error}"),
        "make it readable, or name it in `.dockerignore`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_follows_what_the_image_is_made_of_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("api/Dockerfile", "FROM scratch\n");
        write("api/src/main.py", "print(1)\n");
        write("api/.dockerignore", "*.log\n");
        let recipe = Recipe {
            context: "api".to_owned(),
            dockerfile: "api/Dockerfile".to_owned(),
            platform: "linux/amd64".to_owned(),
            ..Recipe::default()
        };
        let first = tag(root, &recipe).unwrap();
        assert_eq!(first.len(), "sha-".len() + DIGITS);
        write("api/debug.log", "not sent\n");
        write("api/src/main.py", "print(1)\n");
        let cached = Recipe { cache_from: vec!["x".to_owned()], ..recipe.clone() };
        assert_eq!(
            (tag(root, &recipe), tag(root, &cached)),
            (Ok(first.clone()), Ok(first.clone()))
        );
        let mut seen = vec![first];
        let mut differs = |recipe: &Recipe, what: &str| {
            let now = tag(root, recipe).unwrap();
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        differs(&Recipe { platform: "linux/arm64".to_owned(), ..recipe.clone() }, "platform");
        differs(&Recipe { target: Some("test".to_owned()), ..recipe.clone() }, "target");
        let args = [("A".to_owned(), "1".to_owned())].into();
        differs(&Recipe { args, ..recipe.clone() }, "args");
        write("api/src/main.py", "print(2)\n");
        differs(&recipe, "a file's content");
        write("api/src/other.py", "print(1)\n");
        differs(&recipe, "a file more");
        write("api/Dockerfile", "FROM scratch\nCOPY . /\n");
        differs(&recipe, "the Dockerfile");
        write("api/Dockerfile.dockerignore", "src/other.py\n*.log\n");
        differs(&recipe, "the Dockerfile's own patterns");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            context: "api".to_owned(),
            dockerfile: "api/Dockerfile".to_owned(),
            ..Recipe::default()
        };
        let missing = tag(folder.path(), &recipe).unwrap_err();
        assert_eq!(missing.message, "there is no folder `api` to build from");
        fs::create_dir(folder.path().join("api")).unwrap();
        let missing = tag(folder.path(), &recipe).unwrap_err();
        assert_eq!(missing.message, "there is no Dockerfile `api/Dockerfile`");
    }
}
