//! A VPC in a service network: what is in it may call the network's services.

use aws_sdk_vpclattice::operation::get_service_network_vpc_association::GetServiceNetworkVpcAssociationOutput;
use aws_sdk_vpclattice::types::DnsOptions;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{ServiceNetwork, ServiceNetworkId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::ec2::{SecurityGroupId, VpcId};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A VPC in a service network. A VPC can be in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceNetworkVpcAssociation {
    /// The network.
    pub network: Input<ServiceNetworkId>,
    /// The VPC.
    pub vpc: Input<VpcId>,
    /// What must let callers of the VPC in, at most 5; none lets all in. Once there are any, one must stay.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// Private names of the network's resources are resolved in the VPC, for these domains; `None` where they are not.
    pub private_dns: Option<PrivateDns>,
    /// The user's own tags.
    pub tags: Tags,
}

/// Which private names are resolved in a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrivateDns {
    /// `VERIFIED_DOMAINS_ONLY`, `ALL_DOMAINS`, `VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS` or `SPECIFIED_DOMAINS_ONLY`.
    pub preference: String,
    /// The specified domains.
    pub domains: Vec<String>,
}

impl Spec for ServiceNetworkVpcAssociation {
    const KIND: &'static str = "vpclattice/service-network-vpc-association";
}

crate::outputs!(ServiceNetworkVpcAssociation => ServiceNetworkVpcAssociationOutputs {
    /// `snva-0123…`.
    id: String,
    /// Its ARN.
    arn: String,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateServiceNetworkVpcAssociation.clientToken", "makes the call idempotent, is no property"),
    ("CreateServiceNetworkVpcAssociation.privateDnsEnabled", "`private_dns` is there or not"),
    (
        "UpdateServiceNetworkVpcAssociation.serviceNetworkVpcAssociationIdentifier",
        "says which association",
    ),
    ("UpdateServiceNetworkVpcAssociation.privateDnsEnabled", "`private_dns` is there or not"),
];

const SORT: &str = "servicenetworkvpcassociation";

impl Resource for ServiceNetworkVpcAssociation {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("network"),
            Rule::Immutable("vpc"),
            Rule::Unordered("security_groups"),
            Rule::Unordered("private_dns.domains"),
        ],
        observe_after: &[ServiceNetwork::KIND],
        order_after: &[],
        // A VPC is in one network.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(10, 2, 300),
    };

    type Outputs = ServiceNetworkVpcAssociationOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| shared::is(cx, arn, SORT);
        let networks = query.seen.of(ServiceNetwork::KIND).iter().map(|one| one.id.clone());
        let networks: Vec<String> = networks.collect();
        let finds = shared::find(cx, query, fits, shared::unnamed, || list(cx, networks)).await?;
        let found = stream::iter(finds.ours).map(|one| async move {
            let found = get(cx, shared::id(&one.arn)).await?;
            Ok::<_, Failure>(found.map(|found| to_live(&found, one.identity, one.tags)))
        });
        let owned: Vec<_> = found.buffered(shared::AT_ONCE).try_collect().await?;
        Ok(Found { owned: owned.into_iter().flatten().collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let groups = self.groups()?;
        let made = cx
            .vpclattice
            .create_service_network_vpc_association()
            .vpc_identifier(self.vpc.get()?.0)
            .service_network_identifier(self.network.get()?.0)
            .client_token(identity.client_token())
            .set_security_group_ids(Some(groups).filter(|groups| !groups.is_empty()))
            .set_private_dns_enabled(self.private_dns.is_some().then_some(true))
            .set_dns_options(self.dns_options())
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateServiceNetworkVpcAssociation", error))?;
        Ok(Progress::done(outputs(made.id(), made.arn())))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let groups = touches(changes, "security_groups");
        let names = touches(changes, "private_dns");
        if groups || names {
            let mut call = cx
                .vpclattice
                .update_service_network_vpc_association()
                .service_network_vpc_association_identifier(&live.outputs.id);
            if groups {
                call = call.set_security_group_ids(Some(self.groups()?));
            }
            if names {
                call = call
                    .private_dns_enabled(self.private_dns.is_some())
                    .set_dns_options(self.dns_options());
            }
            let sent = call.send().await;
            sent.map_err(|error| {
                classify("vpc-lattice UpdateServiceNetworkVpcAssociation", error)
            })?;
        }
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx
            .vpclattice
            .delete_service_network_vpc_association()
            .service_network_vpc_association_identifier(&live.outputs.id);
        let sent = call.send().await;
        unless_gone(
            sent.map_err(|error| classify("vpc-lattice DeleteServiceNetworkVpcAssociation", error)),
        )?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some(found) = get(cx, shared::id(id)).await? else { return Ok(None) };
        let all = shared::tags_of(cx, found.arn().unwrap_or_default()).await?;
        Ok(Some(Existing::of(all, wanted, |identity, own| to_live(&found, identity, own))))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, &live.outputs.arn, tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(shared::tags_of(cx, &live.outputs.arn).await)
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((ServiceNetwork::KIND, live.spec.network.get().ok()?.0))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let looks = waiting.iter().map(|one| async {
            let found = get(cx, &one.outputs.id).await?;
            Ok(found.map_or(Health::Gone, |one| {
                shared::health(one.status().map(|it| it.as_str()), one.failure_message())
            }))
        });
        futures_util::future::try_join_all(looks).await
    }
}

