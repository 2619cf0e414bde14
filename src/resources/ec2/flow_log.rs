//! A VPC's flow log: who talked to whom, written to CloudWatch Logs or S3.

use aws_sdk_ec2::types::{
    DestinationFileFormat, DestinationOptionsRequest, Filter, FlowLogsResourceType,
    LogDestinationType, ResourceType, TrafficType,
};
use serde::{Deserialize, Serialize};

use super::{VpcId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::iam::RoleArn;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// What EC2 writes where no format is given.
const DEFAULT_FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// A flow log of a whole VPC. Nothing of it but its tags can be changed in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowLog {
    /// Whose traffic.
    pub vpc: Input<VpcId>,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub traffic: String,
    /// Where it is written.
    pub destination: FlowLogDestination,
    /// Seconds that are summed up in one line: 60 or 600.
    pub interval: i32,
    /// Fields of a line, `${srcaddr} …`; `None` for EC2's own choice.
    pub format: Option<String>,
    /// The user's own tags.
    pub tags: Tags,
}

/// Where a flow log is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowLogDestination {
    /// A log group.
    LogGroup {
        /// Its name.
        name: Input<String>,
        /// What EC2 writes as.
        role: Input<RoleArn>,
    },
    /// A bucket.
    Bucket {
        /// ARN of the bucket, with a folder behind it if wanted.
        arn: Input<String>,
        /// `plain-text` or `parquet`.
        file_format: String,
        /// Whether folders are named as Hive wants them.
        hive_compatible: bool,
        /// Whether there is a folder for each hour.
        per_hour: bool,
    },
}

ids! {
    /// `fl-0123…`.
    FlowLogId,
}

outputs! { FlowLog => FlowLogOutputs {
    /// The flow log's id.
    id: FlowLogId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateFlowLogs.ClientToken", "from the run and the address"),
    ("CreateFlowLogs.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateFlowLogs.DryRun", "a check, not a property"),
    ("CreateFlowLogs.ResourceType", "always a VPC"),
    ("CreateFlowLogs.DeliverCrossAccountRole", "logs stay in the account"),
    ("CreateFlowLogs.LogDestinationType", "`destination` says it"),
    ("CreateFlowLogs.TagFieldSpecifications", "tags of instances in lines are not offered"),
];

impl Spec for FlowLog {
    const KIND: &'static str = "ec2/flow-log";
}

impl Resource for FlowLog {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("vpc"),
            Rule::Immutable("traffic"),
            Rule::Immutable("destination"),
            Rule::Immutable("interval"),
            Rule::Immutable("format"),
        ],
        observe_after: &[],
        order_after: &[],
        // EC2 refuses a second one with the same traffic and destination.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = FlowLogOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        if !shared::may_be_there(cx, query, "vpc-flow-log").await? {
            return Ok(Found::default());
        }
        let logs = list(cx, shared::owned(query)).await?;
        let owned = logs.iter().filter_map(|log| {
            let (identity, tags) = shared::ownership(log.tags(), query)?;
            Some(to_live(log, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let call = cx
            .ec2
            .create_flow_logs()
            .client_token(identity.client_token())
            .resource_type(FlowLogsResourceType::Vpc)
            .resource_ids(self.vpc.get()?.0)
            .traffic_type(TrafficType::from(self.traffic.as_str()))
            .max_aggregation_interval(self.interval)
            .set_log_format(self.format.clone())
            .tag_specifications(shared::on_create(ResourceType::VpcFlowLog, identity, &self.tags));
        let call = match &self.destination {
            FlowLogDestination::LogGroup { name, role } => call
                .log_destination_type(LogDestinationType::CloudWatchLogs)
                .log_group_name(name.get()?)
                .deliver_logs_permission_arn(role.get()?.0),
            FlowLogDestination::Bucket { arn, file_format, hive_compatible, per_hour } => call
                .log_destination_type(LogDestinationType::S3)
                .log_destination(arn.get()?)
                .destination_options(
                    DestinationOptionsRequest::builder()
                        .file_format(DestinationFileFormat::from(file_format.as_str()))
                        .hive_compatible_partitions(*hive_compatible)
                        .per_hour_partition(*per_hour)
                        .build(),
                ),
        };
        let made = call.send().await.map_err(|error| classify("ec2 CreateFlowLogs", error))?;
        shared::refused("ec2 CreateFlowLogs", made.unsuccessful())?;
        let id =
            made.flow_log_ids().first().ok_or_else(|| shared::unnamed("ec2 CreateFlowLogs"))?;
        Ok(Progress::done(FlowLogOutputs { id: id.as_str().into() }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent = cx.ec2.delete_flow_logs().flow_log_ids(id).send().await;
        let sent = sent.map_err(|error| classify("ec2 DeleteFlowLogs", error));
        let done =
            sent.and_then(|answer| shared::refused("ec2 DeleteFlowLogs", answer.unsuccessful()));
        unless_gone(done)?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let logs = list(cx, shared::only("flow-log-id", id)).await?;
        Ok(logs.iter().find(|one| one.flow_log_id() == Some(id)).map(|log| {
            let make = |identity, tags| to_live(log, identity, tags);
            Existing::of(shared::from_sdk(log.tags()), wanted, make)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }
}

/// What a filter lets through.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::FlowLog>, Failure> {
    let pages = cx.ec2.describe_flow_logs().set_filter(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeFlowLogs", error))
}

fn to_live(log: &aws_sdk_ec2::types::FlowLog, identity: Identity, tags: Tags) -> Live<FlowLog> {
    let id = log.flow_log_id().unwrap_or_default();
    Live {
        identity,
        spec: FlowLog {
            vpc: VpcId::from(log.resource_id().unwrap_or_default()).into(),
            traffic: log.traffic_type().map_or("ALL", TrafficType::as_str).to_owned(),
            destination: destination(log),
            interval: log.max_aggregation_interval().unwrap_or(600),
            format: log.log_format().filter(|it| *it != DEFAULT_FORMAT).map(str::to_owned),
            tags,
        },
        outputs: FlowLogOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}

fn destination(log: &aws_sdk_ec2::types::FlowLog) -> FlowLogDestination {
    if log.log_destination_type() == Some(&LogDestinationType::S3) {
        let options = log.destination_options();
        let format = options.and_then(|it| it.file_format()).map(DestinationFileFormat::as_str);
        return FlowLogDestination::Bucket {
            arn: log.log_destination().unwrap_or_default().to_owned().into(),
            file_format: format.unwrap_or("plain-text").to_owned(),
            hive_compatible: options.and_then(|it| it.hive_compatible_partitions()) == Some(true),
            per_hour: options.and_then(|it| it.per_hour_partition()) == Some(true),
        };
    }
    let role = log.deliver_logs_permission_arn().unwrap_or_default();
    FlowLogDestination::LogGroup {
        name: log.log_group_name().unwrap_or_default().to_owned().into(),
        role: RoleArn::from(role).into(),
    }
}
