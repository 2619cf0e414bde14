//! An ECS service: how many tasks of which definition run where, and how new ones replace old.
//!
//! `deployment`, `connect` and `parts` hold parts of the document, `write` and `read` the way to the
//! SDK's types and back; `look` says where a deployment stands, from `verdict` and, once it is over, `ending`.

pub mod connect;
pub mod deployment;
mod ending;
mod look;
pub mod parts;
mod read;
mod verdict;
pub mod volume;
pub(super) mod write;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{Service as SdkService, ServiceField};
use futures_util::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};

pub use connect::ServiceConnect;
pub use deployment::Deployment;
pub use parts::{
    LatticeTargets, LoadBalancer, Network, PlacementConstraint, PlacementStrategy, ServiceRegistry,
    Switch,
};
pub use volume::EbsVolume;

use super::convert::{claim, retag, some, strategy_to_sdk, tags_from_sdk, tags_to_sdk};
use super::task_definition::TaskDefinitionArn;
use super::{CapacityProviderStrategyItem, Cluster, ClusterName};
use crate::aws::{Cx, classify, tags};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// An ECS service, named `identity.name(255)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The cluster.
    pub cluster: Input<ClusterName>,
    /// The task definition's revision.
    pub task_definition: Input<TaskDefinitionArn>,
    /// How many tasks; `None` where Application Auto Scaling decides, and with `DAEMON`.
    pub desired_count: Option<i32>,
    /// How many tasks to begin with where Application Auto Scaling decides; `None` otherwise.
    pub initial_count: Option<i32>,
    /// `FARGATE`, `EC2` or `EXTERNAL`; `None` with a strategy.
    pub launch_type: Option<String>,
    /// Capacity providers; empty with a launch type.
    pub capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    /// Fargate's platform version, `LATEST` or a number; `None` on EC2.
    pub platform_version: Option<String>,
    /// `REPLICA` or `DAEMON`.
    pub scheduling_strategy: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub deployment_controller: String,
    /// How new tasks replace old.
    pub deployment: Deployment,
    /// Where tasks get their network interfaces, with `awsvpc`.
    pub network: Option<Network>,
    /// Target groups that tasks join.
    pub load_balancers: Vec<LoadBalancer>,
    /// Cloud Map services that tasks join.
    pub service_registries: Vec<ServiceRegistry>,
    /// Seconds in which a new task's load-balancer checks do not count; 0 without a load balancer.
    pub health_check_grace_period: i32,
    /// Tasks are moved so that zones stay even.
    pub availability_zone_rebalancing: bool,
    /// `ecs execute-command` works.
    pub enable_execute_command: bool,
    /// Tasks get AWS's own tags: cluster and service name.
    pub enable_ecs_managed_tags: bool,
    /// Whose tags tasks get: `SERVICE`, `TASK_DEFINITION` or `NONE`.
    pub propagate_tags: String,
    /// Service Connect; `None` where it is off.
    pub service_connect: Option<ServiceConnect>,
    /// Target groups of VPC Lattice that tasks join, by the name of a port.
    #[serde(default)]
    pub lattice: BTreeMap<String, LatticeTargets>,
    /// EBS volumes of each task, by the volume's name in the task definition; at most one.
    pub volumes: BTreeMap<String, EbsVolume>,
    /// Where tasks may not be placed (EC2).
    pub placement_constraints: Vec<PlacementConstraint>,
    /// How tasks are spread (EC2), first rule first.
    pub placement_strategy: Vec<PlacementStrategy>,
    /// Since when a person has it without tasks, in RFC 3339; kept in a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// When a person last had its tasks replaced, in RFC 3339; kept in a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

