"""VPC Lattice, as boto3 sees it: every field of every kind is read back, states go by the clock, what is in use stays."""

import json

from harness import ACCOUNT, check, client, refused, summary, until

lattice = client("vpc-lattice")
ec2 = client("ec2")
ecs = client("ecs")
iam = client("iam")
logs = client("logs")
tagging = client("resourcegroupstaggingapi")
ARN = f"arn:aws:vpc-lattice:eu-west-1:{ACCOUNT}:"
TAGS = {"team": "blue"}


def only(found, wanted):
    return {name: found.get(name) for name in wanted}


def status(get, **identifier):
    return get(**identifier)["status"]


def gone(get, **identifier):
    try:
        get(**identifier)
    except lattice.exceptions.ResourceNotFoundException:
        return True
    return False


vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
group = ec2.create_security_group(GroupName="net", Description="net", VpcId=vpc)["GroupId"]

# Prefix lists
name = "com.amazonaws.eu-west-1.vpc-lattice"
lists = ec2.describe_managed_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [name]}])["PrefixLists"]
check("prefix list", [only(one, ["PrefixListName", "OwnerId", "AddressFamily"]) for one in lists], [
    {"PrefixListName": name, "OwnerId": "AWS", "AddressFamily": "IPv4"},
])
prefix = lists[0]["PrefixListId"]
entries = ec2.get_managed_prefix_list_entries(PrefixListId=prefix)["Entries"]
check("entries", [one["Cidr"] for one in entries], ["169.254.171.0/24"])
permission = {
    "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [{"PrefixListId": prefix, "Description": "lattice"}],
}
made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"][0]
check("rule", only(made, ["PrefixListId", "Description"]), {"PrefixListId": prefix, "Description": "lattice"})
shown = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"][0]
check("permission", shown["PrefixListIds"], permission["PrefixListIds"])
refused("InvalidPrefixListID.NotFound", "unknown list", ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[
    {**permission, "PrefixListIds": [{"PrefixListId": "pl-1"}]},
])

# Service networks
refused("ValidationException", "capitals", lattice.create_service_network, name="Shop")
refused("ValidationException", "two hyphens", lattice.create_service_network, name="a--b")
network = lattice.create_service_network(name="shop", authType="AWS_IAM", tags=TAGS, clientToken="one")
again = lattice.create_service_network(name="shop", authType="AWS_IAM", tags=TAGS, clientToken="one")
check("made once", again["id"], network["id"])
refused("ConflictException", "other parameters", lattice.create_service_network, name="shop", clientToken="one")
refused("ConflictException", "twice", lattice.create_service_network, name="shop")
NETWORK = {"serviceNetworkIdentifier": network["id"]}
check("network", only(lattice.get_service_network(**NETWORK), ["arn", "name", "authType", "sharingConfig", "numberOfAssociatedVPCs"]), {
    "arn": f"{ARN}servicenetwork/{network['id']}", "name": "shop", "authType": "AWS_IAM", "sharingConfig": {"enabled": True},
    "numberOfAssociatedVPCs": 0,
})
check("update", lattice.update_service_network(authType="NONE", **NETWORK)["authType"], "NONE")
lattice.update_service_network(authType="AWS_IAM", **NETWORK)
check("tags", lattice.list_tags_for_resource(resourceArn=network["arn"])["tags"], TAGS)
lattice.tag_resource(resourceArn=network["arn"], tags={"tier": "1"})
lattice.untag_resource(resourceArn=network["arn"], tagKeys=["team"])
check("retagged", lattice.list_tags_for_resource(resourceArn=network["arn"])["tags"], {"tier": "1"})
tagging.tag_resources(ResourceARNList=[network["arn"]], Tags={"by": "tagging"})
check("tagged elsewhere", lattice.list_tags_for_resource(resourceArn=network["arn"])["tags"], {"tier": "1", "by": "tagging"})
found = tagging.get_resources(TagFilters=[{"Key": "tier"}], ResourceTypeFilters=["vpc-lattice:servicenetwork"])
check("bulk", [one["ResourceARN"] for one in found["ResourceTagMappingList"]], [network["arn"]])
for number in range(3):
    lattice.create_service_network(name=f"more-{number}")
pages = lattice.get_paginator("list_service_networks").paginate(PaginationConfig={"PageSize": 2})
check("pages", [[one["name"] for one in page["items"]] for page in pages].__len__(), 2)

