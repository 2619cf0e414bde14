//! The table of likely causes: what AWS says, what that means, and what to type next.

use super::words::Words;

/// Where AWS says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Why a task stopped: its code, its reason, its containers' ends.
    Stop,
    /// An event of the service.
    Event,
    /// A target's health.
    Target,
    /// A line that a container wrote.
    Log,
}

/// One thing that AWS says about a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) source: Source,
    pub(crate) text: String,
}

/// How soon a deployment that nothing else ends (no circuit breaker) is given up for a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hope {
    /// Trying again changes nothing: once it was seen twice.
    None,
    /// It may be that AWS does not know yet what was just made (a role, a route): three times, over a minute.
    Soon,
    /// A task may do better than the one before it: as often as ECS's own circuit breaker would bear.
    Some,
    /// AWS itself may get over it: never before the time is up.
    Much,
}

/// One row. A pattern is a source and lower-case texts that must all be there; `{…}` are filled in by [`Words`].
#[derive(Debug)]
pub(crate) struct Cause {
    /// For programs.
    pub(crate) name: &'static str,
    patterns: &'static [(Source, &'static [&'static str])],
    sentence: &'static str,
    hint: &'static str,
    pub(crate) hope: Hope,
}

impl Cause {
    /// The likely cause as a lower-case fragment.
    pub(crate) fn sentence(&self, words: &Words) -> String {
        words.fill(self.sentence)
    }

    /// What to type next.
    pub(crate) fn hint(&self, words: &Words) -> String {
        words.fill(self.hint)
    }

