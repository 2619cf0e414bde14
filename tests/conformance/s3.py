"""s3, as boto3 sees it."""

import json

from harness import ACCOUNT, check, client, refused, summary

s3, here, elb, ec2, tags = client("s3"), client("s3", "us-east-1"), client("elbv2"), client("ec2"), client("resourcegroupstaggingapi")
EU = {"LocationConstraint": "eu-west-1"}
ours = [{"Key": "k", "Value": "v"}]

refused("InvalidBucketName", "capitals", s3.create_bucket, Bucket="Logs", CreateBucketConfiguration=EU)
refused("InvalidBucketName", "an address", s3.create_bucket, Bucket="10.0.0.1", CreateBucketConfiguration=EU)
refused("IllegalLocationConstraintException", "no region", s3.create_bucket, Bucket="logs")
refused("IllegalLocationConstraintException", "another region", here.create_bucket, Bucket="logs", CreateBucketConfiguration=EU)
refused("NotImplementedByLocalAws", "access list", s3.create_bucket, Bucket="logs", CreateBucketConfiguration=EU, ACL="private")
made = s3.create_bucket(Bucket="logs", CreateBucketConfiguration=EU | {"Tags": ours}, ObjectOwnership="BucketOwnerPreferred")
check("where", (made["Location"], made["BucketArn"]), ("/logs", "arn:aws:s3:::logs"))
refused("BucketAlreadyOwnedByYou", "twice", s3.create_bucket, Bucket="logs", CreateBucketConfiguration=EU)
here.create_bucket(Bucket="other")
check("location", s3.get_bucket_location(Bucket="logs")["LocationConstraint"], "eu-west-1")
check("no location", here.get_bucket_location(Bucket="other").get("LocationConstraint"), None)
check("head", s3.head_bucket(Bucket="logs")["BucketRegion"], "eu-west-1")
refused("404", "no bucket", s3.head_bucket, Bucket="none")
refused("NoSuchBucket", "no bucket", s3.get_bucket_tagging, Bucket="none")
refused("AccessDenied", "another owner", s3.get_bucket_tagging, Bucket="logs", ExpectedBucketOwner="000000000001")
check("list", [(b["Name"], b["BucketRegion"]) for b in s3.list_buckets()["Buckets"]], [("logs", "eu-west-1"), ("other", "us-east-1")])
page = s3.list_buckets(MaxBuckets=1)
check("page", [b["Name"] for b in s3.list_buckets(ContinuationToken=page["ContinuationToken"])["Buckets"]], ["other"])
check("list by prefix", [b["Name"] for b in s3.list_buckets(Prefix="ot")["Buckets"]], ["other"])
refused("NotImplementedByLocalAws", "a part that is not there", s3.get_bucket_website, Bucket="logs")

check("tags", s3.get_bucket_tagging(Bucket="logs")["TagSet"], ours)
found = tags.get_resources(TagFilters=[{"Key": "k"}], ResourceTypeFilters=["s3"])["ResourceTagMappingList"]
check("by tag", found, [{"ResourceARN": "arn:aws:s3:::logs", "Tags": ours}])
s3.put_bucket_tagging(Bucket="logs", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
check("tags are put whole", s3.get_bucket_tagging(Bucket="logs")["TagSet"], [{"Key": "a", "Value": "b"}])
tags.tag_resources(ResourceARNList=["arn:aws:s3:::logs"], Tags={"c": "d"})
tags.untag_resources(ResourceARNList=["arn:aws:s3:::logs"], TagKeys=["a"])
check("tags from outside", s3.get_bucket_tagging(Bucket="logs")["TagSet"], [{"Key": "c", "Value": "d"}])
s3.delete_bucket_tagging(Bucket="logs")
refused("NoSuchTagSet", "no tags", s3.get_bucket_tagging, Bucket="logs")

rule = s3.get_bucket_encryption(Bucket="logs")["ServerSideEncryptionConfiguration"]["Rules"]
check("encrypted", rule, [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}])
kms = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/a"}, "BucketKeyEnabled": True}
s3.put_bucket_encryption(Bucket="logs", ServerSideEncryptionConfiguration={"Rules": [kms]})
check("KMS", s3.get_bucket_encryption(Bucket="logs")["ServerSideEncryptionConfiguration"]["Rules"], [kms])
s3.delete_bucket_encryption(Bucket="logs")
check("as before", s3.get_bucket_encryption(Bucket="logs")["ServerSideEncryptionConfiguration"]["Rules"], rule)

blocks = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
check("private", s3.get_public_access_block(Bucket="logs")["PublicAccessBlockConfiguration"], blocks)
s3.put_public_access_block(Bucket="logs", PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
only = dict.fromkeys(blocks, False) | {"BlockPublicPolicy": True}
check("blocks", s3.get_public_access_block(Bucket="logs")["PublicAccessBlockConfiguration"], only)
everyone = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}]}
refused("AccessDenied", "public policy", s3.put_bucket_policy, Bucket="logs", Policy=json.dumps(everyone))
s3.delete_public_access_block(Bucket="logs")
refused("NoSuchPublicAccessBlockConfiguration", "no blocks", s3.get_public_access_block, Bucket="logs")

check("ownership", s3.get_bucket_ownership_controls(Bucket="logs")["OwnershipControls"]["Rules"], [{"ObjectOwnership": "BucketOwnerPreferred"}])
enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
s3.put_bucket_ownership_controls(Bucket="logs", OwnershipControls=enforced)
check("ownership put", s3.get_bucket_ownership_controls(Bucket="logs")["OwnershipControls"], enforced)
s3.delete_bucket_ownership_controls(Bucket="logs")
refused("OwnershipControlsNotFoundError", "no ownership", s3.get_bucket_ownership_controls, Bucket="logs")

