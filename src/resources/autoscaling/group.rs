//! An Auto Scaling group: instances from a launch template, in some subnets.

use std::collections::BTreeMap;

use aws_sdk_autoscaling::types::{
    AutoScalingGroup as SdkGroup, Filter, InstancesDistribution, LaunchTemplate as SdkTemplate,
    LaunchTemplateOverrides, LaunchTemplateSpecification, MixedInstancesPolicy, Tag,
};
use serde::{Deserialize, Serialize};

use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::ec2::{LaunchTemplateId, SubnetId};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// An Auto Scaling group, named `identity.name(255)`. How many instances it has between its
/// bounds is for others to say: ECS's managed scaling, or people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoScalingGroup {
    /// What instances are made from: the template's default version.
    pub launch_template: Input<LaunchTemplateId>,
    /// Types that are launched, the preferred first.
    pub instance_types: Vec<String>,
    /// Where.
    pub subnets: Vec<Input<SubnetId>>,
    /// Fewest instances.
    pub min: i32,
    /// Most instances.
    pub max: i32,
    /// So many are On-Demand in any case.
    pub on_demand_base: i32,
    /// The share of On-Demand above that, in percent; the rest is Spot.
    pub on_demand_percentage: i32,
    /// How Spot's types are chosen: `price-capacity-optimized`, `capacity-optimized`, `lowest-price`…
    pub spot_allocation: String,
    /// How On-Demand's types are chosen: `prioritized` or `lowest-price`.
    pub on_demand_allocation: String,
    /// Most that is paid for a Spot instance an hour, in dollars; the On-Demand price if none.
    pub spot_max_price: Option<String>,
    /// Spot instances at risk are replaced before they go.
    pub capacity_rebalance: bool,
    /// New instances are not terminated by scaling in, but by ECS.
    pub protect_from_scale_in: bool,
    /// Seconds after which an instance is replaced; 0 for never.
    pub max_instance_lifetime: i32,
    /// Seconds that a new instance needs to be useful.
    pub instance_warmup: Option<i32>,
    /// Seconds between two simple scaling activities.
    pub cooldown: i32,
    /// `EC2`, or more, separated by commas.
    pub health_check_type: String,
    /// Seconds in which a new instance's health does not count.
    pub health_check_grace_period: i32,
    /// Which instances go first.
    pub termination_policies: Vec<String>,
    /// The user's own tags; instances get them, too.
    pub tags: Tags,
}

impl AutoScalingGroup {
    /// No instance yet, and at most `max`, of AWS's defaults.
    pub fn new(launch_template: Input<LaunchTemplateId>, max: i32) -> Self {
        Self {
            launch_template,
            instance_types: Vec::new(),
            subnets: Vec::new(),
            min: 0,
            max,
            on_demand_base: 0,
            on_demand_percentage: 100,
            spot_allocation: "price-capacity-optimized".to_owned(),
            on_demand_allocation: "prioritized".to_owned(),
            spot_max_price: None,
            capacity_rebalance: false,
            protect_from_scale_in: true,
            max_instance_lifetime: 0,
            instance_warmup: None,
            cooldown: 300,
            health_check_type: "EC2".to_owned(),
            health_check_grace_period: 0,
            termination_policies: vec!["Default".to_owned()],
            tags: Tags::new(),
        }
    }
}

crate::ids! {
    /// A group's ARN.
    AutoScalingGroupArn,
}

