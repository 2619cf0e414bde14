"""logs: groups, streams and events, as boto3 sees them."""

import time

from harness import ACCOUNT, check, client, refused, summary

logs = client("logs")
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
arn = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/shipit/demo"

logs.create_log_group(logGroupName="/shipit/demo", tags={"a": "1"}, kmsKeyId=KEY, logGroupClass="INFREQUENT_ACCESS")
group = logs.describe_log_groups(logGroupNamePrefix="/shipit/demo")["logGroups"][0]
check("made just now", abs(group.pop("creationTime") / 1000 - time.time()) < 60)
check(
    "group",
    group,
    {"logGroupName": "/shipit/demo", "metricFilterCount": 0, "arn": f"{arn}:*", "logGroupArn": arn, "storedBytes": 0, "kmsKeyId": KEY, "logGroupClass": "INFREQUENT_ACCESS", "deletionProtectionEnabled": False},
)
refused("ResourceAlreadyExistsException", "again", logs.create_log_group, logGroupName="/shipit/demo")
refused("InvalidParameterException", "name", logs.create_log_group, logGroupName="a b")
refused("InvalidParameterException", "class", logs.create_log_group, logGroupName="x", logGroupClass="FAST")
refused("NotImplementedByLocalAws", "unknown member", logs.describe_log_groups, accountIdentifiers=[ACCOUNT])
logs.put_retention_policy(logGroupName="/shipit/demo", retentionInDays=14)
check("retention", logs.describe_log_groups()["logGroups"][0]["retentionInDays"], 14)
refused("InvalidParameterException", "days", logs.put_retention_policy, logGroupName="/shipit/demo", retentionInDays=15)
refused("ResourceNotFoundException", "unknown group", logs.put_retention_policy, logGroupName="nope", retentionInDays=14)
logs.delete_retention_policy(logGroupName="/shipit/demo")
logs.disassociate_kms_key(logGroupName="/shipit/demo")
found = logs.describe_log_groups()["logGroups"][0]
check("taken away", ("retentionInDays" in found, "kmsKeyId" in found), (False, False))
logs.associate_kms_key(logGroupName="/shipit/demo", kmsKeyId=KEY)
check("key", logs.describe_log_groups()["logGroups"][0]["kmsKeyId"], KEY)
logs.tag_resource(resourceArn=arn, tags={"b": "2"})
logs.untag_resource(resourceArn=arn, tagKeys=["a"])
check("tags", logs.list_tags_for_resource(resourceArn=arn)["tags"], {"b": "2"})
logs.tag_log_group(logGroupName="/shipit/demo", tags={"c": "3"})
logs.untag_log_group(logGroupName="/shipit/demo", tags=["b"])
check("old tags", logs.list_tags_log_group(logGroupName="/shipit/demo")["tags"], {"c": "3"})
refused("InvalidParameterException", "tags of streams", logs.list_tags_for_resource, resourceArn=arn + ":*")
refused("TooManyTagsException", "51 tags", logs.tag_resource, resourceArn=arn, tags={str(n): "" for n in range(51)})
refused("ResourceNotFoundException", "tags of nothing", logs.list_tags_for_resource, resourceArn=arn + "x")
for n in range(5):
    logs.create_log_group(logGroupName=f"page-{n}")
pages = list(logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="page-", PaginationConfig={"PageSize": 2}))
check("pages", [len(p["logGroups"]) for p in pages], [2, 2, 1])
check("pattern", [g["logGroupName"] for g in logs.describe_log_groups(logGroupNamePattern="e-3")["logGroups"]], ["page-3"])
refused("InvalidParameterException", "prefix and pattern", logs.describe_log_groups, logGroupNamePrefix="a", logGroupNamePattern="b")
refused("InvalidParameterException", "limit", logs.describe_log_groups, limit=51)
refused("InvalidParameterException", "token", logs.describe_log_groups, nextToken="nonsense")
check("other region", client("logs", region="us-east-1").describe_log_groups()["logGroups"], [])
logs.put_log_group_deletion_protection(logGroupIdentifier="page-0", deletionProtectionEnabled=True)
refused("ValidationException", "protected", logs.delete_log_group, logGroupName="page-0")

