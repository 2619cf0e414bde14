//! A listener's rule: which requests it takes, before which others, and what happens to them.

mod conditions;

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, RulePriorityPair};
use serde::{Deserialize, Serialize};

use super::action::Action;
use super::listener::{Listener, ListenerArn};
use super::tagging;
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

pub use conditions::{Conditions, HeaderCondition, QueryCondition, QueryPair};

/// A rule of an application load balancer's listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerRule {
    /// Whose rule it is.
    pub listener: Input<ListenerArn>,
    /// 1 to 50,000, unique in the listener; the lowest that matches wins.
    pub priority: i32,
    /// Which requests it takes.
    pub conditions: Conditions,
    /// What happens to them.
    pub action: Action,
    /// The user's own tags.
    pub tags: Tags,
}

crate::ids! {
    /// A listener rule's ARN.
    ListenerRuleArn,
}

crate::outputs!(ListenerRule => ListenerRuleOutputs {
    /// Its ARN.
    arn: ListenerRuleArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateRule.Conditions[].Values", "an older spelling of the typed conditions"),
    ("CreateRule.Conditions[].RegexValues", "another spelling of the typed conditions"),
    ("CreateRule.Conditions[].SourceIpConfig.IpAddressType", "the addresses themselves say it"),
    ("CreateRule.Transforms", "rewriting of requests is not offered yet"),
    ("ModifyRule.RuleArn", "says which rule"),
    ("ModifyRule.Conditions[].Values", "an older spelling of the typed conditions"),
    ("ModifyRule.Conditions[].RegexValues", "another spelling of the typed conditions"),
    ("ModifyRule.Conditions[].SourceIpConfig.IpAddressType", "the addresses themselves say it"),
    ("ModifyRule.Transforms", "rewriting of requests is not offered yet"),
    ("ModifyRule.ResetTransforms", "rewriting of requests is not offered yet"),
    ("SetRulePriorities.RulePriorities[].RuleArn", "says which rule"),
    ("CreateRule.Actions[].AuthenticateOidcConfig", "signing users in is not offered yet"),
    ("CreateRule.Actions[].AuthenticateCognitoConfig", "signing users in is not offered yet"),
    ("CreateRule.Actions[].JwtValidationConfig", "checking tokens is not offered yet"),
    ("CreateRule.Actions[].Order", "there is one action"),
    ("CreateRule.Actions[].TargetGroupArn", "another spelling of a forward to one target group"),
    ("ModifyRule.Actions[].AuthenticateOidcConfig", "signing users in is not offered yet"),
    ("ModifyRule.Actions[].AuthenticateCognitoConfig", "signing users in is not offered yet"),
    ("ModifyRule.Actions[].JwtValidationConfig", "checking tokens is not offered yet"),
    ("ModifyRule.Actions[].Order", "there is one action"),
    ("ModifyRule.Actions[].TargetGroupArn", "another spelling of a forward to one target group"),
];

impl Spec for ListenerRule {
    const KIND: &'static str = "elbv2/listener-rule";
}

impl Resource for ListenerRule {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("listener"),
            Rule::Unordered("conditions.path_patterns"),
            Rule::Unordered("conditions.path_regexes"),
            Rule::Unordered("conditions.host_headers"),
            Rule::Unordered("conditions.host_regexes"),
            Rule::Unordered("conditions.methods"),
            Rule::Unordered("conditions.source_ips"),
            Rule::Unordered("conditions.headers"),
            Rule::Unordered("conditions.queries"),
            Rule::Unordered("action.between"),
            Rule::OwnedElsewhere("action.carries", "ECS"),
        ],
        observe_after: &["elbv2/listener"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = ListenerRuleOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut listed = Vec::new();
        // Network load balancers have no rules.
        let plain = |live: &crate::engine::Live| {
            matches!(live.spec["protocol"].as_str(), Some("HTTP" | "HTTPS"))
        };
        let mut listeners: BTreeSet<String> = query
            .seen
            .of("elbv2/listener")
            .iter()
            .filter(|it| plain(it))
            .map(|it| it.id.clone())
            .collect();
        // Our rules on listeners that are not ours: those that are wanted, and those that the tags show.
        let wanted = query.wanted.iter();
        listeners.extend(
            wanted.filter_map(|one| query.wanted_text(&one.address, "listener").map(str::to_owned)),
        );
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let rules = bulk.keys().filter(|arn| arn.contains(":listener-rule/app/"));
        listeners.extend(rules.map(|arn| listener_of(arn)));
        for listener in listeners {
            let rules = list(cx, &listener).await?;
            listed.extend(rules.into_iter().map(|rule| (listener.clone(), rule)));
        }
        let arns: Vec<String> = listed.iter().map(|(_, rule)| arn(rule)).collect();
        let all_tags = tagging::of(cx, &arns).await?;
        let owned = listed
            .iter()
            .filter_map(|(listener, rule)| {
                let its_tags = all_tags.get(&arn(rule))?;
                let identity = tags::identity(its_tags, query)?;
                let own = tags::own(its_tags, &identity);
                Some(live(rule, listener, identity, own, its_tags))
            })
            .collect();
        Ok(Found { owned, foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .create_rule()
            .listener_arn(self.listener.get()?.0)
            .priority(self.priority)
            .set_conditions(Some(self.conditions.to_sdk()))
            .actions(self.action.to_sdk()?)
            .set_tags(tagging::to_sdk(
                &self.action.marked(tags::for_create(identity, &self.tags, false)),
            ))
            .send()
            .await
            .map_err(|error| priority_hint(classify("elbv2 CreateRule", error)))?;
        let one = answer
            .rules()
            .first()
            .ok_or_else(|| Failure::new(Class::Server, "CreateRule answered without a rule"))?;
        Ok(Progress::done(ListenerRuleOutputs { arn: ListenerRuleArn(arn(one)) }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        let acts = touches(changes, "action");
        if touches(changes, "conditions") || acts {
            // Weights that are ECS's stay as they are unless something else of the action changes.
            let actions = acts.then(|| self.action.to_sdk()).transpose()?;
            cx.elbv2
                .modify_rule()
                .rule_arn(arn)
                .set_conditions(Some(self.conditions.to_sdk()))
                .set_actions(actions.map(|action| vec![action]))
                .send()
                .await
                .map_err(|error| classify("elbv2 ModifyRule", error))?;
        }
        if touches(changes, "priority") {
            cx.elbv2
                .set_rule_priorities()
                .rule_priorities(
                    RulePriorityPair::builder().rule_arn(arn).priority(self.priority).build(),
                )
                .send()
                .await
                .map_err(|error| priority_hint(classify("elbv2 SetRulePriorities", error)))?;
        }
        let marked = |rule: &Self| rule.action.marked(rule.tags.clone());
        tagging::write(cx, arn, &marked(&live.spec), &marked(self)).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .delete_rule()
            .rule_arn(live.outputs.arn.as_str())
            .send()
            .await
            .map_err(|error| classify("elbv2 DeleteRule", error));
        match answer {
            Err(failure) if failure.class != Class::Gone => Err(failure),
            _ => Ok(Progress::deleted()),
        }
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let sent = cx.elbv2.describe_rules().rule_arns(id).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("elbv2 DescribeRules", error)))?;
        let Some(one) = answer.as_ref().and_then(|answer| answer.rules().first()) else {
            return Ok(None);
        };
        // A listener's default action is part of the listener.
        if one.is_default() == Some(true) {
            return Ok(None);
        }
        let Some(all) = tagging::of_one(cx, id).await? else { return Ok(None) };
        let make = |identity, own| live(one, &listener_of(id), identity, own, &all);
        Ok(Some(Existing::of(all.clone(), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tagging::claim(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        tagging::of_one(cx, live.outputs.arn.as_str()).await
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((Listener::KIND, live.spec.listener.get().ok()?.0))
    }
}

/// Another deployment took the priority between plan and apply: the next plan sees it.
fn priority_hint(failure: Failure) -> Failure {
    if failure.code.as_deref() == Some("PriorityInUse") {
        return failure.with_hint(
            "another rule has taken this priority since the plan: run the command again",
        );
    }
    failure
}

/// The rules of a listener, its default one aside; none if it has gone.
async fn list(cx: &Cx, listener: &str) -> Result<Vec<sdk::Rule>, Failure> {
    let mut pages =
        cx.elbv2.describe_rules().listener_arn(listener).page_size(400).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        match page.map_err(|error| classify("elbv2 DescribeRules", error)) {
            Ok(page) => listed.extend(
                page.rules
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|rule| rule.is_default() != Some(true)),
            ),
            Err(failure) if failure.class == Class::Gone => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(listed)
}

/// The ARN of the listener in that of its rule: `…:listener-rule/app/NAME/ID/ID/ID`.
fn listener_of(rule: &str) -> String {
    let listener = rule.replacen(":listener-rule/", ":listener/", 1);
    listener.rsplit_once('/').map_or_else(String::new, |(listener, _)| listener.to_owned())
}

fn arn(one: &sdk::Rule) -> String {
    one.rule_arn().unwrap_or_default().to_owned()
}

fn live(
    one: &sdk::Rule,
    listener: &str,
    identity: Identity,
    tags: Tags,
    all: &Tags,
) -> Live<ListenerRule> {
    Live {
        spec: ListenerRule {
            listener: Input::Known(ListenerArn::from(listener)),
            priority: one.priority().and_then(|text| text.parse().ok()).unwrap_or_default(),
            conditions: Conditions::from_sdk(one.conditions()),
            action: Action::from_sdk(one.actions()).seen(all),
            tags,
        },
        outputs: ListenerRuleOutputs { arn: ListenerRuleArn(arn(one)) },
        health: Health::Ready,
        id: arn(one),
        identity,
    }
}
