"""ec2: what shipit calls and its counterparts, as boto3 sees them."""

from harness import ACCOUNT, check, client, refused, summary, until

ec2 = client("ec2")
other = client("ec2", region="us-east-1")


def named(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def group(id):
    return ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]


# Surroundings -----------------------------------------------------------------------------------
zones = ec2.describe_availability_zones()["AvailabilityZones"]
check("zones", [z["ZoneName"] for z in zones], ["eu-west-1a", "eu-west-1b", "eu-west-1c"])
check("zone ids", [z["ZoneId"] for z in zones], ["euw1-az1", "euw1-az2", "euw1-az3"])
check("zone filter", len(ec2.describe_availability_zones(Filters=[{"Name": "state", "Values": ["available"]}])["AvailabilityZones"]), 3)
check("regions", "eu-west-1" in [r["RegionName"] for r in ec2.describe_regions()["Regions"]])
check("attributes", ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"][0]["AttributeValues"], [{"AttributeValue": "none"}])
check("no default vpc", ec2.describe_vpcs()["Vpcs"], [])
refused("InvalidParameterValue", "unknown zone", ec2.describe_availability_zones, ZoneNames=["eu-west-1z"])

# VPC --------------------------------------------------------------------------------------------
vpc = ec2.create_vpc(CidrBlock="10.0.3.7/16", TagSpecifications=named("vpc", "main"))["Vpc"]
vpc_id = vpc["VpcId"]
check("canonical block", vpc["CidrBlock"], "10.0.0.0/16")
check("tags in the answer", vpc["Tags"], [{"Key": "Name", "Value": "main"}])
check("owner", vpc["OwnerId"], ACCOUNT)
until("vpc available", lambda: ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["State"] == "available")
refused("InvalidVpc.Range", "vpc /8", ec2.create_vpc, CidrBlock="10.0.0.0/8")
refused("InvalidVpc.Range", "vpc /29", ec2.create_vpc, CidrBlock="10.0.0.0/29")
refused("InvalidParameterValue", "vpc without sense", ec2.create_vpc, CidrBlock="10.0.0.0/99")
refused("DryRunOperation", "rehearsal", ec2.create_vpc, CidrBlock="10.9.0.0/16", DryRun=True)
check("rehearsal did nothing", len(ec2.describe_vpcs()["Vpcs"]), 1)
refused("InvalidParameterValue", "tags of another kind", ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=named("subnet", "x"))
refused("InvalidParameterValue", "reserved tag", ec2.create_vpc, CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "aws:x", "Value": "y"}]}])
refused("NotImplementedByLocalAws", "a member not modelled", ec2.create_vpc, CidrBlock="10.0.0.0/16", Ipv4IpamPoolId="ipam-pool-1")
refused("InvalidVpcID.NotFound", "unknown vpc", ec2.describe_vpcs, VpcIds=["vpc-0123456789abcdef0"])
refused("InvalidVpcID.Malformed", "no vpc id", ec2.describe_vpcs, VpcIds=["main"])
refused("InvalidParameterValue", "unknown filter", ec2.describe_vpcs, Filters=[{"Name": "colour", "Values": ["red"]}])
check("other region", other.describe_vpcs()["Vpcs"], [])
check("other account", client("ec2", account="111111111111").describe_vpcs(VpcIds=[])["Vpcs"], [])
for filters, found in [
    ([{"Name": "tag:Name", "Values": ["ma*"]}], 1),
    ([{"Name": "tag:Name", "Values": ["x", "mai?"]}], 1),
    ([{"Name": "tag-key", "Values": ["Name"]}], 1),
    ([{"Name": "tag-key", "Values": ["name"]}], 0),
    ([{"Name": "cidr", "Values": ["10.0.0.0/16"]}, {"Name": "vpc-id", "Values": [vpc_id]}], 1),
    ([{"Name": "state", "Values": ["pending"]}], 0),
    ([{"Name": "is-default", "Values": ["false"]}], 1),
]:
    check(f"vpcs by {filters}", len(ec2.describe_vpcs(Filters=filters)["Vpcs"]), found)
ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
for attribute, member, value in [
    ("enableDnsHostnames", "EnableDnsHostnames", True),
    ("enableDnsSupport", "EnableDnsSupport", True),
    ("enableNetworkAddressUsageMetrics", "EnableNetworkAddressUsageMetrics", False),
]:
    found = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)
    check(attribute, (found["VpcId"], found[member]), (vpc_id, {"Value": value}))
