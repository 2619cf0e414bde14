//! Instances that ECS launches, patches and terminates itself (ECS Managed Instances).

use aws_sdk_ecs::types::{
    AutoRepairActionsStatus, AutoRepairConfiguration, CapacityReservationRequest,
    CreateManagedInstancesProviderConfiguration, InfrastructureOptimization,
    InstanceLaunchTemplate, InstanceLaunchTemplateUpdate,
    ManagedInstancesLocalStorageConfiguration, ManagedInstancesNetworkConfiguration,
    ManagedInstancesProvider, ManagedInstancesStorageConfiguration, PropagateMiTags,
    UpdateManagedInstancesProviderConfiguration,
};
use serde::{Deserialize, Serialize};

use super::requirements::{self, Requirements};
use crate::engine::{Failure, Input};
use crate::resources::ec2::{SecurityGroupId, SubnetId};
use crate::resources::ecs::convert::{built, some, sorted};
use crate::resources::iam::{InstanceProfileArn, RoleArn};

/// What ECS makes instances from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManagedInstances {
    /// The role in which ECS launches and terminates them.
    pub infrastructure_role: Input<RoleArn>,
    /// How they get their own role.
    pub instance_profile: Input<InstanceProfileArn>,
    /// Where.
    pub subnets: Vec<Input<SubnetId>>,
    /// Security groups of the instances.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// GiB of their data disk; ECS's default if none.
    pub storage: Option<i32>,
    /// Disks that are part of the machine are used for tasks.
    pub local_storage: Option<bool>,
    /// `BASIC` or `DETAILED`.
    pub monitoring: String,
    /// `ON_DEMAND`, `SPOT` or `RESERVED`.
    pub capacity_option: String,
    /// Which types may be chosen; those that fit the tasks best if none.
    pub requirements: Option<Requirements>,
    /// Cryptography by FIPS 140.
    pub fips: Option<bool>,
    /// Capacity reservations.
    pub reservations: Option<Reservations>,
    /// The metadata service tells an instance's tags.
    pub metadata_tags: Option<bool>,
    /// Instances get the provider's tags.
    pub propagate_tags: bool,
    /// Seconds after which ECS packs tasks closer and lets instances go; −1 for never, ECS's default if none.
    pub scale_in_after: Option<i32>,
    /// Unhealthy instances are replaced; ECS's default if none.
    pub auto_repair: Option<bool>,
}

/// Capacity reservations that are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservations {
    /// ARN of the resource group that holds them.
    pub group: Option<String>,
    /// `RESERVATIONS_ONLY`, `RESERVATIONS_FIRST` or `RESERVATIONS_EXCLUDED`.
    pub preference: Option<String>,
}

impl ManagedInstances {
    /// On demand, of whatever types fit, with ECS's defaults.
    pub fn new(
        infrastructure_role: Input<RoleArn>,
        instance_profile: Input<InstanceProfileArn>,
    ) -> Self {
        Self {
            infrastructure_role,
            instance_profile,
            subnets: Vec::new(),
            security_groups: Vec::new(),
            storage: None,
            local_storage: None,
            monitoring: "BASIC".to_owned(),
            capacity_option: "ON_DEMAND".to_owned(),
            requirements: None,
            fips: None,
            reservations: None,
            metadata_tags: None,
            propagate_tags: true,
            scale_in_after: None,
            auto_repair: None,
        }
    }

    fn network(&self) -> Result<ManagedInstancesNetworkConfiguration, Failure> {
        let subnets = self.subnets.iter().map(|one| Ok(one.get()?.0));
        let groups = self.security_groups.iter().map(|one| Ok(one.get()?.0));
        Ok(ManagedInstancesNetworkConfiguration::builder()
            .set_subnets(Some(subnets.collect::<Result<_, Failure>>()?))
            .set_security_groups(some(groups.collect::<Result<_, Failure>>()?))
            .build())
    }

    fn storage(&self) -> Option<ManagedInstancesStorageConfiguration> {
        let of = |size| ManagedInstancesStorageConfiguration::builder().storage_size_gib(size);
        self.storage.map(|size| of(size).build())
    }

    fn local_storage(&self) -> Option<ManagedInstancesLocalStorageConfiguration> {
        let of = |on| ManagedInstancesLocalStorageConfiguration::builder().use_local_storage(on);
        self.local_storage.map(|on| of(on).build())
    }

    fn reservations(&self) -> Option<CapacityReservationRequest> {
        self.reservations.as_ref().map(|one| {
            CapacityReservationRequest::builder()
                .set_reservation_group_arn(one.group.clone())
                .set_reservation_preference(one.preference.as_deref().map(Into::into))
                .build()
        })
    }

    fn propagate(&self) -> PropagateMiTags {
        match self.propagate_tags {
            true => PropagateMiTags::CapacityProvider,
            false => PropagateMiTags::None,
        }
    }

