//! Who may do what: access entries, pod identities, add-ons and capabilities with roles.

use super::nodes::matches;
use super::{Explain, Findings, name, warn};
use crate::manifest::environment::Kubernetes;
use crate::manifest::environment::kubernetes::{PodIdentity, PrincipalType};

/// What gives pods on nodes their roles.
const AGENT: &str = "eks-pod-identity-agent";

pub(super) fn check(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    entries(kubernetes, findings);
    identities(kubernetes, findings);
    capabilities(kubernetes, findings);
}

fn entries(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeMap::new();
    for (entry, access) in &kubernetes.access {
        let path = format!("cluster.access.{entry}");
        name(&path, entry, findings);
        if let Some(other) = seen.insert(&access.principal, entry) {
            findings
                .error(
                    &format!("{path}.principal"),
                    format!("`{other}` is the same principal, and EKS takes one entry for each"),
                )
                .advise("write its policies and groups in one place");
        }
        if access.principal_type != PrincipalType::Standard {
            for (key, written) in [
                (
                    "policies",
                    !access.policies.is_empty() && access.principal_type != PrincipalType::Ec2,
                ),
                ("groups", !access.groups.is_empty()),
                ("username", access.username.is_some()),
            ] {
                if written {
                    findings
                        .error(
                            &format!("{path}.{key}"),
                            format!("an entry of type `{}` has no `{key}`", access.principal_type),
                        )
                        .advise("EKS gives nodes what they need: remove it");
                }
            }
        } else if access.policies.is_empty() && access.groups.is_empty() {
            findings.error_of_key(&path, format!("`{entry}` may do nothing")).explain(
                "`policies` of EKS, `groups` of Kubernetes, or both",
                "write `policies: [AmazonEKSClusterAdminPolicy]`",
            );
        }
        for (policy, namespaces) in &access.policies {
            let bare = policy.strip_prefix("arn:").map_or(Some(policy.as_str()), |arn| {
                arn.rsplit_once(":cluster-access-policy/").map(|(_, name)| name)
            });
            if bare.is_none_or(|bare| !bare.starts_with("AmazonEKS")) {
                findings
                    .error(&format!("{path}.policies"), format!("`{policy}` is no access policy of EKS"))
                    .explain(
                        "a name such as `AmazonEKSClusterAdminPolicy`, `AmazonEKSEditPolicy` or `AmazonEKSViewPolicy`",
                        "`aws eks list-access-policies` prints all; policies of IAM say nothing in a cluster",
                    );
            } else if bare == Some("AmazonEKSClusterAdminPolicy") && !namespaces.is_empty() {
                findings
                    .error(
                        &format!("{path}.policies"),
                        "`AmazonEKSClusterAdminPolicy` holds for the whole cluster, not for namespaces",
                    )
                    .advise("write `AmazonEKSAdminPolicy` for namespaces");
            }
        }
    }
    if kubernetes.access.is_empty() {
        warn(findings.error("cluster", "nobody has access to this cluster, not even who makes it")).advise(
            "write `access: {admins: {principal: ROLE_ARN, policies: [AmazonEKSClusterAdminPolicy]}}` below `cluster:`",
        );
    }
}

