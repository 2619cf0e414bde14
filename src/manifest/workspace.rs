//! A folder of manifests, read and checked as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::application::{Application, ApplicationKind};
use super::environment::{Environment, EnvironmentKind};
use super::loader::{FoundService, Loader, Variables};
use super::objects::OwnObject;
use super::problem::{Problem, Problems, Source};
use super::read::{Read, Reader, did_you_mean};
use super::service::{Service, ServiceFile, ServiceManifest};
use super::yaml::parse;
use super::{Kind, check, files};

/// A folder of manifests in which no error was found.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// The folder that holds the folder `shipit`.
    pub root: PathBuf,
    /// The application.
    pub application: Application,
    /// Its environments, by name. When loaded for one of them, others that have errors are left out.
    pub environments: Vec<Environment>,
    /// Its services, by name.
    pub services: Vec<Service>,
    /// What is allowed but probably not meant.
    pub warnings: Problems,
    /// The environment that has no manifest of its own, and the one from whose it is made (`review`).
    pub made_from: Option<(String, String)>,
    resolved: BTreeMap<(String, String), ServiceManifest>,
    /// Objects of Kubernetes beside manifests, by service and environment.
    objects: BTreeMap<(String, String), Vec<OwnObject>>,
}

impl Workspace {
    /// The folder that holds `shipit/`: `start` or the nearest one above it.
    ///
    /// # Errors
    /// One problem that says how to begin, when there is none.
    pub fn find(start: &Path) -> Result<PathBuf, Problems> {
        files::find(start)
    }

    /// Reads and checks everything, each service for each environment. `root` is what
    /// [`Workspace::find`] returns; `variables` gives the values of `${NAME}`.
    ///
    /// # Errors
    /// Every problem of every file, warnings among them, when at least one is an error.
    pub fn load(root: &Path, variables: Variables<'_>) -> Result<Self, Problems> {
        Self::load_for(root, None, variables)
    }

    /// The same for a run in one environment: what is wrong only in others does not stop it.
    ///
    /// # Errors
    /// As for [`Workspace::load`]; and when there is no such environment.
    pub fn load_for(
        root: &Path,
        environment: Option<&str>,
        variables: Variables<'_>,
    ) -> Result<Self, Problems> {
        let mut loader = Loader::new(root, variables);
        files::strangers(root, &mut loader.problems);
        let application = loader.application();
        let environments = loader.environments(environment);
        let services = loader.services(environment, &environments);
        let made_from = loader.made_from.take();
        let objects = loader.objects(&services, &environments);
        let mut problems = loader.problems;
        check::workspace(application.as_ref(), &environments, &services, &mut problems);

        let problems = Problems::new(problems);
        match application {
            Some(application) if problems.errors() == 0 => Ok(Self {
                root: root.to_owned(),
                application,
                environments: environments
                    .into_iter()
                    .filter_map(|found| found.environment)
                    .collect(),
                services: services.iter().filter_map(|found| found.service.clone()).collect(),
                warnings: problems,
                made_from,
                resolved: services.into_iter().flat_map(FoundService::into_resolved).collect(),
                objects,
            }),
            _ => Err(problems),
        }
    }

    /// What stands in for manifests where a saved plan is applied without any: an application and an
    /// environment with nothing in them but their names and account.
    pub fn without_manifests(
        root: &Path,
        application: &str,
        environment: &str,
        account: &str,
    ) -> (Self, Environment) {
        let application = Application {
            kind: ApplicationKind::Application,
            name: application.to_owned(),
            region: None,
            account: None,
            permissions_boundary: None,
            domain: None,
            tags: BTreeMap::new(),
        };
        let environment = Environment {
            kind: EnvironmentKind::Environment,
            name: environment.to_owned(),
            region: None,
            account: Some(account.to_owned()),
            protect: false,
            profile: None,
            role: None,
            tags: BTreeMap::new(),
            network: Default::default(),
            cluster: Default::default(),
            discovery: Default::default(),
            mesh: None,
            observability: Default::default(),
            logging: Default::default(),
            http: Default::default(),
            review: None,
            patches: Vec::new(),
        };
        let workspace = Self {
            root: root.to_owned(),
            application,
            environments: vec![environment.clone()],
            services: Vec::new(),
            warnings: Problems::new(Vec::new()),
            made_from: None,
            resolved: BTreeMap::new(),
            objects: BTreeMap::new(),
        };
        (workspace, environment)
    }

    /// Adds a task that no file describes, as it is in one environment: `text` is a job's manifest without a schedule, `name` its name.
    ///
    /// # Errors
    /// Every problem of the text; and when a service bears the name already.
    pub fn with_task(
        mut self,
        name: &str,
        environment: &str,
        text: &str,
    ) -> Result<Self, Problems> {
        let place = "the command line";
        if let Some(other) = self.services.iter().find(|service| service.name == name) {
            let problem =
                Problem::of_file(place, format!("`{name}` is the name of {}", other.file));
            return Err(problem.help("choose another name").into());
        }
        let source = Source::new(place, text);
        let mut problems = Vec::new();
        let node = parse(&source, &mut problems);
        let mut reader = Reader::new(&source, Kind::Service, false);
        let read = node.as_ref().and_then(|node| ServiceFile::read(node, &mut reader));
        problems.append(&mut reader.problems);
        let (Some(node), Some(mut manifest)) = (node, read) else {
            return Err(Problems::new(problems));
        };
        check::service(&manifest, &node, self.environment(environment), &source, &mut problems);
        let problems = Problems::new(problems);
        if problems.errors() > 0 {
            return Err(problems);
        }
        manifest.on = None;
        self.services.push(Service {
            name: name.to_owned(),
            service_type: manifest.service_type,
            formerly: None,
            file: place.to_owned(),
        });
        self.resolved.insert((name.to_owned(), environment.to_owned()), manifest);
        Ok(self)
    }

    /// How long an environment lives that has no manifest of its own; `None` for all others.
    pub fn time_to_live(&self, environment: &str) -> Option<Duration> {
        let (made, _) = self.made_from.as_ref()?;
        let manifest = self.environment(environment).filter(|_| made == environment)?;
        manifest.review.as_ref().map(|review| review.ttl)
    }

    /// An environment by its name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.name == name)
    }

    /// The objects of Kubernetes beside a service's manifest, as they are in an environment on EKS; none on ECS.
    pub fn objects_in(&self, service: &str, environment: &str) -> &[OwnObject] {
        let key = (service.to_owned(), environment.to_owned());
        self.objects.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// A service as it is in an environment: overrides laid over it, defaults filled in.
    ///
    /// # Errors
    /// One problem, when there is no such service or environment here.
    pub fn service_in(
        &self,
        service: &str,
        environment: &str,
    ) -> Result<ServiceManifest, Problems> {
        let key = (service.to_owned(), environment.to_owned());
        if let Some(manifest) = self.resolved.get(&key) {
            return Ok(manifest.clone());
        }
        let services: Vec<&str> =
            self.services.iter().map(|service| service.name.as_str()).collect();
        let environments: Vec<&str> =
            self.environments.iter().map(|environment| environment.name.as_str()).collect();
        let (what, name, names) = if services.contains(&service) {
            ("environment", environment, environments)
        } else {
            ("service", service, services)
        };
        let help = did_you_mean(name, &names).unwrap_or_else(|| {
            format!("`shipit {} ls` lists them", if what == "service" { "svc" } else { "env" })
        });
        let path = format!("{}/{what}s/{name}.yml", files::FOLDER);
        Err(Problem::of_file(path, format!("there is no {what} `{name}`")).help(help).into())
    }
}
