//! The API's calls, bound to ECS services' desired counts.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    PolicyType, ScalableDimension, ScalableTarget, ServiceNamespace,
};
use futures_util::stream::{self, StreamExt};

use super::{Policy, StepPolicy};
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, Query};
use crate::resources::resource::Tags;

/// The API's largest page, and how many resource ids it takes.
const PAGE: usize = 50;
/// Up to here policies are asked for target by target, as the account may hold many others.
const FEW: usize = 10;

pub(super) async fn targets(cx: &Cx, ids: &[String]) -> Result<Vec<ScalableTarget>, Failure> {
    let mut targets = Vec::new();
    for ids in ids.chunks(PAGE) {
        let mut pages = cx
            .applicationautoscaling
            .describe_scalable_targets()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .set_resource_ids(Some(ids.to_vec()))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                classify("application-autoscaling DescribeScalableTargets", error)
            })?;
            targets.extend_from_slice(page.scalable_targets());
        }
    }
    Ok(targets)
}

/// The policies of one target, by name.
#[derive(Debug, Default)]
pub(super) struct OfTarget {
    /// Those that track a metric.
    pub(super) tracking: BTreeMap<String, Policy>,
    /// Those that take steps.
    pub(super) steps: BTreeMap<String, StepPolicy>,
    /// The ARNs of those that take steps.
    pub(super) arns: BTreeMap<String, String>,
}

/// Policies by resource id.
pub(super) type Policies = BTreeMap<String, OfTarget>;

/// The policies of these targets in as few calls as may be: for few targets one call each;
/// for many the list of all the account's policies, given up where it proves longer.
pub(super) async fn policies(cx: &Cx, ids: &[String]) -> Result<Policies, Failure> {
    if ids.len() > FEW
        && let Some(all) = policy_pages(cx, None, ids.len()).await?
    {
        return Ok(all);
    }
    let each: Vec<_> = stream::iter(ids.to_vec())
        .map(|id| async move { policy_pages(cx, Some(id), usize::MAX).await })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut found = Policies::new();
    for one in each {
        found.extend(one?.unwrap_or_default());
    }
    Ok(found)
}

/// How many targets' policies are asked for at once.
const AT_ONCE: usize = 8;

/// Pages of policies, of one target or of all; `None` if there are more than `limit`.
pub(super) async fn policy_pages(
    cx: &Cx,
    id: Option<String>,
    limit: usize,
) -> Result<Option<Policies>, Failure> {
    let mut pages = cx
        .applicationautoscaling
        .describe_scaling_policies()
        .service_namespace(ServiceNamespace::Ecs)
        .set_resource_id(id)
        .into_paginator()
        .send();
    let mut found = Policies::new();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        let page = page
            .map_err(|error| classify("application-autoscaling DescribeScalingPolicies", error))?;
        for policy in page.scaling_policies() {
            let of_target = found.entry(policy.resource_id().to_owned()).or_default();
            let name = policy.policy_name().to_owned();
            // Predictions are somebody else's: they are left alone.
            let tracking =
                policy.target_tracking_scaling_policy_configuration().and_then(Policy::from_sdk);
            if let Some(tracking) = tracking {
                of_target.tracking.insert(name, tracking);
            } else if let Some(steps) = policy.step_scaling_policy_configuration() {
                of_target.arns.insert(name.clone(), policy.policy_arn().to_owned());
                of_target.steps.insert(name, StepPolicy::from_sdk(steps));
            }
        }
        count += 1;
        if count >= limit && page.next_token().is_some() {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

pub(super) async fn put_policy(
    cx: &Cx,
    id: &str,
    name: &str,
    policy: &Policy,
) -> Result<(), Failure> {
    cx.applicationautoscaling
        .put_scaling_policy()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(id)
        .policy_type(PolicyType::TargetTrackingScaling)
        .target_tracking_scaling_policy_configuration(policy.to_sdk()?)
        .send()
        .await
        .map_err(|error| classify("application-autoscaling PutScalingPolicy", error))?;
    Ok(())
}

/// Makes or changes a policy that takes steps; gives its ARN.
pub(super) async fn put_steps(
    cx: &Cx,
    id: &str,
    name: &str,
    policy: &StepPolicy,
) -> Result<String, Failure> {
    let answer = cx
        .applicationautoscaling
        .put_scaling_policy()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(id)
        .policy_type(PolicyType::StepScaling)
        .step_scaling_policy_configuration(policy.to_sdk()?)
        .send()
        .await
        .map_err(|error| classify("application-autoscaling PutScalingPolicy", error))?;
    Ok(answer.policy_arn().to_owned())
}

pub(super) async fn delete_policy(cx: &Cx, id: &str, name: &str) -> Result<(), Failure> {
    let call = cx
        .applicationautoscaling
        .delete_scaling_policy()
        .policy_name(name)
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(id)
        .send()
        .await
        .map_err(|error| classify("application-autoscaling DeleteScalingPolicy", error));
    match call {
        Err(failure) if failure.class != Class::Gone => Err(failure),
        _ => Ok(()),
    }
}

pub(super) async fn tag(cx: &Cx, arn: &str, tags: Tags) -> Result<(), Failure> {
    cx.applicationautoscaling
        .tag_resource()
        .resource_arn(arn)
        .set_tags(Some(tags.into_iter().collect()))
        .send()
        .await
        .map_err(|error| classify("application-autoscaling TagResource", error))?;
    Ok(())
}

/// A target's tags: from the bulk if it knows it, else asked for.
pub(super) async fn tags_of(cx: &Cx, query: &Query<'_>, arn: &str) -> Result<Tags, Failure> {
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    match bulk.get(arn) {
        Some(tags) => Ok(tags.clone()),
        None => match read_tags(cx, arn).await {
            Err(failure) if failure.class == Class::Gone => Ok(Tags::new()),
            answer => answer,
        },
    }
}

pub(super) async fn read_tags(cx: &Cx, arn: &str) -> Result<Tags, Failure> {
    let answer = cx
        .applicationautoscaling
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .map_err(|error| classify("application-autoscaling ListTagsForResource", error))?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}
