//! The one place where SDK errors become [`Failure`]s: class, code, request id, hint.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::engine::{Class, Failure, redact};

/// Turns an SDK error into a failure. `operation` is service and operation as people know
/// them: `ecs CreateService`.
pub fn classify<E>(operation: &str, error: SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let mut failure = match &error {
        SdkError::ConstructionFailure(_) => construction(&error),
        SdkError::TimeoutError(_) => Failure::new(Class::LostAnswer, "no answer came in time"),
        SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
            Failure::new(Class::LostAnswer, "no answer came in time")
        }
        SdkError::DispatchFailure(dispatch) => dispatch_failure(&error, dispatch),
        SdkError::ResponseError(response) => unreadable(response.raw()),
        SdkError::ServiceError(service) => refused(service.err(), service.raw()),
        _ => Failure::new(Class::LostAnswer, root_cause(&error)),
    };
    failure.operation = Some(operation.to_owned());
    if failure.hint.is_none() {
        failure.hint = hint(&failure, operation);
    }
    failure
}

fn construction<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> Failure {
    let text = DisplayErrorContext(error).to_string();
    if looks_like_credentials(&text) {
        return credentials(&text);
    }
    Failure::new(Class::Invalid, root_cause(error))
}

fn dispatch_failure<E: std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
    dispatch: &aws_smithy_runtime_api::client::result::DispatchFailure,
) -> Failure {
    let text = DisplayErrorContext(error).to_string();
    if looks_like_credentials(&text) {
        return credentials(&text);
    }
    let cause = root_cause(error);
    let refused = text.contains("Connection refused")
        || text.contains("dns error")
        || text.contains("failed to lookup");
    if refused {
        return Failure::new(Class::Unreachable, format!("AWS could not be reached: {cause}"))
            .with_hint("check the network, `--region` and `--endpoint-url` (or AWS_ENDPOINT_URL)");
    }
    let what = if dispatch.is_io() { "the connection broke" } else { "the request failed" };
    Failure::new(Class::LostAnswer, format!("{what}: {cause}"))
}

fn looks_like_credentials(text: &str) -> bool {
    ["credential", "Credential", "SSO", "sso session", "identity"]
        .iter()
        .any(|word| text.contains(word))
}

fn credentials(text: &str) -> Failure {
    let message = if text.contains("SSO") || text.contains("sso") {
        "the SSO session is missing or has expired"
    } else {
        "no usable AWS credentials were found"
    };
    Failure::new(Class::Credentials, message).with_hint(
        "sign in (`aws sso login`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), \
         or add `--local` to try it on local AWS with no account",
    )
}

/// The body did not parse: an emulator's HTML page, mostly.
fn unreadable(raw: &HttpResponse) -> Failure {
    let status = raw.status().as_u16();
    if matches!(status, 400 | 404 | 500 | 501) {
        return Failure::new(
            Class::NotServed,
            format!("the endpoint does not serve this (HTTP {status})"),
        );
    }
    Failure::new(Class::LostAnswer, format!("the answer could not be read (HTTP {status})"))
}

fn refused<E: ProvideErrorMetadata + std::error::Error>(error: &E, raw: &HttpResponse) -> Failure {
    let status = raw.status().as_u16();
    let meta = error.meta();
    let code = meta.code().unwrap_or_default().to_owned();
    let message = meta.message().unwrap_or_default().to_owned();
    if code.is_empty() {
        return unreadable(raw);
    }
    let message = if message.is_empty() { "refused without a message".to_owned() } else { message };
    Failure {
        class: class_of(&code, &message, status),
        message: redact::others(&message),
        operation: None,
        code: Some(code),
        request_id: request_id(raw),
        hint: None,
        diagnosis: None,
    }
}

fn request_id(raw: &HttpResponse) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"]
        .iter()
        .find_map(|name| raw.headers().get(*name))
        .map(str::to_owned)
}

