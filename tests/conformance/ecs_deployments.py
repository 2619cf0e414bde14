"""ECS deployments that move traffic: blue/green, linear and canary, with the weights that a rule has at each step."""

import json

from harness import ACCOUNT, check, client, refused, summary, until

ec2, elb, ecs, iam, cloudwatch = (client(name) for name in ("ec2", "elbv2", "ecs", "iam", "cloudwatch"))


def role(name, service):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"eu-west-1{z}")["Subnet"]["SubnetId"] for n, z in ((1, "a"), (2, "b"))]
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
for subnet in subnets:
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
infrastructure = role("infrastructure", "ecs.amazonaws.com")
stranger = role("stranger", "ec2.amazonaws.com")
ecs.create_cluster(clusterName="main")
balancer = elb.create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]["LoadBalancerArn"]


def targets(name):
    made = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(TargetGroupArn=made, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "10"}])
    return made


blue, green, other = targets("blue"), targets("green"), targets("other")
closed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=closed)["Listeners"][0]["ListenerArn"]


def rule(priority, condition, *groups):
    forward = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]
    actions = [{"Type": "forward", "ForwardConfig": {"TargetGroups": forward}}]
    return elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=[condition], Actions=actions)["Rules"][0]["RuleArn"]


everything = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-test", "Values": ["1"]}}
production = rule(20, everything, (blue, 1), (green, 0))
test = rule(10, header, (blue, 1), (green, 0))
unrelated = rule(30, everything, (other, 1))
for number in (1, 2):
    ecs.register_task_definition(
        family="web", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "web", "image": f"web:{number}", "portMappings": [{"containerPort": 80}]}],
    )
ecs.register_task_definition(
    family="broken", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
    containerDefinitions=[{"name": "web", "image": "web:does-not-exist", "portMappings": [{"containerPort": 80}]}],
)
cloudwatch.put_metric_alarm(AlarmName="errors", Namespace="own", MetricName="errors", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")

PAIR = {"targetGroupArn": blue, "containerName": "web", "containerPort": 80}
ADVANCED = {"alternateTargetGroupArn": green, "productionListenerRule": production, "testListenerRule": test, "roleArn": infrastructure}
ALARMS = {"alarmNames": ["errors"], "enable": True, "rollback": True}


def make(name="web", advanced=ADVANCED, configuration=None, **more):
    arguments = {
        "cluster": "main", "serviceName": name, "taskDefinition": "web:1", "desiredCount": 2, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group], "assignPublicIp": "ENABLED"}},
        "loadBalancers": [{**PAIR, "advancedConfiguration": advanced} if advanced else PAIR],
        "deploymentConfiguration": configuration or {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5},
        **more,
    }
    return ecs.create_service(**arguments)["service"]


def wrong(what, code="InvalidParameterException", **arguments):
    refused(code, what, make, **arguments)


# What is refused ------------------------------------------------------------------------------------
wrong("no pair", advanced=None)
for member in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
    wrong(f"no {member}", advanced={name: value for name, value in ADVANCED.items() if name != member})
wrong("twice the same group", advanced={**ADVANCED, "alternateTargetGroupArn": blue})
wrong("no such group", advanced={**ADVANCED, "alternateTargetGroupArn": green[:-4] + "0000"})
wrong("no such rule", advanced={**ADVANCED, "productionListenerRule": production[:-4] + "0000"})
wrong("rule of others", advanced={**ADVANCED, "productionListenerRule": unrelated})
wrong("one rule for both", advanced={**ADVANCED, "testListenerRule": production})
wrong("a role that ECS cannot assume", advanced={**ADVANCED, "roleArn": stranger})
wrong("pair without shifting", configuration={"strategy": "ROLLING"})
wrong("no bake time", configuration={"strategy": "BLUE_GREEN"})
wrong("too long a bake time", configuration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1441})
wrong("steps of another strategy", configuration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "linearConfiguration": {"stepPercent": 10.0}})
for step in (2.9, 100.1, 33.33):
    wrong(f"steps of {step}", configuration={"strategy": "LINEAR", "linearConfiguration": {"stepPercent": step}})
