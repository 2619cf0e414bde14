//! A schedule in a group of its own. Schedules bear no tags, groups do: the group is named like its schedule, and says whose both are.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_scheduler::operation::get_schedule::GetScheduleOutput;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, ScheduleGroupState,
    ScheduleState, Tag,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::target::{self, Retry, Run};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::resources::sqs::QueueArn;

/// When tasks are run, and which. It is called what its group is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// `rate(1 hour)`, `cron(0 3 * * ? *)` or `at(2030-01-01T00:00:00)`; empty while only the group is there.
    pub expression: String,
    /// In which time zone that is meant.
    pub timezone: String,
    /// For people; may be empty.
    pub description: String,
    /// Whether it fires.
    pub enabled: bool,
    /// It does not fire before: `2030-01-01T00:00:00Z`.
    pub start: Option<String>,
    /// It does not fire from then on.
    pub end: Option<String>,
    /// It fires within so many minutes, 1 to 1440; `None` for at once.
    pub window: Option<i32>,
    /// Whether it is deleted once it cannot fire any more.
    pub delete_after_completion: bool,
    /// ARN of the KMS key that encrypts it; AWS's own if there is none.
    pub kms_key: Option<String>,
    /// The role in which the scheduler runs tasks.
    pub role: Input<RoleArn>,
    /// What is run.
    pub run: Run,
    /// RunTask's `overrides`, in RunTask's own names.
    pub overrides: Option<Value>,
    /// How often a call that failed is made again.
    pub retry: Retry,
    /// Where calls go that failed for good.
    pub dead_letters: Option<Input<QueueArn>>,
    /// The user's own tags, on the group.
    pub tags: Tags,
}

impl Schedule {
    /// A schedule with the scheduler's defaults for all else.
    pub fn new(expression: &str, role: Input<RoleArn>, run: Run) -> Self {
        Self {
            expression: expression.to_owned(),
            timezone: "UTC".to_owned(),
            description: String::new(),
            enabled: true,
            start: None,
            end: None,
            window: None,
            delete_after_completion: false,
            kms_key: None,
            role,
            run,
            overrides: None,
            retry: Retry::default(),
            dead_letters: None,
            tags: Tags::new(),
        }
    }

    /// A group that has no schedule yet.
    fn unfinished() -> Self {
        let empty = || String::new();
        let run = Run::new(Input::Known(empty().into()), Input::Known(empty().into()));
        Self::new("", Input::Known(empty().into()), run)
    }
}

impl Spec for Schedule {
    const KIND: &'static str = "scheduler/schedule";
}

crate::ids! {
    /// A schedule group's ARN.
    ScheduleGroupArn,
}

