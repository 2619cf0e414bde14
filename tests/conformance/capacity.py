"""Launch templates, Auto Scaling groups, their instances, and ECS's capacity providers: every member that is written is read
back, what is changed changes alone, and what AWS refuses is refused."""

import base64
import json

from harness import ACCOUNT, check, client, refused, summary, until

ec2, scaling, ecs, iam, ssm = (client(name) for name in ("ec2", "autoscaling", "ecs", "iam", "ssm"))


def read_back(what, written, found):
    """All that was written is found, whatever stands beside it."""
    if isinstance(written, dict):
        for name, value in written.items():
            read_back(f"{what}.{name}", value, found.get(name) if isinstance(found, dict) else None)
    elif isinstance(written, list) and written and isinstance(written[0], dict):
        check(f"{what}: length", len(found or []), len(written))
        for number, (one, other) in enumerate(zip(written, found or [])):
            read_back(f"{what}[{number}]", one, other)
    else:
        check(what, found, written)


def role(name, service):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"eu-west-1{z}")["Subnet"]["SubnetId"] for n, z in ((1, "a"), (2, "b"))]
group = ec2.create_security_group(GroupName="instances", Description="instances", VpcId=vpc)["GroupId"]
role("instance", "ec2.amazonaws.com")
profile = iam.create_instance_profile(InstanceProfileName="instance")["InstanceProfile"]["Arn"]
iam.add_role_to_instance_profile(InstanceProfileName="instance", RoleName="instance")
infrastructure = role("infrastructure", "ecs.amazonaws.com")
cluster = ecs.create_cluster(clusterName="main")["cluster"]["clusterArn"]

# Launch templates -------------------------------------------------------------------------------
user_data = base64.b64encode(b"#!/bin/bash\necho ECS_CLUSTER=main >> /etc/ecs/ecs.config\necho 'ECS_INSTANCE_ATTRIBUTES={\"stack\":\"test\"}' >> /etc/ecs/ecs.config\n").decode()
data = {
    "ImageId": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
    "InstanceType": "m7i.large",
    "IamInstanceProfile": {"Arn": profile},
    "KeyName": "ops",
    "UserData": user_data,
    "EbsOptimized": True,
    "Monitoring": {"Enabled": True},
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 50, "VolumeType": "gp3", "Iops": 3500, "Throughput": 200, "Encrypted": True, "DeleteOnTermination": True}}],
    "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True, "DeleteOnTermination": True, "Groups": [group]}],
    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "HttpEndpoint": "enabled", "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "enabled"},
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "a"}]}, {"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "b"}]}],
}
made = ec2.create_launch_template(LaunchTemplateName="general", VersionDescription="first", LaunchTemplateData=data, TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "1"}]}])["LaunchTemplate"]
template = made["LaunchTemplateId"]
check("template", (made["LaunchTemplateName"], made["DefaultVersionNumber"], made["LatestVersionNumber"], made["Tags"]), ("general", 1, 1, [{"Key": "a", "Value": "1"}]))
version = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["1"])["LaunchTemplateVersions"][0]
read_back("template data", data, version["LaunchTemplateData"])
check("version", (version["VersionDescription"], version["DefaultVersion"]), ("first", True))
other = {**data, "InstanceType": "m7i.xlarge"}
ec2.create_launch_template_version(LaunchTemplateId=template, VersionDescription="second", LaunchTemplateData=other)
check("not yet the default", ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"][0]["DefaultVersionNumber"], 1)
ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
versions = ec2.describe_launch_template_versions(LaunchTemplateId=template, Versions=["$Default", "$Latest"])["LaunchTemplateVersions"]
check("default", {one["VersionNumber"] for one in versions}, {2})
read_back("second", other, versions[0]["LaunchTemplateData"])
ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="1")
refused("InvalidLaunchTemplateName.AlreadyExistsException", "name", ec2.create_launch_template, LaunchTemplateName="general", LaunchTemplateData=data)
refused("InvalidLaunchTemplateId.NotFound", "no template", ec2.describe_launch_templates, LaunchTemplateIds=["lt-0123456789abcdef0"])
refused("InvalidParameterCombination", "groups twice", ec2.create_launch_template, LaunchTemplateName="twice", LaunchTemplateData={**data, "SecurityGroupIds": [group]})
refused("InvalidAMIID.Malformed", "image", ec2.create_launch_template, LaunchTemplateName="image", LaunchTemplateData={**data, "ImageId": "linux"})

