//! A service's own objects of Kubernetes: `shipit/kubernetes/SERVICE/*.yml`, any number of documents in a file.
//!
//! They are for environments on EKS; on ECS nothing is made of them. Whether they are objects at all is looked at here,
//! what the cluster makes of them is its own affair.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::files;
use super::problem::{Problem, Source, Span};
use super::read::{is_map, json};
use super::service::{Count, ServiceManifest};
use super::yaml::{Node, Undefined, interpolate, parse};

/// The folder, within that of manifests.
const FOLDER: &str = "kubernetes";

/// Kinds that lie in no namespace, so that they get none.
const OF_CLUSTERS: &[&str] = &[
    "APIService",
    "CSIDriver",
    "ClusterIssuer",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "IngressClassParams",
    "MutatingWebhookConfiguration",
    "NodeClass",
    "NodePool",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeSnapshotClass",
];

/// What a template of Helm's is known by.
const OF_HELM: &[&str] = &[".Values", ".Release", ".Chart", "include ", "template ", "define "];

/// An object beside a service's manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnObject {
    /// `Deployment`.
    pub kind: String,
    /// `apps/v1`.
    pub api_version: String,
    /// Its name.
    pub name: String,
    /// The object, without a namespace.
    pub object: Json,
    /// Whether it lies in the application's namespace.
    pub namespaced: bool,
    /// Its file.
    pub source: Arc<Source>,
    /// Where in it its name stands.
    pub span: Span,
    /// Where its kind does.
    pub kind_span: Span,
}

impl OwnObject {
    /// Is it the same object as one of this group, kind and name?
    pub fn is(&self, api_version: &str, kind: &str, name: &str) -> bool {
        let group = |version: &str| version.split_once('/').map(|(group, _)| group.to_owned());
        self.kind == kind && self.name == name && group(&self.api_version) == group(api_version)
    }

    /// `services/api.yml:3`, as messages have it.
    pub fn place(&self) -> String {
        let (line, _) = self.source.position(self.span.offset);
        format!("{}:{line}", self.source.path)
    }
}

/// What is asked of the workspace while objects are read.
pub(crate) struct Reading<'a> {
    pub(crate) root: &'a Path,
    pub(crate) application: &'a str,
    pub(crate) variables: &'a dyn Fn(&str) -> Result<String, Undefined>,
}

/// The files of a service's objects.
pub(crate) fn files_of(root: &Path, service: &str, problems: &mut Vec<Problem>) -> Vec<String> {
    files::list(root, &format!("{}/{FOLDER}/{service}", files::FOLDER), problems)
}

/// Folders of objects that belong to no service.
pub(crate) fn strangers(root: &Path, services: &[&str], problems: &mut Vec<Problem>) {
    let folder = format!("{}/{FOLDER}", files::FOLDER);
    let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { return };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    for name in names.iter().filter(|name| !services.contains(&name.as_str())) {
        let path = format!("{folder}/{name}");
        let problem =
            Problem::of_file(&*path, "this belongs to no service, so nothing here is applied");
        let help = super::read::did_you_mean(files::stem(name), services)
            .unwrap_or_else(|| format!("objects of a service stand in {folder}/SERVICE/*.yml"));
        problems.push(problem.help(help));
    }
}

/// All objects of a service as they are in one environment.
pub(crate) fn read(
    reading: &Reading<'_>,
    service: &ServiceManifest,
    problems: &mut Vec<Problem>,
) -> Vec<OwnObject> {
    let mut found: Vec<OwnObject> = Vec::new();
    for path in files_of(reading.root, &service.name, problems) {
        let source = match files::read(reading.root, &path) {
            Ok(source) => source,
            Err(more) => {
                problems.extend(more.0);
                continue;
            }
        };
        if let Some(problem) = helm(&source) {
            problems.push(problem);
            continue;
        }
        for document in documents(&source) {
            let Some(mut node) = parse(&document, problems) else { continue };
            if node.is_null() {
                continue;
            }
            interpolate(&mut node, &source, reading.variables, problems);
            let Some(object) = object(&source, &node, reading.application, problems) else {
                continue;
            };
            if let Some(first) =
                found.iter().find(|other| other.is(&object.api_version, &object.kind, &object.name))
            {
                problems.push(
                    Problem::error(
                        &source,
                        object.span,
                        format!("{} `{}` is written twice", object.kind, object.name),
                    )
                    .help(format!(
                        "the first one stands in {}: keep one of the two",
                        first.place()
                    )),
                );
                continue;
            }
            autoscaler(&object, service, problems);
            found.push(object);
        }
    }
    found
}

/// Each document as a source of its own, in which all others are blank, so that every place is that of the file.
fn documents(source: &Arc<Source>) -> Vec<Arc<Source>> {
    let text = &source.text;
    let mut starts = vec![0];
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let end = offset + line.len();
        if line.trim_end() == "---" || line.starts_with("--- ") {
            starts.push(if line.trim_end() == "---" { end } else { offset });
        }
        offset = end;
    }
    starts.push(text.len());
    let blank = |part: &str| -> String {
        part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
    };
    starts
        .windows(2)
        .filter_map(|pair| {
            // The line that ends a document begins the next one.
            let part = text[pair[0]..pair[1]].trim_end();
            let part = part.strip_suffix("\n---").unwrap_or(if part == "---" { "" } else { part });
            if part.trim().is_empty() {
                return None;
            }
            let text = format!("{}{part}\n", blank(&text[..pair[0]]));
            Some(Source::new(&*source.path, text))
        })
        .collect()
}

