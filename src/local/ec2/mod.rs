//! `ec2`: networks. Instances, images and volumes are not here.

mod cidr;
mod errors;
pub mod network;

use super::service::{Protocol, Service};
use super::store::Table;

pub(super) const INTERNET_GATEWAYS: Table = Table::regional("ec2/internet-gateway");

pub(super) static SERVICE: Service = Service {
    name: "ec2",
    protocol: Protocol::Ec2,
    target: "2016-11-15",
    namespace: "http://ec2.amazonaws.com/doc/2016-11-15",
    invalid: "InvalidParameterValue",
    invalid_token: "InvalidNextToken",
    throttle: ("RequestLimitExceeded", 503),
    timer: None,
    operations: &[],
};