refused("InvalidParameterCombination", "two attributes", ec2.modify_vpc_attribute, VpcId=vpc_id, EnableDnsSupport={"Value": True}, EnableDnsHostnames={"Value": True})
main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["RouteTables"]
check("main table", [(len(main), main[0]["Associations"][0]["Main"], main[0]["Routes"][0]["GatewayId"])], [(1, True, "local")])
check("default acl", ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["NetworkAcls"][0]["IsDefault"])
default = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["SecurityGroups"]
check("default group", [g["GroupName"] for g in default], ["default"])
check("default group talks to itself", default[0]["IpPermissions"][0]["UserIdGroupPairs"], [{"UserId": ACCOUNT, "GroupId": default[0]["GroupId"]}])

# Subnets ----------------------------------------------------------------------------------------
a = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.0.9/24", AvailabilityZone="eu-west-1a", TagSpecifications=named("subnet", "a"))["Subnet"]
b = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.0.1.0/24", AvailabilityZoneId="euw1-az2")["Subnet"]
check("subnet", (a["CidrBlock"], a["AvailableIpAddressCount"], a["AvailabilityZoneId"], b["AvailabilityZone"]), ("10.0.0.0/24", 251, "euw1-az1", "eu-west-1b"))
refused("InvalidSubnet.Conflict", "overlap", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.0.1.128/25")
refused("InvalidSubnet.Range", "outside", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.1.0.0/24")
refused("InvalidSubnet.Range", "too small", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.0.2.0/29")
refused("InvalidParameterValue", "wrong zone", ec2.create_subnet, VpcId=vpc_id, CidrBlock="10.0.2.0/24", AvailabilityZone="us-east-1a")
refused("InvalidVpcID.NotFound", "subnet of nothing", ec2.create_subnet, VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.2.0/24")
ec2.modify_subnet_attribute(SubnetId=a["SubnetId"], MapPublicIpOnLaunch={"Value": True})
check("public subnet", [s["SubnetId"] for s in ec2.describe_subnets(Filters=[{"Name": "map-public-ip-on-launch", "Values": ["true"]}])["Subnets"]], [a["SubnetId"]])
refused("NotImplementedByLocalAws", "attribute not modelled", ec2.modify_subnet_attribute, SubnetId=a["SubnetId"], EnableLniAtDeviceIndex=1)
refused("InvalidSubnetID.NotFound", "unknown subnet", ec2.delete_subnet, SubnetId="subnet-0123456789abcdef0")

# Internet gateway ---------------------------------------------------------------------------------
igw = ec2.create_internet_gateway(TagSpecifications=named("internet-gateway", "main"))["InternetGateway"]["InternetGatewayId"]
spare = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc_id)
refused("Resource.AlreadyAssociated", "attach twice", ec2.attach_internet_gateway, InternetGatewayId=igw, VpcId=vpc_id)
refused("InvalidParameterValue", "a second gateway", ec2.attach_internet_gateway, InternetGatewayId=spare, VpcId=vpc_id)
refused("Gateway.NotAttached", "detach what is not there", ec2.detach_internet_gateway, InternetGatewayId=spare, VpcId=vpc_id)
refused("DependencyViolation", "delete an attached gateway", ec2.delete_internet_gateway, InternetGatewayId=igw)
found = ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc_id]}])["InternetGateways"]
check("attached", [(g["InternetGatewayId"], g["Attachments"]) for g in found], [(igw, [{"State": "available", "VpcId": vpc_id}])])

