//! A service in an environment on EKS: what Kubernetes has nothing for, and what does not fit the cluster.
//!
//! Which keys are refused altogether says `manifest::platforms`; here is what depends on values.

use super::super::{Explain, Findings};
use super::sizes;
use crate::manifest::env_file::in_s3;
use crate::manifest::environment::{Environment, Kubernetes};
use crate::manifest::platforms::{OnEks, platforms};
use crate::manifest::service::{
    Condition, Constraint, Count, Efs, IpcMode, NetworkMode, NlbProtocol, PidMode, Placement,
    RoleSource, Rolling, Secret, ServiceManifest, ServiceType, Settings, Strategy, crontab,
};
use crate::manifest::yaml::{Node, Value};

/// EKS's add-on for file systems of EFS.
const EFS_DRIVER: &str = "aws-efs-csi-driver";
/// The longest window that an autoscaler looks back.
const LONGEST_WINDOW: u64 = 3600;

/// Everything about it that the other checks of a service do not look at.
pub(in crate::manifest::check) fn service(
    service: &ServiceManifest,
    environment: &Environment,
    kubernetes: &Kubernetes,
    findings: &mut Findings<'_>,
) {
    let cluster = Cluster { service, environment, kubernetes };
    refused(findings, &environment.name);
    names(service, findings);
    cluster.containers(findings);
    cluster.places(findings);
    cluster.count(findings);
    cluster.volumes(findings);
    cluster.reached(findings);
    cluster.identity(findings);
    if service.service_type == ServiceType::ScheduledJob {
        job(service, findings);
    }
    super::mesh::service(service, environment, findings);
    sizes::check(service, environment, kubernetes, findings);
}

/// Keys of Kubernetes' in an environment on ECS.
pub(in crate::manifest::check) fn on_ecs(
    service: &ServiceManifest,
    environment: &Environment,
    findings: &mut Findings<'_>,
) {
    if findings.node.get("kubernetes").is_none_or(|entry| entry.node.is_null()) {
        return;
    }
    let _ = service;
    findings
        .error_of_key(
            "kubernetes",
            format!(
                "`kubernetes` is for clusters of EKS, and environment `{}` is on ECS",
                environment.name
            ),
        )
        .advise("write it below `environments.NAME` of an environment on EKS");
}

/// Keys that are written, and that Kubernetes has nothing for.
fn refused(findings: &mut Findings<'_>, environment: &str) {
    let mut found = Vec::new();
    walk(findings.node, "", &mut found);
    for (span, path, why, instead) in found {
        let key = path.rsplit('.').next().unwrap_or(&path).to_owned();
        findings
            .error_at(span, format!("environment `{environment}` is on EKS: `{key}` {why}"))
            .advise(instead);
    }
}

type Refused = (crate::manifest::Span, String, &'static str, &'static str);

fn walk(node: &Node, path: &str, found: &mut Vec<Refused>) {
    match &node.value {
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, path, found)),
        Value::Mapping(entries) => {
            for entry in entries {
                let path = match path.is_empty() {
                    true => entry.key.clone(),
                    false => format!("{path}.{}", entry.key),
                };
                if entry.node.is_null() || entry.node.text() == Some("false") {
                    continue;
                }
                match platforms(&path).map(|row| row.eks) {
                    Some(OnEks::Refused(why, instead)) => {
                        found.push((entry.span, path, why, instead));
                    }
                    _ => walk(&entry.node, &path, found),
                }
            }
        }
        _ => {}
    }
}