# Groups -----------------------------------------------------------------------------------------
mixed = {
    "LaunchTemplate": {
        "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Default"},
        "Overrides": [{"InstanceType": "m7i.large"}, {"InstanceType": "m6i.large"}],
    },
    "InstancesDistribution": {"OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 50, "SpotAllocationStrategy": "price-capacity-optimized", "SpotMaxPrice": "0.05"},
}
written = {
    "MixedInstancesPolicy": mixed,
    "MinSize": 1,
    "MaxSize": 4,
    "DesiredCapacity": 2,
    "DefaultCooldown": 120,
    "DefaultInstanceWarmup": 60,
    "HealthCheckType": "EC2",
    "HealthCheckGracePeriod": 30,
    "VPCZoneIdentifier": ",".join(subnets),
    "TerminationPolicies": ["OldestInstance", "Default"],
    "NewInstancesProtectedFromScaleIn": True,
    "CapacityRebalance": True,
    "MaxInstanceLifetime": 604800,
}
tag = {"ResourceId": "general", "ResourceType": "auto-scaling-group", "Key": "team", "Value": "a", "PropagateAtLaunch": True}
scaling.create_auto_scaling_group(AutoScalingGroupName="general", Tags=[tag], **written)


def shown(name="general"):
    return scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]


read_back("group", written, shown())
read_back("tags", [tag], shown()["Tags"])
arn = shown()["AutoScalingGroupARN"]
for member, value in [("MinSize", 0), ("MaxSize", 5), ("DefaultCooldown", 60), ("DefaultInstanceWarmup", 90), ("HealthCheckGracePeriod", 60), ("TerminationPolicies", ["Default"]), ("CapacityRebalance", False), ("MaxInstanceLifetime", 86400)]:
    before = {name: part for name, part in shown().items() if name != "Instances"}
    scaling.update_auto_scaling_group(AutoScalingGroupName="general", **{member: value})
    check(f"{member} alone is changed", {name: part for name, part in shown().items() if name != "Instances"}, {**before, member: value})
scaling.update_auto_scaling_group(AutoScalingGroupName="general", MaxInstanceLifetime=0, DefaultInstanceWarmup=-1)
check("taken away", [name for name in ("MaxInstanceLifetime", "DefaultInstanceWarmup") if name in shown()], [])
refused("AlreadyExists", "name", scaling.create_auto_scaling_group, AutoScalingGroupName="general", **written)
refused("ValidationError", "no group", scaling.update_auto_scaling_group, AutoScalingGroupName="none", MinSize=1)
refused("ValidationError", "no subnets", scaling.create_auto_scaling_group, AutoScalingGroupName="none", MinSize=0, MaxSize=1, MixedInstancesPolicy=mixed)
refused("ValidationError", "no template", scaling.create_auto_scaling_group, AutoScalingGroupName="none", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnets[0])
refused("ValidationError", "upside down", scaling.update_auto_scaling_group, AutoScalingGroupName="general", MinSize=9, MaxSize=3)
refused("ValidationError", "a life too short", scaling.update_auto_scaling_group, AutoScalingGroupName="general", MaxInstanceLifetime=60)
refused("DependencyViolation", "profile's subnet is in use", ec2.delete_subnet, SubnetId=subnets[0])

# Instances --------------------------------------------------------------------------------------
until("two run", lambda: [one["LifecycleState"] for one in shown()["Instances"]] == ["InService"] * 2)
ids = [one["InstanceId"] for one in shown()["Instances"]]
check("protected", [one["ProtectedFromScaleIn"] for one in shown()["Instances"]], [True, True])
instances = [one for part in ec2.describe_instances(InstanceIds=ids)["Reservations"] for one in part["Instances"]]
for one in instances:
    check("instance", (one["InstanceType"], one["IamInstanceProfile"]["Arn"], one["VpcId"], [g["GroupId"] for g in one["SecurityGroups"]]), ("m7i.large", profile, vpc, [group]))
    tags = {part["Key"]: part["Value"] for part in one["Tags"]}
    check("tag of the group", tags["team"], "a")
check("zones", sorted(one["Placement"]["AvailabilityZone"] for one in instances), ["eu-west-1a", "eu-west-1b"])


def members():
    arns = ecs.list_container_instances(cluster="main")["containerInstanceArns"]
    return ecs.describe_container_instances(cluster="main", containerInstances=arns)["containerInstances"] if arns else []


