//! Capacity of the environment's own: what instances are made from, the group or ECS that makes them, and the
//! provider that services name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Context;
use super::environment::Shared;
use super::network::Network;
use super::task::integer;
use crate::engine::{Address, Desired, Failure, Handle, Identity, Input, Owner, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::environment::{
    Bounds, Capacity, Ec2Capacity, ImageFamily, ManagedCapacity, Side,
};
use crate::manifest::service::{
    Constraint, Count, NetworkMode, Resource, Runs, ServiceCapacity, Strategy,
};
use crate::resources::autoscaling::AutoScalingGroup;
use crate::resources::ec2::launch_template::{Disk, Metadata};
use crate::resources::ec2::{LaunchTemplate, SecurityGroupId, SubnetId};
use crate::resources::ecs::capacity_provider::requirements::Range;
use crate::resources::ecs::capacity_provider::{Group, ManagedInstances, Requirements, source};
use crate::resources::ecs::run::Place;
use crate::resources::ecs::service::{PlacementConstraint, PlacementStrategy};
use crate::resources::ecs::{
    CapacityProvider, CapacityProviderName, CapacityProviderStrategyItem, Cluster, ClusterName,
};
use crate::resources::iam::{InstanceProfile, InstanceProfileArn, Role, RoleArn};

const OWNER: Owner = Owner::Environment;
/// The role of machines outside AWS: `iam/role.machine`.
pub const MACHINE: &str = "machine";

/// The capacities of an environment, by name.
pub(super) type Providers = BTreeMap<String, Input<CapacityProviderName>>;

/// Plans all capacities of the environment.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
    group: &Input<SecurityGroupId>,
    cluster: &Input<ClusterName>,
) -> Result<Providers, Failure> {
    let capacities = &context.manifest()?.cluster.capacity;
    let mut planner = Planner { desired, context, network, group, cluster };
    if context.manifest()?.cluster.external {
        planner.machine_role()?;
    }
    let mut providers = Providers::new();
    for (name, capacity) in capacities {
        let provider = planner.one(name, capacity)?;
        // ECS takes no service with it before the cluster lists it.
        providers.insert(name.clone(), provider.name().when_ready());
    }
    Ok(providers)
}

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    network: &'a Network,
    group: &'a Input<SecurityGroupId>,
    cluster: &'a Input<ClusterName>,
}

