//! Machines outside AWS that have joined a cluster (ECS Anywhere).

use crate::aws::{Cx, classify};
use crate::engine::Failure;

/// Every such machine has this attribute.
const OUTSIDE: &str = "attribute:ecs.capability.external exists";

/// Lets them all go, so that the cluster can. Returns whether there were any.
///
/// # Errors
/// The API refuses (`ecs:ListContainerInstances`, `ecs:DeregisterContainerInstance`).
pub(super) async fn let_go(cx: &Cx, cluster: &str) -> Result<bool, Failure> {
    let call = cx.ecs.list_container_instances().cluster(cluster).filter(OUTSIDE);
    let mut pages = call.into_paginator().send();
    let mut machines = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ecs ListContainerInstances", error))?;
        machines.extend_from_slice(page.container_instance_arns());
    }
    for machine in &machines {
        let call = cx.ecs.deregister_container_instance().cluster(cluster);
        let sent = call.container_instance(machine).force(true).send().await;
        sent.map_err(|error| classify("ecs DeregisterContainerInstance", error))?;
    }
    Ok(!machines.is_empty())
}
