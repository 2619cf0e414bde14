//! A private way from a VPC to a service of AWS.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{
    DnsOptionsSpecification, DnsRecordIpType, Filter, IpAddressType, ResourceType, State,
    VpcEndpointType,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::route_table::RouteTableId;
use super::{SecurityGroupId, SubnetId, VpcId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// An endpoint for a service of Amazon: a gateway in route tables (S3, DynamoDB; free), or interfaces in subnets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// The VPC it is part of.
    pub vpc: Input<VpcId>,
    /// The service: `com.amazonaws.eu-west-1.logs`.
    pub service: String,
    /// How the service is reached.
    pub endpoint_type: EndpointType,
    /// A gateway's route tables: EC2 writes a route into each.
    pub route_tables: Vec<Input<RouteTableId>>,
    /// Where an interface endpoint has its interfaces: one subnet a zone.
    pub subnets: Vec<Input<SubnetId>>,
    /// What may reach an interface endpoint.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// Whether the service's own name leads to an interface endpoint. Needs the VPC's `dns_hostnames`.
    pub private_dns: bool,
    /// `ipv4`, `dualstack` or `ipv6`; `ipv4` for gateways.
    pub ip_address_type: String,
    /// Which addresses its names resolve to: `ipv4`, `dualstack`, `ipv6` or `service-defined`.
    pub dns_record_ip_type: String,
    /// What may be done through it; `None` for everything.
    pub policy: Option<Value>,
    /// The user's own tags.
    pub tags: Tags,
}

/// How an endpoint's service is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EndpointType {
    /// By routes.
    Gateway,
    /// By network interfaces.
    Interface,
}

impl VpcEndpoint {
    /// A gateway in these route tables.
    pub fn gateway(
        vpc: Input<VpcId>,
        service: impl Into<String>,
        route_tables: Vec<Input<RouteTableId>>,
    ) -> Self {
        Self {
            vpc,
            service: service.into(),
            endpoint_type: EndpointType::Gateway,
            route_tables,
            subnets: Vec::new(),
            security_groups: Vec::new(),
            private_dns: false,
            ip_address_type: "ipv4".to_owned(),
            dns_record_ip_type: "ipv4".to_owned(),
            policy: None,
            tags: Tags::new(),
        }
    }

    /// Interfaces in these subnets, to which the service's own name leads.
    pub fn interface(
        vpc: Input<VpcId>,
        service: impl Into<String>,
        subnets: Vec<Input<SubnetId>>,
        security_groups: Vec<Input<SecurityGroupId>>,
    ) -> Self {
        Self {
            endpoint_type: EndpointType::Interface,
            subnets,
            security_groups,
            private_dns: true,
            ..Self::gateway(vpc, service, Vec::new())
        }
    }
}

ids! {
    /// `vpce-0123…`.
    VpcEndpointId,
}

