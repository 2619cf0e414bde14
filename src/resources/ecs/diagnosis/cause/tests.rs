//! Texts of AWS and the causes that they give.

use super::*;

/// Texts as AWS writes them, and the cause that each must give.
#[test]
fn texts_of_aws_give_their_cause() {
    let table: &[(Source, &str, &str)] = &[
        (
            Stop,
            "image-not-found",
            "TaskFailedToStart: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/x/y:typo: public.ecr.aws/x/y:typo: not found",
        ),
        (
            Stop,
            "image-not-found",
            "CannotPullContainerError: Error response from daemon: manifest for nginx:typo not found: manifest unknown: manifest unknown",
        ),
        (
            Stop,
            "image-not-found",
            "CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/api:1\": unexpected status code [manifests 1]: 404 Not Found",
        ),
        (
            Stop,
            "image-not-found",
            "CannotPullImageManifestError: Error response from daemon: name unknown: The repository with name 'api' does not exist in the registry with id '123456789012'",
        ),
        (
            Stop,
            "image-platform",
            "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
        ),
        (Log, "image-platform", "exec /usr/local/bin/docker-entrypoint.sh: exec format error"),
        (
            Stop,
            "image-platform",
            "CannotStartContainerError: runc create failed: unable to start container process: exec: \"/app\": exec format error",
        ),
        (
            Stop,
            "pull-limit",
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.",
        ),
        (
            Stop,
            "registry-unreachable",
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/library/nginx:1: failed to do request: Head \"https://registry-1.docker.io/v2/library/nginx/manifests/1\": dial tcp 44.205.64.79:443: i/o timeout",
        ),
        (
            Stop,
            "registry-unreachable",
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post \"https://api.ecr.eu-west-1.amazonaws.com/\": dial tcp 52.119.1.1:443: i/o timeout",
        ),
        (
            Stop,
            "registry-unreachable",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.eu-west-1.amazonaws.com/\": dial tcp 52.119.1.1:443: i/o timeout. Please check your task network configuration.",
        ),
        (
            Stop,
            "pull-denied",
            "CannotPullContainerError: ref pull has been retried 1 time(s): failed to resolve reference \"x.dkr.ecr.eu-west-1.amazonaws.com/api:1\": pulling from host x.dkr.ecr.eu-west-1.amazonaws.com failed with status code [manifests 1]: 403 Forbidden",
        ),
        (
            Stop,
            "pull-denied",
            "CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref \"docker.io/acme/private:1\": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
        ),
        (
            Stop,
            "pull-denied",
            "CannotPullContainerError: Error response from daemon: Get https://x.dkr.ecr.eu-west-1.amazonaws.com/v2/api/manifests/1: no basic auth credentials",
        ),
        (
            Stop,
            "pull-denied",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/t is not authorized to perform: ecr:GetAuthorizationToken on resource: * status code: 400",
        ),
        (
            Stop,
            "secret-denied",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::1:assumed-role/r/t is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:1:parameter/db because no identity-based policy allows the ssm:GetParameters action status code: 400, request id: 1",
        ),
        (
            Stop,
            "secret-denied",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:db-abc from secrets manager: AccessDeniedException: User: x is not authorized to perform: secretsmanager:GetSecretValue",
        ),
        (
            Stop,
            "secret-key-denied",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-central-1:1:secret:db-EaPYTy from secrets manager: AccessDeniedException: Access to KMS is not allowed status code: 400",
        ),
        (
            Stop,
            "secret-not-found",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /demo/db",
        ),
        (
            Stop,
            "secret-not-found",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:eu-west-1:1:secret:db from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        ),
        (
            Stop,
            "secret-key-missing",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password",
        ),
        (
            Stop,
            "secret-unreachable",
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:aws:secretsmanager:us-west-2:1:secret:db from secrets manager: RequestCanceled: request context canceled caused by: context deadline exceeded. Please check your task network configuration.",
        ),
        (
            Stop,
            "log-group-missing",
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1",
        ),
        (
            Stop,
            "log-group-denied",
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: User: x is not authorized to perform: logs:CreateLogStream",
        ),
        (
            Stop,
            "out-of-memory",
            "EssentialContainerExited: Essential container in task exited; container `api` exited with code 137: OutOfMemoryError: Container killed due to memory usage",
        ),
        (
            Stop,
            "exited",
            "EssentialContainerExited: Essential container in task exited; container `api` exited with code 1",
        ),
        (
            Stop,
            "command-not-found",
            "TaskFailedToStart: CannotStartContainerError: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: exec: \"serve\": executable file not found in $PATH: unknown",
        ),
        (
            Event,
            "health-check-code",
            "(service web) (port 8081) is unhealthy in (target-group web) due to (reason Health checks failed with these codes: [502]).",
        ),
        (
            Event,
            "health-check-timeout",
            "(service web) (port 8081) is unhealthy in (target-group web) due to (reason Request timed out).",
        ),
        (
            Event,
            "health-check",
            "(service web) (port 8081) is unhealthy in (target-group web) due to (reason Health checks failed).",
        ),
        (
            Target,
            "health-check-code",
            "10.0.0.4:80 unhealthy: Health checks failed with these codes: [404] (Target.ResponseCodeMismatch)",
        ),
        (
            Target,
            "health-check-timeout",
            "10.0.0.4:80 unhealthy: Request timed out (Target.Timeout)",
        ),
        (
            Stop,
            "health-check",
            "ServiceSchedulerInitiated: Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1)",
        ),
        (
            Stop,
            "container-health-check",
            "ServiceSchedulerInitiated: Task failed container health checks",
        ),
        (
            Event,
            "no-capacity",
            "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.",
        ),
        (
            Event,
            "no-capacity",
            "(service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 1) has insufficient memory available.",
        ),
        (
            Event,
            "task-quota",
            "(service web) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.",
        ),
        (
            Stop,
            "subnet-full",
            "TaskFailedToStart: Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
        ),
        (Stop, "spot-interrupted", "SpotInterruption: Your Spot Task was interrupted."),
        (
            Event,
            "role-not-assumable",
            "(service web) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::1:role/web' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).",
        ),
        (
            Stop,
            "file-system",
            "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Failed to resolve \"fs-1.efs.eu-west-1.amazonaws.com\"",
        ),
    ];
    for (source, name, text) in table {
        let evidence = [Evidence { source: *source, text: (*text).to_owned() }];
        let found = of(&evidence).map(|(cause, _)| cause.name);
        assert_eq!(found, Some(*name), "{text}");
    }
}

#[test]
fn what_points_to_nothing_gives_no_cause() {
    for text in [
        "ServiceSchedulerInitiated: Scaling activity initiated by (deployment ecs-svc/1)",
        "UserInitiated: Task stopped by user",
    ] {
        assert!(of(&[Evidence { source: Stop, text: text.to_owned() }]).is_none(), "{text}");
    }
    let event = |text: &str| Evidence { source: Event, text: text.to_owned() };
    assert!(of(&[event("(service web) has started 2 tasks: (task 1) (task 2).")]).is_none());
}

#[test]
fn patterns_are_lower_case_and_names_are_unique() {
    let mut names: Vec<&str> = CAUSES.iter().map(|cause| cause.name).collect();
    for cause in CAUSES {
        for part in cause.patterns.iter().flat_map(|(_, all)| *all) {
            assert_eq!(*part, part.to_lowercase());
        }
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CAUSES.len());
}
