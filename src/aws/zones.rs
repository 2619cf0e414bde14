//! Availability zones of the region.

use aws_sdk_ec2::types::Filter;

use super::{Cx, classify};
use crate::engine::Failure;

/// The names of the region's availability zones that can be used, sorted.
///
/// # Errors
/// `ec2:DescribeAvailabilityZones` is refused.
pub async fn names(cx: &Cx) -> Result<Vec<String>, Failure> {
    let available = Filter::builder().name("state").values("available").build();
    let kind = Filter::builder().name("zone-type").values("availability-zone").build();
    let answer = cx
        .ec2
        .describe_availability_zones()
        .filters(available)
        .filters(kind)
        .send()
        .await
        .map_err(|error| classify("ec2 DescribeAvailabilityZones", error))?;
    let mut names: Vec<String> = answer
        .availability_zones()
        .iter()
        .filter_map(|zone| zone.zone_name().map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}
