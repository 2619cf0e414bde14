//! Kinds that EKS, its add-ons and the controllers of meshes bring into a cluster: what is written is kept, if what must be there is.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Api, ApiError};
use super::kind::root;
use crate::local::document::Document;

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
/// What Kubernetes answers where an object is there already.
const THERE: u16 = 409;
/// How often it is asked whether a kind is served yet, and how long to wait in between.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// A kind that is brought.
struct Brought {
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    /// What its `spec` must have.
    must: &'static [&'static str],
}

const fn kind(
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespaced: bool,
    must: &'static [&'static str],
) -> Brought {
    Brought { version, kind, plural, namespaced, must }
}

/// All of them.
#[rustfmt::skip]
const KINDS: &[Brought] = &[
    // Auto Mode's.
    kind("eks.amazonaws.com/v1", "IngressClassParams", "ingressclassparams", false, &[]),
    // That of the add-on `vpc-cni`.
    kind("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", "securitygrouppolicies", true, &[]),
    // Those of AWS's Gateway API Controller.
    kind("gateway.networking.k8s.io/v1", "Gateway", "gateways", true, &["gatewayClassName", "listeners"]),
    kind("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", true, &[]),
    kind("application-networking.k8s.aws/v1alpha1", "TargetGroupPolicy", "targetgrouppolicies", true, &["targetRef"]),
    kind("application-networking.k8s.aws/v1alpha1", "IAMAuthPolicy", "iamauthpolicies", true, &["policy", "targetRef"]),
    // Those of App Mesh's.
    kind("appmesh.k8s.aws/v1beta2", "Mesh", "meshes", false, &[]),
    kind("appmesh.k8s.aws/v1beta2", "VirtualNode", "virtualnodes", true, &[]),
    kind("appmesh.k8s.aws/v1beta2", "VirtualService", "virtualservices", true, &[]),
    kind("appmesh.k8s.aws/v1beta2", "VirtualRouter", "virtualrouters", true, &[]),
    kind("appmesh.k8s.aws/v1beta2", "VirtualGateway", "virtualgateways", true, &[]),
    kind("appmesh.k8s.aws/v1beta2", "GatewayRoute", "gatewayroutes", true, &[]),
];

/// Makes those that are not there, and waits until all are served.
///
/// # Errors
/// The API server refuses one.
pub(super) async fn install(api: &Api) -> Result<(), ApiError> {
    for one in KINDS {
        match api.create(PATH, &definition(one)).await {
            Err(error) if error.status != THERE => return Err(error),
            _ => {}
        }
    }
    for one in KINDS {
        for _ in 0..TRIES {
            let served = api.get(&root(one.version)).await.unwrap_or_default();
            if served.list("resources").iter().any(|it| it.text("name") == one.plural) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

fn definition(one: &Brought) -> Value {
    let Brought { kind, plural, .. } = one;
    let (group, version) = one.version.split_once('/').unwrap_or_default();
    let spec = json!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
        "required": one.must,
    });
    let mut schema = json!({
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": true,
    });
    if !one.must.is_empty() {
        schema["required"] = json!(["spec"]);
        schema["properties"] = json!({ "spec": spec });
    }
    let mut metadata = json!({ "name": format!("{plural}.{group}") });
    if group.ends_with(".k8s.io") {
        // Kubernetes' own groups want to know who has said yes to a kind.
        let said =
            json!({ "api-approved.kubernetes.io": "unapproved, stands in for the real one" });
        metadata["annotations"] = said;
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": {
            "group": group,
            "names": { "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": kind.to_lowercase() },
            "scope": if one.namespaced { "Namespaced" } else { "Cluster" },
            "versions": [{
                "name": version,
                "served": true,
                "storage": true,
                "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    })
}
