//! Which version of Kubernetes a cluster has in the end, and which versions its add-ons then have.

use std::collections::{BTreeMap, BTreeSet};

use super::{Manifest, Place};
use crate::engine::{Class, Failure, Observation, Spec};
use crate::manifest::Workspace;
use crate::planner::Context;
use crate::resources::eks::{Addon, Cluster};

/// What EKS has, asked for before planning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterVersions {
    /// The version of a new cluster that names none.
    pub default: Option<String>,
    /// Versions of add-ons: by name and version the cluster's versions that it goes with, and whether it is the default there.
    pub addons: BTreeMap<String, BTreeMap<String, BTreeMap<String, bool>>>,
}

/// Whether EKS's default version must be known to plan the environment.
pub fn version_wanted(workspace: &Workspace, environment: &str) -> bool {
    manifest(workspace, environment).is_some_and(|manifest| manifest.version.is_none())
}

/// The add-ons of which the versions must be known to plan the environment.
pub fn addons_wanted(workspace: &Workspace, environment: &str) -> BTreeSet<String> {
    let addons = manifest(workspace, environment).map(Manifest::addons).unwrap_or_default();
    let open = addons.into_iter().filter(|(_, addon)| addon.version.is_none());
    open.map(|(name, _)| name).collect()
}

fn manifest<'a>(workspace: &'a Workspace, environment: &str) -> Option<&'a Manifest> {
    workspace.environment(environment)?.cluster.kubernetes.as_ref()
}

/// The manifest's version; else that of the cluster that is there; else EKS's default.
pub(super) fn cluster(
    context: &Context<'_>,
    manifest: &Manifest,
    live: &Observation,
) -> Result<String, Failure> {
    let there = live.seen.of(Cluster::KIND).first();
    let there = there.and_then(|cluster| cluster.spec["version"].as_str());
    let Some(written) = &manifest.version else {
        return match there.or(context.surroundings.kubernetes.default.as_deref()) {
            Some(version) => Ok(version.to_owned()),
            None => Err(Failure::internal(
                "the default version of Kubernetes was not asked for before planning",
            )),
        };
    };
    match there {
        Some(there) if minor(there) > minor(written) => Err(Failure::new(
            Class::Invalid,
            format!(
                "the cluster of environment `{}` has version {there}, and its manifest wants {written}: versions only go up",
                context.environment
            ),
        )
        .with_hint(format!("write `version: \"{there}\"` in the environment's manifest, or a higher one"))),
        _ => Ok(written.clone()),
    }
}

/// `35` of `1.35`.
fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("1.")?.parse().ok()
}

/// The version of an add-on of which the manifest says none: the one that is there while it goes with the cluster's, else
/// EKS's default for that; else EKS chooses.
pub(super) fn addon(place: &Place<'_>, name: &str) -> Option<String> {
    let known = place.context.surroundings.kubernetes.addons.get(name)?;
    let fits = |version: &str| known.get(version)?.get(&place.version).copied();
    let there = place.live.seen.of(Addon::KIND).iter().find(|addon| addon.spec["addon"] == name);
    if let Some(there) = there.and_then(|addon| addon.spec["version"].as_str())
        && fits(there).is_some()
    {
        return Some(there.to_owned());
    }
    known.keys().find(|version| fits(version) == Some(true)).cloned()
}
