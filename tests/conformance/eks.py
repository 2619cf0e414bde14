"""eks: clusters, updates, node groups, profiles, add-ons, access, pod identities, providers, insights, capabilities."""

import base64
import json

from harness import ACCOUNT, check, client, refused, summary, until

eks, ec2, iam, scaling = client("eks"), client("ec2"), client("iam"), client("autoscaling")
tagging = client("resourcegroupstaggingapi")
INVALID, REQUEST, USED, GONE = (
    "InvalidParameterException", "InvalidRequestException", "ResourceInUseException", "ResourceNotFoundException",
)


def role(name, service, *policies, actions=("sts:AssumeRole",)):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    return arn


def read_back(what, found, written):
    """Every member that was written is read back as it was."""
    for name, value in written.items():
        if isinstance(value, dict) and isinstance(found.get(name), dict):
            read_back(f"{what}.{name}", found[name], value)
        else:
            check(f"{what}.{name}", found.get(name), value)


# The surroundings ---------------------------------------------------------------------------------
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{'ab'[n % 2]}")["Subnet"]["SubnetId"]
    for n in range(4)
]
public, private = subnets[:2], subnets[2:]
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
for subnet in public:
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
group = ec2.create_security_group(GroupName="more", Description="more", VpcId=vpc)["GroupId"]
both = ("sts:AssumeRole", "sts:TagSession")
cluster_role = role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy", actions=both)
node_role = role("node", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
auto_role = role("auto", "ec2.amazonaws.com", "AmazonEKSWorkerNodeMinimalPolicy")
pod_role = role("pod", "pods.eks.amazonaws.com", actions=both)
other_role = role("other", "pods.eks.amazonaws.com", actions=both)
fargate_role = role("fargate", "eks-fargate-pods.amazonaws.com")
argo_role = role("argo", "capabilities.eks.amazonaws.com", actions=both)

# Versions -----------------------------------------------------------------------------------------
versions = eks.describe_cluster_versions()["clusterVersions"]
defaults = [one["clusterVersion"] for one in versions if one["defaultVersion"]]
check("one default", len(defaults))
default = defaults[0]
minor = int(default.split(".")[1])
check("only default", [one["clusterVersion"] for one in eks.describe_cluster_versions(defaultOnly=True)["clusterVersions"]], [default])
check("by status", all(one["versionStatus"] == "EXTENDED_SUPPORT" for one in eks.describe_cluster_versions(versionStatus="EXTENDED_SUPPORT")["clusterVersions"]))
check("all", len(eks.describe_cluster_versions(includeAll=True)["clusterVersions"]) >= len(versions))
check("page", len(eks.describe_cluster_versions(maxResults=1)["clusterVersions"]), 1)

# Refusals of clusters -----------------------------------------------------------------------------
net = {"subnetIds": private}
plain = {"name": "c", "roleArn": cluster_role, "resourcesVpcConfig": net}


def no(code, what, **changes):
    refused(code, what, eks.create_cluster, **{**plain, **changes})


no(INVALID, "name", name="-c")
no(INVALID, "old version", version="1.29")
no(INVALID, "no role", roleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
no(INVALID, "role of another", roleArn=node_role)
no(INVALID, "one zone", resourcesVpcConfig={"subnetIds": private[:1]})
no(INVALID, "no subnet", resourcesVpcConfig={"subnetIds": ["subnet-0123456789abcdef0", private[0]]})
no(INVALID, "no group", resourcesVpcConfig={**net, "securityGroupIds": ["sg-0123456789abcdef0"]})
no(INVALID, "no endpoint", resourcesVpcConfig={**net, "endpointPublicAccess": False})
no(INVALID, "private block", resourcesVpcConfig={**net, "publicAccessCidrs": ["10.0.0.0/8"]})
no(INVALID, "services overlap", kubernetesNetworkConfig={"serviceIpv4Cidr": "10.0.0.0/20"})
no(INVALID, "services too large", kubernetesNetworkConfig={"serviceIpv4Cidr": "10.0.0.0/8"})
no(INVALID, "ipv6 without blocks", kubernetesNetworkConfig={"ipFamily": "ipv6"})
on = {
    "computeConfig": {"enabled": True, "nodePools": ["general-purpose"], "nodeRoleArn": auto_role},
    "storageConfig": {"blockStorage": {"enabled": True}},
    "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": True}},
    "bootstrapSelfManagedAddons": False,
    "accessConfig": {"authenticationMode": "API"},
}
no(INVALID, "half of Auto Mode", **{**on, "storageConfig": {"blockStorage": {"enabled": False}}})
no(INVALID, "Auto Mode and self-managed add-ons", **{**on, "bootstrapSelfManagedAddons": True})
no(INVALID, "Auto Mode and config map", **{**on, "accessConfig": {"authenticationMode": "CONFIG_MAP"}})
no(INVALID, "node pool", **{**on, "computeConfig": {**on["computeConfig"], "nodePools": ["General"]}})
no(INVALID, "role without pools", **{**on, "computeConfig": {**on["computeConfig"], "nodePools": []}})
no(INVALID, "pools without Auto Mode", computeConfig={"enabled": False, "nodePools": ["system"]})
no(INVALID, "key", encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:us-east-1:1:key/a"}}])
no(INVALID, "hybrid", remoteNetworkConfig={"remoteNodeNetworks": [{"cidrs": ["8.8.8.0/24"]}]})
extended = [one["clusterVersion"] for one in versions if one["status"] == "extended-support"]
if extended:
    no(INVALID, "extended support", version=extended[0], upgradePolicy={"supportType": "STANDARD"})
no("NotImplementedByLocalAws", "Outposts", outpostConfig={"outpostArns": ["a"], "controlPlaneInstanceType": "m5.large"})

# A cluster with everything ------------------------------------------------------------------------
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/a"
written = {
    "name": "main", "version": f"1.{minor - 1}", "roleArn": cluster_role,
    "resourcesVpcConfig": {
        "subnetIds": private, "securityGroupIds": [group], "endpointPublicAccess": True, "endpointPrivateAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"], "controlPlaneEgressMode": "AWS_MANAGED",
    },
    "kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.200.0.0/16", "ipFamily": "ipv4", "elasticLoadBalancing": {"enabled": False}},
    "logging": {"clusterLogging": [
        {"types": ["api", "audit"], "enabled": True}, {"types": ["authenticator", "controllerManager", "scheduler"], "enabled": False},
    ]},
    "tags": {"team": "a"},
    "encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": KEY}}],
    "accessConfig": {"authenticationMode": "API"},
    "upgradePolicy": {"supportType": "STANDARD"}, "zonalShiftConfig": {"enabled": True},
    "remoteNetworkConfig": {"remoteNodeNetworks": [{"cidrs": ["192.168.0.0/24"]}], "remotePodNetworks": [{"cidrs": ["192.168.1.0/24"]}]},
    "deletionProtection": True, "controlPlaneScalingConfig": {"tier": "tier-xl"},
    "kubeApiServerConfig": {"eventTtl": "2h", "serviceNodePortRange": {"minPort": 30000, "maxPort": 31000}},
    "kubeSchedulerConfig": {"nodeResourcesFit": {"scoringStrategy": {"type": "MostAllocated", "resources": [{"name": "cpu", "weight": 3}]}}},
    "kubeControllerManagerConfig": {
        "podGcControllerConfig": {"terminatedPodGcThreshold": 500},
        "horizontalPodAutoscalerControllerConfig": {"horizontalPodAutoscalerSyncPeriod": "30s"},
    },
}
made = eks.create_cluster(**written, bootstrapSelfManagedAddons=False, clientRequestToken="one")["cluster"]
check("creating", (made["status"], made["arn"], "endpoint" in made), ("CREATING", f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/main", False))
read_back("created", made, written)
check("same token", eks.create_cluster(**written, bootstrapSelfManagedAddons=False, clientRequestToken="one")["cluster"]["arn"], made["arn"])
refused(USED, "name is taken", eks.create_cluster, **{**plain, "name": "main"})
refused(GONE, "not there", eks.describe_cluster, name="none")


def cluster(name="main"):
    return eks.describe_cluster(name=name)["cluster"]


def active(name="main"):
    until(f"{name} is active", lambda: cluster(name)["status"] == "ACTIVE")


active()
found = cluster()
read_back("described", found, written)
check("endpoint", found["endpoint"].endswith(".eks.amazonaws.com"))
check("authority", base64.b64decode(found["certificateAuthority"]["data"]).startswith(b"-----BEGIN CERTIFICATE-----"))
check("issuer", found["identity"]["oidc"]["issuer"].startswith("https://oidc.eks.eu-west-1.amazonaws.com/id/"))
check("healthy", found["health"], {"issues": []})
own = found["resourcesVpcConfig"]["clusterSecurityGroupId"]
check("group", ec2.describe_security_groups(GroupIds=[own])["SecurityGroups"][0]["VpcId"], vpc)
interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["Amazon EKS main"]}])["NetworkInterfaces"]
check("interfaces", len(interfaces), 2)
refused("DependencyViolation", "subnet in use", ec2.delete_subnet, SubnetId=private[0])
check("listed", eks.list_clusters()["clusters"], ["main"])
check("tagged", [one["ResourceARN"] for one in tagging.get_resources(ResourceTypeFilters=["eks:cluster"])["ResourceTagMappingList"]], [made["arn"]])

