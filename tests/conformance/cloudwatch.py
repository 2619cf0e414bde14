"""CloudWatch's metric alarms, as boto3 sees them by JSON, which it chooses itself, and by CBOR."""

from harness import ACCOUNT, check, client, refused, summary

watch = client("cloudwatch")
tagging = client("resourcegroupstaggingapi")

ARN = f"arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:"
CPU = {
    "AlarmName": "cpu",
    "AlarmDescription": "grün",
    "ActionsEnabled": False,
    "OKActions": ["arn:aws:sns:eu-west-1:123456789012:ok"],
    "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:bad"],
    "InsufficientDataActions": ["arn:aws:sns:eu-west-1:123456789012:unknown"],
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/ECS",
    "Statistic": "Average",
    "Dimensions": [{"Name": "ClusterName", "Value": "main"}, {"Name": "ServiceName", "Value": "web"}],
    "Period": 60,
    "Unit": "Percent",
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 70.5,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}
STAT = {"Metric": {"Namespace": "AWS/SQS", "MetricName": "Sent", "Dimensions": [{"Name": "QueueName", "Value": "q"}]}, "Period": 300, "Stat": "p99.5"}
MATH = {
    "AlarmName": "math",
    "EvaluationPeriods": 1,
    "Threshold": 10.0,
    "ComparisonOperator": "LessThanThreshold",
    "Metrics": [
        {"Id": "a", "MetricStat": STAT, "ReturnData": False, "Label": "sent"},
        {"Id": "e1", "Expression": "a / 2", "ReturnData": True},
    ],
}


def alarm(name):
    [found] = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def written(name):
    """What was written; not what CloudWatch says of itself."""
    own = ("AlarmArn", "AlarmConfigurationUpdatedTimestamp", "StateValue", "StateReason", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
    return {key: value for key, value in alarm(name).items() if key not in own}


# Every member reads back.
watch.put_metric_alarm(**CPU, Tags=[{"Key": "team", "Value": "blue"}])
check("alarm", written("cpu"), CPU)
check("new", (alarm("cpu")["AlarmArn"], alarm("cpu")["StateValue"], alarm("cpu")["StateUpdatedTimestamp"].year >= 2026), (ARN + "cpu", "INSUFFICIENT_DATA", True))
watch.put_metric_alarm(**MATH)
check("math", written("math"), {**MATH, "ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": []})
watch.put_metric_alarm(**{**{k: v for k, v in CPU.items() if k not in ("Statistic", "Threshold")}, "Threshold": 1.0}, ExtendedStatistic="p90", EvaluateLowSampleCountPercentile="ignore")
check("overwritten", (written("cpu").get("Statistic"), written("cpu")["ExtendedStatistic"], written("cpu")["EvaluateLowSampleCountPercentile"]), (None, "p90", "ignore"))

# The other protocol says the same.
by_cbor = client("cloudwatch", protocol="smithy-rpc-v2-cbor")
for name in ("cpu", "math"):
    check(f"{name} by CBOR", by_cbor.describe_alarms(AlarmNames=[name])["MetricAlarms"], [alarm(name)])
by_cbor.put_metric_alarm(**{**MATH, "AlarmName": "cbor"})
check("put by CBOR", written("cbor"), {**written("math"), "AlarmName": "cbor"})
refused("ValidationError", "by CBOR", by_cbor.put_metric_alarm, **{**MATH, "EvaluationPeriods": 0})
by_cbor.delete_alarms(AlarmNames=["cbor"])
refused("ResourceNotFound", "deleted twice", by_cbor.delete_alarms, AlarmNames=["cbor"])

# State and actions
watch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="by hand", StateReasonData='{"a": 1}')
check("state", (alarm("cpu")["StateValue"], alarm("cpu")["StateReason"], alarm("cpu")["StateReasonData"]), ("ALARM", "by hand", '{"a": 1}'))
watch.put_metric_alarm(**CPU)
check("a new definition keeps the state", alarm("cpu")["StateValue"], "ALARM")
refused("ResourceNotFound", "state of nothing", watch.set_alarm_state, AlarmName="x", StateValue="OK", StateReason="r")
refused("InvalidFormat", "data", watch.set_alarm_state, AlarmName="cpu", StateValue="OK", StateReason="r", StateReasonData="{")
refused("ValidationError", "no such state", watch.set_alarm_state, AlarmName="cpu", StateValue="BAD", StateReason="r")
watch.enable_alarm_actions(AlarmNames=["cpu", "nobody"])
check("enabled", alarm("cpu")["ActionsEnabled"], True)
watch.disable_alarm_actions(AlarmNames=["cpu"])
check("disabled", alarm("cpu")["ActionsEnabled"], False)

