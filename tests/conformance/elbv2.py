"""elbv2: application load balancers, as boto3 sees them."""

from harness import ACCOUNT, check, client, refused, summary, until

ec2, elb = client("ec2"), client("elbv2")
other = client("elbv2", region="us-east-1")

vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
second = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]


def subnet(vpc, block, zone):
    return ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]


a, b, c = subnet(vpc, "10.0.0.0/24", "a"), subnet(vpc, "10.0.1.0/24", "b"), subnet(vpc, "10.0.2.0/24", "c")
a2 = subnet(vpc, "10.0.3.0/24", "a")
foreign = subnet(second, "10.1.0.0/24", "b")
group = ec2.create_security_group(GroupName="balancer", Description="d", VpcId=vpc)["GroupId"]
spare = ec2.create_security_group(GroupName="spare", Description="d", VpcId=vpc)["GroupId"]

# Load balancers ---------------------------------------------------------------------------------
create = elb.create_load_balancer
refused("InvalidSubnet", "no gateway", create, Name="web", Subnets=[a, b])
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
for name in ["a_b", "-a", "a-", "internal-a", "x" * 33]:
    refused("ValidationError", f"name {name}", create, Name=name, Subnets=[a, b])
refused("ValidationError", "no subnets", create, Name="web")
refused("ValidationError", "one subnet", create, Name="web", Subnets=[a])
refused("InvalidConfigurationRequest", "one zone", create, Name="web", Subnets=[a, a2])
refused("InvalidConfigurationRequest", "two vpcs", create, Name="web", Subnets=[a, foreign])
refused("SubnetNotFound", "unknown subnet", create, Name="web", Subnets=[a, "subnet-0123456789abcdef0"])
refused("InvalidSecurityGroup", "unknown group", create, Name="web", Subnets=[a, b], SecurityGroups=["sg-0123456789abcdef0"])
refused("ValidationError", "scheme", create, Name="web", Subnets=[a, b], Scheme="public")
refused("InvalidSubnet", "dualstack without IPv6", create, Name="web", Subnets=[a, b], IpAddressType="dualstack")
refused("DuplicateTagKeys", "tag twice", create, Name="web", Subnets=[a, b], Tags=[{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}])
tags = [{"Key": "Name", "Value": "web"}]
made = create(Name="web", Subnets=[a, b], SecurityGroups=[group], Tags=tags)["LoadBalancers"][0]
arn = made["LoadBalancerArn"]
check("arn", arn.startswith(f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:loadbalancer/app/web/"))
check(
    "created",
    {k: made[k] for k in ("LoadBalancerName", "Scheme", "VpcId", "Type", "SecurityGroups", "IpAddressType", "CanonicalHostedZoneId")},
    {"LoadBalancerName": "web", "Scheme": "internet-facing", "VpcId": vpc, "Type": "application", "SecurityGroups": [group], "IpAddressType": "ipv4", "CanonicalHostedZoneId": "Z32O12XQLNTSW2"},
)
check("zones", [(z["ZoneName"], z["SubnetId"]) for z in made["AvailabilityZones"]], [("eu-west-1a", a), ("eu-west-1b", b)])
check("dns name", made["DNSName"].startswith("web-") and made["DNSName"].endswith(".eu-west-1.elb.amazonaws.com"))
until("active", lambda: elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"] == {"Code": "active"})
check("made again", create(Name="web", Subnets=[b, a], SecurityGroups=[group], Tags=tags)["LoadBalancers"][0]["LoadBalancerArn"], arn)
refused("DuplicateLoadBalancerName", "other scheme", create, Name="web", Subnets=[a, b], SecurityGroups=[group], Scheme="internal", Tags=tags)
check("by name", [l["LoadBalancerArn"] for l in elb.describe_load_balancers(Names=["web"])["LoadBalancers"]], [arn])
refused("LoadBalancerNotFound", "unknown name", elb.describe_load_balancers, Names=["web", "nope"])
refused("LoadBalancerNotFound", "unknown arn", elb.describe_load_balancers, LoadBalancerArns=[arn + "0"])
refused("ValidationError", "no arn", elb.describe_load_balancers, LoadBalancerArns=["web"])
refused("LoadBalancerNotFound", "other region", other.describe_load_balancers, LoadBalancerArns=[arn])
check("other region's list", other.describe_load_balancers()["LoadBalancers"], [])
interfaces = ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkInterfaces"]
check("interfaces", sorted((i["SubnetId"], i["Description"].startswith("ELB app/web/")) for i in interfaces), sorted([(a, True), (b, True)]))
refused("DependencyViolation", "group in use", ec2.delete_security_group, GroupId=group)
refused("DependencyViolation", "subnet in use", ec2.delete_subnet, SubnetId=a)
check("set subnets", [z["SubnetId"] for z in elb.set_subnets(LoadBalancerArn=arn, Subnets=[b, c])["AvailabilityZones"]], [b, c])
refused("InvalidConfigurationRequest", "subnet of another vpc", elb.set_subnets, LoadBalancerArn=arn, Subnets=[c, foreign])
ec2.delete_subnet(SubnetId=a2)
check("set groups", elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group, spare])["SecurityGroupIds"], [group, spare])
refused("DependencyViolation", "second group in use", ec2.delete_security_group, GroupId=spare)
elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])
ec2.delete_security_group(GroupId=spare)
check("set address type", elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")["IpAddressType"], "ipv4")
internal = create(Name="inside", Subnets=[a, b], Scheme="internal")["LoadBalancers"][0]
check("internal name", internal["DNSName"].startswith("internal-inside-"))
check("default group", len(internal["SecurityGroups"]), 1)
for n in range(3):
    create(Name=f"page-{n}", Subnets=[a, b], Scheme="internal")
pages = list(elb.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 2}))
check("pages", [len(p["LoadBalancers"]) for p in pages], [2, 2, 1])
refused("ValidationError", "page size", elb.describe_load_balancers, PageSize=401)
refused("ValidationError", "marker", elb.describe_load_balancers, Marker="nonsense")


