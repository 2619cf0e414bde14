"""servicediscovery (Cloud Map), as boto3 sees it."""

from harness import ACCOUNT, check, client, refused, summary, until

maps = client("servicediscovery")
ec2 = client("ec2")
TAGS = [{"Key": "team", "Value": "blue"}]


def over(operation, status="SUCCESS"):
    until(f"operation is {status}", lambda: maps.get_operation(OperationId=operation)["Operation"]["Status"] == status)
    return maps.get_operation(OperationId=operation)["Operation"]


vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

# Namespaces
begun = maps.create_private_dns_namespace(Name="local", Vpc=vpc, CreatorRequestId="once", Description="ours", Tags=TAGS, Properties={"DnsProperties": {"SOA": {"TTL": 60}}})["OperationId"]
check("begun", maps.get_operation(OperationId=begun)["Operation"]["Status"] in ("SUBMITTED", "PENDING", "SUCCESS"))
check("same request", maps.create_private_dns_namespace(Name="local", Vpc=vpc, CreatorRequestId="once", Description="ours")["OperationId"], begun)
refused("DuplicateRequest", "same request, other name", maps.create_private_dns_namespace, Name="other", Vpc=vpc, CreatorRequestId="once")
refused("NamespaceAlreadyExists", "same name", maps.create_private_dns_namespace, Name="local", Vpc=vpc, CreatorRequestId="twice")
done = over(begun)
check("operation", (done["Type"], done["OwnerAccount"]), ("CREATE_NAMESPACE", ACCOUNT))
id = done["Targets"]["NAMESPACE"]
namespace = maps.get_namespace(Id=id)["Namespace"]
zone = namespace["Properties"]["DnsProperties"].pop("HostedZoneId")
namespace.pop("CreateDate")
check("zone", zone[0], "Z")
check("namespace", namespace, {
    "Id": id,
    "Arn": f"arn:aws:servicediscovery:eu-west-1:{ACCOUNT}:namespace/{id}",
    "ResourceOwner": ACCOUNT,
    "Name": "local",
    "Type": "DNS_PRIVATE",
    "Description": "ours",
    "ServiceCount": 0,
    "Properties": {"DnsProperties": {"SOA": {"TTL": 60}}, "HttpProperties": {"HttpName": "local"}},
    "CreatorRequestId": "once",
})
check("by its ARN", maps.get_namespace(Id=namespace["Arn"])["Namespace"]["Id"], id)
check("tags", maps.list_tags_for_resource(ResourceARN=namespace["Arn"])["Tags"], TAGS)
nowhere = maps.create_private_dns_namespace(Name="nowhere", Vpc="vpc-0123456789abcdef0", CreatorRequestId="n")["OperationId"]
check("no such VPC", over(nowhere, "FAIL")["ErrorCode"], "CANNOT_CREATE_HOSTED_ZONE")
refused("NamespaceNotFound", "unknown namespace", maps.get_namespace, Id="ns-0")
refused("OperationNotFound", "unknown operation", maps.get_operation, OperationId="x")
http = over(maps.create_http_namespace(Name="plain", CreatorRequestId="h")["OperationId"])["Targets"]["NAMESPACE"]
public = over(maps.create_public_dns_namespace(Name="example.com", CreatorRequestId="p")["OperationId"])["Targets"]["NAMESPACE"]
check("all", sorted(n["Name"] for n in maps.list_namespaces()["Namespaces"]), ["example.com", "local", "plain"])
for filters, names in [
    ([{"Name": "TYPE", "Values": ["DNS_PRIVATE"], "Condition": "EQ"}], ["local"]),
    ([{"Name": "NAME", "Values": ["local", "plain"], "Condition": "IN"}], ["local", "plain"]),
    ([{"Name": "NAME", "Values": ["ex"], "Condition": "BEGINS_WITH"}], ["example.com"]),
    ([{"Name": "HTTP_NAME", "Values": ["plain"]}], ["plain"]),
]:
    check(f"filtered by {filters}", sorted(n["Name"] for n in maps.list_namespaces(Filters=filters)["Namespaces"]), names)
pages = [len(p["Namespaces"]) for p in maps.get_paginator("list_namespaces").paginate(PaginationConfig={"PageSize": 2})]
check("pages", pages, [2, 1])
refused("InvalidInput", "page too long", maps.list_namespaces, MaxResults=101)
refused("InvalidInput", "page of nobody", maps.list_namespaces, NextToken="x")
check("other region", client("servicediscovery", region="eu-central-1").list_namespaces()["Namespaces"], [])
over(maps.update_private_dns_namespace(Id=id, UpdaterRequestId="u", Namespace={"Description": "theirs", "Properties": {"DnsProperties": {"SOA": {"TTL": 30}}}})["OperationId"])
changed = maps.get_namespace(Id=id)["Namespace"]
check("changed", (changed["Description"], changed["Properties"]["DnsProperties"]["SOA"]), ("theirs", {"TTL": 30}))
over(maps.update_http_namespace(Id=http, Namespace={"Description": "h"})["OperationId"])
refused("InvalidInput", "wrong type", maps.update_http_namespace, Id=id, Namespace={"Description": "h"})
check("operations", {o["Status"] for o in maps.list_operations(Filters=[{"Name": "TYPE", "Values": ["CREATE_NAMESPACE"]}, {"Name": "NAMESPACE_ID", "Values": [id]}])["Operations"]}, {"SUCCESS"})