impl Planner<'_> {
    fn one(
        &mut self,
        name: &str,
        capacity: &Capacity,
    ) -> Result<Handle<CapacityProvider>, Failure> {
        let group =
            capacity.ec2.as_ref().map(|ec2| self.auto_scaling_group(name, ec2)).transpose()?;
        let managed =
            capacity.managed_instances.as_ref().map(|one| self.managed(one)).transpose()?;
        let provider = CapacityProvider {
            source: source(managed.is_some()),
            cluster: self.cluster.clone(),
            attached: true,
            group,
            managed,
            tags: self.context.tags()?,
        };
        self.desired.add(&OWNER, name, &provider)
    }

    fn subnets(&self, side: Side) -> Vec<Input<SubnetId>> {
        match side {
            Side::Public => self.network.public.clone(),
            Side::Private => self.network.private.clone(),
        }
    }

    fn auto_scaling_group(&mut self, name: &str, ec2: &Ec2Capacity) -> Result<Group, Failure> {
        let policy = "service-role/AmazonEC2ContainerServiceforEC2Role";
        let instance_profile = self.profile("instance", policy)?.0;
        let template = LaunchTemplate {
            image: image(ec2),
            instance_type: None,
            instance_profile: Some(instance_profile),
            security_groups: vec![self.group.clone()],
            public_address: ec2.placement == Side::Public,
            key_name: ec2.key_name.clone(),
            user_data: Some(user_data(&self.cluster_name(), name, ec2)),
            disks: ec2.disk.map(|size| disk(ec2, size)).into_iter().collect(),
            detailed_monitoring: false,
            ebs_optimized: None,
            metadata: Metadata::default(),
            instance_tags: self.context.tags()?,
            tags: self.context.tags()?,
        };
        let template = self.desired.add(&OWNER, name, &template)?.id();
        let group = AutoScalingGroup {
            instance_types: ec2.instances.clone(),
            subnets: self.subnets(ec2.placement),
            min: integer(ec2.min),
            on_demand_base: integer(ec2.on_demand_base),
            on_demand_percentage: integer(100 - ec2.spot),
            capacity_rebalance: ec2.spot > 0,
            tags: self.context.tags()?,
            ..AutoScalingGroup::new(template, integer(ec2.max))
        };
        let group = self.desired.add(&OWNER, name, &group)?;
        // Instances join the cluster when they start, and pull their images at once.
        self.desired.order(group.address(), &Address::new(CLUSTER, "main"), Wait::Ready);
        let routes = match ec2.placement {
            Side::Public => &self.network.public_routes,
            Side::Private => &self.network.private_routes,
        };
        for route in routes {
            self.desired.order(group.address(), route, Wait::Ready);
        }
        Ok(Group {
            target_capacity: integer(ec2.target),
            warmup: integer(ec2.warmup),
            ..Group::new(group.arn())
        })
    }

    fn managed(&mut self, managed: &ManagedCapacity) -> Result<ManagedInstances, Failure> {
        let policy = "AmazonECSInstanceRolePolicyForManagedInstances";
        let (profile, role) = self.profile("managed-instance", policy)?;
        let infrastructure = self.infrastructure_role(&role)?;
        let range = |bounds: &Option<Bounds>, least: i32| match bounds {
            Some(bounds) => Range { min: Some(integer(bounds.min)), max: bounds.max.map(integer) },
            None => Range { min: Some(least), max: None },
        };
        let asked = managed.vcpus.is_some()
            || managed.memory.is_some()
            || managed.gpus.is_some()
            || managed.burstable
            || !managed.instances.is_empty()
            || !managed.exclude.is_empty()
            || !managed.manufacturers.is_empty();
        let requirements = asked.then(|| Requirements {
            vcpus: range(&managed.vcpus, 1),
            memory_mib: range(&managed.memory, 1024),
            allowed_instance_types: managed.instances.clone(),
            excluded_instance_types: managed.exclude.clone(),
            cpu_manufacturers: managed.manufacturers.clone(),
            accelerator_types: managed.gpus.iter().map(|_| "gpu".to_owned()).collect(),
            accelerator_count: managed.gpus.as_ref().map(|bounds| Range {
                min: Some(integer(bounds.min)),
                max: bounds.max.map(integer),
            }),
            burstable_performance: managed.burstable.then(|| "included".to_owned()),
            ..Requirements::default()
        });
        Ok(ManagedInstances {
            subnets: self.subnets(managed.placement),
            security_groups: vec![self.group.clone()],
            storage: managed.disk.map(integer),
            monitoring: if managed.detailed_monitoring { "DETAILED" } else { "BASIC" }.to_owned(),
            capacity_option: if managed.spot { "SPOT" } else { "ON_DEMAND" }.to_owned(),
            requirements,
            scale_in_after: managed.scale_in_after.map(integer),
            ..ManagedInstances::new(infrastructure, profile)
        })
    }

    /// The role of instances, and the profile that hands it to them: one for all of a kind.
    fn profile(
        &mut self,
        name: &str,
        policy: &str,
    ) -> Result<(Input<InstanceProfileArn>, String), Failure> {
        let role = Role {
            description: "Lets instances join the cluster".to_owned(),
            assume_policy: trust("ec2.amazonaws.com"),
            managed_policies: vec![self.managed_policy(policy)],
            tags: self.context.tags()?,
            ..Role::default()
        };
        let physical = self.identity("iam/role", name).name(64);
        let path = format!(
            "role/shipit/{}/{}/{physical}",
            self.context.application(),
            self.context.environment
        );
        let arn = format!("arn:{}:iam::{}:{path}", self.context.partition, self.context.account);
        let handle = Handle::<InstanceProfile>::new(name);
        if !self.desired.nodes.contains_key(handle.address()) {
            let role = self.desired.add(&OWNER, name, &role)?.name();
            let profile = InstanceProfile { role: Some(role), tags: self.context.tags()? };
            self.desired.add(&OWNER, name, &profile)?;
        }
        Ok((handle.arn().when_ready(), arn))
    }

    /// What machines outside AWS act in, once they have joined.
    fn machine_role(&mut self) -> Result<(), Failure> {
        let role = Role {
            description: "Lets machines outside AWS join the cluster".to_owned(),
            assume_policy: trust("ssm.amazonaws.com"),
            managed_policies: vec![
                self.managed_policy("AmazonSSMManagedInstanceCore"),
                self.managed_policy("service-role/AmazonEC2ContainerServiceforEC2Role"),
            ],
            tags: self.context.tags()?,
            ..Role::default()
        };
        self.desired.add(&OWNER, MACHINE, &role).map(drop)
    }

    /// ECS launches instances in it. AWS's policy lets it hand on roles of one name alone.
    fn infrastructure_role(&mut self, instance_role: &str) -> Result<Input<RoleArn>, Failure> {
        let handle = Handle::<Role>::new("infrastructure");
        if !self.desired.nodes.contains_key(handle.address()) {
            let hand_on = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": "iam:PassRole",
                    "Resource": instance_role,
                    "Condition": { "StringLike": { "iam:PassedToService": "ec2.*" } },
                }],
            });
            let role = Role {
                description: "Lets ECS launch and terminate instances".to_owned(),
                assume_policy: trust("ecs.amazonaws.com"),
                managed_policies: vec![
                    self.managed_policy("AmazonECSInfrastructureRolePolicyForManagedInstances"),
                ],
                inline_policies: BTreeMap::from([("hand-on".to_owned(), hand_on)]),
                tags: self.context.tags()?,
                ..Role::default()
            };
            self.desired.add(&OWNER, "infrastructure", &role)?;
        }
        Ok(handle.arn())
    }

    fn managed_policy(&self, name: &str) -> String {
        format!("arn:{}:iam::aws:policy/{name}", self.context.partition)
    }

    fn identity(&self, kind: &str, name: &str) -> Identity {
        Identity {
            application: self.context.application().to_owned(),
            environment: self.context.environment.to_owned(),
            owner: OWNER,
            address: Address::new(kind, name),
            generation: 1,
            run: String::new(),
        }
    }

    /// The cluster's name in AWS. It is text within a script, where no reference can stand; a cluster is
    /// never made anew.
    fn cluster_name(&self) -> String {
        self.identity(CLUSTER, "main").name(255)
    }
}