# Tags
check("tags", watch.list_tags_for_resource(ResourceARN=ARN + "cpu")["Tags"], [{"Key": "team", "Value": "blue"}])
watch.put_metric_alarm(**CPU, Tags=[{"Key": "late", "Value": "1"}])
check("tags of what is there", watch.list_tags_for_resource(ResourceARN=ARN + "cpu")["Tags"], [{"Key": "team", "Value": "blue"}])
watch.tag_resource(ResourceARN=ARN + "cpu", Tags=[{"Key": "more", "Value": ""}])
watch.untag_resource(ResourceARN=ARN + "cpu", TagKeys=["team"])
check("tags changed", watch.list_tags_for_resource(ResourceARN=ARN + "cpu")["Tags"], [{"Key": "more", "Value": ""}])
refused("ResourceNotFoundException", "tags of nothing", watch.list_tags_for_resource, ResourceARN=ARN + "x")
check("in bulk", [r["ResourceARN"] for r in tagging.get_resources(ResourceTypeFilters=["cloudwatch:alarm"])["ResourceTagMappingList"]], [ARN + "cpu"])
check("tagged in bulk", tagging.tag_resources(ResourceARNList=[ARN + "math"], Tags={"k": "v"})["FailedResourcesMap"], {})
check("and untagged", tagging.untag_resources(ResourceARNList=[ARN + "math"], TagKeys=["k"])["FailedResourcesMap"], {})

# What is refused
for what, changes in {
    "both statistics": {"ExtendedStatistic": "p90"},
    "no comparison": {"ComparisonOperator": None},
    "an odd period": {"Period": 61},
    "more than a day": {"EvaluationPeriods": 1441, "DatapointsToAlarm": None},
    "too many datapoints": {"DatapointsToAlarm": 4},
    "missing data": {"TreatMissingData": "forget"},
    "no threshold": {"Threshold": None},
    "metric and metrics": {"Metrics": MATH["Metrics"]},
    "no metric": {"MetricName": None},
    "an action that is none": {"AlarmActions": ["mail me"]},
    "six actions": {"AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:t"] * 6},
    "no name": {"AlarmName": ""},
    "an unknown unit": {"Unit": "Furlongs"},
}.items():
    refused("ValidationError", what, watch.put_metric_alarm, **{k: v for k, v in {**CPU, **changes}.items() if v is not None})
for what, queries in {
    "two results": [{"Id": "a", "MetricStat": STAT}, {"Id": "b", "Expression": "a"}],
    "an id twice": [{"Id": "a", "MetricStat": STAT, "ReturnData": False}, {"Id": "a", "Expression": "a"}],
    "a capital id": [{"Id": "A", "MetricStat": STAT}],
    "neither metric nor expression": [{"Id": "a"}],
}.items():
    refused("ValidationError", what, watch.put_metric_alarm, **{**MATH, "Metrics": queries})
refused("NotImplementedByLocalAws", "PromQL", watch.put_metric_alarm, AlarmName="p", EvaluationCriteria={"PromQLCriteria": {"Query": "up"}})
refused("NotImplementedByLocalAws", "composite", watch.put_composite_alarm, AlarmName="c", AlarmRule="ALARM(cpu)")

# Lists
for number in range(55):
    watch.put_metric_alarm(**{**MATH, "AlarmName": f"many-{number:02}"})
pages = [len(page["MetricAlarms"]) for page in watch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="many-")]
check("pages", pages, [50, 5])
check("by state", [a["AlarmName"] for a in watch.describe_alarms(StateValue="ALARM")["MetricAlarms"]], ["cpu"])
check("by action", [a["AlarmName"] for a in watch.describe_alarms(ActionPrefix="arn:aws:sns")["MetricAlarms"]], ["cpu"])
check("composite alarms only", watch.describe_alarms(AlarmTypes=["CompositeAlarm"])["MetricAlarms"], [])
refused("InvalidParameterCombination", "names and prefix", watch.describe_alarms, AlarmNames=["cpu"], AlarmNamePrefix="c")
refused("InvalidNextToken", "page of nobody", watch.describe_alarms, NextToken="x")
refused("ResourceNotFound", "all or none", watch.delete_alarms, AlarmNames=["cpu", "nobody"])
watch.delete_alarms(AlarmNames=["cpu", "math"])
check("gone", watch.describe_alarms(AlarmNames=["cpu", "math"])["MetricAlarms"], [])
check("and its tags", tagging.get_resources(ResourceTypeFilters=["cloudwatch:alarm"])["ResourceTagMappingList"], [])

summary("cloudwatch")