refused("NoSuchLifecycleConfiguration", "no lifecycle", s3.get_bucket_lifecycle_configuration, Bucket="logs")
rules = [
    {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 30}},
    {"ID": "parts", "Status": "Disabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
]
s3.put_bucket_lifecycle_configuration(Bucket="logs", LifecycleConfiguration={"Rules": rules})
check("lifecycle", s3.get_bucket_lifecycle_configuration(Bucket="logs")["Rules"], rules)
put = s3.put_bucket_lifecycle_configuration
refused("InvalidArgument", "no days", put, Bucket="logs", LifecycleConfiguration={"Rules": [rules[0] | {"Expiration": {"Days": 0}}]})
moved = rules[0] | {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
refused("NotImplementedByLocalAws", "classes", put, Bucket="logs", LifecycleConfiguration={"Rules": [moved]})
s3.delete_bucket_lifecycle(Bucket="logs")
refused("NoSuchLifecycleConfiguration", "lifecycle is gone", s3.get_bucket_lifecycle_configuration, Bucket="logs")

for key in ("a/1", "a/2 & more", "b"):
    s3.put_object(Bucket="logs", Key=key, Body=key.encode(), ContentType="text/plain")
got = s3.get_object(Bucket="logs", Key="a/2 & more")
check("object", (got["Body"].read(), got["ContentType"]), (b"a/2 & more", "text/plain"))
check("head of object", s3.head_object(Bucket="logs", Key="b")["ETag"], s3.get_object(Bucket="logs", Key="b")["ETag"])
refused("NoSuchKey", "no object", s3.get_object, Bucket="logs", Key="c")
refused("NotImplementedByLocalAws", "metadata", s3.put_object, Bucket="logs", Key="d", Body=b"", Metadata={"a": "b"})
listed = s3.list_objects_v2(Bucket="logs")
check("objects", [(o["Key"], o["Size"]) for o in listed["Contents"]], [("a/1", 3), ("a/2 & more", 10), ("b", 1)])
check("below a prefix", s3.list_objects_v2(Bucket="logs", Prefix="a/")["KeyCount"], 2)
first = s3.list_objects_v2(Bucket="logs", MaxKeys=2)
rest = s3.list_objects_v2(Bucket="logs", ContinuationToken=first["NextContinuationToken"])
check("the next page", ([o["Key"] for o in rest["Contents"]], rest["IsTruncated"]), (["b"], False))
versions = s3.list_object_versions(Bucket="logs", MaxKeys=2)
check("versions", [(v["Key"], v["VersionId"], v["IsLatest"]) for v in versions["Versions"]], [("a/1", "null", True), ("a/2 & more", "null", True)])
more = s3.list_object_versions(Bucket="logs", KeyMarker=versions["NextKeyMarker"], VersionIdMarker=versions["NextVersionIdMarker"])
check("more versions", [v["Key"] for v in more["Versions"]], ["b"])
refused("BucketNotEmpty", "not empty", s3.delete_bucket, Bucket="logs")
s3.delete_object(Bucket="logs", Key="b")
gone = s3.delete_objects(Bucket="logs", Delete={"Objects": [{"Key": "a/1", "VersionId": "null"}, {"Key": "a/2 & more"}, {"Key": "none"}]})
check("deleted", [o["Key"] for o in gone["Deleted"]], ["a/1", "a/2 & more", "none"])
check("nothing left", s3.list_objects_v2(Bucket="logs")["KeyCount"], 0)

# Load balancers put logs where they may.
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
ec2.attach_internet_gateway(InternetGatewayId=ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"], VpcId=vpc)
subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"eu-west-1{z}")["Subnet"]["SubnetId"] for i, z in enumerate("ab")]
balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]


def log(bucket="logs", prefix=""):
    pairs = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket, "access_logs.s3.prefix": prefix}
    return elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": k, "Value": v} for k, v in pairs.items()])


def let(principal, folder="", effect="Allow", action="s3:PutObject"):
    where = f"arn:aws:s3:::logs/{folder}AWSLogs/{ACCOUNT}/*"
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": where}
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


SERVICE = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
code = "InvalidConfigurationRequest"
refused(code, "no bucket", log, bucket="none")
refused(code, "another region", log, bucket="other")
error = refused(code, "no policy", log)
check("why", "Access Denied for bucket: logs" in str(error))
let(SERVICE, effect="Deny")
refused(code, "denied", log)
let({"AWS": "arn:aws:iam::127311923021:root"})
refused(code, "the account of another region", log)
let(SERVICE, action="s3:GetObject")
refused(code, "may read", log)
let(SERVICE, folder="web/")
refused(code, "another prefix", log)
log(prefix="web")
let({"AWS": "arn:aws:iam::156460612806:root"})
log()
let(SERVICE)
log()
s3.delete_bucket_policy(Bucket="logs")
refused("NoSuchBucketPolicy", "no policy", s3.get_bucket_policy, Bucket="logs")
# Asked only when logs are turned on.
elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}])
refused("MalformedPolicy", "no JSON", s3.put_bucket_policy, Bucket="logs", Policy="{")
refused("MalformedPolicy", "another bucket", s3.put_bucket_policy, Bucket="logs", Policy=json.dumps(everyone).replace(":::logs", ":::x"))

s3.delete_bucket(Bucket="logs")
refused("NoSuchBucket", "is gone", s3.delete_bucket, Bucket="logs")
summary("s3")