/// What is wrong with a DNS label, which many names in a cluster have to be.
pub(in crate::manifest) fn is_label(name: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= 63
        && name.chars().all(inside)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn names(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let volumes = service.storage.volumes.keys().map(|name| ("storage.volumes", name));
    let claims = service.kubernetes.claims.keys().map(|name| ("kubernetes.claims", name));
    for (path, name) in volumes.chain(claims).filter(|(_, name)| !is_label(name)) {
        findings
            .error_of_key(
                &format!("{path}.{name}"),
                format!("`{name}` is no name for a volume in a cluster"),
            )
            .explain(
                "a DNS label: lower-case letters, digits and `-`, at most 63 characters",
                format!("write `{}`", label(name)),
            );
    }
    let labels = service.image.labels.keys().map(|name| ("image.labels".to_owned(), name));
    let sidecars = service.sidecars.iter().flat_map(|(sidecar, one)| {
        one.labels.keys().map(move |name| (format!("sidecars.{sidecar}.labels"), name))
    });
    for (path, name) in labels.chain(sidecars).filter(|(_, name)| !is_annotation(name)) {
        findings
            .error_of_key(&format!("{path}.{name}"), format!("`{name}` is no name for an annotation of pods"))
            .explain(
                "letters, digits, `-`, `_` and `.`, at most 63, possibly after a domain and a slash",
                "choose another name",
            );
    }
}

/// The nearest name that is a label.
fn label(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let label: String =
        lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(63).collect();
    let label = label.trim_matches('-');
    if label.is_empty() { "data".to_owned() } else { label.to_owned() }
}

pub(super) fn is_annotation(name: &str) -> bool {
    let (domain, name) = match name.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, name),
    };
    let inside = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let ends = |c: char| c.is_ascii_alphanumeric();
    domain.is_none_or(|domain| domain.split('.').all(is_label))
        && name.len() <= 63
        && name.chars().all(inside)
        && name.starts_with(ends)
        && name.ends_with(ends)
}

struct Cluster<'a> {
    service: &'a ServiceManifest,
    environment: &'a Environment,
    kubernetes: &'a Kubernetes,
}