# Policies
policy = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "vpc-lattice-svcs:Invoke", "Resource": "*"},
]})
refused("ResourceNotFoundException", "no policy", lattice.get_auth_policy, resourceIdentifier=network["id"])
refused("ValidationException", "no JSON", lattice.put_auth_policy, resourceIdentifier=network["id"], policy="{")
refused("ValidationException", "newlines", lattice.put_auth_policy, resourceIdentifier=network["id"], policy=policy + "\n")
check("put", lattice.put_auth_policy(resourceIdentifier=network["id"], policy=policy)["state"], "Active")
check("policy", lattice.get_auth_policy(resourceIdentifier=network["arn"])["policy"], policy)
lattice.delete_auth_policy(resourceIdentifier=network["id"])
refused("ResourceNotFoundException", "deleted policy", lattice.get_auth_policy, resourceIdentifier=network["id"])
shared = policy.replace("vpc-lattice-svcs:Invoke", "vpc-lattice:GetServiceNetwork")
lattice.put_resource_policy(resourceArn=network["arn"], policy=shared)
check("resource policy", lattice.get_resource_policy(resourceArn=network["arn"])["policy"], shared)
lattice.delete_resource_policy(resourceArn=network["arn"])

# Services
service = lattice.create_service(
    name="api", authType="AWS_IAM", idleTimeoutSeconds=120, customDomainName="api.example.com",
    certificateArn="arn:aws:acm:eu-west-1:1:certificate/a", tags=TAGS,
)
SERVICE = {"serviceIdentifier": service["id"]}
check("being made", service["status"], "CREATE_IN_PROGRESS")
refused("ConflictException", "associated too early", lattice.create_service_network_service_association, **SERVICE, **NETWORK)
refused("ConflictException", "deleted too early", lattice.delete_service, **SERVICE)
until("active", lambda: status(lattice.get_service, **SERVICE) == "ACTIVE")
FIELDS = ["name", "authType", "idleTimeoutSeconds", "customDomainName", "certificateArn"]
check("service", only(lattice.get_service(**SERVICE), FIELDS), {
    "name": "api", "authType": "AWS_IAM", "idleTimeoutSeconds": 120, "customDomainName": "api.example.com",
    "certificateArn": "arn:aws:acm:eu-west-1:1:certificate/a",
})
check("name", lattice.get_service(**SERVICE)["dnsEntry"]["domainName"].endswith(".vpc-lattice-svcs.eu-west-1.on.aws"))
updated = lattice.update_service(authType="NONE", idleTimeoutSeconds=60, **SERVICE)
check("update", only(updated, ["authType", "idleTimeoutSeconds"]), {"authType": "NONE", "idleTimeoutSeconds": 60})
refused("ValidationException", "idle", lattice.update_service, idleTimeoutSeconds=30, **SERVICE)
refused("ValidationException", "long name", lattice.create_service, name="a" * 41)

# Target groups
CHECK = {
    "enabled": True, "protocol": "HTTP", "protocolVersion": "HTTP1", "port": 8081, "path": "/health",
    "healthCheckIntervalSeconds": 10, "healthCheckTimeoutSeconds": 4, "healthyThresholdCount": 2,
    "unhealthyThresholdCount": 3, "matcher": {"httpCode": "200-299"},
}
CONFIG = {
    "port": 8080, "protocol": "HTTP", "protocolVersion": "HTTP2", "ipAddressType": "IPV4", "vpcIdentifier": vpc,
    "healthCheck": CHECK,
}
one = lattice.create_target_group(name="api", type="IP", config=CONFIG, tags=TAGS)
two = lattice.create_target_group(name="api-next", type="IP", config={"port": 8080, "protocol": "HTTP", "vpcIdentifier": vpc})
ONE, TWO = {"targetGroupIdentifier": one["id"]}, {"targetGroupIdentifier": two["id"]}
until("groups", lambda: status(lattice.get_target_group, **ONE) == status(lattice.get_target_group, **TWO) == "ACTIVE")
check("group", only(lattice.get_target_group(**ONE), ["name", "type", "config", "serviceArns"]), {
    "name": "api", "type": "IP", "config": CONFIG, "serviceArns": [],
})
check("defaults", lattice.get_target_group(**TWO)["config"]["healthCheck"], {
    "enabled": True, "protocol": "HTTP", "protocolVersion": "HTTP1", "path": "/", "healthCheckIntervalSeconds": 30,
    "healthCheckTimeoutSeconds": 5, "healthyThresholdCount": 5, "unhealthyThresholdCount": 2, "matcher": {"httpCode": "200"},
})
changed = lattice.update_target_group(healthCheck={"path": "/up"}, **ONE)
check("changed check", changed["config"]["healthCheck"], {**CHECK, "path": "/up"})
refused("ValidationException", "interval", lattice.update_target_group, healthCheck={"healthCheckIntervalSeconds": 4}, **ONE)
refused("NotImplementedByLocalAws", "functions", lattice.create_target_group, name="fn-1", type="LAMBDA")
refused("ResourceNotFoundException", "no VPC", lattice.create_target_group, name="lost", type="IP", config={**CONFIG, "vpcIdentifier": "vpc-12345"})