impl Service {
    /// One Fargate task in `cluster`, with ECS's defaults for all else.
    pub fn new(cluster: Input<ClusterName>, task_definition: Input<TaskDefinitionArn>) -> Self {
        Self {
            cluster,
            task_definition,
            desired_count: Some(1),
            initial_count: None,
            launch_type: Some("FARGATE".to_owned()),
            capacity_provider_strategy: Vec::new(),
            platform_version: Some("LATEST".to_owned()),
            scheduling_strategy: "REPLICA".to_owned(),
            deployment_controller: "ECS".to_owned(),
            deployment: Deployment::default(),
            network: None,
            load_balancers: Vec::new(),
            service_registries: Vec::new(),
            health_check_grace_period: 0,
            availability_zone_rebalancing: true,
            enable_execute_command: false,
            enable_ecs_managed_tags: false,
            propagate_tags: "NONE".to_owned(),
            service_connect: None,
            lattice: BTreeMap::new(),
            volumes: BTreeMap::new(),
            placement_constraints: Vec::new(),
            placement_strategy: Vec::new(),
            paused: None,
            restarted: None,
            tags: Tags::new(),
        }
    }
}

impl Spec for Service {
    const KIND: &'static str = "ecs/service";
}

crate::ids! {
    /// A service's name.
    ServiceName,
    /// A service's ARN.
    ServiceArn,
}

