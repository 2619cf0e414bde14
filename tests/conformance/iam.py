"""iam, as boto3 sees it."""

import json

from harness import ACCOUNT, check, client, refused, summary

iam = client("iam")
elsewhere = client("iam", region="us-east-1")
ARN = f"arn:aws:iam::{ACCOUNT}"
AWS = "arn:aws:iam::aws:policy"


def trust(service="ecs-tasks.amazonaws.com"):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def permit(*actions, **more):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def create(name, document=None, **more):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document or trust()), **more)["Role"]


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in sorted(pairs.items())]


# Roles.
bound = iam.create_policy(PolicyName="bound", PolicyDocument=json.dumps(permit("s3:*")))["Policy"]["Arn"]
made = create("web", Path="/app/test/", Description="the web", MaxSessionDuration=7200, PermissionsBoundary=bound, Tags=tags(a="1", b="é <&>"))
boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": bound}
check("made", {name: made[name] for name in ("Path", "RoleName", "Arn", "Description", "MaxSessionDuration", "PermissionsBoundary", "Tags", "AssumeRolePolicyDocument")}, {
    "Path": "/app/test/", "RoleName": "web", "Arn": f"{ARN}:role/app/test/web", "Description": "the web", "MaxSessionDuration": 7200,
    "PermissionsBoundary": boundary, "Tags": tags(a="1", b="é <&>"), "AssumeRolePolicyDocument": trust(),
})
check("id", (made["RoleId"][:4], len(made["RoleId"])), ("AROA", 21))
check("read back", {**iam.get_role(RoleName="web")["Role"]}, {**made, "RoleLastUsed": {}})
check("no regions", elsewhere.get_role(RoleName="web")["Role"]["Arn"], made["Arn"])
check("other account", client("iam", account="AKIALOCAL2").list_roles(PathPrefix="/app/test/")["Roles"], [])
listed = iam.list_roles(PathPrefix="/app/")["Roles"]
check("lists leave out", [sorted(set(made) - set(role)) for role in listed], [["PermissionsBoundary", "Tags"]])
check("other path", iam.list_roles(PathPrefix="/other/")["Roles"], [])
plain = create("plain")
check("defaults", sorted(plain), ["Arn", "AssumeRolePolicyDocument", "CreateDate", "Path", "RoleId", "RoleName"])
check("default duration", iam.get_role(RoleName="plain")["Role"]["MaxSessionDuration"], 3600)

document = json.dumps(trust())
refused("EntityAlreadyExists", "made twice", iam.create_role, RoleName="web", AssumeRolePolicyDocument=document)
error = refused("EntityAlreadyExists", "other case", iam.create_role, RoleName="WEB", AssumeRolePolicyDocument=document)
check("status", error.response["ResponseMetadata"]["HTTPStatusCode"], 409)
for what, bad in [
    ("no json", "{"),
    ("a list", "[]"),
    ("no statement", '{"Version": "2012-10-17"}'),
    ("no statements", '{"Version": "2012-10-17", "Statement": []}'),
    ("a resource", json.dumps(permit("sts:AssumeRole"))),
    ("no principal", '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}'),
    ("an effect", document.replace("Allow", "allow")),
    ("an action", document.replace("sts:AssumeRole", "s3:GetObject")),
    ("a principal", document.replace("Service", "Servant")),
    ("a version", document.replace("2012-10-17", "2022-10-17")),
    ("a member", document.replace('"Effect"', '"Colour": "red", "Effect"')),
]:
    refused("MalformedPolicyDocument", f"trust with {what}", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=bad)
refused("LimitExceeded", "trust too long", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=json.dumps({**trust(), "Id": "x" * 2048}))
refused("ValidationError", "no name", iam.create_role, AssumeRolePolicyDocument=document)
for what, more in [
    ("name", {"RoleName": "a b"}),
    ("long name", {"RoleName": "x" * 65}),
    ("path", {"Path": "app"}),
    ("reserved path", {"Path": "/aws-service-role/x/"}),
    ("description", {"Description": "日本"}),
    ("long description", {"Description": "x" * 1001}),
    ("duration", {"MaxSessionDuration": 3599}),
    ("long duration", {"MaxSessionDuration": 43201}),
    ("tag key", {"Tags": tags(**{"x" * 129: "v"})}),
    ("tag value", {"Tags": tags(k="v" * 257)}),
]:
    refused("ValidationError", f"bad {what}", iam.create_role, **{"RoleName": "bad", "AssumeRolePolicyDocument": document, **more})
