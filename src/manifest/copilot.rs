//! Manifests of AWS Copilot as manifests of shipit.
//!
//! The keys are the same, so a manifest's text stays as it was written, comments and all; only what
//! names the manifest and two variables differ. What Copilot has and shipit refuses stays in the text
//! too: reading it gives the reason and the line. Finding and writing files is not done here.

use super::Kind;
use super::files;
use super::problem::{Problem, Problems, Source};
use super::yaml::{Node, parse};

/// Copilot's variables in manifests, and ours.
const VARIABLES: &[(&str, &str)] = &[
    ("${COPILOT_APPLICATION_NAME}", "${SHIPIT_APPLICATION}"),
    ("${COPILOT_ENVIRONMENT_NAME}", "${SHIPIT_ENVIRONMENT}"),
];

/// Types of manifests that stay behind: which, why, and what to do instead.
const LEFT: &[(&str, &str, &str)] = &[
    (
        "Request-Driven Web Service",
        "it runs on App Runner, which takes no new customers",
        "write a `Load Balanced Web Service` with `shipit svc init`",
    ),
    (
        "Static Site",
        "it needs CloudFront and a bucket",
        "serve the files from a `Load Balanced Web Service`, or keep the site as it is",
    ),
];

/// What becomes of one manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Converted {
    /// A manifest of shipit's.
    Manifest {
        /// Which kind.
        kind: Kind,
        /// The name that it has.
        name: String,
        /// Its whole text.
        text: String,
    },
    /// Nothing: shipit has no such thing.
    Left {
        /// What it is, in Copilot's words.
        what: String,
        /// Continues "WHAT is left behind: ...".
        why: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
}

impl Converted {
    /// Where the manifest belongs, relative to the workspace's root.
    pub fn path(kind: Kind, name: &str) -> String {
        let folder = if kind == Kind::Environment { "environments" } else { "services" };
        format!("{}/{folder}/{name}.yml", files::FOLDER)
    }
}

/// The manifest in `bytes`, which Copilot keeps at `path` in a folder called `folder`. With a region an
/// environment's manifest says where it is, as Copilot's do not.
///
/// # Errors
/// It is not UTF-8, no YAML, no map, or of a type that Copilot does not know.
pub fn convert(
    path: &str,
    folder: &str,
    bytes: &[u8],
    region: Option<&str>,
) -> Result<Converted, Problems> {
    let source = files::text(path, bytes)?;
    let tree = tree(&source)?;
    let Some(of_type) = tree.get("type") else {
        return Err(Problem::error(&source, tree.span, "`type` is missing")
            .expected("a manifest of Copilot's: a service, a job or an environment")
            .into());
    };
    let word = of_type.node.text().unwrap_or_default();
    if let Some((what, why, instead)) = LEFT.iter().find(|(what, ..)| *what == word) {
        return Ok(Converted::Left { what: (*what).to_owned(), why, instead });
    }
    let name = tree.get("name").and_then(|entry| entry.node.text());
    let mut head = String::new();
    let mut text = source.text.clone();
    let kind = if word == "Environment" {
        // In place of the line that says so in Copilot's words.
        let end = of_type.node.span.offset + of_type.node.span.length;
        text.replace_range(of_type.span.offset..end, "kind: environment");
        if let Some(region) = region.filter(|_| tree.get("region").is_none()) {
            head = format!("region: {region}\n");
        }
        Kind::Environment
    } else {
        head.push_str("kind: service\n");
        Kind::Service
    };
    if name.is_none() {
        head.push_str(&format!("name: {folder}\n"));
    }
    let first = tree.entries().iter().map(|entry| entry.span.offset).min().unwrap_or_default();
    text.insert_str(first, &head);
    for (theirs, ours) in VARIABLES {
        text = text.replace(theirs, ours);
    }
    Ok(Converted::Manifest { kind, name: name.unwrap_or(folder).to_owned(), text })
}

/// Whether a service with this manifest stands in private subnets of an environment.
pub fn is_private(path: &str, manifest: &str, environment: &str) -> bool {
    let Some(tree) = files::text(path, manifest.as_bytes()).ok().and_then(|text| tree(&text).ok())
    else {
        return false;
    };
    let placement = |above: &str| {
        let path = format!("{above}network.vpc.placement");
        let mut node = Some(&tree);
        for step in path.split('.') {
            node = node.and_then(|node| node.get(step)).map(|entry| &entry.node);
        }
        node.and_then(Node::text)
    };
    placement(&format!("environments.{environment}.")).or_else(|| placement("")) == Some("private")
}

