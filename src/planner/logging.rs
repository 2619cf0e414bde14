//! The containers that shipit itself puts beside the main one: log router and trace collector.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Context;
use super::task::secret_arns;
use crate::engine::Input;
use crate::manifest::ServiceManifest;
use crate::manifest::service::ServiceLogging;
use crate::resources::ecs::task_definition::container::{Firelens, LogConfiguration};

/// AWS's build of Fluent Bit.
pub(super) const ROUTER_IMAGE: &str = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable";
/// AWS's build of the OpenTelemetry collector.
pub(super) const COLLECTOR_IMAGE: &str =
    "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3";
/// One of the configurations in that image: what comes in as OTLP or X-Ray segments goes to X-Ray.
pub(super) const COLLECTOR_CONFIGURATION: &str = "--config=/etc/ecs/ecs-xray.yaml";

/// How the log router is set up.
pub(super) fn firelens(logging: &ServiceLogging) -> Firelens {
    let metadata = logging.enable_metadata.unwrap_or(true);
    let mut options =
        BTreeMap::from([("enable-ecs-log-metadata".to_owned(), metadata.to_string())]);
    if let Some(path) = &logging.config_file_path {
        options.insert("config-file-type".to_owned(), "file".to_owned());
        options.insert("config-file-value".to_owned(), path.clone());
    }
    Firelens { router: "fluentbit".to_owned(), options }
}

/// Lines go to the log router, which sends them where the manifest says.
pub(super) fn routed(context: &Context<'_>, service: &ServiceManifest) -> LogConfiguration {
    let destination = service.logging.destination.iter();
    LogConfiguration {
        driver: "awsfirelens".to_owned(),
        options: destination
            .map(|(key, value)| (key.clone(), Input::Known(value.clone())))
            .collect(),
        secret_options: secret_arns(context, &service.logging.secret_options),
    }
}

/// What the collector needs, to send traces and to ask how many to take.
pub(super) fn tracing_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": [
                "xray:GetSamplingRules",
                "xray:GetSamplingStatisticSummaries",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            "Resource": "*",
        }],
    })
}
