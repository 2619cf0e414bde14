"""iam: roles, policies and instance profiles, as boto3 sees them."""

import json

from harness import ACCOUNT, check, client, refused, summary

iam = client("iam")
elsewhere = client("iam", region="us-east-1")

trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}]}
T, P = json.dumps(trust), json.dumps(allow)
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"

# Roles ------------------------------------------------------------------------------------------
tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
made = iam.create_role(RoleName="api", Path="/shipit/demo/test/", AssumeRolePolicyDocument=T, Description="d", Tags=tags)["Role"]
check("arn", made["Arn"], f"arn:aws:iam::{ACCOUNT}:role/shipit/demo/test/api")
check("id", made["RoleId"][:4], "AROA")
check("document", made["AssumeRolePolicyDocument"], trust)
role = iam.get_role(RoleName="api")["Role"]
check("role", (role["Description"], role["MaxSessionDuration"], role["Tags"], role["Path"], role["RoleLastUsed"]), ("d", 3600, tags, "/shipit/demo/test/", {}))
check("global", elsewhere.get_role(RoleName="api")["Role"]["Arn"], made["Arn"])
refused("EntityAlreadyExists", "same name", iam.create_role, RoleName="api", AssumeRolePolicyDocument=T)
refused("EntityAlreadyExists", "same name, other case", iam.create_role, RoleName="API", AssumeRolePolicyDocument=T)
refused("MalformedPolicyDocument", "no JSON", iam.create_role, RoleName="x", AssumeRolePolicyDocument="{")
refused("MalformedPolicyDocument", "no principal", iam.create_role, RoleName="x", AssumeRolePolicyDocument=P)
refused("ValidationError", "name", iam.create_role, RoleName="a b", AssumeRolePolicyDocument=T)
refused("ValidationError", "long name", iam.create_role, RoleName="x" * 65, AssumeRolePolicyDocument=T)
refused("ValidationError", "path", iam.create_role, RoleName="x", Path="a", AssumeRolePolicyDocument=T)
refused("ValidationError", "duration", iam.create_role, RoleName="x", AssumeRolePolicyDocument=T, MaxSessionDuration=60)
refused("InvalidInput", "tag twice", iam.create_role, RoleName="x", AssumeRolePolicyDocument=T, Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}])
refused("NoSuchEntity", "boundary", iam.create_role, RoleName="x", AssumeRolePolicyDocument=T, PermissionsBoundary="arn:aws:iam::aws:policy/Nope")
refused("NoSuchEntity", "unknown", iam.get_role, RoleName="nope")
iam.update_role(RoleName="api", Description="", MaxSessionDuration=7200)
role = iam.get_role(RoleName="api")["Role"]
check("updated", ("Description" in role, role["MaxSessionDuration"]), (False, 7200))
trust["Statement"][0]["Principal"] = {"Service": ["ecs.amazonaws.com"]}
iam.update_assume_role_policy(RoleName="api", PolicyDocument=json.dumps(trust))
check("trust", iam.get_role(RoleName="api")["Role"]["AssumeRolePolicyDocument"], trust)
iam.tag_role(RoleName="api", Tags=[{"Key": "c", "Value": "3"}])
iam.untag_role(RoleName="api", TagKeys=["a"])
check("role tags", iam.list_role_tags(RoleName="api")["Tags"], [{"Key": "b", "Value": ""}, {"Key": "c", "Value": "3"}])
for n in range(4):
    iam.create_role(RoleName=f"page-{n}", Path="/pages/", AssumeRolePolicyDocument=T, Tags=tags)
