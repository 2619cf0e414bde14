//! What each key of a service's manifest is on ECS and on EKS: one visible table.
//!
//! From it come the refusals of keys that Kubernetes has nothing for (`check::kubernetes::service`) and
//! `docs/platforms.md`. How the renderings are made is not here but in `planner`.

/// What a key is on EKS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEks {
    /// What it becomes.
    Is(&'static str),
    /// Why it is refused, which continues "`key` ...", and what to do instead.
    Refused(&'static str, &'static str),
}

/// A key, what it is on ECS, and on EKS.
#[derive(Clone, Copy, Debug)]
pub struct Platforms {
    /// The key's path; `*` for any name, `**` for all that lies below.
    pub key: &'static str,
    /// What it is on ECS.
    pub ecs: &'static str,
    /// What it is on EKS.
    pub eks: OnEks,
}

use OnEks::{Is, Refused};

const fn row(key: &'static str, ecs: &'static str, eks: OnEks) -> Platforms {
    Platforms { key, ecs, eks }
}

const SAME: &str = "the same";
const BELOW: &str = "see its keys";
const ELSEWHERE: &str = "write it below `environments.NAME` of an environment on ECS, or remove it";
const OWN: &str = "an object of your own beside the manifest can say it (`kubernetes/NAME/*.yml`), or write the key below `environments.NAME` of an environment on ECS";

