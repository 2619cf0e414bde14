//! A cluster that exists: services run in it, and it is left as it is.

use super::{Context, Error};
use crate::engine::{Class, Desired, Failure, Input, Spec};
use crate::manifest::Workspace;
use crate::resources::ecs::Service;

/// The cluster that this environment's services run in and that is not its own.
pub fn cluster_wanted<'a>(workspace: &'a Workspace, environment: &str) -> Option<&'a str> {
    workspace.environment(environment)?.cluster.existing.as_deref()
}

/// Refuses a cluster of another place, and services with capacity that it does not have.
pub(super) fn check(context: &Context<'_>, desired: &Desired) -> Result<(), Error> {
    let cluster = &context.manifest()?.cluster;
    let Some(name) = &cluster.existing else { return Ok(()) };
    if let Some((region, account)) = &cluster.place
        && (region != context.region || account != context.account)
    {
        let failure = Failure::new(
            Class::Invalid,
            format!(
                "cluster `{name}` is in region {region} of account {account}, and environment `{}` in {} of {}",
                context.environment, context.region, context.account
            ),
        );
        let hint =
            "correct `cluster.arn` in the environment's manifest, or its `region` and `account`";
        return Err(failure.with_hint(hint).into());
    }
    let Some(providers) = &context.surroundings.providers else { return Ok(()) };
    for (address, node) in &desired.nodes {
        if address.kind() != Service::KIND {
            continue;
        }
        let Ok(service) = serde_json::from_value::<Service>(node.spec.clone()) else { continue };
        let wanted = service.capacity_provider_strategy.iter();
        let missing = wanted.filter_map(|item| match &item.capacity_provider {
            Input::Known(provider) if !providers.contains(&provider.to_string()) => {
                Some(provider.to_string())
            }
            _ => None,
        });
        if let Some(missing) = missing.into_iter().next() {
            let failure = Failure::new(
                Class::Invalid,
                format!(
                    "`{address}` runs on {missing}, and cluster `{name}` has no such capacity provider"
                ),
            );
            return Err(failure
                .with_hint(format!(
                    "its owner attaches it with `aws ecs put-cluster-capacity-providers --cluster {name}`, or choose what it has: {}",
                    providers.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
                ))
                .into());
        }
    }
    Ok(())
}
