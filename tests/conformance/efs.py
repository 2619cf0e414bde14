"""efs: file systems, mount targets, access points and what hangs on them; what ECS refuses of volumes."""

import json

from harness import ACCOUNT, check, client, refused, summary, until

efs, ec2, tagging = client("efs"), client("ec2"), client("resourcegroupstaggingapi")
ecs, iam = client("ecs"), client("iam")
ARN = f"arn:aws:elasticfilesystem:eu-west-1:{ACCOUNT}:"

# File systems -----------------------------------------------------------------------------------
made = efs.create_file_system(CreationToken="one", Encrypted=True, Backup=True, Tags=[{"Key": "Name", "Value": "files"}])
fs = made["FileSystemId"]
check("made", (made["LifeCycleState"], made["Name"], made["ThroughputMode"], made["PerformanceMode"], made["FileSystemArn"]), ("creating", "files", "bursting", "generalPurpose", ARN + "file-system/" + fs))
check("key", made["KmsKeyId"].startswith(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/"))
error = refused("FileSystemAlreadyExists", "token", efs.create_file_system, CreationToken="one")
check("which", error.response["FileSystemId"], fs)
refused("BadRequest", "key without encryption", efs.create_file_system, CreationToken="two", KmsKeyId="k")
refused("BadRequest", "rate is missing", efs.create_file_system, CreationToken="two", ThroughputMode="provisioned")
refused("BadRequest", "two modes", efs.create_file_system, CreationToken="two", ThroughputMode="elastic", PerformanceMode="maxIO")
refused("FileSystemNotFound", "not there", efs.describe_file_systems, FileSystemId="fs-0123456789abcdef0")
until("available", lambda: efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]["LifeCycleState"] == "available")
other = efs.create_file_system(CreationToken="two", ThroughputMode="elastic")["FileSystemId"]
pages = list(efs.get_paginator("describe_file_systems").paginate(PaginationConfig={"PageSize": 1}))
check("pages", [len(page["FileSystems"]) for page in pages], [1, 1])
check("by token", [one["FileSystemId"] for one in efs.describe_file_systems(CreationToken="two")["FileSystems"]], [other])

# What hangs on them -----------------------------------------------------------------------------
check("backup", efs.describe_backup_policy(FileSystemId=fs)["BackupPolicy"], {"Status": "ENABLED"})
refused("PolicyNotFound", "never backed up", efs.describe_backup_policy, FileSystemId=other)
check("backup off", efs.put_backup_policy(FileSystemId=fs, BackupPolicy={"Status": "DISABLED"})["BackupPolicy"], {"Status": "DISABLED"})
check("no life cycle", efs.describe_lifecycle_configuration(FileSystemId=fs)["LifecyclePolicies"], [])
cycle = [{"TransitionToIA": "AFTER_30_DAYS"}, {"TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}]
check("life cycle", efs.put_lifecycle_configuration(FileSystemId=fs, LifecyclePolicies=cycle)["LifecyclePolicies"], cycle)
check("life cycle read", efs.describe_lifecycle_configuration(FileSystemId=fs)["LifecyclePolicies"], cycle)
refused("BadRequest", "two in one", efs.put_lifecycle_configuration, FileSystemId=fs, LifecyclePolicies=[{"TransitionToIA": "AFTER_7_DAYS", "TransitionToPrimaryStorageClass": "AFTER_1_ACCESS"}])
refused("BadRequest", "archive needs elastic", efs.put_lifecycle_configuration, FileSystemId=fs, LifecyclePolicies=[{"TransitionToArchive": "AFTER_90_DAYS"}])
refused("PolicyNotFound", "no policy", efs.describe_file_system_policy, FileSystemId=fs)
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount"}]}
efs.put_file_system_policy(FileSystemId=fs, Policy=json.dumps(policy))
check("policy", json.loads(efs.describe_file_system_policy(FileSystemId=fs)["Policy"]), policy)
refused("InvalidPolicyException", "policy", efs.put_file_system_policy, FileSystemId=fs, Policy="{}")
efs.delete_file_system_policy(FileSystemId=fs)
check("protection", efs.update_file_system_protection(FileSystemId=fs, ReplicationOverwriteProtection="DISABLED")["ReplicationOverwriteProtection"], "DISABLED")
check("protection read", efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]["FileSystemProtection"], {"ReplicationOverwriteProtection": "DISABLED"})
changed = efs.update_file_system(FileSystemId=fs, ThroughputMode="provisioned", ProvisionedThroughputInMibps=4.5)
check("throughput", (changed["ThroughputMode"], changed["ProvisionedThroughputInMibps"]), ("provisioned", 4.5))
refused("TooManyRequests", "once a day", efs.update_file_system, FileSystemId=fs, ThroughputMode="bursting")
check("more", efs.update_file_system(FileSystemId=fs, ProvisionedThroughputInMibps=8)["ProvisionedThroughputInMibps"], 8.0)

# Tags -------------------------------------------------------------------------------------------
efs.tag_resource(ResourceId=fs, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
efs.untag_resource(ResourceId=fs, TagKeys=["a"])
check("tags", efs.list_tags_for_resource(ResourceId=fs)["Tags"], [{"Key": "Name", "Value": "files"}, {"Key": "b", "Value": "2"}])
listed = tagging.get_resources(TagFilters=[{"Key": "b", "Values": ["2"]}], ResourceTypeFilters=["elasticfilesystem:file-system"])
check("bulk", [one["ResourceARN"] for one in listed["ResourceTagMappingList"]], [ARN + "file-system/" + fs])

# Mount targets ----------------------------------------------------------------------------------
vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
a, b = (ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{n}.0/24", AvailabilityZone=f"eu-west-1{z}")["Subnet"]["SubnetId"] for n, z in ((1, "a"), (2, "b")))
twin = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.3.0/24", AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
group = ec2.create_security_group(GroupName="nfs", Description="nfs", VpcId=vpc)["GroupId"]
task = ec2.create_security_group(GroupName="task", Description="task", VpcId=vpc)["GroupId"]
until("changed", lambda: efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]["LifeCycleState"] == "available")
refused("SubnetNotFound", "subnet", efs.create_mount_target, FileSystemId=fs, SubnetId="subnet-0123456789abcdef0")
refused("SecurityGroupNotFound", "group", efs.create_mount_target, FileSystemId=fs, SubnetId=a, SecurityGroups=["sg-0123456789abcdef0"])
refused("FileSystemNotFound", "system", efs.create_mount_target, FileSystemId="fs-0123456789abcdef0", SubnetId=a)
target = efs.create_mount_target(FileSystemId=fs, SubnetId=a, SecurityGroups=[group])
check("target", (target["LifeCycleState"], target["AvailabilityZoneName"], target["VpcId"], target["IpAddress"]), ("creating", "eu-west-1a", vpc, "10.7.1.4"))
refused("MountTargetConflict", "one a zone", efs.create_mount_target, FileSystemId=fs, SubnetId=twin)
interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[target["NetworkInterfaceId"]])["NetworkInterfaces"][0]
check("interface", (interface["Description"], interface["RequesterManaged"], interface["Groups"]), (f"EFS mount target for {fs} ({target['MountTargetId']})", True, [{"GroupName": "nfs", "GroupId": group}]))
second = efs.create_mount_target(FileSystemId=fs, SubnetId=b)["MountTargetId"]
check("default group", len(efs.describe_mount_target_security_groups(MountTargetId=second)["SecurityGroups"]), 1)
efs.modify_mount_target_security_groups(MountTargetId=second, SecurityGroups=[group])
check("groups", efs.describe_mount_target_security_groups(MountTargetId=second)["SecurityGroups"], [group])
check("targets", len(efs.describe_mount_targets(FileSystemId=fs)["MountTargets"]), 2)
check("counted", efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]["NumberOfMountTargets"], 2)
refused("BadRequest", "whose targets", efs.describe_mount_targets)
refused("DependencyViolation", "subnet in use", ec2.delete_subnet, SubnetId=a)
refused("DependencyViolation", "group in use", ec2.delete_security_group, GroupId=group)
refused("FileSystemInUse", "in use", efs.delete_file_system, FileSystemId=fs)
until("target available", lambda: all(one["LifeCycleState"] == "available" for one in efs.describe_mount_targets(FileSystemId=fs)["MountTargets"]))

# Access points ----------------------------------------------------------------------------------
root = {"Path": "/web", "CreationInfo": {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"}}
point = efs.create_access_point(ClientToken="p", FileSystemId=fs, PosixUser={"Uid": 1000, "Gid": 1001, "SecondaryGids": [5]}, RootDirectory=root, Tags=[{"Key": "b", "Value": "2"}])
check("point", (point["PosixUser"], point["RootDirectory"], point["AccessPointArn"]), ({"Uid": 1000, "Gid": 1001, "SecondaryGids": [5]}, root, ARN + "access-point/" + point["AccessPointId"]))
refused("AccessPointAlreadyExists", "again", efs.create_access_point, ClientToken="p", FileSystemId=fs)
refused("BadRequest", "permissions", efs.create_access_point, ClientToken="q", FileSystemId=fs, RootDirectory={"Path": "/x", "CreationInfo": {"OwnerUid": 1, "OwnerGid": 1, "Permissions": "9999"}})
plain = efs.create_access_point(ClientToken="q", FileSystemId=fs)
check("plain", (plain["RootDirectory"], "PosixUser" in plain), ({"Path": "/"}, False))
check("points", len(efs.describe_access_points(FileSystemId=fs)["AccessPoints"]), 2)
check("by point", len(efs.describe_mount_targets(AccessPointId=point["AccessPointId"])["MountTargets"]), 2)
listed = tagging.get_resources(TagFilters=[{"Key": "b", "Values": ["2"]}], ResourceTypeFilters=["elasticfilesystem"])
check("both in bulk", len(listed["ResourceTagMappingList"]), 2)
efs.delete_access_point(AccessPointId=plain["AccessPointId"])
until("point gone", lambda: len(efs.describe_access_points()["AccessPoints"]) == 1)
refused("AccessPointNotFound", "gone", efs.describe_access_points, AccessPointId=plain["AccessPointId"])

# Tasks that mount -------------------------------------------------------------------------------
ecs.create_cluster(clusterName="c")


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=trust("ecs-tasks.amazonaws.com"))["Role"]["Arn"]
infrastructure = iam.create_role(RoleName="infrastructure", AssumeRolePolicyDocument=trust("ecs.amazonaws.com"))["Role"]["Arn"]
network = {"awsvpcConfiguration": {"subnets": [a], "securityGroups": [task]}}


def definition(name, volume):
    container = {"name": "web", "image": "nginx", "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}]}
    return ecs.register_task_definition(family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512", taskRoleArn=role, containerDefinitions=[container], volumes=[{"name": "data", **volume}])["taskDefinition"]["taskDefinitionArn"]


def ends(arn, volumes=None):
    more = {"volumeConfigurations": volumes} if volumes else {}
    started = ecs.run_task(cluster="c", taskDefinition=arn, launchType="FARGATE", networkConfiguration=network, **more)["tasks"][0]["taskArn"]
    look = lambda: ecs.describe_tasks(cluster="c", tasks=[started])["tasks"][0]
    until("task settles", lambda: look()["lastStatus"] in ("RUNNING", "STOPPED", "DEPROVISIONING"))
    return look()


mounted = {"fileSystemId": fs, "transitEncryption": "ENABLED", "authorizationConfig": {"accessPointId": point["AccessPointId"], "iam": "ENABLED"}}
nowhere = definition("nowhere", {"efsVolumeConfiguration": {"fileSystemId": "fs-0123456789abcdef0"}})
check("no file system", "Failed to resolve" in ends(nowhere)["stoppedReason"])
files = definition("files", {"efsVolumeConfiguration": mounted})
check("not let in", "timed out" in ends(files)["stoppedReason"])
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": task}]}])
check("not allowed", "access denied" in ends(files)["stoppedReason"])
iam.put_role_policy(RoleName="task", PolicyName="efs", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "elasticfilesystem:ClientMount", "Resource": ARN + "file-system/" + fs}]}))
check("mounted", ends(files)["lastStatus"], "RUNNING")

