//! From what a node group shall be to the launch template and the Auto Scaling group that EKS keeps for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::versions::Version;
use super::{check, invalid};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::{self, instance_type};
use crate::local::error::AwsError;
use crate::local::params::Params;

/// What nodes run: each type's architecture.
pub(super) const TYPES: [&str; 23] = [
    "AL2_x86_64",
    "AL2_x86_64_GPU",
    "AL2_ARM_64",
    "CUSTOM",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    "WINDOWS_CORE_2019_x86_64",
    "WINDOWS_FULL_2019_x86_64",
    "WINDOWS_CORE_2022_x86_64",
    "WINDOWS_FULL_2022_x86_64",
    "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2025_x86_64",
    "AL2023_x86_64_STANDARD",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NEURON",
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
];

/// The releases of an image for a version of Kubernetes, the newest first.
pub(super) fn releases(ami: &str, version: Version) -> [String; 2] {
    match ami {
        _ if ami.starts_with("BOTTLEROCKET") => {
            ["1.51.0-47a7d3a1".to_owned(), "1.50.0-2c9e4f60".to_owned()]
        }
        _ if ami.starts_with("WINDOWS") => {
            [format!("{}-2026.11.11", version.text()), format!("{}-2026.10.15", version.text())]
        }
        _ => [format!("{}-20261112", version.whole()), format!("{}-20261029", version.whole())],
    }
}

/// The release that is wanted: the newest, if none is named.
pub(super) fn release(
    ami: &str,
    version: Version,
    wanted: Option<String>,
) -> Result<String, AwsError> {
    if ami.starts_with("AL2_") && version.minor > 32 {
        return Err(invalid(format!(
            "AMI Type {ami} is only supported for kubernetes versions 1.32 or earlier"
        )));
    }
    let known = releases(ami, version);
    match wanted {
        None => Ok(known[0].clone()),
        Some(wanted) if known.contains(&wanted) => Ok(wanted),
        Some(wanted) => Err(invalid(format!(
            "Requested release version {wanted} is not valid for kubernetes version {}.",
            version.text()
        ))),
    }
}

/// The instance types, which must be there and fit the image.
pub(super) fn check_types(ami: &str, types: &[String]) -> Result<(), AwsError> {
    for name in types {
        let Some(found) = instance_type::find(name) else {
            return Err(invalid(format!(
                "The following supplied instance types do not exist (on local AWS): [{name}]"
            )));
        };
        let arm = ami.contains("ARM_64");
        let gpu = ami.contains("NVIDIA") || ami.contains("GPU");
        let fits =
            ami == "CUSTOM" || (arm == (found.architecture == "arm64") && (!gpu || found.gpus > 0));
        if !fits {
            return Err(invalid(format!(
                "[{name}] is not a valid instance type for requested amiType {ami}"
            )));
        }
    }
    Ok(())
}

/// The caller's launch template: how it is shown, and what is in it.
pub(super) struct Template {
    pub(super) shown: Value,
    pub(super) data: Value,
}

impl Template {
    /// Reads `launchTemplate`, which must be there and hold nothing that EKS sets itself.
    pub(super) fn read(call: &Call<'_>, input: &Params) -> Result<Self, AwsError> {
        let (id, name) = (input.optional_text("id")?, input.optional_text("name")?);
        if id.is_some() == name.is_some() {
            return Err(invalid(
                "You must specify either the launch template ID or the launch template name in the request, \
                 but not both.",
            ));
        }
        let version = input.optional_text("version")?;
        let found = ec2::version_of(call, id, name, version);
        let (id, name, number, data) = found.map_err(|error| invalid(error.message))?;
        let interfaces = data.list("networkInterfaceSet");
        for (wrong, what) in [
            (data.has("iamInstanceProfile"), "an IAM instance profile"),
            (interfaces.iter().any(|one| one.has("subnetId")), "a subnet"),
            (data["instanceMarketOptions"].has("marketType"), "market options"),
            (data.has("hibernationOptions"), "hibernation options"),
            (data.has("instanceInitiatedShutdownBehavior"), "a shutdown behavior"),
        ] {
            if wrong {
                return Err(invalid(format!(
                    "Launch template {name} should not specify {what}. EKS sets it for managed node groups"
                )));
            }
        }
        Ok(Self { shown: json!({"id": id, "name": name, "version": number.to_string()}), data })
    }

    /// Does it bring an image of its own?
    pub(super) fn custom(&self) -> bool {
        self.data.has("imageId")
    }

    /// The instance type that it names.
    pub(super) fn instance_type(&self) -> &str {
        self.data.text("instanceType")
    }
}