# Listeners
FORWARD = {"forward": {"targetGroups": [{"targetGroupIdentifier": one["id"], "weight": 100}]}}
refused("ValidationException", "fixed", lattice.create_listener, name="http", protocol="HTTP", defaultAction={"fixedResponse": {"statusCode": 200}}, **SERVICE)
listener = lattice.create_listener(name="http", protocol="HTTP", port=8080, defaultAction={"fixedResponse": {"statusCode": 404}}, tags=TAGS, **SERVICE)
LISTENER = {**SERVICE, "listenerIdentifier": listener["id"]}
check("listener", only(lattice.get_listener(**LISTENER), ["arn", "name", "protocol", "port", "serviceId", "defaultAction"]), {
    "arn": f"{ARN}service/{service['id']}/listener/{listener['id']}", "name": "http", "protocol": "HTTP", "port": 8080,
    "serviceId": service["id"], "defaultAction": {"fixedResponse": {"statusCode": 404}},
})
refused("ConflictException", "same port", lattice.create_listener, name="other", protocol="HTTP", port=8080, defaultAction=FORWARD, **SERVICE)
bare = {"forward": {"targetGroups": [{"targetGroupIdentifier": one["arn"]}]}}
check("default weight", lattice.update_listener(defaultAction=bare, **LISTENER)["defaultAction"], FORWARD)
check("listeners", [found["name"] for found in lattice.list_listeners(**SERVICE)["items"]], ["http"])

# Rules
MATCH = {"httpMatch": {
    "method": "GET", "pathMatch": {"match": {"prefix": "/v2"}, "caseSensitive": False},
    "headerMatches": [{"name": "x-beta", "match": {"contains": "yes"}, "caseSensitive": True}],
}}
SPLIT = {"forward": {"targetGroups": [
    {"targetGroupIdentifier": one["id"], "weight": 90}, {"targetGroupIdentifier": two["id"], "weight": 10},
]}}
rule = lattice.create_rule(name="split", priority=10, match=MATCH, action=SPLIT, tags=TAGS, **LISTENER)
RULE = {**LISTENER, "ruleIdentifier": rule["id"]}
check("rule", only(lattice.get_rule(**RULE), ["arn", "name", "priority", "match", "action", "isDefault"]), {
    "arn": f"{listener['arn']}/rule/{rule['id']}", "name": "split", "priority": 10, "match": MATCH, "action": SPLIT,
    "isDefault": False,
})
check("used by", lattice.get_target_group(**TWO)["serviceArns"], [service["arn"]])
refused("ConflictException", "priority", lattice.create_rule, name="other", priority=10, match=MATCH, action=SPLIT, **LISTENER)
refused("ValidationException", "priority range", lattice.create_rule, name="other", priority=2001, match=MATCH, action=SPLIT, **LISTENER)
six = {"httpMatch": {"headerMatches": [{"name": f"h{n}", "match": {"exact": "1"}} for n in range(6)]}}
refused("ValidationException", "six headers", lattice.create_rule, name="other", priority=11, match=six, action=SPLIT, **LISTENER)
heavy = {"forward": {"targetGroups": [{"targetGroupIdentifier": one["id"], "weight": 1000}]}}
refused("ValidationException", "weight", lattice.update_rule, action=heavy, **RULE)
check("update", lattice.update_rule(priority=20, action=FORWARD, **RULE)["priority"], 20)
batch = lattice.batch_update_rule(rules=[
    {"ruleIdentifier": rule["id"], "action": SPLIT}, {"ruleIdentifier": "rule-0123456789abcdef0", "priority": 3},
], **LISTENER)
check("batch", (len(batch["successful"]), batch["unsuccessful"][0]["failureCode"]), (1, "ResourceNotFoundException"))
check("rules", [found["isDefault"] for found in lattice.list_rules(**LISTENER)["items"]], [False, True])
check("rule's tags", lattice.list_tags_for_resource(resourceArn=rule["arn"])["tags"], TAGS)

