//! Node groups, Fargate profiles and the add-ons that pods need.

use super::{Explain, Findings, name, written};
use crate::manifest::environment::kubernetes::{Extra, ImageOfNodes, NodeGroup, extra};
use crate::manifest::environment::{Environment, Kubernetes, Side, Vpc, is_arm};

pub(super) fn check(
    environment: &Environment,
    kubernetes: &Kubernetes,
    findings: &mut Findings<'_>,
) {
    for (group_name, group) in &kubernetes.node_groups {
        let path = format!("cluster.node_groups.{group_name}");
        name(&path, group_name, findings);
        sizes(&path, group, findings);
        template(&path, group, findings);
        instances(&path, group, findings);
        details(&path, group, findings);
        placed(environment, &path, group, findings);
    }
    profiles(environment, kubernetes, findings);
    windows(kubernetes, findings);
}

fn sizes(path: &str, group: &NodeGroup, findings: &mut Findings<'_>) {
    let (min, max) = (group.min, group.max);
    if min > max {
        let at = if written(findings, &format!("{path}.min")) { "min" } else { "max" };
        findings
            .error(
                &format!("{path}.{at}"),
                format!("the group cannot have at least {min} instances and at most {max}"),
            )
            .advise("raise `max`, or lower `min`");
    } else if let Some(desired) = group.desired.filter(|desired| !(min..=max).contains(desired)) {
        findings
            .error(
                &format!("{path}.desired"),
                format!("{desired} instances are not between {min} and {max}"),
            )
            .explain(format!("a number from {min} to {max}"), "change it, or `min` and `max`");
    }
}

/// What EKS takes from a launch template, and from nowhere else.
fn template(path: &str, group: &NodeGroup, findings: &mut Findings<'_>) {
    let Some(template) = &group.launch_template else { return };
    let id = template.id.strip_prefix("lt-").unwrap_or_default();
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        findings
            .error(
                &format!("{path}.launch_template.id"),
                format!("`{}` is no launch template", template.id),
            )
            .explain(
                "an id such as `lt-0123456789abcdef0`",
                "`aws ec2 describe-launch-templates` prints them",
            );
    }
    let in_template = "the launch template says that";
    for (key, there) in [("disk", group.disk.is_some()), ("key_name", group.key_name.is_some())] {
        if there {
            findings
                .error(&format!("{path}.{key}"), in_template)
                .advise(format!("remove `{key}`, and write it into a version of the template"));
        }
    }
    if !template.image {
        return;
    }
    for key in ["image", "ami_type"] {
        if written(findings, &format!("{path}.{key}")) {
            findings
                .error(&format!("{path}.{key}"), "the launch template names an image of its own")
                .advise(format!("remove `{key}`, or `image: true` below `launch_template`"));
        }
    }
}

/// Types of one architecture, for which there is an image.
fn instances(path: &str, group: &NodeGroup, findings: &mut Findings<'_>) {
    let Some(first) = group.instances.first() else {
        match &group.launch_template {
            None => {
                findings
                    .error_of_key(path, "this group has no instance types")
                    .advise("write `instances: [m7g.large]`");
            }
            Some(_) if group.ami_type.is_none() && !group.own_image() => {
                findings
                    .error_of_key(
                        path,
                        "neither instance types nor an image say what these nodes run",
                    )
                    .advise("write `instances`, or an `ami_type` such as `AL2023_ARM_64_STANDARD`");
            }
            Some(_) => {}
        }
        return;
    };
    if group.instances.len() > 20 {
        findings
            .error(&format!("{path}.instances"), "EKS takes 20 instance types for a group")
            .advise("remove some");
    }
    let at = |index: usize| format!("{path}.instances.{index}");
    if let Some(image) = &group.ami_type {
        let arm = image.contains("_ARM_64");
        let known = image.contains("_x86_64");
        if image == "CUSTOM" || image.starts_with("AL2_") || !(arm || known) {
            findings.error(&format!("{path}.ami_type"), format!("`{image}` cannot be chosen")).explain(
                "one of EKS's images such as `AL2023_ARM_64_STANDARD`, `AL2023_x86_64_NVIDIA` or `BOTTLEROCKET_ARM_64_FIPS`",
                "leave it out: `image` and the instance types tell",
            );
            return;
        }
        let wrong = group.instances.iter().position(|one| is_arm(one) != arm);
        if let Some(index) = wrong {
            let (has, wants) = if arm { ("x86_64", "ARM") } else { ("ARM", "x86_64") };
            findings
                .error(
                    &at(index),
                    format!(
                        "`{}` has {has} processors, and `{image}` runs on {wants} ones",
                        group.instances[index]
                    ),
                )
                .advise("choose other instance types, or leave `ami_type` out");
        }
        if written(findings, &format!("{path}.image")) {
            findings
                .error(
                    &format!("{path}.image"),
                    "`image` and `ami_type` both say what instances run",
                )
                .advise("remove one of the two");
        }
        return;
    }
    let arm = is_arm(first);
    if let Some(index) = group.instances.iter().position(|one| is_arm(one) != arm) {
        findings
            .error(
                &at(index),
                format!("`{}` has another architecture than `{first}`", group.instances[index]),
            )
            .advise("all instances of a group run the same image: write two groups");
    }
    if let Some(index) = group.instances.iter().position(|one| extra(one) != extra(first)) {
        findings
            .error(
                &at(index),
                format!(
                    "`{}` needs another image than `{first}`: only one has chips besides processors",
                    group.instances[index]
                ),
            )
            .advise("all instances of a group run the same image: write two groups");
    }
    if group.is_windows() && arm {
        findings
            .error(&format!("{path}.image"), "Windows does not run on Graviton")
            .advise("choose types without a `g` behind the number: m7i.large");
    }
    let neuron = extra(first) == Some(Extra::Neuron);
    if neuron && group.image != ImageOfNodes::Al2023 {
        findings
            .error(&format!("{path}.image"), format!("EKS has no such image for `{first}`"))
            .advise("write `image: al2023`");
    }
}

