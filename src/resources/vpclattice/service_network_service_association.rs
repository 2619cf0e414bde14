//! A service in a service network.

use aws_sdk_vpclattice::operation::get_service_network_service_association::GetServiceNetworkServiceAssociationOutput;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{ServiceId, ServiceNetwork, ServiceNetworkId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A service in a service network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceNetworkServiceAssociation {
    /// The network.
    pub network: Input<ServiceNetworkId>,
    /// The service.
    pub service: Input<ServiceId>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for ServiceNetworkServiceAssociation {
    const KIND: &'static str = "vpclattice/service-network-service-association";
}

crate::outputs!(ServiceNetworkServiceAssociation => ServiceNetworkServiceAssociationOutputs {
    /// `snsa-0123…`.
    id: String,
    /// Its ARN.
    arn: String,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[(
    "CreateServiceNetworkServiceAssociation.clientToken",
    "makes the call idempotent, is no property",
)];

const SORT: &str = "servicenetworkserviceassociation";

impl Resource for ServiceNetworkServiceAssociation {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("network"), Rule::Immutable("service")],
        observe_after: &[ServiceNetwork::KIND],
        order_after: &[],
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(10, 2, 300),
    };

    type Outputs = ServiceNetworkServiceAssociationOutputs;

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
        let made = cx
            .vpclattice
            .create_service_network_service_association()
            .service_identifier(self.service.get()?.0)
            .service_network_identifier(self.network.get()?.0)
            .client_token(identity.client_token())
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| {
                classify("vpc-lattice CreateServiceNetworkServiceAssociation", error)
            })?;
        Ok(Progress::done(outputs(made.id(), made.arn())))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx
            .vpclattice
            .delete_service_network_service_association()
            .service_network_service_association_identifier(&live.outputs.id);
        let sent = call
            .send()
            .await
            .map_err(|error| classify("vpc-lattice DeleteServiceNetworkServiceAssociation", error));
        unless_gone(sent)?;
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

/// The associations with these networks; they have no names.
async fn list(cx: &Cx, networks: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for network in networks {
        let call = cx
            .vpclattice
            .list_service_network_service_associations()
            .service_network_identifier(network);
        let mut pages = call.max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                classify("vpc-lattice ListServiceNetworkServiceAssociations", error)
            })?;
            let arns = page.items().iter().filter_map(|one| one.arn());
            all.extend(arns.map(|arn| (arn.to_owned(), String::new())));
        }
    }
    Ok(all)
}

async fn get(
    cx: &Cx,
    id: &str,
) -> Result<Option<GetServiceNetworkServiceAssociationOutput>, Failure> {
    let call = cx
        .vpclattice
        .get_service_network_service_association()
        .service_network_service_association_identifier(id);
    let sent = call.send().await;
    unless_gone(
        sent.map_err(|error| classify("vpc-lattice GetServiceNetworkServiceAssociation", error)),
    )
}

fn outputs(id: Option<&str>, arn: Option<&str>) -> ServiceNetworkServiceAssociationOutputs {
    ServiceNetworkServiceAssociationOutputs {
        id: id.unwrap_or_default().to_owned(),
        arn: arn.unwrap_or_default().to_owned(),
    }
}

fn to_live(
    from: &GetServiceNetworkServiceAssociationOutput,
    identity: Identity,
    tags: Tags,
) -> Live<ServiceNetworkServiceAssociation> {
    let outputs = outputs(from.id(), from.arn());
    Live {
        identity,
        spec: ServiceNetworkServiceAssociation {
            network: Input::Known(from.service_network_id().unwrap_or_default().into()),
            service: Input::Known(from.service_id().unwrap_or_default().into()),
            tags,
        },
        id: outputs.id.clone(),
        outputs,
        health: shared::observed(from.status().map(|it| it.as_str()), from.failure_message()),
    }
}