const CLUSTER: &str = <Cluster as crate::engine::Spec>::KIND;

fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
        }],
    })
}

/// The parameter in which AWS publishes the latest image: launches take what it names then.
fn image(ec2: &Ec2Capacity) -> String {
    if let Some(ami) = &ec2.ami {
        return ami.clone();
    }
    let (arm, gpu) = (ec2.is_arm(), ec2.has_gpus());
    let windows = |edition: &str| {
        format!("ami-windows-latest/Windows_Server-{edition}-ECS_Optimized/image_id")
    };
    let parameter = match ec2.image {
        ImageFamily::Al2023 => {
            let variant = match (gpu, arm) {
                (true, false) => "gpu/",
                (_, true) => "arm64/",
                (false, false) => "",
            };
            format!("ecs/optimized-ami/amazon-linux-2023/{variant}recommended/image_id")
        }
        ImageFamily::Bottlerocket => {
            let variant = if gpu { "aws-ecs-2-nvidia" } else { "aws-ecs-2" };
            let architecture = if arm { "arm64" } else { "x86_64" };
            format!("bottlerocket/{variant}/{architecture}/latest/image_id")
        }
        ImageFamily::Windows2019Core => windows("2019-English-Core"),
        ImageFamily::Windows2019Full => windows("2019-English-Full"),
        ImageFamily::Windows2022Core => windows("2022-English-Core"),
        ImageFamily::Windows2022Full => windows("2022-English-Full"),
    };
    format!("resolve:ssm:/aws/service/{parameter}")
}

