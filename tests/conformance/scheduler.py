"""scheduler, and the tasks that it runs, as boto3 sees them."""

import datetime
import json

from harness import ACCOUNT, check, client, refused, summary, until

scheduler = client("scheduler")
ecs, ec2, iam, sqs = client("ecs"), client("ec2"), client("iam"), client("sqs")
ARN = f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:"
TAGS = [{"Key": "team", "Value": "blue"}]


def role(name, principal, *statements):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if statements:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"} for action in statements]}
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    return arn


vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
execution = role("execution", "ecs-tasks.amazonaws.com", "logs:*")
runner = role("runner", "scheduler.amazonaws.com", "ecs:RunTask", "iam:PassRole", "sqs:SendMessage")
weak = role("weak", "scheduler.amazonaws.com", "sqs:SendMessage")
ecs.create_cluster(clusterName="main")
CLUSTER = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/main"
definition = ecs.register_task_definition(
    family="nightly",
    requiresCompatibilities=["FARGATE"],
    networkMode="awsvpc",
    cpu="256",
    memory="512",
    executionRoleArn=execution,
    containerDefinitions=[{"name": "main", "image": "public.ecr.aws/nginx/nginx:1.27"}],
)["taskDefinition"]["taskDefinitionArn"]
queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
DEAD = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:dead"

# Groups
refused("ValidationException", "bad name", scheduler.create_schedule_group, Name="a b")
made = scheduler.create_schedule_group(Name="jobs", Tags=TAGS, ClientToken="one")["ScheduleGroupArn"]
check("group", made, f"{ARN}schedule-group/jobs")
check("again with its token", scheduler.create_schedule_group(Name="jobs", Tags=TAGS, ClientToken="one")["ScheduleGroupArn"], made)
refused("ConflictException", "again", scheduler.create_schedule_group, Name="jobs")
check("state", scheduler.get_schedule_group(Name="jobs")["State"], "ACTIVE")
check("tags", scheduler.list_tags_for_resource(ResourceArn=made)["Tags"], TAGS)
scheduler.tag_resource(ResourceArn=made, Tags=[{"Key": "tier", "Value": "1"}])
scheduler.untag_resource(ResourceArn=made, TagKeys=["team"])
check("retagged", scheduler.list_tags_for_resource(ResourceArn=made)["Tags"], [{"Key": "tier", "Value": "1"}])
refused("ResourceNotFoundException", "no group", scheduler.get_schedule_group, Name="nothing")
refused("ValidationException", "the default group stays", scheduler.delete_schedule_group, Name="default")
for number in range(3):
    scheduler.create_schedule_group(Name=f"many-{number}")
pages = [page["ScheduleGroups"] for page in scheduler.get_paginator("list_schedule_groups").paginate(PaginationConfig={"PageSize": 2})]
check("groups", [[group["Name"] for group in page] for page in pages], [["default", "jobs"], ["many-0", "many-1"], ["many-2"]])
check("groups by prefix", len(scheduler.list_schedule_groups(NamePrefix="many")["ScheduleGroups"]), 3)

# Schedules
PARAMETERS = {
    "TaskDefinitionArn": definition,
    "TaskCount": 2,
    "LaunchType": "FARGATE",
    "PlatformVersion": "1.4.0",
    "Group": "night",
    "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": [subnet], "SecurityGroups": [], "AssignPublicIp": "ENABLED"}},
    "EnableECSManagedTags": True,
    "EnableExecuteCommand": False,
    "PropagateTags": "TASK_DEFINITION",
    "ReferenceId": "r-1",
    "Tags": [{"key": "team", "value": "blue"}],
}
TARGET = {
    "Arn": CLUSTER,
    "RoleArn": runner,
    "EcsParameters": PARAMETERS,
    "RetryPolicy": {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 3},
    "DeadLetterConfig": {"Arn": DEAD},
    "Input": json.dumps({"containerOverrides": [{"name": "main", "command": ["true"]}]}),
}
OFF = {"Mode": "OFF"}


def wanted(**more):
    return {"Name": "nightly", "GroupName": "jobs", "ScheduleExpression": "cron(0 3 * * ? *)", "FlexibleTimeWindow": OFF, "Target": TARGET, **more}