/// The table. What several keys have in common stands once: see [`common`].
#[rustfmt::skip]
pub const PLATFORMS: &[Platforms] = &[
    row("kind", "which manifest it is", Is(SAME)),
    row("name", "service, family of task definitions", Is("names of the objects, label `app.kubernetes.io/name`; namespace is the application's name")),
    row("type", "how it is reached", Is("`Scheduled Job` a CronJob, all else a Deployment")),
    row("formerly", "the name it had", Is(SAME)),

    row("image", "container of the task definition", Is("`containers[]`")),
    row("image.location", "`image`; tags in ECR as digests", Is(SAME)),
    row("image.build", "image in ECR, built and pushed", Is(SAME)),
    row("image.build.**", "how it is built", Is(SAME)),
    row("image.port", "`portMappings`", Is("`ports`, and a port of the Service")),
    row("image.ports", "`portMappings`", Is("`ports`, and ports of the Service")),
    row("image.host_port", "`hostPort` in mode `bridge`", Is("`hostPort`; not on Fargate")),
    row("image.credentials", "`repositoryCredentials`", Is("`imagePullSecrets`, with a Secret of type dockerconfigjson from the secret's JSON key `dockerconfigjson`")),
    row("image.labels", "`dockerLabels`", Is("annotations of the pods")),
    row("image.depends_on", "`dependsOn`", Is("`complete` and `success` an init container, repeated until it succeeds; `start` and `healthy` an init container that stays (`restartPolicy: Always`)")),
    row("image.healthcheck", "`healthCheck`: the task is replaced", Is("`livenessProbe`: the container is restarted")),
    row("image.healthcheck.command", "`command`", Is("`exec`; `CMD-SHELL` by `/bin/sh -c`")),
    row("image.healthcheck.interval", "`interval`", Is("`periodSeconds`")),
    row("image.healthcheck.retries", "`retries`", Is("`failureThreshold`")),
    row("image.healthcheck.timeout", "`timeout`", Is("`timeoutSeconds`")),
    row("image.healthcheck.start_period", "`startPeriod`", Is("`startupProbe`, with as many tries")),
    row("entrypoint", "`entryPoint`", Is("`command`")),
    row("command", "`command`", Is("`args`")),

    row("http", "target group, listener rule", Is("Service, Ingress, `readinessProbe`; one load balancer for the environment, by Auto Mode or the AWS Load Balancer Controller")),
    row("http.path", "condition of the rule", Is("`path` of type Prefix; with `*` or `?` ImplementationSpecific. The more specific rule first (`group.order`)")),
    row("http.alias", "condition, records and certificate", Is("`host` of the rules; records and certificates are left to the add-on `external-dns` and `http.public.certificates` of the environment")),
    row("http.alias.name", "host name", Is(SAME)),
    row("http.alias.hosted_zone", "where its record lies", Refused("is about records, which shipit makes for services on ECS alone", "the add-on `external-dns` makes records for hosts of an Ingress")),
    row("http.hosted_zone", "where records lie", Refused("is about records, which shipit makes for services on ECS alone", "the add-on `external-dns` makes records for hosts of an Ingress")),
    row("http.alb", "a load balancer that exists", Refused("names a load balancer that exists, and in a cluster the controllers use those alone that they make", ELSEWHERE)),
    row("http.version", "protocol version of the target group", Is("annotation `backend-protocol-version`")),
    row("http.healthcheck", "health check of the target group", Is("annotations `healthcheck-…`, and `readinessProbe` (not with gRPC, nor with codes outside 200 to 399)")),
    row("http.healthcheck.path", "path", Is("`healthcheck-path`, `httpGet.path`")),
    row("http.healthcheck.port", "port", Is("`healthcheck-port`, `httpGet.port`")),
    row("http.healthcheck.success_codes", "codes", Is("`success-codes`")),
    row("http.healthcheck.healthy_threshold", "threshold", Is("`healthy-threshold-count`, `successThreshold`")),
    row("http.healthcheck.unhealthy_threshold", "threshold", Is("`unhealthy-threshold-count`, `failureThreshold`")),
    row("http.healthcheck.timeout", "timeout", Is("`healthcheck-timeout-seconds`, `timeoutSeconds`")),
    row("http.healthcheck.interval", "interval", Is("`healthcheck-interval-seconds`, `periodSeconds`")),
    row("http.healthcheck.grace_period", "grace period of the service", Is("added to `progressDeadlineSeconds`: a pod that is not ready is not stopped")),
    row("http.stickiness", "attribute of the target group", Is("annotation `target-group-attributes`")),
    row("http.deregistration_delay", "attribute of the target group", Is("annotation `target-group-attributes`")),
    row("http.target_container", "target of the rule", Is("container whose port the Service leads to")),
    row("http.targetContainer", "target of the rule", Is("container whose port the Service leads to")),
    row("http.target_port", "target of the rule", Is("port of the backend")),
    row("http.allowed_source_ips", "condition of the rule", Is("annotation `conditions.SERVICE`")),
    row("http.redirect_to_https", "rule on HTTP", Is("annotation `ssl-redirect`, where the environment has certificates; one rule that says it says it for the whole load balancer")),
    row("http.redirects", "listener rules", Is("Ingress with annotation `actions.…`")),
    row("http.redirects.**", "parts of the rule", Is("parts of the action")),

    row("nlb", "network load balancer", Is("Service of type LoadBalancer, class of Auto Mode or of the controller")),
    row("nlb.port", "listener", Is("`ports[].port`; TLS: annotation `ssl-ports`, with the environment's certificates")),
    row("nlb.healthcheck", "health check of the target group", Is("annotations; one for all ports")),
    row("nlb.healthcheck.grace_period", "grace period of the service", Is("added to `progressDeadlineSeconds`")),
    row("nlb.healthcheck.**", "its settings", Is("annotations `healthcheck-…`")),
    row("nlb.target_container", "target", Is("container whose port is led to")),
    row("nlb.target_port", "target", Is("`targetPort`")),
    row("nlb.ssl_policy", "listener's policy", Is("annotation `ssl-negotiation-policy`")),
    row("nlb.stickiness", "attribute of the target group", Is("annotation `target-group-attributes`")),
    row("nlb.deregistration_delay", "attribute of the target group", Is("annotation `target-group-attributes`")),
    row("nlb.alias", "records and certificate", Refused("is about records, which shipit makes for services on ECS alone", "the add-on `external-dns` makes records for Services")),
    row("nlb.alias.**", "records and certificate", Refused("is about records, which shipit makes for services on ECS alone", "the add-on `external-dns` makes records for Services")),

    row("cpu", "`cpu` of the task", Is("`requests.cpu` of the main container, less what sidecars have: 1024 are one")),
    row("memory", "`memory` of the task", Is("`requests.memory` and `limits.memory` of the main container, less what sidecars have")),
    row("platform", "`runtimePlatform`", Is("`nodeSelector` by system and processor")),
    row("platform.**", "`runtimePlatform`", Is("`nodeSelector`")),
    row("capacity", "launch type, capacity providers", Refused("says which capacity of ECS runs tasks; in a cluster nodes do", "`kubernetes.node_selector` chooses nodes; or write it below `environments.NAME` of an environment on ECS")),
    row("capacity.**", "launch type, capacity providers", Refused("says which capacity of ECS runs tasks", ELSEWHERE)),
    row("placement", "where on instances", Is(BELOW)),
    row("placement.constraints", "`placementConstraints`", Is("`distinct_instance`: `podAntiAffinity` by host")),
    row("placement.constraints.member_of", "cluster query language", Refused("is an expression of ECS's cluster query language", "`kubernetes.node_selector` chooses nodes by labels")),
    row("placement.strategies", "`placementStrategy`", Is("`random`: nothing, as it is")),
    row("placement.strategies.binpack", "fullest instance first", Refused("is a strategy of ECS's; in a cluster one scheduler places the pods of all", "remove it")),
    row("placement.strategies.spread", "evenly", Is("`topologySpreadConstraints`, for zone, instance type and instance")),

    row("count", "`desiredCount`; `daemon`: strategy DAEMON", Is("`replicas`; `daemon`: a DaemonSet")),
    row("count.spot", "Fargate Spot", Refused("is Fargate Spot, a capacity provider of ECS", "write a plain number; nodes of a group with `spot: true` are chosen by `kubernetes.node_selector`")),
    row("count.range", "scalable target", Is("HorizontalPodAutoscaler (`autoscaling/v2`); `replicas` is its own")),
    row("count.range.min", "`MinCapacity`", Is("`minReplicas`, at least 1")),
    row("count.range.max", "`MaxCapacity`", Is("`maxReplicas`")),
    row("count.range.spot_from", "Fargate Spot", Refused("is Fargate Spot, a capacity provider of ECS", ELSEWHERE)),
    row("count.cooldown", "cool-down of policies", Is("`behavior`: stabilization windows")),
    row("count.cooldown.**", "cool-down of policies", Is("`stabilizationWindowSeconds`, the longest of all targets")),
    row("count.cpu_percentage", "target tracking", Is("metric `cpu`, Utilization")),
    row("count.cpu_percentage.**", "target tracking", Is("metric `cpu`, Utilization")),
    row("count.memory_percentage", "target tracking", Is("metric `memory`, Utilization")),
    row("count.memory_percentage.**", "target tracking", Is("metric `memory`, Utilization")),
    row("count.requests", "target tracking", Is("external metric `shipit-requests-per-minute`, which an adapter of yours serves")),
    row("count.requests.**", "target tracking", Is("external metric")),
    row("count.response_time", "target tracking", Is("external metric `shipit-response-time`, which an adapter of yours serves")),
    row("count.response_time.**", "target tracking", Is("external metric")),
    row("count.queue_delay", "target tracking", Is("external metric `shipit-messages-waiting`, which an adapter of yours serves")),
    row("count.queue_delay.**", "target tracking", Is("external metric")),
    row("count.steps", "step scaling", Refused("scales in steps, and a HorizontalPodAutoscaler knows targets alone", "write a target such as `cpu_percentage: 70`, or the steps below an environment on ECS")),
    row("count.steps.**", "step scaling", Refused("scales in steps", ELSEWHERE)),
    row("count.schedules", "scheduled actions", Refused("changes bounds at set times, and a HorizontalPodAutoscaler knows no times", OWN)),
    row("count.schedules.**", "scheduled actions", Refused("changes bounds at set times", OWN)),

    row("exec", "`enableExecuteCommand`, a policy of the task role", Is("nothing: whoever `access` of the environment lets `exec` may do so")),
    row("exec.enable", "the same", Is("nothing")),
    row("env_file", "`environmentFiles`, or variables", Is("variables; a file in S3 is refused, as nothing would read it")),
    row("variables", "`environment`", Is("`env`; `$(` is written so that Kubernetes replaces nothing")),
    row("secrets", "`secrets`, read by ECS", Is("a Secret, filled when it is applied, and `secretKeyRef`")),
    row("secrets.*.secretsmanager", "`valueFrom`", Is("a value or a key of its JSON; no stage and version")),
    row("publish", "topics of SNS", Is(SAME)),
    row("publish.**", "topics of SNS", Is(SAME)),
    row("subscribe", "queues of SQS, subscriptions", Is(SAME)),
    row("subscribe.**", "queues of SQS, subscriptions", Is(SAME)),

    row("on", "schedule of EventBridge Scheduler", Is("CronJob")),
    row("on.schedule", "`ScheduleExpression`", Is("`schedule`; `none`: `suspend`. No `at(…)`, years, last or nearest days")),
    row("on.timezone", "time zone", Is("`timeZone`, unless it is UTC")),
    row("on.maximum_event_age", "retry policy", Is("`startingDeadlineSeconds`, unless it is 24h")),
    row("on.flexible_window", "flexible window", Refused("spreads starts over a span, and a CronJob starts on time", ELSEWHERE)),
    row("on.start", "start of the schedule", Refused("begins a schedule later, and a CronJob knows no such time", ELSEWHERE)),
    row("on.end", "end of the schedule", Refused("ends a schedule, and a CronJob knows no such time", ELSEWHERE)),
    row("on.dead_letter", "dead-letter queue", Refused("is a queue for runs that could not be started; a CronJob's are events in the cluster", ELSEWHERE)),
    row("timeout", "a second container that ends the task", Is("`activeDeadlineSeconds` of the Job")),
    row("timeout.after", "how long", Is("`activeDeadlineSeconds`")),
    row("timeout.image", "what keeps the time", Refused("is the image of a container that keeps the time; in a cluster Kubernetes does", "write `timeout: TIME` alone")),
    row("retries", "tries to start a run", Is("`backoffLimit`: runs that fail are repeated, too")),

    row("sidecars", "more containers", Is("more containers, or init containers where others wait for them; in a job init containers that stay")),
    row("sidecars.*.image", "`image`", Is(SAME)),
    row("sidecars.*.image.**", "how it is built", Is(SAME)),
    row("sidecars.*.port", "`portMappings`", Is("`ports`, and a port of the Service")),
    row("sidecars.*.ports", "`portMappings`", Is("`ports`, and ports of the Service")),
    row("sidecars.*.host_port", "`hostPort` in mode `bridge`", Is("`hostPort`; not on Fargate")),
    row("sidecars.*.cpu", "`cpu`", Is("`requests.cpu`")),
    row("sidecars.*.memory", "`memory`", Is("`limits.memory`")),
    row("sidecars.*.memory_reservation", "`memoryReservation`", Is("`requests.memory`")),
    row("sidecars.*.essential", "whether the task ends with it", Is("`false` for what ends before others start; all else is restarted")),
    row("sidecars.*.credentialsParameter", "`repositoryCredentials`", Is("as `image.credentials`")),
    row("sidecars.*.mount_points", "`mountPoints`", Is("`volumeMounts`")),
    row("sidecars.*.mount_points.**", "`mountPoints`", Is("`volumeMounts`")),
    row("sidecars.*.labels", "`dockerLabels`", Is("annotations of the pods")),
    row("sidecars.*.depends_on", "`dependsOn`", Is("as `image.depends_on`")),

    row("network", "network configuration", Is(BELOW)),
    row("network.mode", "`networkMode`", Is("`awsvpc`, `bridge`: the pod's own; `host`: `hostNetwork`; `none` is refused")),
    row("network.vpc", "subnets, security groups", Is(BELOW)),
    row("network.vpc.placement", "subnets", Is("`private`, where nodes are; others are refused, as pods are where their nodes are")),
    row("network.vpc.placement.**", "subnets", Refused("says in which subnets tasks are; pods are where their nodes are", "`placement` of a node group says it, in the environment's manifest")),
    row("network.vpc.security_groups", "`securityGroups`", Is("SecurityGroupPolicy, besides the cluster's own group; not with Auto Mode")),
    row("network.vpc.security_groups.**", "`securityGroups`", Is("SecurityGroupPolicy")),
    row("network.connect", "Service Connect", Refused("is ECS Service Connect", "in the cluster, services reach each other at SERVICE:PORT; or write it below `environments.NAME` of an environment on ECS")),
    row("network.connect.**", "Service Connect", Refused("is ECS Service Connect", ELSEWHERE)),
    row("mesh", "App Mesh, VPC Lattice, Service Connect", Is("VPC Lattice: HTTPRoute, TargetGroupPolicy and IAMAuthPolicy for AWS's Gateway API Controller; App Mesh: VirtualNode, VirtualService, VirtualRouter, VirtualGateway and GatewayRoute for its controller. Both controllers have to be in the cluster")),
    row("mesh.discovery", "Cloud Map or DNS", Is("App Mesh: the name of the Service, or `host`")),
    row("mesh.discovery.attributes", "attributes in Cloud Map", Refused("is about instances in Cloud Map, where pods are not", ELSEWHERE)),
    row("mesh.envoy", "container of the task", Is("annotations for the webhook that adds it: `cpuRequest`, `memoryRequest`, `memoryLimit`, `sidecarEnv`, `egressIgnoredPorts`")),
    row("mesh.envoy.image", "its image", Refused("is the image of a container that App Mesh's controller adds", "set `sidecar.image` of the controller's chart")),
    row("mesh.envoy.ignored_addresses", "`EgressIgnoredIPs`", Refused("is a setting of App Mesh's controller in a cluster", "set `sidecar.egressIgnoredIPs` of the controller's chart, or write it below `environments.NAME` of an environment on ECS")),
    row("mesh.timeout.idle", "idle timeout of the listener or of the service of Lattice", Is("the same in App Mesh; refused with Lattice, whose services the controller makes")),
    row("mesh.routes.priority", "priority of the rule", Is("the same in App Mesh; refused with Lattice, where the more specific match goes first")),
    row("mesh.**", "parts of it", Is("parts of it")),
    row("discovery", "service of Cloud Map", Is("Service (ClusterIP): SERVICE, or SERVICE.NAMESPACE.svc.cluster.local; `false`: none, unless `http` needs it")),
    row("discovery.name", "its name", Is("its name")),
    row("discovery.description", "its description", Is("annotation `kubernetes.io/description`")),
    row("discovery.records", "records", Refused("is about records of Cloud Map", ELSEWHERE)),
    row("discovery.ttl", "records", Refused("is about records of Cloud Map", ELSEWHERE)),
    row("discovery.routing", "records", Refused("is about records of Cloud Map", ELSEWHERE)),
    row("discovery.port", "SRV records", Refused("is about records of Cloud Map", ELSEWHERE)),
    row("discovery.health_check", "whose word counts", Refused("is about Cloud Map; probes decide in a cluster", ELSEWHERE)),
    row("discovery.health_check.**", "whose word counts", Refused("is about Cloud Map", ELSEWHERE)),

    row("storage", "disks", Is(BELOW)),
    row("storage.ephemeral", "`ephemeralStorage`", Is("`ephemeral-storage` of the main container")),
    row("storage.readonly_fs", "`readonlyRootFilesystem`", Is("`readOnlyRootFilesystem`")),
    row("storage.volumes", "`volumes`", Is("`emptyDir`, unless `efs` says otherwise; names are DNS labels")),
    row("storage.volumes.*.path", "`mountPoints`", Is("`mountPath`")),
    row("storage.volumes.*.read_only", "`readOnly`", Is("`readOnly`")),
    row("storage.volumes.*.efs", "EFS", Is("PersistentVolume of `efs.csi.aws.com` and its claim; needs the add-on `aws-efs-csi-driver`")),
    row("storage.volumes.*.efs.**", "EFS", Is("`volumeHandle` and mount options")),
    row("storage.volumes.*.ebs", "EBS volume managed by ECS", Refused("is an EBS volume that ECS makes for each task", "`kubernetes.claims` gives each pod a disk of its own, which it keeps")),
    row("storage.volumes.*.ebs.**", "EBS volume managed by ECS", Refused("is an EBS volume that ECS makes", ELSEWHERE)),

    row("logging", "log group", Is("nothing: nodes keep the last lines of each container; the add-on `amazon-cloudwatch-observability` sends them on")),
    row("logging.retention", "days of the log group", Refused("is about the service's log group, which only ECS writes to", "the add-on `amazon-cloudwatch-observability` has log groups of its own; or write it below `environments.NAME` of an environment on ECS")),
    row("logging.options", "log driver", Refused("is about ECS's log driver", ELSEWHERE)),
    row("logging.**", "FireLens", Refused("is FireLens, ECS's log router", "put a log router into the cluster, such as the add-on `amazon-cloudwatch-observability`; or write it below `environments.NAME` of an environment on ECS")),
    row("deployment", "how a version replaces another", Is(BELOW)),
    row("deployment.strategy", "deployment strategy", Refused("says how ECS moves traffic between two target groups", ELSEWHERE)),
    row("deployment.percent", "percent of a step", Refused("is a share of ECS's traffic shifting", ELSEWHERE)),
    row("deployment.step_bake_time", "bake time of a step", Refused("is a time of ECS's traffic shifting", ELSEWHERE)),
    row("deployment.bake_time", "bake time", Refused("is a time of ECS's traffic shifting", ELSEWHERE)),
    row("deployment.test_traffic", "test listener rule", Refused("is a rule of ECS's traffic shifting", ELSEWHERE)),
    row("deployment.test_traffic.**", "test listener rule", Refused("is a rule of ECS's traffic shifting", ELSEWHERE)),
    row("deployment.hooks", "lifecycle hooks", Refused("stands at stages of ECS's deployments", ELSEWHERE)),
    row("deployment.hooks.**", "lifecycle hooks", Refused("stands at stages of ECS's deployments", ELSEWHERE)),
    row("deployment.early_success", "early success criteria", Refused("is ECS's own measure of success", ELSEWHERE)),
    row("deployment.early_success.**", "early success criteria", Refused("is ECS's own measure of success", ELSEWHERE)),
    row("deployment.circuit_breaker.threshold", "threshold", Refused("counts tasks that fail, which ECS does", ELSEWHERE)),
    row("deployment.circuit_breaker.reset_on_healthy_task", "whether a healthy task resets the count", Refused("counts tasks that fail, which ECS does", ELSEWHERE)),
    row("deployment.rolling", "minimum and maximum percent", Is("`default`: RollingUpdate, new pods first; `recreate`: Recreate")),
    row("deployment.circuit_breaker", "circuit breaker", Is("`progressDeadlineSeconds`: new pods that do not start are given up; `false`: never")),
    row("deployment.circuit_breaker.rollback", "whether the last version is put back", Is("nothing: old pods go on until new ones are ready; `svc rollback` puts the last version back")),
    row("deployment.rollback_alarms", "alarms that roll back", Refused("watches alarms, which ECS does during a deployment and Kubernetes does not", ELSEWHERE)),
    row("deployment.rollback_alarms.**", "alarms that roll back", Refused("watches alarms", ELSEWHERE)),
    row("observability", "what is measured", Is(BELOW)),
    row("observability.tracing", "collector beside the main container", Is("the same container, with the pods' role")),
    row("observability.collector_image", "its image", Is(SAME)),
    row("iam", "roles", Is(BELOW)),
    row("iam.task_role", "task role", Is("role of the service account, by a pod identity association; on Fargate by the cluster's OIDC provider, where the environment has it")),
    row("iam.task_role.**", "policies of the role", Is(SAME)),
    row("iam.permissions_boundary", "boundary of the roles", Is(SAME)),
    row("iam.execution_role", "role in which ECS starts tasks", Refused("is ECS's own role to start tasks; nodes pull images, and secrets are read when they are applied", ELSEWHERE)),
    row("iam.execution_role.**", "role in which ECS starts tasks", Refused("is ECS's own role", ELSEWHERE)),
    row("pid_mode", "`pidMode`", Is("`task`: `shareProcessNamespace`; `host`: `hostPID`")),
    row("ipc_mode", "`ipcMode`", Is("`task`: as it is; `host`: `hostIPC`; `none` is refused, as containers of a pod share it")),
    row("fault_injection", "`enableFaultInjection`", Refused("lets AWS FIS inject faults through ECS", ELSEWHERE)),
    row("patches", "changes of planned resources", Is("the same, of Kubernetes' objects, too")),
    row("patches.**", "changes of planned resources", Is(SAME)),
    row("taskdef_overrides", "changes of the task definition", Refused("changes a task definition, and there is none", "`patches` change objects of Kubernetes, too")),
    row("taskdef_overrides.**", "changes of the task definition", Refused("changes a task definition", ELSEWHERE)),

    row("ulimits", "`ulimits`", Refused("has no counterpart: limits of processes are those of the node's container runtime", ELSEWHERE)),
    row("ulimits.**", "`ulimits`", Refused("has no counterpart", ELSEWHERE)),
    row("gpu", "`resourceRequirements`", Is("`limits` of `nvidia.com/gpu`")),
    row("privileged", "`privileged`", Is("`privileged`")),
    row("init", "`initProcessEnabled`", Is("`shareProcessNamespace`: the pod's first process reaps all others")),
    row("stop_timeout", "`stopTimeout`", Is("`terminationGracePeriodSeconds`, the longest of all containers")),
    row("start_timeout", "`startTimeout`", Is("tries of the `startupProbe` of what others wait for")),
    row("restart_policy", "restarts in place", Is("as it is in a Deployment; in a job `restartPolicy: OnFailure`")),
    row("restart_policy.enabled", "restarts in place", Is("as above")),
    row("restart_policy.ignored_exit_codes", "which are none", Refused("leaves containers stopped after some exit codes, which Kubernetes never does", ELSEWHERE)),
    row("restart_policy.reset_period", "how long it must have run", Refused("is ECS's own time; Kubernetes waits longer after each failure", ELSEWHERE)),
    row("user", "`user`", Is("`runAsUser`, `runAsGroup`: numbers, no names")),
    row("working_directory", "`workingDirectory`", Is("`workingDir`")),
    row("linux", "`linuxParameters`", Is(BELOW)),
    row("linux.capabilities", "`capabilities`", Is("`capabilities`")),
    row("linux.capabilities.**", "`capabilities`", Is("`capabilities`")),
    row("linux.tmpfs", "`tmpfs`", Is("`emptyDir` in memory")),
    row("linux.tmpfs.path", "path", Is("`mountPath`")),
    row("linux.tmpfs.size", "size", Is("`sizeLimit`")),
    row("linux.tmpfs.options", "mount options", Refused("are mount options, which a volume in memory does not take", ELSEWHERE)),
    row("linux.shm_size", "`sharedMemorySize`", Is("`emptyDir` in memory at `/dev/shm`")),
    row("linux.max_swap", "`maxSwap`", Refused("is about swap, which pods do not have", ELSEWHERE)),
    row("linux.swappiness", "`swappiness`", Refused("is about swap, which pods do not have", ELSEWHERE)),
    row("linux.devices", "`devices`", Refused("gives a container devices of its host, which a cluster does by device plugins", OWN)),
    row("linux.devices.**", "`devices`", Refused("gives a container devices of its host", OWN)),
    row("system_controls", "`systemControls`", Is("`sysctls` of the pod")),
    row("extra_hosts", "`extraHosts`", Is("`hostAliases` of the pod")),
    row("dns", "name servers", Is(BELOW)),
    row("dns.servers", "`dnsServers`", Is("`dnsConfig.nameservers`, `dnsPolicy: None`")),
    row("dns.search", "`dnsSearchDomains`", Is("`dnsConfig.searches`")),
    row("hostname", "`hostname`", Is("`hostname` of the pod")),
    row("interactive", "`interactive`", Is("`stdin`")),
    row("pseudo_terminal", "`pseudoTerminal`", Is("`tty`")),
    row("version_consistency", "`versionConsistency`", Is("tags in ECR are digests; `disabled`: `imagePullPolicy: Always`")),

    row("kubernetes", "refused: it belongs below `environments.NAME` of an environment on EKS", Is(BELOW)),
    row("kubernetes.node_selector", "refused", Is("`nodeSelector`")),
    row("kubernetes.tolerations", "refused", Is("`tolerations`")),
    row("kubernetes.tolerations.**", "refused", Is("parts of it")),
    row("kubernetes.topology_spread", "refused", Is("`topologySpreadConstraints`")),
    row("kubernetes.topology_spread.**", "refused", Is("parts of it")),
    row("kubernetes.priority_class", "refused", Is("`priorityClassName`")),
    row("kubernetes.service_account", "refused", Is("ServiceAccount")),
    row("kubernetes.service_account.annotations", "refused", Is("its annotations")),
    row("kubernetes.service_account.token", "refused", Is("`automountServiceAccountToken`")),
    row("kubernetes.disruption_budget", "refused", Is("PodDisruptionBudget; `maxUnavailable: 1` from two pods on when left out")),
    row("kubernetes.disruption_budget.**", "refused", Is("`maxUnavailable` or `minAvailable`")),
    row("kubernetes.claims", "refused", Is("`volumeClaimTemplates`; the pods are a StatefulSet then")),
    row("kubernetes.claims.**", "refused", Is("parts of the claim")),
    row("environments", "what differs", Is(SAME)),
];

