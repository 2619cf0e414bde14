//! A service: its roles, task definition, names, target groups, and the ECS service itself.

use super::environment::Shared;
use super::priority::Priorities;
use super::{
    Context, alarms, app_mesh, capacity, connect, discovery, http, lattice, messaging,
    network_balancer, roles, scaling, shift, storage, task,
};
use crate::engine::{Address, Desired, Failure, Handle, Input, Observation, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Count, Placement, Rolling, Runs};
use crate::resources::ec2::SubnetId;
use crate::resources::ecs::Service;
use crate::resources::ecs::service::{Deployment, Network};

/// Plans everything of a service.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    live: &Observation,
    shared: &Shared,
    service: &ServiceManifest,
    priorities: &mut Priorities,
) -> Result<(), Failure> {
    let before: Vec<Address> = desired.nodes.keys().cloned().collect();
    let messaging = messaging::plan(desired, context, service)?;
    let disks = storage::plan(desired, context, service, shared.files.as_ref())?;
    let roles = roles::plan(desired, context, service, &messaging, &disks)?;
    let mesh = app_mesh::plan(desired, context, shared, service)?;
    let namespace = shared.namespace.as_ref().map(|namespace| namespace.name.as_str());
    let balancer = http::balancer_name(context, shared, service)?;
    let around = lattice::Around { context, live };
    let called = lattice::variables(around, service)?;
    let names = task::Names { discovery: namespace, balancer, called };
    let parts =
        task::Parts { roles: &roles, messaging: &messaging, volumes: disks.volumes, names, mesh };
    let task_definition = task::plan(desired, context, service, parts)?;
    let registry = discovery::registry(desired, context, shared, service)?;
    let mut web = http::plan(desired, context, live, shared, service, priorities)?;
    network_balancer::plan(desired, context, live, shared, service, &mut web)?;
    let lattice = lattice::service(desired, around, shared.lattice.as_ref(), service)?;
    let (desired_count, initial_count) = scaling::counts(&service.count);
    let http_grace = service.http.as_ref().map(|http| http.main.healthcheck.grace_period);
    let nlb_grace = service.nlb.as_ref().map(|nlb| nlb.main.healthcheck.grace_period);
    let grace = http_grace.or(nlb_grace).map_or(0, task::seconds);
    let handle = Handle::<Service>::new(&service.name);
    let place = capacity::place(context, shared, service)?;
    let runs = service.runs_in(Some(context.manifest()?));
    let daemon = service.count == Count::Daemon;
    let waiting = &messaging.waiting;
    let alarms = alarms::rollback(desired, context, service, &shared.cluster, waiting, live)?;
    let service_connect = connect::plan(desired, context, service, shared)?;
    let deployment = shift::deployment(desired, context, service, deployment(service))?;
    let ecs = Service {
        desired_count,
        initial_count,
        launch_type: place.launch_type,
        capacity_provider_strategy: place.capacity_provider_strategy,
        platform_version: (runs == Runs::Fargate).then(|| "LATEST".to_owned()),
        scheduling_strategy: if daemon { "DAEMON" } else { "REPLICA" }.to_owned(),
        placement_constraints: place.placement_constraints,
        placement_strategy: place.placement_strategy,
        deployment: Deployment { alarms, ..deployment },
        service_connect,
        network: place.network,
        volumes: disks.ebs,
        load_balancers: web.load_balancers,
        lattice,
        service_registries: registry.into_iter().collect(),
        health_check_grace_period: grace,
        // ECS refuses to even out zones where a deployment may not exceed the desired count.
        // It wants zones to be spread over first, and knows nothing of machines outside AWS.
        availability_zone_rebalancing: service.deployment.rolling == Rolling::Default
            && !daemon
            && matches!(runs, Runs::Fargate | Runs::Managed),
        enable_execute_command: service.exec,
        enable_ecs_managed_tags: true,
        propagate_tags: "SERVICE".to_owned(),
        tags: context.tags()?,
        ..Service::new(shared.cluster.clone(), task_definition)
    };
    desired.add(&super::owner(service), &service.name, &ecs)?;
    // A target group hangs on its load balancer only once a rule names it.
    for rule in &web.rules {
        desired.order(handle.address(), rule, Wait::Created);
    }
    lattice::order(desired, context, shared.lattice.as_ref(), service, handle.address())?;
    // Tasks pull their image at once: the way to the registry must be there.
    for route in shared.routes(&service.network.vpc.placement) {
        desired.order(handle.address(), route, Wait::Ready);
    }
    let measured = scaling::Measured { balanced: web.balanced, waiting: messaging.waiting };
    scaling::plan(desired, context, service, &shared.cluster, &handle, &measured)?;
    rename(desired, &before, service);
    Ok(())
}

fn deployment(service: &ServiceManifest) -> Deployment {
    // A daemon's new task takes the place of the old one.
    let recreate =
        service.deployment.rolling == Rolling::Recreate || service.count == Count::Daemon;
    let (minimum, maximum) = match if recreate { Rolling::Recreate } else { Rolling::Default } {
        Rolling::Default => (100, 200),
        Rolling::Recreate => (0, 100),
    };
    Deployment {
        minimum_healthy_percent: minimum,
        maximum_percent: maximum,
        ..Deployment::default()
    }
}

pub(super) fn network(
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
) -> Result<Network, Failure> {
    let vpc = &service.network.vpc;
    let (subnets, assign_public_ip): (Vec<Input<SubnetId>>, bool) = match &vpc.placement {
        Placement::Public => (shared.network.public.clone(), true),
        Placement::Private => (shared.network.private.clone(), false),
        Placement::Subnets(ids) => {
            (ids.iter().map(|id| Input::Known(id.as_str().into())).collect(), false)
        }
        Placement::Tagged(tags) => (context.tagged(&service.name, tags)?, false),
    };
    let mut security_groups: Vec<_> =
        vpc.security_groups.groups.iter().map(|id| Input::Known(id.as_str().into())).collect();
    if !vpc.security_groups.deny_default {
        security_groups.push(shared.security_group.clone());
    }
    Ok(Network { subnets, security_groups, assign_public_ip })
}

/// Gives what was planned for a renamed service the addresses it had before.
pub(super) fn rename(desired: &mut Desired, before: &[Address], service: &ServiceManifest) {
    let Some(old) = &service.formerly else { return };
    for (address, node) in &mut desired.nodes {
        if before.binary_search(address).is_err()
            && let Some(rest) = address.name().strip_prefix(&service.name)
        {
            node.formerly = Some(Address::new(address.kind(), format!("{old}{rest}")));
        }
    }
}