def target(**more):
    return {**TARGET, **more}


def parameters(**more):
    return target(EcsParameters={**PARAMETERS, **more})


for text in ["daily", "rate(0 minutes)", "rate(5 seconds)", "cron(0 3 * * * *)", "cron(0 3 * * ?)", "cron(0 3 ? * 8 *)", "at(tomorrow)"]:
    refused("ValidationException", text, scheduler.create_schedule, **wanted(ScheduleExpression=text))
refused("ValidationException", "zone", scheduler.create_schedule, **wanted(ScheduleExpressionTimezone="Berlin"))
refused("ValidationException", "no window", scheduler.create_schedule, **wanted(FlexibleTimeWindow={"Mode": "FLEXIBLE"}))
refused("ValidationException", "window", scheduler.create_schedule, **wanted(FlexibleTimeWindow={"Mode": "OFF", "MaximumWindowInMinutes": 5}))
refused("ValidationException", "long window", scheduler.create_schedule, **wanted(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}))
refused("ValidationException", "end in the past", scheduler.create_schedule, **wanted(EndDate=datetime.datetime(2020, 1, 1)))
refused("ValidationException", "a role of others", scheduler.create_schedule, **wanted(Target=target(RoleArn=execution)))
refused("ValidationException", "no task", scheduler.create_schedule, **wanted(Target={"Arn": CLUSTER, "RoleArn": runner}))
refused("ValidationException", "many tasks", scheduler.create_schedule, **wanted(Target=parameters(TaskCount=11)))
refused("ValidationException", "two ways", scheduler.create_schedule, **wanted(Target=parameters(CapacityProviderStrategy=[{"capacityProvider": "FARGATE"}])))
refused("ValidationException", "retries", scheduler.create_schedule, **wanted(Target=target(RetryPolicy={"MaximumRetryAttempts": 186})))
refused("ValidationException", "age", scheduler.create_schedule, **wanted(Target=target(RetryPolicy={"MaximumEventAgeInSeconds": 59})))
refused("ValidationException", "dead letters", scheduler.create_schedule, **wanted(Target=target(DeadLetterConfig={"Arn": CLUSTER})))
refused("ResourceNotFoundException", "no such group", scheduler.create_schedule, **wanted(GroupName="nothing"))
refused("NotImplementedByLocalAws", "another target", scheduler.create_schedule, **wanted(Target={"Arn": DEAD, "RoleArn": runner}))

START = datetime.datetime(2030, 1, 1, tzinfo=datetime.timezone.utc)
END = datetime.datetime(2031, 1, 1, tzinfo=datetime.timezone.utc)
FULL = {
    "ScheduleExpressionTimezone": "Europe/Berlin",
    "Description": "every night",
    "State": "DISABLED",
    "StartDate": START,
    "EndDate": END,
    "KmsKeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
    "ActionAfterCompletion": "DELETE",
}
made = scheduler.create_schedule(**wanted(**FULL, ClientToken="two"))["ScheduleArn"]
check("schedule", made, f"{ARN}schedule/jobs/nightly")
check("again with its token", scheduler.create_schedule(**wanted(**FULL, ClientToken="two"))["ScheduleArn"], made)
refused("ConflictException", "again", scheduler.create_schedule, **wanted(**FULL))


def read(name="nightly", group="jobs"):
    found = scheduler.get_schedule(Name=name, GroupName=group)
    return {k: v for k, v in found.items() if k not in ("ResponseMetadata", "Arn", "CreationDate", "LastModificationDate")}