fn identities(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    let mut seen = std::collections::BTreeMap::new();
    for (identity, one) in &kubernetes.pod_identities {
        let path = format!("cluster.pod_identities.{identity}");
        name(&path, identity, findings);
        let account = (&one.namespace, &one.service_account);
        if let Some(other) = seen.insert(account, identity) {
            findings
                .error(
                    &format!("{path}.service_account"),
                    format!("`{other}` is the same service account, and one has one role"),
                )
                .advise("write what it may do in one place");
        }
        if one.session_policy.is_some() && one.session_tags {
            findings
                .error(
                    &format!("{path}.session_policy"),
                    "EKS takes a session's policy only where sessions bear no tags",
                )
                .advise("write `session_tags: false` beside it");
        }
        if one.irsa {
            by_oidc(&path, one, findings);
        } else {
            on_fargate(kubernetes, &path, &one.namespace, "write `irsa: true`", findings);
        }
    }
    let addons = kubernetes.addons();
    let any = kubernetes.pod_identities.values().any(|one| !one.irsa)
        || addons.values().any(|addon| !addon.pod_identities.is_empty());
    if any && !kubernetes.auto_mode() && !kubernetes.only_fargate() && !addons.contains_key(AGENT) {
        findings
            .error(
                &format!("cluster.addons.{AGENT}"),
                format!("pods on nodes get their roles from the add-on `{AGENT}`, which is turned off here"),
            )
            .advise(format!("remove `{AGENT}: false`"));
    }
    for (addon, one) in &addons {
        if one.service_account_role.is_some() && !one.pod_identities.is_empty() {
            findings
                .error(
                    &format!("cluster.addons.{addon}.service_account_role"),
                    "an add-on has its roles from `pod_identities` or from `service_account_role`",
                )
                .advise("remove one of the two");
        }
        if !one.pod_identities.is_empty() {
            let path = format!("cluster.addons.{addon}.pod_identities");
            on_fargate(
                kubernetes,
                &path,
                one.namespace.as_deref().unwrap_or("kube-system"),
                "write `service_account_role: ARN` with a role that trusts the cluster's OIDC provider (IRSA)",
                findings,
            );
        }
    }
}

/// Pods on Fargate have no agent that gives them a role.
fn on_fargate(
    kubernetes: &Kubernetes,
    path: &str,
    namespace: &str,
    instead: &str,
    findings: &mut Findings<'_>,
) {
    let profiles = kubernetes.fargate_profiles.iter();
    let taken = profiles.flat_map(|(name, one)| one.selectors.iter().map(move |it| (name, it)));
    let mut taken = taken.filter(|(_, it)| it.labels.is_empty());
    let profile = taken.find(|(_, it)| matches(&it.namespace, namespace)).map(|(name, _)| name);
    let why = match profile {
        Some(profile) => {
            format!("the pods of namespace `{namespace}` run on Fargate (profile `{profile}`)")
        }
        None if kubernetes.only_fargate() => "all pods of this cluster run on Fargate".to_owned(),
        None => return,
    };
    findings
        .error_of_key(path, format!("{why}, where there are no pod identities"))
        .advise(format!("{instead}, or let them run on nodes"));
}

/// What IAM's trust in an OIDC provider cannot say.
fn by_oidc(path: &str, one: &PodIdentity, findings: &mut Findings<'_>) {
    let keys = [
        ("target_role", one.target_role.is_some()),
        ("session_tags", !one.session_tags),
        ("session_policy", one.session_policy.is_some()),
    ];
    for (key, _) in keys.into_iter().filter(|(_, there)| *there) {
        findings
            .error_of_key(&format!("{path}.{key}"), format!("`{key}` is a setting of Pod Identity"))
            .advise("remove it, or `irsa: true`");
    }
}

fn capabilities(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    let Some(argo) = &kubernetes.capabilities.argo_cd else { return };
    for (role, people) in [
        ("admin", &argo.roles.admin),
        ("editor", &argo.roles.editor),
        ("viewer", &argo.roles.viewer),
    ] {
        for (index, one) in people.iter().enumerate() {
            if !one.starts_with("user:") && !one.starts_with("group:") {
                findings
                    .error(
                        &format!("cluster.capabilities.argo_cd.roles.{role}.{index}"),
                        format!("`{one}` is neither a user nor a group"),
                    )
                    .explain(
                        "`user:ID` or `group:ID` of Identity Center",
                        "write `user:` or `group:` before the id",
                    );
            }
        }
    }
    if !argo.identity_center.arn.contains(":sso:::instance/") {
        findings
            .error(
                "cluster.capabilities.argo_cd.identity_center.arn",
                "this is no instance of IAM Identity Center",
            )
            .explain(
                "`arn:aws:sso:::instance/ssoins-…`",
                "`aws sso-admin list-instances` prints them",
            );
    }
}