crate::outputs!(AutoScalingGroup => AutoScalingGroupOutputs {
    /// Its ARN.
    arn: AutoScalingGroupArn,
    /// Its name.
    name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateAutoScalingGroup.AutoScalingGroupName", "the physical name follows from the address"),
    ("CreateAutoScalingGroup.LaunchConfigurationName", "launch templates have replaced them"),
    ("CreateAutoScalingGroup.LaunchTemplate", "within the mixed instances policy"),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateName",
        "named by its id",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version",
        "always the template's default version",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.LaunchTemplate.Overrides[].WeightedCapacity",
        "ECS counts instances",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.LaunchTemplate.Overrides[].LaunchTemplateSpecification",
        "one template for all",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.LaunchTemplate.Overrides[].InstanceRequirements",
        "types are named; Managed Instances choose by need",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.LaunchTemplate.Overrides[].ImageId",
        "the template's image is used",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.InstancesDistribution.SpotInstancePools",
        "for `lowest-price` alone, which AWS advises against",
    ),
    (
        "CreateAutoScalingGroup.MixedInstancesPolicy.InstancesDistribution.DistributionSegments",
        "reservations are not offered",
    ),
    ("CreateAutoScalingGroup.InstanceId", "a template says it"),
    ("CreateAutoScalingGroup.DesiredCapacity", "ECS's managed scaling decides"),
    ("CreateAutoScalingGroup.AvailabilityZones", "the subnets say it"),
    ("CreateAutoScalingGroup.AvailabilityZoneIds", "the subnets say it"),
    ("CreateAutoScalingGroup.LoadBalancerNames", "ECS registers tasks"),
    ("CreateAutoScalingGroup.TargetGroupARNs", "ECS registers tasks"),
    ("CreateAutoScalingGroup.TrafficSources", "ECS registers tasks"),
    ("CreateAutoScalingGroup.PlacementGroup", "not offered"),
    ("CreateAutoScalingGroup.LifecycleHookSpecificationList", "managed draining brings its own"),
    ("CreateAutoScalingGroup.DeletionProtection", "an environment's `protect` keeps it"),
    ("CreateAutoScalingGroup.ServiceLinkedRoleARN", "the account's own is used"),
    ("CreateAutoScalingGroup.Context", "reserved by AWS"),
    ("CreateAutoScalingGroup.DesiredCapacityType", "ECS counts instances"),
    ("CreateAutoScalingGroup.InstanceMaintenancePolicy", "the default is used"),
    ("CreateAutoScalingGroup.AvailabilityZoneDistribution", "the default is used"),
    ("CreateAutoScalingGroup.AvailabilityZoneImpairmentPolicy", "the default is used"),
    ("CreateAutoScalingGroup.SkipZonalShiftValidation", "a check, not a property"),
    ("CreateAutoScalingGroup.CapacityReservationSpecification", "reservations are not offered"),
    ("CreateAutoScalingGroup.InstanceLifecyclePolicy", "the default is used"),
    ("CreateAutoScalingGroup.Operator", "for AWS's own services"),
];

impl Spec for AutoScalingGroup {
    const KIND: &'static str = "autoscaling/group";
}

/// ECS's mark on groups that it scales: CreateCapacityProvider puts it on what lacks it.
const TAG_ECS: &str = "AmazonECSManaged";