def attributes(answer):
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def pairs(**values):
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


found = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn))
check("defaults", (len(found), found["idle_timeout.timeout_seconds"], found["routing.http2.enabled"], found["ipv6.deny_all_igw_traffic"]), (23, "60", "true", "false"))
check("internal default", attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=internal["LoadBalancerArn"]))["ipv6.deny_all_igw_traffic"], "true")
modify = elb.modify_load_balancer_attributes
changed = attributes(modify(LoadBalancerArn=arn, Attributes=pairs(idle_timeout__timeout_seconds="120", deletion_protection__enabled="true")))
check("changed", (changed["idle_timeout.timeout_seconds"], changed["deletion_protection.enabled"]), ("120", "true"))
check("kept", attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn)), changed)
refused("ValidationError", "unknown attribute", modify, LoadBalancerArn=arn, Attributes=pairs(colour="red"))
refused("ValidationError", "bad value", modify, LoadBalancerArn=arn, Attributes=pairs(idle_timeout__timeout_seconds="0"))
refused("InvalidConfigurationRequest", "logs without bucket", modify, LoadBalancerArn=arn, Attributes=pairs(access_logs__s3__enabled="true"))
refused("OperationNotPermitted", "protected", elb.delete_load_balancer, LoadBalancerArn=arn)
modify(LoadBalancerArn=arn, Attributes=pairs(deletion_protection__enabled="false"))

