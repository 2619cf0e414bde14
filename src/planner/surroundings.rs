//! What is there in the account that services use and shipit does not make: hosted zones, load balancers and namespaces.
//! It is asked for before planning, and only where a manifest needs it.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClusterVersions, Context};
use crate::engine::{Class, Failure};
use crate::manifest::environment::NamespaceKind;
use crate::manifest::{ServiceManifest, Workspace};
use crate::resources::ecr::Recipe;

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Public hosted zones of the account.
    pub zones: Vec<HostedZone>,
    /// Load balancers, by what manifests call them.
    pub balancers: BTreeMap<String, ExistingBalancer>,
    /// The prefix list from which VPC Lattice calls tasks: `pl-…`.
    pub lattice_prefix_list: Option<String>,
    /// The capacity providers of the cluster that exists, where the environment has none of its own.
    pub providers: Option<BTreeSet<String>>,
    /// Cloud Map namespaces, by what manifests call them.
    pub namespaces: BTreeMap<String, ExistingNamespace>,
    /// Versions of Kubernetes and of add-ons.
    pub kubernetes: ClusterVersions,
    /// The API server behind local AWS's clusters has none of the kinds that EKS brings with Auto Mode.
    pub plain_kubernetes: bool,
    /// The tag that says the content of each folder, by how it is built.
    pub contents: BTreeMap<Recipe, String>,
    /// The same image by its digest, for each that manifests name by a tag in ECR.
    pub digests: BTreeMap<String, String>,
    /// What runs in another environment, by the image's name here: `api`, `api/proxy`.
    pub promoted: BTreeMap<String, Promoted>,
}

/// An image of another environment that is to run in this one, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// By its digest.
    pub from: String,
    /// The tag that it gets.
    pub tag: String,
}

/// A public hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostedZone {
    /// Its id.
    pub id: String,
    /// `example.com`.
    pub name: String,
}

/// An application load balancer that exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExistingBalancer {
    /// `app/NAME/ID`.
    pub full_name: String,
    /// Where clients reach it.
    pub dns_name: String,
    /// The zone of its DNS name.
    pub hosted_zone: String,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// The ARN of its listener for HTTP, on port 80 if there is one.
    pub http: Option<String>,
    /// The ARN of its listener for HTTPS, on port 443 if there is one.
    pub https: Option<String>,
    /// Priorities that its rules have.
    pub priorities: BTreeSet<u32>,
}

/// A Cloud Map namespace that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingNamespace {
    /// Its id, or its ARN where another account shares it.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Who knows its names.
    pub kind: NamespaceKind,
}

/// The namespace that an environment's manifest names.
pub fn namespace_wanted<'a>(workspace: &'a Workspace, environment: &str) -> Option<&'a str> {
    let discovery = &workspace.environment(environment)?.discovery;
    discovery.id.as_deref().filter(|_| discovery.enabled)
}

/// Whether hosted zones must be known to plan these services.
pub fn zones_wanted(workspace: &Workspace, environment: &str, services: &BTreeSet<String>) -> bool {
    let Some(manifest) = workspace.environment(environment) else { return false };
    let managed =
        workspace.application.domain.is_some() && manifest.http.public.certificates.is_empty();
    let explicit = |service: &ServiceManifest| {
        let http = service.http.as_ref().is_some_and(|http| {
            std::iter::once(&http.main).chain(&http.additional_rules).any(|rule| {
                rule.hosted_zone.is_some()
                    || rule.alias.iter().any(|alias| alias.hosted_zone.is_some())
            })
        });
        http || service.nlb.as_ref().is_some_and(|nlb| !nlb.alias.is_empty())
    };
    managed || resolved(workspace, environment, services).iter().any(explicit)
}

/// Whether the prefix list of VPC Lattice must be known to plan the environment.
pub fn prefix_list_wanted(workspace: &Workspace, environment: &str) -> bool {
    workspace.environment(environment).is_some_and(|manifest| manifest.lattice().is_some())
}