/// What has an instance join the cluster and say which capacity it is of, and then the user's own.
fn user_data(cluster: &str, name: &str, ec2: &Ec2Capacity) -> String {
    let own = ec2.user_data.as_deref().unwrap_or_default();
    let own =
        if own.is_empty() || own.ends_with('\n') { own.to_owned() } else { format!("{own}\n") };
    let attributes = format!("{{\"{ATTRIBUTE}\":\"{name}\"}}");
    match ec2.image {
        ImageFamily::Al2023 => {
            let spot = match ec2.spot {
                0 => "",
                _ => "echo ECS_ENABLE_SPOT_INSTANCE_DRAINING=true >> /etc/ecs/ecs.config\n",
            };
            format!(
                "#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n\
                 echo 'ECS_INSTANCE_ATTRIBUTES={attributes}' >> /etc/ecs/ecs.config\n{spot}{own}"
            )
        }
        // The user's own lines may be of `settings.ecs`, so that this table comes last.
        ImageFamily::Bottlerocket => format!(
            "[settings.ecs.instance-attributes]\n\"{ATTRIBUTE}\" = \"{name}\"\n\
             [settings.ecs]\ncluster = \"{cluster}\"\n{own}"
        ),
        _ => format!(
            "<powershell>\n\
             [Environment]::SetEnvironmentVariable('ECS_INSTANCE_ATTRIBUTES', '{attributes}', 'Machine')\n\
             Initialize-ECSAgent -Cluster {cluster} -EnableTaskIAMRole -EnableTaskENI\n{own}</powershell>\n"
        ),
    }
}

fn disk(ec2: &Ec2Capacity, size: u32) -> Disk {
    let device = match ec2.image {
        ImageFamily::Al2023 => "/dev/xvda",
        // Its second disk holds the containers.
        ImageFamily::Bottlerocket => "/dev/xvdb",
        _ => "/dev/sda1",
    };
    Disk {
        device: device.to_owned(),
        size: integer(size),
        volume_type: "gp3".to_owned(),
        iops: None,
        throughput: None,
        encrypted: true,
        kms_key: None,
        snapshot: None,
        delete_on_termination: true,
    }
}

/// The attribute of an instance that says which capacity it is of.
const ATTRIBUTE: &str = "shipit.capacity";

/// Where tasks of a service or job go.
pub(super) fn place(
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
) -> Result<Place, Failure> {
    let environment = context.manifest()?;
    let (launch_type, capacity_provider_strategy) =
        of_service(context, &shared.providers, service)?;
    let own_interface = service.network_mode_in(Some(environment)) == NetworkMode::Awsvpc;
    let mut network =
        own_interface.then(|| super::service::network(context, shared, service)).transpose()?;
    if let Some(network) =
        network.as_mut().filter(|_| service.runs_in(Some(environment)) != Runs::Fargate)
    {
        // On instances a task's interface hangs on the instance's, and gets no public address.
        network.assign_public_ip = false;
    }
    Ok(Place {
        cluster: shared.cluster_arn.clone(),
        launch_type,
        capacity_provider_strategy,
        network,
        placement_constraints: constraints(context, service)?,
        placement_strategy: strategies(service),
    })
}

