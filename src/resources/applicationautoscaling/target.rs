//! A scalable target: between which counts a service's tasks may be scaled, and by what.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState,
};
use serde::{Deserialize, Serialize};

use super::calls::{
    OfTarget, delete_policy, policies, put_policy, put_steps, read_tags, tag, tags_of, targets,
};
use super::schedule::{self, schedules};
use super::{Policy, Schedule, StepPolicy};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    self, Address, Change, Class, Failure, Handle, Health, Identity, Input, KindInfo, Pace, Query,
    ReplaceOrder, Rule, Spec,
};
use crate::resources::ecs::{ClusterName, Service, ServiceName};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// The desired count of one ECS service as a scalable target; AWS knows it as
/// `service/CLUSTER/SERVICE`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The service's cluster.
    pub cluster: Input<ClusterName>,
    /// The service.
    pub service: Input<ServiceName>,
    /// It never has fewer tasks; `None` where schedules say it.
    pub min_capacity: Option<i32>,
    /// It never has more tasks; `None` where schedules say it.
    pub max_capacity: Option<i32>,
    /// The fewest tasks until a schedule says otherwise, where schedules do.
    pub initial_min_capacity: Option<i32>,
    /// The most tasks until a schedule says otherwise, where schedules do.
    pub initial_max_capacity: Option<i32>,
    /// What is switched off for now.
    pub suspended: Suspended,
    /// The policies that track a metric, by name.
    pub policies: BTreeMap<String, Policy>,
    /// The policies that take steps when their alarms go off, by name.
    pub steps: BTreeMap<String, StepPolicy>,
    /// Other bounds at some times, by name.
    pub schedules: BTreeMap<String, Schedule>,
    /// The user's own tags.
    pub tags: Tags,
}

/// What is switched off for now; the default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Suspended {
    /// Policies remove no tasks.
    pub dynamic_scaling_in: bool,
    /// Policies add no tasks.
    pub dynamic_scaling_out: bool,
    /// Schedules do nothing.
    pub scheduled_scaling: bool,
}

impl Spec for Target {
    const KIND: &'static str = "application-autoscaling/target";
}

crate::ids! {
    /// A scalable target's ARN.
    ScalableTargetArn,
}

/// What only AWS can say about a [`Target`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetOutputs {
    /// Its ARN.
    pub arn: ScalableTargetArn,
    /// `service/CLUSTER/SERVICE`.
    pub resource_id: String,
    /// The ARNs of the policies that take steps, each an output of its own: `steps.NAME`.
    #[serde(flatten)]
    pub steps: BTreeMap<String, String>,
}

impl Handle<Target> {
    /// Its ARN.
    pub fn arn(&self) -> Input<ScalableTargetArn> {
        self.output("arn")
    }

    /// `service/CLUSTER/SERVICE`.
    pub fn resource_id(&self) -> Input<String> {
        self.output("resource_id")
    }

    /// The ARN of a policy that takes steps, for its alarm.
    pub fn steps(&self, name: &str) -> Input<String> {
        self.output(&output(name))
    }
}

/// The output that a policy's ARN is.
fn output(policy: &str) -> String {
    format!("steps.{policy}")
}

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("RegisterScalableTarget.ServiceNamespace", "always `ecs`"),
    ("RegisterScalableTarget.ScalableDimension", "always `ecs:service:DesiredCount`"),
    ("RegisterScalableTarget.ResourceId", "made of `cluster` and `service`"),
    ("RegisterScalableTarget.RoleARN", "ECS services always use the service-linked role"),
    ("PutScalingPolicy.PolicyName", "the key in `policies`"),
    ("PutScalingPolicy.ServiceNamespace", "always `ecs`"),
    ("PutScalingPolicy.ScalableDimension", "always `ecs:service:DesiredCount`"),
    ("PutScalingPolicy.ResourceId", "made of `cluster` and `service`"),
    ("PutScalingPolicy.PolicyType", "follows from where a policy stands"),
    ("PutScheduledAction.ServiceNamespace", "always `ecs`"),
    ("PutScheduledAction.ScalableDimension", "always `ecs:service:DesiredCount`"),
    ("PutScheduledAction.ResourceId", "made of `cluster` and `service`"),
    ("PutScheduledAction.ScheduledActionName", "the key in `schedules`"),
    ("PutScalingPolicy.PredictiveScalingPolicyConfiguration", "not offered yet"),
    (
        "PutScalingPolicy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics[].Label",
        "names a line in a graph",
    ),
    (
        "PutScalingPolicy.TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification.Metrics[].ReturnData",
        "only the expression's result is returned",
    ),
];