check("every field is read back", read(), wanted(**FULL))
before = scheduler.get_schedule(Name="nightly", GroupName="jobs")["CreationDate"]
bare = {"Arn": CLUSTER, "RoleArn": runner, "EcsParameters": {"TaskDefinitionArn": definition}}
scheduler.update_schedule(**wanted(Target=bare, State="DISABLED"))
check("an update overwrites all", read(), wanted(
    State="DISABLED",
    ScheduleExpressionTimezone="UTC",
    ActionAfterCompletion="NONE",
    Target={
        **bare,
        "EcsParameters": {"TaskDefinitionArn": definition, "TaskCount": 1, "EnableECSManagedTags": False, "EnableExecuteCommand": False},
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185},
    },
))
check("created once", scheduler.get_schedule(Name="nightly", GroupName="jobs")["CreationDate"], before)
refused("ResourceNotFoundException", "update of nothing", scheduler.update_schedule, **wanted(Name="nothing"))
listed = scheduler.list_schedules(GroupName="jobs")["Schedules"]
check("list", [(s["Name"], s["State"], s["Target"]) for s in listed], [("nightly", "DISABLED", {"Arn": CLUSTER})])
check("list by state", scheduler.list_schedules(State="ENABLED")["Schedules"], [])
check("list by prefix", len(scheduler.list_schedules(NamePrefix="night")["Schedules"]), 1)
refused("ResourceNotFoundException", "list of no group", scheduler.list_schedules, GroupName="nothing")
refused("ValidationException", "tags of a schedule", scheduler.list_tags_for_resource, ResourceArn=made)

# They fire
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
at = f"at({soon:%Y-%m-%dT%H:%M:%S})"
scheduler.create_schedule(**wanted(Name="once", ScheduleExpression=at, ActionAfterCompletion="DELETE"))
scheduler.create_schedule(**wanted(Name="denied", ScheduleExpression=at, Target=target(RoleArn=weak, RetryPolicy={"MaximumRetryAttempts": 0})))


def tasks():
    arns = [arn for status in ["RUNNING", "STOPPED"] for arn in ecs.list_tasks(cluster="main", desiredStatus=status)["taskArns"]]
    return ecs.describe_tasks(cluster="main", tasks=arns, include=["TAGS"])["tasks"] if arns else []


until("two tasks were run", lambda: len(tasks()) == 2)
one = tasks()[0]
check("what was run", (one["group"], one["startedBy"], one["taskDefinitionArn"], one["launchType"]), ("night", "chronos-schedule", definition, "FARGATE"))
check("overrides", one["overrides"]["containerOverrides"], [{"name": "main", "command": ["true"]}])
until("both end well", lambda: {(t["lastStatus"], t["stopCode"], t["containers"][0]["exitCode"]) for t in tasks() if t["lastStatus"] == "STOPPED"} == {("STOPPED", "EssentialContainerExited", 0)} and all(t["lastStatus"] == "STOPPED" for t in tasks()))
refused("ResourceNotFoundException", "it is gone afterwards", scheduler.get_schedule, Name="once", GroupName="jobs")
check("this one stays", read("denied")["State"], "ENABLED")
letter = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])["Messages"][0]
attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
check("the dead letter", (attributes["ERROR_CODE"], attributes["EXHAUSTED_RETRY_CONDITION"], attributes["RETRY_ATTEMPTS"]), ("AccessDeniedException", "MaximumRetryAttempts", "0"))
check("what it wanted", json.loads(letter["Body"])["taskDefinition"], definition)

# A token runs tasks once
run = dict(cluster="main", taskDefinition="nightly", launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet], "assignPublicIp": "ENABLED"}}, clientToken="t")
first, again = ecs.run_task(**run), ecs.run_task(**run)
check("the same task", first["tasks"][0]["taskArn"], again["tasks"][0]["taskArn"])
refused("ConflictException", "another request", ecs.run_task, **{**run, "count": 2})

# The end
scheduler.delete_schedule(Name="denied", GroupName="jobs")
refused("ResourceNotFoundException", "deleted again", scheduler.delete_schedule, Name="denied", GroupName="jobs")
scheduler.delete_schedule_group(Name="jobs")
refused("ResourceNotFoundException", "its schedules go at once", scheduler.get_schedule, Name="nightly", GroupName="jobs")


def gone():
    try:
        return scheduler.get_schedule_group(Name="jobs")["State"] != "DELETING"
    except scheduler.exceptions.ResourceNotFoundException:
        return True


until("the group is gone", gone)
check("its name is free", scheduler.create_schedule_group(Name="jobs")["ScheduleGroupArn"], f"{ARN}schedule-group/jobs")
check("without its tags", scheduler.list_tags_for_resource(ResourceArn=f"{ARN}schedule-group/jobs")["Tags"], [])
summary("scheduler")
