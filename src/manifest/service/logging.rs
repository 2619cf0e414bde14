//! What becomes of the output, and what is measured.

use std::collections::BTreeMap;

use super::container::{Location, Secret, SecretSource};
use crate::manifest::env_file::EnvFile;
use crate::manifest::read::{RetentionDays, Text, choice, record};

/// The name of the container that routes logs, which is also what ECS's own examples call it.
pub const LOG_ROUTER: &str = "firelens_log_router";
/// The name of the container that collects traces.
pub const COLLECTOR: &str = "aws-otel-collector";

record! {
    /// What becomes of the output.
    #[derive(Default)]
    pub struct ServiceLogging {
        /// Days to keep log lines; the environment's number when left out, and 30 without one.
        retention: Option<u32> as Option<RetentionDays>,
        /// Options of the log driver that writes to CloudWatch Logs, such as `mode` or `max-buffer-size`.
        options: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// The log router's image; with this or any key below, a Fluent Bit sidecar takes the main container's output (FireLens).
        image: Option<String> as Option<Location>,
        /// Where the log router sends output: options of one of Fluent Bit's outputs, `Name` first of all.
        destination: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Whether the log router adds cluster, task and container to each line; yes when left out.
        "enableMetadata" enable_metadata: Option<bool>,
        /// Options of the destination whose values ECS takes from SSM or Secrets Manager.
        "secretOptions" secret_options: BTreeMap<String, Secret> as BTreeMap<String, SecretSource>,
        /// The path of a configuration file in the log router's image.
        "configFilePath" config_file_path: Option<String>,
        /// A file of the log router's environment variables, below `variables`: a path from the workspace's root, or `s3://BUCKET/KEY.env`.
        env_file: Option<String> as Option<EnvFile>,
        /// The log router's environment variables.
        variables: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// The log router's environment variables whose values ECS takes from SSM or Secrets Manager.
        secrets: BTreeMap<String, Secret> as BTreeMap<String, SecretSource>,
        /// Whether the log router takes the sidecars' output, too.
        sidecars: Option<bool>,
    }
}

impl ServiceLogging {
    /// Whether a sidecar routes the output.
    pub fn routed(&self) -> bool {
        self.image.is_some()
            || !self.destination.is_empty()
            || self.enable_metadata.is_some()
            || !self.secret_options.is_empty()
            || self.config_file_path.is_some()
            || !self.variables.is_empty()
            || self.env_file.is_some()
            || !self.secrets.is_empty()
    }
}

record! {
    /// What is measured.
    #[derive(Default)]
    pub struct ServiceObservability {
        /// Where traces go: `awsxray`, through a collector that runs beside the main container.
        tracing: Option<Tracing>,
        /// The collector's image, instead of AWS's own.
        collector_image: Option<String> as Option<Location>,
    }
}

choice! {
    /// Where traces go.
    pub enum Tracing {
        /// AWS X-Ray.
        AwsXray = "awsxray",
    }
}