fn details(path: &str, group: &NodeGroup, findings: &mut Findings<'_>) {
    let update = &group.update;
    if update.max_unavailable.is_some() && update.max_unavailable_percentage.is_some() {
        findings
            .error(
                &format!("{path}.update.max_unavailable_percentage"),
                "`max_unavailable` and `max_unavailable_percentage` say the same thing twice",
            )
            .advise("remove one of the two");
    }
    for key in group.labels.keys() {
        let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
        let own = |domain: &str| prefix == domain || prefix.ends_with(&format!(".{domain}"));
        if own("kubernetes.io")
            && !prefix.starts_with("node.")
            && prefix != "node-restriction.kubernetes.io"
            || own("k8s.io")
            || own("eks.amazonaws.com")
        {
            findings
                .error_of_key(
                    &format!("{path}.labels"),
                    format!("`{key}` is a label that only Kubernetes and EKS set"),
                )
                .advise("choose a prefix of your own: `example.com/NAME`");
        }
    }
    for (index, taint) in group.taints.iter().enumerate() {
        let same = |other: &&crate::manifest::environment::kubernetes::Taint| {
            other.key == taint.key && other.effect == taint.effect
        };
        if group.taints[..index].iter().find(same).is_some() {
            findings
                .error(
                    &format!("{path}.taints.{index}"),
                    format!("taint `{}` with this effect stands here twice", taint.key),
                )
                .advise("remove one of the two");
        }
    }
}

fn placed(environment: &Environment, path: &str, group: &NodeGroup, findings: &mut Findings<'_>) {
    let (public, private) = match &environment.network.vpc {
        Vpc::Imported(vpc) => (!vpc.public.is_empty(), !vpc.private.is_empty()),
        Vpc::Own(vpc) => (!vpc.public.is_empty(), !vpc.private.is_empty()),
    };
    let (there, side) = match group.placement {
        Side::Public => (public, "public"),
        Side::Private => (private, "private"),
    };
    if !there {
        findings
            .error(
                &format!("{path}.placement"),
                format!("the instances would stand in {side} subnets, and there are none"),
            )
            .advise(format!(
                "list them under `network.vpc.subnets.{side}`, or choose the other side"
            ));
    }
}

fn profiles(environment: &Environment, kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    for (profile_name, profile) in &kubernetes.fargate_profiles {
        let path = format!("cluster.fargate_profiles.{profile_name}");
        name(&path, profile_name, findings);
        if !(1..=5).contains(&profile.selectors.len()) {
            findings
                .error(
                    &path,
                    format!("a Fargate profile with {} selectors", profile.selectors.len()),
                )
                .explain("one to five", "write `selectors: [{namespace: default}]`");
        }
        for (index, selector) in profile.selectors.iter().enumerate() {
            if selector.labels.len() > 5 {
                findings
                    .error(
                        &format!("{path}.selectors.{index}.labels"),
                        "a selector has five labels at most",
                    )
                    .advise("remove some");
            }
        }
    }
    if kubernetes.fargate_profiles.is_empty() {
        return;
    }
    let none = match &environment.network.vpc {
        Vpc::Imported(vpc) => vpc.private.is_empty(),
        Vpc::Own(vpc) => vpc.private.is_empty(),
    };
    if none {
        findings
            .error(
                "cluster.fargate_profiles",
                "Fargate runs pods in private subnets, and there are none",
            )
            .advise("list them under `network.vpc.subnets.private`");
    }
    // Where nothing else runs pods, names are resolved on Fargate, too.
    let covered = |namespace: &str| {
        let profiles = kubernetes.fargate_profiles.values();
        profiles.flat_map(|profile| &profile.selectors).any(|it| matches(&it.namespace, namespace))
    };
    if kubernetes.only_fargate()
        && kubernetes.addons().contains_key("coredns")
        && !covered("kube-system")
    {
        findings
            .error_of_key(
                "cluster.fargate_profiles",
                "nothing runs CoreDNS, so that pods cannot resolve names: no profile selects the namespace `kube-system`",
            )
            .advise("add a profile: `system: {selectors: [{namespace: kube-system}]}`");
    }
}

/// Windows' nodes need others beside them.
fn windows(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    let groups = &kubernetes.node_groups;
    let only = !kubernetes.auto_mode()
        && kubernetes.fargate_profiles.is_empty()
        && !groups.is_empty()
        && groups.values().all(NodeGroup::is_windows);
    if only {
        findings
            .error_of_key(
                "cluster.node_groups",
                "CoreDNS runs on Linux, and all groups run Windows",
            )
            .advise("add a group with `image: al2023`");
    }
}

/// Whether a selector's namespace, in which `*` and `?` stand for others, is this one.
pub(super) fn matches(pattern: &str, namespace: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => namespace.is_empty(),
        Some('*') => namespace
            .char_indices()
            .map(|(at, _)| at)
            .chain([namespace.len()])
            .any(|at| matches(rest.as_str(), &namespace[at..])),
        Some(letter) => {
            let mut own = namespace.chars();
            own.next().is_some_and(|first| letter == '?' || letter == first)
                && matches(rest.as_str(), own.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(
            matches("web", "web")
                && matches("w*", "web")
                && matches("*", "")
                && matches("w?b", "web")
        );
        assert!(!matches("web", "webs") && !matches("w?", "web") && !matches("", "web"));
    }
}
