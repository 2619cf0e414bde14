//! `image.build`: how an image is made from a folder of the workspace.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::container::Location;
use crate::manifest::read::{Read, Reader, Text, is_map, notation, record};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::Node;

record! {
    /// How an image is built.
    #[derive(Default)]
    pub struct Build {
        /// The Dockerfile, a path from the workspace's root; `Dockerfile` in `context` when left out.
        dockerfile: Option<String> as Option<BuildPath>,
        /// The folder that the build gets, a path from the workspace's root; the Dockerfile's when left out.
        context: Option<String> as Option<BuildPath>,
        /// The stage that is the image; the last when left out.
        target: Option<String> as Option<Text>,
        /// Build arguments.
        args: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Images whose layers the build may take over.
        cache_from: Vec<String> as Vec<Text>,
        /// What the build may read and the image does not keep, as BuildKit has it: `id=npm,src=.npmrc`, `id=token,env=TOKEN`.
        secrets: Vec<String> as Vec<BuildSecret>,
        /// SSH agents or keys that the build may use, as BuildKit has it: `default`.
        ssh: Vec<String> as Vec<Text>,
    }
}

impl Build {
    /// The folder that the build gets, from the workspace's root: `.` is the root.
    pub fn folder(&self) -> &str {
        let above = |file: &'_ str| file.rfind('/').map_or(0, |at| at);
        match (&self.context, &self.dockerfile) {
            (Some(context), _) => context,
            (None, Some(file)) if above(file) > 0 => &file[..above(file)],
            (None, _) => ".",
        }
    }

    /// The Dockerfile, from the workspace's root.
    pub fn file(&self) -> String {
        match (&self.dockerfile, self.folder()) {
            (Some(file), _) => file.clone(),
            (None, ".") => "Dockerfile".to_owned(),
            (None, folder) => format!("{folder}/Dockerfile"),
        }
    }
}

/// What a container runs.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Source {
    /// An image that exists, by its name.
    Location(String),
    /// One that is built.
    Build(Box<Build>),
}

notation! {
    /// A path from the workspace's root, without `./` before it.
    BuildPath as String,
    { "type": "string", "examples": ["api/Dockerfile"] },
    |node, reader| {
        let expected = "a path from the workspace's root, the folder that holds `shipit`: `api/Dockerfile`";
        let text = &reader.text(node, expected)?.text;
        let remote = text.contains("://") || text.starts_with("git@");
        if text.is_empty() || text.starts_with('/') || text.contains(['\0', '\\']) || remote {
            return reader.wrong(node, expected);
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
    }
}

notation! {
    /// A secret of a build, as BuildKit has it.
    BuildSecret as String,
    { "type": "string", "examples": ["id=npm,src=.npmrc"] },
    |node, reader| {
        let expected = "a secret's id and where it is: `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`";
        let text = &reader.text(node, expected)?.text;
        let mut parts = text.split(',');
        let sound = parts.clone().all(|part| part.split_once('=').is_some_and(|(key, value)| !key.is_empty() && !value.is_empty()));
        if sound && parts.any(|part| part.starts_with("id=")) { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

/// A Dockerfile's path, or a map.
#[derive(Debug)]
pub(crate) struct BuildShape;

impl JsonSchema for BuildShape {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BuildShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<Build>(generator)])
    }
}

impl Read for BuildShape {
    type Value = Build;

    fn read(node: &Node, reader: &mut Reader) -> Option<Build> {
        if is_map(node) {
            return Build::read(node, reader);
        }
        BuildPath::read(node, reader)
            .map(|dockerfile| Build { dockerfile: Some(dockerfile), ..Build::default() })
    }
}

record! {
    /// A sidecar's image: one that exists, or one that is built.
    pub(crate) struct ImageMap {
        /// The image to run.
        location: Option<String> as Option<Location>,
        /// How it is built: a Dockerfile's path, or a map.
        build: Option<Build> as Option<BuildShape>,
    }
}

/// A sidecar's image: a word, or a map.
#[derive(Debug)]
pub(crate) struct SidecarImage;

impl JsonSchema for SidecarImage {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SidecarImage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<ImageMap>(generator)])
    }
}

impl Read for SidecarImage {
    type Value = Source;

    fn read(node: &Node, reader: &mut Reader) -> Option<Source> {
        if !is_map(node) {
            return Location::read(node, reader).map(Source::Location);
        }
        let map = ImageMap::read(node, reader)?;
        match (map.location, map.build) {
            (Some(location), None) => Some(Source::Location(location)),
            (None, Some(build)) => Some(Source::Build(Box::new(build))),
            _ => reader.wrong(node, "either `location` or `build`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Build;

    #[test]
    fn what_is_left_out_follows_from_the_rest() {
        let paths = |context: Option<&str>, dockerfile: Option<&str>| {
            let build = Build {
                context: context.map(str::to_owned),
                dockerfile: dockerfile.map(str::to_owned),
                ..Build::default()
            };
            format!("{} {}", build.folder(), build.file())
        };
        assert_eq!(paths(None, None), ". Dockerfile");
        assert_eq!(paths(None, Some("Dockerfile")), ". Dockerfile");
        assert_eq!(paths(None, Some("api/Dockerfile")), "api api/Dockerfile");
        assert_eq!(paths(Some("api"), None), "api api/Dockerfile");
        assert_eq!(paths(Some("."), Some("docker/api")), ". docker/api");
    }
}
