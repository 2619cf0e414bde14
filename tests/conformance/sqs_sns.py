"""sqs and sns: queues, topics, subscriptions and a message's way, as boto3 sees them."""

import json

from harness import ACCOUNT, check, client, refused, summary

sqs, sns = client("sqs"), client("sns")
ARN = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:"

# Queues -----------------------------------------------------------------------------------------
dead = sqs.create_queue(QueueName="dead", tags={"a": "1"})["QueueUrl"]
check("url", dead, f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/dead")
redrive = json.dumps({"deadLetterTargetArn": ARN + "dead", "maxReceiveCount": 1})
url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "60", "RedrivePolicy": redrive})["QueueUrl"]
check("again", sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "60"})["QueueUrl"], url)
refused("QueueAlreadyExists", "another timeout", sqs.create_queue, QueueName="work", Attributes={"VisibilityTimeout": "61"})
refused("InvalidParameterValue", "name", sqs.create_queue, QueueName="a b")
refused("InvalidAttributeValue", "range", sqs.create_queue, QueueName="x", Attributes={"DelaySeconds": "901"})
refused("InvalidAttributeName", "attribute", sqs.create_queue, QueueName="x", Attributes={"Speed": "1"})
refused("InvalidParameterValue", "dead letters to nowhere", sqs.create_queue, QueueName="x", Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": ARN + "nope", "maxReceiveCount": 1})})
refused("AWS.SimpleQueueService.NonExistentQueue", "no queue", sqs.get_queue_url, QueueName="nope")
attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
for time in ("CreatedTimestamp", "LastModifiedTimestamp"):
    check(time, int(attributes.pop(time)) > 0)
check(
    "attributes",
    attributes,
    {
        "QueueArn": ARN + "work", "VisibilityTimeout": "60", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true", "RedrivePolicy": redrive,
        "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
    },
)
sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": "alias/aws/sqs", "Policy": ""})
some = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "Policy"])["Attributes"]
check("key", some, {"SqsManagedSseEnabled": "false", "KmsMasterKeyId": "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds": "300"})
check("sources", sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
sqs.tag_queue(QueueUrl=dead, Tags={"b": "2"})
sqs.untag_queue(QueueUrl=dead, TagKeys=["a"])
check("tags", sqs.list_queue_tags(QueueUrl=dead)["Tags"], {"b": "2"})
fifo = sqs.create_queue(QueueName="in.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
check("fifo", sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["FifoQueue", "DeduplicationScope"])["Attributes"], {"FifoQueue": "true", "DeduplicationScope": "queue"})
refused("InvalidParameterValue", "fifo by name only", sqs.create_queue, QueueName="x.fifo")
pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2}))
check("pages", [len(page["QueueUrls"]) for page in pages], [2, 1])

# Topics -----------------------------------------------------------------------------------------
topic = sns.create_topic(Name="orders", Attributes={"DisplayName": "Orders"}, Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
check("topic", topic, f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders")
check("topic again", sns.create_topic(Name="orders")["TopicArn"], topic)
refused("InvalidParameter", "other attributes", sns.create_topic, Name="orders", Attributes={"DisplayName": "x"})
refused("InvalidParameter", "fifo without suffix", sns.create_topic, Name="x", Attributes={"FifoTopic": "true"})
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sns:Subscribe", "Resource": topic}]}
sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
found = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
check("topic's attributes", (found["DisplayName"], json.loads(found["Policy"]), found["SubscriptionsConfirmed"]), ("Orders", policy, "0"))
sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}])
sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
check("topic's tags", sns.list_tags_for_resource(ResourceArn=topic)["Tags"], [{"Key": "b", "Value": "2"}])
refused("NotFound", "no topic", sns.get_topic_attributes, TopicArn=topic + "x")

# From a topic to a queue ------------------------------------------------------------------------
filters = json.dumps({"kind": ["order"]})
subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN + "work", Attributes={"FilterPolicy": filters}, ReturnSubscriptionArn=True)["SubscriptionArn"]
check("subscribed again", sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN + "work")["SubscriptionArn"], subscription)
refused("InvalidParameter", "filter", sns.set_subscription_attributes, SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"a": 1}')
refused("NotImplementedByLocalAws", "mail", sns.subscribe, TopicArn=topic, Protocol="email", Endpoint="a@b.c")
given = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
check("subscription", (given["FilterPolicy"], given["FilterPolicyScope"], given["RawMessageDelivery"], given["Endpoint"]), (filters, "MessageAttributes", "false", ARN + "work"))
order = {"kind": {"DataType": "String", "StringValue": "order"}}
sns.publish(TopicArn=topic, Message="lost", MessageAttributes=order)
check("not let in", sqs.receive_message(QueueUrl=url).get("Messages", []), [])
let_in = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": ARN + "work", "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]}
sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(let_in), "VisibilityTimeout": "0"})
sns.publish(TopicArn=topic, Message="filtered", MessageAttributes={"kind": {"DataType": "String", "StringValue": "other"}})
sns.publish(TopicArn=topic, Message="hello", MessageAttributes=order)
check("waiting", sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"], {"ApproximateNumberOfMessages": "1"})
message = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"])["Messages"][0]
body = json.loads(message["Body"])
check("message", (body["Message"], body["TopicArn"], body["MessageAttributes"], message["Attributes"]), ("hello", topic, {"kind": {"Type": "String", "Value": "order"}}, {"ApproximateReceiveCount": "1"}))
check("received too often", sqs.receive_message(QueueUrl=url).get("Messages", []), [])
letter = sqs.receive_message(QueueUrl=dead)["Messages"][0]
check("dead letter", letter["MessageId"], message["MessageId"])
sqs.delete_message(QueueUrl=dead, ReceiptHandle=letter["ReceiptHandle"])
check("deleted", sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])["Attributes"], {"ApproximateNumberOfMessagesNotVisible": "0"})
sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={"n": {"DataType": "Number", "StringValue": "1"}})
check("digest", sent["MD5OfMessageBody"], "9dd4e461268c8034f5c8564e155c67a6")
check("sent", sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"][0]["MessageAttributes"], {"n": {"DataType": "Number", "StringValue": "1"}})
sns.unsubscribe(SubscriptionArn=subscription)
check("unsubscribed", sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"], [])
sns.delete_topic(TopicArn=topic)
sns.delete_topic(TopicArn=topic)
sqs.delete_queue(QueueUrl=url)
refused("AWS.SimpleQueueService.QueueDeletedRecently", "name is taken for a minute", sqs.create_queue, QueueName="work")
summary("sqs and sns")
