"""application-autoscaling for ECS services, as boto3 sees it."""

import datetime

from harness import ACCOUNT, check, client, refused, summary, until

scaling = client("application-autoscaling")
ecs = client("ecs")
ec2 = client("ec2")

vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
ecs.create_cluster(clusterName="main")
ecs.register_task_definition(
    family="web",
    containerDefinitions=[{"name": "web", "image": "nginx", "portMappings": [{"containerPort": 80}]}],
    requiresCompatibilities=["FARGATE"],
    networkMode="awsvpc",
    cpu="256",
    memory="512",
)


def service(name):
    ecs.create_service(
        cluster="main",
        serviceName=name,
        taskDefinition="web",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )


service("web")
WEB = {"ServiceNamespace": "ecs", "ResourceId": "service/main/web", "ScalableDimension": "ecs:service:DesiredCount"}
CPU = {"TargetValue": 60, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}, "ScaleInCooldown": 120}

# Targets
refused("ValidationException", "no such service", scaling.register_scalable_target, **{**WEB, "ResourceId": "service/main/nobody"}, MinCapacity=1, MaxCapacity=2)
refused("ValidationException", "wrong way round", scaling.register_scalable_target, **WEB, MinCapacity=3, MaxCapacity=2)
refused("ValidationException", "no bounds", scaling.register_scalable_target, **WEB, MinCapacity=3)
refused("ObjectNotFoundException", "policy without target", scaling.put_scaling_policy, **WEB, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=CPU)
refused("ObjectNotFoundException", "deregister nothing", scaling.deregister_scalable_target, **WEB)
arn = scaling.register_scalable_target(**WEB, MinCapacity=2, MaxCapacity=5, Tags={"team": "blue"})["ScalableTargetARN"]
[target] = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=["service/main/web"])["ScalableTargets"]
target.pop("CreationTime")
check("target", target, {
    **WEB,
    "MinCapacity": 2,
    "MaxCapacity": 5,
    "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
    "SuspendedState": {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False},
    "ScalableTargetARN": arn,
})
check("brought inside", ecs.describe_services(cluster="main", services=["web"])["services"][0]["desiredCount"], 2)
until("and so it runs", lambda: ecs.describe_services(cluster="main", services=["web"])["services"][0]["runningCount"] == 2)
scaling.register_scalable_target(**WEB, MaxCapacity=6, SuspendedState={"ScheduledScalingSuspended": True})
[target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
check("changed", (target["MinCapacity"], target["MaxCapacity"], target["SuspendedState"]["ScheduledScalingSuspended"], target["ScalableTargetARN"]), (2, 6, True, arn))
check("tags", scaling.list_tags_for_resource(ResourceARN=arn)["Tags"], {"team": "blue"})
scaling.tag_resource(ResourceARN=arn, Tags={"more": "1"})
scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
check("tags changed", scaling.list_tags_for_resource(ResourceARN=arn)["Tags"], {"more": "1"})
refused("ResourceNotFoundException", "tags of nothing", scaling.list_tags_for_resource, ResourceARN=arn + "0")
refused("ValidationException", "too many ids", scaling.describe_scalable_targets, ServiceNamespace="ecs", ResourceIds=[f"service/main/{n}" for n in range(51)])
refused("InvalidNextTokenException", "page of nobody", scaling.describe_scalable_targets, ServiceNamespace="ecs", NextToken="x")
refused("NotImplementedByLocalAws", "another namespace", scaling.describe_scalable_targets, ServiceNamespace="rds")

# Policies
put = scaling.put_scaling_policy(**WEB, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=CPU)
check("alarms", [alarm["AlarmName"].rsplit("-", 5)[0] for alarm in put["Alarms"]], ["TargetTracking-service/main/web-AlarmHigh", "TargetTracking-service/main/web-AlarmLow"])
[policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId="service/main/web")["ScalingPolicies"]
policy.pop("CreationTime")
check("policy", policy, {
    **WEB,
    "PolicyARN": put["PolicyARN"],
    "PolicyName": "cpu",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {**CPU, "TargetValue": 60.0, "DisableScaleIn": False},
    "Alarms": put["Alarms"],
})
again = scaling.put_scaling_policy(**WEB, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={**CPU, "TargetValue": 70.5})
check("same policy", (again["PolicyARN"], again["Alarms"]), (put["PolicyARN"], put["Alarms"]))
refused("ValidationException", "twice the same metric", scaling.put_scaling_policy, **WEB, PolicyName="cpu2", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=CPU)
refused("ValidationException", "no label", scaling.put_scaling_policy, **WEB, PolicyName="alb", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration={"TargetValue": 1, "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"}})
refused("ValidationException", "no configuration", scaling.put_scaling_policy, **WEB, PolicyName="cpu2", PolicyType="TargetTrackingScaling")
steps = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 60, "MetricAggregationType": "Average", "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]}
check("no alarms of its own", scaling.put_scaling_policy(**WEB, PolicyName="steps", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps)["Alarms"], [])
[policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["steps"])["ScalingPolicies"]
check("steps", policy["StepScalingPolicyConfiguration"], steps)
for what, bad in {
    "a gap": [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 6, "ScalingAdjustment": 2}],
    "an overlap": [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1}, {"MetricIntervalLowerBound": 4, "ScalingAdjustment": 2}],
    "no upper end": [{"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1}],
}.items():
    refused("ValidationException", what, scaling.put_scaling_policy, **WEB, PolicyName="bad", PolicyType="StepScaling", StepScalingPolicyConfiguration={**steps, "StepAdjustments": bad})

# Scheduled actions
NIGHT = {"ScheduledActionName": "night", "Schedule": "cron(0 20 * * ? *)", "Timezone": "Europe/Berlin", "StartTime": 1900000000, "EndTime": 1950000000, "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}


def actions(**filters):
    found = scaling.describe_scheduled_actions(ServiceNamespace="ecs", **filters)["ScheduledActions"]
    for one in found:
        one.pop("CreationTime"), one.pop("ScheduledActionARN")
        for time in ("StartTime", "EndTime"):
            if time in one:
                one[time] = int(one[time].timestamp())
    return found


scaling.put_scheduled_action(**WEB, **NIGHT)
check("action", actions(ResourceId="service/main/web"), [{**WEB, **NIGHT}])
scaling.put_scheduled_action(**WEB, ScheduledActionName="night", ScalableTargetAction={"MinCapacity": 0})
check("what is not named stays", actions(ScheduledActionNames=["night"]), [{**WEB, **NIGHT, "ScalableTargetAction": {"MinCapacity": 0}}])
for what, changes in {
    "schedule": {"Schedule": "every night"},
    "timezone": {"Timezone": "Berlin"},
    "no bounds": {"ScalableTargetAction": {}},
    "the wrong way round": {"ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 2}},
    "end before start": {"EndTime": 1800000000},
}.items():
    refused("ValidationException", what, scaling.put_scheduled_action, **WEB, **{**NIGHT, "ScheduledActionName": "bad", **changes})
refused("ObjectNotFoundException", "action of nobody", scaling.put_scheduled_action, **{**WEB, "ResourceId": "service/main/nobody"}, **NIGHT)
scaling.register_scalable_target(**WEB, SuspendedState={"ScheduledScalingSuspended": False})
soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)).strftime("at(%Y-%m-%dT%H:%M:%S)")
scaling.put_scheduled_action(**WEB, ScheduledActionName="soon", Schedule=soon, ScalableTargetAction={"MinCapacity": 4, "MaxCapacity": 9})
until("it comes due", lambda: [(t["MinCapacity"], t["MaxCapacity"]) for t in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]] == [(4, 9)])
check("and brings tasks", ecs.describe_services(cluster="main", services=["web"])["services"][0]["desiredCount"], 4)
scaling.delete_scheduled_action(**WEB, ScheduledActionName="soon")
refused("ObjectNotFoundException", "deleted twice", scaling.delete_scheduled_action, **WEB, ScheduledActionName="soon")

check("activities", scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"], [])
for number in range(60):
    scaling.put_scaling_policy(**WEB, PolicyName=f"many-{number:02}", PolicyType="StepScaling", StepScalingPolicyConfiguration=steps)
pages = [len(p["ScalingPolicies"]) for p in scaling.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="ecs")]
check("pages", pages, [50, 12])
scaling.delete_scaling_policy(**WEB, PolicyName="cpu")
refused("ObjectNotFoundException", "deleted twice", scaling.delete_scaling_policy, **WEB, PolicyName="cpu")
scaling.deregister_scalable_target(**WEB)
check("no actions left", actions(), [])
check("no policies left", scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"], [])
check("no targets left", scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"], [])

ecs.delete_service(cluster="main", service="web", force=True)
until("service is gone", lambda: ecs.describe_services(cluster="main", services=["web"])["services"][0]["status"] == "INACTIVE")
summary("application-autoscaling")
