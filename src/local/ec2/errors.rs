//! EC2's ways of saying no.

use super::network::{INTERFACES, SECURITY_GROUPS, SUBNETS, VPCS};
use super::{
    ADDRESSES, EGRESS_GATEWAYS, ENDPOINTS, FLOW_LOGS, INTERNET_GATEWAYS, NAT_GATEWAYS,
    NETWORK_ACLS, ROUTE_TABLES, SECURITY_GROUP_RULES, VOLUMES,
};
use crate::local::error::AwsError;
use crate::local::store::Table;

/// What EC2 calls a kind of resource: prefix of its ids, word in codes, word in messages.
pub(super) struct Noun {
    pub(super) kind: &'static str,
    pub(super) prefix: &'static str,
    pub(super) code: &'static str,
    pub(super) malformed: &'static str,
    pub(super) message: &'static str,
    pub(super) table: Table,
}

const fn noun(
    kind: &'static str,
    prefix: &'static str,
    code: &'static str,
    malformed: &'static str,
    message: &'static str,
    table: Table,
) -> Noun {
    Noun { kind, prefix, code, malformed, message, table }
}

/// The kinds by the names that `TagSpecifications` and tag filters use.
pub(super) static NOUNS: &[Noun] = &[
    noun("vpc", "vpc-", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "vpc ID", VPCS),
    noun(
        "subnet",
        "subnet-",
        "InvalidSubnetID.NotFound",
        "InvalidSubnetID.Malformed",
        "subnet ID",
        SUBNETS,
    ),
    noun(
        "internet-gateway",
        "igw-",
        "InvalidInternetGatewayID.NotFound",
        "InvalidInternetGatewayID.Malformed",
        "internetGateway ID",
        INTERNET_GATEWAYS,
    ),
    noun(
        "route-table",
        "rtb-",
        "InvalidRouteTableID.NotFound",
        "InvalidRouteTableId.Malformed",
        "routeTable ID",
        ROUTE_TABLES,
    ),
    noun(
        "elastic-ip",
        "eipalloc-",
        "InvalidAllocationID.NotFound",
        "InvalidAllocationID.Malformed",
        "allocation ID",
        ADDRESSES,
    ),
    noun(
        "natgateway",
        "nat-",
        "NatGatewayNotFound",
        "NatGatewayMalformed",
        "NatGateway",
        NAT_GATEWAYS,
    ),
    noun(
        "security-group",
        "sg-",
        "InvalidGroup.NotFound",
        "InvalidGroupId.Malformed",
        "security group",
        SECURITY_GROUPS,
    ),
    noun(
        "security-group-rule",
        "sgr-",
        "InvalidSecurityGroupRuleId.NotFound",
        "InvalidSecurityGroupRuleId.Malformed",
        "security group rule ID",
        SECURITY_GROUP_RULES,
    ),
    noun(
        "egress-only-internet-gateway",
        "eigw-",
        "InvalidGatewayID.NotFound",
        "InvalidEgressOnlyInternetGatewayId.Malformed",
        "eigw ID",
        EGRESS_GATEWAYS,
    ),
    noun(
        "vpc-endpoint",
        "vpce-",
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcEndpointId.Malformed",
        "Vpc Endpoint Id",
        ENDPOINTS,
    ),
    noun(
        "vpc-flow-log",
        "fl-",
        "InvalidFlowLogId.NotFound",
        "InvalidFlowLogId.Malformed",
        "flow log ID",
        FLOW_LOGS,
    ),
    noun(
        "network-interface",
        "eni-",
        "InvalidNetworkInterfaceID.NotFound",
        "InvalidNetworkInterfaceId.Malformed",
        "networkInterface ID",
        INTERFACES,
    ),
    noun(
        "volume",
        "vol-",
        "InvalidVolume.NotFound",
        "InvalidVolumeID.Malformed",
        "volume",
        VOLUMES,
    ),
    noun(
        "launch-template",
        "lt-",
        "InvalidLaunchTemplateId.NotFound",
        "InvalidLaunchTemplateId.Malformed",
        "launch template ID",
        super::launch_template::TEMPLATES,
    ),
    noun(
        "instance",
        "i-",
        "InvalidInstanceID.NotFound",
        "InvalidInstanceID.Malformed",
        "instance ID",
        super::instance::INSTANCES,
    ),
    noun(
        "network-acl",
        "acl-",
        "InvalidNetworkAclID.NotFound",
        "InvalidNetworkAclID.Malformed",
        "networkAcl ID",
        NETWORK_ACLS,
    ),
];

/// The noun of a kind. All kinds that are named in this folder are in the table.
pub(super) fn noun_of(kind: &str) -> &'static Noun {
    NOUNS.iter().find(|noun| noun.kind == kind).unwrap_or(&NOUNS[0])
}

/// `InvalidVpcID.NotFound` and its like; `…Malformed` for what cannot be such an id at all.
pub(super) fn not_found(kind: &str, id: &str) -> AwsError {
    let noun = noun_of(kind);
    let digits = id.strip_prefix(noun.prefix).unwrap_or_default();
    let formed = matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !formed {
        return AwsError::new(
            noun.malformed,
            format!("Invalid id: \"{id}\" (expecting \"{}...\")", noun.prefix),
        );
    }
    match kind {
        "natgateway" => AwsError::new(noun.code, format!("NAT gateway {id} was not found")),
        "security-group" => {
            AwsError::new(noun.code, format!("The security group '{id}' does not exist"))
        }
        _ => AwsError::new(noun.code, format!("The {} '{id}' does not exist", noun.message)),
    }
}

pub(super) fn dependency(message: impl Into<String>) -> AwsError {
    AwsError::new("DependencyViolation", message)
}

pub(super) fn invalid_value(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}