/// Whether services share load balancers through a kind that EKS brings into the cluster.
pub fn class_settings_wanted(workspace: &Workspace, environment: &str) -> bool {
    let manifest = workspace.environment(environment);
    let cluster = manifest.and_then(|manifest| manifest.cluster.kubernetes.as_ref());
    cluster.is_some_and(|cluster| cluster.auto_mode()) && !workspace.services.is_empty()
}

/// The load balancers that these services name.
pub fn balancers_wanted(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
) -> BTreeSet<String> {
    let Some(manifest) = workspace.environment(environment) else { return BTreeSet::new() };
    let default = manifest.http.public.alb.as_deref();
    resolved(workspace, environment, services)
        .iter()
        .filter_map(|service| balancer(service, default))
        .map(str::to_owned)
        .collect()
}

fn resolved(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
) -> Vec<ServiceManifest> {
    services.iter().filter_map(|name| workspace.service_in(name, environment).ok()).collect()
}

/// The load balancer that a service names, or the environment for it.
pub(super) fn balancer<'a>(
    service: &'a ServiceManifest,
    default: Option<&'a str>,
) -> Option<&'a str> {
    use crate::manifest::ServiceType::LoadBalancedWebService;
    if service.service_type != LoadBalancedWebService {
        return None;
    }
    service.http.as_ref()?.alb.as_deref().or(default)
}

impl Surroundings {
    /// The prefix list of VPC Lattice.
    pub(super) fn lattice_prefix_list(&self) -> Result<&str, Failure> {
        self.lattice_prefix_list.as_deref().ok_or_else(|| {
            Failure::internal("the prefix list of VPC Lattice was not asked for before planning")
        })
    }

    /// The load balancer of this name or ARN.
    pub(super) fn balancer(&self, name: &str) -> Result<&ExistingBalancer, Failure> {
        self.balancers.get(name).ok_or_else(|| {
            Failure::internal(format!("load balancer `{name}` was not asked for before planning"))
        })
    }

    /// The namespace with this id or ARN.
    pub(super) fn namespace(&self, id: &str) -> Result<&ExistingNamespace, Failure> {
        self.namespaces.get(id).ok_or_else(|| {
            Failure::internal(format!("namespace `{id}` was not asked for before planning"))
        })
    }

    /// The zone that a name lies in: the one that is meant, or the nearest.
    pub(super) fn zone(
        &self,
        context: &Context<'_>,
        name: &str,
        wanted: Option<&str>,
    ) -> Result<&HostedZone, Failure> {
        let bare = name.trim_start_matches("*.");
        let within = |zone: &&HostedZone| {
            bare == zone.name
                || bare.strip_suffix(zone.name.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        if let Some(id) = wanted {
            let found = self.zones.iter().find(|zone| zone.id == id).ok_or_else(|| {
                self.failure(context, format!("there is no public hosted zone {id} for `{name}`"))
            })?;
            if !within(&found) {
                let message =
                    format!("`{name}` does not lie in hosted zone {id}, which is `{}`", found.name);
                return Err(self.failure(context, message));
            }
            return Ok(found);
        }
        // The application's own may be told apart from others of its name.
        let domain = context.workspace.application.domain.as_ref();
        let own = domain.and_then(|domain| domain.hosted_zone.as_deref());
        let nearest = self
            .zones
            .iter()
            .filter(within)
            .max_by_key(|zone| (zone.name.len(), Some(zone.id.as_str()) == own));
        nearest
            .ok_or_else(|| self.failure(context, format!("`{name}` lies in no public hosted zone")))
    }

    fn failure(&self, context: &Context<'_>, message: String) -> Failure {
        let names: Vec<String> =
            self.zones.iter().map(|zone| format!("{} ({})", zone.name, zone.id)).collect();
        let there = match names.as_slice() {
            [] => "there is none".to_owned(),
            names => format!("there is {}", names.join(", ")),
        };
        Failure::new(Class::Invalid, format!("{message} of account {}: {there}", context.account))
            .with_hint("make one with `aws route53 create-hosted-zone` and delegate it, or correct the name in the manifest")
    }
}