fn helm(source: &Arc<Source>) -> Option<Problem> {
    let mut from = 0;
    while let Some(at) = source.text[from..].find("{{") {
        let offset = from + at;
        let inside = source.text[offset + 2..].trim_start_matches('-').trim_start();
        if OF_HELM.iter().any(|word| inside.starts_with(word)) {
            let problem = Problem::error(
                source,
                Span { offset, length: 2 },
                "this is a template of Helm's, and no object",
            );
            return Some(problem.help(
                "render it first: `helm template NAME CHART > shipit/kubernetes/SERVICE/chart.yml`",
            ));
        }
        from = offset + 2;
    }
    None
}

fn object(
    source: &Arc<Source>,
    node: &Node,
    application: &str,
    problems: &mut Vec<Problem>,
) -> Option<OwnObject> {
    let mut wrong = |span: Span, message: String, help: String| {
        problems.push(Problem::error(source, span, message).help(help));
        None
    };
    if !is_map(node) {
        return wrong(
            node.span,
            "this is no object of Kubernetes".to_owned(),
            "write a map with `apiVersion`, `kind` and `metadata.name`".to_owned(),
        );
    }
    let text = |path: &str| at(node, path).and_then(Node::text).filter(|text| !text.is_empty());
    for key in ["apiVersion", "kind", "metadata.name"] {
        if text(key).is_none() {
            return wrong(
                node.place(key),
                format!("this object has no `{key}`"),
                format!(
                    "every object of Kubernetes has one: add `{}:`",
                    key.rsplit('.').next().unwrap_or(key)
                ),
            );
        }
    }
    let (api_version, kind, name) = (text("apiVersion")?, text("kind")?, text("metadata.name")?);
    if kind.ends_with("List") && node.get("items").is_some() {
        return wrong(
            node.place("kind"),
            format!("`{kind}` is a list of objects, and no object"),
            "write its items as documents of their own, with `---` between them".to_owned(),
        );
    }
    if kind == "Secret" && api_version == "v1" {
        return wrong(
            node.place("kind"),
            "a Secret in a file is a secret in plain text".to_owned(),
            "store the value with `shipit secret init NAME`, and name it under `secrets` in the service's manifest".to_owned(),
        );
    }
    if kind == "Namespace" && api_version == "v1" {
        return wrong(
            node.place("kind"),
            "namespaces are not made by services".to_owned(),
            format!(
                "all objects of this application are in the namespace `{application}`, which shipit makes"
            ),
        );
    }
    if let Some(namespace) =
        text("metadata.namespace").filter(|namespace| *namespace != application)
    {
        return wrong(
            node.place("metadata.namespace"),
            format!("`{namespace}` is not the application's namespace"),
            format!("remove the line: all its objects are in `{application}`"),
        );
    }
    let mut object = json(node);
    if let Some(metadata) = object.get_mut("metadata").and_then(Json::as_object_mut) {
        metadata.remove("namespace");
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    Some(OwnObject {
        namespaced: !OF_CLUSTERS.contains(&kind),
        kind: kind.to_owned(),
        api_version: api_version.to_owned(),
        name: name.to_owned(),
        object,
        source: source.clone(),
        span: node.place("metadata.name"),
        kind_span: node.place("kind"),
    })
}

fn at<'n>(node: &'n Node, path: &str) -> Option<&'n Node> {
    path.split('.').try_fold(node, |node, step| node.get(step).map(|entry| &entry.node))
}

/// An autoscaler beside a count that never changes: each would put the other's number back.
fn autoscaler(object: &OwnObject, service: &ServiceManifest, problems: &mut Vec<Problem>) {
    let target = &object.object["spec"]["scaleTargetRef"]["name"];
    if object.kind != "HorizontalPodAutoscaler" || *target != service.name.as_str() {
        return;
    }
    let (what, help) = match service.count {
        Count::Fixed(count) | Count::Spot(count) => (
            format!("has a fixed count, {count}"),
            "remove it, and write `count: {range: 1-10, cpu_percentage: 70}` in the service's manifest",
        ),
        Count::Autoscaling(_) => {
            ("has an autoscaler by its `count`".to_owned(), "remove one of the two")
        }
        Count::Daemon => ("runs once on each node".to_owned(), "remove it"),
    };
    let message = format!("this scales service `{}`, which {what}", service.name);
    problems.push(Problem::error(&object.source, object.span, message).help(help));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_places() {
        let source = Source::new("a.yml", "# Grüße\n---\na: 1\n---\n---\nb: 2\n");
        let parts: Vec<(String, usize)> = documents(&source)
            .iter()
            .map(|part| {
                (
                    part.text.trim().to_owned(),
                    part.text.find(|c: char| c.is_ascii_lowercase()).unwrap(),
                )
            })
            .collect();
        let at = |letter: &str| source.text.find(letter).unwrap();
        assert_eq!(parts[1..], [("a: 1".to_owned(), at("a: 1")), ("b: 2".to_owned(), at("b: 2"))]);
    }
}
