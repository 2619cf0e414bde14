//! A service network: what is associated with it may be called from the VPCs that are.

use aws_sdk_vpclattice::operation::get_service_network::GetServiceNetworkOutput;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shared;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A service network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceNetwork {
    /// `AWS_IAM`: callers sign their requests, and the policy decides; `NONE`: everybody in the network may call.
    pub auth_type: String,
    /// Who may call what, where callers sign; without one, nobody.
    pub policy: Option<Value>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Default for ServiceNetwork {
    fn default() -> Self {
        Self { auth_type: "NONE".to_owned(), policy: None, tags: Tags::new() }
    }
}

impl Spec for ServiceNetwork {
    const KIND: &'static str = "vpclattice/service-network";
}

crate::ids! {
    /// `sn-0123…`.
    ServiceNetworkId,
}

crate::outputs!(ServiceNetwork => ServiceNetworkOutputs {
    /// Its id.
    id: ServiceNetworkId,
    /// Its ARN.
    arn: String,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateServiceNetwork.name", "the physical name follows from the address"),
    ("CreateServiceNetwork.clientToken", "makes the call idempotent, is no property"),
    ("CreateServiceNetwork.sharingConfig", "networks are not shared with other accounts"),
    ("UpdateServiceNetwork.serviceNetworkIdentifier", "says which network"),
    ("PutAuthPolicy.resourceIdentifier", "says whose policy"),
];

fn name(identity: &Identity) -> String {
    shared::name(identity, 63)
}

impl Resource for ServiceNetwork {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Policy("policy")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = ServiceNetworkOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| shared::is(cx, arn, "servicenetwork");
        let finds = shared::find(cx, query, fits, name, || list(cx)).await?;
        let found = stream::iter(finds.ours).map(|one| async move {
            let network = get(cx, shared::id(&one.arn)).await?;
            let Some(network) = network else { return Ok(None) };
            to_live(cx, &network, one.identity, one.tags).await.map(Some)
        });
        let owned: Vec<_> = found.buffered(shared::AT_ONCE).try_collect().await?;
        Ok(Found { owned: owned.into_iter().flatten().collect(), foreign: finds.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let made = cx
            .vpclattice
            .create_service_network()
            .name(name(identity))
            .client_token(identity.client_token())
            .auth_type(self.auth_type.as_str().into())
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateServiceNetwork", error))?;
        let outputs = outputs(made.id(), made.arn());
        if self.policy.is_some() {
            shared::set_policy(cx, outputs.id.as_str(), self.policy.as_ref()).await?;
        }
        Ok(Progress::done(outputs))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        // Nobody is let in who should not be: the policy is there before it counts.
        if touches(changes, "policy") {
            shared::set_policy(cx, id, self.policy.as_ref()).await?;
        }
        if touches(changes, "auth_type") {
            let call = cx.vpclattice.update_service_network().service_network_identifier(id);
            let sent = call.auth_type(self.auth_type.as_str().into()).send().await;
            sent.map_err(|error| classify("vpc-lattice UpdateServiceNetwork", error))?;
        }
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent =
            cx.vpclattice.delete_service_network().service_network_identifier(id).send().await;
        unless_gone(sent.map_err(|error| classify("vpc-lattice DeleteServiceNetwork", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let meant = shared::meant(id, "sn-", || list(cx)).await?;
        let Some(id) = meant else { return Ok(None) };
        let Some(network) = get(cx, &id).await? else { return Ok(None) };
        let all = shared::tags_of(cx, network.arn().unwrap_or_default()).await?;
        let live = to_live(cx, &network, wanted.clone(), Tags::new()).await?;
        let make = |identity, tags| Live {
            identity,
            spec: ServiceNetwork { tags, ..live.spec.clone() },
            ..live.clone()
        };
        Ok(Some(Existing::of(all, wanted, make).named(network.name().unwrap_or_default())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, &live.outputs.arn, tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(shared::tags_of(cx, &live.outputs.arn).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }
}

async fn list(cx: &Cx) -> Result<Vec<(String, String)>, Failure> {
    let mut pages = cx.vpclattice.list_service_networks().max_results(100).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("vpc-lattice ListServiceNetworks", error))?;
        let pair = |arn: Option<&str>, name: Option<&str>| {
            (arn.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned())
        };
        all.extend(page.items().iter().map(|one| pair(one.arn(), one.name())));
    }
    Ok(all)
}

async fn get(cx: &Cx, id: &str) -> Result<Option<GetServiceNetworkOutput>, Failure> {
    let sent = cx.vpclattice.get_service_network().service_network_identifier(id).send().await;
    unless_gone(sent.map_err(|error| classify("vpc-lattice GetServiceNetwork", error)))
}

fn outputs(id: Option<&str>, arn: Option<&str>) -> ServiceNetworkOutputs {
    ServiceNetworkOutputs {
        id: id.unwrap_or_default().into(),
        arn: arn.unwrap_or_default().to_owned(),
    }
}

/// A policy means nothing where nobody signs, and is not asked for there.
async fn to_live(
    cx: &Cx,
    from: &GetServiceNetworkOutput,
    identity: Identity,
    tags: Tags,
) -> Result<Live<ServiceNetwork>, Failure> {
    let outputs = outputs(from.id(), from.arn());
    let auth_type = from.auth_type().map_or("NONE", |auth| auth.as_str()).to_owned();
    let policy = match auth_type.as_str() {
        "NONE" => None,
        _ => shared::policy(cx, outputs.id.as_str()).await?,
    };
    Ok(Live {
        identity,
        spec: ServiceNetwork { auth_type, policy, tags },
        id: outputs.id.to_string(),
        outputs,
        health: Health::Ready,
    })
}
