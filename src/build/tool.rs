//! The builders that there are, which of them is on this machine, and how each is spoken to.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::recipe::Recipe;
use super::run;
use crate::engine::{Class, Failure};

/// A program that builds images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Docker, with buildx where it is there.
    Docker,
    /// Finch.
    Finch,
    /// Podman.
    Podman,
    /// Buildah.
    Buildah,
}

/// The builders' names, the first that is there is taken.
pub const NAMES: [&str; 4] = ["docker", "finch", "podman", "buildah"];

/// The oldest versions that know platforms and secrets.
const OLDEST: [(Tool, [u32; 2]); 4] = [
    (Tool::Docker, [20, 10]),
    (Tool::Finch, [1, 0]),
    (Tool::Podman, [4, 0]),
    (Tool::Buildah, [1, 24]),
];
/// Buildx says what an image was made from since this version, in a list around the image.
const PROVENANCE: [u32; 2] = [0, 10];

/// A builder on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builder {
    /// Which.
    pub tool: Tool,
    /// Its program.
    pub program: PathBuf,
    /// The version of Docker's buildx, if it is there.
    pub buildx: Option<[u32; 2]>,
}

impl Tool {
    /// The program's name.
    pub fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Docker, Self::Finch, Self::Podman, Self::Buildah]
            .into_iter()
            .find(|tool| tool.name() == name)
    }
}

impl Builder {
    /// The builder of that name, or the first that is there, in the folders of `path`.
    ///
    /// # Errors
    /// There is none, or it is too old.
    pub async fn find(wanted: Option<&str>, path: &OsStr) -> Result<Self, Failure> {
        let names: Vec<&str> = wanted.map_or(NAMES.to_vec(), |name| vec![name]);
        for name in &names {
            if Tool::named(name).is_none() {
                let message = format!("there is no builder `{name}`");
                let hint = format!("`--builder` and SHIPIT_BUILDER take {}", listed(&NAMES));
                return Err(Failure::new(Class::Invalid, message).with_hint(hint));
            }
        }
        let programs = names.iter().filter_map(|name| Some((Tool::named(name)?, on(path, name)?)));
        let Some((tool, program)) = programs.into_iter().next() else {
            let message = match wanted {
                Some(name) => format!("builder `{name}` is not on PATH"),
                None => format!("no builder found: none of {} is on PATH", listed(&NAMES)),
            };
            let hint = "install one of them; or push the image yourself and name it: `image.location: REPOSITORY:TAG`";
            return Err(Failure::new(Class::Invalid, message).with_hint(hint));
        };
        let said = run::quietly(&program, &["--version"]).await?;
        // Podman calls itself docker where people ask for it.
        let tool = if said.text.contains("podman") { Tool::Podman } else { tool };
        let (Some(version), Some((_, oldest))) =
            (version(&said.text), OLDEST.iter().find(|(of, _)| *of == tool))
        else {
            let message = format!("`{} --version` says no version: {}", tool.name(), said.text);
            let hint = "choose another builder with `--builder`";
            return Err(Failure::new(Class::Invalid, message).with_hint(hint));
        };
        if version < *oldest {
            let [major, minor] = version;
            let message = format!(
                "{} {major}.{minor} is too old to build for a platform: {}.{} is needed",
                tool.name(),
                oldest[0],
                oldest[1]
            );
            let hint =
                format!("update {}, or choose another builder with `--builder`", tool.name());
            return Err(Failure::new(Class::Invalid, message).with_hint(hint));
        }
        let buildx = match tool {
            Tool::Docker => {
                let said = run::quietly(&program, &["buildx", "version"]).await?;
                if said.ok { self::version(&said.text) } else { None }
            }
            _ => None,
        };
        Ok(Self { tool, program, buildx })
    }

    /// What it calls its command that builds, for people.
    pub(super) fn builds_with(&self) -> String {
        match self.buildx {
            Some(_) => "docker buildx build".to_owned(),
            None => format!("{} build", self.tool.name()),
        }
    }

    /// The arguments that build an image and call it `reference`; paths are joined to `root`.
    pub(super) fn build(&self, recipe: &Recipe, root: &Path, reference: &str) -> Vec<String> {
        let mut args: Vec<String> = match self.buildx {
            Some(_) => vec!["buildx".to_owned(), "build".to_owned()],
            None => vec!["build".to_owned()],
        };
        let mut option = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
        let full = |path: &str| root.join(path).to_string_lossy().into_owned();
        option("--platform", &recipe.platform);
        option("--file", &full(&recipe.dockerfile));
        option("--tag", reference);
        if let Some(target) = &recipe.target {
            option("--target", target);
        }
        recipe
            .args
            .iter()
            .for_each(|(name, value)| option("--build-arg", &format!("{name}={value}")));
        recipe.cache_from.iter().for_each(|image| option("--cache-from", image));
        recipe.secrets.iter().for_each(|secret| option("--secret", secret));
        recipe.ssh.iter().for_each(|ssh| option("--ssh", ssh));
        match (self.tool, self.buildx) {
            (Tool::Docker | Tool::Finch, _) => option("--progress", "plain"),
            // Layers are kept for the next build only if it is told so.
            (Tool::Buildah, _) => args.push("--layers".to_owned()),
            (Tool::Podman, _) => {}
        }
        if let Some(buildx) = self.buildx {
            if buildx >= PROVENANCE {
                args.push("--provenance=false".to_owned());
            }
            args.push("--load".to_owned());
        }
        args.push(full(&recipe.context));
        args
    }

