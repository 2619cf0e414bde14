//! The way from files to what could be made of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::application::{Application, ApplicationFile};
use super::environment::{Environment, EnvironmentFile};
use super::objects::{self, OwnObject};
use super::problem::{Problem, Severity, Source};
use super::read::{Read, Reader, did_you_mean, is_map, name_problem};
use super::service::{IDENTITY, Service, ServiceFile, ServiceManifest};
use super::yaml::{Entry, Node, Undefined, Value, interpolate, overlay, parse};
use super::{Kind, check, env_file, files};

/// Gives the values of `${NAME}`.
pub(super) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A file's text with its tree.
pub(crate) struct File {
    pub(crate) source: Arc<Source>,
    pub(crate) node: Node,
}

/// An environment's file, and what could be made of it.
pub(crate) struct FoundEnvironment {
    pub(crate) name: String,
    pub(crate) file: Option<File>,
    pub(crate) environment: Option<Environment>,
}

/// A service's file, and what could be made of it.
pub(crate) struct FoundService {
    pub(crate) file: File,
    pub(crate) name: String,
    pub(crate) service: Option<Service>,
    /// By environment: the merged tree and what was read from it.
    pub(crate) resolved: Vec<(String, Node, ServiceManifest)>,
}

impl FoundService {
    pub(super) fn into_resolved(self) -> impl Iterator<Item = ((String, String), ServiceManifest)> {
        let name = self.name;
        self.resolved
            .into_iter()
            .map(move |(environment, _, manifest)| ((name.clone(), environment), manifest))
    }
}

/// Reads the files of a workspace, one after another, and gathers their problems.
pub(super) struct Loader<'a> {
    root: &'a Path,
    variables: Variables<'a>,
    pub(super) problems: Vec<Problem>,
    /// The application's name, once known.
    application: Option<String>,
    /// The environment that has no manifest of its own, and the one from whose it is made.
    pub(super) made_from: Option<(String, String)>,
}

impl<'a> Loader<'a> {
    /// Nothing is read yet.
    pub(super) fn new(root: &'a Path, variables: Variables<'a>) -> Self {
        Self { root, variables, problems: Vec::new(), application: None, made_from: None }
    }

    /// A file as a tree whose root is a map; an empty one has none.
    fn file(&mut self, path: &str, kind: Kind) -> Option<File> {
        let source = match files::read(self.root, path) {
            Ok(source) => source,
            Err(problems) => {
                self.problems.extend(problems.0);
                return None;
            }
        };
        let before = self.problems.len();
        let node = parse(&source, &mut self.problems);
        if self.problems.len() > before && node.is_none() {
            return None;
        }
        match node {
            Some(node) if matches!(node.value, Value::Mapping(_)) => Some(File { source, node }),
            Some(node) if !node.is_null() => {
                self.problems.push(
                    Problem::error(&source, node.span, "this is no manifest")
                        .expected(format!("a map that starts with `kind: {kind}`"))
                        .help("write `key: value`, one per line"),
                );
                None
            }
            _ => {
                self.problems.push(
                    Problem::of_file(path, "the file is empty")
                        .expected(format!(
                            "a manifest that starts with `kind: {kind}` and `name: {}`",
                            files::stem(path)
                        ))
                        .help("remove the file, or let `shipit init` write it"),
                );
                None
            }
        }
    }

    pub(super) fn application(&mut self) -> Option<Application> {
        let path = format!("{}/application.yml", files::FOLDER);
        let mut file = self.file(&path, Kind::Application)?;
        self.application =
            file.node.get("name").and_then(|entry| entry.node.text()).map(str::to_owned);
        if self.application.as_ref().is_some_and(|name| name.contains("${")) {
            // The name may come from outside, but not from itself.
            let mut name = Node { span: file.node.span, value: file.node.value.clone() };
            interpolate(
                &mut name,
                &file.source,
                &|name| lookup(name, None, None, self.variables),
                &mut Vec::new(),
            );
            self.application =
                name.get("name").and_then(|entry| entry.node.text()).map(str::to_owned);
        }
        self.interpolate(&mut file, None);
        read::<ApplicationFile>(&file, Kind::Application, &mut self.problems)
    }