# Target groups ----------------------------------------------------------------------------------
target = elb.create_target_group
refused("ValidationError", "no vpc", target, Name="api", Protocol="HTTP", Port=80, TargetType="ip")
refused("ValidationError", "no port", target, Name="api", Protocol="HTTP", VpcId=vpc, TargetType="ip")
refused("ValidationError", "unknown vpc", target, Name="api", Protocol="HTTP", Port=80, VpcId="vpc-0123456789abcdef0", TargetType="ip")
refused("NotImplementedByLocalAws", "lambda", target, Name="api", TargetType="lambda")
refused("ValidationError", "timeout above interval", target, Name="api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=10)
refused("ValidationError", "path", target, Name="api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckPath="health")
refused("ValidationError", "matcher", target, Name="api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Matcher={"HttpCode": "600"})
api = target(Name="api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=tags)["TargetGroups"][0]
api_arn = api.pop("TargetGroupArn")
check(
    "target group",
    api,
    {
        "TargetGroupName": "api", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port",
        "HealthCheckEnabled": True, "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2,
        "HealthCheckPath": "/", "Matcher": {"HttpCode": "200"}, "LoadBalancerArns": [], "TargetType": "ip", "ProtocolVersion": "HTTP1", "IpAddressType": "ipv4",
    },
)
check("made again", target(Name="api", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", Tags=tags)["TargetGroups"][0]["TargetGroupArn"], api_arn)
refused("DuplicateTargetGroupName", "other port", target, Name="api", Protocol="HTTP", Port=81, VpcId=vpc, TargetType="ip")
grpc = target(Name="grpc", Protocol="HTTP", ProtocolVersion="GRPC", Port=50051, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
check("grpc", (grpc["HealthCheckPath"], grpc["Matcher"]), ("/AWS.ALB/healthcheck", {"GrpcCode": "12"}))
alien = target(Name="alien", Protocol="HTTP", Port=80, VpcId=second, TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]
elb.modify_target_group(TargetGroupArn=api_arn, HealthCheckPath="/ready", HealthCheckIntervalSeconds=7, HealthyThresholdCount=2, Matcher={"HttpCode": "200-299,301"})
found = elb.describe_target_groups(TargetGroupArns=[api_arn])["TargetGroups"][0]
check("modified", (found["HealthCheckPath"], found["HealthCheckIntervalSeconds"], found["HealthyThresholdCount"], found["Matcher"]), ("/ready", 7, 2, {"HttpCode": "200-299,301"}))
refused("TargetGroupNotFound", "unknown target group", elb.describe_target_groups, Names=["nope"])
found = attributes(elb.describe_target_group_attributes(TargetGroupArn=api_arn))
check("target group defaults", (len(found), found["deregistration_delay.timeout_seconds"], found["stickiness.type"], found["load_balancing.algorithm.type"]), (14, "300", "lb_cookie", "round_robin"))
changed = attributes(elb.modify_target_group_attributes(TargetGroupArn=api_arn, Attributes=pairs(deregistration_delay__timeout_seconds="5", stickiness__enabled="true")))
check("target group attributes", attributes(elb.describe_target_group_attributes(TargetGroupArn=api_arn)), changed)
refused("ValidationError", "delay", elb.modify_target_group_attributes, TargetGroupArn=api_arn, Attributes=pairs(deregistration_delay__timeout_seconds="3601"))
refused("InvalidConfigurationRequest", "cookie", elb.modify_target_group_attributes, TargetGroupArn=api_arn, Attributes=pairs(stickiness__type="app_cookie"))

# Listeners --------------------------------------------------------------------------------------
forward = [{"Type": "forward", "TargetGroupArn": api_arn}]
listen = elb.create_listener
refused("LoadBalancerNotFound", "unknown balancer", listen, LoadBalancerArn=arn + "0", Protocol="HTTP", Port=80, DefaultActions=forward)
refused("TargetGroupNotFound", "unknown group", listen, LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": api_arn + "0"}])
refused("InvalidConfigurationRequest", "group of another vpc", listen, LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": alien}])
refused("ValidationError", "protocol", listen, LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=forward)
refused("ValidationError", "no certificate", listen, LoadBalancerArn=arn, Protocol="HTTPS", Port=443, DefaultActions=forward)
refused("InvalidLoadBalancerAction", "loop", listen, LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}])
http = listen(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward, Tags=tags)["Listeners"][0]
http_arn = http["ListenerArn"]
whole = {"Type": "forward", "TargetGroupArn": api_arn, "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": api_arn, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}}
check("listener", {k: v for k, v in http.items() if k != "ListenerArn"}, {"LoadBalancerArn": arn, "Port": 80, "Protocol": "HTTP", "DefaultActions": [whole]})
check("group's balancer", elb.describe_target_groups(Names=["api"])["TargetGroups"][0]["LoadBalancerArns"], [arn])
check("balancer's groups", [g["TargetGroupName"] for g in elb.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"]], ["api"])
refused("DuplicateListener", "same port", listen, LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}])
refused("TargetGroupAssociationLimit", "group of another balancer", listen, LoadBalancerArn=internal["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward)
refused("ResourceInUse", "group in use", elb.delete_target_group, TargetGroupArn=api_arn)
certificate, extra = [f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/{n * 8}" for n in "12"]
https = listen(LoadBalancerArn=arn, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}], DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "no"}}])["Listeners"][0]
https_arn = https["ListenerArn"]
check("https", (https["SslPolicy"], https["Certificates"], https["MutualAuthentication"], https["DefaultActions"]), ("ELBSecurityPolicy-2016-08", [{"CertificateArn": certificate}], {"Mode": "off"}, [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "no", "ContentType": "text/plain"}}]))
refused("SSLPolicyNotFound", "policy", elb.modify_listener, ListenerArn=https_arn, SslPolicy="nope")
elb.add_listener_certificates(ListenerArn=https_arn, Certificates=[{"CertificateArn": extra}])
check("certificates", elb.describe_listener_certificates(ListenerArn=https_arn)["Certificates"], [{"CertificateArn": certificate, "IsDefault": True}, {"CertificateArn": extra, "IsDefault": False}])
elb.remove_listener_certificates(ListenerArn=https_arn, Certificates=[{"CertificateArn": extra}])
check("one certificate", len(elb.describe_listener_certificates(ListenerArn=https_arn)["Certificates"]), 1)
redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
moved = elb.modify_listener(ListenerArn=http_arn, DefaultActions=[redirect])["Listeners"][0]
check("redirect", moved["DefaultActions"][0]["RedirectConfig"], {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}", "StatusCode": "HTTP_301"})
check("default rule follows", elb.describe_rules(ListenerArn=http_arn)["Rules"][0]["Actions"], moved["DefaultActions"])
refused("DuplicateListener", "port taken", elb.modify_listener, ListenerArn=http_arn, Port=443)
elb.modify_listener(ListenerArn=http_arn, DefaultActions=forward)
check("listener attributes", attributes(elb.describe_listener_attributes(ListenerArn=http_arn))["routing.http.response.server.enabled"], "true")
elb.modify_listener_attributes(ListenerArn=http_arn, Attributes=pairs(routing__http__response__server__enabled="false"))
check("listener attribute", attributes(elb.describe_listener_attributes(ListenerArn=http_arn))["routing.http.response.server.enabled"], "false")
pages = list(elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn, PaginationConfig={"PageSize": 1}))
check("listener pages", [len(p["Listeners"]) for p in pages], [1, 1])
refused("ListenerNotFound", "unknown listener", elb.describe_listeners, ListenerArns=[http_arn + "0"])

# Rules ------------------------------------------------------------------------------------------
path = [{"Field": "path-pattern", "Values": ["/api/*"]}]
rule = elb.create_rule(ListenerArn=http_arn, Priority=10, Conditions=path, Actions=forward, Tags=tags)["Rules"][0]
rule_arn = rule["RuleArn"]
check("rule", {k: v for k, v in rule.items() if k != "RuleArn"}, {"Priority": "10", "Conditions": [{"Field": "path-pattern", "Values": ["/api/*"], "PathPatternConfig": {"Values": ["/api/*"]}}], "Actions": [whole], "IsDefault": False, "Transforms": []})
refused("PriorityInUse", "priority", elb.create_rule, ListenerArn=http_arn, Priority=10, Conditions=[{"Field": "host-header", "Values": ["x"]}], Actions=forward)
refused("ValidationError", "six values", elb.create_rule, ListenerArn=http_arn, Priority=11, Conditions=[{"Field": "path-pattern", "Values": [f"/{n}" for n in range(6)]}], Actions=forward)
refused("ValidationError", "field", elb.create_rule, ListenerArn=http_arn, Priority=11, Conditions=[{"Field": "colour", "Values": ["red"]}], Actions=forward)
refused("ValidationError", "priority 0", elb.create_rule, ListenerArn=http_arn, Priority=0, Conditions=path, Actions=forward)
refused("TargetGroupNotFound", "rule's group", elb.create_rule, ListenerArn=http_arn, Priority=11, Conditions=path, Actions=[{"Type": "forward", "TargetGroupArn": api_arn + "0"}])
conditions = [
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x", "Values": ["1"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
]
weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": api_arn, "Weight": 9}, {"TargetGroupArn": grpc["TargetGroupArn"]}], "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}}]
rich = elb.create_rule(ListenerArn=http_arn, Priority=5, Conditions=conditions, Actions=weighted)["Rules"][0]
check("conditions", rich["Conditions"], conditions)
check("weights", rich["Actions"], [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": api_arn, "Weight": 9}, {"TargetGroupArn": grpc["TargetGroupArn"], "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}}])
rules = elb.describe_rules(ListenerArn=http_arn)["Rules"]
check("order", [(r["Priority"], r["IsDefault"]) for r in rules], [("5", False), ("10", False), ("default", True)])
refused("OperationNotPermitted", "delete default", elb.delete_rule, RuleArn=rules[2]["RuleArn"])
refused("OperationNotPermitted", "modify default", elb.modify_rule, RuleArn=rules[2]["RuleArn"], Actions=forward)
pages = list(elb.get_paginator("describe_rules").paginate(ListenerArn=http_arn, PaginationConfig={"PageSize": 2}))
check("rule pages", [len(p["Rules"]) for p in pages], [2, 1])
elb.set_rule_priorities(RulePriorities=[{"RuleArn": rule_arn, "Priority": 5}, {"RuleArn": rich["RuleArn"], "Priority": 10}])
check("swapped", [r["RuleArn"] for r in elb.describe_rules(ListenerArn=http_arn)["Rules"]][:2], [rule_arn, rich["RuleArn"]])
refused("PriorityInUse", "taken priority", elb.set_rule_priorities, RulePriorities=[{"RuleArn": rule_arn, "Priority": 10}])
elb.modify_rule(RuleArn=rule_arn, Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}}])
check("modified rule", elb.describe_rules(RuleArns=[rule_arn])["Rules"][0]["Conditions"], [{"Field": "host-header", "Values": ["a.example.com"], "HostHeaderConfig": {"Values": ["a.example.com"]}}])
rewrite = [{"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}}]
check("transforms", elb.modify_rule(RuleArn=rule_arn, Transforms=rewrite)["Rules"][0]["Transforms"], rewrite)
check("reset", elb.modify_rule(RuleArn=rule_arn, ResetTransforms=True)["Rules"][0]["Transforms"], [])

# Targets ----------------------------------------------------------------------------------------
health = elb.describe_target_health


def states(**more):
    return [(d["Target"]["Id"], d["TargetHealth"]["State"]) for d in health(TargetGroupArn=api_arn, **more)["TargetHealthDescriptions"]]


elb.register_targets(TargetGroupArn=api_arn, Targets=[{"Id": "10.0.0.10"}])
until("healthy", lambda: states() == [("10.0.0.10", "healthy")])
check("unknown target", states(Targets=[{"Id": "10.0.0.99"}]), [("10.0.0.99", "unused")])
refused("InvalidTarget", "public address", elb.register_targets, TargetGroupArn=api_arn, Targets=[{"Id": "8.8.8.8"}])
refused("InvalidTarget", "outside the vpc", elb.register_targets, TargetGroupArn=api_arn, Targets=[{"Id": "192.168.0.1"}])
elb.deregister_targets(TargetGroupArn=api_arn, Targets=[{"Id": "10.0.0.10"}])
until("gone", lambda: states() == [])

# Tags -------------------------------------------------------------------------------------------
for each in (arn, api_arn, http_arn, rule_arn):
    check("tags", elb.describe_tags(ResourceArns=[each])["TagDescriptions"], [{"ResourceArn": each, "Tags": tags}])
elb.add_tags(ResourceArns=[arn, rule_arn], Tags=[{"Key": "x", "Value": "y"}])
elb.remove_tags(ResourceArns=[arn], TagKeys=["Name"])
check("two tagged", [d["Tags"] for d in elb.describe_tags(ResourceArns=[arn, rule_arn])["TagDescriptions"]], [[{"Key": "x", "Value": "y"}], tags + [{"Key": "x", "Value": "y"}]])
refused("ValidationError", "21 arns", elb.describe_tags, ResourceArns=[arn] * 21)
refused("RuleNotFound", "tags of nothing", elb.describe_tags, ResourceArns=[rule_arn + "0"])
check("policies", elb.describe_ssl_policies(Names=["ELBSecurityPolicy-TLS13-1-2-2021-06"])["SslPolicies"][0]["SslProtocols"], ["TLSv1.2", "TLSv1.3"])
check("limits", {l["Name"]: l["Max"] for l in elb.describe_account_limits()["Limits"]}["rules-per-application-load-balancer"], "100")

# Deletion ---------------------------------------------------------------------------------------
elb.delete_rule(RuleArn=rule_arn)
refused("RuleNotFound", "deleted rule", elb.delete_rule, RuleArn=rule_arn)
elb.delete_listener(ListenerArn=https_arn)
refused("ListenerNotFound", "deleted listener", elb.delete_listener, ListenerArn=https_arn)
elb.delete_load_balancer(LoadBalancerArn=arn)
elb.delete_load_balancer(LoadBalancerArn=arn)
refused("ListenerNotFound", "listener of a deleted balancer", elb.describe_rules, ListenerArn=http_arn)
refused("RuleNotFound", "rule of a deleted balancer", elb.describe_rules, RuleArns=[rich["RuleArn"]])
elb.delete_target_group(TargetGroupArn=api_arn)
elb.delete_target_group(TargetGroupArn=api_arn)


def group_goes():
    try:
        ec2.delete_security_group(GroupId=group)
        return True
    except ec2.exceptions.ClientError as error:
        return check("while interfaces linger", error.response["Error"]["Code"], "DependencyViolation") or False


until("the group can go", group_goes)

summary("elbv2")