crate::outputs!(Service => ServiceOutputs {
    /// Its ARN.
    arn: ServiceArn,
    /// Its name.
    name: ServiceName,
    /// The name of its cluster.
    cluster: ClusterName,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateService.serviceName", "the physical name follows from the address"),
    ("CreateService.clientToken", "makes the call idempotent, is no property"),
    ("CreateService.role", "the service-linked role is used; another is for classic networks only"),
    ("CreateService.loadBalancers[].loadBalancerName", "classic load balancers are not offered"),
    ("CreateService.serviceConnectConfiguration.enabled", "`service_connect` is there or not"),
    (
        "CreateService.deploymentConfiguration.earlySuccessCriteria.enable",
        "`early_success` is there or not",
    ),
    (
        "CreateService.deploymentConfiguration.lifecycleHooks[].hookDetails",
        "free-form JSON handed to the hook; its function knows better what it wants",
    ),
    (
        "CreateService.volumeConfigurations[].managedEBSVolume.tagSpecifications[].resourceType",
        "there is but `volume`",
    ),
    (
        "CreateService.vpcLatticeConfigurations[].advancedConfiguration",
        "for blue/green deployments, which are not offered with VPC Lattice",
    ),
    ("CreateService.gatewayConnectors", "ECS gateways are not offered yet"),
    (
        "CreateService.monitoring",
        "DescribeServices does not give it back, so it could not be compared",
    ),
    ("UpdateService.service", "says which service"),
    ("UpdateService.forceNewDeployment", "an act, not a property"),
    ("UpdateService.loadBalancers[].loadBalancerName", "classic load balancers are not offered"),
    ("UpdateService.serviceConnectConfiguration.enabled", "`service_connect` is there or not"),
    (
        "UpdateService.deploymentConfiguration.earlySuccessCriteria.enable",
        "`early_success` is there or not",
    ),
    (
        "UpdateService.deploymentConfiguration.lifecycleHooks[].hookDetails",
        "free-form JSON handed to the hook; its function knows better what it wants",
    ),
    (
        "UpdateService.volumeConfigurations[].managedEBSVolume.tagSpecifications[].resourceType",
        "there is but `volume`",
    ),
    (
        "UpdateService.vpcLatticeConfigurations[].advancedConfiguration",
        "for blue/green deployments, which are not offered with VPC Lattice",
    ),
    ("UpdateService.gatewayConnectors", "ECS gateways are not offered yet"),
    (
        "UpdateService.monitoring",
        "DescribeServices does not give it back, so it could not be compared",
    ),
];

impl Resource for Service {
    const INFO: KindInfo = KindInfo {
        kind: Service::KIND,
        rules: &[
            Rule::Immutable("cluster"),
            Rule::Immutable("scheduling_strategy"),
            Rule::OwnedElsewhere("initial_count", "application autoscaling"),
            Rule::Unordered("capacity_provider_strategy"),
            Rule::Unordered("network.subnets"),
            Rule::Unordered("network.security_groups"),
            Rule::Unordered("placement_constraints"),
            Rule::Unordered("deployment.alarms.names"),
            // A name may be one that something else answers for until this service does.
            Rule::Names("service_connect.services.*.client_aliases"),
        ],
        observe_after: &["ecs/cluster"],
        // A target group must hang on a load balancer before a service may use it.
        order_after: &[
            "elbv2/listener",
            "elbv2/listener-rule",
            "vpclattice/listener",
            "vpclattice/rule",
        ],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(90, 5, 1800),
    };

    type Outputs = ServiceOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        for cluster in query.seen.of("ecs/cluster") {
            let arns = list(cx, &cluster.id).await?;
            let batches: Vec<Vec<String>> = arns.chunks(BATCH).map(<[String]>::to_vec).collect();
            let batches: Vec<_> = stream::iter(batches)
                .map(|arns| describe(cx, &cluster.id, arns))
                .buffered(AT_ONCE)
                .collect()
                .await;
            for services in batches {
                for service in services? {
                    note(&service, query, &mut found);
                }
            }
        }
        for (cluster, names) in elsewhere(cx, query).await? {
            for names in names.chunks(BATCH) {
                for service in describe(cx, &cluster, names.to_vec()).await? {
                    note(&service, query, &mut found);
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let mut tags = tags::for_create(identity, &self.tags, false);
        if self.is_autoscaled() {
            tags.insert(COUNT_TAG.to_owned(), COUNT_AUTOSCALED.to_owned());
        }
        tags.extend(self.marks());
        let connect = self.service_connect.is_some();
        let answer = cx
            .ecs
            .create_service()
            .cluster(self.cluster.get()?.0)
            .service_name(identity.name(NAME_LIMIT))
            .client_token(identity.client_token())
            .task_definition(self.task_definition.get()?.0)
            .set_desired_count(self.desired_count.or(self.initial_count))
            .set_launch_type(self.launch_type.as_deref().map(Into::into))
            .set_capacity_provider_strategy(some(strategy_to_sdk(
                &self.capacity_provider_strategy,
            )?))
            .set_platform_version(self.platform_version.clone())
            .scheduling_strategy(self.scheduling_strategy.as_str().into())
            .deployment_controller(self.controller()?)
            .deployment_configuration(self.deployment.to_sdk(None)?)
            .set_network_configuration(self.sdk_network()?)
            .set_load_balancers(some(self.sdk_load_balancers()?))
            .set_service_registries(some(self.sdk_registries()?))
            .set_health_check_grace_period_seconds(
                (!self.load_balancers.is_empty()).then_some(self.health_check_grace_period),
            )
            .availability_zone_rebalancing(self.rebalancing())
            .enable_execute_command(self.enable_execute_command)
            .enable_ecs_managed_tags(self.enable_ecs_managed_tags)
            .propagate_tags(self.propagate_tags.as_str().into())
            .set_service_connect_configuration(match connect {
                true => Some(connect::to_sdk(self.service_connect.as_ref())?),
                false => None,
            })
            .set_volume_configurations(some(volume::to_sdk(&self.volumes)?))
            .set_vpc_lattice_configurations(some(self.sdk_lattice()?))
            .set_placement_constraints(some(self.sdk_constraints()))
            .set_placement_strategy(some(self.sdk_strategy()))
            .set_tags(tags_to_sdk(tags))
            .send()
            .await
            .map_err(|error| classify("ecs CreateService", error))?;
        progress(answer.service())
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if touches(changes, "tags") {
            retag(cx, live.outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        }
        if touches(changes, "desired_count") {
            let tag = |autoscaled: bool| {
                let tag = Tags::from([(COUNT_TAG.to_owned(), COUNT_AUTOSCALED.to_owned())]);
                if autoscaled { tag } else { Tags::new() }
            };
            let (was, is) = (live.spec.is_autoscaled(), self.is_autoscaled());
            retag(cx, live.outputs.arn.as_str(), &tag(was), &tag(is)).await?;
        }
        if touches(changes, "paused") || touches(changes, "restarted") {
            let (was, is) = (live.spec.marks(), self.marks());
            retag(cx, live.outputs.arn.as_str(), &was, &is).await?;
        }
        if changes.iter().all(|change| touches(std::slice::from_ref(change), "tags")) {
            return Ok(Progress::done(live.outputs.clone()));
        }
        let call = self.update_call(cx, live, changes)?;
        let answer = call.send().await.map_err(|error| classify("ecs UpdateService", error))?;
        progress(answer.service())
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx
            .ecs
            .delete_service()
            .cluster(live.outputs.cluster.as_str())
            .service(live.outputs.arn.as_str())
            .force(true);
        match call.send().await.map_err(|error| classify("ecs DeleteService", error)) {
            Ok(_) => Ok(Progress::deleted()),
            // Not active: it drains already.
            Err(failure) if failure.class == Class::Gone => Ok(Progress::deleted()),
            Err(failure) => Err(failure),
        }
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut arns: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in waiting {
            arns.entry(one.outputs.cluster.as_str()).or_default().push(one.outputs.arn.to_string());
        }
        let mut services = Vec::new();
        for (cluster, arns) in arns {
            for arns in arns.chunks(BATCH) {
                services.extend(describe(cx, cluster, arns.to_vec()).await?);
            }
        }
        let mut healths = Vec::new();
        for one in waiting {
            let arn = Some(one.outputs.arn.as_str());
            let service = services.iter().find(|service| service.service_arn() == arn);
            healths.push(match service {
                None => Health::Gone,
                Some(service) if one.deleting => draining(service),
                Some(service) => look::look(cx, service, one).await,
            });
        }
        Ok(healths)
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        // In an ARN the cluster's name stands before the service's; a bare name is meant in ours.
        let mut parts = id.rsplit('/').skip(1);
        let clusters = query.seen.of("ecs/cluster").iter().map(|cluster| cluster.id.as_str());
        let of_arn = parts.next().filter(|part| !part.ends_with(":service"));
        for cluster in of_arn.map_or_else(|| clusters.collect(), |name| vec![name]) {
            let services = describe(cx, cluster, vec![id.to_owned()]).await?;
            let Some(service) = services.iter().find(|one| is_there(one)) else { continue };
            let all = tags_from_sdk(service.tags());
            let make = |identity, own| live(service, &all, identity, own);
            let existing = Existing::of(all.clone(), wanted, make);
            return Ok(Some(existing.named(service.service_name().unwrap_or_default())));
        }
        Ok(None)
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        claim(cx, live.outputs.arn.as_str(), tags.clone()).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let (cluster, arn) = (live.outputs.cluster.as_str(), live.outputs.arn.to_string());
        let services = describe(cx, cluster, vec![arn]).await?;
        Ok(services.iter().find(|one| is_there(one)).map(|one| tags_from_sdk(one.tags())))
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((Cluster::KIND, live.outputs.cluster.to_string()))
    }
}

/// The longest name that ECS takes.
const NAME_LIMIT: usize = 255;
/// DescribeServices takes as many.
const BATCH: usize = 10;
/// How many batches are read at once.
const AT_ONCE: usize = 8;
/// Marks a service whose count Application Auto Scaling decides, as nothing else of ECS does.
const COUNT_TAG: &str = "shipit:count";
const COUNT_AUTOSCALED: &str = "autoscaled";
/// What people did to a running service.
const PAUSED_TAG: &str = "shipit:paused";
const RESTARTED_TAG: &str = "shipit:restarted";

impl Service {
    fn is_autoscaled(&self) -> bool {
        self.desired_count.is_none() && self.scheduling_strategy == "REPLICA"
    }

    /// The tags that say what people did to it.
    fn marks(&self) -> Tags {
        let marks = [(PAUSED_TAG, &self.paused), (RESTARTED_TAG, &self.restarted)];
        let given = |(tag, at): (&str, &Option<String>)| Some((tag.to_owned(), at.clone()?));
        marks.into_iter().filter_map(given).collect()
    }
}

/// The deployment that ECS now works towards is the one to wait for.
fn progress(service: Option<&SdkService>) -> Result<Progress<Service>, Failure> {
    let service =
        service.ok_or_else(|| Failure::new(Class::LostAnswer, "the answer holds no service"))?;
    let ticket = verdict::Ticket::of(service);
    Ok(Progress { outputs: Some(read::outputs(service)), ticket, more: false })
}

async fn list(cx: &Cx, cluster: &str) -> Result<Vec<String>, Failure> {
    let mut pages =
        cx.ecs.list_services().cluster(cluster).max_results(100).into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("ecs ListServices", error))?;
        arns.extend_from_slice(page.service_arns());
    }
    Ok(arns)
}

/// Services in clusters that are not ours, by cluster: those that are wanted there, and those that bear our tags. Such a
/// cluster may hold thousands of others, so it is not listed.
async fn elsewhere(cx: &Cx, query: &Query<'_>) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let ours: Vec<&str> = query
        .seen
        .of("ecs/cluster")
        .iter()
        .filter_map(|cluster| cluster.outputs["name"].as_str())
        .collect();
    let mut elsewhere: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |cluster: &str, service: String| {
        if !ours.contains(&cluster) {
            elsewhere.entry(cluster.to_owned()).or_default().insert(service);
        }
    };
    for wanted in query.wanted {
        // A reference to a cluster that is not there yet is none of these.
        if let Some(cluster) = query.wanted_text(&wanted.address, "cluster") {
            add(cluster, wanted.name(NAME_LIMIT));
        }
    }
    let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
    let of_ecs = bulk.keys().filter_map(|arn| {
        let (_, resource) =
            arn.split_once(":service/").filter(|(start, _)| start.contains(":ecs:"))?;
        resource.split_once('/')
    });
    for (cluster, service) in of_ecs {
        add(cluster, service.to_owned());
    }
    let lists = elsewhere.into_iter();
    Ok(lists.map(|(cluster, names)| (cluster, names.into_iter().collect())).collect())
}

/// At most [`BATCH`] services with their tags; none where the cluster is gone.
async fn describe(cx: &Cx, cluster: &str, arns: Vec<String>) -> Result<Vec<SdkService>, Failure> {
    let call = cx
        .ecs
        .describe_services()
        .cluster(cluster)
        .set_services(Some(arns))
        .include(ServiceField::Tags);
    match call.send().await.map_err(|error| classify("ecs DescribeServices", error)) {
        Ok(answer) => Ok(answer.services.unwrap_or_default()),
        Err(failure) if failure.class == Class::Gone => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// One that drains is on its way out; a new one of its name waits until it is gone.
fn is_there(service: &SdkService) -> bool {
    service.status().is_none_or(|status| status == "ACTIVE")
}

fn live(service: &SdkService, all: &Tags, identity: Identity, tags: Tags) -> Live<Service> {
    let outputs = read::outputs(service);
    Live {
        spec: read::spec(service, all, tags),
        health: verdict::standing(service),
        id: outputs.arn.to_string(),
        identity,
        outputs,
    }
}

/// Sorts one described service into ours, foreign and none of our business.
fn note(service: &SdkService, query: &Query<'_>, found: &mut Found<Service>) {
    if !is_there(service) {
        return;
    }
    let all = tags_from_sdk(service.tags());
    let outputs = read::outputs(service);
    match tags::identity(&all, query) {
        Some(identity) => {
            let own = tags::own(&all, &identity);
            found.owned.push(live(service, &all, identity, own));
        }
        None => {
            let named = |wanted: &&Identity| wanted.name(NAME_LIMIT) == outputs.name.as_str();
            let wanted = query.wanted.iter().find(named);
            found
                .foreign
                .extend(wanted.map(|wanted| tags::foreign(wanted, outputs.arn.as_str(), &all)));
        }
    }
}

/// How far a deletion is.
fn draining(service: &SdkService) -> Health {
    match service.status() {
        Some("INACTIVE") => Health::Gone,
        _ => Health::Pending(match service.running_count() {
            0 => "draining".to_owned(),
            1 => "draining, 1 task still running".to_owned(),
            running => format!("draining, {running} tasks still running"),
        }),
    }
}

#[cfg(test)]
mod tests;
