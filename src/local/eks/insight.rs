//! Insights: what stands in the way of the next version, found by looking when asked.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{CLUSTERS, NODEGROUPS, addon, all_in, cluster, missing, rows, versions, working};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::ids;
use crate::local::params::Shape;

/// One insight of a cluster.
struct Insight {
    name: String,
    status: &'static str,
    reason: String,
    description: &'static str,
    recommendation: &'static str,
    resources: Vec<Value>,
    summary: Value,
}

/// All insights about the upgrade to the next version.
fn all(call: &Call<'_>, name: &str, document: &Value) -> Vec<Insight> {
    let at = versions::find(document.text("version")).map_or(0, |version| version.minor);
    let Some(next) = versions::find(&format!("1.{}", at + 1)) else { return Vec::new() };
    let mut old = Vec::new();
    let mut worst = "PASSING";
    for (_, group) in all_in(call, NODEGROUPS, name) {
        let minor = versions::find(group.text("version")).map_or(at, |version| version.minor);
        if minor < at {
            worst = if at - minor >= 3 { "ERROR" } else { worst.max("WARNING") };
            old.push(json!({
                "arn": group["nodegroupArn"],
                "insightStatus": {
                    "status": worst,
                    "reason": format!("Nodes run version 1.{minor}, the cluster 1.{at}."),
                },
            }));
        }
    }
    let unfit = addon::unfit(call, name, next);
    let details: Vec<Value> = unfit
        .iter()
        .map(|(name, fits)| json!({"name": name, "compatibleVersions": fits}))
        .collect();
    let healthy = cluster::wire(call, document)["health"].list("issues").is_empty();
    vec![
        Insight {
            name: "Kubelet version skew".to_owned(),
            status: worst,
            reason: match worst {
                "PASSING" => "Node kubelet versions match the cluster control plane version.",
                _ => "Node kubelet versions are behind the cluster control plane version.",
            }
            .to_owned(),
            description: "Checks for kubelet versions of worker nodes in the cluster to see if upgrade would \
                          cause noncompliance with supported Kubernetes kubelet version skew policy.",
            recommendation: "Upgrade your worker nodes to match the Kubernetes version of your cluster \
                             control plane.",
            resources: old,
            summary: json!({"deprecationDetails": [], "addonCompatibilityDetails": []}),
        },
        Insight {
            name: "EKS add-on version compatibility".to_owned(),
            status: if unfit.is_empty() { "PASSING" } else { "ERROR" },
            reason: match unfit.is_empty() {
                true => "All installed EKS add-on versions are compatible with next Kubernetes version.",
                false => "Some installed EKS add-on versions are not compatible with next Kubernetes version.",
            }
            .to_owned(),
            description: "Checks version of installed EKS add-ons to ensure they are compatible with the next \
                          version of Kubernetes.",
            recommendation: "Upgrade EKS add-ons to a version that is compatible with the next version of \
                             Kubernetes.",
            resources: Vec::new(),
            summary: json!({"deprecationDetails": [], "addonCompatibilityDetails": details}),
        },
        Insight {
            name: "Cluster health issues".to_owned(),
            status: if healthy { "PASSING" } else { "ERROR" },
            reason: match healthy {
                true => "No cluster health issues detected.",
                false => "Cluster health issues detected.",
            }
            .to_owned(),
            description: "Checks for any cluster health issues that prevent successful upgrade to the next \
                          Kubernetes version on EKS.",
            recommendation: "Resolve the health issues that DescribeCluster lists.",
            resources: Vec::new(),
            summary: json!({"deprecationDetails": [], "addonCompatibilityDetails": []}),
        },
        Insight {
            name: format!("Deprecated APIs removed in Kubernetes v1.{}", next.minor),
            status: "PASSING",
            reason: "No deprecated API usage detected within the last 30 days.".to_owned(),
            description: "Checks for usage of deprecated APIs that are scheduled for removal in the next \
                          Kubernetes version.",
            recommendation: "Update manifests and API clients to use newer Kubernetes APIs.",
            resources: Vec::new(),
            summary: json!({"deprecationDetails": [], "addonCompatibilityDetails": []}),
        },
    ]
}