    pub(super) fn environments(&mut self, chosen: Option<&str>) -> Vec<FoundEnvironment> {
        let mut found = Vec::new();
        let folder = format!("{}/environments", files::FOLDER);
        for path in files::list(self.root, &folder, &mut self.problems) {
            let before = self.problems.len();
            let file = self.file(&path, Kind::Environment);
            let stem = files::stem(&path).to_owned();
            let Some(mut file) = file else {
                self.forgive(chosen, &stem, before);
                found.push(FoundEnvironment { name: stem, file: None, environment: None });
                continue;
            };
            let name = file
                .node
                .get("name")
                .and_then(|entry| entry.node.text())
                .unwrap_or(&stem)
                .to_owned();
            self.interpolate(&mut file, Some(&name));
            let environment = read::<EnvironmentFile>(&file, Kind::Environment, &mut self.problems);
            if let Some(environment) = &environment {
                let mut found = Vec::new();
                check::environment(environment, &file, &self.problems[before..], &mut found);
                self.problems.append(&mut found);
            }
            // What stands in for something unreadable must not be compared with services.
            let mut said = self.problems[before..].iter();
            let sound = said.all(|problem| problem.severity == Severity::Warning);
            let environment = environment.filter(|_| sound);
            check::file_name(self.root, &file, &name, &mut self.problems);
            self.forgive(chosen, &name, before);
            found.push(FoundEnvironment { name, file: Some(file), environment });
        }
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        let missing = chosen.filter(|chosen| !names.contains(chosen));
        let made = missing.and_then(|chosen| {
            let fits = |one: &&FoundEnvironment| {
                let review = one.environment.as_ref().and_then(|one| one.review.as_ref());
                review.is_some_and(|review| review.fits(chosen))
            };
            let template = found.iter().find(fits)?;
            let path = template.file.as_ref()?.source.path.clone();
            Some((chosen, template.name.clone(), path))
        });
        if let Some((chosen, template, path)) = made {
            let made = self.made_from(chosen, &template, &path);
            found.push(made);
        } else if let Some(chosen) = missing {
            let path = format!("{folder}/{chosen}.yml");
            let help = did_you_mean(chosen, &names)
                .unwrap_or_else(|| format!("create it with `shipit env init --name {chosen}`"));
            self.problems.push(
                Problem::of_file(path, format!("there is no environment `{chosen}`")).help(help),
            );
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// An environment without a manifest of its own.
    fn made_from(&mut self, chosen: &str, template: &str, path: &str) -> FoundEnvironment {
        self.made_from = Some((chosen.to_owned(), template.to_owned()));
        let mut environment = None;
        let mut file = self.file(path, Kind::Environment);
        if let Some(file) = &mut file {
            self.interpolate(file, Some(chosen));
            environment = read::<EnvironmentFile>(file, Kind::Environment, &mut self.problems);
        }
        if name_problem(chosen).is_some() {
            let message = format!("`{chosen}` is no name of an environment");
            let help = "use lower-case letters, digits and hyphens, a letter first";
            self.problems.push(Problem::of_file(path, message).help(help));
        }
        if let Some(environment) = &mut environment {
            environment.name = chosen.to_owned();
            // It is made to be deleted.
            environment.protect = false;
        }
        FoundEnvironment { name: chosen.to_owned(), file, environment }
    }

    /// A run in one environment is not stopped by another's problems.
    fn forgive(&mut self, chosen: Option<&str>, name: &str, before: usize) {
        if chosen.is_some_and(|chosen| chosen != name) {
            self.problems.truncate(before);
        }
    }

    pub(super) fn services(
        &mut self,
        chosen: Option<&str>,
        environments: &[FoundEnvironment],
    ) -> Vec<FoundService> {
        let mut found = Vec::new();
        let folders = ["services", "jobs"].map(|folder| format!("{}/{folder}", files::FOLDER));
        let list = |folder: &String| files::list(self.root, folder, &mut self.problems);
        for path in folders.iter().flat_map(list).collect::<Vec<_>>() {
            if let Some(file) = self.file(&path, Kind::Service) {
                found.push(self.service(file, chosen, environments));
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    fn service(
        &mut self,
        file: File,
        chosen: Option<&str>,
        environments: &[FoundEnvironment],
    ) -> FoundService {
        let stem = files::stem(&file.source.path);
        let name =
            file.node.get("name").and_then(|entry| entry.node.text()).unwrap_or(stem).to_owned();
        check::file_name(self.root, &file, &name, &mut self.problems);
        let names: Vec<&str> = environments.iter().map(|found| found.name.as_str()).collect();
        let overrides = file.node.get("environments").map(|entry| &entry.node);
        let mut problems = Vec::new();
        check::overrides(&file, overrides, &names, &mut problems);

        // First every part for itself: what an override hides is looked at too.
        let base = without(&file.node, &["environments"]);
        let parts = overrides.map(Node::entries).unwrap_or_default();
        // What has no manifest of its own has the overrides of the environment that it is made from.
        let made_from = self.made_from.clone();
        let key = |environment: &str| match &made_from {
            Some((made, template)) if made == environment => template.clone(),
            _ => environment.to_owned(),
        };
        let any = chosen.or(names.first().copied()).unwrap_or("test");
        self.part(&file, &base, any, None, &mut problems);
        for part in parts.iter().filter(|part| {
            is_map(&part.node) && chosen.is_none_or(|chosen| key(chosen) == part.key)
        }) {
            self.part(&file, &part.node, &part.key, Some(part), &mut problems);
        }

        // Then as it is in each environment.
        let wanted: Vec<&str> = match chosen {
            Some(chosen) => vec![chosen],
            None if names.is_empty() => vec![""],
            None => names.clone(),
        };
        let mut resolved = Vec::new();
        let mut seen: Vec<(Problem, Vec<String>)> = Vec::new();
        for environment in &wanted {
            let part = parts.iter().find(|part| part.key == key(environment) && is_map(&part.node));
            let mut merged = part.map_or_else(
                || base.clone(),
                |part| overlay(&base, &without(&part.node, IDENTITY)),
            );
            let mut own = Vec::new();
            let variables =
                self.lookup(Some(if environment.is_empty() { any } else { *environment }));
            interpolate(&mut merged, &file.source, &variables, &mut own);
            let mut reader = Reader::new(&file.source, Kind::Service, false);
            let manifest = ServiceFile::read(&merged, &mut reader);
            own.append(&mut reader.problems);
            if let Some(mut manifest) = manifest {
                let at = environments.iter().find(|found| found.name == *environment);
                let at = at.and_then(|found| found.environment.as_ref());
                let unread = own.iter().map(|problem| problem.span).collect();
                let mut findings = check::Findings {
                    source: &file.source,
                    node: &merged,
                    unread,
                    problems: &mut own,
                };
                env_file::load(self.root, &mut manifest, &mut findings);
                check::images(self.root, &manifest, &mut findings);
                if manifest.platform.is_windows() {
                    // Windows needs more, as Copilot knows too.
                    let given = |key| merged.get(key).is_some_and(|entry| !entry.node.is_null());
                    manifest.cpu = if given("cpu") { manifest.cpu } else { 1024 };
                    manifest.memory = if given("memory") { manifest.memory } else { 2048 };
                }
                check::service(&manifest, &merged, at, &file.source, &mut own);
                let retention = at.and_then(|environment| environment.logging.retention);
                manifest.logging.retention = manifest.logging.retention.or(retention).or(Some(30));
                if !own.iter().any(|problem| problem.severity == Severity::Error) {
                    resolved.push(((*environment).to_owned(), merged, manifest));
                }
            }
            // What a part said already is not said again of the whole, in other words.
            let said = |problem: &Problem| problems.iter().any(|known| known.span == problem.span);
            for problem in own.into_iter().filter(|problem| !said(problem)) {
                match seen.iter_mut().find(|(known, _)| *known == problem) {
                    Some((_, places)) => places.push((*environment).to_owned()),
                    None => seen.push((problem, vec![(*environment).to_owned()])),
                }
            }
        }
        for (mut problem, places) in seen {
            if places.len() < wanted.len() {
                problem.environments = places;
            }
            problems.push(problem);
        }
        let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
        self.problems.append(&mut problems);
        let service = resolved.first().filter(|_| !failed).map(|(_, _, manifest)| Service {
            name: manifest.name.clone(),
            service_type: manifest.service_type,
            formerly: manifest.formerly.clone(),
            file: file.source.path.clone(),
        });
        resolved.retain(|(environment, ..)| !environment.is_empty());
        FoundService { file, name, service, resolved }
    }

    /// Objects of Kubernetes beside the services' manifests, in environments on EKS.
    pub(super) fn objects(
        &mut self,
        services: &[FoundService],
        environments: &[FoundEnvironment],
    ) -> BTreeMap<(String, String), Vec<OwnObject>> {
        let mut problems = Vec::new();
        let names: Vec<&str> = services.iter().map(|found| found.name.as_str()).collect();
        objects::strangers(self.root, &names, &mut problems);
        let mut all = BTreeMap::new();
        let application = self.application.as_deref().unwrap_or_default();
        let on_eks = |name: &str| {
            let found = environments.iter().find(|found| found.name == name);
            found
                .and_then(|found| found.environment.as_ref())
                .is_some_and(|one| one.cluster.kubernetes.is_some())
        };
        for (environment, _, manifest) in services.iter().flat_map(|found| &found.resolved) {
            if !on_eks(environment) {
                continue;
            }
            let variables = self.lookup(Some(environment));
            let reading = objects::Reading { root: self.root, application, variables: &variables };
            let mut own = Vec::new();
            let found = objects::read(&reading, manifest, &mut own);
            all.insert((manifest.name.clone(), environment.clone()), found);
            for problem in own {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        self.problems.append(&mut problems);
        all
    }

    /// Reads a part of a service for its own sake; nothing is missing in a part.
    fn part(
        &self,
        file: &File,
        node: &Node,
        environment: &str,
        part: Option<&Entry>,
        problems: &mut Vec<Problem>,
    ) {
        let mut node = node.clone();
        interpolate(&mut node, &file.source, &self.lookup(Some(environment)), problems);
        let mut reader = Reader::new(&file.source, Kind::Service, true);
        match part {
            None => {
                ServiceFile::read(&node, &mut reader);
            }
            Some(part) => reader.part::<ServiceFile>(part, &node),
        }
        for problem in reader.problems {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }

    fn interpolate(&mut self, file: &mut File, environment: Option<&str>) {
        let mut problems = Vec::new();
        interpolate(&mut file.node, &file.source, &self.lookup(environment), &mut problems);
        self.problems.append(&mut problems);
    }

    fn lookup<'b>(
        &'b self,
        environment: Option<&'b str>,
    ) -> impl Fn(&str) -> Result<String, Undefined> + 'b {
        move |name| lookup(name, self.application.as_deref(), environment, self.variables)
    }
}

/// The value of a variable: the two of shipit's own first, then the shell's.
fn lookup(
    name: &str,
    application: Option<&str>,
    environment: Option<&str>,
    variables: Variables<'_>,
) -> Result<String, Undefined> {
    let own = match name {
        "SHIPIT_APPLICATION" => application,
        "SHIPIT_ENVIRONMENT" => environment,
        _ => return variables(name).ok_or_else(|| Undefined {
            help: format!("set it before you run shipit (export {name}=...), or write `\\${{{name}}}` for the text itself"),
        }),
    };
    own.map(str::to_owned).ok_or_else(|| Undefined {
        help: if name == "SHIPIT_ENVIRONMENT" {
            "this file holds for all environments: write the value in an environment's file"
                .to_owned()
        } else {
            "the application's own name cannot come from itself".to_owned()
        },
    })
}

fn without(node: &Node, keys: &[&str]) -> Node {
    let entries =
        node.entries().iter().filter(|entry| !keys.contains(&entry.key.as_str())).cloned();
    match node.value {
        Value::Mapping(_) => Node { span: node.span, value: Value::Mapping(entries.collect()) },
        _ => node.clone(),
    }
}

fn read<T: Read<Value = T>>(file: &File, kind: Kind, problems: &mut Vec<Problem>) -> Option<T> {
    let mut reader = Reader::new(&file.source, kind, false);
    let value = T::read(&file.node, &mut reader);
    problems.append(&mut reader.problems);
    value
}
