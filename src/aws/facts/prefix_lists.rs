//! Prefix lists that AWS manages.

use aws_sdk_ec2::types::Filter;

use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure};

/// The id of the prefix list of VPC Lattice in the region (`ec2:DescribeManagedPrefixLists`).
///
/// # Errors
/// The call is refused, or the region has no VPC Lattice.
pub async fn lattice(cx: &Cx) -> Result<String, Failure> {
    let name = format!("com.amazonaws.{}.vpc-lattice", cx.region);
    let filter = Filter::builder().name("prefix-list-name").values(&name).build();
    let sent = cx.ec2.describe_managed_prefix_lists().filters(filter).send().await;
    let answer = sent.map_err(|error| classify("ec2 DescribeManagedPrefixLists", error))?;
    let found = answer.prefix_lists().first().and_then(|list| list.prefix_list_id());
    found.map(str::to_owned).ok_or_else(|| {
        Failure::new(Class::Invalid, format!("there is no prefix list `{name}`"))
            .with_hint("choose a region that has VPC Lattice")
    })
}