until("they join", lambda: {one["ec2InstanceId"] for one in members()} == set(ids))
attributes = {part["name"]: part.get("value") for part in members()[0]["attributes"]}
check("attributes", (attributes["stack"], attributes["ecs.instance-type"], attributes["ecs.os-family"]), ("test", "m7i.large", "LINUX"))
check("filter", len(ecs.list_container_instances(cluster="main", filter="attribute:stack == test")["containerInstanceArns"]), 2)
first = members()[0]["containerInstanceArn"]
ecs.update_container_instances_state(cluster="main", containerInstances=[first], status="DRAINING")
check("draining", ecs.list_container_instances(cluster="main", status="DRAINING")["containerInstanceArns"], [first])
ecs.update_container_instances_state(cluster="main", containerInstances=[first], status="ACTIVE")
scaling.set_instance_protection(AutoScalingGroupName="general", InstanceIds=[ids[0]], ProtectedFromScaleIn=False)
check("protection", {one["InstanceId"]: one["ProtectedFromScaleIn"] for one in shown()["Instances"]}, {ids[0]: False, ids[1]: True})
refused("ClusterContainsContainerInstancesException", "cluster in use", ecs.delete_cluster, cluster="main")

scaling.set_instance_protection(AutoScalingGroupName="general", InstanceIds=ids, ProtectedFromScaleIn=False)
scaling.update_auto_scaling_group(AutoScalingGroupName="general", MinSize=0)
scaling.set_desired_capacity(AutoScalingGroupName="general", DesiredCapacity=0)
until("none is left", lambda: not members() and not shown()["Instances"])

# Providers of groups ----------------------------------------------------------------------------
scaling.create_auto_scaling_group(AutoScalingGroupName="bare", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnets[0], MixedInstancesPolicy=mixed)
bare = shown("bare")["AutoScalingGroupARN"]
of_group = {
    "autoScalingGroupArn": arn,
    "managedScaling": {"status": "ENABLED", "targetCapacity": 80, "minimumScalingStepSize": 2, "maximumScalingStepSize": 20, "instanceWarmupPeriod": 90},
    "managedTerminationProtection": "ENABLED",
    "managedDraining": "ENABLED",
}
made = ecs.create_capacity_provider(name="general", autoScalingGroupProvider=of_group, tags=[{"key": "a", "value": "1"}])["capacityProvider"]


def provider(name="general"):
    return ecs.describe_capacity_providers(capacityProviders=[name], include=["TAGS"])["capacityProviders"][0]


read_back("provider", {"name": "general", "autoScalingGroupProvider": of_group, "tags": [{"key": "a", "value": "1"}], "status": "ACTIVE"}, provider())
for member, value in [("targetCapacity", 100), ("minimumScalingStepSize", 1), ("maximumScalingStepSize", 10), ("instanceWarmupPeriod", 0)]:
    before = provider()["autoScalingGroupProvider"]
    ecs.update_capacity_provider(name="general", autoScalingGroupProvider={"managedScaling": {**before["managedScaling"], member: value}})
    check(f"{member} alone is changed", provider()["autoScalingGroupProvider"], {**before, "managedScaling": {**before["managedScaling"], member: value}})
    until("updated", lambda: provider().get("updateStatus") in (None, "UPDATE_COMPLETE"))
ecs.update_capacity_provider(name="general", autoScalingGroupProvider={"managedDraining": "DISABLED"})
check("draining off", provider()["autoScalingGroupProvider"]["managedDraining"], "DISABLED")
refused("InvalidParameterException", "group in use", ecs.create_capacity_provider, name="other", autoScalingGroupProvider={"autoScalingGroupArn": arn})
refused("InvalidParameterException", "reserved name", ecs.create_capacity_provider, name="ecs-general", autoScalingGroupProvider={"autoScalingGroupArn": bare})
refused("InvalidParameterException", "unprotected", ecs.create_capacity_provider, name="bare", autoScalingGroupProvider={**of_group, "autoScalingGroupArn": bare})
refused("InvalidParameterException", "no such group", ecs.create_capacity_provider, name="none", autoScalingGroupProvider={"autoScalingGroupArn": arn + "x"})
refused("InvalidParameterException", "neither", ecs.create_capacity_provider, name="none")