# Associations
link = lattice.create_service_network_service_association(tags=TAGS, **SERVICE, **NETWORK)
LINK = {"serviceNetworkServiceAssociationIdentifier": link["id"]}
refused("ConflictException", "deleted too early", lattice.delete_service_network_service_association, **LINK)
refused("ConflictException", "associated twice", lattice.create_service_network_service_association, **SERVICE, **NETWORK)
until("link", lambda: status(lattice.get_service_network_service_association, **LINK) == "ACTIVE")
check("link", only(lattice.get_service_network_service_association(**LINK), ["serviceId", "serviceNetworkId", "serviceName", "customDomainName"]), {
    "serviceId": service["id"], "serviceNetworkId": network["id"], "serviceName": "api", "customDomainName": "api.example.com",
})
check("links", len(lattice.list_service_network_service_associations(**NETWORK)["items"]), 1)
joined = lattice.create_service_network_vpc_association(vpcIdentifier=vpc, securityGroupIds=[group], tags=TAGS, **NETWORK)
JOINED = {"serviceNetworkVpcAssociationIdentifier": joined["id"]}
refused("ConflictException", "one network", lattice.create_service_network_vpc_association, vpcIdentifier=vpc, **NETWORK)
until("joined", lambda: status(lattice.get_service_network_vpc_association, **JOINED) == "ACTIVE")
check("joined", only(lattice.get_service_network_vpc_association(**JOINED), ["vpcId", "securityGroupIds", "privateDnsEnabled", "serviceNetworkName"]), {
    "vpcId": vpc, "securityGroupIds": [group], "privateDnsEnabled": False, "serviceNetworkName": "shop",
})
refused("ValidationException", "no group left", lattice.update_service_network_vpc_association, securityGroupIds=[], **JOINED)
OPTIONS = {"privateDnsPreference": "SPECIFIED_DOMAINS_ONLY", "privateDnsSpecifiedDomains": ["example.com"]}
changed = lattice.update_service_network_vpc_association(privateDnsEnabled=True, dnsOptions=OPTIONS, **JOINED)
check("changing", only(changed, ["status", "dnsOptions"]), {"status": "UPDATE_IN_PROGRESS", "dnsOptions": OPTIONS})
until("changed", lambda: status(lattice.get_service_network_vpc_association, **JOINED) == "ACTIVE")
check("of VPC", [found["id"] for found in lattice.list_service_network_vpc_associations(vpcIdentifier=vpc)["items"]], [joined["id"]])
check("counts", only(lattice.get_service_network(**NETWORK), ["numberOfAssociatedVPCs", "numberOfAssociatedServices"]), {
    "numberOfAssociatedVPCs": 1, "numberOfAssociatedServices": 1,
})

# Access logs
logs.create_log_group(logGroupName="/lattice")
to = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/lattice:*"
refused("ResourceNotFoundException", "no group", lattice.create_access_log_subscription, resourceIdentifier=network["id"], destinationArn=to.replace("lattice", "other"))
log = lattice.create_access_log_subscription(resourceIdentifier=network["id"], destinationArn=to, tags=TAGS)
LOG = {"accessLogSubscriptionIdentifier": log["id"]}
check("log", only(lattice.get_access_log_subscription(**LOG), ["resourceId", "resourceArn", "destinationArn", "serviceNetworkLogType"]), {
    "resourceId": network["id"], "resourceArn": network["arn"], "destinationArn": to, "serviceNetworkLogType": "SERVICE",
})
refused("ConflictException", "one of a sort", lattice.create_access_log_subscription, resourceIdentifier=network["id"], destinationArn=to)
check("logs", [found["id"] for found in lattice.list_access_log_subscriptions(resourceIdentifier=network["arn"])["items"]], [log["id"]])
check("relog", lattice.update_access_log_subscription(destinationArn=to[:-2], **LOG)["destinationArn"], to[:-2])