/// The names of those that an upgrade is refused for.
pub(super) fn errors(call: &Call<'_>, name: &str, document: &Value) -> Vec<String> {
    let found = all(call, name, document).into_iter().filter(|one| one.status == "ERROR");
    found.map(|one| one.name).collect()
}

fn id(cluster: &Value, name: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(cluster["own"].text("id"));
    hash.update(name);
    ids::uuid_of(&hash.finalize().into())
}

/// An insight as lists show it.
fn row(call: &Call<'_>, document: &Value, insight: &Insight) -> Value {
    let at = versions::find(document.text("version")).map_or(0, |version| version.minor);
    let refreshed = document["own"].time("refreshed").max(document["own"].time("ready"));
    json!({
        "id": id(document, &insight.name), "name": insight.name, "category": "UPGRADE_READINESS",
        "kubernetesVersion": format!("1.{}", at + 1),
        "lastRefreshTime": call.time(refreshed),
        "lastTransitionTime": call.time(document["own"].time("ready")),
        "description": insight.description,
        "insightStatus": {"status": insight.status, "reason": insight.reason},
    })
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, document) = working(call)?;
    let texts = |allowed| Shape::List(allowed);
    const CATEGORIES: Shape =
        Shape::OneOf(&["UPGRADE_READINESS", "MISCONFIGURATION", "ROLLBACK_READINESS"]);
    const STATUSES: Shape = Shape::OneOf(&["PASSING", "WARNING", "ERROR", "UNKNOWN"]);
    let input = call.input.optional_structure("filter")?;
    let read = |member: &str, shape: &'static Shape| -> Result<Vec<String>, AwsError> {
        let Some(input) = &input else { return Ok(Vec::new()) };
        let given = input.shaped(member, &texts(shape))?.unwrap_or_default();
        let given = given.as_array().cloned().unwrap_or_default();
        Ok(given.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let categories = read("categories", &CATEGORIES)?;
    let of = read("kubernetesVersions", &Shape::Text)?;
    let statuses = read("statuses", &STATUSES)?;
    let asked = |list: &[String], text: &str| list.is_empty() || list.iter().any(|one| one == text);
    let found: Vec<Value> = all(call, &name, &document)
        .iter()
        .map(|insight| row(call, &document, insight))
        .filter(|row| {
            asked(&categories, row.text("category"))
                && asked(&of, row.text("kubernetesVersion"))
                && asked(&statuses, row["insightStatus"].text("status"))
        })
        .collect();
    rows(call, "insights", found)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, document) = working(call)?;
    let wanted = call.input.text("id")?;
    let found = all(call, &name, &document);
    let found = found.iter().find(|insight| id(&document, &insight.name) == wanted);
    let insight = found.ok_or_else(|| missing(format!("No insight found with id: {wanted}")))?;
    let mut shown = row(call, &document, insight);
    shown.set("recommendation", insight.recommendation);
    shown.set("additionalInfo", json!({}));
    shown.set("resources", insight.resources.clone());
    shown.set("categorySpecificSummary", insight.summary.clone());
    Ok(json!({"insight": shown}))
}

pub(super) fn refresh(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, document) = working(call)?;
    let (now, until) = (call.now, call.ready_at(durations::EKS_INSIGHTS));
    if document["own"].time("refreshed") <= now {
        call.update(CLUSTERS, &name, |cluster| {
            let mut own = cluster["own"].clone();
            own.set("refreshing", now);
            own.set("refreshed", until);
            cluster.set("own", own);
        });
    }
    Ok(json!({"message": "Insights refresh is in progress", "status": "IN_PROGRESS"}))
}

pub(super) fn refreshed(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, document) = working(call)?;
    let own = &document["own"];
    if !own.has("refreshed") {
        return Err(missing("No insights refresh was started"));
    }
    let (from, until) = (own.time("refreshing"), own.time("refreshed"));
    if until > call.now {
        return Ok(json!({
            "message": "Insights refresh is in progress", "status": "IN_PROGRESS", "startedAt": call.time(from),
        }));
    }
    Ok(json!({
        "message": "Insights refresh is completed", "status": "COMPLETED", "startedAt": call.time(from),
        "endedAt": call.time(until),
    }))
}
