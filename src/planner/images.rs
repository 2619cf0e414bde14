//! Images that are built: a repository for each, the image in it, and what a container runs. Nothing of a service is changed before
//! its images are there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Context, owner};
use crate::engine::{Address, Desired, Failure, Input, Spec, Wait};
use crate::manifest::service::{Build, Source};
use crate::manifest::{ServiceManifest, Workspace};
use crate::resources::ecr::{Image, Recipe, Repository};

/// Images of a repository that are kept; older ones expire.
const KEPT: u32 = 100;
/// Stands for a content that nobody has looked at: where manifests alone are checked.
const UNSEEN: &str = "sha-0000000000000000";

/// What the containers of these services are built from.
pub fn builds_wanted(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
) -> BTreeSet<Recipe> {
    let services = services.iter().filter_map(|name| workspace.service_in(name, environment).ok());
    let built = |service: ServiceManifest| -> Vec<Recipe> {
        sources(&service)
            .into_values()
            .filter_map(|source| match source {
                Source::Build(build) => Some(recipe(&service, &build)),
                Source::Location(_) => None,
            })
            .collect()
    };
    services.flat_map(built).collect()
}

/// The images that these services name as they lie in a registry of ECR's.
pub fn locations_wanted(
    workspace: &Workspace,
    environment: &str,
    services: &BTreeSet<String>,
) -> BTreeSet<String> {
    let services = services.iter().filter_map(|name| workspace.service_in(name, environment).ok());
    let named = |service: ServiceManifest| -> Vec<String> {
        sources(&service)
            .into_values()
            .filter_map(|source| match source {
                Source::Location(location) => Some(location),
                Source::Build(_) => None,
            })
            .collect()
    };
    services
        .flat_map(named)
        .filter(|name| name.contains(".dkr.ecr.") && !name.contains('@'))
        .collect()
}

/// What a service's own containers run, by their names.
fn sources(service: &ServiceManifest) -> BTreeMap<String, Source> {
    let image = &service.image;
    let main = match (&image.build, &image.location) {
        (Some(build), _) => Source::Build(Box::new(build.clone())),
        (None, location) => Source::Location(location.clone().unwrap_or_default()),
    };
    let sidecars =
        service.sidecars.iter().map(|(name, sidecar)| (name.clone(), sidecar.image.clone()));
    sidecars.chain([(service.name.clone(), main)]).collect()
}

/// The name of a container's image among all of the environment: `api`, `api/proxy`.
fn address(service: &ServiceManifest, container: &str) -> String {
    match container == service.name {
        true => service.name.clone(),
        false => format!("{}/{container}", service.name),
    }
}

fn recipe(service: &ServiceManifest, build: &Build) -> Recipe {
    Recipe {
        context: build.folder().to_owned(),
        dockerfile: build.file(),
        target: build.target.clone(),
        args: build.args.clone(),
        cache_from: build.cache_from.clone(),
        secrets: build.secrets.clone(),
        ssh: build.ssh.clone(),
        platform: service.platform.of_images().to_owned(),
    }
}

/// Plans the images of a service that are built; what each container runs, by its name.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<BTreeMap<String, Input<String>>, Failure> {
    let mut images = BTreeMap::new();
    for (container, source) in sources(service) {
        let image = match source {
            Source::Location(location) => {
                let name = address(service, &container);
                if let Some(promoted) = context.surroundings.promoted.get(&name) {
                    images.insert(container, Input::Known(promoted.from.clone()));
                    continue;
                }
                let resolved = context.surroundings.digests.get(&location).cloned();
                Input::Known(resolved.unwrap_or(location))
            }
            Source::Build(build) => built(desired, context, service, &container, &build)?,
        };
        images.insert(container, image);
    }
    Ok(images)
}

fn built(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    container: &str,
    build: &Build,
) -> Result<Input<String>, Failure> {
    let name = address(service, container);
    let owner = owner(service);
    let repository = Repository {
        // A tag says a content, so that it never moves.
        tag_mutability: "IMMUTABLE".to_owned(),
        scan_on_push: true,
        lifecycle_policy: Some(json!({
            "rules": [{
                "rulePriority": 1,
                "description": format!("keep the last {KEPT} images"),
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": KEPT,
                },
                "action": { "type": "expire" },
            }],
        })),
        tags: context.tags()?,
        ..Repository::default()
    };
    let repository = desired.add(&owner, &name, &repository)?;
    let recipe = recipe(service, build);
    let promoted = context.surroundings.promoted.get(&name);
    let tag = match promoted {
        Some(promoted) => promoted.tag.clone(),
        None => {
            context.surroundings.contents.get(&recipe).cloned().unwrap_or_else(|| UNSEEN.to_owned())
        }
    };
    let image = Image {
        repository: repository.name(),
        uri: repository.uri(),
        tag,
        copy: promoted.map(|promoted| promoted.from.clone()),
        build: promoted.is_none().then_some(recipe),
    };
    Ok(desired.add(&owner, &name, &image)?.image())
}

/// Has all that belongs to the service wait for its images: where a build fails, nothing of the service is changed.
pub(super) fn first(desired: &mut Desired, service: &ServiceManifest) {
    let owner = owner(service);
    let own = desired.nodes.values().filter(|node| node.owner == owner);
    let (before, after): (Vec<Address>, Vec<Address>) = own
        .map(|node| node.address.clone())
        .partition(|address| [Image::KIND, Repository::KIND].contains(&address.kind()));
    for image in before.iter().filter(|address| address.kind() == Image::KIND) {
        after.iter().for_each(|address| desired.order(address, image, Wait::Created));
    }
}