/// The class of an AWS error code. Texts are looked at only where AWS uses one code for
/// several things.
pub fn class_of(code: &str, message: &str, status: u16) -> Class {
    let says = |text: &str| message.contains(text);
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "BandwidthLimitExceeded"
        | "PriorRequestNotComplete" => Class::Throttled,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
            if !says("in use") && !says("do not have permission") =>
        {
            Class::Credentials
        }
        "NotImplementedByLocalAws" | "UnknownOperationException" | "NotImplemented" => {
            Class::NotServed
        }
        _ if says("unable to assume")
            || says("Unable to assume")
            || says("cannot be assumed")
            || says("is not authorized to assume")
            || says("service linked role")
            || (says("iam:PassRole") && says("does not exist"))
            || says("to assume the role")
            || says("Invalid principal in policy")
            // What ECS says of roles, networks and target groups that were made a moment ago.
            || says("Role is not valid")
            || says("does not exist (ErrorCode: Invalid")
            || says("does not have an associated load balancer")
            // What EKS says of roles that were made a moment ago.
            || says("could not be assumed")
            || (code == "InvalidParameterException" && says("The role with name"))
            || says("were not found in the trust relationships")
            || says("Misconfigured PodExecutionRole Trust Policy")
            // What Application Auto Scaling says of a service that was.
            || says("ECS service doesn't exist") =>
        {
            Class::NotYetConsistent
        }
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "Unauthorized"
        | "AuthFailure"
        | "OptInRequired"
        | "BlockedException" => Class::Denied,
        // EKS has one code for what is busy and for a name that is taken.
        "ResourceInUseException"
            if says("already exists") || says("already in use") || says("already has a") =>
        {
            Class::AlreadyExists
        }
        "DependencyViolation"
        | "ResourceInUse"
        | "ResourceInUseException"
        | "DeleteConflict"
        | "InvalidIPAddress.InUse"
        | "InvalidAddress.Locked"
        | "NamespaceNotEmpty"
        | "HostedZoneNotEmpty"
        | "ClusterContainsServicesException"
        | "FileSystemInUse"
        // Load balancers put their last logs there some minutes after they have gone.
        | "BucketNotEmpty"
        | "ClusterContainsTasksException" => Class::DependencyStillThere,
        "ConflictException" if says("already exists") => Class::AlreadyExists,
        "OperationAborted"
        | "OperationAbortedException"
        | "ConflictException"
        | "ConcurrentModification"
        | "ConcurrentModificationException"
        | "UpdateInProgressException"
        // A queue's name is free again a minute after its deletion.
        | "QueueDeletedRecently"
        | "AWS.SimpleQueueService.QueueDeletedRecently"
        | "ConcurrentUpdateException"
        | "IncorrectState"
        // EFS: a mount target of the zone still goes, or a file system is not available yet.
        | "MountTargetConflict"
        | "IncorrectFileSystemLifeCycleState"
        | "IncorrectMountTargetState"
        | "InvalidParameterValue.InProgress"
        | "ClusterContainsContainerInstancesException" => Class::ConflictInProgress,
        _ if says("still Draining")
            || says("is currently being")
            || says("Too many concurrent attempts to create a new revision") =>
        {
            Class::ConflictInProgress
        }
        "LimitExceeded"
        | "LimitExceededException"
        | "ServiceQuotaExceededException"
        | "ResourceLimitExceeded"
        | "VpcLimitExceeded"
        | "AddressLimitExceeded"
        | "TooManyLoadBalancers"
        | "TooManyTargetGroups"
        | "TooManyListeners"
        | "TooManyRules"
        | "TooManyCertificates"
        | "TooManyHostedZones"
        | "NatGatewayLimitExceeded"
        | "SecurityGroupLimitExceeded" => Class::Quota,
        _ if code.contains("NotFound")
            || code.ends_with(".NotFound")
            || code.contains("NotExist")
            || code.ends_with("NonExistentQueue")
            || code == "NoSuchEntity"
            || code == "NoSuchBucket"
            || code == "NoSuchHostedZone"
            || code == "NoSuchChange"
            || code == "NamespaceNotFound"
            || code == "ServiceNotActiveException"
            || code == "ClusterNotFoundException"
            || code == "Gateway.NotAttached"
            || code == "ObjectNotFoundException" =>
        {
            Class::Gone
        }
        _ if code.contains("AlreadyExist")
            || code.contains("Duplicate")
            || code == "BucketAlreadyOwnedByYou"
            || code == "EntityAlreadyExists"
            || code == "Resource.AlreadyAssociated"
            || code == "QueueNameExists"
            || says("already exists with different")
            || says("was not idempotent") =>
        {
            Class::AlreadyExists
        }
        _ if status >= 500 => Class::Server,
        _ => Class::Invalid,
    }
}

fn hint(failure: &Failure, operation: &str) -> Option<String> {
    match failure.class {
        Class::Denied => {
            let action = operation
                .split_once(' ')
                .map(|(service, name)| format!("{}:{}", iam_prefix(service), iam_name(name)))?;
            Some(format!("the credentials in use need the IAM action `{action}`"))
        }
        Class::Credentials => Some(
            "the credentials were refused: sign in again (`aws sso login`), or check AWS_PROFILE and the keys".to_owned(),
        ),
        Class::Quota => Some("raise the limit in Service Quotas, or remove what is no longer needed".to_owned()),
        Class::NotServed => Some(
            "the endpoint in AWS_ENDPOINT_URL (or `--endpoint-url`) does not serve this operation".to_owned(),
        ),
        Class::Server | Class::LostAnswer | Class::Throttled => {
            Some("run the same command again: it goes on from what is there".to_owned())
        }
        _ => None,
    }
}

/// `None` where what was asked for, or was to be deleted, is not there (any more).
pub fn unless_gone<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.class == Class::Gone => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The prefix of a service's IAM actions.
fn iam_prefix(service: &str) -> &str {
    match service {
        "efs" => "elasticfilesystem",
        "elbv2" => "elasticloadbalancing",
        other => other,
    }
}

/// What IAM calls an operation, where it has another name for it.
fn iam_name(operation: &str) -> &str {
    match operation {
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" => "PutEncryptionConfiguration",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" => "PutBucketPublicAccessBlock",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "ListBuckets" => "ListAllMyBuckets",
        "ListObjectVersions" => "ListBucketVersions",
        "DeleteObjects" => "DeleteObject",
        other => other,
    }
}

pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
