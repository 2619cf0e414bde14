//! A listener of a service: a port, and where requests go that no rule is for.

use aws_sdk_vpclattice::operation::get_listener::GetListenerOutput;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{Action, Service, ServiceId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A listener of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// The service.
    pub service: Input<ServiceId>,
    /// What callers speak: `HTTP`, `HTTPS` or `TLS_PASSTHROUGH`.
    pub protocol: String,
    /// The port.
    pub port: i32,
    /// What is done with requests that no rule is for.
    pub default_action: Action,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for Listener {
    const KIND: &'static str = "vpclattice/listener";
}

crate::ids! {
    /// `listener-0123…`.
    ListenerId,
}

crate::outputs!(Listener => ListenerOutputs {
    /// Its id.
    id: ListenerId,
    /// Its ARN.
    arn: String,
    /// The service's id.
    service: ServiceId,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateListener.name", "the physical name follows from the address"),
    ("CreateListener.clientToken", "makes the call idempotent, is no property"),
    ("UpdateListener.serviceIdentifier", "says which listener"),
    ("UpdateListener.listenerIdentifier", "says which listener"),
];

fn name(identity: &Identity) -> String {
    shared::name(identity, 63)
}

impl Resource for Listener {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("service"), Rule::Immutable("protocol"), Rule::Immutable("port")],
        observe_after: &[Service::KIND],
        order_after: &[],
        // A port is there once.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = ListenerOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| place(cx, arn).is_some();
        let services = query.seen.of(Service::KIND).iter().map(|one| one.id.clone());
        let services: Vec<String> = services.collect();
        let finds = shared::find(cx, query, fits, name, || list(cx, services)).await?;
        let found = stream::iter(finds.ours).map(|one| async move {
            let Some((service, listener)) = place(cx, &one.arn) else { return Ok(None) };
            let found = get(cx, &service, &listener).await?;
            found.map(|found| to_live(&found, one.identity, one.tags)).transpose()
        });
        let owned: Vec<_> = found.buffered(shared::AT_ONCE).try_collect().await?;
        Ok(Found { owned: owned.into_iter().flatten().collect(), foreign: finds.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let service = self.service.get()?;
        let made = cx
            .vpclattice
            .create_listener()
            .service_identifier(service.as_str())
            .name(name(identity))
            .client_token(identity.client_token())
            .protocol(self.protocol.as_str().into())
            .port(self.port)
            .default_action(self.default_action.to_sdk()?)
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateListener", error))?;
        Ok(Progress::done(ListenerOutputs {
            id: made.id().unwrap_or_default().into(),
            arn: made.arn().unwrap_or_default().to_owned(),
            service,
        }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if touches(changes, "default_action") {
            let call = cx
                .vpclattice
                .update_listener()
                .service_identifier(live.outputs.service.as_str())
                .listener_identifier(live.outputs.id.as_str())
                .default_action(self.default_action.to_sdk()?);
            let sent = call.send().await;
            sent.map_err(|error| classify("vpc-lattice UpdateListener", error))?;
        }
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx
            .vpclattice
            .delete_listener()
            .service_identifier(live.outputs.service.as_str())
            .listener_identifier(live.outputs.id.as_str());
        let sent = call.send().await;
        unless_gone(sent.map_err(|error| classify("vpc-lattice DeleteListener", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let mut known = place(cx, id);
        if known.is_none() {
            let arns = all(cx).await?;
            known = arns.iter().find(|arn| shared::id(arn) == id).and_then(|arn| place(cx, arn));
        }
        let Some((service, listener)) = known else { return Ok(None) };
        let Some(found) = get(cx, &service, &listener).await? else { return Ok(None) };
        let all = shared::tags_of(cx, found.arn().unwrap_or_default()).await?;
        let live = to_live(&found, wanted.clone(), Tags::new())?;
        let make = |identity, tags| Live {
            identity,
            spec: Self { tags, ..live.spec.clone() },
            ..live.clone()
        };
        Ok(Some(Existing::of(all, wanted, make).named(found.name().unwrap_or_default())))
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

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((Service::KIND, live.spec.service.get().ok()?.0))
    }
}

/// Service and listener of a listener's ARN.
fn place(cx: &Cx, arn: &str) -> Option<(String, String)> {
    match shared::resource(cx, arn)?.as_slice() {
        ["service", service, "listener", listener] => {
            Some(((*service).to_owned(), (*listener).to_owned()))
        }
        _ => None,
    }
}

/// The ARNs of all listeners of the account.
pub(super) async fn all(cx: &Cx) -> Result<Vec<String>, Failure> {
    let services = super::service::list(cx).await?;
    let services = services.iter().map(|(arn, _)| shared::id(arn).to_owned()).collect();
    Ok(list(cx, services).await?.into_iter().map(|(arn, _)| arn).collect())
}

/// ARN and name of the listeners of these services.
async fn list(cx: &Cx, services: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for service in services {
        let call = cx.vpclattice.list_listeners().service_identifier(service);
        let mut pages = call.max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("vpc-lattice ListListeners", error));
            let Some(page) = unless_gone(page)? else { break };
            let pair = |arn: Option<&str>, name: Option<&str>| {
                (arn.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned())
            };
            all.extend(page.items().iter().map(|one| pair(one.arn(), one.name())));
        }
    }
    Ok(all)
}

async fn get(cx: &Cx, service: &str, id: &str) -> Result<Option<GetListenerOutput>, Failure> {
    let call = cx.vpclattice.get_listener().service_identifier(service).listener_identifier(id);
    let sent = call.send().await;
    unless_gone(sent.map_err(|error| classify("vpc-lattice GetListener", error)))
}

fn to_live(
    from: &GetListenerOutput,
    identity: Identity,
    tags: Tags,
) -> Result<Live<Listener>, Failure> {
    let service: ServiceId = from.service_id().unwrap_or_default().into();
    Ok(Live {
        identity,
        spec: Listener {
            service: Input::Known(service.clone()),
            protocol: from.protocol().map_or("HTTP", |one| one.as_str()).to_owned(),
            port: from.port().unwrap_or_default(),
            default_action: Action::from_sdk(from.default_action())?,
            tags,
        },
        outputs: ListenerOutputs {
            id: from.id().unwrap_or_default().into(),
            arn: from.arn().unwrap_or_default().to_owned(),
            service,
        },
        health: Health::Ready,
        // As the call that finds it again wants it.
        id: from.arn().unwrap_or_default().to_owned(),
    })
}
