//! Planning without AWS, for what only planning can find wrong with manifests: patches that do not fit.

use std::collections::BTreeSet;

use super::surroundings::{
    ExistingBalancer, ExistingNamespace, HostedZone, Surroundings, balancers_wanted,
    namespace_wanted,
};
use super::tagged::{TaggedSubnets, tags_needed};
use super::{ClusterVersions, Context, Error, desired};
use crate::engine::Observation;
use crate::manifest::application::Domain;
use crate::manifest::environment::{NamespaceKind, Vpc};
use crate::manifest::{Environment, Problems, Workspace};

/// Stands for the account where no manifest names one.
const ACCOUNT: &str = "123456789012";
/// Stands for the region where no manifest names one.
const REGION: &str = "eu-west-1";

/// What is wrong with the patches of any environment or service; what only a real account can tell is not.
pub fn rehearse(workspace: &Workspace) -> Problems {
    let mut all = Vec::new();
    for environment in &workspace.environments {
        let found = match one(workspace, environment) {
            Err(Error::Problems(problems)) => problems.0,
            // A region with too few zones, or the like: only the real one tells.
            Err(Error::Failure(_)) | Ok(()) => continue,
        };
        for problem in found {
            if !all.contains(&problem) {
                all.push(problem);
            }
        }
    }
    Problems::new(all)
}

/// Stands for a namespace that exists.
fn namespace(id: &str) -> (String, ExistingNamespace) {
    let found = ExistingNamespace {
        id: id.to_owned(),
        arn: id.to_owned(),
        name: "namespace".to_owned(),
        kind: NamespaceKind::Private,
    };
    (id.to_owned(), found)
}

/// Stands for the domain's hosted zone, and for load balancers that exist.
fn surroundings(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
) -> Surroundings {
    let zone = |domain: &Domain| HostedZone {
        id: domain.hosted_zone.clone().unwrap_or_else(|| "Z0".to_owned()),
        name: domain.name.clone(),
    };
    let balancer = ExistingBalancer { http: Some("listener".to_owned()), ..Default::default() };
    let wanted = balancers_wanted(workspace, environment, services).into_iter();
    Surroundings {
        providers: None,
        zones: workspace.application.domain.iter().map(zone).collect(),
        balancers: wanted.map(|name| (name, balancer.clone())).collect(),
        lattice_prefix_list: Some("pl-0".to_owned()),
        namespaces: namespace_wanted(workspace, environment).map(namespace).into_iter().collect(),
        kubernetes: ClusterVersions { default: Some("1.0".to_owned()), ..Default::default() },
        ..Surroundings::default()
    }
}

fn one(workspace: &Workspace, environment: &Environment) -> Result<(), Error> {
    let application = &workspace.application;
    let region = environment.region.as_ref().or(application.region.as_ref());
    let region = region.map_or(REGION, String::as_str);
    let account = environment.account.as_ref().or(application.account.as_ref());
    let zones = ["a", "b", "c", "d", "e", "f"].map(|zone| format!("{region}{zone}"));
    let services = workspace.services.iter().map(|service| service.name.clone()).collect();
    let vpc = match &environment.network.vpc {
        Vpc::Imported(vpc) => vpc.id.clone(),
        Vpc::Own(_) => "vpc-0".to_owned(),
    };
    let tags = tags_needed(workspace, &environment.name, &services).into_iter();
    let tagged: TaggedSubnets =
        tags.map(|tags| (tags, vec![("subnet-0".to_owned(), vpc.clone())])).collect();
    let surroundings = surroundings(workspace, &environment.name, &services);
    let context = Context {
        workspace,
        environment: &environment.name,
        account: account.map_or(ACCOUNT, String::as_str),
        region,
        partition: "aws",
        zones: &zones,
        tagged: &tagged,
        surroundings: &surroundings,
        services: &services,
    };
    desired(&context, &Observation::default()).map(drop)
}