impl ServiceNetworkVpcAssociation {
    fn groups(&self) -> Result<Vec<String>, Failure> {
        self.security_groups.iter().map(|group| Ok(group.get()?.0)).collect()
    }

    fn dns_options(&self) -> Option<DnsOptions> {
        let dns = self.private_dns.as_ref()?;
        let domains = Some(dns.domains.clone()).filter(|domains| !domains.is_empty());
        Some(
            DnsOptions::builder()
                .private_dns_preference(dns.preference.as_str().into())
                .set_private_dns_specified_domains(domains)
                .build(),
        )
    }
}

async fn list(cx: &Cx, networks: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for network in networks {
        let call = cx
            .vpclattice
            .list_service_network_vpc_associations()
            .service_network_identifier(network);
        let mut pages = call.max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                classify("vpc-lattice ListServiceNetworkVpcAssociations", error)
            })?;
            let arns = page.items().iter().filter_map(|one| one.arn());
            all.extend(arns.map(|arn| (arn.to_owned(), String::new())));
        }
    }
    Ok(all)
}

async fn get(cx: &Cx, id: &str) -> Result<Option<GetServiceNetworkVpcAssociationOutput>, Failure> {
    let call = cx
        .vpclattice
        .get_service_network_vpc_association()
        .service_network_vpc_association_identifier(id);
    let sent = call.send().await;
    unless_gone(
        sent.map_err(|error| classify("vpc-lattice GetServiceNetworkVpcAssociation", error)),
    )
}

fn outputs(id: Option<&str>, arn: Option<&str>) -> ServiceNetworkVpcAssociationOutputs {
    ServiceNetworkVpcAssociationOutputs {
        id: id.unwrap_or_default().to_owned(),
        arn: arn.unwrap_or_default().to_owned(),
    }
}

fn to_live(
    from: &GetServiceNetworkVpcAssociationOutput,
    identity: Identity,
    tags: Tags,
) -> Live<ServiceNetworkVpcAssociation> {
    let outputs = outputs(from.id(), from.arn());
    let mut groups = from.security_group_ids().to_vec();
    groups.sort();
    let options = from.dns_options();
    let private_dns = from.private_dns_enabled().unwrap_or_default().then(|| PrivateDns {
        preference: options
            .and_then(|one| one.private_dns_preference())
            .map_or("VERIFIED_DOMAINS_ONLY", |one| one.as_str())
            .to_owned(),
        domains: options
            .map(|one| one.private_dns_specified_domains().to_vec())
            .unwrap_or_default(),
    });
    Live {
        identity,
        spec: ServiceNetworkVpcAssociation {
            network: Input::Known(from.service_network_id().unwrap_or_default().into()),
            vpc: Input::Known(from.vpc_id().unwrap_or_default().into()),
            security_groups: groups.into_iter().map(|id| Input::Known(id.into())).collect(),
            private_dns,
            tags,
        },
        id: outputs.id.clone(),
        outputs,
        health: shared::observed(from.status().map(|it| it.as_str()), from.failure_message()),
    }
}
