//! What runs pods: node groups and Fargate profiles.

use super::{OWNER, Place, roles};
use crate::engine::{Desired, Failure, Input, Wait};
use crate::manifest::environment::Side;
use crate::manifest::environment::kubernetes::{
    IpFamily, NodeGroup as Written, Selector, TaintEffect, UpdateStrategy,
};
use crate::resources::eks::fargate_profile::Selector as Selected;
use crate::resources::eks::nodegroup::{RemoteAccess, Repair, Scaling, Taint, UpdateSettings};
use crate::resources::eks::{FargateProfile, NodeGroup};

impl Place<'_> {
    pub(super) fn node_groups(&self, desired: &mut Desired) -> Result<(), Failure> {
        if self.manifest.node_groups.is_empty() {
            return Ok(());
        }
        let ipv6 = self.manifest.ip_family == IpFamily::Ipv6;
        let role = roles::nodes(desired, self.context, ipv6)?;
        for (name, written) in &self.manifest.node_groups {
            let network = &self.network;
            let (subnets, routes) = match written.placement {
                Side::Public => (&network.public, &network.public_routes),
                Side::Private => (&network.private, &network.private_routes),
            };
            let group = NodeGroup {
                subnets: subnets.clone(),
                tags: self.context.tags()?,
                // Nodes with an image of one's own have whatever version that holds.
                version: (!written.own_image()).then(|| self.version.clone()),
                ..group(written, NodeGroup::new(self.cluster.clone(), role.clone()))
            };
            let group = desired.add(&OWNER, name, &group)?;
            // Nodes that cannot reach the cluster when they start fail the group.
            for route in routes {
                desired.order(group.address(), route, Wait::Created);
            }
        }
        Ok(())
    }

    pub(super) fn fargate_profiles(&self, desired: &mut Desired) -> Result<(), Failure> {
        if self.manifest.fargate_profiles.is_empty() {
            return Ok(());
        }
        let role = roles::fargate(desired, self.context)?;
        for (name, written) in &self.manifest.fargate_profiles {
            let profile = FargateProfile {
                cluster: self.cluster.clone(),
                role: role.clone(),
                subnets: self.network.private.clone(),
                selectors: written.selectors.iter().map(selected).collect(),
                tags: self.context.tags()?,
            };
            desired.add(&OWNER, name, &profile)?;
        }
        Ok(())
    }
}

fn selected(written: &Selector) -> Selected {
    Selected { namespace: written.namespace.clone(), labels: written.labels.clone() }
}

/// GiB of a node's disk where neither manifest nor template says.
const DISK: u32 = 80;

/// A number that the manifest keeps within bounds.
fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn group(written: &Written, plain: NodeGroup) -> NodeGroup {
    let update = &written.update;
    let fewest = update.max_unavailable_percentage.is_none().then_some(1);
    let template = written.launch_template.as_ref();
    let disk = written.disk.or(template.is_none().then_some(DISK));
    NodeGroup {
        launch_template: template.map(|one| Input::Known(one.id.as_str().into())),
        launch_template_version: template.and_then(|one| one.version).map(|one| one.to_string()),
        ami_type: written.ami_type(),
        instance_types: written.instances.clone(),
        capacity_type: if written.spot { "SPOT" } else { "ON_DEMAND" }.to_owned(),
        disk_size: disk.map(whole),
        remote_access: written.key_name.as_ref().map(|key_name| RemoteAccess {
            key_name: key_name.clone(),
            security_groups: Vec::new(),
        }),
        scaling: Scaling {
            min: whole(written.min),
            max: whole(written.max),
            desired: written.desired.map(whole),
        },
        labels: written.labels.clone(),
        taints: written
            .taints
            .iter()
            .map(|taint| Taint {
                key: taint.key.clone(),
                value: taint.value.clone().unwrap_or_default(),
                effect: match taint.effect {
                    TaintEffect::NoSchedule => "NO_SCHEDULE",
                    TaintEffect::PreferNoSchedule => "PREFER_NO_SCHEDULE",
                    TaintEffect::NoExecute => "NO_EXECUTE",
                }
                .to_owned(),
            })
            .collect(),
        update: UpdateSettings {
            max_unavailable: update.max_unavailable.map(whole).or(fewest),
            max_unavailable_percentage: update.max_unavailable_percentage.map(whole),
            strategy: match update.strategy {
                Some(UpdateStrategy::Minimal) => "MINIMAL",
                Some(UpdateStrategy::Default) | None => "DEFAULT",
            }
            .to_owned(),
        },
        repair: written.repair.then(Repair::default),
        ..plain
    }
}
