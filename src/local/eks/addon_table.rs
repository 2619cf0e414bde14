//! The add-ons that EKS has: their versions, what can be configured, and the policies that they need.

use serde_json::{Value, json};

use super::versions::{self, Version};
use super::{invalid, missing, rows};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// An add-on.
pub(super) struct Addon {
    pub(super) name: &'static str,
    kind: &'static str,
    /// Where its pods are.
    pub(super) namespace: &'static str,
    /// Its versions, the newest first; `{minor}` and `{patch}` are those of Kubernetes.
    versions: [&'static str; 2],
    /// Top-level members of its configuration.
    keys: &'static [&'static str],
    /// Service account and the policies that it should have.
    pub(super) accounts: &'static [(&'static str, &'static [&'static str])],
    /// It needs nodes on which its Deployment runs, or is degraded.
    pub(super) needs_nodes: bool,
    /// Community add-ons are not AWS's own.
    community: bool,
}

const COMMON: &[&str] =
    &["affinity", "nodeSelector", "podAnnotations", "podLabels", "resources", "tolerations"];

#[rustfmt::skip]
const ADDONS: &[Addon] = &[
    Addon { name: "vpc-cni", kind: "networking", namespace: "kube-system", versions: ["v1.21.1-eksbuild.3", "v1.20.4-eksbuild.2"],
        keys: &["affinity", "env", "enableNetworkPolicy", "enableWindowsIpam", "eniConfig", "init", "nodeAgent", "podAnnotations", "podLabels", "resources", "tolerations", "livenessProbeTimeoutSeconds", "readinessProbeTimeoutSeconds"],
        accounts: &[("aws-node", &["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"])], needs_nodes: false, community: false },
    Addon { name: "coredns", kind: "networking", namespace: "kube-system", versions: ["v1.13.1-eksbuild.1", "v1.12.4-eksbuild.1"],
        keys: &["affinity", "autoScaling", "computeType", "corefile", "nodeSelector", "podAnnotations", "podDisruptionBudget", "podLabels", "replicaCount", "resources", "tolerations", "topologySpreadConstraints"],
        accounts: &[], needs_nodes: true, community: false },
    Addon { name: "kube-proxy", kind: "networking", namespace: "kube-system", versions: ["v1.{minor}.{patch}-eksbuild.4", "v1.{minor}.{patch}-eksbuild.2"],
        keys: &["ipvs", "mode", "podAnnotations", "podLabels", "resources", "tolerations"], accounts: &[], needs_nodes: false, community: false },
    Addon { name: "eks-pod-identity-agent", kind: "security", namespace: "kube-system", versions: ["v1.3.10-eksbuild.2", "v1.3.9-eksbuild.3"],
        keys: &["affinity", "agent", "init", "podAnnotations", "podLabels", "resources", "tolerations"], accounts: &[], needs_nodes: false, community: false },
    Addon { name: "eks-node-monitoring-agent", kind: "observability", namespace: "kube-system", versions: ["v1.5.1-eksbuild.1", "v1.4.2-eksbuild.1"],
        keys: &["monitoringAgent", "dcgmAgent", "nodeAgent"], accounts: &[], needs_nodes: false, community: false },
    Addon { name: "metrics-server", kind: "observability", namespace: "kube-system", versions: ["v0.8.1-eksbuild.1", "v0.8.0-eksbuild.5"],
        keys: &["addonResizer", "affinity", "nodeSelector", "podAnnotations", "podDisruptionBudget", "podLabels", "replicas", "resources", "tolerations", "topologySpreadConstraints", "updateStrategy"],
        accounts: &[], needs_nodes: true, community: true },
    Addon { name: "aws-ebs-csi-driver", kind: "storage", namespace: "kube-system", versions: ["v1.54.0-eksbuild.1", "v1.53.0-eksbuild.1"],
        keys: &["controller", "defaultStorageClass", "node", "sidecars"],
        accounts: &[("ebs-csi-controller-sa", &["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"])], needs_nodes: true, community: false },
    Addon { name: "aws-efs-csi-driver", kind: "storage", namespace: "kube-system", versions: ["v2.2.0-eksbuild.1", "v2.1.15-eksbuild.1"],
        keys: &["controller", "node", "sidecars"],
        accounts: &[("efs-csi-controller-sa", &["arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"])], needs_nodes: true, community: false },
    Addon { name: "snapshot-controller", kind: "storage", namespace: "kube-system", versions: ["v8.4.0-eksbuild.1", "v8.3.0-eksbuild.2"],
        keys: COMMON, accounts: &[], needs_nodes: true, community: false },
    Addon { name: "amazon-cloudwatch-observability", kind: "observability", namespace: "amazon-cloudwatch", versions: ["v4.8.0-eksbuild.1", "v4.7.0-eksbuild.1"],
        keys: &["agent", "containerLogs", "tolerations", "nodeSelector", "manager", "dcgmExporter", "neuronMonitor"],
        accounts: &[("cloudwatch-agent", &["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy", "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"])], needs_nodes: false, community: false },
    Addon { name: "external-dns", kind: "networking", namespace: "external-dns", versions: ["v0.20.0-eksbuild.1", "v0.19.0-eksbuild.2"],
        keys: &["affinity", "domainFilters", "env", "extraArgs", "interval", "nodeSelector", "policy", "podAnnotations", "podLabels", "registry", "replicas", "resources", "sources", "tolerations", "txtOwnerId"],
        accounts: &[("external-dns", &["arn:aws:iam::aws:policy/AmazonRoute53FullAccess"])], needs_nodes: true, community: true },
];