# Managed Instances ------------------------------------------------------------------------------
of_instances = {
    "infrastructureRoleArn": infrastructure,
    "instanceLaunchTemplate": {
        "ec2InstanceProfileArn": profile,
        "networkConfiguration": {"subnets": subnets, "securityGroups": [group]},
        "storageConfiguration": {"storageSizeGiB": 80},
        "monitoring": "DETAILED",
        "capacityOptionType": "SPOT",
        "instanceRequirements": {
            "vCpuCount": {"min": 1, "max": 8},
            "memoryMiB": {"min": 2048, "max": 16384},
            "cpuManufacturers": ["intel", "amd"],
            "excludedInstanceTypes": ["t*"],
            "instanceGenerations": ["current"],
            "burstablePerformance": "excluded",
            "bareMetal": "excluded",
        },
    },
    "propagateTags": "CAPACITY_PROVIDER",
    "infrastructureOptimization": {"scaleInAfter": 600},
}
ecs.create_capacity_provider(name="managed", cluster="main", managedInstancesProvider=of_instances)
until("ready", lambda: provider("managed")["status"] == "ACTIVE")
read_back("managed", {"managedInstancesProvider": of_instances, "cluster": cluster}, provider("managed"))
for member, value in [("monitoring", "BASIC"), ("storageConfiguration", {"storageSizeGiB": 100})]:
    template_before = provider("managed")["managedInstancesProvider"]["instanceLaunchTemplate"]
    changed = {**template_before, member: value}
    ecs.update_capacity_provider(name="managed", cluster="main", managedInstancesProvider={"infrastructureRoleArn": infrastructure, "instanceLaunchTemplate": {name: part for name, part in changed.items() if name != "capacityOptionType"}})
    check(f"{member} alone is changed", provider("managed")["managedInstancesProvider"]["instanceLaunchTemplate"], changed)
refused("InvalidParameterException", "no cluster", ecs.create_capacity_provider, name="none", managedInstancesProvider=of_instances)
refused("ClusterNotFoundException", "another cluster", ecs.create_capacity_provider, name="none", cluster="none", managedInstancesProvider=of_instances)
both = {**of_instances["instanceLaunchTemplate"]["instanceRequirements"], "allowedInstanceTypes": ["m*"]}
refused("InvalidParameterException", "allowed and excluded", ecs.create_capacity_provider, name="none", cluster="main", managedInstancesProvider={**of_instances, "instanceLaunchTemplate": {**of_instances["instanceLaunchTemplate"], "instanceRequirements": both}})

# What runs on them ------------------------------------------------------------------------------
strategy = [{"capacityProvider": "general", "weight": 1, "base": 0}]
ecs.register_task_definition(family="web", requiresCompatibilities=["EC2"], networkMode="bridge", cpu="64", memory="128", containerDefinitions=[{"name": "web", "image": "nginx:1", "portMappings": [{"containerPort": 80, "hostPort": 0}], "linuxParameters": {"sharedMemorySize": 64, "maxSwap": 128, "swappiness": 10, "devices": [{"hostPath": "/dev/fuse", "containerPath": "/dev/fuse", "permissions": ["read"]}]}, "hostname": "web", "extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.9"}], "dnsServers": ["10.0.0.2"], "dnsSearchDomains": ["internal"]}])
container = ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["containerDefinitions"][0]
read_back("settings", {"hostname": "web", "linuxParameters": {"sharedMemorySize": 64, "maxSwap": 128, "swappiness": 10}, "extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.9"}], "dnsServers": ["10.0.0.2"], "dnsSearchDomains": ["internal"]}, container)
service = {"cluster": "main", "taskDefinition": "web", "serviceName": "web"}
refused("InvalidParameterException", "not of the cluster", ecs.create_service, desiredCount=1, capacityProviderStrategy=strategy, **service)
ecs.put_cluster_capacity_providers(cluster="main", capacityProviders=["general", "managed"], defaultCapacityProviderStrategy=[])
until("attached", lambda: ecs.describe_clusters(clusters=["main"], include=["ATTACHMENTS"])["clusters"][0].get("attachmentsStatus") in (None, "UPDATE_COMPLETE"))
error = refused("InvalidParameterException", "a daemon with providers", ecs.create_service, schedulingStrategy="DAEMON", capacityProviderStrategy=strategy, **service)
check("why", "using the DAEMON scheduling strategy" in str(error))
refused("InvalidParameterException", "a daemon that chooses", ecs.create_service, schedulingStrategy="DAEMON", launchType="EC2", placementStrategy=[{"type": "random"}], **service)
refused("InvalidParameterException", "a daemon on Fargate", ecs.create_service, schedulingStrategy="DAEMON", launchType="FARGATE", **service)
refused("InvalidParameterException", "both", ecs.create_service, desiredCount=1, launchType="EC2", capacityProviderStrategy=strategy, **service)
constraint = [{"type": "memberOf", "expression": "attribute:stack in [test]"}]


def running(name):
    return ecs.describe_services(cluster="main", services=[name])["services"][0]["runningCount"]