/// What some keys have in common with others: the first stands for the second.
const COMMON: &[(&str, &str)] = &[
    ("http.additional_rules", "http"),
    ("nlb.additional_listeners", "nlb"),
    ("sidecars.*.healthcheck", "image.healthcheck"),
];

/// The key whose row holds for this one: `http.path` for `http.additional_rules.path`.
pub fn common(path: &str) -> String {
    let found = COMMON.iter().find_map(|(from, to)| {
        let rest = strip(path, from)?;
        Some(if rest.is_empty() { (*to).to_owned() } else { format!("{to}.{rest}") })
    });
    found.unwrap_or_else(|| path.to_owned())
}

/// The row of a key, by its path; a sidecar's own keys are those of the main container, where nothing else is said.
pub fn platforms(path: &str) -> Option<&'static Platforms> {
    let path = common(path);
    let own = strip(&path, "sidecars.*").filter(|rest| !rest.is_empty());
    exact(&path)
        .or_else(|| below(&path))
        .or_else(|| own.and_then(|own| exact(own).or_else(|| below(own))))
}

fn exact(path: &str) -> Option<&'static Platforms> {
    PLATFORMS.iter().find(|row| !row.key.ends_with("**") && strip(path, row.key) == Some(""))
}

fn below(path: &str) -> Option<&'static Platforms> {
    PLATFORMS.iter().find(|row| {
        let above = row.key.strip_suffix(".**");
        above.is_some_and(|above| strip(path, above).is_some_and(|rest| !rest.is_empty()))
    })
}