outputs! { VpcEndpoint => VpcEndpointOutputs {
    /// The endpoint's id.
    id: VpcEndpointId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateVpcEndpoint.ClientToken", "from the run and the address"),
    ("CreateVpcEndpoint.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateVpcEndpoint.DryRun", "a check, not a property"),
    ("CreateVpcEndpoint.ServiceRegion", "always the VPC's own"),
    ("CreateVpcEndpoint.ServiceNetworkArn", "of VPC Lattice"),
    ("CreateVpcEndpoint.ResourceConfigurationArn", "of VPC Lattice"),
    ("CreateVpcEndpoint.SubnetConfigurations", "EC2 chooses the addresses"),
    (
        "CreateVpcEndpoint.DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint",
        "for S3 from outside the VPC",
    ),
    ("CreateVpcEndpoint.DnsOptions.PrivateDnsPreference", "of VPC Lattice"),
    ("CreateVpcEndpoint.DnsOptions.PrivateDnsSpecifiedDomains", "of VPC Lattice"),
    ("ModifyVpcEndpoint.VpcEndpointId", "names the endpoint"),
    ("ModifyVpcEndpoint.DryRun", "a check, not a property"),
    ("ModifyVpcEndpoint.ResetPolicy", "sent where `policy` is none"),
    ("ModifyVpcEndpoint.SubnetConfigurations", "EC2 chooses the addresses"),
    (
        "ModifyVpcEndpoint.DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint",
        "for S3 from outside the VPC",
    ),
    ("ModifyVpcEndpoint.DnsOptions.PrivateDnsPreference", "of VPC Lattice"),
    ("ModifyVpcEndpoint.DnsOptions.PrivateDnsSpecifiedDomains", "of VPC Lattice"),
];

impl Spec for VpcEndpoint {
    const KIND: &'static str = "ec2/vpc-endpoint";
}

impl Resource for VpcEndpoint {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("vpc"),
            Rule::Immutable("service"),
            Rule::Immutable("endpoint_type"),
            Rule::Unordered("route_tables"),
            Rule::Unordered("subnets"),
            Rule::Unordered("security_groups"),
            Rule::Policy("policy"),
        ],
        observe_after: &[],
        order_after: &[],
        // A service's name can lead to one endpoint of a VPC only, and a table has one route to it.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(60, 5, 900),
    };

    type Outputs = VpcEndpointOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        if !shared::may_be_there(cx, query, "vpc-endpoint").await? {
            return Ok(Found::default());
        }
        let endpoints = list(cx, shared::owned(query)).await?;
        let owned = endpoints.iter().filter_map(|endpoint| {
            let (identity, tags) = shared::ownership(endpoint.tags(), query)?;
            Some(to_live(endpoint, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let interface = self.endpoint_type == EndpointType::Interface;
        let call = cx
            .ec2
            .create_vpc_endpoint()
            .client_token(identity.client_token())
            .vpc_id(self.vpc.get()?.0)
            .service_name(&self.service)
            .vpc_endpoint_type(match self.endpoint_type {
                EndpointType::Gateway => VpcEndpointType::Gateway,
                EndpointType::Interface => VpcEndpointType::Interface,
            })
            .set_policy_document(self.policy.as_ref().map(Value::to_string))
            .set_route_table_ids(some(known(&self.route_tables)?))
            .set_subnet_ids(some(known(&self.subnets)?))
            .set_security_group_ids(some(known(&self.security_groups)?))
            .set_private_dns_enabled(interface.then_some(self.private_dns))
            .set_ip_address_type(interface.then(|| self.ip_address_type()))
            .set_dns_options(interface.then(|| self.dns_options()))
            .tag_specifications(shared::on_create(ResourceType::VpcEndpoint, identity, &self.tags));
        let made = call.send().await;
        let made = made.map_err(|error| classify("ec2 CreateVpcEndpoint", error))?;
        let id = made.vpc_endpoint().and_then(|endpoint| endpoint.vpc_endpoint_id());
        let id = id.ok_or_else(|| shared::unnamed("ec2 CreateVpcEndpoint"))?.into();
        Ok(Progress::done(VpcEndpointOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        if changes.iter().any(|change| !change.path.starts_with("tags")) {
            self.modify(cx, live, changes).await?;
        }
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent = cx.ec2.delete_vpc_endpoints().vpc_endpoint_ids(id).send().await;
        let sent = sent.map_err(|error| classify("ec2 DeleteVpcEndpoints", error));
        let done = sent
            .and_then(|answer| shared::refused("ec2 DeleteVpcEndpoints", answer.unsuccessful()));
        unless_gone(done)?;
        Ok(Progress::deleted())
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        // By filter: an id that is gone would fail the whole call.
        let ids = waiting.iter().map(|one| one.outputs.id.as_str());
        let endpoints = describe(cx, Some(vec![shared::filter("vpc-endpoint-id", ids)])).await?;
        let look = |one: &Waiting<Self>| {
            let is = Some(one.outputs.id.as_str());
            let found = endpoints.iter().find(|endpoint| endpoint.vpc_endpoint_id() == is);
            match found {
                Some(endpoint) => health(endpoint),
                None if one.deleting => Health::Gone,
                None => Health::Pending("not visible yet".to_owned()),
            }
        };
        Ok(waiting.iter().map(look).collect())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let endpoints = list(cx, shared::only("vpc-endpoint-id", id)).await?;
        Ok(endpoints.iter().find(|one| one.vpc_endpoint_id() == Some(id)).map(|endpoint| {
            let make = |identity, tags| to_live(endpoint, identity, tags);
            Existing::of(shared::from_sdk(endpoint.tags()), wanted, make)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }
}

impl VpcEndpoint {
    fn ip_address_type(&self) -> IpAddressType {
        IpAddressType::from(self.ip_address_type.as_str())
    }

    fn dns_options(&self) -> DnsOptionsSpecification {
        let kind = DnsRecordIpType::from(self.dns_record_ip_type.as_str());
        DnsOptionsSpecification::builder().dns_record_ip_type(kind).build()
    }

    async fn modify(&self, cx: &Cx, live: &Live<Self>, changes: &[Change]) -> Result<(), Failure> {
        let (added, removed) = difference(&live.spec.route_tables, &self.route_tables)?;
        let (in_subnets, out_of) = difference(&live.spec.subnets, &self.subnets)?;
        let (groups, no_groups) = difference(&live.spec.security_groups, &self.security_groups)?;
        let mut call = cx
            .ec2
            .modify_vpc_endpoint()
            .vpc_endpoint_id(live.outputs.id.as_str())
            .set_add_route_table_ids(some(added))
            .set_remove_route_table_ids(some(removed))
            .set_add_subnet_ids(some(in_subnets))
            .set_remove_subnet_ids(some(out_of))
            .set_add_security_group_ids(some(groups))
            .set_remove_security_group_ids(some(no_groups));
        if touches(changes, "policy") {
            call = match &self.policy {
                Some(policy) => call.policy_document(policy.to_string()),
                None => call.reset_policy(true),
            };
        }
        if touches(changes, "private_dns") {
            call = call.private_dns_enabled(self.private_dns);
        }
        if touches(changes, "ip_address_type") || touches(changes, "dns_record_ip_type") {
            call = call.ip_address_type(self.ip_address_type()).dns_options(self.dns_options());
        }
        call.send().await.map_err(|error| classify("ec2 ModifyVpcEndpoint", error))?;
        Ok(())
    }
}

/// Ids as requests take them.
fn known<T: Clone + ToString>(inputs: &[Input<T>]) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|input| Ok(input.get()?.to_string())).collect()
}

/// A list, unless there is nothing in it.
fn some(list: Vec<String>) -> Option<Vec<String>> {
    (!list.is_empty()).then_some(list)
}

/// What comes and what goes.
fn difference<T: Clone + ToString>(
    live: &[Input<T>],
    desired: &[Input<T>],
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let live: BTreeSet<String> = known(live)?.into_iter().collect();
    let desired: BTreeSet<String> = known(desired)?.into_iter().collect();
    Ok((desired.difference(&live).cloned().collect(), live.difference(&desired).cloned().collect()))
}

/// What a filter lets through and is not on its way out.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::VpcEndpoint>, Failure> {
    let mut endpoints = describe(cx, filters).await?;
    endpoints
        .retain(|endpoint| !matches!(state(endpoint).as_deref(), Some("deleting" | "deleted")));
    Ok(endpoints)
}

/// What a filter lets through.
async fn describe(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::VpcEndpoint>, Failure> {
    let pages = cx.ec2.describe_vpc_endpoints().set_filters(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeVpcEndpoints", error))
}

/// Its state in lower case: EC2's model and its answers differ in that.
fn state(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> Option<String> {
    endpoint.state().map(State::as_str).map(str::to_lowercase)
}

fn health(endpoint: &aws_sdk_ec2::types::VpcEndpoint) -> Health {
    match state(endpoint).as_deref() {
        // An emulator without states.
        Some("available") | None => Health::Ready,
        Some("deleted") => Health::Gone,
        Some(bad @ ("failed" | "rejected" | "expired")) => {
            let said = endpoint.last_error().and_then(|error| error.message());
            let said = said.or(endpoint.failure_reason()).unwrap_or("EC2 does not say why");
            Health::Failed(format!("{bad}: {said}"))
        }
        Some(other) => Health::Pending(other.to_owned()),
    }
}

/// A policy as the document has it: none where it allows everything, as AWS's own does.
fn policy(text: Option<&str>) -> Option<Value> {
    let policy: Value = serde_json::from_str(text?).ok()?;
    let statements = policy.get("Statement").and_then(Value::as_array);
    let everything = statements.is_some_and(|statements| {
        matches!(statements.as_slice(), [one] if one["Effect"] == "Allow"
            && one["Principal"] == "*" && one["Action"] == "*" && one["Resource"] == "*"
            && one.get("Condition").is_none())
    });
    (!everything).then_some(policy)
}

fn to_live(
    endpoint: &aws_sdk_ec2::types::VpcEndpoint,
    identity: Identity,
    tags: Tags,
) -> Live<VpcEndpoint> {
    fn sorted<T: From<String> + Ord>(ids: impl Iterator<Item = String>) -> Vec<Input<T>> {
        let sorted: BTreeSet<T> = ids.map(T::from).collect();
        sorted.into_iter().map(Input::Known).collect()
    }
    let id = endpoint.vpc_endpoint_id().unwrap_or_default();
    let interface = endpoint.vpc_endpoint_type() == Some(&VpcEndpointType::Interface);
    let addresses = endpoint.ip_address_type().map_or("ipv4", IpAddressType::as_str);
    let records = endpoint.dns_options().and_then(|options| options.dns_record_ip_type());
    let groups = endpoint.groups().iter().filter_map(|group| group.group_id());
    Live {
        identity,
        spec: VpcEndpoint {
            vpc: VpcId::from(endpoint.vpc_id().unwrap_or_default()).into(),
            service: endpoint.service_name().unwrap_or_default().to_owned(),
            endpoint_type: match interface {
                true => EndpointType::Interface,
                false => EndpointType::Gateway,
            },
            route_tables: sorted(endpoint.route_table_ids().iter().cloned()),
            subnets: sorted(endpoint.subnet_ids().iter().cloned()),
            security_groups: sorted(groups.map(str::to_owned)),
            private_dns: interface && endpoint.private_dns_enabled().unwrap_or_default(),
            ip_address_type: if interface { addresses } else { "ipv4" }.to_owned(),
            dns_record_ip_type: match interface {
                true => records.map_or(addresses, DnsRecordIpType::as_str).to_owned(),
                false => "ipv4".to_owned(),
            },
            policy: policy(endpoint.policy_document()),
            tags,
        },
        outputs: VpcEndpointOutputs { id: id.into() },
        health: health(endpoint),
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::VpcEndpoint as Api;

    use super::*;

    #[test]
    fn states_are_read_in_either_case() {
        let of = |state| health(&Api::builder().state(State::from(state)).build());
        assert_eq!(of("available"), Health::Ready);
        assert_eq!(of("Available"), Health::Ready);
        assert_eq!(of("pending"), Health::Pending("pending".into()));
        assert_eq!(of("rejected"), Health::Failed("rejected: EC2 does not say why".into()));
    }

    #[test]
    fn a_policy_that_allows_everything_is_none() {
        let everything =
            r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;
        assert_eq!(policy(Some(everything)), None);
        let less = everything.replace("\"Action\":\"*\"", "\"Action\":\"s3:*\"");
        assert_eq!(policy(Some(&less)), serde_json::from_str(&less).ok());
    }
}
