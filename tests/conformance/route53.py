"""route53, as boto3 sees it."""

from harness import check, client, refused, summary, until

dns, ec2 = client("route53"), client("ec2")
made = dns.create_hosted_zone(Name="Example.com", CallerReference="one", HostedZoneConfig={"Comment": "ours", "PrivateZone": False})
zone = made["HostedZone"]["Id"]
check("name", (made["HostedZone"]["Name"], made["HostedZone"]["Config"]), ("example.com.", {"PrivateZone": False, "Comment": "ours"}))
check("servers", len(made["DelegationSet"]["NameServers"]), 4)
check("change", made["ChangeInfo"]["Status"], "PENDING")
until("in sync", lambda: dns.get_change(Id=made["ChangeInfo"]["Id"])["ChangeInfo"]["Status"] == "INSYNC")
refused("HostedZoneAlreadyExists", "same reference", dns.create_hosted_zone, Name="example.com", CallerReference="one")
refused("InvalidDomainName", "no name", dns.create_hosted_zone, Name="a..b", CallerReference="two")
refused("NoSuchHostedZone", "no zone", dns.get_hosted_zone, Id="Z0")
refused("NoSuchChange", "no change", dns.get_change, Id="C0")
got = dns.get_hosted_zone(Id=zone)
check("two records of its own", got["HostedZone"]["ResourceRecordSetCount"], 2)


def change(action, zone=zone, **record):
    return dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]})


def names(**more):
    return [(r["Name"], r["Type"]) for r in dns.list_resource_record_sets(HostedZoneId=zone, **more)["ResourceRecordSets"]]


a = dict(Name="www.example.com", Type="A", TTL=60, ResourceRecords=[{"Value": "192.0.2.1"}, {"Value": "192.0.2.2"}])
change("CREATE", **a)
refused("InvalidChangeBatch", "twice", change, action="CREATE", **a)
change("UPSERT", **a | {"TTL": 300})
refused("InvalidChangeBatch", "other values", change, action="DELETE", **a)
change("UPSERT", Name="*.example.com", Type="TXT", TTL=1, ResourceRecords=[{"Value": '"a & b"'}])
change("CREATE", Name="w.example.com", Type="A", TTL=1, SetIdentifier="x", Weight=0, ResourceRecords=[{"Value": "192.0.2.9"}])
alias = {"HostedZoneId": "Z32O12XQLNTSW2", "DNSName": "shop-1.eu-west-1.elb.amazonaws.com", "EvaluateTargetHealth": False}
change("CREATE", Name="shop.example.com", Type="A", AliasTarget=alias)
check(
    "records in their order", names(),
    [("example.com.", "NS"), ("example.com.", "SOA"), ("\\052.example.com.", "TXT"), ("shop.example.com.", "A"), ("w.example.com.", "A"), ("www.example.com.", "A")],
)
check("from a name", names(StartRecordName="w.example.com"), [("w.example.com.", "A"), ("www.example.com.", "A")])
page = dns.list_resource_record_sets(HostedZoneId=zone, MaxItems="3")
check("page", (page["IsTruncated"], page["NextRecordName"], page["NextRecordType"]), (True, "shop.example.com.", "A"))
found = {r["Name"]: r for r in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]}
check("alias", found["shop.example.com."]["AliasTarget"], alias | {"DNSName": alias["DNSName"] + "."})
check("weight", (found["w.example.com."]["Weight"], found["w.example.com."]["SetIdentifier"]), (0, "x"))
check("text", found["\\052.example.com."]["ResourceRecords"], [{"Value": '"a & b"'}])
check("ttl", found["www.example.com."]["TTL"], 300)
for what, record in {
    "outside": a | {"Name": "www.example.org"},
    "no address": a | {"ResourceRecords": [{"Value": "x"}]},
    "no quotes": a | {"Type": "TXT", "ResourceRecords": [{"Value": "x"}]},
    "apex": dict(Name="example.com", Type="CNAME", TTL=1, ResourceRecords=[{"Value": "a.example.org"}]),
    "beside an A": dict(Name="www.example.com", Type="CNAME", TTL=1, ResourceRecords=[{"Value": "a.example.org"}]),
    "weight without identifier": a | {"Name": "v.example.com", "Weight": 1},
    "wrong zone of the target": dict(Name="v.example.com", Type="A", AliasTarget=alias | {"HostedZoneId": "Z35SXDOTRQ7X7K"}),
}.items():
    refused("InvalidChangeBatch", what, change, action="UPSERT", **record)