/// What a service runs on: a launch type or a strategy.
fn of_service(
    context: &Context<'_>,
    providers: &Providers,
    service: &ServiceManifest,
) -> Result<(Option<String>, Vec<CapacityProviderStrategyItem>), Failure> {
    let environment = context.manifest()?;
    if service.count == Count::Daemon && service.runs_in(Some(environment)) == Runs::Ec2 {
        // ECS takes no providers with a daemon: its constraint says which instances.
        return Ok((Some("EC2".to_owned()), Vec::new()));
    }
    let shares = match service.capacity_in(Some(environment)) {
        ServiceCapacity::Fargate => return Ok((None, super::scaling::capacity(&service.count))),
        ServiceCapacity::FargateSpot => {
            return Ok((None, vec![CapacityProviderStrategyItem::of("FARGATE_SPOT", 1, 0)]));
        }
        ServiceCapacity::External => return Ok((Some("EXTERNAL".to_owned()), Vec::new())),
        ServiceCapacity::Providers(shares) => shares,
    };
    let item = |share: &crate::manifest::service::Share| {
        let name = match share.provider.as_str() {
            "fargate" => Input::Known("FARGATE".into()),
            "fargate-spot" => Input::Known("FARGATE_SPOT".into()),
            name => providers.get(name).cloned().ok_or_else(|| {
                Failure::internal(format!("capacity `{name}` was not checked before planning"))
            })?,
        };
        let (weight, base) = (integer(share.weight), integer(share.base));
        Ok(CapacityProviderStrategyItem { capacity_provider: name, weight, base })
    };
    Ok((None, shares.iter().map(item).collect::<Result<_, Failure>>()?))
}

/// The word of ECS for where a task must be able to run.
pub(super) fn compatibility(runs: Runs) -> &'static str {
    match runs {
        Runs::Fargate => "FARGATE",
        Runs::Ec2 => "EC2",
        Runs::Managed => "MANAGED_INSTANCES",
        Runs::External => "EXTERNAL",
    }
}

/// The word of ECS for a network mode.
pub(super) fn mode(mode: NetworkMode) -> &'static str {
    match mode {
        NetworkMode::Awsvpc => "awsvpc",
        NetworkMode::Bridge => "bridge",
        NetworkMode::Host => "host",
        NetworkMode::None => "none",
    }
}

/// Constraints of placement: the manifest's, and for a daemon that it stays with the capacities that it names.
fn constraints(
    context: &Context<'_>,
    service: &ServiceManifest,
) -> Result<Vec<PlacementConstraint>, Failure> {
    let one = |constraint: &Constraint| match constraint {
        Constraint::DistinctInstance => {
            PlacementConstraint { constraint: "distinctInstance".to_owned(), expression: None }
        }
        Constraint::MemberOf(expression) => PlacementConstraint {
            constraint: "memberOf".to_owned(),
            expression: Some(expression.clone()),
        },
    };
    let mut all: Vec<_> = service.placement.constraints.iter().map(one).collect();
    let environment = context.manifest()?;
    if service.count == Count::Daemon
        && service.runs_in(Some(environment)) == Runs::Ec2
        && let ServiceCapacity::Providers(shares) = service.capacity_in(Some(environment))
    {
        let names: Vec<&str> = shares.iter().map(|share| share.provider.as_str()).collect();
        all.push(PlacementConstraint {
            constraint: "memberOf".to_owned(),
            expression: Some(format!("attribute:{ATTRIBUTE} in [{}]", names.join(", "))),
        });
    }
    Ok(all)
}

/// Strategies of placement.
fn strategies(service: &ServiceManifest) -> Vec<PlacementStrategy> {
    let one = |strategy: &Strategy| {
        let (kind, field) = match strategy {
            Strategy::Random => ("random", None),
            Strategy::Binpack(Resource::Cpu) => ("binpack", Some("cpu".to_owned())),
            Strategy::Binpack(Resource::Memory) => ("binpack", Some("memory".to_owned())),
            Strategy::Spread(field) if field == "instance" => {
                ("spread", Some("instanceId".to_owned()))
            }
            Strategy::Spread(field) => ("spread", Some(field.clone())),
        };
        PlacementStrategy { strategy: kind.to_owned(), field }
    };
    service.placement.strategies.iter().map(one).collect()
}
