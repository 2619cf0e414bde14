//! Scheduled actions: at some times a target has other bounds.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTargetAction, ScheduledAction, ServiceNamespace,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{Class, Failure};

/// New bounds at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub schedule: String,
    /// In which the expression is meant: `Europe/Berlin`.
    pub timezone: String,
    /// Not before this time: `2026-12-01T00:00:00Z`.
    pub start: Option<String>,
    /// Not after this time.
    pub end: Option<String>,
    /// From then on it never has fewer tasks.
    pub min_capacity: Option<i32>,
    /// From then on it never has more tasks.
    pub max_capacity: Option<i32>,
}

/// Schedules by resource id and name.
pub(super) type Schedules = BTreeMap<String, BTreeMap<String, Schedule>>;

fn time(text: Option<&str>) -> Result<Option<DateTime>, Failure> {
    let read = |text| DateTime::from_str(text, Format::DateTime);
    text.map(read).transpose().map_err(|error| Failure::internal(error.to_string()))
}

impl Schedule {
    fn from_sdk(from: &ScheduledAction) -> Self {
        let time = |time: Option<&DateTime>| time.and_then(|time| time.fmt(Format::DateTime).ok());
        let bounds = from.scalable_target_action();
        Self {
            schedule: from.schedule().to_owned(),
            timezone: from.timezone().unwrap_or("UTC").to_owned(),
            start: time(from.start_time()),
            end: time(from.end_time()),
            min_capacity: bounds.and_then(|bounds| bounds.min_capacity()),
            max_capacity: bounds.and_then(|bounds| bounds.max_capacity()),
        }
    }

    /// Makes it or changes it. `live` is what is there: a change leaves what it does not name.
    pub(super) async fn put(
        &self,
        cx: &Cx,
        id: &str,
        name: &str,
        live: Option<&Self>,
    ) -> Result<(), Failure> {
        let lost = |live: &Self| {
            (live.start.is_some() && self.start.is_none())
                || (live.end.is_some() && self.end.is_none())
        };
        if live.is_some_and(lost) {
            delete(cx, id, name).await?;
        }
        let bounds = ScalableTargetAction::builder()
            .set_min_capacity(self.min_capacity)
            .set_max_capacity(self.max_capacity)
            .build();
        let sent = cx
            .applicationautoscaling
            .put_scheduled_action()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(id)
            .scheduled_action_name(name)
            .schedule(&self.schedule)
            .timezone(&self.timezone)
            .set_start_time(time(self.start.as_deref())?)
            .set_end_time(time(self.end.as_deref())?)
            .scalable_target_action(bounds)
            .send()
            .await;
        sent.map(drop)
            .map_err(|error| classify("application-autoscaling PutScheduledAction", error))
    }
}

pub(super) async fn delete(cx: &Cx, id: &str, name: &str) -> Result<(), Failure> {
    let sent = cx
        .applicationautoscaling
        .delete_scheduled_action()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(id)
        .scheduled_action_name(name)
        .send()
        .await;
    let sent =
        sent.map_err(|error| classify("application-autoscaling DeleteScheduledAction", error));
    unless_gone(sent).map(drop)
}

/// The schedules of these targets: the list of all the account's, one call where there are few; where
/// there are many others, target by target.
pub(super) async fn schedules(cx: &Cx, ids: &[String]) -> Result<Schedules, Failure> {
    if ids.is_empty() {
        return Ok(Schedules::new());
    }
    if let Some(all) = pages(cx, None, ids.len()).await? {
        return Ok(all);
    }
    let mut found = Schedules::new();
    for id in ids {
        found.extend(pages(cx, Some(id), usize::MAX).await?.unwrap_or_default());
    }
    Ok(found)
}

/// Pages of schedules, of one target or of all; `None` if there are more than `limit`.
async fn pages(cx: &Cx, id: Option<&String>, limit: usize) -> Result<Option<Schedules>, Failure> {
    let mut pages = cx
        .applicationautoscaling
        .describe_scheduled_actions()
        .service_namespace(ServiceNamespace::Ecs)
        .set_resource_id(id.cloned())
        .into_paginator()
        .send();
    let (mut found, mut count) = (Schedules::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page
            .map_err(|error| classify("application-autoscaling DescribeScheduledActions", error));
        let page = match page {
            // An endpoint without schedules has none.
            Err(failure) if failure.class == Class::NotServed => return Ok(Some(found)),
            answer => answer?,
        };
        for action in page.scheduled_actions() {
            let of_target = found.entry(action.resource_id().to_owned()).or_default();
            let name = action.scheduled_action_name().to_owned();
            of_target.insert(name, Schedule::from_sdk(action));
        }
        count += 1;
        if count >= limit && page.next_token().is_some() {
            return Ok(None);
        }
    }
    Ok(Some(found))
}