pages = list(iam.get_paginator("list_roles").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 3}))
check("pages", [len(p["Roles"]) for p in pages], [3, 1])
check("lists leave out tags", "Tags" in pages[0]["Roles"][0], False)
iam.put_role_permissions_boundary(RoleName="api", PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess")
check("boundary", iam.get_role(RoleName="api")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"], "arn:aws:iam::aws:policy/PowerUserAccess")
iam.delete_role_permissions_boundary(RoleName="api")
refused("NoSuchEntity", "no boundary", iam.delete_role_permissions_boundary, RoleName="api")

# Policies of roles ------------------------------------------------------------------------------
iam.put_role_policy(RoleName="api", PolicyName="inline", PolicyDocument=P)
check("inline", iam.get_role_policy(RoleName="api", PolicyName="inline")["PolicyDocument"], allow)
check("inline names", iam.list_role_policies(RoleName="api")["PolicyNames"], ["inline"])
refused("MalformedPolicyDocument", "inline", iam.put_role_policy, RoleName="api", PolicyName="x", PolicyDocument=T)
refused("NoSuchEntity", "inline", iam.get_role_policy, RoleName="api", PolicyName="nope")
iam.attach_role_policy(RoleName="api", PolicyArn=EXECUTION)
iam.attach_role_policy(RoleName="api", PolicyArn=EXECUTION)
check("attached", iam.list_attached_role_policies(RoleName="api")["AttachedPolicies"], [{"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": EXECUTION}])
refused("NoSuchEntity", "wrong path", iam.attach_role_policy, RoleName="api", PolicyArn=EXECUTION.replace("service-role/", ""))
refused("DeleteConflict", "attached", iam.delete_role, RoleName="api")
iam.detach_role_policy(RoleName="api", PolicyArn=EXECUTION)
refused("NoSuchEntity", "not attached", iam.detach_role_policy, RoleName="api", PolicyArn=EXECUTION)
refused("DeleteConflict", "inline", iam.delete_role, RoleName="api")

# Managed policies -------------------------------------------------------------------------------
own = iam.create_policy(PolicyName="own", Path="/p/", PolicyDocument=P, Description="mine", Tags=tags)["Policy"]
arn = own["Arn"]
check("policy arn", arn, f"arn:aws:iam::{ACCOUNT}:policy/p/own")
refused("EntityAlreadyExists", "policy", iam.create_policy, PolicyName="own", PolicyDocument=P)
refused("MalformedPolicyDocument", "policy", iam.create_policy, PolicyName="x", PolicyDocument="no")
iam.attach_role_policy(RoleName="api", PolicyArn=arn)
found = iam.get_policy(PolicyArn=arn)["Policy"]
check("policy", (found["Description"], found["AttachmentCount"], found["DefaultVersionId"], found["Tags"]), ("mine", 1, "v1", tags))
check("local policies", [p["Arn"] for p in iam.list_policies(Scope="Local")["Policies"]], [arn])
check("AWS policies", EXECUTION in [p["Arn"] for p in iam.list_policies(Scope="AWS", PathPrefix="/service-role/")["Policies"]])
check("entities", iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"][0]["RoleName"], "api")
refused("DeleteConflict", "policy in use", iam.delete_policy, PolicyArn=arn)
check("version", iam.create_policy_version(PolicyArn=arn, PolicyDocument=P, SetAsDefault=True)["PolicyVersion"]["VersionId"], "v2")
check("document", iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"], allow)
check("versions", [(v["VersionId"], v["IsDefaultVersion"]) for v in iam.list_policy_versions(PolicyArn=arn)["Versions"]], [("v2", True), ("v1", False)])
refused("DeleteConflict", "default version", iam.delete_policy_version, PolicyArn=arn, VersionId="v2")
refused("NotImplementedByLocalAws", "AWS's documents", iam.get_policy_version, PolicyArn=EXECUTION, VersionId="v1")

# Instance profiles, service-linked roles, everything at once -------------------------------------
iam.create_instance_profile(InstanceProfileName="profile")
iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="api")
check("profile", iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]["Roles"][0]["RoleName"], "api")
refused("LimitExceeded", "second role", iam.add_role_to_instance_profile, InstanceProfileName="profile", RoleName="page-0")
refused("DeleteConflict", "profile with role", iam.delete_instance_profile, InstanceProfileName="profile")
linked = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]
check("service-linked", (linked["RoleName"], linked["Path"]), ("AWSServiceRoleForECS", "/aws-service-role/ecs.amazonaws.com/"))
refused("InvalidInput", "again", iam.create_service_linked_role, AWSServiceName="ecs.amazonaws.com")
refused("UnmodifiableEntity", "protected", iam.delete_role, RoleName="AWSServiceRoleForECS")
details = iam.get_account_authorization_details(Filter=["Role"])
detail = [r for r in details["RoleDetailList"] if r["RoleName"] == "api"][0]
check(
    "details",
    (detail["AssumeRolePolicyDocument"], detail["RolePolicyList"], detail["AttachedManagedPolicies"], detail["Tags"], detail["InstanceProfileList"][0]["InstanceProfileName"]),
    (trust, [{"PolicyName": "inline", "PolicyDocument": allow}], [{"PolicyName": "own", "PolicyArn": arn}], [{"Key": "b", "Value": ""}, {"Key": "c", "Value": "3"}], "profile"),
)
check("filtered", details["Policies"], [])
pages = list(iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role", "LocalManagedPolicy"], PaginationConfig={"PageSize": 4}))
check("detail pages", [(len(p["RoleDetailList"]), len(p["Policies"])) for p in pages], [(4, 0), (2, 1)])
check("root", iam.get_user()["User"]["Arn"], f"arn:aws:iam::{ACCOUNT}:root")
check("aliases", iam.list_account_aliases()["AccountAliases"], [])

# Deletion ---------------------------------------------------------------------------------------
iam.detach_role_policy(RoleName="api", PolicyArn=arn)
refused("DeleteConflict", "two versions", iam.delete_policy, PolicyArn=arn)
iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
iam.delete_policy(PolicyArn=arn)
iam.delete_role_policy(RoleName="api", PolicyName="inline")
refused("DeleteConflict", "in a profile", iam.delete_role, RoleName="api")
iam.remove_role_from_instance_profile(InstanceProfileName="profile", RoleName="api")
iam.delete_instance_profile(InstanceProfileName="profile")
iam.delete_role(RoleName="api")
refused("NoSuchEntity", "deleted", iam.delete_role, RoleName="api")
task = iam.delete_service_linked_role(RoleName="AWSServiceRoleForECS")["DeletionTaskId"]
check("deletion", iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"], "SUCCEEDED")
check("other account", client("iam", account="111111111111").list_roles(PathPrefix="/pages/")["Roles"], [])

summary("iam")