    /// The arguments that print an image's platform: `linux/amd64`.
    pub(super) fn inspect(&self, reference: &str) -> Vec<String> {
        let args: &[&str] = match self.tool {
            Tool::Buildah => {
                &["inspect", "--type", "image", "--format", "{{.OCIv1.OS}}/{{.OCIv1.Architecture}}"]
            }
            _ => &["image", "inspect", "--format", "{{.Os}}/{{.Architecture}}"],
        };
        args.iter().copied().chain([reference]).map(str::to_owned).collect()
    }

    /// The arguments that sign in to a registry, whose password comes on standard input.
    pub(super) fn login(&self, user: &str, registry: &str, plain: bool) -> Vec<String> {
        let args = ["login", "--username", user, "--password-stdin"];
        let insecure = self.insecure(plain);
        args.into_iter().chain(insecure).chain([registry]).map(str::to_owned).collect()
    }

    /// The arguments that push an image.
    pub(super) fn push(&self, reference: &str, plain: bool) -> Vec<String> {
        let insecure = self.insecure(plain);
        ["push"].into_iter().chain(insecure).chain([reference]).map(str::to_owned).collect()
    }

    /// Docker and Finch speak plain HTTP to this machine by themselves.
    fn insecure(&self, plain: bool) -> Option<&'static str> {
        (plain && matches!(self.tool, Tool::Podman | Tool::Buildah)).then_some("--tls-verify=false")
    }
}

/// The first program of that name in the folders of a search path.
fn on(path: &OsStr, name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path).map(|folder| folder.join(&file)).find(|program| program.is_file())
}

/// The first two numbers of the first version that a text names.
fn version(text: &str) -> Option<[u32; 2]> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    words.into_iter().find_map(|word| {
        let mut numbers = word.trim_start_matches('v').split(['.', '-', '+']);
        Some([numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?])
    })
}

fn listed(names: &[&str]) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_each_builder_writes_them() {
        for (text, wanted) in [
            ("Docker version 24.0.7, build afdb53b", Some([24, 0])),
            ("podman version 4.9.3", Some([4, 9])),
            ("finch version v1.1.0", Some([1, 1])),
            ("buildah version 1.33.7 (image-spec 1.1.0-rc.5, runtime-spec 1.1.0)", Some([1, 33])),
            ("github.com/docker/buildx v0.12.1 30feaa1", Some([0, 12])),
            ("hello", None),
        ] {
            assert_eq!(version(text), wanted, "{text}");
        }
    }

    #[test]
    fn each_builder_gets_its_own_arguments() {
        let recipe = Recipe {
            context: "api".to_owned(),
            dockerfile: "api/Dockerfile".to_owned(),
            target: Some("run".to_owned()),
            args: [("A".to_owned(), "1".to_owned())].into(),
            cache_from: vec!["cache:1".to_owned()],
            secrets: vec!["id=npm,src=.npmrc".to_owned()],
            ssh: vec!["default".to_owned()],
            platform: "linux/arm64".to_owned(),
        };
        let line = |tool: Tool, buildx| {
            let builder = Builder { tool, program: tool.name().into(), buildx };
            builder.build(&recipe, Path::new("/w"), "r/web:sha-1").join(" ")
        };
        let common = "--platform linux/arm64 --file /w/api/Dockerfile --tag r/web:sha-1 --target run --build-arg A=1 --cache-from cache:1 --secret id=npm,src=.npmrc --ssh default";
        assert_eq!(
            line(Tool::Docker, Some([0, 12])),
            format!("buildx build {common} --progress plain --provenance=false --load /w/api")
        );
        assert_eq!(
            line(Tool::Docker, Some([0, 8])),
            format!("buildx build {common} --progress plain --load /w/api")
        );
        assert_eq!(line(Tool::Docker, None), format!("build {common} --progress plain /w/api"));
        assert_eq!(line(Tool::Podman, None), format!("build {common} /w/api"));
        assert_eq!(line(Tool::Buildah, None), format!("build {common} --layers /w/api"));
        let podman = Builder { tool: Tool::Podman, program: "podman".into(), buildx: None };
        assert_eq!(podman.push("r/web:1", true).join(" "), "push --tls-verify=false r/web:1");
        assert_eq!(
            podman.login("AWS", "r", false).join(" "),
            "login --username AWS --password-stdin r"
        );
    }
}