# Addresses and NAT gateways -----------------------------------------------------------------------
eip = ec2.allocate_address(Domain="vpc", TagSpecifications=named("elastic-ip", "nat"))
check("address", ec2.describe_addresses(PublicIps=[eip["PublicIp"]])["Addresses"][0]["AllocationId"], eip["AllocationId"])
refused("InvalidAddress.NotFound", "unknown address", ec2.describe_addresses, PublicIps=["1.2.3.4"])
refused("InvalidAllocationID.NotFound", "unknown allocation", ec2.release_address, AllocationId="eipalloc-0123456789abcdef0")
request = dict(SubnetId=a["SubnetId"], AllocationId=eip["AllocationId"], ClientToken="t1", TagSpecifications=named("natgateway", "nat"))
nat = ec2.create_nat_gateway(**request)["NatGateway"]
nat_id = nat["NatGatewayId"]
check("nat begins pending", nat["State"], "pending")
check("same token, same gateway", ec2.create_nat_gateway(**request)["NatGateway"]["NatGatewayId"], nat_id)
refused("IdempotentParameterMismatch", "same token, other subnet", ec2.create_nat_gateway, **{**request, "SubnetId": b["SubnetId"]})
refused("Resource.AlreadyAssociated", "address in use", ec2.create_nat_gateway, SubnetId=b["SubnetId"], AllocationId=eip["AllocationId"])
refused("InvalidSubnetID.NotFound", "nat in no subnet", ec2.create_nat_gateway, SubnetId="subnet-0123456789abcdef0", AllocationId=eip["AllocationId"])
refused("MissingParameter", "public without address", ec2.create_nat_gateway, SubnetId=b["SubnetId"])
until("nat available", lambda: ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"][0]["State"] == "available")
nat = ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": ["nat"]}])["NatGateways"][0]
check("nat address", nat["NatGatewayAddresses"][0]["PublicIp"], eip["PublicIp"])
check("nat fields", (nat["SubnetId"], nat["VpcId"], nat["ConnectivityType"]), (a["SubnetId"], vpc_id, "public"))
refused("InvalidIPAddress.InUse", "release an address in use", ec2.release_address, AllocationId=eip["AllocationId"])
refused("DependencyViolation", "subnet with an interface", ec2.delete_subnet, SubnetId=a["SubnetId"])
refused("DependencyViolation", "gateway with mapped addresses", ec2.detach_internet_gateway, InternetGatewayId=igw, VpcId=vpc_id)
eni = ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [a["SubnetId"]]}])["NetworkInterfaces"][0]
check("nat interface", (eni["InterfaceType"], eni["Association"]["AllocationId"], eni["RequesterManaged"]), ("nat_gateway", eip["AllocationId"], True))
check("address taken", ec2.describe_subnets(SubnetIds=[a["SubnetId"]])["Subnets"][0]["AvailableIpAddressCount"], 250)
refused("NatGatewayNotFound", "unknown nat", ec2.delete_nat_gateway, NatGatewayId="nat-0123456789abcdef0")

