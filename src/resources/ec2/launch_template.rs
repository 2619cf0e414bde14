//! A launch template: what an Auto Scaling group's instances are made from.
//!
//! A change makes a new version and moves the default to it. Groups follow the default: their next
//! instances are made from it, and those that run stay as they are.

use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest,
    LaunchTemplateTagSpecificationRequest, LaunchTemplatesMonitoringRequest,
    RequestLaunchTemplateData, ResourceType, ResponseLaunchTemplateData, Tag,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{SecurityGroupId, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::iam::InstanceProfileArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};

/// A launch template, named `identity.name(128)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplate {
    /// `ami-…`, or `resolve:ssm:PARAMETER`: then each launch takes the image that the parameter names.
    pub image: String,
    /// The type, where the group names none.
    pub instance_type: Option<String>,
    /// How its instances get their role.
    pub instance_profile: Option<Input<InstanceProfileArn>>,
    /// Security groups of the instances themselves.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// Instances get a public address.
    pub public_address: bool,
    /// Name of the SSH key pair.
    pub key_name: Option<String>,
    /// What an instance runs when it starts first; in clear here, in base64 for EC2.
    pub user_data: Option<String>,
    /// Disks that differ from the image's.
    pub disks: Vec<Disk>,
    /// CloudWatch gets measures every minute.
    pub detailed_monitoring: bool,
    /// Instances have bandwidth of their own for disks, where their type does not say so anyway.
    pub ebs_optimized: Option<bool>,
    /// The metadata service.
    pub metadata: Metadata,
    /// Tags of instances and their volumes.
    pub instance_tags: Tags,
    /// The user's own tags.
    pub tags: Tags,
}

/// One disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Its device's name: `/dev/xvda`.
    pub device: String,
    /// GiB.
    pub size: i32,
    /// `gp3` and so on.
    pub volume_type: String,
    /// Operations a second, for those types that take it.
    pub iops: Option<i32>,
    /// MiB a second, for those types that take it.
    pub throughput: Option<i32>,
    /// It is encrypted.
    pub encrypted: bool,
    /// The KMS key, if not the account's default.
    pub kms_key: Option<String>,
    /// The snapshot that it is made from, if not the image's.
    pub snapshot: Option<String>,
    /// It goes with its instance.
    pub delete_on_termination: bool,
}

/// How instances answer at the metadata service's address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// It answers at all.
    pub enabled: bool,
    /// Only requests with a token are answered (IMDSv2).
    pub tokens_required: bool,
    /// How many hops an answer may go: 1 stays on the instance, 2 reaches containers in bridge mode.
    pub hop_limit: i32,
    /// It answers on IPv6, too.
    pub ipv6: bool,
    /// It tells the instance's tags.
    pub tags: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self { enabled: true, tokens_required: true, hop_limit: 2, ipv6: false, tags: false }
    }
}

crate::ids! {
    /// `lt-0123…`.
    LaunchTemplateId,
}

