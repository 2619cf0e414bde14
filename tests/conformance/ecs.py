"""ecs, as boto3 sees it."""

import json

from harness import ACCOUNT, check, client, refused, summary, until

ecs = client("ecs")
ec2 = client("ec2")
maps = client("servicediscovery")
ARN = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:"
TAGS = [{"key": "team", "value": "blue"}]


def only(found, wanted):
    return {name: found.get(name) for name in wanted}


# Clusters
refused("InvalidParameterException", "bad cluster name", ecs.create_cluster, clusterName="a b")
refused("InvalidParameterException", "unknown provider", ecs.create_cluster, clusterName="c", capacityProviders=["mine"])
made = ecs.create_cluster(
    clusterName="main",
    tags=TAGS,
    settings=[{"name": "containerInsights", "value": "enhanced"}],
    configuration={"executeCommandConfiguration": {"logging": "DEFAULT"}},
    capacityProviders=["FARGATE", "FARGATE_SPOT"],
    defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}],
)["cluster"]
check("cluster", only(made, ["clusterArn", "clusterName", "tags", "settings", "configuration"]), {
    "clusterArn": f"{ARN}cluster/main",
    "clusterName": "main",
    "tags": TAGS,
    "settings": [{"name": "containerInsights", "value": "enhanced"}],
    "configuration": {"executeCommandConfiguration": {"logging": "DEFAULT"}},
})
check("strategy", made["defaultCapacityProviderStrategy"], [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}])
check("created again", ecs.create_cluster(clusterName="main")["cluster"]["tags"], TAGS)


def cluster(*include):
    return ecs.describe_clusters(clusters=["main"], include=list(include))["clusters"][0]


