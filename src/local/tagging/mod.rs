//! `tagging`: the Resource Groups Tagging API, over the one table in which all services but IAM
//! keep their tags. A rule `{on: {operation: GetResources}, fault: {stale: 5s}}` in the script of
//! faults makes it lag, as AWS's does. It never lists the dead, as AWS's may.

mod arn;
mod change;
mod keys;
mod resources;

use super::service::{self, Protocol, Service};

pub(super) static SERVICE: Service = Service {
    name: "tagging",
    protocol: Protocol::Json,
    target: "ResourceGroupsTaggingAPI_20170126",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "PaginationTokenExpiredException",
    throttle: ("ThrottledException", 400),
    timer: None,
    operations: &[
        service::read("GetResources", resources::get),
        service::read("GetTagKeys", keys::get_tag_keys),
        service::read("GetTagValues", keys::get_tag_values),
        service::write("TagResources", change::tag_resources),
        service::write("UntagResources", change::untag_resources),
    ],
};