crate::outputs!(LaunchTemplate => LaunchTemplateOutputs {
    /// What EC2 calls it.
    id: LaunchTemplateId,
});

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateLaunchTemplate.LaunchTemplateName", "the physical name follows from the address"),
    ("CreateLaunchTemplate.ClientToken", "makes the call idempotent, is no property"),
    ("CreateLaunchTemplate.DryRun", "a check, not a property"),
    ("CreateLaunchTemplate.VersionDescription", "versions are told apart by their number"),
    ("CreateLaunchTemplate.Operator", "for AWS's own services"),
    ("CreateLaunchTemplate.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateLaunchTemplate.LaunchTemplateData.KernelId", "for paravirtual images, which are gone"),
    ("CreateLaunchTemplate.LaunchTemplateData.RamDiskId", "for paravirtual images, which are gone"),
    ("CreateLaunchTemplate.LaunchTemplateData.IamInstanceProfile.Name", "named by its ARN"),
    (
        "CreateLaunchTemplate.LaunchTemplateData.BlockDeviceMappings[].VirtualName",
        "instance stores are there by themselves",
    ),
    (
        "CreateLaunchTemplate.LaunchTemplateData.BlockDeviceMappings[].NoDevice",
        "images for ECS have no disk to be left out",
    ),
    (
        "CreateLaunchTemplate.LaunchTemplateData.BlockDeviceMappings[].Ebs.VolumeInitializationRate",
        "disks of instances hold images only",
    ),
    (
        "CreateLaunchTemplate.LaunchTemplateData.BlockDeviceMappings[].Ebs.EbsCardIndex",
        "for the largest types only",
    ),
    (
        "CreateLaunchTemplate.LaunchTemplateData.NetworkInterfaces",
        "one, with the group's subnet: `public_address` and `security_groups`",
    ),
    (
        "CreateLaunchTemplate.LaunchTemplateData.Monitoring.MetricCategoryIds",
        "`detailed_monitoring` is all",
    ),
    ("CreateLaunchTemplate.LaunchTemplateData.Placement", "the group's subnets say where"),
    ("CreateLaunchTemplate.LaunchTemplateData.DisableApiTermination", "the group terminates"),
    ("CreateLaunchTemplate.LaunchTemplateData.DisableApiStop", "the group terminates"),
    (
        "CreateLaunchTemplate.LaunchTemplateData.InstanceInitiatedShutdownBehavior",
        "groups want `terminate`, their default",
    ),
    ("CreateLaunchTemplate.LaunchTemplateData.ElasticGpuSpecifications", "ended by AWS"),
    ("CreateLaunchTemplate.LaunchTemplateData.ElasticInferenceAccelerators", "ended by AWS"),
    ("CreateLaunchTemplate.LaunchTemplateData.SecurityGroups", "by name, for EC2-Classic"),
    ("CreateLaunchTemplate.LaunchTemplateData.InstanceMarketOptions", "the group's `spot` decides"),
    ("CreateLaunchTemplate.LaunchTemplateData.CreditSpecification", "the account's default"),
    ("CreateLaunchTemplate.LaunchTemplateData.CpuOptions", "the type's default"),
    (
        "CreateLaunchTemplate.LaunchTemplateData.CapacityReservationSpecification",
        "open reservations are used by themselves",
    ),
    ("CreateLaunchTemplate.LaunchTemplateData.LicenseSpecifications", "images for ECS need none"),
    ("CreateLaunchTemplate.LaunchTemplateData.HibernationOptions", "groups do not hibernate"),
    ("CreateLaunchTemplate.LaunchTemplateData.EnclaveOptions", "ECS does not use enclaves"),
    (
        "CreateLaunchTemplate.LaunchTemplateData.InstanceRequirements",
        "types are named; Managed Instances choose by need",
    ),
    ("CreateLaunchTemplate.LaunchTemplateData.PrivateDnsNameOptions", "the subnet's default"),
    ("CreateLaunchTemplate.LaunchTemplateData.MaintenanceOptions", "the account's default"),
    ("CreateLaunchTemplate.LaunchTemplateData.Operator", "for AWS's own services"),
    ("CreateLaunchTemplate.LaunchTemplateData.NetworkPerformanceOptions", "the type's default"),
    ("CreateLaunchTemplate.LaunchTemplateData.SecondaryInterfaces", "one interface is enough"),
];

impl Spec for LaunchTemplate {
    const KIND: &'static str = "ec2/launch-template";
}

