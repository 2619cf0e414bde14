//! From credentials, profile, region and endpoint to clients, as any AWS tool does it.

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;

use super::calls::CallLog;
use super::classify;
use super::kube_token::{self, Signer};
use super::pace::Pace;
use super::retry::NeverCreateTwice;
use crate::build::Workshop;
use crate::engine::{Class, Failure, TokioClock};
use crate::local::LocalAws;

/// How to get to AWS.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// The region; else the profile's or `AWS_REGION`.
    pub region: Option<String>,
    /// Another endpoint for all services; else `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// A role to assume first.
    pub role: Option<String>,
    /// Answers requests in process (local AWS); then credentials are made up.
    pub local: Option<SharedHttpClient>,
    /// Local AWS again: its script of faults meets calls to clusters, too.
    pub beside: Option<LocalAws>,
    /// How much faster than on AWS time passes (local AWS): pauses and rates follow. As on AWS if absent.
    pub time_factor: Option<f64>,
}

/// Loaded configuration: whose credentials, which region, which endpoint.
#[derive(Clone, Debug)]
pub struct Session {
    config: SdkConfig,
    calls: CallLog,
    pace: Pace,
    beside: Option<LocalAws>,
}

/// The SDK's first pause before it repeats a call, and its longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(20));
/// No connection within this is no connection.
const CONNECT: Duration = Duration::from_secs(5);
/// No answer has begun within this: the call is made again, or looked up if it made something.
const ANSWER: Duration = Duration::from_secs(60);
/// The whole of one attempt, the wait for a rate limit included.
const ATTEMPT: Duration = Duration::from_secs(180);

impl Session {
    /// Loads configuration through `aws-config`: environment, profiles, SSO, credential
    /// processes, container and instance roles.
    ///
    /// # Errors
    /// No region is configured anywhere.
    pub async fn load(options: &SessionOptions, calls: CallLog) -> Result<Self, Failure> {
        let factor = options.time_factor.unwrap_or(1.0);
        let pace = Pace::new(Arc::new(TokioClock::faster(factor)));
        let http = pace.client(match &options.local {
            Some(local) => local.clone(),
            None => https(),
        });
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .retry_config(
                aws_smithy_types::retry::RetryConfig::standard()
                    .with_max_attempts(5)
                    .with_initial_backoff(PAUSES.0.div_f64(factor))
                    .with_max_backoff(PAUSES.1.div_f64(factor)),
            )
            .timeout_config(
                aws_smithy_types::timeout::TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .read_timeout(ANSWER)
                    .operation_attempt_timeout(ATTEMPT)
                    .build(),
            );
        if options.local.is_some() {
            loader = loader.credentials_provider(aws_credential_types::Credentials::new(
                "local",
                "local",
                None,
                None,
                "local AWS",
            ));
        }
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(url) = &options.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let mut config = loader.load().await;
        if config.region().is_none() {
            return Err(Failure::new(Class::Invalid, "no AWS region is set")
                .with_hint("write `region:` in the environment's manifest, or pass `--region`"));
        }
        if let Some(role) = &options.role {
            let provider = aws_config::sts::AssumeRoleProvider::builder(role)
                .session_name("shipit")
                .configure(&config)
                .build()
                .await;
            config = config
                .into_builder()
                .credentials_provider(
                    aws_credential_types::provider::SharedCredentialsProvider::new(provider),
                )
                .build();
        }
        Ok(Self { config, calls, pace, beside: options.beside.clone() })
    }

    /// Asks STS who we are: account id (twelve digits) and ARN.
    ///
    /// # Errors
    /// Missing, wrong or expired credentials; an unreachable endpoint.
    pub async fn caller(&self) -> Result<(String, String), Failure> {
        let answer = self.cx(String::new()).sts.get_caller_identity().send().await;
        let answer = answer.map_err(|error| classify("sts GetCallerIdentity", error))?;
        Ok((
            answer.account().unwrap_or_default().to_owned(),
            answer.arn().unwrap_or_default().to_owned(),
        ))
    }