refused("InvalidInput", "tag twice", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document, Tags=tags(k="1", K="2"))
refused("InvalidInput", "AWS's tag", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document, Tags=tags(**{"aws:x": "2"}))
refused("LimitExceeded", "too many tags", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document, Tags=tags(**{f"k{n}": "v" for n in range(51)}))
refused("NoSuchEntity", "no boundary", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document, PermissionsBoundary=f"{ARN}:policy/none")
refused("NoSuchEntity", "nothing was made", iam.get_role, RoleName="bad")

iam.update_role(RoleName="web", Description="new", MaxSessionDuration=3600)
role = iam.get_role(RoleName="web")["Role"]
check("updated", (role["Description"], role["MaxSessionDuration"]), ("new", 3600))
iam.update_role(RoleName="web", MaxSessionDuration=5000)
check("absent stays", iam.get_role(RoleName="web")["Role"]["Description"], "new")
iam.update_role(RoleName="web", Description="")
check("emptied", "Description" in iam.get_role(RoleName="web")["Role"], False)
check("described", iam.update_role_description(RoleName="web", Description="third")["Role"]["Description"], "third")
iam.update_assume_role_policy(RoleName="web", PolicyDocument=json.dumps(trust("ec2.amazonaws.com")))
check("trust", iam.get_role(RoleName="web")["Role"]["AssumeRolePolicyDocument"], trust("ec2.amazonaws.com"))
refused("MalformedPolicyDocument", "bad trust", iam.update_assume_role_policy, RoleName="web", PolicyDocument="{}")
for call in (iam.get_role, iam.update_role, iam.delete_role, iam.list_role_tags, iam.list_role_policies, iam.list_attached_role_policies, iam.delete_role_permissions_boundary):
    refused("NoSuchEntity", f"{call.__name__} of nothing", call, RoleName="none")

# Tags.
iam.tag_role(RoleName="web", Tags=tags(A="2", c="3"))
check("tagged, case apart", iam.list_role_tags(RoleName="web")["Tags"], tags(A="2", b="é <&>", c="3"))
iam.untag_role(RoleName="web", TagKeys=["a", "b", "none"])
check("untagged", iam.list_role_tags(RoleName="web")["Tags"], tags(c="3"))
iam.tag_role(RoleName="web", Tags=tags(**{f"t{n:02}": "v" for n in range(49)}))
refused("LimitExceeded", "tag 51", iam.tag_role, RoleName="web", Tags=tags(last="v"))
pages = list(iam.get_paginator("list_role_tags").paginate(RoleName="web", PaginationConfig={"PageSize": 20}))
check("pages of tags", [len(page["Tags"]) for page in pages], [20, 20, 10])

# Policies of its own.
iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=json.dumps(permit("s3:GetObject")))
check("own policy", iam.get_role_policy(RoleName="web", PolicyName="own")["PolicyDocument"], permit("s3:GetObject"))
iam.put_role_policy(RoleName="web", PolicyName="own", PolicyDocument=json.dumps(permit("s3:*")))
check("replaced", iam.get_role_policy(RoleName="web", PolicyName="own")["PolicyDocument"], permit("s3:*"))
for what, bad in [
    ("no json", "s3:*"),
    ("old version", json.dumps({**permit("s3:*"), "Version": "2008-10-17"})),
    ("no vendor", json.dumps(permit("GetObject"))),
    ("no resource", json.dumps(permit("s3:*", Resource=[]))),
    ("no arn", json.dumps(permit("s3:*", Resource="bucket"))),
    ("a principal", json.dumps(permit("s3:*", Principal="*"))),
    ("a text for a statement", '{"Version": "2012-10-17", "Statement": ["x"]}'),
]:
    refused("MalformedPolicyDocument", f"policy with {what}", iam.put_role_policy, RoleName="web", PolicyName="bad", PolicyDocument=bad)