refused("InvalidInput", "neither alias nor values", change, action="UPSERT", Name="v.example.com", Type="A")
refused("NotImplementedByLocalAws", "health check", change, action="UPSERT", **a | {"HealthCheckId": "h"})
batch = [
    {"Action": "CREATE", "ResourceRecordSet": a | {"Name": "first.example.com"}},
    {"Action": "CREATE", "ResourceRecordSet": a},
]
refused("InvalidChangeBatch", "half a batch", dns.change_resource_record_sets, HostedZoneId=zone, ChangeBatch={"Changes": batch})
check("nothing of it", ("first.example.com.", "A") in names(), False)
refused("HostedZoneNotEmpty", "not empty", dns.delete_hosted_zone, Id=zone)

id = zone.split("/")[-1]
dns.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id, AddTags=[{"Key": "k", "Value": "v"}, {"Key": "l", "Value": ""}])
dns.change_tags_for_resource(ResourceType="hostedzone", ResourceId=id, RemoveTagKeys=["l"])
check("tags", dns.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id)["ResourceTagSet"]["Tags"], [{"Key": "k", "Value": "v"}])
sets = dns.list_tags_for_resources(ResourceType="hostedzone", ResourceIds=[id])["ResourceTagSets"]
check("tags of many", [(s["ResourceId"], len(s["Tags"])) for s in sets], [(id, 1)])
dns.update_hosted_zone_comment(Id=id, Comment="theirs")
check("comment", dns.get_hosted_zone(Id=id)["HostedZone"]["Config"]["Comment"], "theirs")

vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
where = {"VPCRegion": "eu-west-1", "VPCId": vpc}
refused("InvalidVPCId", "no VPC", dns.create_hosted_zone, Name="in.internal", CallerReference="p", VPC=where | {"VPCId": "vpc-0"})
inner = dns.create_hosted_zone(Name="in.internal", CallerReference="p", VPC=where)
inner_id = inner["HostedZone"]["Id"].split("/")[-1]
check("private", (inner["HostedZone"]["Config"]["PrivateZone"], inner["VPC"]), (True, where))
refused("ConflictingDomainExists", "again", dns.create_hosted_zone, Name="in.internal", CallerReference="q", VPC=where)
dns.associate_vpc_with_hosted_zone(HostedZoneId=inner_id, VPC=where | {"VPCId": other})
check("two VPCs", [v["VPCId"] for v in dns.get_hosted_zone(Id=inner_id)["VPCs"]], [vpc, other])
listed = dns.list_hosted_zones_by_vpc(VPCId=other, VPCRegion="eu-west-1")["HostedZoneSummaries"]
check("of a VPC", [z["HostedZoneId"] for z in listed], [inner_id])
dns.disassociate_vpc_from_hosted_zone(HostedZoneId=inner_id, VPC=where)
refused("LastVPCAssociation", "the last", dns.disassociate_vpc_from_hosted_zone, HostedZoneId=inner_id, VPC=where | {"VPCId": other})
refused("VPCAssociationNotFound", "not there", dns.disassociate_vpc_from_hosted_zone, HostedZoneId=inner_id, VPC=where)
refused("PublicZoneVPCAssociation", "public", dns.associate_vpc_with_hosted_zone, HostedZoneId=id, VPC=where)
check("count", dns.get_hosted_zone_count()["HostedZoneCount"], 2)
check("all", sorted(z["Name"] for z in dns.list_hosted_zones()["HostedZones"]), ["example.com.", "in.internal."])
check("private ones", [z["Name"] for z in dns.list_hosted_zones(HostedZoneType="PrivateHostedZone")["HostedZones"]], ["in.internal."])
named = dns.list_hosted_zones_by_name(DNSName="in.internal", MaxItems="1")
check("by name", [z["Name"] for z in named["HostedZones"]], ["in.internal."])
dns.delete_hosted_zone(Id=inner_id)
check("gone", dns.get_hosted_zone_count()["HostedZoneCount"], 1)
summary("route53")
