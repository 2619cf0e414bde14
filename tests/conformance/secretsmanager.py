"""secretsmanager, as boto3 sees it."""

from harness import ACCOUNT, check, client, refused, summary

secrets = client("secretsmanager")
made = secrets.create_secret(Name="app/one", SecretString="1", Description="first", Tags=[{"Key": "k", "Value": "v"}])
arn = made["ARN"]
check("arn", arn[:-6], f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:app/one-")
check("value", secrets.get_secret_value(SecretId="app/one")["SecretString"], "1")
check("by arn", secrets.get_secret_value(SecretId=arn)["VersionStages"], ["AWSCURRENT"])
check("by part of the arn", secrets.describe_secret(SecretId=arn[:-7])["Name"], "app/one")
refused("ResourceExistsException", "twice", secrets.create_secret, Name="app/one", SecretString="2")
refused("ValidationException", "bad name", secrets.create_secret, Name="a b", SecretString="2")
refused("InvalidParameterException", "both", secrets.create_secret, Name="x", SecretString="2", SecretBinary=b"2")
refused("NotImplementedByLocalAws", "replicas", secrets.create_secret, Name="x", AddReplicaRegions=[{"Region": "us-east-1"}])
refused("ResourceNotFoundException", "none", secrets.describe_secret, SecretId="app/none")
refused("ResourceNotFoundException", "none's value", secrets.get_secret_value, SecretId="app/none")

second = secrets.put_secret_value(SecretId="app/one", SecretString="2")
check("stages", second["VersionStages"], ["AWSCURRENT"])
check("current", secrets.get_secret_value(SecretId="app/one")["SecretString"], "2")
check("previous", secrets.get_secret_value(SecretId="app/one", VersionStage="AWSPREVIOUS")["SecretString"], "1")
check("by version", secrets.get_secret_value(SecretId="app/one", VersionId=made["VersionId"])["SecretString"], "1")
pending = secrets.put_secret_value(SecretId="app/one", SecretString="3", VersionStages=["AWSPENDING"])
check("pending does not move current", secrets.get_secret_value(SecretId="app/one")["SecretString"], "2")
described = secrets.describe_secret(SecretId="app/one")
check(
    "versions",
    described["VersionIdsToStages"],
    {made["VersionId"]: ["AWSPREVIOUS"], second["VersionId"]: ["AWSCURRENT"], pending["VersionId"]: ["AWSPENDING"]},
)
check("described", (described["Description"], described["Tags"]), ("first", [{"Key": "k", "Value": "v"}]))
check("no value in it", "SecretString" in described, False)
secrets.update_secret_version_stage(
    SecretId="app/one", VersionStage="AWSCURRENT", RemoveFromVersionId=second["VersionId"], MoveToVersionId=pending["VersionId"]
)
check("moved", secrets.get_secret_value(SecretId="app/one")["SecretString"], "3")
check("left behind", secrets.get_secret_value(SecretId="app/one", VersionStage="AWSPREVIOUS")["SecretString"], "2")
refused("InvalidParameterException", "no value", secrets.put_secret_value, SecretId="app/one")
token = "0" * 32
secrets.put_secret_value(SecretId="app/one", SecretString="4", ClientRequestToken=token)
check("token again", secrets.put_secret_value(SecretId="app/one", SecretString="4", ClientRequestToken=token)["VersionId"], token)
refused("ResourceExistsException", "token for another", secrets.put_secret_value, SecretId="app/one", SecretString="5", ClientRequestToken=token)
secrets.update_secret(SecretId="app/one", Description="changed", SecretBinary=b"\x00\x01")
check("binary", secrets.get_secret_value(SecretId="app/one")["SecretBinary"], b"\x00\x01")
check("updated", secrets.describe_secret(SecretId="app/one")["Description"], "changed")

secrets.create_secret(Name="app/empty")
check("empty", secrets.describe_secret(SecretId="app/empty").get("VersionIdsToStages", {}), {})
refused("ResourceNotFoundException", "no value yet", secrets.get_secret_value, SecretId="app/empty")
for number in range(5):
    secrets.create_secret(Name=f"many/{number}", SecretString="x")
pages = list(secrets.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 3}))
check("pages", [len(page["SecretList"]) for page in pages], [3, 3, 1])
found = secrets.list_secrets(Filters=[{"Key": "name", "Values": ["app/"]}], SortOrder="asc")["SecretList"]
check("filtered", [one["Name"] for one in found], ["app/one", "app/empty"])
refused("InvalidNextTokenException", "token of nobody", secrets.list_secrets, NextToken="x")
secrets.tag_resource(SecretId="app/empty", Tags=[{"Key": "l", "Value": "w"}])
secrets.untag_resource(SecretId="app/one", TagKeys=["k"])
check("tags", secrets.describe_secret(SecretId="app/empty")["Tags"], [{"Key": "l", "Value": "w"}])
check("no tags", secrets.describe_secret(SecretId="app/one")["Tags"], [])

refused("InvalidParameterException", "short", secrets.delete_secret, SecretId="app/one", RecoveryWindowInDays=3)
refused("InvalidParameterException", "two ways", secrets.delete_secret, SecretId="app/one", RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)
check("dated", "DeletionDate" in secrets.delete_secret(SecretId="app/one", RecoveryWindowInDays=7))
check("still described", "DeletedDate" in secrets.describe_secret(SecretId="app/one"))
refused("InvalidRequestException", "no value any more", secrets.get_secret_value, SecretId="app/one")
refused("InvalidRequestException", "name is kept", secrets.create_secret, Name="app/one")
check("not listed", "app/one" in [one["Name"] for one in secrets.list_secrets()["SecretList"]], False)
check("listed on demand", "app/one" in [one["Name"] for one in secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]])
secrets.restore_secret(SecretId="app/one")
check("restored", "DeletedDate" in secrets.describe_secret(SecretId="app/one"), False)
secrets.delete_secret(SecretId="app/one", ForceDeleteWithoutRecovery=True)
refused("ResourceNotFoundException", "gone", secrets.describe_secret, SecretId="app/one")
check("made anew under another arn", secrets.create_secret(Name="app/one", SecretString="1")["ARN"] != arn)
summary("secretsmanager")
