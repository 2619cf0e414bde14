//! Labels of the namespace, and what all in it may use.

use super::super::{Explain, Findings};
use super::service::is_annotation;
use crate::manifest::environment::Kubernetes;

/// Beginnings of labels that are shipit's, Kubernetes' or a mesh's own.
const TAKEN: &[&str] =
    &["shipit/", "app.kubernetes.io/", "kubernetes.io/", "appmesh.k8s.aws/", "mesh"];
/// What a quota counts, besides `count/…` and storage classes' own.
const COUNTED: &[&str] = &[
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.memory",
    "limits.ephemeral-storage",
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "secrets",
    "services",
    "services.loadbalancers",
    "services.nodeports",
];

pub(super) fn check(kubernetes: &Kubernetes, findings: &mut Findings<'_>) {
    for (name, value) in &kubernetes.namespace.labels {
        let path = format!("cluster.namespace.labels.{name}");
        let taken = TAKEN.iter().any(|begin| match begin.ends_with('/') {
            true => name.starts_with(begin),
            false => name == begin,
        });
        if taken {
            findings
                .error_of_key(&path, format!("the label `{name}` is not yours to set"))
                .advise("choose another name");
        } else if !is_annotation(name) || !is_value(value) {
            findings.error_of_key(&path, "this is no label of Kubernetes'").explain(
                "names and values of at most 63 letters, digits, `-`, `_` and `.`; names possibly after a domain and a slash",
                "choose another name or value",
            );
        }
    }
    for (name, value) in &kubernetes.namespace.quota {
        let path = format!("cluster.namespace.quota.{name}");
        let other = name.starts_with("count/") || name.contains(".storageclass.storage.k8s.io/");
        if name == "limits.cpu" {
            findings
                .error_of_key(
                    &path,
                    "containers here have no limit of CPU, so that no pod could be made",
                )
                .advise("write `requests.cpu`");
        } else if !COUNTED.contains(&name.as_str()) && !other {
            findings.error_of_key(&path, format!("a quota does not count `{name}`")).explain(
                crate::manifest::list(COUNTED),
                "`count/KIND.GROUP` counts any other kind",
            );
        } else if !is_quantity(value) {
            findings
                .error(&path, format!("`{value}` is no quantity"))
                .explain("a number, possibly with a unit: 8, 500m, 16Gi", "write it so");
        }
    }
}

fn is_value(value: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    value.len() <= 63
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        && (value.is_empty() || (value.starts_with(ends) && value.ends_with(ends)))
}

fn is_quantity(value: &str) -> bool {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &value[..value.len() - unit.len()];
    let units = ["", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    number.parse::<f64>().is_ok() && units.contains(&unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        assert!(["8", "500m", "16Gi", "1.5"].into_iter().all(is_quantity));
        assert!(!["", "Gi", "8GB", "-1", "many"].into_iter().any(is_quantity));
    }
}