order = {"type": "spread", "field": "attribute:ecs.availability-zone"}
ecs.create_service(cluster="main", serviceName="api", taskDefinition="web", desiredCount=2, capacityProviderStrategy=strategy, placementConstraints=[{"type": "distinctInstance"}], placementStrategy=[order])
until("ECS brings instances, and they are apart", lambda: running("api") == 2)
tasks = ecs.describe_tasks(cluster="main", tasks=ecs.list_tasks(cluster="main", serviceName="api")["taskArns"])["tasks"]
check("on instances of their own", len({one["containerInstanceArn"] for one in tasks}), 2)
check("by the provider", {(one["launchType"], one["capacityProviderName"]) for one in tasks}, {("EC2", "general")})

ecs.create_service(schedulingStrategy="DAEMON", launchType="EC2", placementConstraints=constraint, **service)
until("one on each", lambda: running("web") == len(members()) > 0)

# Machines outside AWS ---------------------------------------------------------------------------
machine = role("machine", "ssm.amazonaws.com")
limits = {"DefaultInstanceName": "till", "Description": "shops", "IamRole": "machine", "RegistrationLimit": 3, "Tags": [{"Key": "a", "Value": "1"}]}
activation = ssm.create_activation(**limits)
check("code", len(activation["ActivationCode"]), 20)
listed = ssm.describe_activations(Filters=[{"FilterKey": "ActivationIds", "FilterValues": [activation["ActivationId"]]}])["ActivationList"]
read_back("activation", [{**limits, "Expired": False, "RegistrationsCount": 0}], listed)
check("filtered", ssm.describe_activations(Filters=[{"FilterKey": "IamRole", "FilterValues": ["other"]}])["ActivationList"], [])
refused("ValidationException", "not for Systems Manager", ssm.create_activation, IamRole="instance")
refused("ValidationException", "no role", ssm.create_activation, IamRole="none")
ssm.delete_activation(ActivationId=activation["ActivationId"])
check("gone", ssm.describe_activations()["ActivationList"], [])
refused("InvalidActivation", "twice", ssm.delete_activation, ActivationId=activation["ActivationId"])
amounts = [{"name": name, "type": "INTEGER", "integerValue": amount} for name, amount in (("CPU", 2048), ("MEMORY", 4096))]
joined = ecs.register_container_instance(cluster="main", instanceIdentityDocument=json.dumps({"instanceId": "mi-0123456789abcdef0"}), totalResources=amounts, attributes=[{"name": "place", "value": "shop"}])["containerInstance"]
check("outside", ecs.list_container_instances(cluster="main", filter="attribute:ecs.capability.external exists")["containerInstanceArns"], [joined["containerInstanceArn"]])
refused("InvalidParameterException", "an interface outside", ecs.run_task, cluster="main", launchType="EXTERNAL", taskDefinition=ecs.register_task_definition(family="own", networkMode="awsvpc", cpu="64", memory="128", requiresCompatibilities=["EC2"], containerDefinitions=[{"name": "a", "image": "a:1"}])["taskDefinition"]["taskDefinitionArn"], networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}})

# Everything goes --------------------------------------------------------------------------------
refused("ResourceInUse", "group with instances", scaling.delete_auto_scaling_group, AutoScalingGroupName="general")
refused("ClientException", "provider in use", ecs.delete_capacity_provider, capacityProvider="general")
for name in ("web", "api"):
    ecs.delete_service(cluster="main", service=name, force=True)
until("no service", lambda: {one["status"] for one in ecs.describe_services(cluster="main", services=["web", "api"])["services"]} <= {"INACTIVE"})
ecs.deregister_container_instance(cluster="main", containerInstance=joined["containerInstanceArn"], force=True)
ecs.put_cluster_capacity_providers(cluster="main", capacityProviders=[], defaultCapacityProviderStrategy=[])
for name in ("general", "managed"):
    until("detached", lambda: ecs.describe_clusters(clusters=["main"], include=["ATTACHMENTS"])["clusters"][0].get("attachmentsStatus") in (None, "UPDATE_COMPLETE"))
    ecs.delete_capacity_provider(capacityProvider=name, **({"cluster": "main"} if name == "managed" else {}))
for name in ("general", "bare"):
    scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
until("no group", lambda: not scaling.describe_auto_scaling_groups()["AutoScalingGroups"])
until("no instance", lambda: all(one["State"]["Name"] == "terminated" for part in ec2.describe_instances()["Reservations"] for one in part["Instances"]))
ec2.delete_launch_template(LaunchTemplateId=template)
refused("InvalidLaunchTemplateId.NotFound", "template is gone", ec2.describe_launch_templates, LaunchTemplateIds=[template])
ecs.delete_cluster(cluster="main")

summary("capacity")