    fn fits(&self, evidence: &Evidence) -> bool {
        let text = evidence.text.to_lowercase();
        let fits = |(source, all): &(Source, &[&str])| {
            *source == evidence.source && all.iter().all(|part| text.contains(part))
        };
        self.patterns.iter().any(fits)
    }
}

/// The first cause of the table that any evidence points to, and that evidence.
pub(crate) fn of(evidence: &[Evidence]) -> Option<(&'static Cause, &Evidence)> {
    CAUSES.iter().find_map(|cause| Some((cause, evidence.iter().find(|one| cause.fits(one))?)))
}

use Source::{Event, Log, Stop, Target};

/// What comes first counts: the specific before the general.
const CAUSES: &[Cause] = &[
    Cause {
        name: "image-platform",
        patterns: &[
            (Stop, &["does not contain descriptor matching platform"]),
            (Stop, &["no matching manifest for"]),
            (Stop, &["exec format error"]),
            (Log, &["exec format error"]),
        ],
        sentence: "the image is for another platform than the tasks': {image}",
        hint: "build it for the task's platform (`docker build --platform {platform} …`), or set `platform` in {manifest}",
        hope: Hope::None,
    },
    Cause {
        name: "pull-limit",
        patterns: &[
            (Stop, &["cannotpull", "toomanyrequests"]),
            (Stop, &["cannotpull", "pull rate limit"]),
            (Stop, &["cannotpull", "429 too many requests"]),
        ],
        sentence: "the registry refuses more pulls for now: {image}",
        hint: "copy the image into ECR, or pull it with credentials; then deploy again",
        hope: Hope::Much,
    },
    Cause {
        name: "registry-unreachable",
        patterns: &[
            (Stop, &["cannotpull", "i/o timeout"]),
            (Stop, &["cannotpull", "dial tcp"]),
            (Stop, &["cannotpull", "request canceled"]),
            (Stop, &["cannotpull", "context deadline exceeded"]),
            (Stop, &["cannotpull", "network is unreachable"]),
            (Stop, &["cannotpull", "no such host"]),
            (Stop, &["cannotpull", "connection issue"]),
            (Stop, &["pull registry auth", "connection issue"]),
            (Stop, &["unable to retrieve ecr registry auth", "i/o timeout"]),
            (Stop, &["unable to retrieve ecr registry auth", "requesterror"]),
            (Stop, &["unable to retrieve ecr registry auth", "requestcanceled"]),
            (Stop, &["unable to retrieve ecr registry auth", "deadline exceeded"]),
        ],
        sentence: "the tasks have no route to the registry of {image}",
        hint: "look at `network` in {manifest}: private subnets need a NAT gateway or endpoints, public ones a public address",
        hope: Hope::Soon,
    },
    Cause {
        name: "secret-unreachable",
        patterns: &[
            (Stop, &["unable to retrieve secret", "i/o timeout"]),
            (Stop, &["unable to retrieve secret", "deadline exceeded"]),
            (Stop, &["unable to retrieve secret", "requestcanceled"]),
            (Stop, &["unable to retrieve secret", "dial tcp"]),
        ],
        sentence: "the tasks have no route to where the secret {secret} is kept",
        hint: "look at `network` in {manifest}: private subnets need a NAT gateway or endpoints, public ones a public address",
        hope: Hope::Soon,
    },
    Cause {
        name: "secret-key-missing",
        patterns: &[(Stop, &["did not contain json key"])],
        sentence: "the secret {secret} has no such JSON key",
        hint: "look at its keys, and correct `secrets:` in {manifest}",
        hope: Hope::None,
    },
    Cause {
        name: "secret-key-denied",
        patterns: &[
            (Stop, &["unable to retrieve secret", "access to kms is not allowed"]),
            (Stop, &["unable to retrieve secret", "kms:decrypt"]),
            (Stop, &["unable to retrieve secret", "kmsaccessdenied"]),
            (Stop, &["unable to retrieve secret", "kms", "accessdenied"]),
        ],
        sentence: "the execution role may not decrypt the secret {secret}",
        hint: "allow `kms:Decrypt` on the secret's key to the role of {execution_role}, in the key's policy or the role's",
        hope: Hope::Soon,
    },
    Cause {
        name: "secret-denied",
        patterns: &[
            (Stop, &["unable to retrieve secret", "accessdenied"]),
            (Stop, &["unable to retrieve secret", "not authorized to perform"]),
            (Stop, &["unable to pull secrets", "not authorized to perform: secretsmanager"]),
            (Stop, &["unable to pull secrets", "not authorized to perform: ssm"]),
        ],
        sentence: "the execution role may not read the secret {secret}",
        hint: "allow it to {execution_role} with {secret_action}, and look for a policy that denies it",
        hope: Hope::Soon,
    },
    Cause {
        name: "secret-not-found",
        patterns: &[
            (Stop, &["invalid ssm parameters"]),
            (Stop, &["unable to retrieve secret", "invalid parameters"]),
            (Stop, &["unable to retrieve secret", "parameternotfound"]),
            (Stop, &["unable to retrieve secret", "resourcenotfound"]),
            (Stop, &["unable to retrieve secret", "can't find the specified secret"]),
            (Stop, &["unable to retrieve secret", "resource not found"]),
        ],
        sentence: "the secret does not exist: {secret}",
        hint: "create it (`{secret_create}`), or correct `secrets:` in {manifest}",
        hope: Hope::None,
    },
    Cause {
        name: "pull-denied",
        patterns: &[
            (Stop, &["cannotpull", "403 forbidden"]),
            (Stop, &["cannotpull", "accessdenied"]),
            (Stop, &["cannotpull", "no basic auth credentials"]),
            (Stop, &["cannotpull", "insufficient_scope"]),
            (Stop, &["cannotpull", "pull access denied"]),
            (Stop, &["cannotpull", "authorization failed"]),
            (Stop, &["cannotpull", "unauthorized"]),
            (Stop, &["cannotpull", " 401"]),
            (Stop, &["cannotpull", "denied:"]),
            (Stop, &["cannotpull", "role has the permissions to pull"]),
            (Stop, &["unable to retrieve ecr registry auth", "accessdenied"]),
            (Stop, &["pull registry auth", "accessdenied"]),
            (Stop, &["ecr:getauthorizationtoken", "not authorized"]),
        ],
        sentence: "the registry does not let the tasks pull {image}, or it does not exist",
        hint: "look whether the image exists, and allow its repository to {execution_role}",
        hope: Hope::Soon,
    },
    Cause {
        name: "image-not-found",
        patterns: &[
            (Stop, &["cannotpull", "not found"]),
            (Stop, &["cannotpull", "notfound"]),
            (Stop, &["cannotpull", "manifest unknown"]),
            (Stop, &["cannotpull", "name unknown"]),
            (Stop, &["cannotpull", "does not exist"]),
            (Stop, &["cannotpull", "invalid reference format"]),
        ],
        sentence: "the image does not exist: {image}",
        hint: "push it, or correct `image.location` in {manifest}; `docker manifest inspect {image}` says whether it is there",
        hope: Hope::None,
    },
    Cause {
        name: "disk-full",
        patterns: &[(Stop, &["no space left on device"])],
        sentence: "the task's disk is full",
        hint: "give it more with `storage: {ephemeral: …}` in {manifest}",
        hope: Hope::None,
    },
    Cause {
        name: "log-group-missing",
        patterns: &[
            (Stop, &["log", "resourcenotfound", "log group does not exist"]),
            (Stop, &["failed to create cloudwatch log stream", "resourcenotfound"]),
        ],
        sentence: "the log group does not exist: {group}",
        hint: "deploy again: the plan makes a log group that is missing",
        hope: Hope::None,
    },
    Cause {
        name: "log-group-denied",
        patterns: &[
            (Stop, &["failed to create cloudwatch log", "accessdenied"]),
            (Stop, &["logging driver", "accessdenied"]),
            (Stop, &["logger args", "accessdenied"]),
        ],
        sentence: "the execution role may not write to the log group {group}",
        hint: "allow `logs:CreateLogStream` and `logs:PutLogEvents` to {execution_role}",
        hope: Hope::Soon,
    },
    Cause {
        name: "logs-unreachable",
        patterns: &[
            (Stop, &["failed to create cloudwatch log", "i/o timeout"]),
            (Stop, &["logger args", "deadline exceeded"]),
            (Stop, &["logger args", "requesterror"]),
            (Stop, &["logger args", "signal: killed"]),
        ],
        sentence: "the tasks have no route to CloudWatch Logs",
        hint: "look at `network` in {manifest}: private subnets need a NAT gateway or endpoints, public ones a public address",
        hope: Hope::Soon,
    },
    Cause {
        name: "file-system",
        patterns: &[
            (Stop, &["resourceinitializationerror", "efs"]),
            (Stop, &["resourceinitializationerror", "mount"]),
        ],
        sentence: "a file system could not be mounted",
        hint: "look whether it has a mount target in the tasks' subnets, and lets NFS (port 2049) in from their security group",
        hope: Hope::Soon,
    },
    Cause {
        name: "role-not-assumable",
        patterns: &[
            (Stop, &["unable to assume the role"]),
            (Event, &["unable to assume the role"]),
            (Stop, &["unable to get task role"]),
        ],
        sentence: "ECS may not assume the role {role}",
        hint: "let `ecs-tasks.amazonaws.com` assume it, in its trust policy: `aws iam get-role --role-name {role_name}`",
        hope: Hope::Soon,
    },
    Cause {
        name: "out-of-memory",
        patterns: &[
            (Stop, &["outofmemory"]),
            (Stop, &["out of memory"]),
            (Stop, &["oomkilled"]),
            (Stop, &["essentialcontainerexited", "exited with code 137"]),
        ],
        sentence: "container {container} ran out of memory{memory}",
        hint: "give it more with `memory` in {manifest}",
        hope: Hope::Some,
    },
    Cause {
        name: "command-not-found",
        patterns: &[
            (Stop, &["executable file not found"]),
            (Stop, &["no such file or directory", "cannotstartcontainer"]),
            (Stop, &["permission denied", "cannotstartcontainer"]),
            (Stop, &["exited with code 127"]),
        ],
        sentence: "container {container} has no such command",
        hint: "correct `command` or `entrypoint` in {manifest}, or the image",
        hope: Hope::None,
    },
    Cause {
        name: "exited",
        patterns: &[
            (Stop, &["essentialcontainerexited"]),
            (Stop, &["essential container in task exited"]),
            (Stop, &["cannotstartcontainer"]),
        ],
        sentence: "container {container} exited{code}{last}",
        hint: "its log says why: `aws logs tail {group} --since 1h`",
        hope: Hope::Some,
    },
    Cause {
        name: "container-health-check",
        patterns: &[
            (Stop, &["failed container health checks"]),
            (Event, &["failed container health checks"]),
        ],
        sentence: "container {container} fails its own health check",
        hint: "run the command of `image.healthcheck` inside the container, or give it more time with `start_period` in {manifest}",
        hope: Hope::Some,
    },
    Cause {
        name: "health-check-code",
        patterns: &[
            (Event, &["health checks failed with these codes"]),
            (Target, &["health checks failed with these codes"]),
            (Target, &["responsecodemismatch"]),
        ],
        sentence: "the load balancer's health check of {path} was answered with {codes}{success}",
        hint: "correct `http.healthcheck` in {manifest}, or what the service answers there",
        hope: Hope::Some,
    },
    Cause {
        name: "health-check-timeout",
        patterns: &[
            (Event, &["is unhealthy", "timed out"]),
            (Target, &["target.timeout"]),
            (Target, &["request timed out"]),
        ],
        sentence: "the load balancer's health check of {path} got no answer{port}",
        hint: "look whether the container listens on that port on all addresses, and whether its security group lets the load balancer in",
        hope: Hope::Some,
    },
    Cause {
        name: "health-check",
        patterns: &[
            (Stop, &["failed elb health checks"]),
            (Event, &["is unhealthy in"]),
            (Target, &["failedhealthchecks"]),
            (Target, &["health checks failed"]),
        ],
        sentence: "nothing answers the load balancer's health check{port}",
        hint: "look whether the container listens on that port on all addresses (not on 127.0.0.1 alone), and correct `image.port` in {manifest}",
        hope: Hope::Some,
    },
    Cause {
        name: "task-quota",
        patterns: &[
            (Event, &["limit on the number of vcpus"]),
            (Event, &["limit on the number of tasks"]),
            (Stop, &["limit on the number of vcpus"]),
        ],
        sentence: "the account's quota of Fargate's vCPUs is used up",
        hint: "ask for more in Service Quotas (`aws service-quotas list-service-quotas --service-code fargate`), or run fewer tasks",
        hope: Hope::Much,
    },
    Cause {
        name: "subnet-full",
        patterns: &[
            (Event, &["insufficientfreeaddresses"]),
            (Stop, &["insufficientfreeaddresses"]),
            (Event, &["not enough free addresses"]),
            (Stop, &["not enough free addresses"]),
            (Event, &["insufficient free addresses"]),
            (Stop, &["insufficient free addresses"]),
        ],
        sentence: "the tasks' subnets have no free addresses{subnet}",
        hint: "take larger subnets, or stop what uses them: `aws ec2 describe-subnets --query 'Subnets[].[SubnetId,AvailableIpAddressCount]'`",
        hope: Hope::Much,
    },
    Cause {
        name: "network-interface",
        patterns: &[
            (Event, &["network interface", "error"]),
            (Stop, &["network interface", "error"]),
        ],
        sentence: "the tasks get no network interface",
        hint: "look whether their subnets and security groups exist: `shipit plan --env {environment}`",
        hope: Hope::Soon,
    },
    Cause {
        name: "spot-interrupted",
        patterns: &[(Stop, &["spotinterruption"]), (Stop, &["spot task was interrupted"])],
        sentence: "AWS took back the Spot capacity that the tasks ran on",
        hint: "deploy again, or run a share of the tasks on plain Fargate: `count: {range: …, spot_from: …}` in {manifest}",
        hope: Hope::Much,
    },
    Cause {
        name: "no-capacity",
        patterns: &[
            (Event, &["capacity is unavailable"]),
            (Stop, &["capacity is unavailable"]),
            (Event, &["no container instance met all of its requirements"]),
            (Event, &["resource:"]),
            (Event, &["was unable to place a task"]),
        ],
        sentence: "AWS has no room for the tasks at this time",
        hint: "deploy again later, or use more zones, other sizes or plain Fargate instead of Spot",
        hope: Hope::Much,
    },
];

#[cfg(test)]
mod tests;