refused("LimitExceeded", "own policies too long", iam.put_role_policy, RoleName="web", PolicyName="bad", PolicyDocument=json.dumps(permit("s3:*", Sid="x" * 10240)))
check("own policies", iam.list_role_policies(RoleName="web")["PolicyNames"], ["own"])
refused("NoSuchEntity", "no own policy", iam.get_role_policy, RoleName="web", PolicyName="none")
refused("NoSuchEntity", "delete no own policy", iam.delete_role_policy, RoleName="web", PolicyName="none")

# Managed policies.
execution = f"{AWS}/service-role/AmazonECSTaskExecutionRolePolicy"
iam.attach_role_policy(RoleName="web", PolicyArn=execution)
iam.attach_role_policy(RoleName="web", PolicyArn=execution)
own = iam.create_policy(PolicyName="own", Path="/app/", PolicyDocument=json.dumps(permit("s3:*")), Description="mine", Tags=tags(k="v"))["Policy"]
check("policy", (own["Arn"], own["DefaultVersionId"], own["AttachmentCount"], own["Tags"], "Description" in own), (f"{ARN}:policy/app/own", "v1", 0, tags(k="v"), False))
iam.attach_role_policy(RoleName="web", PolicyArn=own["Arn"])
attached = [{"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": execution}, {"PolicyName": "own", "PolicyArn": own["Arn"]}]
check("attached", iam.list_attached_role_policies(RoleName="web")["AttachedPolicies"], attached)
check("attached by path", iam.list_attached_role_policies(RoleName="web", PathPrefix="/app/")["AttachedPolicies"], attached[1:])
check("entities", iam.list_entities_for_policy(PolicyArn=own["Arn"])["PolicyRoles"], [{"RoleName": "web", "RoleId": made["RoleId"]}])
found = iam.get_policy(PolicyArn=own["Arn"])["Policy"]
check("policy read back", (found["Description"], found["AttachmentCount"], found["Tags"]), ("mine", 1, tags(k="v")))
known = iam.get_policy(PolicyArn=execution)["Policy"]
check("AWS's policy", (known["Path"], known["DefaultVersionId"], known["CreateDate"].isoformat()), ("/service-role/", "v1", "2017-11-16T18:48:22+00:00"))
check("AWS's document", iam.get_policy_version(PolicyArn=execution, VersionId="v1")["PolicyVersion"]["Document"]["Statement"][0]["Action"][0], "ecr:GetAuthorizationToken")
refused("NotImplementedByLocalAws", "AWS's unknown document", iam.get_policy_version, PolicyArn=f"{AWS}/AmazonEKSClusterPolicy", VersionId="v1")
for name in ("AmazonSSMManagedInstanceCore", "AmazonEKSClusterPolicy", "service-role/AmazonECSInfrastructureRolePolicyForVolumes", "AmazonECSInfrastructureRolePolicyForLoadBalancers", "AmazonECSInfrastructureRolePolicyForVpcLattice"):
    iam.attach_role_policy(RoleName="plain", PolicyArn=f"{AWS}/{name}")
    iam.detach_role_policy(RoleName="plain", PolicyArn=f"{AWS}/{name}")
refused("NoSuchEntity", "attach nothing of AWS's", iam.attach_role_policy, RoleName="web", PolicyArn=f"{AWS}/AmazonECSTaskExecutionRolePolicy")
refused("NoSuchEntity", "attach nothing", iam.attach_role_policy, RoleName="web", PolicyArn=f"{ARN}:policy/none")
refused("InvalidInput", "attach no arn", iam.attach_role_policy, RoleName="web", PolicyArn="AmazonECSTaskExecutionRolePolicy")
refused("PolicyNotAttachable", "attach a service's", iam.attach_role_policy, RoleName="web", PolicyArn=f"{AWS}/aws-service-role/AmazonECSServiceRolePolicy")
refused("NoSuchEntity", "detach nothing", iam.detach_role_policy, RoleName="plain", PolicyArn=execution)
refused("EntityAlreadyExists", "policy twice", iam.create_policy, PolicyName="Own", PolicyDocument=json.dumps(permit("s3:*")))
refused("LimitExceeded", "policy too long", iam.create_policy, PolicyName="long", PolicyDocument=json.dumps(permit("s3:*", Sid="x" * 6144)))
refused("AccessDenied", "AWS's are AWS's", iam.delete_policy, PolicyArn=execution)
for number in range(9):
    extra = iam.create_policy(PolicyName=f"extra{number}", PolicyDocument=json.dumps(permit("s3:*")))["Policy"]["Arn"]
    if number < 8:
        iam.attach_role_policy(RoleName="web", PolicyArn=extra)
