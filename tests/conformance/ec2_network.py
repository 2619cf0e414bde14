"""ec2: regional NAT gateways, VPC endpoints, IPv6, egress-only gateways and flow logs, as boto3 sees them."""

import json

from harness import ACCOUNT, check, client, refused, summary, until

ec2 = client("ec2")


def named(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def only(filters):
    return [{"Name": name, "Values": [value]} for name, value in filters.items()]


vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
a, b, c = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"eu-west-1{z}")["Subnet"]["SubnetId"]
    for i, z in enumerate("aba")
]
table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def routes():
    return ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]


# Regional NAT gateways --------------------------------------------------------------------------
nat = ec2.create_nat_gateway(AvailabilityMode="regional", VpcId=vpc)["NatGateway"]["NatGatewayId"]


def gateway(id):
    return ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"][0]


until("no internet gateway", lambda: gateway(nat)["State"] == "failed")
check("why", gateway(nat)["FailureCode"], "Gateway.NotAttached")
internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
refused("InvalidParameterCombination", "regional in a subnet", ec2.create_nat_gateway, AvailabilityMode="regional", VpcId=vpc, SubnetId=a)
refused("InvalidParameterCombination", "private regional", ec2.create_nat_gateway, AvailabilityMode="regional", VpcId=vpc, ConnectivityType="private")
refused("InvalidParameterCombination", "zonal with a VPC", ec2.create_nat_gateway, VpcId=vpc, SubnetId=a, AllocationId="eipalloc-0123456789abcdef0")
refused("MissingParameter", "regional without VPC", ec2.create_nat_gateway, AvailabilityMode="regional")
made = ec2.create_nat_gateway(AvailabilityMode="regional", VpcId=vpc, ClientToken="one", TagSpecifications=named("natgateway", "all"))["NatGateway"]
check("pending", made["State"], "pending")
again = ec2.create_nat_gateway(AvailabilityMode="regional", VpcId=vpc, ClientToken="one", TagSpecifications=named("natgateway", "all"))["NatGateway"]
check("the same again", again["NatGatewayId"], made["NatGatewayId"])
nat = made["NatGatewayId"]
until("available", lambda: gateway(nat)["State"] == "available")
found = gateway(nat)
check("regional", [found[k] for k in ("AvailabilityMode", "AutoProvisionZones", "AutoScalingIps", "VpcId", "ConnectivityType")], ["regional", "enabled", "enabled", vpc, "public"])
check("in no subnet", "SubnetId" in found, False)
check("zones", [x["AvailabilityZone"] for x in found["NatGatewayAddresses"]], ["eu-west-1a", "eu-west-1b"])
check("addresses", all(x["PublicIp"] and x["AllocationId"] for x in found["NatGatewayAddresses"]))
d = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1c")["Subnet"]["SubnetId"]
check("it follows", [x["AvailabilityZone"] for x in gateway(nat)["NatGatewayAddresses"]], ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
refused("DependencyViolation", "internet gateway in use", ec2.detach_internet_gateway, InternetGatewayId=internet, VpcId=vpc)
eip = ec2.allocate_address(Domain="vpc")["AllocationId"]
manual = ec2.create_nat_gateway(AvailabilityMode="regional", VpcId=vpc, AvailabilityZoneAddresses=[{"AvailabilityZone": "eu-west-1a", "AllocationIds": [eip]}])["NatGateway"]["NatGatewayId"]
until("manual available", lambda: gateway(manual)["State"] == "available")
check("manual", gateway(manual)["AutoProvisionZones"], "disabled")
check("its address", [(x["AvailabilityZone"], x["AllocationId"]) for x in gateway(manual)["NatGatewayAddresses"]], [("eu-west-1a", eip)])
refused("InvalidIPAddress.InUse", "address in use", ec2.release_address, AllocationId=eip)
ec2.delete_nat_gateway(NatGatewayId=manual)
until("manual gone", lambda: gateway(manual)["State"] == "deleted")
ec2.release_address(AllocationId=eip)

# Gateway endpoints ------------------------------------------------------------------------------
S3 = "com.amazonaws.eu-west-1.s3"
LOGS = "com.amazonaws.eu-west-1.logs"
services = ec2.describe_vpc_endpoint_services(ServiceNames=[S3])
check("services", [d["ServiceType"][0]["ServiceType"] for d in services["ServiceDetails"]], ["Gateway", "Interface"])
check("private name", ec2.describe_vpc_endpoint_services(ServiceNames=[LOGS])["ServiceDetails"][0]["PrivateDnsName"], "logs.eu-west-1.amazonaws.com")
refused("InvalidServiceName", "no such service", ec2.describe_vpc_endpoint_services, ServiceNames=["com.amazonaws.eu-west-1.nothing"])
refused("InvalidServiceName", "no such service", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
refused("InvalidParameter", "not of that type", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=LOGS)
refused("InvalidParameter", "gateway in a subnet", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=S3, SubnetIds=[a])
refused("InvalidPolicyDocument", "no policy", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=S3, PolicyDocument="{")
refused("NotImplementedByLocalAws", "resource endpoints", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=S3, ResourceConfigurationArn="arn:x")
s3 = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, RouteTableIds=[table], TagSpecifications=named("vpc-endpoint", "s3"))["VpcEndpoint"]


def endpoint(id):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"][0]


check("gateway endpoint", [s3[k] for k in ("VpcEndpointType", "State", "RouteTableIds", "ServiceName", "OwnerId")], ["Gateway", "available", [table], S3, ACCOUNT])
check("policy", json.loads(s3["PolicyDocument"])["Statement"][0]["Effect"], "Allow")
route = [r for r in routes() if r.get("GatewayId") == s3["VpcEndpointId"]]
check("its route", [(r["DestinationPrefixListId"].startswith("pl-"), r["State"]) for r in route], [(True, "active")])
refused("RouteAlreadyExists", "two for one table", ec2.create_vpc_endpoint, VpcId=vpc, ServiceName=S3, RouteTableIds=[table])
mine = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}'
ec2.modify_vpc_endpoint(VpcEndpointId=s3["VpcEndpointId"], PolicyDocument=mine, RemoveRouteTableIds=[table])
check("modified", (endpoint(s3["VpcEndpointId"])["PolicyDocument"], endpoint(s3["VpcEndpointId"])["RouteTableIds"]), (mine, []))
ec2.modify_vpc_endpoint(VpcEndpointId=s3["VpcEndpointId"], ResetPolicy=True, AddRouteTableIds=[table])
check("reset", "2008-10-17" in endpoint(s3["VpcEndpointId"])["PolicyDocument"])
refused("InvalidParameterCombination", "both", ec2.modify_vpc_endpoint, VpcEndpointId=s3["VpcEndpointId"], ResetPolicy=True, PolicyDocument=mine)