impl Resource for AutoScalingGroup {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Unordered("subnets")],
        // Without a template of ours there is no group of ours: that saves the call.
        observe_after: &["ec2/launch-template"],
        // Instances join a cluster, and must be gone before it goes.
        order_after: &["ecs/cluster"],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(60, 5, 900),
    };

    type Outputs = AutoScalingGroupOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        if query.wanted.is_empty() && query.seen.of("ec2/launch-template").is_empty() {
            return Ok(Found::default());
        }
        let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
        let filters = vec![
            filter(&format!("tag:{TAG_APPLICATION}"), query.application),
            filter(&format!("tag:{TAG_ENVIRONMENT}"), query.environment),
        ];
        let mut found = Found::default();
        for group in list(cx, Some(filters), None).await? {
            let all = from_sdk(&group);
            if let Some(identity) = tags::identity(&all, query) {
                let own = own(&all, &identity);
                found.owned.push(to_live(&group, identity, own));
            }
        }
        let missing: Vec<&Identity> = query
            .wanted
            .iter()
            .filter(|one| !found.owned.iter().any(|live| live.identity.address == one.address))
            .collect();
        if !missing.is_empty() {
            let names = missing.iter().map(|one| one.name(NAME_LIMIT)).collect();
            for group in list(cx, None, Some(names)).await? {
                let name = group.auto_scaling_group_name().unwrap_or_default();
                let of = missing.iter().find(|one| one.name(NAME_LIMIT) == name);
                if let Some(wanted) = of {
                    found.foreign.push(tags::foreign(wanted, name, &from_sdk(&group)));
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let name = identity.name(NAME_LIMIT);
        let mut all = tags::for_create(identity, &self.tags, true);
        all.insert(TAG_ECS.to_owned(), String::new());
        cx.autoscaling
            .create_auto_scaling_group()
            .auto_scaling_group_name(&name)
            .mixed_instances_policy(self.policy()?)
            .min_size(self.min)
            .max_size(self.max)
            .vpc_zone_identifier(self.zones()?)
            .new_instances_protected_from_scale_in(self.protect_from_scale_in)
            .capacity_rebalance(self.capacity_rebalance)
            .set_max_instance_lifetime(Some(self.max_instance_lifetime).filter(|one| *one > 0))
            .set_default_instance_warmup(self.instance_warmup)
            .default_cooldown(self.cooldown)
            .health_check_type(&self.health_check_type)
            .health_check_grace_period(self.health_check_grace_period)
            .set_termination_policies(Some(self.termination_policies.clone()))
            .set_tags(Some(to_sdk(&name, &all)))
            .send()
            .await
            .map_err(|error| classify("autoscaling CreateAutoScalingGroup", error))?;
        // The answer is empty: the ARN holds an id that only AWS knows.
        let made = list(cx, None, Some(vec![name.clone()])).await?;
        let arn = made.first().and_then(|one| one.auto_scaling_group_arn()).unwrap_or_default();
        Ok(Progress::done(AutoScalingGroupOutputs { arn: arn.into(), name }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let name = &live.outputs.name;
        if changes.iter().any(|change| !change.path.starts_with("tags")) {
            cx.autoscaling
                .update_auto_scaling_group()
                .auto_scaling_group_name(name)
                .mixed_instances_policy(self.policy()?)
                .min_size(self.min)
                .max_size(self.max)
                .vpc_zone_identifier(self.zones()?)
                .new_instances_protected_from_scale_in(self.protect_from_scale_in)
                .capacity_rebalance(self.capacity_rebalance)
                .max_instance_lifetime(self.max_instance_lifetime)
                // −1 takes it away.
                .default_instance_warmup(self.instance_warmup.unwrap_or(-1))
                .default_cooldown(self.cooldown)
                .health_check_type(&self.health_check_type)
                .health_check_grace_period(self.health_check_grace_period)
                .set_termination_policies(Some(self.termination_policies.clone()))
                .send()
                .await
                .map_err(|error| classify("autoscaling UpdateAutoScalingGroup", error))?;
        }
        let (write, gone) = tags::difference(&live.spec.tags, &self.tags);
        if !write.is_empty() {
            retag(cx, name, &write).await?;
        }
        if !gone.is_empty() {
            let gone = gone.into_iter().map(|key| (key, String::new())).collect();
            let sent =
                cx.autoscaling.delete_tags().set_tags(Some(to_sdk(name, &gone))).send().await;
            sent.map_err(|error| classify("autoscaling DeleteTags", error))?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    /// With its instances, those that are protected too: their services are gone by now.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.autoscaling.delete_auto_scaling_group();
        let call = call.auto_scaling_group_name(&live.outputs.name).force_delete(true);
        let sent = call.send().await;
        unless_gone(sent.map_err(|error| classify("autoscaling DeleteAutoScalingGroup", error)))?;
        Ok(Progress::deleted())
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let names = waiting.iter().map(|one| one.outputs.name.clone()).collect();
        let groups = list(cx, None, Some(names)).await?;
        let look = |one: &Waiting<Self>| {
            let name = Some(one.outputs.name.as_str());
            let group = groups.iter().find(|group| group.auto_scaling_group_name() == name);
            group.map_or(Health::Gone, health)
        };
        Ok(waiting.iter().map(look).collect())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let name = id.rsplit("autoScalingGroupName/").next().unwrap_or(id);
        let groups = list(cx, None, Some(vec![name.to_owned()])).await?;
        let Some(group) = groups.first() else { return Ok(None) };
        let all = from_sdk(group);
        let make = |identity: Identity, _| {
            let own = own(&all, &identity);
            to_live(group, identity, own)
        };
        Ok(Some(Existing::of(all.clone(), wanted, make).named(name)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        retag(cx, &live.outputs.name, tags).await
    }

    async fn losses(_cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        Ok(Some(format!("its instances (up to {}) and what their disks hold", live.spec.max)))
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }
}

/// The longest name that Auto Scaling takes.
const NAME_LIMIT: usize = 255;

async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
    names: Option<Vec<String>>,
) -> Result<Vec<SdkGroup>, Failure> {
    let call = cx.autoscaling.describe_auto_scaling_groups().max_records(100);
    let mut pages =
        call.set_filters(filters).set_auto_scaling_group_names(names).into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        let page =
            page.map_err(|error| classify("autoscaling DescribeAutoScalingGroups", error))?;
        groups.extend_from_slice(page.auto_scaling_groups());
    }
    Ok(groups)
}

async fn retag(cx: &Cx, name: &str, tags: &Tags) -> Result<(), Failure> {
    let sent =
        cx.autoscaling.create_or_update_tags().set_tags(Some(to_sdk(name, tags))).send().await;
    sent.map(drop).map_err(|error| classify("autoscaling CreateOrUpdateTags", error))
}

/// Instances get the user's own tags and ownership; the mark of ECS goes along, as ECS itself has it.
fn to_sdk(name: &str, tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| {
        Tag::builder()
            .resource_id(name)
            .resource_type("auto-scaling-group")
            .key(key)
            .value(value)
            .propagate_at_launch(true)
            .build()
    };
    tags.iter().map(tag).collect()
}

fn from_sdk(group: &SdkGroup) -> BTreeMap<String, String> {
    group
        .tags()
        .iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

fn own(all: &BTreeMap<String, String>, identity: &Identity) -> Tags {
    let mut own = tags::own(all, identity);
    own.remove(TAG_ECS);
    own
}

impl AutoScalingGroup {
    fn zones(&self) -> Result<String, Failure> {
        let ids = self.subnets.iter().map(|subnet| Ok(subnet.get()?.0));
        Ok(ids.collect::<Result<Vec<_>, Failure>>()?.join(","))
    }

    fn policy(&self) -> Result<MixedInstancesPolicy, Failure> {
        let template = LaunchTemplateSpecification::builder()
            .launch_template_id(self.launch_template.get()?.0)
            .version(DEFAULT_VERSION)
            .build();
        let of_type =
            |name: &String| LaunchTemplateOverrides::builder().instance_type(name).build();
        Ok(MixedInstancesPolicy::builder()
            .launch_template(
                SdkTemplate::builder()
                    .launch_template_specification(template)
                    .set_overrides(Some(self.instance_types.iter().map(of_type).collect()))
                    .build(),
            )
            .instances_distribution(
                InstancesDistribution::builder()
                    .on_demand_base_capacity(self.on_demand_base)
                    .on_demand_percentage_above_base_capacity(self.on_demand_percentage)
                    .spot_allocation_strategy(&self.spot_allocation)
                    .on_demand_allocation_strategy(&self.on_demand_allocation)
                    // An empty price takes the limit away.
                    .spot_max_price(self.spot_max_price.clone().unwrap_or_default())
                    .build(),
            )
            .build())
    }
}

/// What groups follow.
const DEFAULT_VERSION: &str = "$Default";

fn health(group: &SdkGroup) -> Health {
    match group.status() {
        Some(_) => {
            Health::Pending(format!("{} instances are terminating", group.instances().len()))
        }
        None => Health::Ready,
    }
}

fn to_live(group: &SdkGroup, identity: Identity, tags: Tags) -> Live<AutoScalingGroup> {
    let name = group.auto_scaling_group_name().unwrap_or_default().to_owned();
    Live {
        identity,
        spec: spec(group, tags),
        outputs: AutoScalingGroupOutputs {
            arn: group.auto_scaling_group_arn().unwrap_or_default().into(),
            name: name.clone(),
        },
        health: health(group),
        id: name,
    }
}

fn spec(group: &SdkGroup, tags: Tags) -> AutoScalingGroup {
    let policy = group.mixed_instances_policy();
    let launched = policy.and_then(|one| one.launch_template());
    let template = launched.and_then(|one| one.launch_template_specification());
    let template = template.or_else(|| group.launch_template());
    let shares = policy.and_then(|one| one.instances_distribution());
    let text = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    let mut subnets: Vec<&str> = group
        .vpc_zone_identifier()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|id| !id.is_empty())
        .collect();
    subnets.sort_unstable();
    AutoScalingGroup {
        launch_template: Input::Known(
            template.and_then(|one| one.launch_template_id()).unwrap_or_default().into(),
        ),
        instance_types: launched
            .map(|one| one.overrides())
            .unwrap_or_default()
            .iter()
            .filter_map(|one| one.instance_type().map(str::to_owned))
            .collect(),
        subnets: subnets.into_iter().map(|id| Input::Known(id.into())).collect(),
        min: group.min_size().unwrap_or_default(),
        max: group.max_size().unwrap_or_default(),
        on_demand_base: shares.and_then(|one| one.on_demand_base_capacity()).unwrap_or(0),
        on_demand_percentage: shares
            .and_then(|one| one.on_demand_percentage_above_base_capacity())
            .unwrap_or(100),
        spot_allocation: text(
            shares.and_then(|one| one.spot_allocation_strategy()),
            "lowest-price",
        ),
        on_demand_allocation: text(
            shares.and_then(|one| one.on_demand_allocation_strategy()),
            "prioritized",
        ),
        spot_max_price: shares
            .and_then(|one| one.spot_max_price())
            .filter(|price| !price.is_empty())
            .map(str::to_owned),
        capacity_rebalance: group.capacity_rebalance().unwrap_or(false),
        protect_from_scale_in: group.new_instances_protected_from_scale_in().unwrap_or(false),
        max_instance_lifetime: group.max_instance_lifetime().unwrap_or(0),
        instance_warmup: group.default_instance_warmup(),
        cooldown: group.default_cooldown().unwrap_or(300),
        health_check_type: text(group.health_check_type(), "EC2"),
        health_check_grace_period: group.health_check_grace_period().unwrap_or(0),
        termination_policies: group.termination_policies().to_vec(),
        tags,
    }
}
