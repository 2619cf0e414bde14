//! Clusters of EKS: their version is one that AWS supports, and who may do what in them is there.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::{Report, Subject};
use crate::aws::facts::{kubernetes, policies};
use crate::engine::{Action, Input};
use crate::resources::eks::{AccessEntry, Cluster};

const CHECK: &str = "cluster";

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    futures_util::join!(
        versions(subject, report),
        principals(subject, report),
        access_policies(subject, report)
    );
}

/// A version that the cluster has already is not asked about.
async fn versions(subject: &Subject<'_>, report: &Report) {
    for (address, cluster) in subject.changed::<Cluster>() {
        let step = subject.changing().find(|step| step.address == address);
        let Some(step) = step else { continue };
        if step.action == Action::Update
            && !step
                .changes
                .iter()
                .any(|change| ["version", "support_type"].contains(&&*change.path))
        {
            continue;
        }
        let known = match kubernetes::versions(subject.cx).await {
            Ok(known) => known,
            Err(failure) => {
                report.failed(CHECK, "versions of Kubernetes", &failure);
                continue;
            }
        };
        let names = |status: &[&str]| {
            let fit = known.iter().filter(|one| status.contains(&&*one.status));
            fit.map(|one| one.version.as_str()).collect::<Vec<_>>().join(", ")
        };
        let version = &cluster.version;
        let found = known.iter().find(|one| one.version == *version);
        match found.map(|one| one.status.as_str()) {
            Some("STANDARD_SUPPORT") => {}
            Some("EXTENDED_SUPPORT") if cluster.support_type == "EXTENDED" => {}
            Some("EXTENDED_SUPPORT") => report.error(
                CHECK,
                &address,
                format!(
                    "version {version} has extended support only, which costs extra: those with standard support are {}",
                    names(&["STANDARD_SUPPORT"])
                ),
                "write a later `version`, or `support: extended` beside it".to_owned(),
            ),
            other => report.error(
                CHECK,
                &address,
                format!(
                    "version {version} {}: there are {}",
                    if other.is_some() { "is out of support" } else { "is none that EKS has" },
                    names(&["STANDARD_SUPPORT", "EXTENDED_SUPPORT"])
                ),
                "write another `version`, or leave it out for EKS's default".to_owned(),
            ),
        }
    }
}

/// Roles of this account that get access.
async fn principals(subject: &Subject<'_>, report: &Report) {
    let entries = subject.changed::<AccessEntry>();
    join_all(entries.iter().map(|(address, entry)| async move {
        let Input::Known(arn) = &entry.principal else { return };
        let own = format!(":iam::{}:role/", subject.cx.account);
        let Some((_, path)) = arn.split_once(&own) else { return };
        let name = path.rsplit('/').next().unwrap_or(path);
        match policies::role_arn(subject.cx, name).await {
            Ok(Some(there)) if there == *arn => {}
            Ok(there) => report.error(
                CHECK,
                address,
                match there {
                    Some(there) => {
                        format!("role {arn} is not there: the one of that name is {there}")
                    }
                    None => format!("role {arn} is not there: EKS gives access to what is"),
                },
                "make the role, or correct `principal` under `cluster.access`".to_owned(),
            ),
            Err(failure) => report.failed(CHECK, "principals", &failure),
        }
    }))
    .await;
}

async fn access_policies(subject: &Subject<'_>, report: &Report) {
    let entries = subject.changed::<AccessEntry>();
    let wanted: BTreeSet<&String> =
        entries.iter().flat_map(|(_, entry)| entry.policies.keys()).collect();
    if wanted.is_empty() {
        return;
    }
    let known = match kubernetes::access_policies(subject.cx).await {
        Ok(known) => known,
        Err(failure) => return report.failed(CHECK, "access policies", &failure),
    };
    for (address, entry) in &entries {
        for policy in entry.policies.keys().filter(|policy| !known.contains(policy)) {
            report.error(
                CHECK,
                address,
                format!("access policy {policy} is not there: EKS has no other than its own"),
                "`aws eks list-access-policies` prints them; correct `policies` under `cluster.access`"
                    .to_owned(),
            );
        }
    }
}
