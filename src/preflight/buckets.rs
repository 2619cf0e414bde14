//! Buckets that load balancers log to and somebody else made: there, in the region, and open to the logs.

use futures_util::future::join_all;
use serde_json::Value;

use super::{Report, Subject};
use crate::aws::facts::buckets::{Bucket, bucket};
use crate::engine::{Address, Input};
use crate::resources::elbv2::LoadBalancer;
use crate::resources::s3::delivery;

const CHECK: &str = "bucket";

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let balancers = subject.changed::<LoadBalancer>();
    let named = balancers.iter().flat_map(|(address, balancer)| {
        let it = &balancer.attributes;
        let logs = [&it.access_logs, &it.connection_logs, &it.health_check_logs];
        logs.into_iter().flatten().filter_map(move |logs| match &logs.bucket {
            Input::Known(name) => Some((address, name.as_str())),
            Input::Output(_) => None,
        })
    });
    join_all(named.map(|(address, name)| judge(subject, report, address, name))).await;
}

async fn judge(subject: &Subject<'_>, report: &Report, address: &Address, name: &str) {
    let (region, account) = (&subject.cx.region, &subject.cx.account);
    let (what, hint) = match bucket(subject.cx, name).await {
        Err(failure) => return report.failed(CHECK, "buckets", &failure),
        Ok(Bucket::There(Some(policy))) if lets_in(&policy, region) => return,
        Ok(Bucket::NotThere) => (
            "is not there".to_owned(),
            "make it, or write `access_logs: true` for a bucket that shipit makes".to_owned(),
        ),
        Ok(Bucket::Elsewhere) => (
            format!("is in another region than {region}"),
            "name a bucket of the load balancer's region".to_owned(),
        ),
        Ok(Bucket::There(_)) => (
            "has no policy that lets load balancers write".to_owned(),
            format!(
                "allow `{}` to `s3:PutObject` on `arn:{}:s3:::{name}/PREFIX/AWSLogs/{account}/*`",
                delivery::SERVICE,
                subject.cx.partition()
            ),
        ),
    };
    report.error(CHECK, address, format!("bucket `{name}`, for its logs, {what}"), hint);
}

/// Whether a statement allows something to who delivers; what exactly is left to the load balancer to judge.
fn lets_in(policy: &Value, region: &str) -> bool {
    let statements = match &policy["Statement"] {
        Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    };
    statements.iter().any(|statement| {
        let principal = statement["Principal"].to_string();
        let names = |who: &str| principal.contains(who);
        statement["Effect"] == "Allow"
            && (names(delivery::SERVICE)
                || names("\"*\"")
                || delivery::account(region).is_some_and(names))
    })
}