# Updates, one concern and one at a time -----------------------------------------------------------
def change(what, kind=None, **changes):
    update = eks.update_cluster_config(name="main", **changes)["update"]
    check(f"{what} began", (update["status"], update["type"]), ("InProgress", kind or update["type"]))
    until(what, lambda: eks.describe_update(name="main", updateId=update["id"])["update"]["status"] == "Successful")
    active()
    return update["id"]


def unchanged(code, what, **changes):
    refused(code, what, eks.update_cluster_config, name="main", **changes)


unchanged(INVALID, "two concerns", upgradePolicy={"supportType": "EXTENDED"}, zonalShiftConfig={"enabled": False})
unchanged(INVALID, "nothing new", logging=written["logging"])
unchanged(INVALID, "groups and access", resourcesVpcConfig={"securityGroupIds": [], "endpointPublicAccess": False})
unchanged(INVALID, "back to the config map", accessConfig={"authenticationMode": "CONFIG_MAP"})
unchanged(INVALID, "other services", kubernetesNetworkConfig={"serviceIpv4Cidr": "10.201.0.0/16"})
first = change("logging", "LoggingUpdate", logging={"clusterLogging": [{"types": ["audit"], "enabled": False}, {"types": ["scheduler"], "enabled": True}]}, clientRequestToken="l")
check("logs", cluster()["logging"]["clusterLogging"][0], {"types": ["api", "scheduler"], "enabled": True})
again = eks.update_cluster_config(name="main", logging={"clusterLogging": []}, clientRequestToken="l")["update"]
check("same token, same update", again["id"], first)
change("endpoint", "EndpointAccessUpdate", resourcesVpcConfig={"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]})
check("access", (cluster()["resourcesVpcConfig"]["endpointPrivateAccess"], cluster()["resourcesVpcConfig"]["publicAccessCidrs"]), (False, ["0.0.0.0/0"]))
change("network", "VpcConfigUpdate", resourcesVpcConfig={"subnetIds": subnets, "securityGroupIds": []})
check("subnets", cluster()["resourcesVpcConfig"]["subnetIds"], subnets)
change("policy", "UpgradePolicyUpdate", upgradePolicy={"supportType": "EXTENDED"})
change("shift", "ZonalShiftConfigUpdate", zonalShiftConfig={"enabled": False})
change("tier", "ControlPlaneScalingConfigUpdate", controlPlaneScalingConfig={"tier": "standard"})
change("hybrid", "RemoteNetworkConfigUpdate", remoteNetworkConfig={"remoteNodeNetworks": [], "remotePodNetworks": []})
change("components", "ControlPlaneComponentConfigUpdate", kubeApiServerConfig={"eventTtl": "1h"})
refused(REQUEST, "protected", eks.delete_cluster, name="main")
change("protection", "DeletionProtectionUpdate", deletionProtection=False)
after = cluster()
check("all changed", [after[name] for name in ("upgradePolicy", "zonalShiftConfig", "controlPlaneScalingConfig", "deletionProtection", "kubeApiServerConfig")],
      [{"supportType": "EXTENDED"}, {"enabled": False}, {"tier": "standard"}, False, {"eventTtl": "1h"}])
unchanged(INVALID, "half of Auto Mode", computeConfig=on["computeConfig"])
change("Auto Mode", "AutoModeUpdate", computeConfig={"enabled": True, "nodePools": ["system"], "nodeRoleArn": auto_role},
       storageConfig=on["storageConfig"], kubernetesNetworkConfig=on["kubernetesNetworkConfig"])
check("compute", cluster()["computeConfig"], {"enabled": True, "nodePools": ["system"], "nodeRoleArn": auto_role})
check("entry of nodes", eks.describe_access_entry(clusterName="main", principalArn=auto_role)["accessEntry"]["type"], "EC2")
off = {"computeConfig": {"enabled": False}, "storageConfig": {"blockStorage": {"enabled": False}}, "kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": False}}}
change("Auto Mode off", "AutoModeUpdate", **off)
refused(INVALID, "encrypted already", eks.associate_encryption_config, clusterName="main", encryptionConfig=written["encryptionConfig"])
check("updates", len(eks.list_updates(name="main")["updateIds"]), 11)
check("latest first", eks.list_updates(name="main", maxResults=1)["updateIds"][0] != first)
refused(GONE, "no update", eks.describe_update, name="main", updateId="none")