impl Resource for LaunchTemplate {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Unordered("security_groups"), Rule::Unordered("disks")],
        observe_after: &["iam/instance-profile"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = LaunchTemplateOutputs;

    /// No call where nothing is wanted and nothing bears our tags.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let none = !bulk.keys().any(|arn| arn.contains(":launch-template/"));
        // The tagging API lags; profiles, which ours need, are listed at once.
        let none = none && query.seen.of("iam/instance-profile").is_empty();
        if query.wanted.is_empty() && none {
            return Ok(Found::default());
        }
        let mut found = Found::default();
        let mut pages = cx
            .ec2
            .describe_launch_templates()
            .set_filters(shared::owned(query))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| classify("ec2 DescribeLaunchTemplates", error))?;
            for template in page.launch_templates() {
                let Some((identity, own)) = shared::ownership(template.tags(), query) else {
                    continue;
                };
                let id = template.launch_template_id().unwrap_or_default();
                if let Some(data) = default_version(cx, id).await? {
                    found.owned.push(to_live(id, &data, identity, own));
                }
            }
        }
        let missing: Vec<&Identity> = query
            .wanted
            .iter()
            .filter(|one| !found.owned.iter().any(|live| live.identity.address == one.address))
            .collect();
        if !missing.is_empty() {
            let names = missing.iter().map(|one| one.name(NAME_LIMIT));
            let call = cx.ec2.describe_launch_templates();
            let filter = shared::filter("launch-template-name", names);
            let answer = call.filters(filter).send().await;
            let answer = answer.map_err(|error| classify("ec2 DescribeLaunchTemplates", error))?;
            for template in answer.launch_templates() {
                let name = template.launch_template_name().unwrap_or_default();
                let of = missing.iter().find(|one| one.name(NAME_LIMIT) == name);
                if let Some(wanted) = of {
                    let all = shared::from_sdk(template.tags());
                    let id = template.launch_template_id().unwrap_or_default();
                    found.foreign.push(tags::foreign(wanted, id, &all));
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .ec2
            .create_launch_template()
            .launch_template_name(identity.name(NAME_LIMIT))
            .client_token(identity.client_token())
            .launch_template_data(self.data()?)
            .tag_specifications(shared::on_create(
                ResourceType::LaunchTemplate,
                identity,
                &self.tags,
            ))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateLaunchTemplate", error))?;
        let id = answer.launch_template().and_then(|one| one.launch_template_id());
        let id = id.ok_or_else(|| shared::unnamed("ec2 CreateLaunchTemplate"))?.into();
        Ok(Progress::done(LaunchTemplateOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        if changes.iter().any(|change| !change.path.starts_with("tags")) {
            let call = cx.ec2.create_launch_template_version().launch_template_id(id);
            let answer = call.launch_template_data(self.data()?).send().await;
            let answer =
                answer.map_err(|error| classify("ec2 CreateLaunchTemplateVersion", error))?;
            let made = answer.launch_template_version().and_then(|one| one.version_number());
            let number = made.ok_or_else(|| shared::unnamed("ec2 CreateLaunchTemplateVersion"))?;
            let call = cx.ec2.modify_launch_template().launch_template_id(id);
            let sent = call.default_version(number.to_string()).send().await;
            sent.map_err(|error| classify("ec2 ModifyLaunchTemplate", error))?;
        }
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.ec2.delete_launch_template();
        let sent = call.launch_template_id(live.outputs.id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteLaunchTemplate", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let call = cx.ec2.describe_launch_templates();
        let call = match id.starts_with("lt-") {
            true => call.launch_template_ids(id),
            false => call.launch_template_names(id),
        };
        let sent = call.send().await;
        let answer =
            unless_gone(sent.map_err(|error| classify("ec2 DescribeLaunchTemplates", error)))?;
        let Some(template) = answer.and_then(|answer| answer.launch_templates?.into_iter().next())
        else {
            return Ok(None);
        };
        let id = template.launch_template_id().unwrap_or_default();
        let Some(data) = default_version(cx, id).await? else { return Ok(None) };
        let make = |identity, own| to_live(id, &data, identity, own);
        let existing = Existing::of(shared::from_sdk(template.tags()), wanted, make);
        Ok(Some(existing.named(template.launch_template_name().unwrap_or_default())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }
}

/// The longest name that EC2 takes.
const NAME_LIMIT: usize = 128;

/// The data of the default version; `None` where the template is gone.
async fn default_version(cx: &Cx, id: &str) -> Result<Option<ResponseLaunchTemplateData>, Failure> {
    let call = cx.ec2.describe_launch_template_versions().launch_template_id(id);
    let sent = call.versions("$Default").send().await;
    let sent = sent.map_err(|error| classify("ec2 DescribeLaunchTemplateVersions", error));
    let versions = unless_gone(sent)?.and_then(|answer| answer.launch_template_versions);
    let version = versions.and_then(|versions| versions.into_iter().next());
    Ok(version.and_then(|version| version.launch_template_data))
}

impl LaunchTemplate {
    /// The whole data: a version does not build on the one before.
    fn data(&self) -> Result<RequestLaunchTemplateData, Failure> {
        let groups: Vec<String> = self
            .security_groups
            .iter()
            .map(|group| Ok(group.get()?.0))
            .collect::<Result<_, Failure>>()?;
        let mut data = RequestLaunchTemplateData::builder()
            .image_id(&self.image)
            .set_instance_type(self.instance_type.as_deref().map(Into::into))
            .set_key_name(self.key_name.clone())
            .set_user_data(self.user_data.as_ref().map(|text| STANDARD.encode(text)))
            .set_ebs_optimized(self.ebs_optimized)
            .monitoring(
                LaunchTemplatesMonitoringRequest::builder()
                    .enabled(self.detailed_monitoring)
                    .build(),
            )
            .metadata_options(self.metadata.to_sdk());
        if let Some(profile) = &self.instance_profile {
            let profile = LaunchTemplateIamInstanceProfileSpecificationRequest::builder()
                .arn(profile.get()?.0)
                .build();
            data = data.iam_instance_profile(profile);
        }
        // A public address is the interface's, and then so are the groups.
        data = if self.public_address {
            data.network_interfaces(
                LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
                    .device_index(0)
                    .associate_public_ip_address(true)
                    .delete_on_termination(true)
                    .set_groups(Some(groups))
                    .build(),
            )
        } else {
            data.set_security_group_ids(Some(groups))
        };
        for disk in &self.disks {
            data = data.block_device_mappings(disk.to_sdk());
        }
        if !self.instance_tags.is_empty() {
            for kind in [ResourceType::Instance, ResourceType::Volume] {
                let pair =
                    |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
                data = data.tag_specifications(
                    LaunchTemplateTagSpecificationRequest::builder()
                        .resource_type(kind)
                        .set_tags(Some(self.instance_tags.iter().map(pair).collect()))
                        .build(),
                );
            }
        }
        Ok(data.build())
    }
}

impl Metadata {
    fn to_sdk(&self) -> LaunchTemplateInstanceMetadataOptionsRequest {
        let word = |on: bool| if on { "enabled" } else { "disabled" };
        LaunchTemplateInstanceMetadataOptionsRequest::builder()
            .http_endpoint(word(self.enabled).into())
            .http_tokens(if self.tokens_required {
                LaunchTemplateHttpTokensState::Required
            } else {
                LaunchTemplateHttpTokensState::Optional
            })
            .http_put_response_hop_limit(self.hop_limit)
            .http_protocol_ipv6(word(self.ipv6).into())
            .instance_metadata_tags(word(self.tags).into())
            .build()
    }
}

impl Disk {
    fn to_sdk(&self) -> LaunchTemplateBlockDeviceMappingRequest {
        LaunchTemplateBlockDeviceMappingRequest::builder()
            .device_name(&self.device)
            .ebs(
                LaunchTemplateEbsBlockDeviceRequest::builder()
                    .volume_size(self.size)
                    .volume_type(self.volume_type.as_str().into())
                    .set_iops(self.iops)
                    .set_throughput(self.throughput)
                    .encrypted(self.encrypted)
                    .set_kms_key_id(self.kms_key.clone())
                    .set_snapshot_id(self.snapshot.clone())
                    .delete_on_termination(self.delete_on_termination)
                    .build(),
            )
            .build()
    }
}

fn to_live(
    id: &str,
    data: &ResponseLaunchTemplateData,
    identity: Identity,
    tags: Tags,
) -> Live<LaunchTemplate> {
    Live {
        identity,
        spec: spec(data, tags),
        outputs: LaunchTemplateOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}

fn spec(data: &ResponseLaunchTemplateData, tags: Tags) -> LaunchTemplate {
    let interface = data.network_interfaces().first();
    let mut groups: Vec<String> = match interface {
        Some(interface) => interface.groups().to_vec(),
        None => data.security_group_ids().to_vec(),
    };
    groups.sort();
    let decoded = |text: &str| {
        let bytes = STANDARD.decode(text).ok()?;
        String::from_utf8(bytes).ok()
    };
    let mut disks: Vec<Disk> = data
        .block_device_mappings()
        .iter()
        .filter_map(|mapping| {
            let ebs = mapping.ebs()?;
            Some(Disk {
                device: mapping.device_name().unwrap_or_default().to_owned(),
                size: ebs.volume_size().unwrap_or_default(),
                volume_type: ebs.volume_type().map_or("gp2", |one| one.as_str()).to_owned(),
                iops: ebs.iops(),
                throughput: ebs.throughput(),
                encrypted: ebs.encrypted().unwrap_or(false),
                kms_key: ebs.kms_key_id().map(str::to_owned),
                snapshot: ebs.snapshot_id().map(str::to_owned),
                delete_on_termination: ebs.delete_on_termination().unwrap_or(true),
            })
        })
        .collect();
    disks.sort_by(|one, other| one.device.cmp(&other.device));
    let of_instances = data
        .tag_specifications()
        .iter()
        .find(|one| one.resource_type() == Some(&ResourceType::Instance));
    let options = data.metadata_options();
    let on = |word: Option<&str>, default: bool| word.map_or(default, |word| word == "enabled");
    let metadata = Metadata {
        enabled: on(options.and_then(|one| one.http_endpoint()).map(|one| one.as_str()), true),
        tokens_required: options.and_then(|one| one.http_tokens())
            == Some(&LaunchTemplateHttpTokensState::Required),
        hop_limit: options.and_then(|one| one.http_put_response_hop_limit()).unwrap_or(1),
        ipv6: on(options.and_then(|one| one.http_protocol_ipv6()).map(|one| one.as_str()), false),
        tags: on(
            options.and_then(|one| one.instance_metadata_tags()).map(|one| one.as_str()),
            false,
        ),
    };
    let profile = data.iam_instance_profile().and_then(|one| one.arn());
    LaunchTemplate {
        image: data.image_id().unwrap_or_default().to_owned(),
        instance_type: data.instance_type().map(|one| one.as_str().to_owned()),
        instance_profile: profile.map(|arn| Input::Known(arn.into())),
        security_groups: groups.into_iter().map(|id| Input::Known(id.into())).collect(),
        public_address: interface
            .and_then(|one| one.associate_public_ip_address())
            .unwrap_or(false),
        key_name: data.key_name().map(str::to_owned),
        user_data: data.user_data().and_then(decoded),
        disks,
        detailed_monitoring: data.monitoring().and_then(|one| one.enabled()).unwrap_or(false),
        ebs_optimized: data.ebs_optimized(),
        metadata,
        instance_tags: of_instances.map(|one| shared::from_sdk(one.tags())).unwrap_or_default(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ec2_leaves_out_is_its_default() {
        let bare = spec(&ResponseLaunchTemplateData::builder().build(), Tags::new());
        assert_eq!(
            bare.metadata,
            Metadata { tokens_required: false, hop_limit: 1, ..Metadata::default() }
        );
        assert_eq!((bare.user_data, bare.disks), (None, vec![]));
    }
}
