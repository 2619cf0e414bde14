//! What can be known to go wrong before anything is changed: one file per check.
//!
//! Only what a plan creates or changes is looked at, so a plan with nothing to do makes no call.
//! All checks run at once and report all they find. A check asks AWS through [`crate::aws::facts`] and
//! knows no manifest and no terminal. What could not be asked is said, and is never an error; no
//! value of a secret is ever read.

mod alarms;
mod buckets;
mod certificates;
mod clusters;
mod files;
mod images;
mod meshes;
mod networks;
pub mod permissions;
mod policies;
mod quotas;
mod report;
mod routes;
mod secrets;
mod subject;
mod upgrades;

use std::time::Duration;

use futures_util::future::join_all;

use crate::engine::{BoxFuture, Finding};

use report::Report;
pub use subject::{Reach, Subject};

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(5);

type Run = for<'a> fn(&'a Subject<'a>, &'a Report) -> BoxFuture<'a, ()>;

/// A check by name, what it looks at in words (for "could not check: …"), and how it is run.
struct Check {
    name: &'static str,
    looks_at: &'static str,
    run: Run,
}

macro_rules! check {
    ($name:literal, $looks_at:literal, $module:ident) => {
        Check {
            name: $name,
            looks_at: $looks_at,
            run: |subject, report| Box::pin($module::check(subject, report)),
        }
    };
}

const ALL: &[Check] = &[
    check!("image", "images", images),
    check!("secret", "secrets", secrets),
    check!("certificate", "certificates", certificates),
    check!("cluster", "clusters", clusters),
    check!("network", "networks", networks),
    check!("route", "routes", routes),
    check!("alarm", "alarms", alarms),
    check!("bucket", "buckets", buckets),
    check!("volume", "file systems", files),
    check!("upgrade", "upgrades of clusters", upgrades),
    check!("policy", "managed policies", policies),
    check!("quota", "quotas", quotas),
    check!("permission", "permissions", permissions),
];

/// The names of all checks, as `--skip-preflight` takes them.
pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|check| check.name).collect()
}

/// Runs all checks at once but those named in `skip`; what they found, worst first.
pub async fn check(subject: &Subject<'_>, skip: &[String]) -> Vec<Finding> {
    let report = Report::default();
    let wanted = ALL.iter().filter(|check| !skip.iter().any(|name| name == check.name));
    join_all(wanted.map(|check| {
        let report = &report;
        async move {
            if tokio::time::timeout(LIMIT, (check.run)(subject, report)).await.is_err() {
                let why = format!("no answer within {} seconds", LIMIT.as_secs());
                report.unchecked(check.name, check.looks_at, why);
            }
        }
    }))
    .await;
    report.into_findings()
}
