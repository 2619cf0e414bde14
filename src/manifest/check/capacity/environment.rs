//! Capacity of an environment's own: the map `cluster.capacity`.

use super::super::{Explain, Findings};
use crate::manifest::environment::{Environment, ImageFamily, Vpc};
use crate::manifest::read::{did_you_mean, list};

/// Everything about it.
pub(in super::super) fn environment(environment: &Environment, findings: &mut Findings<'_>) {
    let cluster = &environment.cluster;
    let own = matches!(environment.network.vpc, Vpc::Own(_));
    for (name, capacity) in &cluster.capacity {
        let path = format!("cluster.capacity.{name}");
        if matches!(name.as_str(), "fargate" | "fargate-spot" | "external") {
            findings
                .error_of_key(&path, format!("`{name}` is a capacity that every environment has"))
                .advise("give it another name");
        }
        match (&capacity.ec2, &capacity.managed_instances) {
            (Some(_), Some(_)) => {
                findings
                    .error(
                        &path,
                        "a capacity is either `ec2` or `managed_instances`, and this one is both",
                    )
                    .advise("write two capacities, each with a name of its own");
            }
            (None, None) => {
                findings
                    .error_of_key(&path, format!("capacity `{name}` does not say what it is"))
                    .explain(
                        "`ec2` or `managed_instances`",
                        "write `ec2:` and below it `instances: [m7g.large]` and `max: 4`",
                    );
            }
            _ => {}
        }
        let Some(ec2) = &capacity.ec2 else { continue };
        if ec2.min > ec2.max {
            findings
                .error(
                    &format!("{path}.ec2.min"),
                    format!(
                        "the group cannot have at least {} instances and at most {}",
                        ec2.min, ec2.max
                    ),
                )
                .explain(
                    format!("at most {}, the group's `max`", ec2.max),
                    "raise `max`, or lower `min`",
                );
        }
        if ec2.instances.is_empty() {
            findings
                .error_of_key(&format!("{path}.ec2"), "this group has no instance types")
                .advise("write `instances: [m7g.large]`");
        }
        let arm = ec2.is_arm();
        if let Some(at) =
            ec2.instances.iter().position(|one| crate::manifest::environment::is_arm(one) != arm)
        {
            findings
                .error(
                    &format!("{path}.ec2.instances.{at}"),
                    format!(
                        "`{}` has another architecture than `{}`",
                        ec2.instances[at], ec2.instances[0]
                    ),
                )
                .advise("all instances of a capacity run the same image: write two capacities");
        }
        if arm && ec2.system() != "LINUX" {
            findings
                .error(&format!("{path}.ec2.image"), "Windows does not run on Graviton")
                .advise("choose types without a `g` behind the number: m7i.large");
        }
        if ec2.ami.is_some() && ec2.image == ImageFamily::Bottlerocket && ec2.disk.is_some() {
            findings
                .error(
                    &format!("{path}.ec2.disk"),
                    "which of this image's disks is meant cannot be told: `ami` is an image of your own",
                )
                .advise("leave `disk` out, or use AWS's own image");
        }
        let sides = match &environment.network.vpc {
            Vpc::Imported(vpc) => (!vpc.public.is_empty(), !vpc.private.is_empty()),
            Vpc::Own(_) => (true, true),
        };
        let public = ec2.placement == crate::manifest::environment::Side::Public;
        if !own && !(if public { sides.0 } else { sides.1 }) {
            let side = if public { "public" } else { "private" };
            findings
                .error(
                    &format!("{path}.ec2.placement"),
                    format!("the instances would stand in {side} subnets, and there are none"),
                )
                .advise(format!(
                    "list them under `network.vpc.subnets.{side}`, or choose the other side"
                ));
        }
    }
    if let Some(default) = &cluster.default_capacity
        && !cluster.capacity.contains_key(default)
        && !matches!(default.as_str(), "fargate" | "fargate-spot" | "external")
    {
        let mut known: Vec<&str> = cluster.capacity.keys().map(String::as_str).collect();
        known.extend(["fargate", "fargate-spot", "external"]);
        let help = did_you_mean(default, &known)
            .unwrap_or_else(|| "write it under `cluster.capacity`".to_owned());
        findings
            .error("cluster.default_capacity", format!("there is no capacity `{default}`"))
            .explain(list(&known), help);
    }
    if cluster.default_capacity.as_deref() == Some("external") && !cluster.external {
        findings
            .error("cluster.default_capacity", "the cluster takes no machines outside AWS")
            .advise("write `external: true` beside it");
    }
    if cluster.default_capacity.as_deref() == Some("fargate-spot") && !cluster.spot {
        findings
            .error("cluster.default_capacity", "the cluster does not offer Fargate Spot")
            .advise("write `spot: true` beside it");
    }
}