# Versions go up by one ----------------------------------------------------------------------------
refused(INVALID, "two at once", eks.update_cluster_version, name="main", version=f"1.{minor + 1}")
refused(INVALID, "no such version", eks.update_cluster_version, name="main", version="1.99")
refused("NotImplementedByLocalAws", "back", eks.update_cluster_version, name="main", version=f"1.{minor - 2}")

# Node groups --------------------------------------------------------------------------------------
group_written = {
    "clusterName": "main", "nodegroupName": "ng", "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}, "diskSize": 40,
    "subnets": public, "instanceTypes": ["m5.large", "m6i.large"], "amiType": "AL2023_x86_64_STANDARD", "nodeRole": node_role,
    "remoteAccess": {"ec2SshKey": "key", "sourceSecurityGroups": [group]}, "labels": {"a": "1"},
    "taints": [{"key": "k", "value": "v", "effect": "NO_SCHEDULE"}], "tags": {"team": "a"},
    "updateConfig": {"maxUnavailablePercentage": 30, "updateStrategy": "MINIMAL"},
    "nodeRepairConfig": {"enabled": True, "maxUnhealthyNodeThresholdCount": 2, "nodeRepairConfigOverrides": [
        {"nodeMonitoringCondition": "a", "nodeUnhealthyReason": "b", "minRepairWaitTimeMins": 5, "repairAction": "Reboot"}]},
    "capacityType": "SPOT", "version": f"1.{minor - 1}",
    "warmPoolConfig": {"enabled": True, "minSize": 1, "maxGroupPreparedCapacity": 4, "poolState": "STOPPED", "reuseOnScaleIn": True},
}