refused("LimitExceeded", "eleven", iam.attach_role_policy, RoleName="web", PolicyArn=extra)
check("local ones", len(iam.list_policies(Scope="Local")["Policies"]), 11)
check("attached ones", len(iam.list_policies(OnlyAttached=True)["Policies"]), 10)
check("bounding ones", [policy["PolicyName"] for policy in iam.list_policies(PolicyUsageFilter="PermissionsBoundary")["Policies"]], ["bound"])
check("by path", [(policy["PolicyName"], "Description" in policy) for policy in iam.list_policies(PathPrefix="/app/")["Policies"]], [("own", False)])

# Versions.
for number in range(2, 6):
    version = iam.create_policy_version(PolicyArn=own["Arn"], PolicyDocument=json.dumps(permit(f"s3:Get{number}")), SetAsDefault=number == 3)["PolicyVersion"]
    check("version", (version["VersionId"], version["IsDefaultVersion"], "Document" in version), (f"v{number}", number == 3, False))
refused("LimitExceeded", "six versions", iam.create_policy_version, PolicyArn=own["Arn"], PolicyDocument=json.dumps(permit("s3:*")))
check("versions", [(v["VersionId"], v["IsDefaultVersion"]) for v in iam.list_policy_versions(PolicyArn=own["Arn"])["Versions"]], [("v5", False), ("v4", False), ("v3", True), ("v2", False), ("v1", False)])
check("a version", iam.get_policy_version(PolicyArn=own["Arn"], VersionId="v2")["PolicyVersion"]["Document"], permit("s3:Get2"))
refused("NoSuchEntity", "no version", iam.get_policy_version, PolicyArn=own["Arn"], VersionId="v9")
refused("DeleteConflict", "default version", iam.delete_policy_version, PolicyArn=own["Arn"], VersionId="v3")
iam.set_default_policy_version(PolicyArn=own["Arn"], VersionId="v5")
iam.delete_policy_version(PolicyArn=own["Arn"], VersionId="v3")
check("default", iam.get_policy(PolicyArn=own["Arn"])["Policy"]["DefaultVersionId"], "v5")
refused("DeleteConflict", "policy in use", iam.delete_policy, PolicyArn=own["Arn"])
refused("DeleteConflict", "policy as a boundary", iam.delete_policy, PolicyArn=bound)
iam.tag_policy(PolicyArn=own["Arn"], Tags=tags(l="w"))
iam.untag_policy(PolicyArn=own["Arn"], TagKeys=["k"])
check("policy's tags", iam.list_policy_tags(PolicyArn=own["Arn"])["Tags"], tags(l="w"))

# Instance profiles.
profile = iam.create_instance_profile(InstanceProfileName="nodes", Path="/app/", Tags=tags(k="v"))["InstanceProfile"]
check("profile", (profile["Arn"], profile["Roles"], profile["Tags"]), (f"{ARN}:instance-profile/app/nodes", [], tags(k="v")))
refused("EntityAlreadyExists", "profile twice", iam.create_instance_profile, InstanceProfileName="nodes")
iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="web")
refused("LimitExceeded", "two roles", iam.add_role_to_instance_profile, InstanceProfileName="nodes", RoleName="plain")
check("its role", [r["RoleName"] for r in iam.get_instance_profile(InstanceProfileName="nodes")["InstanceProfile"]["Roles"]], ["web"])
check("of a role", [p["InstanceProfileName"] for p in iam.list_instance_profiles_for_role(RoleName="web")["InstanceProfiles"]], ["nodes"])
check("profiles", [p["InstanceProfileName"] for p in iam.list_instance_profiles(PathPrefix="/app/")["InstanceProfiles"]], ["nodes"])
refused("DeleteConflict", "profile with a role", iam.delete_instance_profile, InstanceProfileName="nodes")
refused("NoSuchEntity", "no profile", iam.get_instance_profile, InstanceProfileName="none")

