//! Kinds that EKS itself brings into a cluster, of which nothing is played but that they are there: what is written is kept.

use serde_json::{Value, json};

use super::super::{Api, ApiError};

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// What Kubernetes answers where an object is there already.
const THERE: u16 = 409;

/// Group, version, kind, plural, and whether its objects lie in namespaces.
const KINDS: &[(&str, &str, &str, &str, bool)] = &[
    // Auto Mode's.
    ("eks.amazonaws.com", "v1", "IngressClassParams", "ingressclassparams", false),
    // That of the add-on `vpc-cni`.
    ("vpcresources.k8s.aws", "v1beta1", "SecurityGroupPolicy", "securitygrouppolicies", true),
];

/// Makes those that are not there.
///
/// # Errors
/// The API server refuses one.
pub(super) async fn install(api: &Api) -> Result<(), ApiError> {
    for (group, version, kind, plural, namespaced) in KINDS {
        let definition = definition(group, version, kind, plural, *namespaced);
        match api.create(PATH, &definition).await {
            Err(error) if error.status != THERE => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn definition(group: &str, version: &str, kind: &str, plural: &str, namespaced: bool) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group,
            "names": { "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase() },
            "scope": if namespaced { "Namespaced" } else { "Cluster" },
            "versions": [{
                "name": version,
                "served": true,
                "storage": true,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": true,
                    },
                },
            }],
        },
    })
}