def no_group(what, code=INVALID, **changes):
    refused(code, what, eks.create_nodegroup, **{**{k: v for k, v in group_written.items() if changes.get(k, 1) is not None}, **{k: v for k, v in changes.items() if v is not None}})


no_group("role", nodeRole=f"arn:aws:iam::{ACCOUNT}:role/none")
no_group("role of another", nodeRole=cluster_role)
no_group("subnet", subnets=["subnet-0123456789abcdef0"])
no_group("architecture", amiType="AL2023_ARM_64_STANDARD")
no_group("no graphics card", amiType="AL2023_x86_64_NVIDIA")
no_group("instance type", instanceTypes=["x9.huge"])
no_group("sizes", scalingConfig={"minSize": 3, "maxSize": 2, "desiredSize": 2})
no_group("version", version=f"1.{minor}")
no_group("old image", amiType="AL2_x86_64")
no_group("release", releaseVersion="1.0-1")
no_group("own label", labels={"kubernetes.io/a": "b"})
no_group("taints twice", taints=group_written["taints"] * 2)
no_group("two limits", updateConfig={"maxUnavailable": 1, "maxUnavailablePercentage": 3})
no_group("no cluster", GONE, clusterName="none")
no_group("no template", launchTemplate={"name": "none"}, diskSize=None, remoteAccess=None)
made = eks.create_nodegroup(**group_written, clientRequestToken="g")["nodegroup"]
check("creating", made["status"], "CREATING")
refused(USED, "name is taken", eks.create_nodegroup, **group_written)
check("same token", eks.create_nodegroup(**group_written, clientRequestToken="g")["nodegroup"]["nodegroupArn"], made["nodegroupArn"])


def nodes(name="ng"):
    return eks.describe_nodegroup(clusterName="main", nodegroupName=name)["nodegroup"]


def nodes_active(name="ng"):
    until(f"{name} is active", lambda: nodes(name)["status"] == "ACTIVE")


nodes_active()
read_back("node group", nodes(), group_written)
asg = nodes()["resources"]["autoScalingGroups"][0]["name"]
check("auto scaling group", len(scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[asg])["AutoScalingGroups"][0]["Instances"]), 2)
check("entry of nodes", eks.describe_access_entry(clusterName="main", principalArn=node_role)["accessEntry"]["type"], "EC2_LINUX")
scaling.set_desired_capacity(AutoScalingGroupName=asg, DesiredCapacity=3)
check("scaled by others", nodes()["scalingConfig"]["desiredSize"], 3)


def change_group(what, call, **changes):
    update = call(clusterName="main", nodegroupName="ng", **changes)["update"]
    check(f"{what} began", update["status"], "InProgress")
    until(what, lambda: eks.describe_update(name="main", nodegroupName="ng", updateId=update["id"])["update"]["status"] == "Successful")
    nodes_active()


change_group("config", eks.update_nodegroup_config, labels={"addOrUpdateLabels": {"b": "2"}, "removeLabels": ["a"]},
             taints={"addOrUpdateTaints": [{"key": "n", "effect": "NO_EXECUTE"}], "removeTaints": group_written["taints"]},
             scalingConfig={"minSize": 0, "maxSize": 2, "desiredSize": 1}, updateConfig={"maxUnavailable": 2},
             nodeRepairConfig={"enabled": False}, warmPoolConfig={"enabled": False})
found = nodes()
check("changed", [found[name] for name in ("labels", "taints", "scalingConfig", "updateConfig", "nodeRepairConfig", "warmPoolConfig")],
      [{"b": "2"}, [{"key": "n", "effect": "NO_EXECUTE"}], {"minSize": 0, "maxSize": 2, "desiredSize": 1}, {"maxUnavailable": 2}, {"enabled": False}, {"enabled": False}])