# Route tables -------------------------------------------------------------------------------------
table = ec2.create_route_table(VpcId=vpc_id, TagSpecifications=named("route-table", "public"))["RouteTable"]["RouteTableId"]
second = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
refused("RouteAlreadyExists", "route twice", ec2.create_route, RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat_id)
refused("InvalidGatewayID.NotFound", "route to nothing", ec2.create_route, RouteTableId=second, DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-0123456789abcdef0")
refused("InvalidParameterValue", "route to a gateway elsewhere", ec2.create_route, RouteTableId=second, DestinationCidrBlock="0.0.0.0/0", GatewayId=spare)
refused("InvalidNatGatewayID.NotFound", "route to no nat", ec2.create_route, RouteTableId=second, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0123456789abcdef0")
refused("InvalidRouteTableID.NotFound", "route in no table", ec2.create_route, RouteTableId="rtb-0123456789abcdef0", DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
refused("InvalidParameterValue", "route to no block", ec2.create_route, RouteTableId=second, DestinationCidrBlock="everywhere", GatewayId=igw)
ec2.create_route(RouteTableId=second, DestinationCidrBlock="0.0.0.0/0", GatewayId=igw)
ec2.replace_route(RouteTableId=second, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat_id)
routes = {r["DestinationCidrBlock"]: r for r in ec2.describe_route_tables(RouteTableIds=[second])["RouteTables"][0]["Routes"]}
check("routes", [(k, r.get("GatewayId"), r.get("NatGatewayId"), r["State"], r["Origin"]) for k, r in sorted(routes.items())],
      [("0.0.0.0/0", None, nat_id, "active", "CreateRoute"), ("10.0.0.0/16", "local", None, "active", "CreateRouteTable")])
refused("InvalidParameterValue", "replace no route", ec2.replace_route, RouteTableId=second, DestinationCidrBlock="9.0.0.0/8", NatGatewayId=nat_id)
refused("InvalidRoute.NotFound", "delete no route", ec2.delete_route, RouteTableId=second, DestinationCidrBlock="9.0.0.0/8")
refused("InvalidParameterValue", "delete the local route", ec2.delete_route, RouteTableId=second, DestinationCidrBlock="10.0.0.0/16")
association = ec2.associate_route_table(RouteTableId=table, SubnetId=a["SubnetId"])["AssociationId"]
refused("Resource.AlreadyAssociated", "associate with another", ec2.associate_route_table, RouteTableId=second, SubnetId=a["SubnetId"])
refused("DependencyViolation", "delete an associated table", ec2.delete_route_table, RouteTableId=table)
moved = ec2.replace_route_table_association(AssociationId=association, RouteTableId=second)["NewAssociationId"]
check("moved", [t["RouteTableId"] for t in ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [a["SubnetId"]]}])["RouteTables"]], [second])
refused("InvalidAssociationID.NotFound", "old association", ec2.disassociate_route_table, AssociationId=association)
ec2.disassociate_route_table(AssociationId=moved)
refused("InvalidParameterValue", "main association", ec2.disassociate_route_table, AssociationId=main[0]["Associations"][0]["RouteTableAssociationId"])
refused("DependencyViolation", "delete the main table", ec2.delete_route_table, RouteTableId=main[0]["RouteTableId"])