    fn optimization(&self) -> Option<InfrastructureOptimization> {
        let of = |after| InfrastructureOptimization::builder().scale_in_after(after);
        self.scale_in_after.map(|after| of(after).build())
    }

    fn repair(&self) -> Option<AutoRepairConfiguration> {
        let status = |on| match on {
            true => AutoRepairActionsStatus::Enabled,
            false => AutoRepairActionsStatus::Disabled,
        };
        let of = |on| AutoRepairConfiguration::builder().actions_status(status(on));
        self.auto_repair.map(|on| of(on).build())
    }

    pub(super) fn to_create(&self) -> Result<CreateManagedInstancesProviderConfiguration, Failure> {
        let template = InstanceLaunchTemplate::builder()
            .ec2_instance_profile_arn(self.instance_profile.get()?.0)
            .network_configuration(self.network()?)
            .set_storage_configuration(self.storage())
            .set_local_storage_configuration(self.local_storage())
            .monitoring(self.monitoring.as_str().into())
            .capacity_option_type(self.capacity_option.as_str().into())
            .set_instance_requirements(
                self.requirements.as_ref().map(requirements::to_sdk).transpose()?,
            )
            .set_fips_enabled(self.fips)
            .set_capacity_reservations(self.reservations())
            .set_instance_metadata_tags_propagation(self.metadata_tags)
            .build();
        built(
            CreateManagedInstancesProviderConfiguration::builder()
                .infrastructure_role_arn(self.infrastructure_role.get()?.0)
                .instance_launch_template(built(template)?)
                .propagate_tags(self.propagate())
                .set_infrastructure_optimization(self.optimization())
                .set_auto_repair_configuration(self.repair())
                .build(),
        )
    }

    pub(super) fn to_update(&self) -> Result<UpdateManagedInstancesProviderConfiguration, Failure> {
        let template = InstanceLaunchTemplateUpdate::builder()
            .ec2_instance_profile_arn(self.instance_profile.get()?.0)
            .network_configuration(self.network()?)
            .set_storage_configuration(self.storage())
            .set_local_storage_configuration(self.local_storage())
            .monitoring(self.monitoring.as_str().into())
            .set_instance_requirements(
                self.requirements.as_ref().map(requirements::to_sdk).transpose()?,
            )
            .set_capacity_reservations(self.reservations())
            .set_instance_metadata_tags_propagation(self.metadata_tags)
            .build();
        built(
            UpdateManagedInstancesProviderConfiguration::builder()
                .infrastructure_role_arn(self.infrastructure_role.get()?.0)
                .instance_launch_template(template)
                .propagate_tags(self.propagate())
                .set_infrastructure_optimization(self.optimization())
                .set_auto_repair_configuration(self.repair())
                .build(),
        )
    }
}

pub(super) fn from_sdk(one: &ManagedInstancesProvider) -> ManagedInstances {
    let template = one.instance_launch_template();
    let network = template.and_then(|one| one.network_configuration());
    let ids = |list: Option<&[String]>| sorted(list.unwrap_or_default());
    ManagedInstances {
        infrastructure_role: Input::Known(one.infrastructure_role_arn().unwrap_or_default().into()),
        instance_profile: Input::Known(
            template.map(|one| one.ec2_instance_profile_arn()).unwrap_or_default().into(),
        ),
        subnets: ids(network.map(|one| one.subnets()))
            .into_iter()
            .map(|id| Input::Known(id.into()))
            .collect(),
        security_groups: ids(network.map(|one| one.security_groups()))
            .into_iter()
            .map(|id| Input::Known(id.into()))
            .collect(),
        storage: template
            .and_then(|one| one.storage_configuration())
            .and_then(|one| one.storage_size_gib()),
        local_storage: template
            .and_then(|one| one.local_storage_configuration())
            .map(|one| one.use_local_storage()),
        monitoring: template
            .and_then(|one| one.monitoring())
            .map_or("BASIC", |one| one.as_str())
            .to_owned(),
        capacity_option: template
            .and_then(|one| one.capacity_option_type())
            .map_or("ON_DEMAND", |one| one.as_str())
            .to_owned(),
        requirements: template
            .and_then(|one| one.instance_requirements())
            .map(requirements::from_sdk),
        fips: template.and_then(|one| one.fips_enabled()),
        reservations: template.and_then(|one| one.capacity_reservations()).map(|one| {
            Reservations {
                group: one.reservation_group_arn().map(str::to_owned),
                preference: one.reservation_preference().map(|one| one.as_str().to_owned()),
            }
        }),
        metadata_tags: template.and_then(|one| one.instance_metadata_tags_propagation()),
        propagate_tags: one.propagate_tags() == Some(&PropagateMiTags::CapacityProvider),
        scale_in_after: one.infrastructure_optimization().and_then(|one| one.scale_in_after()),
        auto_repair: one
            .auto_repair_configuration()
            .and_then(|one| one.actions_status())
            .map(|one| *one == AutoRepairActionsStatus::Enabled),
    }
}
