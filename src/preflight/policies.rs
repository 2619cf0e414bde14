//! Managed policies that roles name and somebody else makes: they are there.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{Report, Subject};
use crate::aws::facts::policies::policy_exists;
use crate::engine::Address;
use crate::resources::iam::Role;

const CHECK: &str = "policy";

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let mut named: BTreeMap<String, Address> = BTreeMap::new();
    for (address, role) in subject.changed::<Role>() {
        for arn in role.managed_policies.into_iter().chain(role.permissions_boundary) {
            // AWS's own are there.
            if !arn.contains(":iam::aws:") {
                named.entry(arn).or_insert_with(|| address.clone());
            }
        }
    }
    join_all(named.iter().map(|(arn, address)| async move {
        match policy_exists(subject.cx, arn).await {
            Ok(true) => {}
            Ok(false) => report.error(
                CHECK,
                address,
                format!("managed policy {arn} is not there: IAM has none of that ARN"),
                "`aws iam list-policies --scope Local` prints those that are".to_owned(),
            ),
            Err(failure) => report.failed(CHECK, "managed policies", &failure),
        }
    }))
    .await;
}