# Services
RECORDS = {"DnsRecords": [{"Type": "A", "TTL": 10}]}
made = maps.create_service(Name="web", NamespaceId=id, CreatorRequestId="s", Description="web", DnsConfig=RECORDS, HealthCheckCustomConfig={"FailureThreshold": 1}, Tags=TAGS)["Service"]
service = made["Id"]
made.pop("CreateDate")
check("service", made, {
    "Id": service,
    "Arn": f"arn:aws:servicediscovery:eu-west-1:{ACCOUNT}:service/{service}",
    "ResourceOwner": ACCOUNT,
    "CreatedByAccount": ACCOUNT,
    "Name": "web",
    "NamespaceId": id,
    "Description": "web",
    "InstanceCount": 0,
    "Type": "DNS_HTTP",
    "DnsConfig": {**RECORDS, "NamespaceId": id, "RoutingPolicy": "MULTIVALUE"},
    "HealthCheckCustomConfig": {"FailureThreshold": 1},
    "CreatorRequestId": "s",
})
check("same request", maps.create_service(Name="web", NamespaceId=id, CreatorRequestId="s", Description="web", DnsConfig=RECORDS, HealthCheckCustomConfig={"FailureThreshold": 1})["Service"]["Id"], service)
refused("ServiceAlreadyExists", "same name", maps.create_service, Name="Web", NamespaceId=id, CreatorRequestId="t", DnsConfig=RECORDS)
refused("NamespaceNotFound", "in no namespace", maps.create_service, Name="web", NamespaceId="ns-0", DnsConfig=RECORDS)
refused("InvalidInput", "DNS in an HTTP namespace", maps.create_service, Name="web", NamespaceId=http, DnsConfig=RECORDS)
refused("InvalidInput", "Route 53 checks in a private namespace", maps.create_service, Name="x", NamespaceId=id, DnsConfig=RECORDS, HealthCheckConfig={"Type": "HTTP"})
refused("ServiceNotFound", "unknown service", maps.get_service, Id="srv-0")
check("of the namespace", [s["Name"] for s in maps.list_services(Filters=[{"Name": "NAMESPACE_ID", "Values": [id], "Condition": "EQ"}])["Services"]], ["web"])
check("counted", maps.get_namespace(Id=id)["Namespace"]["ServiceCount"], 1)
refused("ResourceInUse", "namespace in use", maps.delete_namespace, Id=id)
over(maps.update_service(Id=service, Service={"Description": "new", "DnsConfig": {"DnsRecords": [{"Type": "A", "TTL": 60}]}})["OperationId"])
found = maps.get_service(Id=service)["Service"]
check("updated", (found["Description"], found["DnsConfig"]["DnsRecords"]), ("new", [{"Type": "A", "TTL": 60}]))
plain = maps.create_service(Name="api", NamespaceId=http, HealthCheckConfig={"Type": "HTTP"})["Service"]
check("plain service", (plain["Type"], plain["HealthCheckConfig"]), ("HTTP", {"Type": "HTTP", "ResourcePath": "/", "FailureThreshold": 1}))

# Instances
refused("InvalidInput", "no address", maps.register_instance, ServiceId=service, InstanceId="one", Attributes={"x": "y"})
for number in range(3):
    over(maps.register_instance(ServiceId=service, InstanceId=f"i{number}", Attributes={"AWS_INSTANCE_IPV4": f"10.0.0.{number}", "zone": "ab"[number % 2]})["OperationId"])
check("instances", [i["Id"] for i in maps.list_instances(ServiceId=service)["Instances"]], ["i0", "i1", "i2"])
check("one instance", maps.get_instance(ServiceId=service, InstanceId="i1")["Instance"]["Attributes"]["zone"], "b")
pages = [len(p["Instances"]) for p in maps.get_paginator("list_instances").paginate(ServiceId=service, PaginationConfig={"PageSize": 2})]
check("pages of instances", pages, [2, 1])
maps.update_instance_custom_health_status(ServiceId=service, InstanceId="i2", Status="UNHEALTHY")
check("health", maps.get_instances_health_status(ServiceId=service)["Status"], {"i0": "HEALTHY", "i1": "HEALTHY", "i2": "UNHEALTHY"})


def discover(**more):
    return [i["InstanceId"] for i in maps.discover_instances(NamespaceName="local", ServiceName="web", **more)["Instances"]]


check("discovered", discover(), ["i0", "i1"])
check("all of them", discover(HealthStatus="ALL"), ["i0", "i1", "i2"])
check("by attribute", discover(HealthStatus="ALL", QueryParameters={"zone": "a"}), ["i0", "i2"])
refused("ServiceNotFound", "discover nothing", maps.discover_instances, NamespaceName="local", ServiceName="nobody")
refused("InstanceNotFound", "unknown instance", maps.get_instance, ServiceId=service, InstanceId="i9")
refused("ResourceInUse", "service in use", maps.delete_service, Id=service)
for number in range(3):
    over(maps.deregister_instance(ServiceId=service, InstanceId=f"i{number}")["OperationId"])

# Tags and the end
maps.tag_resource(ResourceARN=found["Arn"], Tags=[{"Key": "more", "Value": "1"}])
maps.untag_resource(ResourceARN=found["Arn"], TagKeys=["team"])
check("tags changed", maps.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"], [{"Key": "more", "Value": "1"}])
refused("ResourceNotFoundException", "tags of nothing", maps.list_tags_for_resource, ResourceARN=found["Arn"] + "x")
maps.delete_service(Id=service)
refused("ServiceNotFound", "deleted twice", maps.delete_service, Id=service)
begun = maps.delete_namespace(Id=id)["OperationId"]
over(begun)
until("namespace is gone", lambda: id not in [n["Id"] for n in maps.list_namespaces()["Namespaces"]])
check("left", sorted(n["Id"] for n in maps.list_namespaces()["Namespaces"]), sorted([http, public]))

summary("servicediscovery")