check("shrunk", len(scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[asg])["AutoScalingGroups"][0]["Instances"]), 1)
refused(INVALID, "no change", eks.update_nodegroup_config, clusterName="main", nodegroupName="ng")
refused(INVALID, "no update", eks.update_nodegroup_version, clusterName="main", nodegroupName="ng")
refused(INVALID, "newer than the cluster", eks.update_nodegroup_version, clusterName="main", nodegroupName="ng", version=f"1.{minor}")
refused(USED, "cluster has nodes", eks.delete_cluster, name="main")
check("insights", {one["insightStatus"]["status"] for one in eks.list_insights(clusterName="main")["insights"]}, {"PASSING"})
update = eks.update_cluster_version(name="main", version=default)["update"]
check("upgrade", (update["type"], update["params"][0]), ("VersionUpdate", {"type": "Version", "value": default}))
active()
check("upgraded", cluster()["version"], default)
refused(REQUEST, "nodes are behind", eks.update_cluster_version, name="main", version=f"1.{minor + 1}")
skew = [one for one in eks.list_insights(clusterName="main", filter={"statuses": ["WARNING"]})["insights"]]
check("skew", [one["name"] for one in skew], ["Kubelet version skew"])
insight = eks.describe_insight(clusterName="main", id=skew[0]["id"])["insight"]
check("whose", insight["resources"][0]["arn"], nodes()["nodegroupArn"])
refused(GONE, "no insight", eks.describe_insight, clusterName="main", id="none")
check("refresh", eks.start_insights_refresh(clusterName="main")["status"], "IN_PROGRESS")
until("refreshed", lambda: eks.describe_insights_refresh(clusterName="main")["status"] == "COMPLETED")
change_group("version", eks.update_nodegroup_version)
check("nodes follow", nodes()["version"], default)

# A launch template of the caller's ------------------------------------------------------------------
data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "m5.large", "MetadataOptions": {"HttpTokens": "required"}}
template = ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData=data)["LaunchTemplate"]["LaunchTemplateId"]
own_group = {"clusterName": "main", "nodegroupName": "own", "subnets": public, "nodeRole": node_role, "launchTemplate": {"id": template, "version": "1"}}
refused(INVALID, "type twice", eks.create_nodegroup, **own_group, instanceTypes=["m5.large"])
refused(INVALID, "disk twice", eks.create_nodegroup, **own_group, diskSize=20)
refused(INVALID, "image of EKS", eks.create_nodegroup, **own_group, amiType="AL2023_x86_64_STANDARD")
refused(INVALID, "version of EKS", eks.create_nodegroup, **own_group, version=default)
check("custom", eks.create_nodegroup(**own_group)["nodegroup"]["amiType"], "CUSTOM")
nodes_active("own")
check("template", nodes("own")["launchTemplate"], {"id": template, "name": "own", "version": "1"})
ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={**data, "ImageId": "ami-0fedcba9876543210"})
update = eks.update_nodegroup_version(clusterName="main", nodegroupName="own", launchTemplate={"id": template, "version": "2"})["update"]
nodes_active("own")
check("next version", (nodes("own")["launchTemplate"]["version"], nodes("own")["releaseVersion"]), ("2", "ami-0fedcba9876543210"))
check("groups", eks.list_nodegroups(clusterName="main")["nodegroups"], ["ng", "own"])
lonely = {"clusterName": "main", "nodegroupName": "lonely", "subnets": private, "nodeRole": node_role}
eks.create_nodegroup(**lonely)
until("no way out", lambda: nodes("lonely")["status"] == "CREATE_FAILED")
check("why", nodes("lonely")["health"]["issues"][0]["code"], "NodeCreationFailure")

# Fargate --------------------------------------------------------------------------------------------
profile = {
    "clusterName": "main", "fargateProfileName": "fp", "podExecutionRoleArn": fargate_role, "subnets": private,
    "selectors": [{"namespace": "default", "labels": {"run": "fargate"}}, {"namespace": "kube-system"}], "tags": {"team": "a"},
}
refused(INVALID, "public subnet", eks.create_fargate_profile, **{**profile, "subnets": public})
refused(INVALID, "role", eks.create_fargate_profile, **{**profile, "podExecutionRoleArn": node_role})
refused(INVALID, "no selectors", eks.create_fargate_profile, **{**profile, "selectors": []})
read_back("profile", eks.create_fargate_profile(**profile)["fargateProfile"], profile)


def fargate():
    return eks.describe_fargate_profile(clusterName="main", fargateProfileName="fp")["fargateProfile"]


until("profile", lambda: fargate()["status"] == "ACTIVE")
read_back("profile", fargate(), profile)
refused(INVALID, "name is taken", eks.create_fargate_profile, **profile)
refused(GONE, "no profile", eks.describe_fargate_profile, clusterName="main", fargateProfileName="none")
check("profiles", eks.list_fargate_profiles(clusterName="main")["fargateProfileNames"], ["fp"])
check("entry of Fargate", eks.describe_access_entry(clusterName="main", principalArn=fargate_role)["accessEntry"]["type"], "FARGATE_LINUX")

