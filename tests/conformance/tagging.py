"""resourcegroupstaggingapi: one list of what all services tag, as boto3 sees it."""

from harness import ACCOUNT, check, client, refused, summary, until

api, ec2, logs, ecr, ecs = client("resourcegroupstaggingapi"), client("ec2"), client("logs"), client("ecr"), client("ecs")


def prefix(service):
    return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:"


def arns(**filters):
    return [each["ResourceARN"] for each in api.get_resources(**filters)["ResourceTagMappingList"]]


tags = {"app": "demo", "env": "test"}
listed = [{"Key": k, "Value": v} for k, v in tags.items()]
vpc = prefix("ec2") + "vpc/" + ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": listed}])["Vpc"]["VpcId"]
logs.create_log_group(logGroupName="/demo", tags=tags)
logs.create_log_group(logGroupName="/other", tags={"app": "other"})
ecr.create_repository(repositoryName="demo", tags=listed)
ecs.create_cluster(clusterName="demo", tags=[{"key": k, "value": v} for k, v in tags.items()])
group, repository, cluster = prefix("logs") + "log-group:/demo", prefix("ecr") + "repository/demo", prefix("ecs") + "cluster/demo"
both = [{"Key": "app", "Values": ["demo"]}, {"Key": "env"}]
check("by tags", sorted(arns(TagFilters=both)), sorted([vpc, group, repository, cluster]))
check("tags", api.get_resources(ResourceARNList=[group])["ResourceTagMappingList"], [{"ResourceARN": group, "Tags": listed}])
check("either value", len(arns(TagFilters=[{"Key": "app", "Values": ["demo", "other"]}])), 5)
check("no such value", arns(TagFilters=[{"Key": "app", "Values": ["x"]}]), [])
check("by type", arns(TagFilters=both, ResourceTypeFilters=["ec2:vpc"]), [vpc])
check("by types", sorted(arns(TagFilters=both, ResourceTypeFilters=["logs", "ecs:cluster"])), sorted([group, cluster]))
pages = list(api.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 2}))
check("pages", [len(p["ResourceTagMappingList"]) for p in pages], [2, 2, 1])
refused("InvalidParameterException", "page size", api.get_resources, ResourcesPerPage=101)
refused("PaginationTokenExpiredException", "token", api.get_resources, PaginationToken="nonsense")
refused("InvalidParameterException", "ARNs and filters", api.get_resources, ResourceARNList=[group], TagFilters=both)
check("keys", api.get_tag_keys()["TagKeys"], ["app", "env"])
check("values", api.get_tag_values(Key="app")["TagValues"], ["demo", "other"])
check("other region", client("resourcegroupstaggingapi", region="us-east-1").get_resources()["ResourceTagMappingList"], [])
missing = prefix("logs") + "log-group:/missing"
failed = api.tag_resources(ResourceARNList=[group, missing], Tags={"new": "1"})["FailedResourcesMap"]
check("tagged", (logs.list_tags_for_resource(resourceArn=group)["tags"]["new"], list(failed)), ("1", [missing]))
api.untag_resources(ResourceARNList=[group, cluster], TagKeys=["new", "env"])
check("untagged", logs.list_tags_for_resource(resourceArn=group)["tags"], {"app": "demo"})
check("everywhere", ecs.describe_clusters(clusters=["demo"], include=["TAGS"])["clusters"][0]["tags"], [{"key": "app", "value": "demo"}])

# The service itself tags what has no tags yet, by its own rules.
elb, discovery, ssm = client("elbv2"), client("servicediscovery"), client("ssm")
subnet = prefix("ec2") + "subnet/" + ec2.create_subnet(VpcId=vpc.split("/")[1], CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
target = elb.create_target_group(Name="demo", Protocol="HTTP", Port=80, VpcId=vpc.split("/")[1], TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
discovery.create_http_namespace(Name="demo")
until("the namespace is there", lambda: discovery.list_namespaces()["Namespaces"])
namespace = discovery.list_namespaces()["Namespaces"][0]["Arn"]
ssm.put_parameter(Name="/demo/one", Value="1", Type="String")
bare = sorted([subnet, target, namespace, prefix("ssm") + "parameter/demo/one"])
check("not tagged yet", set(bare) & set(arns()), set())
lost = prefix("ecs") + "cluster/lost"
failed = api.tag_resources(ResourceARNList=bare + [lost], Tags={"team": "blue"})["FailedResourcesMap"]
check("what is lost fails alone", {arn: f["ErrorCode"] for arn, f in failed.items()}, {lost: "InvalidParameterException"})
check("tagged all", sorted(arns(TagFilters=[{"Key": "team", "Values": ["blue"]}])), bare)
check("its service sees it", elb.describe_tags(ResourceArns=[target])["TagDescriptions"][0]["Tags"], [{"Key": "team", "Value": "blue"}])
check("its service's rules", list(api.tag_resources(ResourceARNList=[group], Tags={"aws:x": "y"})["FailedResourcesMap"]), [group])
check("untagged all", api.untag_resources(ResourceARNList=bare, TagKeys=["team"])["FailedResourcesMap"], {})
check("no tags left", arns(TagFilters=[{"Key": "team"}]), [])
check("once tagged, still known", api.get_resources(ResourceARNList=[subnet])["ResourceTagMappingList"], [{"ResourceARN": subnet, "Tags": []}])
refused("InvalidParameterException", "no such type", api.get_resources, ResourceTypeFilters=["ec2:"])
logs.delete_log_group(logGroupName="/demo")
check("deleted", group in arns(), False)

summary("resourcegroupstaggingapi")