    /// The token by which a cluster of EKS knows whose credentials these are, signed at that time.
    ///
    /// # Errors
    /// No usable credentials were found.
    pub async fn kube_token(
        &self,
        cluster: &str,
        at: time::OffsetDateTime,
    ) -> Result<String, Failure> {
        use aws_credential_types::provider::ProvideCredentials;
        let missing = |why: String| {
            Failure::new(Class::Credentials, format!("no usable AWS credentials were found: {why}"))
                .with_hint("sign in (`aws sso login`, or set AWS_PROFILE), or pass `--profile`")
        };
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| missing("there is no provider".to_owned()))?;
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| missing(super::error::root_cause(&error)))?;
        let signer = Signer {
            access_key: found.access_key_id(),
            secret: found.secret_access_key(),
            session_token: found.session_token(),
        };
        Ok(kube_token::token(signer, self.region(), cluster, at))
    }

    /// The region's name.
    pub fn region(&self) -> &str {
        self.config.region().map_or("", |region| region.as_ref())
    }

    /// The API calls made so far.
    pub fn calls(&self) -> &CallLog {
        &self.calls
    }

    /// Clients for this account.
    pub fn cx(&self, account: String) -> Cx {
        macro_rules! client {
            ($sdk:ident) => {
                $sdk::Client::from_conf(
                    $sdk::config::Builder::from(&self.config)
                        .interceptor(self.calls.clone())
                        .interceptor(NeverCreateTwice)
                        .interceptor(self.pace.clone())
                        .build(),
                )
            };
        }
        Cx {
            account,
            region: self.region().to_owned(),
            applicationautoscaling: client!(aws_sdk_applicationautoscaling),
            autoscaling: client!(aws_sdk_autoscaling),
            cloudwatch: client!(aws_sdk_cloudwatch),
            ec2: client!(aws_sdk_ec2),
            ecr: client!(aws_sdk_ecr),
            ecs: client!(aws_sdk_ecs),
            efs: client!(aws_sdk_efs),
            eks: client!(aws_sdk_eks),
            elbv2: client!(aws_sdk_elasticloadbalancingv2),
            iam: client!(aws_sdk_iam),
            logs: client!(aws_sdk_cloudwatchlogs),
            scheduler: client!(aws_sdk_scheduler),
            appmesh: client!(aws_sdk_appmesh),
            servicediscovery: client!(aws_sdk_servicediscovery),
            ssm: client!(aws_sdk_ssm),
            sts: client!(aws_sdk_sts),
            tagging: client!(aws_sdk_resourcegroupstagging),
            cloudtrail: client!(aws_sdk_cloudtrail),
            servicequotas: client!(aws_sdk_servicequotas),
            secretsmanager: client!(aws_sdk_secretsmanager),
            acm: client!(aws_sdk_acm),
            route53: client!(aws_sdk_route53),
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(&self.config)
                    .interceptor(self.calls.clone())
                    .interceptor(NeverCreateTwice)
                    .interceptor(self.pace.clone())
                    // An endpoint of one's own mostly has no names for buckets.
                    .force_path_style(self.config.endpoint_url().is_some())
                    .build(),
            ),
            sns: client!(aws_sdk_sns),
            sqs: client!(aws_sdk_sqs),
            vpclattice: client!(aws_sdk_vpclattice),
            bulk_tags: Arc::default(),
            cluster_lists: Arc::default(),
            upgrades: Arc::default(),
            workshop: Arc::default(),
            kubernetes: super::kube::clusters_of(self),
        }
    }

    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    pub(super) fn beside(&self) -> Option<&LocalAws> {
        self.beside.as_ref()
    }
}

fn https() -> SharedHttpClient {
    use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
    use aws_smithy_http_client::tls::{Provider, TlsContext};
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::default())
        .build_https()
}

/// What a resource's calls need: clients bound to one account and region.
#[derive(Clone, Debug)]
pub struct Cx {
    /// AWS account, twelve digits.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// Application Auto Scaling.
    pub applicationautoscaling: aws_sdk_applicationautoscaling::Client,
    /// EC2 Auto Scaling.
    pub autoscaling: aws_sdk_autoscaling::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// ECR.
    pub ecr: aws_sdk_ecr::Client,
    /// ECS.
    pub ecs: aws_sdk_ecs::Client,
    /// EFS.
    pub efs: aws_sdk_efs::Client,
    /// EKS.
    pub eks: aws_sdk_eks::Client,
    /// Elastic Load Balancing v2.
    pub elbv2: aws_sdk_elasticloadbalancingv2::Client,
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// EventBridge Scheduler.
    pub scheduler: aws_sdk_scheduler::Client,
    /// App Mesh.
    pub appmesh: aws_sdk_appmesh::Client,
    /// Cloud Map.
    pub servicediscovery: aws_sdk_servicediscovery::Client,
    /// Systems Manager.
    pub ssm: aws_sdk_ssm::Client,
    /// Security Token Service.
    pub sts: aws_sdk_sts::Client,
    /// Resource Groups Tagging API.
    pub tagging: aws_sdk_resourcegroupstagging::Client,
    /// CloudTrail.
    pub cloudtrail: aws_sdk_cloudtrail::Client,
    /// Service Quotas.
    pub servicequotas: aws_sdk_servicequotas::Client,
    /// Secrets Manager.
    pub secretsmanager: aws_sdk_secretsmanager::Client,
    /// Certificate Manager.
    pub acm: aws_sdk_acm::Client,
    /// Route 53.
    pub route53: aws_sdk_route53::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// VPC Lattice.
    pub vpclattice: aws_sdk_vpclattice::Client,
    /// Tags of everything that bears ours, fetched once per observation.
    pub bulk_tags: Arc<super::bulk_tags::BulkTags>,
    /// Held while a cluster's list of capacity providers is read and written back.
    pub cluster_lists: Arc<tokio::sync::Mutex<()>>,
    /// What this run has begun about upgrades of clusters, which EKS does not tell.
    pub upgrades: Arc<std::sync::Mutex<std::collections::BTreeSet<String>>>,
    /// Where images are built.
    pub workshop: Arc<Workshop>,
    /// The API servers of clusters of EKS.
    pub kubernetes: crate::kubernetes::Clusters,
}

impl Cx {
    /// Notes something about an upgrade; says whether it was new to this run.
    pub fn note_upgrade(&self, what: &str) -> bool {
        let mut noted = self.upgrades.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        noted.insert(what.to_owned())
    }

    /// Forgets what was noted; says whether it was.
    pub fn forget_upgrade(&self, what: &str) -> bool {
        let mut noted = self.upgrades.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        noted.remove(what)
    }

    /// The ARN partition of the region.
    pub fn partition(&self) -> &'static str {
        match self.region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if self.region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.region, self.account)
    }
}