wrong("canary of nothing", configuration={"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0.0}})
wrong("canary for too long", configuration={"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 1441}})
wrong("early success", configuration={"strategy": "CANARY", "earlySuccessCriteria": {"enable": True}})
wrong("canary of nobody", advanced=None, loadBalancers=[], configuration={"strategy": "CANARY"})


def hook(stage, **more):
    return {"targetType": "PAUSE", "lifecycleStages": [stage], **more}


def hooked(*hooks):
    return {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": list(hooks)}


wrong("pause while it shifts", configuration=hooked(hook("PRODUCTION_TRAFFIC_SHIFT")))
wrong("pause at no stage", configuration=hooked({"targetType": "PAUSE"}))
wrong("pause with a function", configuration=hooked(hook("PRE_SCALE_UP", hookTargetArn="arn:aws:lambda:eu-west-1:1:function:f")))
wrong("pause for too long", configuration=hooked(hook("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 20161})))
wrong("function without a role", configuration=hooked({"hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:f", "lifecycleStages": ["PRE_SCALE_UP"]}))
wrong("hooks of rolling deployments", advanced=None, configuration={"strategy": "ROLLING", "lifecycleHooks": [hook("PRE_SCALE_UP")]})

# The first deployment: all traffic at once ------------------------------------------------------------
made = make()
check("configuration", {name: made["deploymentConfiguration"][name] for name in ("strategy", "bakeTimeInMinutes")}, {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5})
check("pair", made["loadBalancers"], [{**PAIR, "advancedConfiguration": ADVANCED}])


def service(name="web"):
    return ecs.describe_services(cluster="main", services=[name])["services"][0]


def deployment(arn=None):
    arn = arn or service()["currentServiceDeployment"]
    return ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]


def weights(arn=production):
    [action] = elb.describe_rules(RuleArns=[arn])["Rules"][0]["Actions"]
    found = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
    return found[blue], found[green]


def healthy(arn):
    states = [one["TargetHealth"]["State"] for one in elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]]
    return states.count("healthy")


def shares(found):
    """Production and test weights of the new revision, and production weights of the old ones."""
    target = found["targetServiceRevision"]
    old = [one["requestedProductionTrafficWeight"] for one in found["sourceServiceRevisions"]]
    return target["requestedProductionTrafficWeight"], target["requestedTestTrafficWeight"], old


def follow(arn, last=("SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED")):
    """The rule's weights and the stages that it goes through, each once."""
    steps, stages = [], []

    def over():
        found = deployment(arn)
        for seen, one in ((steps, weights()), (stages, found["lifecycleStage"])):
            if seen[-1:] != [one]:
                seen.append(one)
        return found["status"] in last

    until("it ends", over, 60)
    return steps, stages, deployment(arn)["status"]


def change(**more):
    ecs.update_service(cluster="main", service="web", **more)
    return service()["currentServiceDeployment"]


steps, stages, status = follow(None)
check("first: no steps", (steps[-1], status), ((100, 0), "SUCCESSFUL"))
check("first: tasks", (healthy(blue), healthy(green)), (2, 0))
[revision] = service()["currentServiceRevisions"]
revision = ecs.describe_service_revisions(serviceRevisionArns=[revision["arn"]])["serviceRevisions"][0]
check("first: resolved", revision["resolvedConfiguration"], {"loadBalancers": [{"targetGroupArn": blue, "productionListenerRule": production}]})
check("first: as written", revision["loadBalancers"], [{**PAIR, "advancedConfiguration": ADVANCED}])

# Blue/green -----------------------------------------------------------------------------------------
arn = change(taskDefinition="web:2", deploymentConfiguration={"bakeTimeInMinutes": 20})
steps, stages, status = follow(arn)
check("blue/green: steps", (steps[-1:], status), ([(0, 100)], "SUCCESSFUL"))
check("blue/green: bakes", "BAKE_TIME" in stages)
check("blue/green: tasks", (healthy(blue), healthy(green)), (0, 2))
check("blue/green: test traffic", weights(test), (0, 100))
check("blue/green: shares", shares(deployment(arn)), (100.0, 100.0, [0.0]))
check("blue/green: the service is as it was written", service()["loadBalancers"], [{**PAIR, "advancedConfiguration": ADVANCED}])

# Linear ---------------------------------------------------------------------------------------------
arn = change(taskDefinition="web:1", deploymentConfiguration={"strategy": "LINEAR", "bakeTimeInMinutes": 10, "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 15}})
check("linear: configuration", deployment(arn)["deploymentConfiguration"]["linearConfiguration"], {"stepPercent": 25.0, "stepBakeTimeInMinutes": 15})
steps, stages, status = follow(arn)
check("linear: steps", (steps[-4:], status), ([(25, 75), (50, 50), (75, 25), (100, 0)], "SUCCESSFUL"))
check("linear: tasks", (healthy(blue), healthy(green)), (2, 0))

# Canary ---------------------------------------------------------------------------------------------
canary = {"strategy": "CANARY", "bakeTimeInMinutes": 10, "canaryConfiguration": {"canaryPercent": 0.5, "canaryBakeTimeInMinutes": 15}, "alarms": ALARMS}
arn = change(taskDefinition="web:2", deploymentConfiguration=canary)
check("canary: nothing is left of linear", "linearConfiguration" in service()["deploymentConfiguration"], False)
steps, stages, status = follow(arn)
check("canary: steps", (steps[-2:], status), ([(995, 5), (0, 100)], "SUCCESSFUL"))

# An alarm rolls back --------------------------------------------------------------------------------
slow = {**canary, "canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1440}}
arn = change(taskDefinition="web:1", deploymentConfiguration=slow)
until("alarm: canary", lambda: shares(deployment(arn))[0] == 10.0)
found = deployment(arn)
check("alarm: before", (weights(), shares(found), found["alarms"]["status"]), ((10, 90), (10.0, 100.0, [90.0]), "MONITORING"))
check("alarm: both run", (healthy(blue), healthy(green)), (2, 2))
check("alarm: counts", [(d["status"], d["desiredCount"], d["runningCount"]) for d in service()["deployments"]], [("PRIMARY", 2, 2), ("ACTIVE", 2, 2)])
cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="try")
check("alarm: all traffic is back at once", (weights(), weights(test), deployment(arn)["status"].startswith("ROLLBACK")), ((0, 100), (0, 100), True))
until("alarm: rolled back", lambda: deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL")
found = deployment(arn)
check("alarm: after", (shares(found), found["alarms"]), ((0.0, 0.0, [100.0]), {"status": "TRIGGERED", "alarmNames": ["errors"], "triggeredAlarmNames": ["errors"]}))
check("alarm: why", found["statusReason"], "Service deployment rolled back because a CloudWatch alarm went into the ALARM state.")
check("alarm: as it was", (service()["taskDefinition"].split("/")[-1], healthy(blue), healthy(green)), ("web:2", 0, 2))
cloudwatch.set_alarm_state(AlarmName="errors", StateValue="OK", StateReason="try")

# Somebody stops it ----------------------------------------------------------------------------------
arn = change(taskDefinition="web:1")
until("stop: canary", lambda: weights() == (10, 90))
ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
check("stop: back", weights(), (0, 100))
until("stop: rolled back", lambda: deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL")
refused("ConflictException", "stop again", ecs.stop_service_deployment, serviceDeploymentArn=arn)

# Another one supersedes it --------------------------------------------------------------------------
arn = change(taskDefinition="web:1")
until("supersede: canary", lambda: weights() == (10, 90))
second = change(taskDefinition="web:1", forceNewDeployment=True, deploymentConfiguration={**hooked(hook("RECONCILE_SERVICE")), "alarms": ALARMS})
check("supersede: stopped", (deployment(arn)["status"], weights()), ("STOPPED", (0, 100)))
check("supersede: reconciles", (deployment(second)["lifecycleStage"], weights()), ("RECONCILE_SERVICE", (0, 100)))
[waits] = deployment(second)["lifecycleHookDetails"]
ecs.continue_service_deployment(serviceDeploymentArn=second, hookId=waits["hookId"])
steps, stages, status = follow(second)
check("supersede: the second one", (steps[-1:], status, healthy(blue), healthy(green)), ([(100, 0)], "SUCCESSFUL", 2, 0))

# Tasks that cannot start ----------------------------------------------------------------------------
breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
arn = change(taskDefinition="broken:1", deploymentConfiguration=breaker)
steps, stages, status = follow(arn)
check("broken: no traffic", (steps, status), ([(100, 0)], "ROLLBACK_SUCCESSFUL"))
check("broken: breaker", deployment(arn)["deploymentCircuitBreaker"]["status"], "TRIGGERED")
check("broken: as it was", (service()["taskDefinition"].split("/")[-1], healthy(blue), healthy(green)), ("web:1", 2, 0))

# Pauses ---------------------------------------------------------------------------------------------
pause = hooked(hook("POST_TEST_TRAFFIC_SHIFT", timeoutConfiguration={"timeoutInMinutes": 1440, "action": "ROLLBACK"}))


def paused(arn):
    until("pause: waits", lambda: any(one["status"] == "AWAITING_ACTION" for one in deployment(arn)["lifecycleHookDetails"]))
    [found] = deployment(arn)["lifecycleHookDetails"]
    return found


arn = change(taskDefinition="web:2", deploymentConfiguration=pause)
found = paused(arn)
check("pause: hook", {name: found[name] for name in ("targetType", "status", "timeoutAction")}, {"targetType": "PAUSE", "status": "AWAITING_ACTION", "timeoutAction": "ROLLBACK"})
check("pause: where", (deployment(arn)["status"], deployment(arn)["lifecycleStage"], weights(), weights(test)), ("IN_PROGRESS", "POST_TEST_TRAFFIC_SHIFT", (100, 0), (0, 100)))
refused("InvalidParameterException", "another hook", ecs.continue_service_deployment, serviceDeploymentArn=arn, hookId="hook-0")
refused("ServiceDeploymentNotFoundException", "another deployment", ecs.continue_service_deployment, serviceDeploymentArn=arn + "0", hookId=found["hookId"])
ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=found["hookId"])
steps, stages, status = follow(arn)
check("pause: goes on", (weights(), status), ((0, 100), "SUCCESSFUL"))
refused("InvalidParameterException", "nothing is paused", ecs.continue_service_deployment, serviceDeploymentArn=arn, hookId=found["hookId"])
arn = change(taskDefinition="web:1")
ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=paused(arn)["hookId"], action="ROLLBACK")
until("pause: rolled back", lambda: deployment(arn)["status"] == "ROLLBACK_SUCCESSFUL")
check("pause: as it was", (weights(), service()["taskDefinition"].split("/")[-1]), ((0, 100), "web:2"))
arn = change(taskDefinition="web:1", deploymentConfiguration=hooked(hook("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 2})))
steps, stages, status = follow(arn)
check("pause: nobody answers", (status, deployment(arn)["statusReason"].split(" because ")[0]), ("ROLLBACK_SUCCESSFUL", "Service deployment rolled back"))
arn = change(taskDefinition="web:1", deploymentConfiguration=hooked(hook("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 2, "action": "CONTINUE"})))
check("pause: nobody answers, and it goes on", follow(arn)[2], "SUCCESSFUL")

# Back to rolling, and a service without traffic -------------------------------------------------------
check("back: live", weights(), (100, 0))
arn = change(loadBalancers=[PAIR], deploymentConfiguration={"strategy": "ROLLING", "lifecycleHooks": []})
until("back: rolling", lambda: deployment(arn)["status"] == "SUCCESSFUL")
check("back: tasks", (healthy(blue), healthy(green), service()["deploymentConfiguration"].get("lifecycleHooks")), (2, 0, None))
make("worker", advanced=None, loadBalancers=[], desiredCount=1)
until("headless", lambda: deployment(service("worker")["currentServiceDeployment"])["status"] == "SUCCESSFUL")

summary("ecs_deployments")
