"""Network load balancers of elbv2, as boto3 sees them."""

from harness import check, client, refused, summary

ec2, elb = client("ec2"), client("elbv2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
a, b = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
    for n, zone in enumerate("ab")
]
group = ec2.create_security_group(GroupName="nlb", Description="d", VpcId=vpc)["GroupId"]
eip = ec2.allocate_address(Domain="vpc")


def attributes(answer):
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


mappings = [{"SubnetId": a, "AllocationId": eip["AllocationId"]}]
made = elb.create_load_balancer(Name="net", Type="network", SubnetMappings=mappings, SecurityGroups=[group])["LoadBalancers"][0]
arn = made["LoadBalancerArn"]
check("type", (made["Type"], ":loadbalancer/net/net/" in arn, made["SecurityGroups"]), ("network", True, [group]))
check("zone and name", (made["CanonicalHostedZoneId"], made["DNSName"].endswith(".elb.eu-west-1.amazonaws.com")), ("Z2IFOLAFXWLO4F", True))
check("address", made["AvailabilityZones"][0]["LoadBalancerAddresses"], [{"IpAddress": eip["PublicIp"], "AllocationId": eip["AllocationId"]}])
check("address taken", "NetworkInterfaceId" in ec2.describe_addresses(AllocationIds=[eip["AllocationId"]])["Addresses"][0])
refused("ResourceInUse", "address twice", elb.create_load_balancer, Name="second", Type="network", SubnetMappings=mappings)
refused("AllocationIdNotFound", "no such address", elb.create_load_balancer, Name="second", Type="network", SubnetMappings=[{"SubnetId": a, "AllocationId": "eipalloc-0"}])
refused("NotImplementedByLocalAws", "gateway", elb.create_load_balancer, Name="gate", Type="gateway", Subnets=[a])
bare = elb.create_load_balancer(Name="bare", Type="network", Subnets=[a], Scheme="internal")["LoadBalancers"][0]["LoadBalancerArn"]
refused("InvalidConfigurationRequest", "groups too late", elb.set_security_groups, LoadBalancerArn=bare, SecurityGroups=[group])
set_ = elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group], EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="off")
check("private link", set_["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"], "off")
elb.set_subnets(LoadBalancerArn=bare, Subnets=[a, b])
refused("InvalidConfigurationRequest", "subnets stay", elb.set_subnets, LoadBalancerArn=bare, Subnets=[b])
found = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn))
check("attributes", (found["load_balancing.cross_zone.enabled"], found["dns_record.client_routing_policy"], "idle_timeout.timeout_seconds" in found), ("false", "any_availability_zone", False))
changed = elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}])
check("changed", attributes(changed)["load_balancing.cross_zone.enabled"], "true")

groups = {}
for protocol, port in [("TCP", 80), ("UDP", 53), ("TCP_UDP", 54), ("TLS", 443)]:
    one = elb.create_target_group(Name=protocol.replace("_", "-"), Protocol=protocol, Port=port, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
    groups[protocol] = one["TargetGroupArn"]
    check(f"{protocol} check", (one["HealthCheckProtocol"], one["HealthCheckTimeoutSeconds"], "Matcher" in one, "ProtocolVersion" in one), ("TCP", 10, False, False))
    kept = attributes(elb.describe_target_group_attributes(TargetGroupArn=one["TargetGroupArn"]))
    check(f"{protocol} clients", (kept["preserve_client_ip.enabled"], kept["stickiness.type"]), ("true" if "UDP" in protocol else "false", "source_ip"))
refused("ValidationError", "version", elb.create_target_group, Name="v", Protocol="TCP", ProtocolVersion="HTTP2", Port=1, VpcId=vpc)
refused("ValidationError", "TCP has no path", elb.modify_target_group, TargetGroupArn=groups["TCP"], HealthCheckPath="/x")
checked = elb.modify_target_group(TargetGroupArn=groups["TCP"], HealthCheckProtocol="HTTP", HealthCheckPath="/x")["TargetGroups"][0]
check("http check", (checked["HealthCheckPath"], checked["Matcher"]), ("/x", {"HttpCode": "200-399"}))
refused("InvalidConfigurationRequest", "UDP keeps clients", elb.modify_target_group_attributes, TargetGroupArn=groups["UDP"], Attributes=[{"Key": "preserve_client_ip.enabled", "Value": "false"}])
sticky = elb.modify_target_group_attributes(TargetGroupArn=groups["TCP"], Attributes=[{"Key": "stickiness.enabled", "Value": "true"}])
check("sticky", attributes(sticky)["stickiness.enabled"], "true")


def listen(protocol, port, to, **more):
    actions = [{"Type": "forward", "TargetGroupArn": groups[to]}]
    return elb.create_listener(LoadBalancerArn=arn, Protocol=protocol, Port=port, DefaultActions=actions, **more)["Listeners"][0]


tcp = listen("TCP", 80, "TCP")
listen("UDP", 53, "UDP")
listen("TCP_UDP", 54, "TCP_UDP")
refused("DuplicateListener", "port", listen, protocol="UDP", port=80, to="UDP")
refused("ValidationError", "http", listen, protocol="HTTP", port=81, to="TCP")
refused("InvalidConfigurationRequest", "protocols", listen, protocol="TCP", port=81, to="UDP")
refused("ValidationError", "no certificate", listen, protocol="TLS", port=443, to="TCP")
refused("ValidationError", "certificate of TCP", listen, protocol="TCP", port=81, to="TCP", AlpnPolicy=["None"])
certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/one"
refused("ALPNPolicyNotSupported", "alpn", listen, protocol="TLS", port=443, to="TLS", Certificates=[{"CertificateArn": certificate}], AlpnPolicy=["HTTP3"])
tls = listen("TLS", 443, "TLS", Certificates=[{"CertificateArn": certificate}], AlpnPolicy=["HTTP2Preferred"], SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06")
check("tls", (tls["AlpnPolicy"], tls["SslPolicy"]), (["HTTP2Preferred"], "ELBSecurityPolicy-TLS13-1-2-2021-06"))
second = certificate.replace("/one", "/two")
elb.add_listener_certificates(ListenerArn=tls["ListenerArn"], Certificates=[{"CertificateArn": second}])
listed = elb.describe_listener_certificates(ListenerArn=tls["ListenerArn"])["Certificates"]
check("certificates", [(one["CertificateArn"], one["IsDefault"]) for one in listed], [(certificate, True), (second, False)])
check("idle", attributes(elb.describe_listener_attributes(ListenerArn=tcp["ListenerArn"])), {"tcp.idle_timeout.seconds": "350"})
fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
refused("InvalidLoadBalancerAction", "fixed", elb.modify_listener, ListenerArn=tcp["ListenerArn"], DefaultActions=fixed)
rule = dict(ListenerArn=tcp["ListenerArn"], Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/"]}])
refused("ValidationError", "rules", elb.create_rule, Actions=[{"Type": "forward", "TargetGroupArn": groups["TCP"]}], **rule)
elb.delete_load_balancer(LoadBalancerArn=arn)
check("address free", "NetworkInterfaceId" in ec2.describe_addresses(AllocationIds=[eip["AllocationId"]])["Addresses"][0], False)
summary("elbv2_network")
