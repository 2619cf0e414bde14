"""acm, as boto3 sees it."""

from harness import ACCOUNT, check, client, refused, summary, until

acm, dns = client("acm"), client("route53")
zone = dns.create_hosted_zone(Name="example.com", CallerReference="acm")["HostedZone"]["Id"]


def prove(arn):
    """Makes the record by which a certificate's names are proved."""
    options = lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    until("says how", lambda: all("ResourceRecord" in option for option in options()))
    for record in (option["ResourceRecord"] for option in options()):
        change = {"Name": record["Name"], "Type": record["Type"], "TTL": 300, "ResourceRecords": [{"Value": record["Value"]}]}
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": change}]})


asked = dict(DomainName="shop.example.com", ValidationMethod="DNS", SubjectAlternativeNames=["*.shop.example.com"], IdempotencyToken="one")
arn = acm.request_certificate(**asked, Tags=[{"Key": "k", "Value": "v"}])["CertificateArn"]
check("arn", arn.startswith(f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/"))
check("asked again", acm.request_certificate(**asked)["CertificateArn"], arn)
found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
check("names", (found["DomainName"], found["SubjectAlternativeNames"]), ("shop.example.com", ["shop.example.com", "*.shop.example.com"]))
check("pending", (found["Status"], found["Type"], found["InUseBy"]), ("PENDING_VALIDATION", "AMAZON_ISSUED", []))
check("not said at once", "ResourceRecord" in found["DomainValidationOptions"][0], False)
prove(arn)
record = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
same = acm.request_certificate(DomainName="*.shop.example.com", ValidationMethod="DNS")["CertificateArn"]
until("proved as well", lambda: acm.describe_certificate(CertificateArn=same)["Certificate"]["Status"] == "ISSUED")
acm.delete_certificate(CertificateArn=same)
check("record", (record["Type"], record["Name"].endswith(".shop.example.com.")), ("CNAME", True))
until("issued", lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED")
found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
check("lasts", (found["NotAfter"] - found["NotBefore"]).days, 395)
check("proved", found["DomainValidationOptions"][0]["ValidationStatus"], "SUCCESS")
listed = acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
check("listed", [one["CertificateArn"] for one in listed], [arn])
check("others", acm.list_certificates(CertificateStatuses=["EXPIRED"])["CertificateSummaryList"], [])
check("tags", acm.list_tags_for_certificate(CertificateArn=arn)["Tags"], [{"Key": "k", "Value": "v"}])
acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "l", "Value": "w"}])
acm.remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "k", "Value": "other"}, {"Key": "l", "Value": "w"}])
check("tags after", acm.list_tags_for_certificate(CertificateArn=arn)["Tags"], [{"Key": "k", "Value": "v"}])
refused("ValidationException", "no domain", acm.request_certificate, DomainName="nodots", ValidationMethod="DNS")
refused("NotImplementedByLocalAws", "by e-mail", acm.request_certificate, DomainName="a.example.com", ValidationMethod="EMAIL")
refused("InvalidArnException", "no arn", acm.describe_certificate, CertificateArn="x")
refused("ResourceNotFoundException", "none", acm.describe_certificate, CertificateArn=arn[:-4] + "0000")

ec2, elb = client("ec2"), client("elbv2")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
subnets = [
    ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
    for n, zone in enumerate("ab")
]
balancer = elb.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
fresh = acm.request_certificate(DomainName="new.example.com", ValidationMethod="DNS")["CertificateArn"]
refused(
    "UnsupportedCertificate", "not issued yet", elb.create_listener,
    LoadBalancerArn=balancer, Port=443, Protocol="HTTPS", Certificates=[{"CertificateArn": fresh}], DefaultActions=answer,
)
listener = elb.create_listener(
    LoadBalancerArn=balancer, Port=443, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}], DefaultActions=answer
)["Listeners"][0]["ListenerArn"]
check("in use", acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"], [balancer])
refused("ResourceInUseException", "in use", acm.delete_certificate, CertificateArn=arn)
elb.delete_listener(ListenerArn=listener)
acm.delete_certificate(CertificateArn=arn)
refused("ResourceNotFoundException", "gone", acm.describe_certificate, CertificateArn=arn)
summary("acm")