# Add-ons --------------------------------------------------------------------------------------------
offered = eks.describe_addon_versions(kubernetesVersion=default, addonName="vpc-cni")["addons"][0]["addonVersions"]
newest = offered[0]["addonVersion"]
usual = next(one["addonVersion"] for one in offered if one["compatibilities"][0]["defaultVersion"])
check("of AWS", all(one["owner"] == "aws" for one in eks.describe_addon_versions(owners=["aws"])["addons"]))
described = eks.describe_addon_configuration(addonName="vpc-cni", addonVersion=newest)
check("schema", "env" in json.loads(described["configurationSchema"])["properties"])
check("account", described["podIdentityConfiguration"][0]["serviceAccount"], "aws-node")
refused(GONE, "no such version", eks.describe_addon_configuration, addonName="vpc-cni", addonVersion="v0")
addon_written = {
    "clusterName": "main", "addonName": "vpc-cni", "addonVersion": usual, "serviceAccountRoleArn": node_role,
    "configurationValues": '{"env": {"ENABLE_PREFIX_DELEGATION": "true"}}', "tags": {"team": "a"}, "namespaceConfig": {"namespace": "kube-system"},
}
refused(INVALID, "no add-on", eks.create_addon, clusterName="main", addonName="none")
refused(INVALID, "version", eks.create_addon, clusterName="main", addonName="vpc-cni", addonVersion="v0.0.1")
refused(INVALID, "values", eks.create_addon, clusterName="main", addonName="vpc-cni", configurationValues='{"nonsense": 1}')
refused(INVALID, "role", eks.create_addon, clusterName="main", addonName="vpc-cni", serviceAccountRoleArn=f"arn:aws:iam::{ACCOUNT}:role/none")
refused(INVALID, "identity", eks.create_addon, clusterName="main", addonName="vpc-cni", podIdentityAssociations=[{"serviceAccount": "aws-node", "roleArn": node_role}])
identity = [{"serviceAccount": "aws-node", "roleArn": pod_role}]
made = eks.create_addon(**addon_written, resolveConflicts="OVERWRITE", podIdentityAssociations=identity)["addon"]
read_back("add-on", made, addon_written)


def addon(name="vpc-cni"):
    return eks.describe_addon(clusterName="main", addonName=name)["addon"]


until("add-on", lambda: addon()["status"] == "ACTIVE")
read_back("add-on", addon(), addon_written)
check("associations", len(addon()["podIdentityAssociations"]))
refused(USED, "add-on is there", eks.create_addon, clusterName="main", addonName="vpc-cni")
update = eks.update_addon(clusterName="main", addonName="vpc-cni", addonVersion=newest, configurationValues="", resolveConflicts="PRESERVE", podIdentityAssociations=[])["update"]
check("add-on's update", (update["type"], update["status"]), ("AddonUpdate", "InProgress"))
until("updated", lambda: eks.describe_update(name="main", addonName="vpc-cni", updateId=update["id"])["update"]["status"] == "Successful")
found = addon()
check("newest", (found["addonVersion"], "configurationValues" in found, "podIdentityAssociations" in found, "serviceAccountRoleArn" in found), (newest, False, False, False))
eks.create_addon(clusterName="main", addonName="coredns")
until("has nodes", lambda: addon("coredns")["status"] == "ACTIVE")
check("add-ons", eks.list_addons(clusterName="main")["addons"], ["coredns", "vpc-cni"])
eks.delete_addon(clusterName="main", addonName="coredns", preserve=True)
until("add-on is gone", lambda: eks.list_addons(clusterName="main")["addons"] == ["vpc-cni"])
refused(GONE, "add-on is gone", eks.describe_addon, clusterName="main", addonName="coredns")

# Access ---------------------------------------------------------------------------------------------
creator = [one for one in eks.list_access_entries(clusterName="main")["accessEntries"] if one.endswith("user/local")]
check("creator", len(creator))
entry = {"clusterName": "main", "principalArn": pod_role, "kubernetesGroups": ["viewers"], "username": "pods:{{SessionName}}", "tags": {"team": "a"}, "type": "STANDARD"}
refused(INVALID, "principal", eks.create_access_entry, clusterName="main", principalArn=f"arn:aws:iam::{ACCOUNT}:role/none")
refused(INVALID, "type", eks.create_access_entry, clusterName="main", principalArn=pod_role, type="ADMIN")
refused(INVALID, "groups of nodes", eks.create_access_entry, clusterName="main", principalArn=pod_role, type="EC2_LINUX", kubernetesGroups=["a"])
refused(INVALID, "group of Kubernetes", eks.create_access_entry, clusterName="main", principalArn=pod_role, kubernetesGroups=["system:masters"])
read_back("entry", eks.create_access_entry(**entry)["accessEntry"], entry)
refused(USED, "entry is there", eks.create_access_entry, **entry)
read_back("entry", eks.describe_access_entry(clusterName="main", principalArn=pod_role)["accessEntry"], entry)
eks.update_access_entry(clusterName="main", principalArn=pod_role, kubernetesGroups=[], username="pods")
found = eks.describe_access_entry(clusterName="main", principalArn=pod_role)["accessEntry"]
check("changed", (found["kubernetesGroups"], found["username"]), ([], "pods"))
refused(REQUEST, "entry of nodes", eks.update_access_entry, clusterName="main", principalArn=node_role, kubernetesGroups=["a"])
policies = {one["name"]: one["arn"] for one in eks.list_access_policies()["accessPolicies"]}
view = policies["AmazonEKSViewPolicy"]
who = {"clusterName": "main", "principalArn": pod_role}
refused(INVALID, "policy", eks.associate_access_policy, **who, policyArn="arn:aws:iam::aws:policy/ReadOnlyAccess", accessScope={"type": "cluster"})
refused(INVALID, "scope", eks.associate_access_policy, **who, policyArn=view, accessScope={"type": "namespace"})
eks.associate_access_policy(**who, policyArn=view, accessScope={"type": "cluster"})
eks.associate_access_policy(**who, policyArn=view, accessScope={"type": "namespace", "namespaces": ["web"]})
listed = eks.list_associated_access_policies(**who)["associatedAccessPolicies"]
check("policies", [(one["policyArn"], one["accessScope"]) for one in listed], [(view, {"type": "namespace", "namespaces": ["web"]})])
check("by policy", eks.list_access_entries(clusterName="main", associatedPolicyArn=view)["accessEntries"], [pod_role])
eks.disassociate_access_policy(**who, policyArn=view)
refused(GONE, "not associated", eks.disassociate_access_policy, **who, policyArn=view)
eks.delete_access_entry(**who)
refused(GONE, "entry is gone", eks.describe_access_entry, **who)