impl Resource for Target {
    const INFO: KindInfo = KindInfo {
        kind: Target::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("service"),
            Rule::OwnedElsewhere("initial_min_capacity", "scheduled actions"),
            Rule::OwnedElsewhere("initial_max_capacity", "scheduled actions"),
        ],
        observe_after: &["ecs/service"],
        // It is found through its service: were that gone first, nothing would find it again.
        order_after: &["ecs/service"],
        // A target is its service's: another service's target is another object.
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = TargetOutputs;

    /// Only targets of our own services: the account may hold any number of others.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let services: BTreeMap<String, &engine::Live> = query
            .seen
            .of(Service::KIND)
            .iter()
            .filter_map(|live| Some((resource_id_of(live)?, live)))
            .collect();
        let ids: Vec<String> = services.keys().cloned().collect();
        let targets = targets(cx, &ids).await?;
        let ids: Vec<String> =
            targets.iter().map(|target| target.resource_id().to_owned()).collect();
        let (mut policies, mut schedules) =
            futures_util::future::try_join(policies(cx, &ids), schedules(cx, &ids)).await?;
        let mut found = Found::default();
        for target in targets {
            let arn = target.scalable_target_arn().unwrap_or_default();
            let id = target.resource_id();
            let all = match tags_of(cx, query, arn).await {
                // An endpoint without tags: what scales a service of ours is ours.
                Err(failure) if failure.class == Class::NotServed => {
                    services.get(id).map(|live| derived(live, query).tags()).unwrap_or_default()
                }
                answer => answer?,
            };
            if let Some(identity) = tags::identity(&all, query) {
                let policies = policies.remove(id).unwrap_or_default();
                let schedules = schedules.remove(id).unwrap_or_default();
                let own = tags::own(&all, &identity);
                found.owned.push(to_live(&target, policies, schedules, identity, own));
            } else if let Some(service) = services.get(id) {
                let of_service = |wanted: &&Identity| wanted.owner == service.identity.owner;
                let wanted = query.wanted.iter().find(of_service);
                found.foreign.extend(wanted.map(|wanted| tags::foreign(wanted, id, &all)));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let id = self.resource_id()?;
        let tags = tags::for_create(identity, &self.tags, false);
        let arn = match self.register(cx, &id, Some(tags.clone()), true).await {
            // Tags are for new targets only, so it is there: by an attempt that got no further, or
            // by somebody else.
            Err(failure) if failure.class == Class::Invalid && failure.message.contains("tag") => {
                only_ours(cx, &id, identity).await?;
                self.register(cx, &id, None, true).await?
            }
            answer => answer?,
        };
        for (name, policy) in &self.policies {
            put_policy(cx, &id, name, policy).await?;
        }
        let mut steps = BTreeMap::new();
        for (name, policy) in &self.steps {
            steps.insert(output(name), put_steps(cx, &id, name, policy).await?);
        }
        for (name, schedule) in &self.schedules {
            schedule.put(cx, &id, name, None).await?;
        }
        Ok(Progress::done(TargetOutputs { arn: arn.into(), resource_id: id, steps }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.resource_id;
        let touched = |path| touches(changes, path);
        for name in live.spec.schedules.keys() {
            if !self.schedules.contains_key(name) {
                schedule::delete(cx, id, name).await?;
            }
        }
        if touched("min_capacity") || touched("max_capacity") || touched("suspended") {
            self.register(cx, id, None, false).await?;
        }
        for (name, policy) in &self.policies {
            if live.spec.policies.get(name) != Some(policy) {
                put_policy(cx, id, name, policy).await?;
            }
        }
        for name in live.spec.policies.keys() {
            if !self.policies.contains_key(name) {
                delete_policy(cx, id, name).await?;
            }
        }
        let mut outputs = live.outputs.clone();
        for name in live.spec.steps.keys() {
            if !self.steps.contains_key(name) {
                delete_policy(cx, id, name).await?;
                outputs.steps.remove(&output(name));
            }
        }
        for (name, policy) in &self.steps {
            if live.spec.steps.get(name) != Some(policy) {
                outputs.steps.insert(output(name), put_steps(cx, id, name, policy).await?);
            }
        }
        for (name, schedule) in &self.schedules {
            let there = live.spec.schedules.get(name);
            if there != Some(schedule) {
                schedule.put(cx, id, name, there).await?;
            }
        }
        if touched("tags") {
            let (write, remove) = tags::difference(&live.spec.tags, &self.tags);
            if !write.is_empty() {
                tag(cx, live.outputs.arn.as_str(), write).await?;
            }
            if !remove.is_empty() {
                cx.applicationautoscaling
                    .untag_resource()
                    .resource_arn(live.outputs.arn.as_str())
                    .set_tag_keys(Some(remove))
                    .send()
                    .await
                    .map_err(|error| classify("application-autoscaling UntagResource", error))?;
            }
        }
        Ok(Progress::done(outputs))
    }

    /// Its policies, the alarms of those that track a metric, and its schedules go with it.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx
            .applicationautoscaling
            .deregister_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(&live.outputs.resource_id)
            .send()
            .await
            .map_err(|error| classify("application-autoscaling DeregisterScalableTarget", error));
        match call {
            Ok(_) => Ok(Progress::deleted()),
            Err(failure) if failure.class == Class::Gone => Ok(Progress::deleted()),
            Err(failure) => Err(failure),
        }
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let found = targets(cx, &[id.to_owned()]).await?;
        let Some(target) = found.first() else { return Ok(None) };
        let all = read_tags(cx, target.scalable_target_arn().unwrap_or_default()).await?;
        let only = [id.to_owned()];
        let policies = policies(cx, &only).await?.remove(id).unwrap_or_default();
        let schedules = schedules(cx, &only).await?.remove(id).unwrap_or_default();
        let make = |identity, own| to_live(target, policies, schedules, identity, own);
        Ok(Some(Existing::of(all, wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.arn.as_str(), tags.clone()).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(read_tags(cx, live.outputs.arn.as_str()).await)
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((Service::KIND, live.spec.service.get().ok()?.0))
    }
}

/// Registering changes what is there already: that must bear our tags.
async fn only_ours(cx: &Cx, id: &str, identity: &Identity) -> Result<(), Failure> {
    for target in targets(cx, &[id.to_owned()]).await? {
        let tags = read_tags(cx, target.scalable_target_arn().unwrap_or_default()).await?;
        if tags::still_owned(&tags, identity, id).is_err() {
            return Err(Failure::new(
                Class::AlreadyExists,
                format!("`{id}` is a scalable target already, and not shipit's"),
            ));
        }
    }
    Ok(())
}

/// `service/CLUSTER/SERVICE` of a live service.
fn resource_id_of(live: &engine::Live) -> Option<String> {
    let text = |field: &str| live.outputs.get(field)?.as_str();
    Some(format!("service/{}/{}", text("cluster")?, text("name")?))
}

impl Target {
    fn resource_id(&self) -> Result<String, Failure> {
        Ok(format!("service/{}/{}", self.cluster.get()?, self.service.get()?))
    }

    /// Registers the target or changes it; gives its ARN.
    async fn register(
        &self,
        cx: &Cx,
        id: &str,
        tags: Option<Tags>,
        first: bool,
    ) -> Result<String, Failure> {
        // Later on, what schedules say is left alone.
        let bound = |own: Option<i32>, initial| own.or(if first { initial } else { None });
        let suspended = SuspendedState::builder()
            .dynamic_scaling_in_suspended(self.suspended.dynamic_scaling_in)
            .dynamic_scaling_out_suspended(self.suspended.dynamic_scaling_out)
            .scheduled_scaling_suspended(self.suspended.scheduled_scaling)
            .build();
        let answer = cx
            .applicationautoscaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(id)
            .set_min_capacity(bound(self.min_capacity, self.initial_min_capacity))
            .set_max_capacity(bound(self.max_capacity, self.initial_max_capacity))
            .suspended_state(suspended)
            .set_tags(tags.map(|tags| tags.into_iter().collect()))
            .send()
            .await
            .map_err(|error| classify("application-autoscaling RegisterScalableTarget", error))?;
        Ok(answer.scalable_target_arn().unwrap_or_default().to_owned())
    }
}

/// The identity of the target of one of our services.
fn derived(service: &engine::Live, query: &Query<'_>) -> Identity {
    let of_service = |wanted: &&Identity| wanted.owner == service.identity.owner;
    query.wanted.iter().find(of_service).cloned().unwrap_or_else(|| Identity {
        address: Address::new(Target::KIND, service.identity.address.name()),
        ..service.identity.clone()
    })
}

fn to_live(
    target: &ScalableTarget,
    policies: OfTarget,
    schedules: BTreeMap<String, Schedule>,
    identity: Identity,
    tags: Tags,
) -> Live<Target> {
    let steps = policies.arns.iter().map(|(name, arn)| (output(name), arn.clone())).collect();
    let id = target.resource_id();
    let arn = target.scalable_target_arn().unwrap_or_default();
    Live {
        spec: spec(target, policies, schedules, tags),
        health: Health::Ready,
        id: id.to_owned(),
        identity,
        outputs: TargetOutputs { arn: arn.into(), resource_id: id.to_owned(), steps },
    }
}

fn spec(
    from: &ScalableTarget,
    policies: OfTarget,
    schedules: BTreeMap<String, Schedule>,
    tags: Tags,
) -> Target {
    let scheduled = |bound: fn(&Schedule) -> Option<i32>| {
        schedules.values().any(|schedule| bound(schedule).is_some())
    };
    let low = scheduled(|schedule| schedule.min_capacity);
    let high = scheduled(|schedule| schedule.max_capacity);
    let (min, max) = (from.min_capacity(), from.max_capacity());
    let mut parts = from.resource_id().split('/').skip(1);
    let mut part = || parts.next().unwrap_or_default();
    let suspended = from.suspended_state();
    let is = |value: Option<bool>| value.unwrap_or_default();
    Target {
        cluster: Input::Known(part().into()),
        service: Input::Known(part().into()),
        min_capacity: (!low).then_some(min),
        max_capacity: (!high).then_some(max),
        initial_min_capacity: low.then_some(min),
        initial_max_capacity: high.then_some(max),
        suspended: Suspended {
            dynamic_scaling_in: is(suspended.and_then(|one| one.dynamic_scaling_in_suspended())),
            dynamic_scaling_out: is(suspended.and_then(|one| one.dynamic_scaling_out_suspended())),
            scheduled_scaling: is(suspended.and_then(|one| one.scheduled_scaling_suspended())),
        },
        policies: policies.tracking,
        steps: policies.steps,
        schedules,
        tags,
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn a_resource_id_names_cluster_and_service() {
        let live = ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id("service/demo-test/demo-test-api")
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(1)
            .max_capacity(4)
            .role_arn("arn:role")
            .creation_time(DateTime::from_secs(0))
            .suspended_state(SuspendedState::builder().scheduled_scaling_suspended(true).build())
            .build()
            .unwrap();
        let read = spec(&live, OfTarget::default(), BTreeMap::new(), Tags::new());
        let expected = Target {
            cluster: Input::Known("demo-test".into()),
            service: Input::Known("demo-test-api".into()),
            min_capacity: Some(1),
            max_capacity: Some(4),
            initial_min_capacity: None,
            initial_max_capacity: None,
            suspended: Suspended { scheduled_scaling: true, ..Suspended::default() },
            policies: BTreeMap::new(),
            steps: BTreeMap::new(),
            schedules: BTreeMap::new(),
            tags: Tags::new(),
        };
        assert_eq!(read, expected);
        assert_eq!(read.resource_id().unwrap(), "service/demo-test/demo-test-api");
    }
}