# Interface endpoints ----------------------------------------------------------------------------
group = ec2.create_security_group(GroupName="endpoints", Description="x", VpcId=vpc)["GroupId"]
other = ec2.create_security_group(GroupName="others", Description="x", VpcId=vpc)["GroupId"]
refused("DuplicateSubnetsInSameZone", "two in a zone", ec2.create_vpc_endpoint, VpcEndpointType="Interface", VpcId=vpc, ServiceName=LOGS, SubnetIds=[a, c])
refused("InvalidParameter", "with a table", ec2.create_vpc_endpoint, VpcEndpointType="Interface", VpcId=vpc, ServiceName=LOGS, RouteTableIds=[table])
refused("InvalidSubnetID.NotFound", "no subnet", ec2.create_vpc_endpoint, VpcEndpointType="Interface", VpcId=vpc, ServiceName=LOGS, SubnetIds=["subnet-0123456789abcdef0"])
logs = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=LOGS, SubnetIds=[a, b], SecurityGroupIds=[group], PrivateDnsEnabled=True, ClientToken="logs")["VpcEndpoint"]
id = logs["VpcEndpointId"]
check("pending", (logs["State"], logs["PrivateDnsEnabled"], logs["Groups"]), ("pending", True, [{"GroupId": group, "GroupName": "endpoints"}]))
check("again", ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=LOGS, SubnetIds=[a, b], SecurityGroupIds=[group], PrivateDnsEnabled=True, ClientToken="logs")["VpcEndpoint"]["VpcEndpointId"], id)
until("endpoint available", lambda: endpoint(id)["State"] == "available")
refused("InvalidParameter", "private DNS twice", ec2.create_vpc_endpoint, VpcEndpointType="Interface", VpcId=vpc, ServiceName=LOGS, SubnetIds=[a])
interfaces = ec2.describe_network_interfaces(Filters=only({"interface-type": "vpc_endpoint"}))["NetworkInterfaces"]
check("interfaces", sorted((i["SubnetId"], i["Groups"][0]["GroupId"]) for i in interfaces), sorted([(a, group), (b, group)]))
check("their ids", sorted(endpoint(id)["NetworkInterfaceIds"]), sorted(i["NetworkInterfaceId"] for i in interfaces))
check("names", "logs.eu-west-1.amazonaws.com" in [e["DnsName"] for e in endpoint(id)["DnsEntries"]])
refused("DependencyViolation", "its group", ec2.delete_security_group, GroupId=group)
refused("DependencyViolation", "its subnet", ec2.delete_subnet, SubnetId=b)
ec2.modify_vpc_endpoint(VpcEndpointId=id, RemoveSubnetIds=[b], AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[group], PrivateDnsEnabled=False)
check("modified", (endpoint(id)["SubnetIds"], [g["GroupId"] for g in endpoint(id)["Groups"]], endpoint(id)["PrivateDnsEnabled"]), ([a], [other], False))
ec2.delete_security_group(GroupId=group)
check("by service", len(ec2.describe_vpc_endpoints(Filters=only({"service-name": LOGS, "vpc-id": vpc, "vpc-endpoint-type": "Interface"}))["VpcEndpoints"]), 1)
check("none gone", ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"])["Unsuccessful"][0]["Error"]["Code"], "InvalidVpcEndpointId.NotFound")
refused("InvalidParameter", "no IPv6 there", ec2.create_vpc_endpoint, VpcEndpointType="Interface", VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.ssm", SubnetIds=[a], IpAddressType="dualstack")

# IPv6 -------------------------------------------------------------------------------------------
refused("MissingParameter", "nothing", ec2.associate_vpc_cidr_block, VpcId=vpc)
refused("NotImplementedByLocalAws", "more IPv4", ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="10.1.0.0/16")
association = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
check("associating", association["Ipv6CidrBlockState"]["State"], "associating")


def block():
    return ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]


until("associated", lambda: block()["Ipv6CidrBlockState"]["State"] == "associated")
whole = block()["Ipv6CidrBlock"]
check("a /56", whole.endswith("00::/56"))
part = lambda n: whole.replace("00::/56", f"{n:02x}::/64")
refused("InvalidParameterValue", "attribute before block", ec2.modify_subnet_attribute, SubnetId=a, AssignIpv6AddressOnCreation={"Value": True})
refused("InvalidSubnet.Range", "not a /64", ec2.associate_subnet_cidr_block, SubnetId=a, Ipv6CidrBlock=whole)
refused("InvalidSubnet.Range", "elsewhere", ec2.associate_subnet_cidr_block, SubnetId=a, Ipv6CidrBlock="2001:db9::/64")
of_a = ec2.associate_subnet_cidr_block(SubnetId=a, Ipv6CidrBlock=part(1))["Ipv6CidrBlockAssociation"]
refused("InvalidSubnet.Conflict", "twice", ec2.associate_subnet_cidr_block, SubnetId=b, Ipv6CidrBlock=part(1))
e = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.5.0/24", Ipv6CidrBlock=part(0xAB))["Subnet"]
check("made with a block", e["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"], part(0xAB))
for attribute, member in [("AssignIpv6AddressOnCreation", "AssignIpv6AddressOnCreation"), ("EnableDns64", "EnableDns64")]:
    ec2.modify_subnet_attribute(SubnetId=a, **{attribute: {"Value": True}})
    check(attribute, ec2.describe_subnets(SubnetIds=[a])["Subnets"][0][member], True)
check("local route", [r["DestinationIpv6CidrBlock"] for r in routes() if r["GatewayId" if "GatewayId" in r else "Origin"] == "local" and "DestinationIpv6CidrBlock" in r], [whole])
check("groups let IPv6 out", len(ec2.describe_security_groups(GroupIds=[ec2.create_security_group(GroupName="six", Description="x", VpcId=vpc)["GroupId"]])["SecurityGroups"][0]["IpPermissionsEgress"][0]["Ipv6Ranges"]), 1)
egress = ec2.create_egress_only_internet_gateway(VpcId=vpc, ClientToken="e", TagSpecifications=named("egress-only-internet-gateway", "out"))["EgressOnlyInternetGateway"]
check("egress", egress["Attachments"], [{"State": "attached", "VpcId": vpc}])
egress = egress["EgressOnlyInternetGatewayId"]
check("by tag", len(ec2.describe_egress_only_internet_gateways(Filters=only({"tag:Name": "out"}))["EgressOnlyInternetGateways"]), 1)
refused("InvalidParameterValue", "IPv4 through it", ec2.create_route, RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", EgressOnlyInternetGatewayId=egress)
refused("InvalidParameterValue", "IPv6 through NAT", ec2.create_route, RouteTableId=table, DestinationIpv6CidrBlock="::/0", NatGatewayId=nat)
ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="64:ff9b::/96", NatGatewayId=nat)
ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=egress)
check("six routes", [r["State"] for r in routes() if r.get("EgressOnlyInternetGatewayId") == egress], ["active"])
ec2.replace_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=internet)
ec2.replace_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=egress)
ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=egress)
check("black hole", [r["State"] for r in routes() if r.get("EgressOnlyInternetGatewayId") == egress], ["blackhole"])
refused("InvalidGatewayID.NotFound", "egress gone", ec2.delete_egress_only_internet_gateway, EgressOnlyInternetGatewayId=egress)
ec2.delete_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0")
refused("InvalidCidrBlock.InUse", "block in use", ec2.disassociate_vpc_cidr_block, AssociationId=association["AssociationId"])
ec2.modify_subnet_attribute(SubnetId=a, AssignIpv6AddressOnCreation={"Value": False})
ec2.disassociate_subnet_cidr_block(AssociationId=of_a["AssociationId"])
check("no block", ec2.describe_subnets(SubnetIds=[a])["Subnets"][0]["Ipv6CidrBlockAssociationSet"], [])