# Security groups ----------------------------------------------------------------------------------
web = ec2.create_security_group(GroupName="web", Description="web servers", VpcId=vpc_id, TagSpecifications=named("security-group", "web"))["GroupId"]
db = ec2.create_security_group(GroupName="db", Description="databases", VpcId=vpc_id)["GroupId"]
check("everything may leave", group(web)["IpPermissionsEgress"], [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}])
refused("InvalidGroup.Duplicate", "group twice", ec2.create_security_group, GroupName="web", Description="x", VpcId=vpc_id)
refused("InvalidParameterValue", "group named sg-", ec2.create_security_group, GroupName="sg-x", Description="x", VpcId=vpc_id)
refused("InvalidParameterValue", "description with an umlaut", ec2.create_security_group, GroupName="y", Description="ü", VpcId=vpc_id)
refused("VPCIdNotSpecified", "group without vpc", ec2.create_security_group, GroupName="y", Description="x")
refused("InvalidVpcID.NotFound", "group in no vpc", ec2.create_security_group, GroupName="y", Description="x", VpcId="vpc-0123456789abcdef0")
http = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
answer = ec2.authorize_security_group_ingress(
    GroupId=web,
    IpPermissions=[{**http, "IpRanges": [{"CidrIp": "10.0.0.9/8", "Description": "inside"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}],
    TagSpecifications=named("security-group-rule", "r"),
)["SecurityGroupRules"]
check("one rule per peer", [(r.get("CidrIpv4"), r.get("CidrIpv6"), r.get("Description"), r["Tags"]) for r in answer],
      [("10.0.0.0/8", None, "inside", [{"Key": "Name", "Value": "r"}]), (None, "::/0", None, [{"Key": "Name", "Value": "r"}])])
refused("InvalidPermission.Duplicate", "rule twice", ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[{**http, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
refused("InvalidParameterValue", "rule twice in a call", ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[{**http, "IpRanges": [{"CidrIp": "1.0.0.0/8"}, {"CidrIp": "1.1.0.0/8"}]}])
refused("InvalidParameterValue", "no block", ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[{**http, "IpRanges": [{"CidrIp": "10.0.0.0"}]}])
refused("InvalidParameterValue", "ports in disorder", ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 81, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
refused("InvalidGroup.NotFound", "peer is no group", ec2.authorize_security_group_ingress, GroupId=web, IpPermissions=[{**http, "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]}])
refused("InvalidGroup.NotFound", "no group", ec2.authorize_security_group_ingress, GroupId="sg-0123456789abcdef0", IpPermissions=[{**http, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
ec2.authorize_security_group_ingress(GroupId=db, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": web, "Description": "from web"}]}])
check("peer is a group", group(db)["IpPermissions"][0]["UserIdGroupPairs"], [{"Description": "from web", "UserId": ACCOUNT, "GroupId": web}])
check("filter by peer", [g["GroupId"] for g in ec2.describe_security_groups(Filters=[{"Name": "ip-permission.group-id", "Values": [web]}, {"Name": "group-name", "Values": ["db"]}])["SecurityGroups"]], [db])
refused("DependencyViolation", "delete a peer", ec2.delete_security_group, GroupId=web)
ec2.authorize_security_group_egress(GroupId=web, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
ec2.revoke_security_group_egress(GroupId=web, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
check("egress", [p["FromPort"] for p in group(web)["IpPermissionsEgress"]], [443])
first = answer[0]["SecurityGroupRuleId"]
ec2.modify_security_group_rules(GroupId=web, SecurityGroupRules=[{"SecurityGroupRuleId": first, "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8081, "CidrIpv4": "10.1.0.0/16", "Description": "new"}}])
rule = ec2.describe_security_group_rules(SecurityGroupRuleIds=[first])["SecurityGroupRules"][0]
check("modified", (rule["FromPort"], rule["ToPort"], rule["CidrIpv4"], rule["Description"], rule["Tags"]), (8080, 8081, "10.1.0.0/16", "new", [{"Key": "Name", "Value": "r"}]))
ec2.update_security_group_rule_descriptions_ingress(GroupId=web, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": first, "Description": "newer"}])
ec2.update_security_group_rule_descriptions_egress(GroupId=web, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "out"}]}])
check("descriptions", sorted(r.get("Description", "") for r in ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [web]}])["SecurityGroupRules"]), ["", "newer", "out"])
ec2.revoke_security_group_ingress(GroupId=web, SecurityGroupRuleIds=[first])
refused("InvalidSecurityGroupRuleId.NotFound", "revoked rule", ec2.describe_security_group_rules, SecurityGroupRuleIds=[first])
refused("InvalidPermission.NotFound", "revoke no rule", ec2.revoke_security_group_ingress, GroupId=web, IpPermissions=[{**http, "IpRanges": [{"CidrIp": "9.0.0.0/8"}]}])
refused("CannotDelete", "default group", ec2.delete_security_group, GroupId=default[0]["GroupId"])

# Tags ---------------------------------------------------------------------------------------------
ec2.create_tags(Resources=[vpc_id, igw], Tags=[{"Key": "team", "Value": "x"}, {"Key": "empty", "Value": ""}])
ec2.delete_tags(Resources=[vpc_id], Tags=[{"Key": "team", "Value": "other"}, {"Key": "empty"}])
check("tags", {t["Key"]: t["Value"] for t in ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["Tags"]}, {"Name": "main", "team": "x"})
check("describe tags", [(t["ResourceId"], t["ResourceType"], t["Value"]) for t in ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [igw]}, {"Name": "key", "Values": ["team"]}])["Tags"]], [(igw, "internet-gateway", "x")])
refused("InvalidID", "tags on nothing", ec2.create_tags, Resources=["thing"], Tags=[{"Key": "a", "Value": "b"}])
refused("InvalidVpcID.NotFound", "tags on no vpc", ec2.create_tags, Resources=["vpc-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}])

# Pages --------------------------------------------------------------------------------------------
for number in range(11):
    other.create_vpc(CidrBlock=f"10.{number}.0.0/16")
page = other.describe_vpcs(MaxResults=5)
check("first page", (len(page["Vpcs"]), "NextToken" in page), (5, True))
pages = list(other.get_paginator("describe_vpcs").paginate(PaginationConfig={"PageSize": 5}))
check("pages", [len(p["Vpcs"]) for p in pages], [5, 5, 1])
check("nothing twice", len({v["VpcId"] for p in pages for v in p["Vpcs"]}), 11)
refused("InvalidParameterValue", "page too small", other.describe_vpcs, MaxResults=4)
refused("InvalidNextToken", "token of nobody", other.describe_vpcs, NextToken="nonsense")
refused("InvalidNextToken", "token of another operation", other.describe_subnets, NextToken=page["NextToken"])
refused("InvalidParameterCombination", "ids and pages", other.describe_vpcs, VpcIds=[page["Vpcs"][0]["VpcId"]], MaxResults=5)
for operation, most in [("describe_security_groups", 11), ("describe_route_tables", 11), ("describe_network_acls", 11), ("describe_security_group_rules", 22)]:
    rows = [len(next(v for v in p.values() if isinstance(v, list))) for p in other.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5})]
    check(f"pages of {operation}", (sum(rows), max(rows)), (most, 5))

# Deletion -----------------------------------------------------------------------------------------
refused("DependencyViolation", "vpc in use", ec2.delete_vpc, VpcId=vpc_id)
check("nat deletion", ec2.delete_nat_gateway(NatGatewayId=nat_id)["NatGatewayId"], nat_id)
until("nat deleted", lambda: ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"][0]["State"] == "deleted")
check("route to a gone nat", [r["State"] for r in ec2.describe_route_tables(RouteTableIds=[second])["RouteTables"][0]["Routes"] if r["DestinationCidrBlock"] == "0.0.0.0/0"], ["blackhole"])
ec2.release_address(AllocationId=eip["AllocationId"])
ec2.delete_route(RouteTableId=second, DestinationCidrBlock="0.0.0.0/0")
ec2.delete_route_table(RouteTableId=table)
ec2.delete_route_table(RouteTableId=second)
ec2.delete_subnet(SubnetId=a["SubnetId"])
ec2.delete_subnet(SubnetId=b["SubnetId"])
refused("DependencyViolation", "vpc with gateway and groups", ec2.delete_vpc, VpcId=vpc_id)
ec2.detach_internet_gateway(InternetGatewayId=igw, VpcId=vpc_id)
ec2.delete_internet_gateway(InternetGatewayId=igw)
ec2.delete_internet_gateway(InternetGatewayId=spare)
ec2.delete_security_group(GroupId=db)
ec2.delete_security_group(GroupId=web)
ec2.delete_vpc(VpcId=vpc_id)
refused("InvalidVpcID.NotFound", "deleted vpc", ec2.delete_vpc, VpcId=vpc_id)
check("nothing left", [ec2.describe_vpcs()["Vpcs"], ec2.describe_subnets()["Subnets"], ec2.describe_security_groups()["SecurityGroups"], ec2.describe_route_tables()["RouteTables"], ec2.describe_network_acls()["NetworkAcls"], ec2.describe_network_interfaces()["NetworkInterfaces"], ec2.describe_addresses()["Addresses"], ec2.describe_security_group_rules()["SecurityGroupRules"]], [[]] * 8)
check("only the tombstone is tagged", {t["ResourceType"] for t in ec2.describe_tags()["Tags"]}, {"natgateway"})
summary("ec2")