# Pod identities -------------------------------------------------------------------------------------
LIMIT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
pods = {
    "clusterName": "main", "namespace": "web", "serviceAccount": "api", "roleArn": pod_role, "tags": {"team": "a"},
    "disableSessionTags": True, "targetRoleArn": "arn:aws:iam::111122223333:role/far", "policy": LIMIT,
}
refused(INVALID, "role", eks.create_pod_identity_association, **{**pods, "roleArn": node_role})
refused(INVALID, "policy with tags", eks.create_pod_identity_association, **{**pods, "disableSessionTags": False})
made = eks.create_pod_identity_association(**pods)["association"]
read_back("association", made, pods)
refused(USED, "association is there", eks.create_pod_identity_association, **pods)
which = {"clusterName": "main", "associationId": made["associationId"]}
read_back("association", eks.describe_pod_identity_association(**which)["association"], pods)
check("external id", "externalId" in eks.describe_pod_identity_association(**which)["association"])
eks.update_pod_identity_association(**which, roleArn=other_role, targetRoleArn="", policy="", disableSessionTags=False)
found = eks.describe_pod_identity_association(**which)["association"]
check("changed", (found["roleArn"], found["disableSessionTags"], "targetRoleArn" in found, "policy" in found), (other_role, False, False, False))
check("listed", [one["serviceAccount"] for one in eks.list_pod_identity_associations(clusterName="main", namespace="web")["associations"]], ["api"])
check("deleted", eks.delete_pod_identity_association(**which)["association"]["associationId"], made["associationId"])
refused(GONE, "association is gone", eks.describe_pod_identity_association, **which)

# An identity provider -------------------------------------------------------------------------------
oidc = {
    "identityProviderConfigName": "sso", "issuerUrl": "https://id.example.com", "clientId": "kube", "usernameClaim": "email",
    "usernamePrefix": "oidc:", "groupsClaim": "groups", "groupsPrefix": "oidc:", "requiredClaims": {"hd": "example.com"},
}
refused(INVALID, "issuer", eks.associate_identity_provider_config, clusterName="main", oidc={**oidc, "issuerUrl": "http://id.example.com"})
eks.associate_identity_provider_config(clusterName="main", oidc=oidc, tags={"team": "a"})
refused(USED, "busy", eks.associate_identity_provider_config, clusterName="main", oidc=oidc)
active()
named = {"type": "oidc", "name": "sso"}
found = eks.describe_identity_provider_config(clusterName="main", identityProviderConfig=named)["identityProviderConfig"]["oidc"]
read_back("provider", found, {**oidc, "tags": {"team": "a"}, "status": "ACTIVE"})
check("providers", eks.list_identity_provider_configs(clusterName="main")["identityProviderConfigs"], [named])
refused(USED, "one only", eks.associate_identity_provider_config, clusterName="main", oidc={**oidc, "identityProviderConfigName": "two"})
eks.disassociate_identity_provider_config(clusterName="main", identityProviderConfig=named)
active()
refused(GONE, "provider is gone", eks.describe_identity_provider_config, clusterName="main", identityProviderConfig=named)

# Capabilities ---------------------------------------------------------------------------------------
INSTANCE = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
MAPPING = {"role": "ADMIN", "identities": [{"id": "u", "type": "SSO_USER"}]}
argo = {
    "clusterName": "main", "capabilityName": "cd", "type": "ARGOCD", "roleArn": argo_role, "deletePropagationPolicy": "RETAIN", "tags": {"team": "a"},
    "configuration": {"argoCd": {"namespace": "argocd", "awsIdc": {"idcInstanceArn": INSTANCE, "idcRegion": "eu-west-1"}, "rbacRoleMappings": [MAPPING], "networkAccess": {"vpceIds": ["vpce-1"]}, "endpointPrefix": "shop"}},
}
refused(INVALID, "no identity center", eks.create_capability, **{**argo, "configuration": {}})
refused(INVALID, "role", eks.create_capability, **{**argo, "roleArn": node_role})
read_back("capability", eks.create_capability(**argo)["capability"], argo)


