//! A rule of a listener: which requests go where. Its weights are what moves traffic from one version to the next.

use aws_sdk_vpclattice::operation::get_rule::GetRuleOutput;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::{Action, HttpMatch, Listener, ListenerId, ServiceId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule as Differs,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A rule of a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The service.
    pub service: Input<ServiceId>,
    /// The listener.
    pub listener: Input<ListenerId>,
    /// 1 to 2000; the lowest that fits counts.
    pub priority: i32,
    /// Which requests it is for.
    pub matching: HttpMatch,
    /// What is done with them.
    pub action: Action,
    /// The user's own tags.
    pub tags: Tags,
}

impl Spec for Rule {
    const KIND: &'static str = "vpclattice/rule";
}

crate::outputs!(Rule => RuleOutputs {
    /// `rule-0123…`.
    id: String,
    /// Its ARN.
    arn: String,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateRule.name", "the physical name follows from the address"),
    ("CreateRule.clientToken", "makes the call idempotent, is no property"),
    ("UpdateRule.serviceIdentifier", "says which rule"),
    ("UpdateRule.listenerIdentifier", "says which rule"),
    ("UpdateRule.ruleIdentifier", "says which rule"),
];

fn name(identity: &Identity) -> String {
    shared::name(identity, 63)
}

impl Resource for Rule {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Differs::Immutable("service"),
            Differs::Immutable("listener"),
            Differs::Unordered("matching.headers"),
        ],
        observe_after: &[Listener::KIND],
        order_after: &[],
        // A priority is there once.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = RuleOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| place(cx, arn).is_some();
        // What a listener is known by is its ARN.
        let listeners = query.seen.of(Listener::KIND).iter().map(|one| one.id.clone());
        let listeners: Vec<String> = listeners.collect();
        let finds = shared::find(cx, query, fits, name, || list(cx, listeners)).await?;
        let found = stream::iter(finds.ours).map(|one| async move {
            let Some(found) = get(cx, &one.arn).await? else { return Ok(None) };
            to_live(cx, &found, one.identity, one.tags).map(Some)
        });
        let owned: Vec<_> = found.buffered(shared::AT_ONCE).try_collect().await?;
        Ok(Found { owned: owned.into_iter().flatten().collect(), foreign: finds.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let made = cx
            .vpclattice
            .create_rule()
            .service_identifier(self.service.get()?.0)
            .listener_identifier(self.listener.get()?.0)
            .name(name(identity))
            .client_token(identity.client_token())
            .priority(self.priority)
            .r#match(self.matching.to_sdk()?)
            .action(self.action.to_sdk()?)
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateRule", error))?;
        Ok(Progress::done(RuleOutputs {
            id: made.id().unwrap_or_default().to_owned(),
            arn: made.arn().unwrap_or_default().to_owned(),
        }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let touched = |field: &str| touches(changes, field);
        if touched("priority") || touched("matching") || touched("action") {
            let (service, listener, rule) = place(cx, &live.outputs.arn).unwrap_or_default();
            let mut call = cx
                .vpclattice
                .update_rule()
                .service_identifier(service)
                .listener_identifier(listener)
                .rule_identifier(rule);
            if touched("priority") {
                call = call.priority(self.priority);
            }
            if touched("matching") {
                call = call.r#match(self.matching.to_sdk()?);
            }
            if touched("action") {
                call = call.action(self.action.to_sdk()?);
            }
            let sent = call.send().await;
            sent.map_err(|error| classify("vpc-lattice UpdateRule", error))?;
        }
        shared::retag(cx, &live.outputs.arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let (service, listener, rule) = place(cx, &live.outputs.arn).unwrap_or_default();
        let call = cx
            .vpclattice
            .delete_rule()
            .service_identifier(service)
            .listener_identifier(listener)
            .rule_identifier(rule);
        let sent = call.send().await;
        unless_gone(sent.map_err(|error| classify("vpc-lattice DeleteRule", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let mut arn = id.to_owned();
        if place(cx, id).is_none() {
            let rules = list(cx, super::listener::all(cx).await?).await?;
            arn = rules
                .into_iter()
                .map(|(arn, _)| arn)
                .find(|arn| shared::id(arn) == id)
                .unwrap_or_default();
        }
        let Some(found) = get(cx, &arn).await? else { return Ok(None) };
        let all = shared::tags_of(cx, found.arn().unwrap_or_default()).await?;
        let live = to_live(cx, &found, wanted.clone(), Tags::new())?;
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
}

/// Service, listener and rule of a rule's ARN.
fn place(cx: &Cx, arn: &str) -> Option<(String, String, String)> {
    match shared::resource(cx, arn)?.as_slice() {
        ["service", service, "listener", listener, "rule", rule] => {
            Some(((*service).to_owned(), (*listener).to_owned(), (*rule).to_owned()))
        }
        _ => None,
    }
}

/// ARN and name of the rules of these listeners, but for their default rules.
async fn list(cx: &Cx, listeners: Vec<String>) -> Result<Vec<(String, String)>, Failure> {
    let mut all = Vec::new();
    for listener in listeners {
        let parts = shared::resource(cx, &listener).unwrap_or_default();
        let [_, service, _, id] = parts.as_slice() else { continue };
        let call = cx.vpclattice.list_rules().service_identifier(*service).listener_identifier(*id);
        let mut pages = call.max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("vpc-lattice ListRules", error));
            let Some(page) = unless_gone(page)? else { break };
            let own = page.items().iter().filter(|one| one.is_default() != Some(true));
            let pair = |arn: Option<&str>, name: Option<&str>| {
                (arn.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned())
            };
            all.extend(own.map(|one| pair(one.arn(), one.name())));
        }
    }
    Ok(all)
}

async fn get(cx: &Cx, arn: &str) -> Result<Option<GetRuleOutput>, Failure> {
    let Some((service, listener, rule)) = place(cx, arn) else { return Ok(None) };
    let call = cx.vpclattice.get_rule().service_identifier(service).listener_identifier(listener);
    let sent = call.rule_identifier(rule).send().await;
    unless_gone(sent.map_err(|error| classify("vpc-lattice GetRule", error)))
}

fn to_live(
    cx: &Cx,
    from: &GetRuleOutput,
    identity: Identity,
    tags: Tags,
) -> Result<Live<Rule>, Failure> {
    let arn = from.arn().unwrap_or_default();
    let (service, listener, _) = place(cx, arn).unwrap_or_default();
    Ok(Live {
        identity,
        spec: Rule {
            service: Input::Known(service.into()),
            listener: Input::Known(listener.into()),
            priority: from.priority().unwrap_or_default(),
            matching: HttpMatch::from_sdk(from.r#match()),
            action: Action::from_sdk(from.action())?,
            tags,
        },
        outputs: RuleOutputs { id: from.id().unwrap_or_default().to_owned(), arn: arn.to_owned() },
        health: Health::Ready,
        id: arn.to_owned(),
    })
}