# Targets by hand
done = lattice.register_targets(targets=[{"id": "10.0.1.9"}, {"id": "nonsense"}], **ONE)
check("registered", (done["successful"], done["unsuccessful"][0]["id"]), ([{"id": "10.0.1.9", "port": 8080}], "nonsense"))
until("healthy", lambda: [found["status"] for found in lattice.list_targets(**ONE)["items"]] == ["HEALTHY"])
check("unused", lattice.list_targets(targets=[{"id": "10.0.1.10", "port": 1}], **ONE)["items"], [])
lattice.deregister_targets(targets=[{"id": "10.0.1.9"}], **ONE)
check("draining", [found["status"] for found in lattice.list_targets(**ONE)["items"]], ["DRAINING"])
until("drained", lambda: lattice.list_targets(**ONE)["items"] == [])

# Targets of an ECS service
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="lattice", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
ecs.create_cluster(clusterName="main")
ecs.register_task_definition(
    family="api", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
    containerDefinitions=[{"name": "api", "image": "public.ecr.aws/nginx/nginx:1", "portMappings": [{"containerPort": 8080, "name": "http"}]}],
)
NEW = {
    "cluster": "main", "serviceName": "api", "taskDefinition": "api", "desiredCount": 1, "launchType": "FARGATE",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}},
}
WITH = [{"roleArn": role, "targetGroupArn": one["arn"], "portName": "http"}]
refused("InvalidParameterException", "port's name", ecs.create_service, **NEW, vpcLatticeConfigurations=[{**WITH[0], "portName": "grpc"}])
refused("InvalidParameterException", "no group", ecs.create_service, **NEW, vpcLatticeConfigurations=[{**WITH[0], "targetGroupArn": one["arn"] + "0"}])
refused("InvalidParameterException", "no role", ecs.create_service, **NEW, vpcLatticeConfigurations=[{**WITH[0], "roleArn": role + "0"}])
made = ecs.create_service(**NEW, vpcLatticeConfigurations=WITH)["service"]
check("deployment", made["deployments"][0]["vpcLatticeConfigurations"], WITH)
until("one target", lambda: [found["status"] for found in lattice.list_targets(**ONE)["items"]] == ["HEALTHY"], 60)
address = lattice.list_targets(**ONE)["items"][0]
check("its address", (address["id"].startswith("10.0.1."), address["port"]), (True, 8080))
refused("ConflictException", "group with targets", lattice.delete_target_group, **ONE)
cleared = ecs.update_service(cluster="main", service="api", vpcLatticeConfigurations=[])["service"]
check("taken away", [one.get("vpcLatticeConfigurations") for one in cleared["deployments"]], [None, WITH])
until("no targets", lambda: lattice.list_targets(**ONE)["items"] == [], 60)
ecs.update_service(cluster="main", service="api", desiredCount=0)

# Deletion
refused("ConflictException", "associated service", lattice.delete_service, **SERVICE)
refused("ConflictException", "associated network", lattice.delete_service_network, **NETWORK)
refused("ConflictException", "group in a rule", lattice.delete_target_group, **TWO)
lattice.delete_rule(**RULE)
refused("ResourceNotFoundException", "deleted rule", lattice.get_rule, **RULE)
check("going", lattice.delete_target_group(**TWO)["status"], "DELETE_IN_PROGRESS")
until("group gone", lambda: gone(lattice.get_target_group, **TWO))
check("going", lattice.delete_service_network_service_association(**LINK)["status"], "DELETE_IN_PROGRESS")
refused("ConflictException", "disassociation in progress", lattice.delete_service, **SERVICE)
until("link gone", lambda: gone(lattice.get_service_network_service_association, **LINK))
check("going", lattice.delete_service_network_vpc_association(**JOINED)["status"], "DELETE_IN_PROGRESS")
until("VPC gone", lambda: gone(lattice.get_service_network_vpc_association, **JOINED))
check("going", lattice.delete_service(**SERVICE)["status"], "DELETE_IN_PROGRESS")
until("service gone", lambda: gone(lattice.get_service, **SERVICE))
lattice.delete_target_group(**ONE)
lattice.delete_access_log_subscription(**LOG)
lattice.delete_service_network(**NETWORK)
refused("ResourceNotFoundException", "deleted network", lattice.get_service_network, **NETWORK)
until("last group gone", lambda: gone(lattice.get_target_group, **ONE))
left = tagging.get_resources(TagFilters=[{"Key": "team"}], ResourceTypeFilters=["vpc-lattice"])["ResourceTagMappingList"]
check("no tags are left", left, [])

summary("vpclattice")