# Everything at once.
details = iam.get_account_authorization_details(Filter=["Role"])
check("only roles", (details["UserDetailList"], details["GroupDetailList"], details["Policies"], details["IsTruncated"]), ([], [], [], False))
web = {role["RoleName"]: role for role in details["RoleDetailList"]}["web"]
check("details", {name: web[name] for name in ("Arn", "AssumeRolePolicyDocument", "RolePolicyList", "PermissionsBoundary")}, {
    "Arn": made["Arn"], "AssumeRolePolicyDocument": trust("ec2.amazonaws.com"),
    "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": permit("s3:*")}], "PermissionsBoundary": boundary,
})
check("details' policies", web["AttachedManagedPolicies"][:2], attached)
check("details' profiles", [p["InstanceProfileName"] for p in web["InstanceProfileList"]], ["nodes"])
check("details' tags", len(web["Tags"]), 50)
everything = list(iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 5}))
check("pages of everything", [len(page["RoleDetailList"]) + len(page["Policies"]) for page in everything], [5, 5, 4])
policies = {policy["PolicyName"]: policy for page in everything for policy in page["Policies"]}
check("policies in details", [v["VersionId"] for v in policies["own"]["PolicyVersionList"]], ["v5", "v4", "v2", "v1"])
check("AWS's in details", policies["AmazonECSTaskExecutionRolePolicy"]["AttachmentCount"], 1)
refused("ValidationError", "filter", iam.get_account_authorization_details, Filter=["Pets"])

# Deletion, in the order that IAM wants.
refused("DeleteConflict", "role in a profile", iam.delete_role, RoleName="web")
iam.remove_role_from_instance_profile(InstanceProfileName="nodes", RoleName="web")
iam.delete_instance_profile(InstanceProfileName="nodes")
refused("DeleteConflict", "role with managed policies", iam.delete_role, RoleName="web")
for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName="web"):
    for policy in page["AttachedPolicies"]:
        iam.detach_role_policy(RoleName="web", PolicyArn=policy["PolicyArn"])
refused("DeleteConflict", "role with its own policies", iam.delete_role, RoleName="web")
iam.delete_role_policy(RoleName="web", PolicyName="own")
iam.delete_role_permissions_boundary(RoleName="web")
refused("NoSuchEntity", "no boundary", iam.delete_role_permissions_boundary, RoleName="web")
iam.put_role_permissions_boundary(RoleName="web", PermissionsBoundary=bound)
check("boundary again", iam.get_role(RoleName="web")["Role"]["PermissionsBoundary"], boundary)
iam.delete_role(RoleName="web")
refused("NoSuchEntity", "role is gone", iam.get_role, RoleName="web")
iam.delete_policy(PolicyArn=bound)
refused("DeleteConflict", "policy with versions", iam.delete_policy, PolicyArn=own["Arn"])

# Service-linked roles.
linked = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]
check("linked", linked["Arn"], f"{ARN}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS")
refused("InvalidInput", "linked twice", iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com")
refused("NotImplementedByLocalAws", "unknown service", iam.create_service_linked_role, AWSServiceName="lex.amazonaws.com")
refused("UnmodifiableEntity", "delete as a role", iam.delete_role, RoleName="AWSServiceRoleForECS")
refused("UnmodifiableEntity", "tag it", iam.tag_role, RoleName="AWSServiceRoleForECS", Tags=tags(k="v"))
task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
check("deleted", iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"], "SUCCEEDED")
refused("NoSuchEntity", "no task", iam.get_service_linked_role_deletion_status, DeletionTaskId="task/aws-service-role/x")
check("aliases", iam.list_account_aliases()["AccountAliases"], [])

# Pages.
for number in range(25):
    create(f"many{number:02}", Path="/many/")
pages = list(iam.get_paginator("list_roles").paginate(PathPrefix="/many/", PaginationConfig={"PageSize": 10}))
check("pages of roles", [(len(page["Roles"]), page["IsTruncated"]) for page in pages], [(10, True), (10, True), (5, False)])
refused("ValidationError", "page too long", iam.list_roles, MaxItems=1001)
refused("ValidationError", "marker of nobody", iam.list_roles, Marker="x")
refused("NotImplementedByLocalAws", "users", iam.list_users)
refused("NotImplementedByLocalAws", "the user", iam.get_user)
summary("iam")