# EBS volumes ------------------------------------------------------------------------------------
disk = definition("disk", {"configuredAtLaunch": True})


def volume(**members):
    return [{"name": "data", "managedEBSVolume": {"roleArn": infrastructure, "sizeInGiB": 20, **members}}]


def service(volumes):
    return {"cluster": "c", "serviceName": "disk", "taskDefinition": disk, "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network, "volumeConfigurations": volumes}


refused("InvalidParameterException", "no configuration", ecs.create_service, **service([]))
refused("InvalidParameterException", "another volume", ecs.create_service, **service([{**volume()[0], "name": "other"}]))
refused("InvalidParameterException", "iops of gp2", ecs.create_service, **service(volume(volumeType="gp2", iops=3000)))
refused("InvalidParameterException", "too small", ecs.create_service, **service(volume(volumeType="st1")))
refused("InvalidParameterException", "rate without snapshot", ecs.create_service, **service(volume(volumeInitializationRate=200)))
whole = volume(volumeType="gp3", iops=4000, throughput=200, encrypted=True, kmsKeyId="k", filesystemType="ext4", tagSpecifications=[{"resourceType": "volume", "tags": [{"key": "a", "value": "1"}], "propagateTags": "SERVICE"}])
ecs.create_service(**service(whole))
check("kept", ecs.describe_services(cluster="c", services=["disk"])["services"][0]["deployments"][0]["volumeConfigurations"], whole)
run = ends(disk, volume(terminationPolicy={"deleteOnTermination": True}))
check("attached", [(one["type"], one["status"]) for one in run["attachments"]], [("ElasticNetworkInterface", "ATTACHED"), ("AmazonElasticBlockStorage", "ATTACHED")])
check("no infrastructure role", "Infrastructure Role" in ends(disk, volume(roleArn=role))["stoppedReason"])

# Away -------------------------------------------------------------------------------------------
for one in (target["MountTargetId"], second):
    efs.delete_mount_target(MountTargetId=one)
until("targets gone", lambda: efs.describe_mount_targets(FileSystemId=fs)["MountTargets"] == [])
efs.delete_file_system(FileSystemId=fs)
until("gone", lambda: [one["FileSystemId"] for one in efs.describe_file_systems()["FileSystems"]] == [other])
check("points gone", efs.describe_access_points()["AccessPoints"], [])
efs.delete_file_system(FileSystemId=other)
summary("efs")
