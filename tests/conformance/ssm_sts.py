"""ssm and sts, as boto3 sees them."""

from harness import ACCOUNT, check, client, refused, summary

ssm = client("ssm")
sts = client("sts")

identity = sts.get_caller_identity()
check("account", (identity["Account"], identity["Arn"]), (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/local"))
check("default account", client("sts", account="AKIALOCAL").get_caller_identity()["Account"], "123456789012")
role = sts.assume_role(RoleArn="arn:aws:iam::222222222222:role/team/deploy", RoleSessionName="me")
check("assumed", role["AssumedRoleUser"]["Arn"], "arn:aws:sts::222222222222:assumed-role/deploy/me")
assumed = client("sts", account=role["Credentials"]["AccessKeyId"]).get_caller_identity()
check("who is it", (assumed["Account"], assumed["Arn"]), ("222222222222", "arn:aws:sts::222222222222:assumed-role/deploy/me"))
refused("ValidationError", "no role", sts.assume_role, RoleArn="arn:aws:iam::222222222222:user/x-y-z-a-b", RoleSessionName="me")
refused("NotImplementedByLocalAws", "operation not modelled", sts.get_session_token)
refused("NotImplementedByLocalAws", "service not modelled", client("glue").get_databases)

put = ssm.put_parameter(Name="/app/one", Value="1", Type="String", Description="first", Tags=[{"Key": "k", "Value": "v"}])
check("version", (put["Version"], put["Tier"]), (1, "Standard"))
refused("ParameterAlreadyExists", "put twice", ssm.put_parameter, Name="/app/one", Value="2", Type="String")
refused("ValidationException", "tags and overwrite", ssm.put_parameter, Name="/app/one", Value="2", Overwrite=True, Tags=[{"Key": "k", "Value": "v"}])
check("overwrite", ssm.put_parameter(Name="/app/one", Value="2", Overwrite=True)["Version"], 2)
one = ssm.get_parameter(Name="/app/one")["Parameter"]
check("newest", (one["Value"], one["Version"], one["Type"], one["ARN"], one["DataType"]), ("2", 2, "String", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/app/one", "text"))
check("by version", ssm.get_parameter(Name="/app/one:1")["Parameter"]["Value"], "1")
check("by arn", ssm.get_parameter(Name=one["ARN"])["Parameter"]["Name"], "/app/one")
refused("ParameterVersionNotFound", "no version", ssm.get_parameter, Name="/app/one:9")
refused("ParameterNotFound", "no parameter", ssm.get_parameter, Name="/app/two")
refused("ParameterNotFound", "delete nothing", ssm.delete_parameter, Name="/app/two")
refused("ValidationException", "no type", ssm.put_parameter, Name="/app/two", Value="x")
refused("ValidationException", "too long", ssm.put_parameter, Name="/app/two", Value="x" * 4097, Type="String")
refused("ValidationException", "bad name", ssm.put_parameter, Name="/app/t o", Value="x", Type="String")
refused("AccessDeniedException", "reserved name", ssm.put_parameter, Name="/aws/x", Value="x", Type="String")
refused("NotImplementedByLocalAws", "member not modelled", ssm.put_parameter, Name="/app/two", Value="x", Type="String", Policies="[]")
ssm.put_parameter(Name="/app/deep/secret", Value="hush", Type="SecureString")
check("secret shown", ssm.get_parameter(Name="/app/deep/secret", WithDecryption=True)["Parameter"]["Value"], "hush")
check("secret hidden", "hush" not in ssm.get_parameter(Name="/app/deep/secret")["Parameter"]["Value"])
found = ssm.get_parameters(Names=["/app/one", "/app/zwei"])
check("several", ([p["Name"] for p in found["Parameters"]], found["InvalidParameters"]), (["/app/one"], ["/app/zwei"]))
check("history", [(p["Version"], p["Value"]) for p in ssm.get_parameter_history(Name="/app/one")["Parameters"]], [(1, "1"), (2, "2")])
# A hundred versions stay; without labels the oldest makes room.
for number in range(103):
    last = ssm.put_parameter(Name="/beats", Value=str(number), Type="String", Overwrite=True)
check("versions count on", last["Version"], 103)
beats = [p["Version"] for page in ssm.get_paginator("get_parameter_history").paginate(Name="/beats") for p in page["Parameters"]]
check("a hundred versions", (len(beats), beats[0], beats[-1]), (100, 4, 103))
refused("ParameterVersionNotFound", "version made room", ssm.get_parameter, Name="/beats:3")
ssm.delete_parameter(Name="/beats")
check("made anew", ssm.put_parameter(Name="/beats", Value="x", Type="String")["Version"], 1)
ssm.delete_parameters(Names=["/beats"])
for number in range(25):
    ssm.put_parameter(Name=f"/many/{number:02}", Value="x", Type="String")
paths = list(ssm.get_paginator("get_parameters_by_path").paginate(Path="/many"))
check("pages by path", [len(p["Parameters"]) for p in paths], [10, 10, 5])
check("not recursive", [p["Name"] for p in ssm.get_parameters_by_path(Path="/app")["Parameters"]], ["/app/one"])
check("recursive", [p["Name"] for p in ssm.get_parameters_by_path(Path="/app/", Recursive=True)["Parameters"]], ["/app/deep/secret", "/app/one"])
refused("ValidationException", "page too long", ssm.get_parameters_by_path, Path="/many", MaxResults=11)
refused("InvalidNextToken", "token of nobody", ssm.get_parameters_by_path, Path="/many", NextToken="x")
described = list(ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 10}))
check("described", sum(len(p["Parameters"]) for p in described), 27)
for filters, names in [
    ([{"Key": "Name", "Option": "BeginsWith", "Values": ["/app"]}], ["/app/deep/secret", "/app/one"]),
    ([{"Key": "tag:k", "Values": ["v"]}], ["/app/one"]),
    ([{"Key": "Type", "Values": ["SecureString"]}], ["/app/deep/secret"]),
    ([{"Key": "Path", "Option": "OneLevel", "Values": ["/app"]}], ["/app/one"]),
]:
    check(f"described by {filters}", [p["Name"] for p in ssm.describe_parameters(ParameterFilters=filters)["Parameters"]], names)
refused("InvalidFilterKey", "unknown filter", ssm.describe_parameters, ParameterFilters=[{"Key": "Colour", "Values": ["x"]}])
ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/app/one", Tags=[{"Key": "l", "Value": "w"}])
ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/app/one", TagKeys=["k"])
check("tags", ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/one")["TagList"], [{"Key": "l", "Value": "w"}])
refused("InvalidResourceId", "tags of nothing", ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId="/no")
check("other region", client("ssm", region="us-east-1").describe_parameters()["Parameters"], [])
deleted = ssm.delete_parameters(Names=["/app/deep/secret", "/no"])
check("deleted", (deleted["DeletedParameters"], deleted["InvalidParameters"]), (["/app/deep/secret"], ["/no"]))
ssm.delete_parameter(Name="/app/one")
ssm.put_parameter(Name="/app/one", Value="again", Type="String")
check("tags do not survive", ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/one")["TagList"], [])
summary("ssm, sts")