impl Addon {
    /// The versions that go with a version of Kubernetes, the newest first.
    pub(super) fn versions(&self, of: Version) -> Vec<String> {
        let fill = |text: &&str| {
            text.replace("{minor}", &of.minor.to_string()).replace("{patch}", &of.patch.to_string())
        };
        self.versions.iter().map(fill).collect()
    }

    pub(super) fn owner(&self) -> &'static str {
        if self.community { "community" } else { "aws" }
    }

    #[expect(clippy::unused_self, reason = "every one has a publisher")]
    pub(super) fn publisher(&self) -> &'static str {
        "eks"
    }

    /// Refuses values that the add-on's schema does not have.
    pub(super) fn check(&self, values: &str) -> Result<(), AwsError> {
        if values.is_empty() {
            return Ok(());
        }
        let Ok(values) = serde_json::from_str::<Value>(values) else {
            return Err(AwsError::not_modelled(
                "local AWS reads the configuration values of add-ons as JSON only",
            ));
        };
        let wrong = |what: String| {
            Err(invalid(format!(
                "ConfigurationValue provided in request is not supported: Json schema validation failed with \
                 error: [{what}]"
            )))
        };
        let Some(members) = values.as_object() else {
            return wrong("$: object expected".to_owned());
        };
        match members.keys().find(|key| !self.keys.contains(&key.as_str())) {
            Some(key) => wrong(format!(
                "$.{key}: is not defined in the schema and the schema does not allow additional properties"
            )),
            None => Ok(()),
        }
    }
}

/// The add-on with this name.
pub(super) fn find(name: &str) -> Option<&'static Addon> {
    ADDONS.iter().find(|addon| addon.name == name)
}

pub(super) fn versions(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let kubernetes = input.optional_text("kubernetesVersion")?;
    let name = input.optional_text("addonName")?;
    let kinds = input.texts("types")?;
    let (publishers, owners) = (input.texts("publishers")?, input.texts("owners")?);
    let mut known = versions::all(call);
    if let Some(wanted) = &kubernetes {
        known.retain(|version| version.text() == *wanted);
        if known.is_empty() {
            return Err(invalid(format!("Kubernetes version {wanted} is not supported")));
        }
    }
    if let Some(name) = &name
        && find(name).is_none()
    {
        return Err(missing(format!("Addon {name} was not found")).with("addonName", name.as_str()));
    }
    let asked = |list: &[String], text: &str| list.is_empty() || list.iter().any(|one| one == text);
    let found = ADDONS.iter().filter(|addon| {
        name.as_deref().is_none_or(|name| addon.name == name)
            && asked(&kinds, addon.kind)
            && asked(&publishers, addon.publisher())
            && asked(&owners, addon.owner())
    });
    let shown = found.map(|addon| {
        // One row a version of the add-on, with all versions of Kubernetes that it goes with.
        let mut all: Vec<(String, Vec<Value>)> = Vec::new();
        for version in &known {
            for (at, text) in addon.versions(*version).into_iter().enumerate() {
                let fits = json!({
                    "clusterVersion": version.text(), "platformVersions": ["*"], "defaultVersion": at == 1,
                });
                match all.iter_mut().find(|(other, _)| *other == text) {
                    Some((_, rows)) => rows.push(fits),
                    None => all.push((text, vec![fits])),
                }
            }
        }
        let versions: Vec<Value> = all
            .into_iter()
            .map(|(text, fits)| {
                json!({
                    "addonVersion": text, "architecture": ["amd64", "arm64"],
                    "computeTypes": ["ec2", "auto", "hybrid"], "compatibilities": fits,
                    "requiresConfiguration": false, "requiresIamPermissions": !addon.accounts.is_empty(),
                })
            })
            .collect();
        json!({
            "addonName": addon.name, "type": addon.kind, "addonVersions": versions,
            "publisher": addon.publisher(), "owner": addon.owner(), "defaultNamespace": addon.namespace,
        })
    });
    let shown = shown.collect();
    rows(call, "addons", shown)
}

pub(super) fn configuration(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, version) = (call.input.text("addonName")?, call.input.text("addonVersion")?);
    let found = find(&name).filter(|addon| {
        versions::all(call).into_iter().any(|of| addon.versions(of).contains(&version))
    });
    let addon = found.ok_or_else(|| {
        missing(format!("Addon {name} with version {version} was not found"))
            .with("addonName", name.as_str())
    })?;
    let mut properties = json!({});
    for key in addon.keys {
        properties.set(key, json!({}));
    }
    let schema = json!({
        "$schema": "http://json-schema.org/draft-06/schema#", "type": "object",
        "additionalProperties": false, "properties": properties,
    });
    let accounts: Vec<Value> = addon
        .accounts
        .iter()
        .map(|(account, policies)| {
            json!({"serviceAccount": account, "recommendedManagedPolicies": policies})
        })
        .collect();
    Ok(json!({
        "addonName": name, "addonVersion": version, "configurationSchema": schema.to_string(),
        "podIdentityConfiguration": accounts,
    }))
}
