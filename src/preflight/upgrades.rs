//! Upgrades of clusters: what EKS knows to speak against the next version.

use super::{Report, Subject};
use crate::aws::facts::insights;
use crate::engine::Action;
use crate::resources::eks::Cluster;

const CHECK: &str = "upgrade";

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    for (address, wanted) in subject.changed::<Cluster>() {
        let mut steps = subject.changing();
        let Some(step) = steps.find(|step| step.address == address) else { continue };
        let Some(live) = step.live.as_ref().filter(|_| step.action == Action::Update) else {
            continue;
        };
        let at = live.spec.get("version").and_then(|version| version.as_str()).unwrap_or_default();
        if at == wanted.version || wanted.upgrade_despite_insights {
            continue;
        }
        let (Some(from), Some(to)) = (minor(at), minor(&wanted.version)) else { continue };
        if to < from {
            let message = format!("the cluster is at version {at}, and versions only go up");
            let hint = format!("write `{at}`, or a later one");
            report.error(CHECK, &address, message, hint);
            continue;
        }
        let next = format!("1.{}", from + 1);
        match insights::errors(subject.cx, &live.id, &next).await {
            Err(failure) => report.failed(CHECK, "insights of the cluster", &failure),
            Ok(errors) if errors.is_empty() => {}
            Ok(errors) => {
                let message = format!(
                    "EKS knows what speaks against Kubernetes {next}: {}",
                    errors.join("; ")
                );
                // What a deploy mends on the way is not known to EKS yet: it is asked again before the upgrade.
                let hint = format!(
                    "resolve it: `aws eks list-insights --cluster-name {}` has the details",
                    live.id
                );
                report.warning(CHECK, &address, message, hint);
            }
        }
    }
}

fn minor(version: &str) -> Option<u32> {
    version.strip_prefix("1.").and_then(|rest| rest.parse().ok())
}