# Streams and events -----------------------------------------------------------------------------
g = {"logGroupName": "/shipit/demo"}
for stream in ("api/1", "api/2", "web/1"):
    logs.create_log_stream(**g, logStreamName=stream)
refused("ResourceAlreadyExistsException", "stream again", logs.create_log_stream, **g, logStreamName="api/1")
refused("InvalidParameterException", "stream name", logs.create_log_stream, **g, logStreamName="a:b")
refused("ResourceNotFoundException", "stream of no group", logs.create_log_stream, logGroupName="nope", logStreamName="a")
now = int(time.time() * 1000) - 10_000
s = {**g, "logStreamName": "api/1"}
logs.put_log_events(**s, logEvents=[{"timestamp": now + n, "message": f"line {n}"} for n in range(5)])
logs.put_log_events(**g, logStreamName="api/2", logEvents=[{"timestamp": now + 2, "message": "ERROR not found"}])
refused("InvalidParameterException", "order", logs.put_log_events, **s, logEvents=[{"timestamp": now + 1, "message": "a"}, {"timestamp": now, "message": "b"}])
refused("ResourceNotFoundException", "no stream", logs.put_log_events, **g, logStreamName="nope", logEvents=[{"timestamp": now, "message": "a"}])
old = logs.put_log_events(**s, logEvents=[{"timestamp": now - 15 * 86_400_000, "message": "old"}])
check("too old", old["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 1})


def lines(answer):
    return [event["message"] for event in answer["events"]]


head = logs.get_log_events(**s, startFromHead=True, limit=2)
check("head", lines(head), ["line 0", "line 1"])
more = logs.get_log_events(**s, nextToken=head["nextForwardToken"], limit=2)
check("forward", lines(more), ["line 2", "line 3"])
check("backward", lines(logs.get_log_events(**s, nextToken=more["nextBackwardToken"])), ["line 0", "line 1"])
tail = logs.get_log_events(**s, limit=2)
check("tail", lines(tail), ["line 3", "line 4"])
end = logs.get_log_events(**s, nextToken=tail["nextForwardToken"])
check("end", (lines(end), end["nextForwardToken"]), ([], tail["nextForwardToken"]))
check("times", lines(logs.get_log_events(**s, startTime=now + 1, endTime=now + 3)), ["line 1", "line 2"])
check("interleaved", lines(logs.filter_log_events(**g, startTime=now + 2, endTime=now + 3)), ["line 2", "ERROR not found", "line 3"])
check("words", lines(logs.filter_log_events(**g, filterPattern='ERROR "not found"')), ["ERROR not found"])
check("streams", lines(logs.filter_log_events(**g, logStreamNamePrefix="api/2")), ["ERROR not found"])
check("without", lines(logs.filter_log_events(**g, filterPattern="-line")), ["ERROR not found"])
check("one of", lines(logs.filter_log_events(**g, filterPattern='?ERROR ?"line 4"')), ["ERROR not found", "line 4"])
refused("InvalidParameterException", "unquoted", logs.filter_log_events, **g, filterPattern="a.b")
refused("NotImplementedByLocalAws", "pattern", logs.filter_log_events, **g, filterPattern="{ $.a = 1 }")
pages = list(logs.get_paginator("filter_log_events").paginate(**g, PaginationConfig={"PageSize": 4}))
check("event pages", [len(p["events"]) for p in pages], [4, 2])
found = logs.describe_log_streams(**g, orderBy="LastEventTime", descending=True)["logStreams"]
check("order", [f["logStreamName"] for f in found], ["api/1", "api/2", "web/1"])
check("stream", (found[0]["firstEventTimestamp"], found[0]["lastEventTimestamp"], found[0]["arn"]), (now, now + 4, f"{arn}:log-stream:api/1"))
check("stream pages", [len(p["logStreams"]) for p in logs.get_paginator("describe_log_streams").paginate(**g, PaginationConfig={"PageSize": 2})], [2, 1])
logs.delete_log_stream(**s)
refused("ResourceNotFoundException", "deleted stream", logs.get_log_events, **s)
logs.delete_log_group(**g)
refused("ResourceNotFoundException", "deleted group", logs.delete_log_group, **g)
logs.create_log_group(**g)
check("nothing left", (logs.list_tags_log_group(**g)["tags"], logs.describe_log_streams(**g)["logStreams"]), ({}, []))

summary("logs")