/// The data of the template that EKS launches from.
pub(super) fn data(call: &Call<'_>, group: &Value, own: Option<&Value>, cluster: &Value) -> Value {
    let mut data = own.cloned().unwrap_or_else(|| json!({}));
    if !data.has("imageId") {
        data.set("imageId", image(call, group));
    }
    let security = cluster["resourcesVpcConfig"].text("clusterSecurityGroupId");
    if !data.has("securityGroupIdSet") && !data.has("networkInterfaceSet") {
        let mut groups = vec![security.to_owned()];
        let remote = group["resources"].text("remoteAccessSecurityGroup");
        if !remote.is_empty() {
            groups.push(remote.to_owned());
        }
        data.set("securityGroupIdSet", groups);
    }
    data.set("iamInstanceProfile", json!({"name": group["own"]["profile"]}));
    let tags = [
        ("eks:cluster-name", group.text("clusterName")),
        ("eks:nodegroup-name", group.text("nodegroupName")),
    ];
    let tags: Vec<Value> =
        tags.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let mut specifications = data.list("tagSpecificationSet").to_vec();
    match specifications.iter_mut().find(|one| one.text("resourceType") == "instance") {
        Some(one) => {
            let mut all = one.list("tagSet").to_vec();
            all.extend(tags);
            one.set("tagSet", all);
        }
        None => specifications.push(json!({"resourceType": "instance", "tagSet": tags})),
    }
    data.set("tagSpecificationSet", specifications);
    data
}

/// The id of the image that a release has: made from its name.
fn image(call: &Call<'_>, group: &Value) -> String {
    let mut hash = Sha256::new();
    for part in
        [&call.region, group.text("amiType"), group.text("version"), group.text("releaseVersion")]
    {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("ami-0{}", &hex[..16])
}

/// The members of the Auto Scaling group.
pub(super) fn scaling_group(group: &Value, template: &str) -> Value {
    let sizes = &group["scalingConfig"];
    let types = group.texts("instanceTypes");
    let overrides: Vec<Value> = types.iter().map(|name| json!({"InstanceType": name})).collect();
    let spot = group.text("capacityType") == "SPOT";
    let tag =
        |key: String, value: &str| json!({"Key": key, "Value": value, "PropagateAtLaunch": true});
    let cluster = group.text("clusterName");
    json!({
        "MinSize": sizes["minSize"], "MaxSize": sizes["maxSize"], "DesiredCapacity": sizes["desiredSize"],
        "VPCZoneIdentifier": group.texts("subnets").join(","),
        "CapacityRebalance": spot,
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Default"},
                "Overrides": overrides,
            },
            "InstancesDistribution": {
                "OnDemandAllocationStrategy": "prioritized",
                "OnDemandBaseCapacity": 0,
                "OnDemandPercentageAboveBaseCapacity": if spot { 0 } else { 100 },
                "SpotAllocationStrategy": if spot { "price-capacity-optimized" } else { "lowest-price" },
            },
        },
        "Tags": [
            tag("eks:cluster-name".to_owned(), cluster),
            tag("eks:nodegroup-name".to_owned(), group.text("nodegroupName")),
            tag(format!("k8s.io/cluster-autoscaler/{cluster}"), "owned"),
            tag("k8s.io/cluster-autoscaler/enabled".to_owned(), "true"),
            tag(format!("kubernetes.io/cluster/{cluster}"), "owned"),
        ],
    })
}

/// The profile by which nodes have their role.
pub(super) fn make_profile(call: &mut Call<'_>, name: &str, role: &str) {
    let document = json!({
        "Path": "/",
        "InstanceProfileName": name,
        "InstanceProfileId": call.ids.iam("AIPA"),
        "Arn": call.global_arn("iam", &format!("instance-profile/{name}")),
        "Created": call.now,
        "Tags": BTreeMap::<String, String>::new(),
        "Role": role.rsplit('/').next().unwrap_or_default(),
    });
    call.put(super::nodegroup::INSTANCE_PROFILES, name, document);
}

/// Why the nodes of a group will not join the cluster, if they will not.
pub(super) fn hindrance(call: &Call<'_>, group: &Value) -> Option<Value> {
    use crate::local::ec2::network;
    let role = check::role(call, group.text("nodeRole"))?;
    let worker = ["AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"];
    let subnets = group.texts("subnets");
    let shut = subnets.iter().find(|subnet| {
        !network::reaches_out(call, subnet, network::maps_public(call, subnet))
            && !network::reaches_endpoints(call, subnet, &["ec2", "ecr.api", "ecr.dkr", "sts"])
    });
    let why = match shut {
        Some(subnet) => format!("subnet {subnet} has no way to the internet or to VPC endpoints"),
        None if !check::has_policy(&role, &worker) => {
            format!("the node role has none of the policies {}", worker.join(", "))
        }
        None => return None,
    };
    Some(json!({
        "code": "NodeCreationFailure",
        "message": format!("Instances failed to join the kubernetes cluster: {why}"),
        "resourceIds": [],
    }))
}