def capability(name="cd"):
    return eks.describe_capability(clusterName="main", capabilityName=name)["capability"]


until("capability", lambda: capability()["status"] == "ACTIVE")
read_back("capability", capability(), argo)
refused(USED, "one of a type", eks.create_capability, **{**argo, "capabilityName": "second"})
VIEWER = {"role": "VIEWER", "identities": [{"id": "g", "type": "SSO_GROUP"}]}
update = eks.update_capability(clusterName="main", capabilityName="cd", configuration={"argoCd": {"rbacRoleMappings": {"addOrUpdateRoleMappings": [VIEWER], "removeRoleMappings": [MAPPING]}, "networkAccess": {"vpceIds": []}}})["update"]
until("capability's update", lambda: eks.describe_update(name="main", capabilityName="cd", updateId=update["id"])["update"]["status"] == "Successful")
check("mappings", capability()["configuration"]["argoCd"]["rbacRoleMappings"], [VIEWER])
ack = {"clusterName": "main", "capabilityName": "ack", "type": "ACK", "roleArn": argo_role, "deletePropagationPolicy": "RETAIN",
       "configuration": {"ack": {"enableCrossNamespace": True, "disabledServices": ["s3"]}}}
read_back("ACK", eks.create_capability(**ack)["capability"], ack)
check("capabilities", [one["capabilityName"] for one in eks.list_capabilities(clusterName="main")["capabilities"]], ["ack", "cd"])

# Tags of all -----------------------------------------------------------------------------------------
for arn in (cluster()["arn"], nodes()["nodegroupArn"], fargate()["fargateProfileArn"], addon()["addonArn"], capability()["arn"]):
    eks.tag_resource(resourceArn=arn, tags={"more": "1"})
    eks.untag_resource(resourceArn=arn, tagKeys=["team"])
    check(f"tags of {arn}", eks.list_tags_for_resource(resourceArn=arn)["tags"], {"more": "1"})
check("tags shown", nodes()["tags"], {"more": "1"})
refused("NotFoundException", "no such ARN", eks.list_tags_for_resource, resourceArn=f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/none")
refused("BadRequestException", "no ARN", eks.list_tags_for_resource, resourceArn="cluster/main")

# Everything goes, in order ----------------------------------------------------------------------------
for name in ("ng", "own", "lonely"):
    eks.delete_nodegroup(clusterName="main", nodegroupName=name)
until("node groups are gone", lambda: eks.list_nodegroups(clusterName="main")["nodegroups"] == [])
check("their groups, too", scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[asg])["AutoScalingGroups"], [])
refused(GONE, "entry of nodes is gone", eks.describe_access_entry, clusterName="main", principalArn=node_role)
refused(USED, "profiles", eks.delete_cluster, name="main")
eks.delete_fargate_profile(clusterName="main", fargateProfileName="fp")
until("profile is gone", lambda: eks.list_fargate_profiles(clusterName="main")["fargateProfileNames"] == [])
refused(USED, "capabilities", eks.delete_cluster, name="main")
until("ACK works", lambda: capability("ack")["status"] == "ACTIVE")
for name in ("cd", "ack"):
    eks.delete_capability(clusterName="main", capabilityName=name)
until("capabilities are gone", lambda: eks.list_capabilities(clusterName="main")["capabilities"] == [])
check("deleting", eks.delete_cluster(name="main")["cluster"]["status"], "DELETING")
until("cluster is gone", lambda: eks.list_clusters()["clusters"] == [])
check("group is gone", own not in [one["GroupId"] for one in ec2.describe_security_groups()["SecurityGroups"]])
for subnet in subnets:
    ec2.delete_subnet(SubnetId=subnet)
check("nothing tagged is left", tagging.get_resources(ResourceTypeFilters=["eks"])["ResourceTagMappingList"], [])

# OpenID Connect providers of IAM ------------------------------------------------------------------------
PRINT = "0123456789abcdef0123456789abcdef01234567"
arn = iam.create_open_id_connect_provider(Url="https://oidc.example.com/id/A", ClientIDList=["sts.amazonaws.com"], ThumbprintList=[PRINT], Tags=[{"Key": "team", "Value": "a"}])["OpenIDConnectProviderArn"]
check("provider's ARN", arn, f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.com/id/A")
refused("EntityAlreadyExists", "there", iam.create_open_id_connect_provider, Url="https://oidc.example.com/id/A")
refused("ValidationError", "url", iam.create_open_id_connect_provider, Url="http://a")
iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="sts.amazonaws.com")
iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=[PRINT[::-1]])
iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "b", "Value": "2"}])
iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["team"])
found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
check("provider", (found["Url"], found["ClientIDList"], found["ThumbprintList"], found["Tags"]), ("oidc.example.com/id/A", ["two"], [PRINT[::-1]], [{"Key": "b", "Value": "2"}]))
check("tags", iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"], [{"Key": "b", "Value": "2"}])
check("providers", [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]], [arn])
iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
refused("NoSuchEntity", "gone", iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
summary("eks")
