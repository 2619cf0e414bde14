//! Where access logs of a service network, or of one service, go.

use aws_sdk_vpclattice::operation::get_access_log_subscription::GetAccessLogSubscriptionOutput;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{Service, ServiceNetwork, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// Where access logs go: one subscription for each sort of destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessLogSubscription {
    /// ARN of the network or service.
    pub resource: Input<String>,
    /// ARN of a log group (without `:*`), a bucket or a delivery stream; the sort cannot be changed.
    pub destination: Input<String>,
    /// Of a network, what is logged: `SERVICE` or `RESOURCE`; `None` of a service.
    pub log_type: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for AccessLogSubscription {
    const KIND: &'static str = "vpclattice/access-log-subscription";
}

crate::outputs!(AccessLogSubscription => AccessLogSubscriptionOutputs {
    /// `als-0123…`.
    id: String,
    /// Its ARN.
    arn: String,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateAccessLogSubscription.clientToken", "makes the call idempotent, is no property"),
    ("UpdateAccessLogSubscription.accessLogSubscriptionIdentifier", "says which subscription"),
];

impl Resource for AccessLogSubscription {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("resource"), Rule::Immutable("log_type")],
        observe_after: &[ServiceNetwork::KIND, Service::KIND],
        order_after: &[],
        // A sort of destination is there once.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = AccessLogSubscriptionOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| shared::is(cx, arn, "accesslogsubscription");
        let owners = [ServiceNetwork::KIND, Service::KIND];
        let owners = owners.iter().flat_map(|kind| query.seen.of(kind));
        let owners: Vec<String> = owners.map(|one| one.id.clone()).collect();
        let finds = shared::find(cx, query, fits, shared::unnamed, || list(cx, owners)).await?;
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
            .create_access_log_subscription()
            .resource_identifier(self.resource.get()?)
            .destination_arn(self.destination.get()?)
            .client_token(identity.client_token())
            .set_service_network_log_type(self.log_type.as_deref().map(Into::into))
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateAccessLogSubscription", error))?;
        Ok(Progress::done(outputs(made.id(), made.arn())))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if touches(changes, "destination") {
            let call = cx
                .vpclattice
                .update_access_log_subscription()
                .access_log_subscription_identifier(&live.outputs.id)
                .destination_arn(self.destination.get()?);
            let sent = call.send().await;
            sent.map_err(|error| classify("vpc-lattice UpdateAccessLogSubscription", error))?;
        }
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx
            .vpclattice
            .delete_access_log_subscription()
            .access_log_subscription_identifier(&live.outputs.id);
        let sent = call.send().await;
        unless_gone(
            sent.map_err(|error| classify("vpc-lattice DeleteAccessLogSubscription", error)),
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
        let all = shared::tags_of(cx, found.arn()).await?;
        Ok(Some(Existing::of(all, wanted, |identity, own| to_live(&found, identity, own))))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, &live.outputs.arn, tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(shared::tags_of(cx, &live.outputs.arn).await)
    }
}

async fn list(cx: &Cx, owners: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for owner in owners {
        let call = cx.vpclattice.list_access_log_subscriptions().resource_identifier(owner);
        let mut pages = call.max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| classify("vpc-lattice ListAccessLogSubscriptions", error));
            let Some(page) = unless_gone(page)? else { break };
            all.extend(page.items().iter().map(|one| (one.arn().to_owned(), String::new())));
        }
    }
    Ok(all)
}

async fn get(cx: &Cx, id: &str) -> Result<Option<GetAccessLogSubscriptionOutput>, Failure> {
    let call = cx.vpclattice.get_access_log_subscription().access_log_subscription_identifier(id);
    let sent = call.send().await;
    unless_gone(sent.map_err(|error| classify("vpc-lattice GetAccessLogSubscription", error)))
}

fn outputs(id: &str, arn: &str) -> AccessLogSubscriptionOutputs {
    AccessLogSubscriptionOutputs { id: id.to_owned(), arn: arn.to_owned() }
}

fn to_live(
    from: &GetAccessLogSubscriptionOutput,
    identity: Identity,
    tags: Tags,
) -> Live<AccessLogSubscription> {
    Live {
        identity,
        spec: AccessLogSubscription {
            resource: Input::Known(from.resource_arn().to_owned()),
            destination: Input::Known(from.destination_arn().trim_end_matches(":*").to_owned()),
            log_type: from.service_network_log_type().map(|one| one.as_str().to_owned()),
            tags,
        },
        id: from.id().to_owned(),
        outputs: outputs(from.id(), from.arn()),
        health: Health::Ready,
    }
}