until("cluster is active", lambda: cluster()["status"] == "ACTIVE")
check("without include", (cluster()["tags"], cluster()["settings"], "configuration" in cluster()), ([], [], False))
check("attachments", cluster("ATTACHMENTS")["attachmentsStatus"], "UPDATE_COMPLETE")
check("statistics", len(cluster("STATISTICS")["statistics"]), 8)
missing = ecs.describe_clusters(clusters=["nowhere"])
check("missing", missing["failures"], [{"arn": f"{ARN}cluster/nowhere", "reason": "MISSING"}])
ecs.update_cluster_settings(cluster="main", settings=[{"name": "containerInsights", "value": "disabled"}])
check("settings", cluster("SETTINGS")["settings"][0]["value"], "disabled")
refused("ClusterNotFoundException", "no cluster", ecs.update_cluster, cluster="nowhere")
put = ecs.put_cluster_capacity_providers(cluster="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[])["cluster"]
check("providers", (put["capacityProviders"], put["attachmentsStatus"]), (["FARGATE"], "UPDATE_IN_PROGRESS"))
refused("UpdateInProgressException", "providers again", ecs.put_cluster_capacity_providers, cluster="main", capacityProviders=[], defaultCapacityProviderStrategy=[])
until("providers are there", lambda: cluster("ATTACHMENTS")["attachmentsStatus"] == "UPDATE_COMPLETE")
refused("InvalidParameterException", "foreign strategy", ecs.put_cluster_capacity_providers, cluster="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
check("all providers", [p["name"] for p in ecs.describe_capacity_providers()["capacityProviders"]], ["FARGATE", "FARGATE_SPOT"])
for number in range(5):
    ecs.create_cluster(clusterName=f"many-{number}")
pages = [len(p["clusterArns"]) for p in ecs.get_paginator("list_clusters").paginate(PaginationConfig={"PageSize": 4})]
check("pages of clusters", pages, [4, 2])
refused("InvalidParameterException", "page of nobody", ecs.list_clusters, nextToken="x")
check("other region", client("ecs", region="eu-central-1").list_clusters()["clusterArns"], [])
check("other account", client("ecs", account="999999999999").describe_clusters(clusters=["main"])["clusters"], [])
gone = ecs.delete_cluster(cluster="many-0")["cluster"]
check("deleted", gone["status"], "INACTIVE")
check("tombstone", ecs.describe_clusters(clusters=["many-0"])["clusters"][0]["status"], "INACTIVE")
check("made anew", ecs.create_cluster(clusterName="many-0")["cluster"]["status"], "ACTIVE")

# Task definitions
web = {"name": "web", "image": "public.ecr.aws/nginx/nginx:1.27", "portMappings": [{"containerPort": 80, "name": "http"}]}
FARGATE = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512"}


def register(family="web", containers=None, **more):
    return ecs.register_task_definition(family=family, containerDefinitions=containers or [web], **{**FARGATE, **more})


def bad(what, **more):
    refused("ClientException", what, register, **more)


bad("impossible size", cpu="256", memory="4096")
bad("unknown cpu", cpu="250")
bad("no fargate network", networkMode="bridge")
bad("no image", containers=[{"name": "web"}])
bad("no name", containers=[{"image": "nginx"}])
bad("no essential container", containers=[{**web, "essential": False}])
bad("twice the same container", containers=[web, web])
bad("secrets without execution role", containers=[{**web, "secrets": [{"name": "A", "valueFrom": "/a"}]}])
bad("awslogs without execution role", containers=[{**web, "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}}}])
bad("ecr without execution role", containers=[{**web, "image": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/x:1"}])
bad("depends on nobody", containers=[{**web, "dependsOn": [{"containerName": "db", "condition": "START"}]}])
bad("depends on itself", containers=[{**web, "dependsOn": [{"containerName": "web", "condition": "START"}]}])
bad("another host port", containers=[{**web, "portMappings": [{"containerPort": 80, "hostPort": 81}]}])
bad("unknown volume", containers=[{**web, "mountPoints": [{"sourceVolume": "v", "containerPath": "/v"}]}])
bad("bad family", family="a b")
bad("soft above hard", containers=[{**web, "ulimits": [{"name": "nofile", "softLimit": 2, "hardLimit": 1}]}])
bad("a limit twice", containers=[{**web, "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 1}] * 2}])
bad("a restart too soon", containers=[{**web, "restartPolicy": {"enabled": True, "restartAttemptPeriod": 59}}])
bad("a stop too late", containers=[{**web, "stopTimeout": 121}])
bad("a start too soon", containers=[{**web, "startTimeout": 1}])
bad("a host name", containers=[{**web, "hostname": "web"}])
bad("dns servers", containers=[{**web, "dnsServers": ["10.0.0.2"]}])
bad("swap", containers=[{**web, "linuxParameters": {"maxSwap": 1}}])
bad("shared memory", containers=[{**web, "linuxParameters": {"sharedMemorySize": 1}}])
bad("a capability", containers=[{**web, "linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}}])
bad("the host's processes", pidMode="host")
bad("shared ipc", ipcMode="task")
bad("soft memory above hard", containers=[{**web, "memory": 128, "memoryReservation": 256}])
bad("a driver without a router", containers=[{**web, "logConfiguration": {"logDriver": "awsfirelens"}}])
router = {"name": "router", "image": "r", "firelensConfiguration": {"type": "fluentbit"}}
bad("two routers", containers=[web, router, {**router, "name": "other"}])
bad("a router's file from afar", containers=[web, {**router, "firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::b/k"}}}])

# Everything about how containers run is read back as it was written.
settled = {
    **web,
    "repositoryCredentials": {"credentialsParameter": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:registry"},
    "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": -1}],
    "restartPolicy": {"enabled": True, "ignoredExitCodes": [0, 143], "restartAttemptPeriod": 120},
    "stopTimeout": 120,
    "startTimeout": 2,
    "user": "1000:1000",
    "workingDirectory": "/srv",
    "readonlyRootFilesystem": True,
    "interactive": True,
    "pseudoTerminal": True,
    "versionConsistency": "disabled",
    "dockerLabels": {"a": "b"},
    "systemControls": [{"namespace": "net.core.somaxconn", "value": "1024"}],
    "linuxParameters": {
        "capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]},
        "initProcessEnabled": True,
        "tmpfs": [{"containerPath": "/tmp", "size": 64, "mountOptions": ["noexec"]}],
    },
    "logConfiguration": {
        "logDriver": "awsfirelens",
        "options": {"Name": "kinesis_streams", "stream": "s"},
        "secretOptions": [{"name": "external_id", "valueFrom": "/router/id"}],
    },
}
options = {"enable-ecs-log-metadata": "true", "config-file-type": "file", "config-file-value": "/extra.conf"}
routed = {**router, "firelensConfiguration": {"type": "fluentbit", "options": options}}
role = f"arn:aws:iam::{ACCOUNT}:role/starts"
kept = register(family="settled", containers=[settled, routed], pidMode="task", enableFaultInjection=True, executionRoleArn=role)["taskDefinition"]
check("task settings", only(kept, ["pidMode", "enableFaultInjection", "executionRoleArn"]), {"pidMode": "task", "enableFaultInjection": True, "executionRoleArn": role})
back = kept["containerDefinitions"]
check("settings", only(back[0], [name for name in settled if name != "portMappings"]), {name: value for name, value in settled.items() if name != "portMappings"})
check("router", back[1]["firelensConfiguration"], routed["firelensConfiguration"])
ecs.deregister_task_definition(taskDefinition="settled:1")
refused("ClientException", "no memory", ecs.register_task_definition, family="x", containerDefinitions=[{"name": "a", "image": "b"}])
refused("ClientException", "no cpu", ecs.register_task_definition, family="x", containerDefinitions=[web], requiresCompatibilities=["FARGATE"], networkMode="awsvpc", memory="512")

one = register(tags=TAGS, cpu=".25 vCPU", memory="0.5GB", volumes=[{"name": "scratch"}])
definition = one["taskDefinition"]
check("definition", only(definition, ["taskDefinitionArn", "family", "revision", "status", "cpu", "memory", "volumes", "compatibilities", "placementConstraints"]), {
    "taskDefinitionArn": f"{ARN}task-definition/web:1",
    "family": "web",
    "revision": 1,
    "status": "ACTIVE",
    "cpu": "256",
    "memory": "512",
    "volumes": [{"name": "scratch", "host": {}}],
    "compatibilities": ["EC2", "FARGATE"],
    "placementConstraints": [],
})
check("tags", one["tags"], TAGS)
check("container", definition["containerDefinitions"], [{
    **web,
    "cpu": 0,
    "essential": True,
    "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http"}],
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}])
check("described", ecs.describe_task_definition(taskDefinition="web", include=["TAGS"])["taskDefinition"], definition)
check("health check", register(containers=[{**web, "healthCheck": {"command": ["CMD", "true"]}}])["taskDefinition"]["containerDefinitions"][0]["healthCheck"], {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3})
check("second revision", ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"], 2)
ecs.deregister_task_definition(taskDefinition="web:2")
check("back to the first", ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"], 1)
check("inactive", ecs.describe_task_definition(taskDefinition="web:2")["taskDefinition"]["status"], "INACTIVE")
refused("ClientException", "unknown definition", ecs.describe_task_definition, taskDefinition="nobody")
refused("InvalidParameterException", "no revision", ecs.deregister_task_definition, taskDefinition="web")
check("active cannot be deleted", len(ecs.delete_task_definitions(taskDefinitions=["web:1"])["failures"]), 1)
check("deleted", ecs.delete_task_definitions(taskDefinitions=["web:2"])["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS")
check("number is not used again", register()["taskDefinition"]["revision"], 3)
check("exact family", ecs.list_task_definitions(familyPrefix="we")["taskDefinitionArns"], [])
check("revisions", ecs.list_task_definitions(familyPrefix="web", sort="DESC")["taskDefinitionArns"], [f"{ARN}task-definition/web:3", f"{ARN}task-definition/web:1"])
check("families", ecs.list_task_definition_families(familyPrefix="we")["families"], ["web"])

# Surroundings of a service
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
group = ec2.create_security_group(VpcId=vpc, GroupName="web", Description="web")["GroupId"]
NETWORK = {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"}}
operation = maps.create_private_dns_namespace(Name="local", Vpc=vpc)["OperationId"]
until("namespace is there", lambda: maps.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS")
namespace = maps.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
registry = maps.create_service(Name="web", NamespaceId=namespace, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 10}]})["Service"]


def service_of(name="web", **more):
    whole = {"cluster": "main", "taskDefinition": "web", "desiredCount": 2, "launchType": "FARGATE", "networkConfiguration": NETWORK}
    whole = {name: value for name, value in {**whole, **more}.items() if value is not None}
    return ecs.create_service(serviceName=name, **whole)["service"]


def wrong(code, what, **more):
    refused(code, what, service_of, **more)


wrong("ClusterNotFoundException", "service of no cluster", cluster="nowhere")
wrong("ClientException", "service without definition", taskDefinition="nobody")
wrong("InvalidParameterException", "service without network", networkConfiguration=None)
wrong("InvalidParameterException", "service in no subnet", networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"]}})
wrong("InvalidParameterException", "service with no such group", networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": ["sg-0123456789abcdef0"]}})
wrong("InvalidParameterException", "both launch type and strategy", capacityProviderStrategy=[{"capacityProvider": "FARGATE"}])
wrong("InvalidParameterException", "no room to deploy", deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 100})
wrong("InvalidParameterException", "unknown container", loadBalancers=[{"targetGroupArn": "x", "containerName": "db", "containerPort": 80}])
wrong("InvalidParameterException", "unknown port", loadBalancers=[{"targetGroupArn": "x", "containerName": "web", "containerPort": 81}])
wrong("PlatformUnknownException", "unknown platform", platformVersion="9.9.9")
wrong("NamespaceNotFoundException", "unknown namespace", serviceConnectConfiguration={"enabled": True, "namespace": "nowhere"})
wrong("InvalidParameterException", "bad service name", name="a b")


def connected(*services, **more):
    return {"enabled": True, "namespace": "local", "services": list(services), **more}


def port(name="http", alias="web", number=80, **more):
    return {"portName": name, "clientAliases": [{"port": number, "dnsName": alias}], **more}


AUTHORITY = {"awsPcaAuthorityArn": f"arn:aws:acm-pca:eu-west-1:{ACCOUNT}:certificate-authority/one"}
for what, configuration in [
    ("unknown port name", connected(port("nobody"))),
    ("port name twice", connected(port(), port(alias="other"))),
    ("no alias", connected({"portName": "http"})),
    ("two aliases", connected({"portName": "http", "clientAliases": [{"port": 80}, {"port": 81}]})),
    ("alias with a capital", connected(port(alias="Web"))),
    ("alias without a port", connected({"portName": "http", "clientAliases": [{"dnsName": "web"}]})),
    ("bad discovery name", connected(port(discoveryName="a.b"))),
    ("discovery name that is taken", connected(port(discoveryName="web"))),
    ("port that is none", connected(port(ingressPortOverride=70000))),
    ("TLS without a CA", connected(port(tls={"issuerCertificateAuthority": {}}))),
    ("TLS in no role", connected(port(tls={"issuerCertificateAuthority": AUTHORITY, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}))),
    ("access log without a log", connected(accessLogConfiguration={"format": "JSON"})),
    ("log level twice", connected(containerConfigurations=[{"logLevel": "info"}, {"logLevel": "debug"}])),
]:
    wrong("InvalidParameterException", what, serviceConnectConfiguration=configuration)
wrong("InvalidParameterException", "blue/green without a bake time", deploymentConfiguration={"strategy": "BLUE_GREEN"})

made = service_of(
    clientToken="once",
    tags=TAGS,
    serviceRegistries=[{"registryArn": registry["Arn"]}],
    serviceConnectConfiguration={"enabled": True, "namespace": "local", "services": [{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "web"}]}]},
    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    enableExecuteCommand=True,
    enableECSManagedTags=True,
    propagateTags="SERVICE",
    availabilityZoneRebalancing="DISABLED",
)
check("service", only(made, ["serviceArn", "status", "desiredCount", "runningCount", "launchType", "platformVersion", "platformFamily", "taskDefinition", "schedulingStrategy", "deploymentController", "deploymentConfiguration", "networkConfiguration", "loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy", "enableExecuteCommand", "enableECSManagedTags", "propagateTags", "availabilityZoneRebalancing", "tags", "roleArn"]), {
    "serviceArn": f"{ARN}service/main/web",
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 0,
    "launchType": "FARGATE",
    "platformVersion": "LATEST",
    "platformFamily": "Linux",
    "taskDefinition": f"{ARN}task-definition/web:3",
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    },
    "networkConfiguration": NETWORK,
    "loadBalancers": [],
    "serviceRegistries": [{"registryArn": registry["Arn"]}],
    "placementConstraints": [],
    "placementStrategy": [],
    "enableExecuteCommand": True,
    "enableECSManagedTags": True,
    "propagateTags": "SERVICE",
    "availabilityZoneRebalancing": "DISABLED",
    "tags": TAGS,
    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
})
deployment = made["deployments"][0]
check("connected", deployment["serviceConnectConfiguration"]["services"], [port()])
[resource] = deployment["serviceConnectResources"]
check("named", resource["discoveryName"], "http")
check("managed by ECS", maps.list_tags_for_resource(ResourceARN=resource["discoveryArn"])["Tags"], [{"Key": "AmazonECSManaged", "Value": "true"}])
check("in the namespace", ecs.list_services_by_namespace(namespace="local")["serviceArns"], [made["serviceArn"]])
wrong("InvalidParameterException", "alias of another", name="second", serviceConnectConfiguration=connected(port(discoveryName="second")))
wrong("InvalidParameterException", "discovery name of another", name="second", serviceConnectConfiguration=connected(port(alias="second")))
check("deployment", (deployment["status"], deployment["rolloutState"], deployment["platformVersion"]), ("PRIMARY", "IN_PROGRESS", "1.4.0"))
wrong("InvalidParameterException", "service is there")


def service(name="web"):
    return ecs.describe_services(cluster="main", services=[name], include=["TAGS"])["services"][0]


def state(name="web"):
    return [(d["status"], d["rolloutState"]) for d in service(name)["deployments"]]


until("rolled out", lambda: state() == [("PRIMARY", "COMPLETED")])
found = service()
check("counts", (found["runningCount"], found["pendingCount"], found["deployments"][0]["failedTasks"]), (2, 0, 0))
messages = [event["message"] for event in reversed(found["events"])]
tasks = [arn.split("/")[-1] for arn in ecs.list_tasks(cluster="main", serviceName="web")["taskArns"]]
check("first event", sorted(messages[0].removeprefix("(service web) has started 2 tasks: ").strip(".").split(") (")), sorted(messages[0].removeprefix("(service web) has started 2 tasks: ").strip(".").split(") (")))
check("tasks are named", all(f"(task {task})" in messages[0] for task in tasks))
check("last events", messages[-2:], [f"(service web) (deployment {deployment['id']}) deployment completed.", "(service web) has reached a steady state."])
task = ecs.describe_tasks(cluster="main", tasks=tasks, include=["TAGS"])["tasks"][0]
check("task", only(task, ["lastStatus", "desiredStatus", "group", "startedBy", "launchType", "cpu", "memory"]), {"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": "service:web", "startedBy": deployment["id"], "launchType": "FARGATE", "cpu": "256", "memory": "512"})
check("task's tags", task["tags"], TAGS + [{"key": "aws:ecs:clusterName", "value": "main"}, {"key": "aws:ecs:serviceName", "value": "web"}])
details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[details["networkInterfaceId"]])["NetworkInterfaces"][0]
check("interface", (interface["PrivateIpAddress"], interface["Groups"][0]["GroupId"]), (details["privateIPv4Address"], group))
instances = maps.discover_instances(NamespaceName="local", ServiceName="web")["Instances"]
check("discovered", sorted(i["InstanceId"] for i in instances), sorted(tasks))
check("discovered by Service Connect", sorted(i["InstanceId"] for i in maps.discover_instances(NamespaceName="local", ServiceName="http")["Instances"]), sorted(tasks))
check("cluster's counts", (cluster()["activeServicesCount"], cluster()["runningTasksCount"]), (1, 2))
refused("ClusterContainsServicesException", "cluster in use", ecs.delete_cluster, cluster="main")
refused("DependencyViolation", "group in use", ec2.delete_security_group, GroupId=group)
check("idempotent", "serviceArn" in service_of(
    clientToken="once",
    tags=TAGS,
    serviceRegistries=[{"registryArn": registry["Arn"]}],
    serviceConnectConfiguration={"enabled": True, "namespace": "local", "services": [{"portName": "http", "clientAliases": [{"port": 80, "dnsName": "web"}]}]},
    deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    enableExecuteCommand=True,
    enableECSManagedTags=True,
    propagateTags="SERVICE",
    availabilityZoneRebalancing="DISABLED",
))

# A session in a container
agents = ecs.describe_tasks(cluster="main", tasks=tasks[:1])["tasks"][0]["containers"][0]["managedAgents"]
check("agent", [(a["name"], a["lastStatus"]) for a in agents], [("ExecuteCommandAgent", "RUNNING")])
opened = ecs.execute_command(cluster="main", task=tasks[0], container="web", command="ls", interactive=True)
check("opened", (opened["containerName"], opened["interactive"], opened["taskArn"].split("/")[-1], sorted(opened["session"])), ("web", True, tasks[0], ["sessionId", "streamUrl", "tokenValue"]))
refused("InvalidParameterException", "not interactive", ecs.execute_command, cluster="main", task=tasks[0], container="web", command="ls", interactive=False)
refused("InvalidParameterException", "no such container", ecs.execute_command, cluster="main", task=tasks[0], container="envoy", command="ls", interactive=True)
refused("InvalidParameterException", "no such task", ecs.execute_command, cluster="main", task="0" * 32, container="web", command="ls", interactive=True)

# Service deployments and revisions
[brief] = ecs.list_service_deployments(cluster="main", service="web")["serviceDeployments"]
check("service deployment", (brief["status"], brief["serviceDeploymentArn"]), ("SUCCESSFUL", found["currentServiceDeployment"]))
whole = ecs.describe_service_deployments(serviceDeploymentArns=[brief["serviceDeploymentArn"]])["serviceDeployments"][0]
check("circuit breaker", whole["deploymentCircuitBreaker"], {"status": "MONITORING_COMPLETE", "failureCount": 0, "threshold": 3})
revision = ecs.describe_service_revisions(serviceRevisionArns=[brief["targetServiceRevisionArn"]])["serviceRevisions"][0]
check("revision", (revision["taskDefinition"], revision["containerImages"][0]["image"]), (f"{ARN}task-definition/web:3", web["image"]))
refused("ConflictException", "stop what is over", ecs.stop_service_deployment, serviceDeploymentArn=brief["serviceDeploymentArn"])

# Changes
refused("ServiceNotFoundException", "update of nothing", ecs.update_service, cluster="main", service="nobody")
same = ecs.update_service(cluster="main", service="web", taskDefinition="web:3", desiredCount=3)["service"]
check("no new deployment", [d["id"] for d in same["deployments"]], [deployment["id"]])
until("scaled out", lambda: service()["runningCount"] == 3)
new = ecs.update_service(cluster="main", service="web", taskDefinition="web:1", enableExecuteCommand=False)["service"]
check("two deployments", [d["status"] for d in new["deployments"]], ["PRIMARY", "ACTIVE"])
until("rolled over", lambda: state() == [("PRIMARY", "COMPLETED")])
check("updated", (service()["taskDefinition"], service()["enableExecuteCommand"], service()["runningCount"]), (f"{ARN}task-definition/web:1", False, 3))
stopped = ecs.list_tasks(cluster="main", serviceName="web", desiredStatus="STOPPED")["taskArns"]
why = {t["stoppedReason"] for t in ecs.describe_tasks(cluster="main", tasks=stopped)["tasks"]}
check("why they stopped", why, {f"Scaling activity initiated by (deployment {deployment['id']})"})
forced = ecs.update_service(cluster="main", service="web", forceNewDeployment=True)["service"]
check("forced", len(forced["deployments"]), 2)
until("rolled over again", lambda: state() == [("PRIMARY", "COMPLETED")])
ecs.stop_task(cluster="main", task=ecs.list_tasks(cluster="main", serviceName="web")["taskArns"][0], reason="try")
until("replaced", lambda: service()["runningCount"] == 3)

# Failure, with the circuit breaker
broken = register(containers=[{**web, "image": "public.ecr.aws/nginx/nginx:does-not-exist"}])["taskDefinition"]["taskDefinitionArn"]
failing = ecs.update_service(cluster="main", service="web", taskDefinition=broken)["service"]
ticket = failing["currentServiceDeployment"]


def deployed():
    return ecs.describe_service_deployments(serviceDeploymentArns=[ticket])["serviceDeployments"][0]


until("rolled back", lambda: deployed()["status"] == "ROLLBACK_SUCCESSFUL")
check("broken circuit", deployed()["deploymentCircuitBreaker"], {"status": "TRIGGERED", "failureCount": 3, "threshold": 3})
check("as it was", (service()["taskDefinition"], service()["runningCount"], state()), (f"{ARN}task-definition/web:1", 3, [("PRIMARY", "COMPLETED")]))
reasons = [t["stoppedReason"] for t in ecs.describe_tasks(cluster="main", tasks=ecs.list_tasks(cluster="main", serviceName="web", desiredStatus="STOPPED")["taskArns"])["tasks"] if t["stopCode"] == "TaskFailedToStart"]
check("why they failed", all(r.startswith("CannotPullContainerError: ") for r in reasons) and len(reasons) == 3)
messages = [event["message"] for event in service()["events"]]
check("said so", f"(service web) (deployment {failing['deployments'][0]['id']}) deployment failed: tasks failed to start." in messages)

# A first deployment that fails has nothing to go back to
service_of("bad", taskDefinition=broken, desiredCount=1, deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}})
until("failed", lambda: state("bad") == [("PRIMARY", "FAILED")])
check("reason", service("bad")["deployments"][0]["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.")

# Tags and settings
ecs.tag_resource(resourceArn=f"{ARN}service/main/web", tags=[{"key": "more", "value": "1"}])
ecs.untag_resource(resourceArn=f"{ARN}service/main/web", tagKeys=["team"])
check("tags changed", ecs.list_tags_for_resource(resourceArn=f"{ARN}service/main/web")["tags"], [{"key": "more", "value": "1"}])
refused("ServiceNotFoundException", "tags of nothing", ecs.tag_resource, resourceArn=f"{ARN}service/main/nobody", tags=TAGS)
ecs.put_account_setting_default(name="containerInsights", value="enabled")
check("setting", [s["value"] for s in ecs.list_account_settings(name="containerInsights")["settings"]], ["enabled"])
check("new default", ecs.create_cluster(clusterName="late")["cluster"]["settings"][0]["value"], "enabled")

# Pages and limits
for number in range(12):
    service_of(f"many-{number:02}", desiredCount=0)
pages = [len(p["serviceArns"]) for p in ecs.get_paginator("list_services").paginate(cluster="main")]
check("pages of services", pages, [10, 4])
check("of one page", len(ecs.list_services(cluster="main", maxResults=100)["serviceArns"]), 14)
refused("InvalidParameterException", "page too long", ecs.list_services, cluster="main", maxResults=101)
refused("InvalidParameterException", "too many services", ecs.describe_services, cluster="main", services=[f"s{n}" for n in range(11)])
check("missing service", ecs.describe_services(cluster="main", services=["nobody"])["failures"], [{"arn": f"{ARN}service/main/nobody", "reason": "MISSING"}])
refused("InvalidParameterException", "exec in a task that is over", ecs.execute_command, cluster="main", task=tasks[0], command="ls", interactive=True)

# Tasks without a service
run = ecs.run_task(cluster="main", taskDefinition="web:1", launchType="FARGATE", networkConfiguration=NETWORK, count=2)
check("run", [t["lastStatus"] for t in run["tasks"]], ["PROVISIONING"] * 2)
arns = [t["taskArn"] for t in run["tasks"]]
stopped = lambda: [t["lastStatus"] for t in ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]] == ["STOPPED"] * 2
ecs.stop_task(cluster="main", task=arns[0])
until("stopped", stopped)
ends = [(t["stopCode"], t["containers"][0].get("exitCode")) for t in ecs.describe_tasks(cluster="main", tasks=arns)["tasks"]]
check("one was stopped, the other has done its work", [ends[0][0], ends[1]], ["UserInitiated", ("EssentialContainerExited", 0)])

# The end
refused("InvalidParameterException", "scaled above 0", ecs.delete_service, cluster="main", service="web")
check("draining", ecs.delete_service(cluster="main", service="web", force=True)["service"]["status"], "DRAINING")
refused("ServiceNotActiveException", "update of a draining one", ecs.update_service, cluster="main", service="web", desiredCount=1)
until("inactive", lambda: service()["status"] == "INACTIVE")
check("tags are gone", service()["tags"], [])
check("interfaces are gone", ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkInterfaces"], [])
check("nobody is discovered", maps.discover_instances(NamespaceName="local", ServiceName="web")["Instances"], [])
for name in ["bad"] + [f"many-{n:02}" for n in range(12)]:
    ecs.delete_service(cluster="main", service=name, force=True)
until("all are inactive", lambda: cluster()["activeServicesCount"] == 0 and cluster()["pendingTasksCount"] == 0)
check("again", service_of("web", desiredCount=0)["status"], "ACTIVE")
ecs.delete_service(cluster="main", service="web")
until("inactive again", lambda: service()["status"] == "INACTIVE")
check("cluster deleted", ecs.delete_cluster(cluster="main")["cluster"]["status"], "INACTIVE")
refused("ClusterNotFoundException", "of a deleted cluster", ecs.list_services, cluster="main")

summary("ecs")