crate::outputs!(Schedule => ScheduleOutputs {
    /// The ARN of its group.
    arn: ScheduleGroupArn,
    /// Its name, and its group's.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateScheduleGroup.Name", "the physical name follows from the address"),
    ("CreateScheduleGroup.ClientToken", "makes the call idempotent, is no property"),
    ("CreateSchedule.Name", "the physical name follows from the address"),
    ("CreateSchedule.GroupName", "each schedule has a group of its own, named like it"),
    ("CreateSchedule.ClientToken", "makes the call idempotent, is no property"),
    ("CreateSchedule.FlexibleTimeWindow.Mode", "`window` is there or not"),
    ("CreateSchedule.Target.EventBridgeParameters", "for targets that are no ECS tasks"),
    ("CreateSchedule.Target.EventBridgePutEventsV2Parameters", "for targets that are no ECS tasks"),
    (
        "CreateSchedule.Target.EventBridgePutRawEventsParameters",
        "for targets that are no ECS tasks",
    ),
    ("CreateSchedule.Target.KinesisParameters", "for targets that are no ECS tasks"),
    ("CreateSchedule.Target.SageMakerPipelineParameters", "for targets that are no ECS tasks"),
    ("CreateSchedule.Target.SqsParameters", "for targets that are no ECS tasks"),
    ("UpdateSchedule.Name", "says which schedule"),
    ("UpdateSchedule.GroupName", "says which schedule"),
    ("UpdateSchedule.ClientToken", "makes the call idempotent, is no property"),
    ("UpdateSchedule.FlexibleTimeWindow.Mode", "`window` is there or not"),
    ("UpdateSchedule.Target.EventBridgeParameters", "for targets that are no ECS tasks"),
    ("UpdateSchedule.Target.EventBridgePutEventsV2Parameters", "for targets that are no ECS tasks"),
    (
        "UpdateSchedule.Target.EventBridgePutRawEventsParameters",
        "for targets that are no ECS tasks",
    ),
    ("UpdateSchedule.Target.KinesisParameters", "for targets that are no ECS tasks"),
    ("UpdateSchedule.Target.SageMakerPipelineParameters", "for targets that are no ECS tasks"),
    ("UpdateSchedule.Target.SqsParameters", "for targets that are no ECS tasks"),
];

fn name(identity: &Identity) -> String {
    identity.name(64)
}

impl Resource for Schedule {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Unordered("run.network.subnets"),
            Rule::Unordered("run.network.security_groups"),
            Rule::Unordered("run.capacity_provider_strategy"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        // A deleted group goes slowly.
        pace: Pace::seconds(1, 3, 600),
    };

    type Outputs = ScheduleOutputs;

    /// One list of the groups that are called like ours; the tagging API knows those that were adopted under other names,
    /// and spares asking for tags. Then one call for each schedule.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let listed = groups(cx, &prefix(query)).await?;
        let arns = group_arn(cx, "");
        let adopted = bulk.keys().filter_map(|arn| arn.strip_prefix(&arns).map(str::to_owned));
        let all: BTreeSet<String> = adopted.chain(listed.iter().cloned()).collect();
        let mut found = Found::default();
        for group in &all {
            let known = bulk.get(&group_arn(cx, group));
            // The tagging API lists the dead.
            let there = listed.contains(group) || is_active(cx, group).await?;
            if !there {
                continue;
            }
            let tags = match known {
                Some(tags) => tags.clone(),
                None => tags_of(cx, group).await?,
            };
            if let Some(identity) = tags::identity(&tags, query) {
                let schedule = get(cx, group, group).await?;
                let own = tags::own(&tags, &identity);
                found.owned.push(to_live(cx, group, schedule.as_ref(), identity, own));
            } else if let Some(wanted) = query.wanted.iter().find(|wanted| name(wanted) == *group) {
                found.foreign.push(tags::foreign(wanted, group, &tags));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = name(identity);
        let sent = cx
            .scheduler
            .create_schedule_group()
            .name(&name)
            .set_tags(Some(to_sdk(&tags::for_create(identity, &self.tags, false))?))
            .client_token(identity.client_token())
            .send()
            .await
            .map_err(|error| classify("scheduler CreateScheduleGroup", error));
        match sent {
            Ok(_) => {}
            // Its name is free only when the old one is really gone.
            Err(failure) if failure.class == Class::AlreadyExists => {
                let class = match is_active(cx, &name).await? {
                    true => Class::AlreadyExists,
                    false => Class::ConflictInProgress,
                };
                return Err(Failure { class, ..failure });
            }
            Err(failure) => return Err(failure),
        }
        self.put(cx, &name).await?;
        Ok(Progress::done(outputs(cx, &name)))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        let schedule = Self { tags: live.spec.tags.clone(), ..self.clone() };
        if schedule != live.spec {
            match live.spec.expression.is_empty() {
                true => self.put(cx, name).await?,
                false => self.overwrite(cx, name).await?,
            }
        }
        if touches(changes, "tags") {
            let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
            if !write.is_empty() {
                tag(cx, name, &write).await?;
            }
            if !remove.is_empty() {
                let call = cx.scheduler.untag_resource().resource_arn(group_arn(cx, name));
                let sent = call.set_tag_keys(Some(remove)).send().await;
                sent.map_err(|error| classify("scheduler UntagResource", error))?;
            }
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    /// A group takes all that is in it along, so it must hold nothing but its schedule.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        let Some(schedules) = unless_gone(list(cx, name).await)? else {
            return Ok(Progress::deleted());
        };
        only(name, &schedules)?;
        let sent = cx.scheduler.delete_schedule_group().name(name).send().await;
        unless_gone(sent.map_err(|error| classify("scheduler DeleteScheduleGroup", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let prefix = group_arn(cx, "");
        let group = id.strip_prefix(&prefix).unwrap_or(id);
        if !is_active(cx, group).await? {
            return Ok(None);
        }
        only(group, &list(cx, group).await?)?;
        let schedule = get(cx, group, group).await?;
        let all = tags_of(cx, group).await?;
        let make = |identity, own| to_live(cx, group, schedule.as_ref(), identity, own);
        Ok(Some(Existing::of(all, wanted, make).named(group)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, &live.outputs.name, tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(tags_of(cx, &live.outputs.name).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            healths.push(match (one.deleting, group_state(cx, &one.outputs.name).await?) {
                (true, None) => Health::Gone,
                (true, Some(_)) => Health::Pending("the schedule group is being deleted".into()),
                (false, _) => Health::Ready,
            });
        }
        Ok(healths)
    }
}

impl Schedule {
    async fn put(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        cx.scheduler
            .create_schedule()
            .name(name)
            .group_name(name)
            .schedule_expression(&self.expression)
            .schedule_expression_timezone(&self.timezone)
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .state(self.state())
            .set_start_date(time(self.start.as_deref())?)
            .set_end_date(time(self.end.as_deref())?)
            .flexible_time_window(self.flexible()?)
            .action_after_completion(self.after())
            .set_kms_key_arn(self.kms_key.clone())
            .target(target::to_sdk(self)?)
            .send()
            .await
            .map(drop)
            .map_err(|error| classify("scheduler CreateSchedule", error))
    }

    /// An update says everything anew: what it leaves out has its default again.
    async fn overwrite(&self, cx: &Cx, name: &str) -> Result<(), Failure> {
        cx.scheduler
            .update_schedule()
            .name(name)
            .group_name(name)
            .schedule_expression(&self.expression)
            .schedule_expression_timezone(&self.timezone)
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .state(self.state())
            .set_start_date(time(self.start.as_deref())?)
            .set_end_date(time(self.end.as_deref())?)
            .flexible_time_window(self.flexible()?)
            .action_after_completion(self.after())
            .set_kms_key_arn(self.kms_key.clone())
            .target(target::to_sdk(self)?)
            .send()
            .await
            .map(drop)
            .map_err(|error| classify("scheduler UpdateSchedule", error))
    }

    fn state(&self) -> ScheduleState {
        if self.enabled { ScheduleState::Enabled } else { ScheduleState::Disabled }
    }

    fn after(&self) -> ActionAfterCompletion {
        match self.delete_after_completion {
            true => ActionAfterCompletion::Delete,
            false => ActionAfterCompletion::None,
        }
    }

    fn flexible(&self) -> Result<FlexibleTimeWindow, Failure> {
        let mode = match self.window {
            Some(_) => FlexibleTimeWindowMode::Flexible,
            None => FlexibleTimeWindowMode::Off,
        };
        FlexibleTimeWindow::builder()
            .mode(mode)
            .set_maximum_window_in_minutes(self.window)
            .build()
            .map_err(|error| Failure::internal(error.to_string()))
    }
}

/// A time of a document for the SDK.
fn time(text: Option<&str>) -> Result<Option<DateTime>, Failure> {
    let read = |text| DateTime::from_str(text, Format::DateTime);
    text.map(read).transpose().map_err(|error| Failure::internal(error.to_string()))
}

fn group_arn(cx: &Cx, name: &str) -> String {
    cx.arn("scheduler", &format!("schedule-group/{name}"))
}

/// How the names of an environment's groups begin; what is cut off long ones stands behind it.
fn prefix(query: &Query<'_>) -> String {
    let prefix = format!("{}-{}-", query.application, query.environment);
    prefix.get(..50).unwrap_or(&prefix).to_owned()
}

/// The groups whose names begin so, without those that are being deleted.
async fn groups(cx: &Cx, prefix: &str) -> Result<BTreeSet<String>, Failure> {
    let mut pages = cx.scheduler.list_schedule_groups().name_prefix(prefix).into_paginator().send();
    let mut names = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("scheduler ListScheduleGroups", error))?;
        let active = page
            .schedule_groups()
            .iter()
            .filter(|group| group.state() != Some(&ScheduleGroupState::Deleting));
        names.extend(active.filter_map(|group| group.name().map(str::to_owned)));
    }
    Ok(names)
}

/// Is there a group that is not being deleted?
async fn is_active(cx: &Cx, name: &str) -> Result<bool, Failure> {
    let state = group_state(cx, name).await?;
    Ok(state.is_some_and(|state| state != ScheduleGroupState::Deleting))
}

async fn group_state(cx: &Cx, name: &str) -> Result<Option<ScheduleGroupState>, Failure> {
    let sent = cx.scheduler.get_schedule_group().name(name).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("scheduler GetScheduleGroup", error)))?;
    Ok(answer.and_then(|answer| answer.state))
}

async fn get(cx: &Cx, group: &str, name: &str) -> Result<Option<GetScheduleOutput>, Failure> {
    let sent = cx.scheduler.get_schedule().group_name(group).name(name).send().await;
    unless_gone(sent.map_err(|error| classify("scheduler GetSchedule", error)))
}

/// The names of a group's schedules.
async fn list(cx: &Cx, group: &str) -> Result<Vec<String>, Failure> {
    let mut pages = cx.scheduler.list_schedules().group_name(group).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("scheduler ListSchedules", error))?;
        names.extend(page.schedules().iter().filter_map(|one| one.name().map(str::to_owned)));
    }
    Ok(names)
}

/// A group that holds schedules of others is nobody's own.
fn only(group: &str, schedules: &[String]) -> Result<(), Failure> {
    let Some(other) = schedules.iter().find(|name| *name != group) else { return Ok(()) };
    let message = format!("schedule group `{group}` holds another schedule, `{other}`");
    Err(Failure::new(Class::Invalid, message)
        .with_hint("move that schedule into another group, then try again"))
}

async fn tags_of(cx: &Cx, name: &str) -> Result<BTreeMap<String, String>, Failure> {
    let sent = cx.scheduler.list_tags_for_resource().resource_arn(group_arn(cx, name)).send().await;
    let answer = sent.map_err(|error| classify("scheduler ListTagsForResource", error))?;
    let pair = |tag: &Tag| (tag.key().to_owned(), tag.value().to_owned());
    Ok(answer.tags().iter().map(pair).collect())
}

async fn tag(cx: &Cx, name: &str, tags: &Tags) -> Result<(), Failure> {
    let call = cx.scheduler.tag_resource().resource_arn(group_arn(cx, name));
    let sent = call.set_tags(Some(to_sdk(tags)?)).send().await;
    sent.map(drop).map_err(|error| classify("scheduler TagResource", error))
}

fn to_sdk(tags: &Tags) -> Result<Vec<Tag>, Failure> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let tags: Result<_, _> = tags.iter().map(tag).collect();
    tags.map_err(|error| Failure::internal(error.to_string()))
}

