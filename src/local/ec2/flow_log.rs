//! Flow logs: what a VPC, a subnet or an interface writes to CloudWatch Logs or S3. No traffic
//! flows here, so nothing is ever delivered.

use serde_json::{Value, json};

use super::errors::{invalid_value, not_found};
use super::list::{self, Listing};
use super::network::{INTERFACES, SUBNETS, VPCS};
use super::{FLOW_LOGS, tag};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

const KIND: &str = "vpc-flow-log";
const DEFAULT_FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
/// What may be watched: type, kind of its ids, table.
const RESOURCES: [(&str, &str, Table); 3] = [
    ("VPC", "vpc", VPCS),
    ("Subnet", "subnet", SUBNETS),
    ("NetworkInterface", "network-interface", INTERFACES),
];
/// Members of which two flow logs of one resource may not have the same.
const IDENTITY: [&str; 4] = ["resourceId", "trafficType", "logDestinationType", "logDestination"];

static LISTING: Listing = Listing {
    kind: KIND,
    table: FLOW_LOGS,
    ids: "FlowLogId",
    set: "flowLogSet",
    filters: &[
        ("deliver-log-status", "deliverLogsStatus"),
        ("flow-log-id", "flowLogId"),
        ("log-destination-type", "logDestinationType"),
        ("log-group-name", "logGroupName"),
        ("resource-id", "resourceId"),
        ("traffic-type", "trafficType"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, log: &Value) -> Value {
    let mut row = log.clone();
    for inner in ["created", "clientToken"] {
        row.unset(inner);
    }
    row.set("flowLogId", id);
    row.set("creationTime", call.time(log.time("created")));
    row.set("flowLogStatus", "ACTIVE");
    row.set("deliverLogsStatus", "SUCCESS");
    row
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let kinds: Vec<&str> = RESOURCES.iter().map(|(name, ..)| *name).collect();
    let kind = call.input.text("ResourceType")?;
    let Some((_, noun, table)) = RESOURCES.iter().find(|(name, ..)| *name == kind) else {
        return Err(AwsError::not_modelled(format!(
            "local AWS models flow logs of {}, not of {kind}",
            kinds.join(", ")
        )));
    };
    let ids = call.input.texts("ResourceId")?;
    if ids.is_empty() {
        return Err(call.input.missing("ResourceId"));
    }
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let tags = tag::specified(call, KIND)?;
    let Some(traffic) = call.input.optional_one_of("TrafficType", &["ACCEPT", "REJECT", "ALL"])?
    else {
        return Err(call.input.missing("TrafficType"));
    };
    let mut document = json!({"trafficType": traffic, "clientToken": token, "created": call.now});
    destination(call, &mut document)?;
    let interval = call.input.optional_integer("MaxAggregationInterval")?.unwrap_or(600);
    if ![60, 600].contains(&interval) {
        return Err(invalid_value("Invalid Flow Log Max Aggregation Interval"));
    }
    document.set("maxAggregationInterval", interval);
    let format = call.input.optional_text("LogFormat")?.unwrap_or(DEFAULT_FORMAT.to_owned());
    if format.is_empty()
        || !format.split(' ').all(|field| field.starts_with("${") && field.ends_with('}'))
    {
        return Err(invalid_value(
            "Invalid LogFormat: fields such as ${version}, separated by spaces",
        ));
    }
    document.set("logFormat", format);
    let mut made = Vec::new();
    let mut unsuccessful = Vec::new();
    if let Some(token) = &token {
        let rows = call.scan(FLOW_LOGS, "");
        made.extend(
            rows.into_iter().filter(|(_, it)| it.text("clientToken") == token).map(|(id, _)| id),
        );
    }
    if made.is_empty() {
        for id in ids {
            document.set("resourceId", id.clone());
            let refused = if call.get(*table, &id).is_none() {
                Some(not_found(noun, &id))
            } else {
                exists(call, &document)
            };
            match refused {
                Some(error) => {
                    let error = json!({"code": error.code, "message": error.message});
                    unsuccessful.push(json!({"resourceId": id, "error": error}));
                }
                None => {
                    let log = call.ids.resource("fl");
                    call.put(FLOW_LOGS, &log, document.clone());
                    tag::put(call, KIND, &log, tags.clone())?;
                    made.push(log);
                }
            }
        }
    }
    Ok(json!({"flowLogIdSet": made, "unsuccessful": unsuccessful, "clientToken": token}))
}

fn exists(call: &Call<'_>, wanted: &Value) -> Option<AwsError> {
    let same = call
        .scan(FLOW_LOGS, "")
        .into_iter()
        .any(|(_, other)| IDENTITY.iter().all(|member| other.get(member) == wanted.get(member)));
    same.then(|| {
        AwsError::new(
            "FlowLogAlreadyExists",
            "Error. There is an existing Flow Log with the same configuration and log destination.",
        )
    })
}

/// Where it is written: to a log group with a role, or to a bucket.
fn destination(call: &mut Call<'_>, document: &mut Value) -> Result<(), AwsError> {
    let types = ["cloud-watch-logs", "s3"];
    let kind = call.input.optional_one_of("LogDestinationType", &types)?;
    let kind = kind.unwrap_or_else(|| "cloud-watch-logs".to_owned());
    let group = call.input.optional_text("LogGroupName")?;
    let arn = call.input.optional_text("LogDestination")?;
    let role = call.input.optional_text("DeliverLogsPermissionArn")?;
    document.set("logDestinationType", kind.clone());
    if kind == "s3" {
        let Some(arn) = arn.filter(|arn| arn.starts_with("arn:aws:s3:::")) else {
            return Err(invalid_value("LogDestination must be the ARN of a bucket"));
        };
        if group.is_some() || role.is_some() {
            return Err(AwsError::new(
                "InvalidParameterCombination",
                "LogGroupName and DeliverLogsPermissionArn are not applicable for s3",
            ));
        }
        let options = call.input.optional_structure("DestinationOptions")?;
        let mut kept = json!({"fileFormat": "plain-text", "hiveCompatiblePartitions": false, "perHourPartition": false});
        if let Some(options) = options {
            if let Some(format) =
                options.optional_one_of("FileFormat", &["plain-text", "parquet"])?
            {
                kept.set("fileFormat", format);
            }
            for (name, member) in [
                ("HiveCompatiblePartitions", "hiveCompatiblePartitions"),
                ("PerHourPartition", "perHourPartition"),
            ] {
                kept.set(member, options.optional_boolean(name)?.unwrap_or(false));
            }
        }
        document.set("destinationOptions", kept);
        document.set("logDestination", arn);
        return Ok(());
    }
    let name = match (group, arn) {
        (Some(_), Some(_)) => {
            return Err(AwsError::new(
                "InvalidParameterCombination",
                "Please only provide LogGroupName or LogDestination",
            ));
        }
        (Some(name), None) => name,
        (None, Some(arn)) => {
            let name = arn.strip_prefix(&call.arn("logs", "log-group:"));
            let name = name.ok_or_else(|| {
                invalid_value(format!(
                    "LogDestination: {arn} is not a log group of this account and region"
                ))
            })?;
            name.trim_end_matches(":*").to_owned()
        }
        (None, None) => return Err(call.input.missing("LogGroupName")),
    };
    let Some(role) = role else { return Err(call.input.missing("DeliverLogsPermissionArn")) };
    document.set("logDestination", call.arn("logs", &format!("log-group:{name}")));
    document.set("logGroupName", name);
    document.set("deliverLogsPermissionArn", role);
    Ok(())
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let ids = call.input.texts("FlowLogId")?;
    if ids.is_empty() {
        return Err(call.input.missing("FlowLogId"));
    }
    let mut unsuccessful = Vec::new();
    for id in ids {
        if call.get(FLOW_LOGS, &id).is_none() {
            let error = not_found(KIND, &id);
            let error = json!({"code": error.code, "message": error.message});
            unsuccessful.push(json!({"resourceId": id, "error": error}));
            continue;
        }
        call.delete(FLOW_LOGS, &id);
        tag::forget(call, KIND, &id);
    }
    Ok(json!({"unsuccessful": unsuccessful}))
}