/// An environment's manifest with a NAT gateway in each zone, which Copilot makes as soon as a service is private;
/// as it was where the network is an imported one.
pub fn with_nat(path: &str, manifest: &str) -> String {
    let Some((source, tree)) = files::text(path, manifest.as_bytes())
        .ok()
        .and_then(|text| Some((text.clone(), tree(&text).ok()?)))
    else {
        return manifest.to_owned();
    };
    let mut text = manifest.to_owned();
    let mut node = &tree;
    let mut steps = ["network", "vpc"].into_iter();
    let mut rest = "nat: per-zone".to_owned();
    for step in steps.by_ref() {
        match node.get(step).map(|entry| &entry.node) {
            Some(below) if !below.entries().is_empty() => node = below,
            // There with nothing in it: its line is written anew by hand.
            Some(_) => return text,
            None => {
                rest = match step {
                    "network" => "network: {vpc: {nat: per-zone}}".to_owned(),
                    _ => "vpc: {nat: per-zone}".to_owned(),
                };
                break;
            }
        }
    }
    if node.get("id").is_some() || node.get("nat").is_some() {
        return text;
    }
    let first = node.entries().iter().map(|entry| entry.span.offset).min().unwrap_or_default();
    let line = source.text[..first].rfind('\n').map_or(0, |at| at + 1);
    let indent = &source.text[line..first];
    // Beside the first key: on a line of its own, or within the braces.
    let between = if indent.trim().is_empty() { format!("\n{indent}") } else { ", ".to_owned() };
    text.insert_str(first, &(rest + &between));
    text
}

/// The application's name in Copilot's `.workspace` file.
///
/// # Errors
/// It is not UTF-8, no YAML, or names no application.
pub fn application(path: &str, bytes: &[u8]) -> Result<String, Problems> {
    let source = files::text(path, bytes)?;
    let tree = tree(&source)?;
    tree.get("application")
        .and_then(|entry| entry.node.text())
        .map(str::to_owned)
        .ok_or_else(|| Problem::error(&source, tree.span, "`application` is missing").into())
}

fn tree(source: &std::sync::Arc<Source>) -> Result<Node, Problems> {
    let mut problems = Vec::new();
    match parse(source, &mut problems) {
        Some(tree) if !tree.entries().is_empty() => Ok(tree),
        Some(tree) if problems.is_empty() => {
            Err(Problem::error(source, tree.span, "this is no map").expected("a manifest").into())
        }
        None if problems.is_empty() => {
            Err(Problem::of_file(&*source.path, "the file is empty").expected("a manifest").into())
        }
        _ => Err(Problems::new(problems)),
    }
}

/// Whether Copilot's workspace lies at or above a folder: then the way to convert it.
pub(crate) fn hint(start: &std::path::Path) -> Option<&'static str> {
    start.ancestors().any(|folder| folder.join("copilot").join(".workspace").exists()).then_some(
        "there is a Copilot workspace here: `shipit convert` writes its manifests as shipit's",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str, region: Option<&str>) -> String {
        match convert("copilot/web/manifest.yml", "web", text.as_bytes(), region) {
            Ok(Converted::Manifest { text, .. }) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_written_stays_as_it_was() {
        let text = "# The front.\nname: web\ntype: Backend Service # no balancer\n\nvariables:\n  A: ${COPILOT_ENVIRONMENT_NAME}\n";
        assert_eq!(
            manifest(text, None),
            "# The front.\nkind: service\nname: web\ntype: Backend Service # no balancer\n\nvariables:\n  A: ${SHIPIT_ENVIRONMENT}\n"
        );
    }

    #[test]
    fn an_environment_says_its_kind_its_region_and_its_name() {
        let text =
            "# Test.\ntype: 'Environment' # v1\nobservability:\n  container_insights: true\n";
        assert_eq!(
            manifest(text, Some("eu-west-1")),
            "# Test.\nregion: eu-west-1\nname: web\nkind: environment # v1\nobservability:\n  container_insights: true\n"
        );
    }

    #[test]
    fn what_is_no_manifest_says_so() {
        let why =
            |text: &str| convert("m.yml", "web", text.as_bytes(), None).unwrap_err().to_string();
        for text in ["", "- a\n", "name: web\n", "a: [\n"] {
            assert!(why(text).contains("m.yml"), "{}", why(text));
        }
        let left = convert("m.yml", "web", b"type: Static Site\n", None);
        assert!(matches!(left, Ok(Converted::Left { .. })));
    }

    #[test]
    fn a_private_service_brings_nat_gateways() {
        let private = "network:\n  vpc:\n    placement: private\nenvironments:\n  test:\n    network: {vpc: {placement: public}}\n";
        assert!(is_private("web.yml", private, "prod"));
        assert!(!is_private("web.yml", private, "test"));
        assert!(!is_private("web.yml", "name: web\n", "prod"));
        for (text, expected) in [
            ("# Ours.\nname: a\n", "# Ours.\nnetwork: {vpc: {nat: per-zone}}\nname: a\n"),
            (
                "name: a\nnetwork:\n  vpc:\n    # Wide.\n    cidr: 10.0.0.0/8\n",
                "name: a\nnetwork:\n  vpc:\n    # Wide.\n    nat: per-zone\n    cidr: 10.0.0.0/8\n",
            ),
            (
                "network: {vpc: {cidr: 10.0.0.0/8}}\n",
                "network: {vpc: {nat: per-zone, cidr: 10.0.0.0/8}}\n",
            ),
            ("network: {vpc: {id: vpc-1}}\n", "network: {vpc: {id: vpc-1}}\n"),
        ] {
            assert_eq!(with_nat("e.yml", text), expected);
        }
    }
}