# Flow logs --------------------------------------------------------------------------------------
role = f"arn:aws:iam::{ACCOUNT}:role/flow"
refused("MissingParameter", "no role", ec2.create_flow_logs, ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="flows")
refused("InvalidParameterValue", "interval", ec2.create_flow_logs, ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="flows", DeliverLogsPermissionArn=role, MaxAggregationInterval=61)
refused("NotImplementedByLocalAws", "firehose is not modelled", ec2.create_flow_logs, ResourceType="TransitGateway", ResourceIds=[vpc], TrafficType="ALL")
flow = dict(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="flows", DeliverLogsPermissionArn=role, MaxAggregationInterval=60)
log = ec2.create_flow_logs(**flow, TagSpecifications=named("vpc-flow-log", "flows"))["FlowLogIds"][0]
check("twice", ec2.create_flow_logs(**flow)["Unsuccessful"][0]["Error"]["Code"], "FlowLogAlreadyExists")
found = ec2.describe_flow_logs(Filters=only({"resource-id": vpc}))["FlowLogs"][0]
check("flow log", [found[k] for k in ("FlowLogId", "LogGroupName", "LogDestinationType", "LogDestination", "MaxAggregationInterval", "TrafficType", "FlowLogStatus", "DeliverLogsPermissionArn")], [log, "flows", "cloud-watch-logs", f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:flows", 60, "ALL", "ACTIVE", role])
check("default format", found["LogFormat"].startswith("${version} ${account-id}"))
bucket = ec2.create_flow_logs(ResourceType="Subnet", ResourceIds=[a], TrafficType="REJECT", LogDestinationType="s3", LogDestination="arn:aws:s3:::flows", DestinationOptions={"FileFormat": "parquet", "PerHourPartition": True, "HiveCompatiblePartitions": False})["FlowLogIds"][0]
check("to S3", ec2.describe_flow_logs(FlowLogIds=[bucket])["FlowLogs"][0]["DestinationOptions"], {"FileFormat": "parquet", "HiveCompatiblePartitions": False, "PerHourPartition": True})
check("deleted", ec2.delete_flow_logs(FlowLogIds=[log, bucket, log])["Unsuccessful"][0]["Error"]["Code"], "InvalidFlowLogId.NotFound")

# Volumes, and interfaces of one's own ---------------------------------------------------------------
refused("InvalidZone.NotFound", "zone", ec2.create_volume, AvailabilityZone="eu-west-1z", Size=4)
refused("InvalidParameterValue", "size", ec2.create_volume, AvailabilityZone="eu-west-1a", Size=4, VolumeType="st1")
refused("InvalidParameterCombination", "throughput", ec2.create_volume, AvailabilityZone="eu-west-1a", Size=4, Throughput=200)
refused("MissingParameter", "iops", ec2.create_volume, AvailabilityZone="eu-west-1a", Size=4, VolumeType="io2")
volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=40, VolumeType="gp3", Throughput=200, Encrypted=True, ClientToken="v", TagSpecifications=named("volume", "data"))
check("volume", [volume[k] for k in ("State", "Size", "Iops", "Throughput", "VolumeType", "Encrypted", "AvailabilityZone", "Tags")], ["creating", 40, 3000, 200, "gp3", True, "eu-west-1a", [{"Key": "Name", "Value": "data"}]])
volume = volume["VolumeId"]
check("same token", ec2.create_volume(AvailabilityZone="eu-west-1a", Size=40, VolumeType="gp3", ClientToken="v")["VolumeId"], volume)
volumes = lambda: ec2.describe_volumes(Filters=only({"tag:Name": "data"}))["Volumes"]
until("volume available", lambda: volumes()[0]["State"] == "available")
ec2.delete_volume(VolumeId=volume)
check("volume gone", volumes(), [])
refused("InvalidVolume.NotFound", "volume", ec2.delete_volume, VolumeId=volume)
own = ec2.create_network_interface(SubnetId=a, Description="own", TagSpecifications=named("network-interface", "own"))["NetworkInterface"]
check("own interface", [own["Status"], own["Description"], own["SubnetId"], own["TagSet"], "Attachment" in own], ["available", "own", a, [{"Key": "Name", "Value": "own"}], False])
refused("DependencyViolation", "an interface holds the subnet", ec2.delete_subnet, SubnetId=a)
ec2.delete_network_interface(NetworkInterfaceId=own["NetworkInterfaceId"])
refused("InvalidNetworkInterfaceID.NotFound", "interface", ec2.delete_network_interface, NetworkInterfaceId=own["NetworkInterfaceId"])

# The end ----------------------------------------------------------------------------------------
refused("DependencyViolation", "table with an endpoint", ec2.delete_route_table, RouteTableId=table)
ec2.delete_vpc_endpoints(VpcEndpointIds=[s3["VpcEndpointId"], id])
until("endpoints gone", lambda: ec2.describe_vpc_endpoints()["VpcEndpoints"] == [])
ec2.delete_nat_gateway(NatGatewayId=nat)
until("nat gone", lambda: gateway(nat)["State"] == "deleted")
ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
summary("ec2_network")
