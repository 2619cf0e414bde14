"""cloudtrail: the event history of what was called, as boto3 sees it."""

import datetime
import json

from harness import ACCOUNT, check, client, refused, summary

trail, ec2, ecs, ssm, sts = client("cloudtrail"), client("ec2"), client("ecs"), client("ssm"), client("sts")


def found(key, value, **more):
    attributes = [{"AttributeKey": key, "AttributeValue": value}]
    return trail.lookup_events(LookupAttributes=attributes, **more)["Events"]


def names(events):
    return [event["EventName"] for event in events]


check("nothing yet", trail.lookup_events()["Events"], [])
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
ec2.describe_vpcs(VpcIds=[vpc])
cluster = ecs.create_cluster(clusterName="demo")["cluster"]["clusterArn"]
ssm.put_parameter(Name="/app/secret", Value="s3cret-value", Type="SecureString")
check("newest first", names(trail.lookup_events()["Events"]), ["PutParameter", "CreateCluster", "ModifyVpcAttribute", "CreateVpc"])
check("by id", names(found("ResourceName", vpc)), ["ModifyVpcAttribute", "CreateVpc"])
check("by ARN", names(found("ResourceName", cluster)), ["CreateCluster"])
check("by name", names(found("ResourceName", "demo")), ["CreateCluster"])
check("by type", names(found("ResourceType", "AWS::ECS::Cluster")), ["CreateCluster"])
check("by operation", names(found("EventName", "CreateVpc")), ["CreateVpc"])
check("by source", names(found("EventSource", "ecs.amazonaws.com")), ["CreateCluster"])
check("writes", len(found("ReadOnly", "false")), 4)
check("nobody", found("Username", "nobody"), [])
event = found("EventName", "CreateCluster")[0]
check("by event id", names(found("EventId", event["EventId"])), ["CreateCluster"])
who = sts.get_caller_identity()["Arn"]
check("user", event["Username"], who.split("/")[-1])
check("source", event["EventSource"], "ecs.amazonaws.com")
check("read only", event["ReadOnly"], "false")
whole = json.loads(event["CloudTrailEvent"])
check("who", (whole["userIdentity"]["arn"], whole["userIdentity"]["accountId"]), (who, ACCOUNT))
check("what", (whole["eventName"], whole["awsRegion"], whole["eventID"]), ("CreateCluster", "eu-west-1", event["EventId"]))
check("agent", "Boto3" in whole["userAgent"])
check("no secret", "s3cret-value" not in json.dumps(trail.lookup_events()["Events"], default=str))
pages = trail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 3})
check("pages", [len(page["Events"]) for page in pages], [3, 1])
now = datetime.datetime.now(datetime.timezone.utc)
hour = datetime.timedelta(hours=1)
check("since an hour ago", len(trail.lookup_events(StartTime=now - hour)["Events"]), 4)
check("before that", trail.lookup_events(EndTime=now - hour)["Events"], [])
check("other region", client("cloudtrail", region="us-east-1").lookup_events()["Events"], [])
refused("InvalidTimeRangeException", "backwards", trail.lookup_events, StartTime=now, EndTime=now - hour)
refused("InvalidNextTokenException", "token", trail.lookup_events, NextToken="nonsense")
two = [{"AttributeKey": "EventName", "AttributeValue": "x"}, {"AttributeKey": "Username", "AttributeValue": "y"}]
refused("InvalidLookupAttributesException", "two attributes", trail.lookup_events, LookupAttributes=two)
refused("InvalidLookupAttributesException", "unknown attribute", found, key="Colour", value="red")
refused("NotImplementedByLocalAws", "reads", found, key="ReadOnly", value="true")
refused("NotImplementedByLocalAws", "insights", trail.lookup_events, EventCategory="insight")
refused("NotImplementedByLocalAws", "operation not modelled", trail.list_trails)
summary("cloudtrail")