impl Cluster<'_> {
    /// What Fargate does not run, said of a key.
    fn not_on_fargate(&self, path: &str, what: &str, findings: &mut Findings<'_>) {
        if self.kubernetes.only_fargate() {
            findings
                .error(
                    path,
                    format!(
                        "all pods of environment `{}` run on Fargate, where there is no {what}",
                        self.environment.name
                    ),
                )
                .advise("add node groups or Auto Mode to the environment, or remove it");
        }
    }

    fn containers(&self, findings: &mut Findings<'_>) {
        let service = self.service;
        let sidecars = service.sidecars.iter();
        let all = sidecars.map(|(name, one)| (format!("sidecars.{name}."), &one.settings));
        for (path, settings) in std::iter::once((String::new(), &service.settings)).chain(all) {
            self.settings(&path, settings, findings);
        }
        let secrets =
            service.sidecars.iter().map(|(name, one)| (format!("sidecars.{name}."), &one.secrets));
        for (path, secrets) in std::iter::once((String::new(), &service.secrets)).chain(secrets) {
            for (name, secret) in secrets.iter().filter(|(_, secret)| staged(secret)) {
                let _ = secret;
                findings
                    .error(
                        &format!("{path}secrets.{name}"),
                        "a stage or version of a secret: in a cluster the current value is taken",
                    )
                    .advise("leave both empty: `NAME:JSON-KEY::`");
            }
        }
        let files =
            service.sidecars.iter().map(|(name, one)| (format!("sidecars.{name}."), &one.env_file));
        for (path, file) in std::iter::once((String::new(), &service.env_file)).chain(files) {
            if file.as_deref().is_some_and(|file| in_s3(file).is_some()) {
                findings
                    .error(
                        &format!("{path}env_file"),
                        "a file in S3 is read by ECS alone when a task starts",
                    )
                    .advise("write a path from the workspace's root");
            }
        }
        if service.ipc_mode == Some(IpcMode::None) {
            findings
                .error("ipc_mode", "containers of a pod always share memory and queues")
                .explain("`task` or `host`", "remove it");
        }
        for (path, host) in [
            ("pid_mode", service.pid_mode == Some(PidMode::Host)),
            ("ipc_mode", service.ipc_mode == Some(IpcMode::Host)),
            ("network.mode", service.network.mode == Some(NetworkMode::Host)),
        ] {
            if host {
                self.not_on_fargate(path, "host to share anything of", findings);
            }
        }
        let ports = service
            .sidecars
            .iter()
            .map(|(name, one)| (format!("sidecars.{name}.host_port"), one.host_port));
        for (path, port) in
            std::iter::once(("image.host_port".to_owned(), service.image.host_port)).chain(ports)
        {
            if port.is_some() {
                self.not_on_fargate(&path, "port of a host", findings);
            }
        }
        self.waits(findings);
    }

    fn settings(&self, path: &str, settings: &Settings, findings: &mut Findings<'_>) {
        let numbers = |user: &str| {
            let mut parts = user.split(':');
            user.split(':').count() <= 2 && parts.all(|part| part.parse::<u32>().is_ok())
        };
        if settings.user.as_deref().is_some_and(|user| !numbers(user)) {
            findings
                .error(&format!("{path}user"), "in a cluster a user has a number, and no name")
                .explain(
                    "`UID` or `UID:GID`",
                    "write the number that the image gives the name: `user: \"1000:1000\"`",
                );
        }
        if settings.restart_policy.as_ref().is_some_and(|policy| !policy.enabled)
            && self.service.service_type != ServiceType::ScheduledJob
        {
            findings
                .error(
                    &format!("{path}restart_policy"),
                    "containers of a Deployment are always restarted in place",
                )
                .advise(
                    "remove it, or write it below `environments.NAME` of an environment on ECS",
                );
        }
        if settings.privileged {
            self.not_on_fargate(&format!("{path}privileged"), "privileged container", findings);
        }
        if settings.gpu.is_some() {
            self.not_on_fargate(&format!("{path}gpu"), "graphics card", findings);
        }
    }

    /// Containers that wait for the main one, or for what waits for it, start after it; no more is to be had.
    fn waits(&self, findings: &mut Findings<'_>) {
        let service = self.service;
        let after = crate::manifest::service::after_main(service);
        for (name, sidecar) in &service.sidecars {
            for (other, condition) in &sidecar.depends_on {
                if after.contains(other.as_str()) && *condition != Condition::Start {
                    findings
                        .error(
                            &format!("sidecars.{name}.depends_on.{other}"),
                            format!("in a pod `{name}` starts after `{other}`, and waits for no more"),
                        )
                        .explain("`start`", format!("write `{other}: start`, and let `{name}` itself try again until `{other}` answers"));
                }
            }
        }
    }

    fn places(&self, findings: &mut Findings<'_>) {
        let service = self.service;
        let network = &service.network;
        if network.mode == Some(NetworkMode::None) {
            findings
                .error("network.mode", "a pod always has a network")
                .advise("remove it; an own NetworkPolicy beside the manifest can close it");
        }
        let placed = findings.node.get("network").and_then(|entry| entry.node.get("vpc"));
        let placed = placed.and_then(|entry| entry.node.get("placement")).is_some();
        if placed && network.vpc.placement == Placement::Public {
            findings
                .error(
                    "network.vpc.placement",
                    "pods are where their nodes are, and have no public addresses of their own",
                )
                .advise(
                    "remove it, or write it below `environments.NAME` of an environment on ECS",
                );
        }
        if !network.vpc.security_groups.groups.is_empty() && self.kubernetes.auto_mode() {
            findings
                .error("network.vpc.security_groups", "nodes of Auto Mode give pods no security groups of their own")
                .advise("use node groups in the environment, or write it below `environments.NAME` of an environment on ECS");
        }
        let fixed = service.count == Count::Daemon;
        if fixed {
            self.not_on_fargate("count", "node to run one pod on each", findings);
        }
        if fixed && service.placement.constraints.contains(&Constraint::DistinctInstance) {
            findings
                .error("placement.constraints", "a daemon has one pod on each node anyway")
                .advise("remove it");
        }
        for (index, strategy) in service.placement.strategies.iter().enumerate() {
            let Strategy::Spread(by) = strategy else { continue };
            if crate::manifest::service::spread_by(by).is_none() {
                findings
                    .error(
                        &format!("placement.strategies.{index}.spread"),
                        format!("`{by}` is no label of nodes"),
                    )
                    .explain(
                        "`attribute:ecs.availability-zone`, `attribute:ecs.instance-type` or `instance`",
                        "`kubernetes.topology_spread` spreads over any label",
                    );
            }
        }
        if service.platform.is_windows() && self.kubernetes.node_groups.is_empty() {
            findings
                .error(
                    "platform",
                    format!("no node of environment `{}` runs Windows", self.environment.name),
                )
                .advise("add a node group with an image of Windows to the environment");
        }
    }

    fn count(&self, findings: &mut Findings<'_>) {
        let Count::Autoscaling(scaling) = &self.service.count else { return };
        if scaling.min == 0 {
            findings
                .error("count.range", "an autoscaler of Kubernetes keeps at least one pod")
                .advise(format!("write `range: 1-{}`", scaling.max.max(1)));
        } else if scaling.min == scaling.max {
            findings
                .error(
                    "count.range",
                    format!(
                        "an autoscaler with a fixed count: the range begins and ends at {}",
                        scaling.max
                    ),
                )
                .advise(format!("write `count: {}`, or a wider range", scaling.max));
        }
        let targets = [
            scaling.cpu_percentage.is_some(),
            scaling.memory_percentage.is_some(),
            scaling.requests.is_some(),
            scaling.response_time.is_some(),
            scaling.queue_delay.is_some(),
        ];
        let refused = scaling.steps.len() + scaling.schedules.len();
        if targets.iter().all(|target| !target) && refused == 0 {
            findings
                .error("count.range", "a range without a target: nothing says how many pods run")
                .advise("add `cpu_percentage: 70` below `count:`");
        }
        for time in [scaling.cooldown.scale_in, scaling.cooldown.scale_out] {
            if time.as_secs() > LONGEST_WINDOW {
                findings
                    .error(
                        "count.cooldown",
                        "an autoscaler of Kubernetes looks back an hour at most",
                    )
                    .explain("a time up to 1h", "write `1h`");
                return;
            }
        }
    }

    fn volumes(&self, findings: &mut Findings<'_>) {
        let service = self.service;
        let efs = service.storage.volumes.iter().find(|(_, volume)| volume.efs.is_some());
        let driver = self.kubernetes.addons().contains_key(EFS_DRIVER);
        if let Some((name, _)) = efs
            && !driver
            && !self.kubernetes.only_fargate()
        {
            findings
                .error(
                    &format!("storage.volumes.{name}.efs"),
                    format!("nodes of environment `{}` do not mount EFS: the add-on `{EFS_DRIVER}` is missing", self.environment.name),
                )
                .advise(format!(
                    "write `cluster: {{addons: {{{EFS_DRIVER}: true}}}}` in environments/{}.yml",
                    self.environment.name
                ));
        }
        let claims = &service.kubernetes.claims;
        let Some(first) = claims.keys().next() else { return };
        let path = format!("kubernetes.claims.{first}");
        let why = match service.count {
            Count::Daemon => Some("pods of a daemon keep no disks"),
            _ if service.service_type == ServiceType::ScheduledJob => {
                Some("runs of a job keep no disks")
            }
            _ => None,
        };
        if let Some(why) = why {
            findings.error_of_key(&path, why).advise("remove it, or use a volume with `efs`");
        }
        if service.deployment.rolling == Rolling::Recreate {
            findings
                .error(
                    "deployment.rolling",
                    "pods with disks of their own are replaced one after the other",
                )
                .advise("remove it");
        }
        for name in claims.keys().filter(|name| service.storage.volumes.contains_key(*name)) {
            findings
                .error_of_key(
                    &format!("kubernetes.claims.{name}"),
                    format!("`{name}` is a volume of `storage.volumes`, too"),
                )
                .advise("choose another name");
        }
        self.not_on_fargate(&path, "disk of a pod's own", findings);
    }

    /// Load balancers.
    fn reached(&self, findings: &mut Findings<'_>) {
        let service = self.service;
        if let Some(http) = &service.http {
            let rules = std::iter::once(("http".to_owned(), &http.main));
            let more = http.additional_rules.iter().enumerate();
            let more = more.map(|(index, rule)| (format!("http.additional_rules.{index}"), rule));
            for (path, rule) in rules.chain(more) {
                let odd =
                    |host: &&str| host.contains('?') || host.trim_start_matches("*.").contains('*');
                if let Some(host) = rule.hosts().find(odd) {
                    findings
                        .error(
                            &format!("{path}.alias"),
                            format!("`{host}` is no host of an Ingress"),
                        )
                        .explain(
                            "a host name, or `*.` and a domain",
                            "write each host name by itself",
                        );
                }
            }
        }
        let Some(nlb) = &service.nlb else { return };
        let tls = nlb.listeners().find(|(_, one)| one.port.protocol == NlbProtocol::Tls);
        if let Some((path, _)) = tls
            && self.environment.http.public.certificates.is_empty()
        {
            findings
                .error(&format!("{path}.port"), format!("environment `{}` has no certificate for TLS", self.environment.name))
                .advise(format!(
                    "write `http: {{public: {{certificates: [arn:aws:acm:…]}}}}` in environments/{}.yml",
                    self.environment.name
                ));
        }
        for (path, one) in nlb.listeners().skip(1) {
            let main = &nlb.main;
            let same = (&one.healthcheck, one.stickiness, one.deregistration_delay)
                == (&main.healthcheck, main.stickiness, main.deregistration_delay);
            if !same {
                findings
                    .error(
                        &path,
                        "a Service has one health check, stickiness and delay for all its ports",
                    )
                    .advise("write the same for all ports, or none for the additional ones");
            }
        }
    }

    /// Pods on Fargate have no agent that gives them a role.
    fn identity(&self, findings: &mut Findings<'_>) {
        let provider = self.kubernetes.pod_identities.values().any(|one| one.irsa);
        if !self.kubernetes.only_fargate() || provider {
            return;
        }
        let service = self.service;
        let written = match &service.iam.task_role {
            RoleSource::Existing(_) => true,
            RoleSource::Own(own) => !own.policies.is_empty() || !own.managed_policies.is_empty(),
        };
        let mounts = service.storage.volumes.values().any(|volume| {
            matches!(&volume.efs, Some(Efs::Managed { .. }) | Some(Efs::Own { iam: true, .. }))
        });
        let need = [
            ("iam.task_role", written),
            ("publish", !service.publish.topics.is_empty()),
            ("type", service.service_type == ServiceType::WorkerService),
            ("observability.tracing", service.observability.tracing.is_some()),
            ("storage.volumes", mounts),
        ];
        if let Some((path, _)) = need.iter().find(|(_, need)| *need) {
            findings
                .error(
                    path,
                    format!(
                        "this needs a role in AWS, and all pods of environment `{}` run on Fargate, where there are no pod identities",
                        self.environment.name
                    ),
                )
                .advise("add node groups or Auto Mode to the environment, or one of its `pod_identities` with `irsa: true`: then roles go by the cluster's OIDC provider");
        }
    }
}

/// Does it name a stage or version?
fn staged(secret: &Secret) -> bool {
    let (text, name) = match secret {
        Secret::Ssm(_) => return false,
        Secret::Arn(arn) if arn.split(':').nth(2) == Some("ssm") => return false,
        Secret::Arn(arn) => (arn, 7),
        Secret::SecretsManager(name) => (name, 1),
    };
    text.split(':').skip(name + 1).any(|part| !part.is_empty())
}

fn job(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let schedule = service.on.as_ref().and_then(|on| on.schedule.as_deref());
    if let Some(Err(why)) = schedule.map(crontab) {
        findings.error("on.schedule", format!("a CronJob has no such schedule: {why}")).explain(
            "five fields (`0 3 * * *`), `@daily`, or `@every 1h`",
            "write the schedule so, or below `environments.NAME` of an environment on ECS",
        );
    }
}