/// What stands behind a pattern in a path, `""` where they are one.
fn strip<'a>(path: &'a str, pattern: &str) -> Option<&'a str> {
    let mut rest = path;
    for step in pattern.split('.') {
        if rest.is_empty() {
            return None;
        }
        let (first, more) = rest.split_once('.').unwrap_or((rest, ""));
        if step != "*" && step != first {
            return None;
        }
        rest = more;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Kind;
    use crate::manifest::schema::paths;

    #[test]
    fn every_key_has_a_row_and_every_row_a_key() {
        let known: Vec<&String> =
            paths(Kind::Service).iter().filter(|path| !path.starts_with("environments.")).collect();
        let missing: Vec<_> = known.iter().filter(|path| platforms(path).is_none()).collect();
        assert!(missing.is_empty(), "no row for {missing:?}");
        for row in PLATFORMS {
            let used =
                known.iter().any(|path| platforms(path).is_some_and(|found| found.key == row.key));
            assert!(used, "no key for the row {}", row.key);
        }
    }

    #[test]
    fn the_most_particular_row_holds() {
        let key = |path: &str| platforms(path).map(|row| row.key);
        assert_eq!(key("http.additional_rules.path"), Some("http.path"));
        assert_eq!(key("sidecars.envoy.image"), Some("sidecars.*.image"));
        assert_eq!(key("sidecars.envoy.linux.tmpfs.size"), Some("linux.tmpfs.size"));
        assert_eq!(key("storage.volumes.data.ebs.size"), Some("storage.volumes.*.ebs.**"));
        assert_eq!(key("nothing"), None);
    }
}