fn outputs(cx: &Cx, name: &str) -> ScheduleOutputs {
    ScheduleOutputs { arn: group_arn(cx, name).into(), name: name.to_owned() }
}

fn to_live(
    cx: &Cx,
    group: &str,
    schedule: Option<&GetScheduleOutput>,
    identity: Identity,
    tags: Tags,
) -> Live<Schedule> {
    Live {
        identity,
        spec: Schedule { tags, ..schedule.map_or_else(Schedule::unfinished, from_api) },
        outputs: outputs(cx, group),
        health: Health::Ready,
        id: group.to_owned(),
    }
}

fn from_api(from: &GetScheduleOutput) -> Schedule {
    let time = |at: Option<&DateTime>| at.and_then(|at| at.fmt(Format::DateTime).ok());
    let mut schedule = Schedule {
        expression: from.schedule_expression().unwrap_or_default().to_owned(),
        timezone: from.schedule_expression_timezone().unwrap_or("UTC").to_owned(),
        description: from.description().unwrap_or_default().to_owned(),
        enabled: from.state() != Some(&ScheduleState::Disabled),
        start: time(from.start_date()),
        end: time(from.end_date()),
        window: from.flexible_time_window().and_then(|one| one.maximum_window_in_minutes()),
        delete_after_completion: from.action_after_completion()
            == Some(&ActionAfterCompletion::Delete),
        kms_key: from.kms_key_arn().map(str::to_owned),
        ..Schedule::unfinished()
    };
    if let Some(target) = from.target() {
        target::from_sdk(target, &mut schedule);
    }
    schedule
}

#[cfg(test)]
mod tests {
    use aws_sdk_scheduler::types::{EcsParameters, Target};

    use super::*;

    #[test]
    fn what_the_scheduler_leaves_out_has_its_default() {
        let arn = |resource: &str| format!("arn:aws:ecs:eu-west-1:123456789012:{resource}");
        let (cluster, task) = (arn("cluster/main"), arn("task-definition/a:1"));
        let parameters = EcsParameters::builder().task_definition_arn(&task).build().unwrap();
        let target = Target::builder().arn(&cluster).role_arn("r").ecs_parameters(parameters);
        let answer = GetScheduleOutput::builder()
            .schedule_expression("rate(1 hour)")
            .start_date(DateTime::from_secs(1_893_456_000))
            .target(target.build().unwrap())
            .build();
        let run = Run {
            launch_type: None,
            ..Run::new(Input::Known(cluster.into()), Input::Known(task.into()))
        };
        let expected = Schedule {
            start: Some("2030-01-01T00:00:00Z".to_owned()),
            ..Schedule::new("rate(1 hour)", Input::Known("r".to_owned().into()), run)
        };
        assert_eq!(from_api(&answer), expected);
    }
}
