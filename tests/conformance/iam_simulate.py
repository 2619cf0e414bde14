"""The policy simulator of iam, as boto3 sees it."""

import json

from harness import ACCOUNT, check, client, refused, summary

iam = client("iam")


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def decisions(found):
    return {one["EvalActionName"]: one["EvalDecision"] for one in found["EvaluationResults"]}


def custom(document, actions, **more):
    return iam.simulate_custom_policy(PolicyInputList=[document], ActionNames=actions, **more)


document = policy(allow(["s3:Get*", "ec2:CreateVpc"]), {"Effect": "Deny", "Action": "s3:GetObjectAcl", "Resource": "*"})
check(
    "allowed and denied",
    decisions(custom(document, ["s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "EC2:createvpc"])),
    {"s3:GetObject": "allowed", "s3:GetObjectAcl": "explicitDeny", "s3:PutObject": "implicitDeny", "EC2:createvpc": "allowed"},
)
narrow = policy(allow("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/app/*"))
arns = [f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/{name}" for name in ("app/one", "other")]
found = custom(narrow, ["ssm:GetParameters"], ResourceArns=arns)["EvaluationResults"]
check("resources", [(one["EvalResourceName"], one["EvalDecision"]) for one in found], [(arns[0], "allowed"), (arns[1], "implicitDeny")])
check("any resource", decisions(custom(narrow, ["ssm:GetParameters"])), {"ssm:GetParameters": "implicitDeny"})
region = policy(allow("ec2:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}))
entry = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyType": "string"}
missing = custom(region, ["ec2:CreateVpc"])["EvaluationResults"][0]
check("missing", (missing["EvalDecision"], missing["MissingContextValues"]), ("implicitDeny", ["aws:RequestedRegion"]))
for value, wanted in [("eu-west-1", "allowed"), ("us-east-1", "implicitDeny")]:
    given = [{**entry, "ContextKeyValues": [value]}]
    check(value, decisions(custom(region, ["ec2:CreateVpc"], ContextEntries=given)), {"ec2:CreateVpc": wanted})
bounded = custom(policy(allow("*")), ["s3:GetObject", "ec2:CreateVpc"], PermissionsBoundaryPolicyInputList=[policy(allow("s3:*"))])
check("boundary", decisions(bounded), {"s3:GetObject": "allowed", "ec2:CreateVpc": "implicitDeny"})
check("boundary's word", bounded["EvaluationResults"][1]["PermissionsBoundaryDecisionDetail"], {"AllowedByPermissionsBoundary": False})
others = policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
check("all others", decisions(custom(others, ["iam:GetRole", "s3:GetObject"])), {"iam:GetRole": "implicitDeny", "s3:GetObject": "allowed"})
refused("InvalidInput", "no policy", custom, document="{}", actions=["s3:GetObject"])
refused("InvalidInput", "no action", custom, document=document, actions=["s3"])
refused("NotImplementedByLocalAws", "operator", custom, document=policy(allow("s3:*", Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-01"}})), actions=["s3:GetObject"])

trust = policy({"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"})
role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def of(principal, *actions):
    return iam.simulate_principal_policy(PolicySourceArn=principal, ActionNames=list(actions))


check("nothing allowed", decisions(of(role, "s3:GetObject")), {"s3:GetObject": "implicitDeny"})
iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=policy(allow("s3:*")))
iam.attach_role_policy(RoleName="deployer", PolicyArn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy")
found = of(role, "s3:GetObject", "logs:PutLogEvents", "ec2:CreateVpc")
check("own and attached", list(decisions(found).values()), ["allowed", "allowed", "implicitDeny"])
check("which", found["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"], "own")
limit = iam.create_policy(PolicyName="limit", PolicyDocument=policy(allow("logs:*")))["Policy"]["Arn"]
iam.put_role_permissions_boundary(RoleName="deployer", PermissionsBoundary=limit)
check("bounded", list(decisions(of(role, "s3:GetObject", "logs:PutLogEvents")).values()), ["implicitDeny", "allowed"])
check("the one user", decisions(of(f"arn:aws:iam::{ACCOUNT}:user/local", "ec2:CreateVpc")), {"ec2:CreateVpc": "allowed"})
refused("NoSuchEntity", "no role", iam.simulate_principal_policy, PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/nobody", ActionNames=["s3:GetObject"])
many = [f"s3:Action{number}" for number in range(7)]
pages = list(iam.get_paginator("simulate_custom_policy").paginate(PolicyInputList=[document], ActionNames=many, PaginationConfig={"PageSize": 3}))
check("pages", [len(page["EvaluationResults"]) for page in pages], [3, 3, 1])
totals = iam.get_account_summary()["SummaryMap"]
check("summary", (totals["Roles"], totals["RolesQuota"], totals["Policies"]), (1, 1000, 1))
summary("iam simulator")
