//! Services on EKS, key by key: the objects of Kubernetes that they become, as YAML would have them.

use std::collections::BTreeSet;

use shipit::engine::Observation;
use shipit::manifest::Workspace;
use shipit::planner::{self, Context};

use super::support::{plan, text, workspace_in};

const AUTO: &str = "cluster:\n  type: eks\n  access: {admins: {principal: \"arn:aws:iam::123456789012:role/admins\", policies: [AmazonEKSClusterAdminPolicy]}}\n  addons: {aws-efs-csi-driver: true}\n";

/// What belongs to services and their surroundings in the cluster, without what all environments on EKS have.
fn objects(environment: &str, services: &[(&str, &str)]) -> String {
    let mut desired = plan(&workspace_in(environment, services), "test");
    desired.nodes.retain(|address, node| {
        address.kind().starts_with("kubernetes/")
            || matches!(node.owner, shipit::engine::Owner::Service(_))
    });
    text(&desired)
}

/// Containers, and all that is said of them.
#[test]
fn containers() {
    let api = r#"type: Backend Service
image:
  location: public.ecr.aws/nginx/nginx:1.27
  port: 8080
  ports: [8125/udp]
  labels: {com.example.team: web}
  credentials: arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-AbCdEf
  depends_on: {migrate: success, proxy: healthy, tail: start}
  healthcheck: {command: curl -f localhost, interval: 10s, retries: 3, timeout: 4s, start_period: 25s}
entrypoint: /bin/app
command: ["serve", "$(HOST)"]
cpu: 1024
memory: 2048
variables: {COST: "$$5", PLAIN: "$HOME"}
secrets:
  TOKEN: /demo/token
  URL: {secretsmanager: "database:url::"}
  FAR: arn:aws:ssm:eu-west-1:123456789012:parameter/demo/far
user: "1000:2000"
working_directory: /srv
init: true
stop_timeout: 90s
interactive: true
pseudo_terminal: true
privileged: true
gpu: 1
hostname: api
system_controls: {net.core.somaxconn: "1024"}
extra_hosts: {old.example.com: 10.0.0.9, older.example.com: 10.0.0.9}
dns: {servers: [10.0.0.2], search: [example.com]}
version_consistency: disabled
linux:
  capabilities: {add: [SYS_PTRACE, NET_ADMIN], drop: [MKNOD]}
  shm_size: 64
  tmpfs: [{path: /scratch, size: 128}]
platform: linux/arm64
placement:
  constraints: [distinct_instance]
  strategies: [{spread: "attribute:ecs.availability-zone"}, random]
count: 2
deployment: {rolling: recreate, circuit_breaker: false}
observability: {tracing: awsxray}
storage:
  ephemeral: 50
  readonly_fs: true
  volumes:
    shared: {path: /shared, read_only: false}
    data: {path: /data, efs: true}
    old: {path: /old, efs: {id: fs-0123456789abcdef0, root_dir: /old}}
sidecars:
  migrate:
    image: migrate:1
    essential: false
    command: up
  proxy:
    image: envoy:1
    port: 9000
    cpu: 128
    memory: 256
    memory_reservation: 128
    start_timeout: 60s
    stop_timeout: 2m
    healthcheck: {command: ["CMD", "check"], interval: 7s}
    secrets: {KEY: key}
    depends_on: {migrate: success}
    mount_points: [{source_volume: shared, path: /in}]
  tail:
    image: tail:1
  metrics:
    image: exporter:1
    depends_on: {api: start}
iam:
  task_role:
    managed_policies: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess]
exec: true
kubernetes:
  node_selector: {tier: fast}
  priority_class: high
  tolerations: [{key: tier, value: fast, effect: no-execute, stays: 5m}, {}]
  topology_spread: [{key: kubernetes.io/hostname, max_skew: 2, required: true}]
  service_account: {annotations: {example.com/team: web}, token: true}
  disruption_budget: {min_available: 50%}
"#;
    insta::assert_snapshot!(objects(AUTO, &[("api", api)]));
}

/// Load balancers of Auto Mode, and the range of an autoscaler.
#[test]
fn requests() {
    let shop = r#"type: Load Balanced Web Service
image:
  location: public.ecr.aws/nginx/nginx:1.27
  port: 80
http:
  path: /
  alias: [shop.example.com, www.example.com]
  stickiness: true
  deregistration_delay: 30s
  version: http2
  allowed_source_ips: [198.51.100.0/24]
  healthcheck: {path: /up, port: 8081, success_codes: 200-299, interval: 15s, timeout: 3s, healthy_threshold: 3, unhealthy_threshold: 4, grace_period: 2m}
  additional_rules:
    - {path: "/api/*/v1", target_port: 8080, target_container: proxy, redirect_to_https: false, healthcheck: {success_codes: "404"}}
  redirects:
    - {from: /old, to: /new, code: 302}
    - {from: old.example.com, to: "https://shop.example.com"}
sidecars:
  proxy: {image: "envoy:1", port: 8080}
nlb:
  port: 443/tls
  target_port: 80
  ssl_policy: ELBSecurityPolicy-TLS13-1-2-2021-06
  healthcheck: {interval: 20s, healthy_threshold: 2}
  additional_listeners:
    - {port: 53/tcp_udp, target_port: 8080, healthcheck: {interval: 20s, healthy_threshold: 2}}
count:
  range: 2-8
  cpu_percentage: 70
  memory_percentage: {value: 80, cooldown: {in: 5m, out: 30s}}
  requests: 2000
  response_time: 2s
publish:
  topics: [{name: placed}]
"#;
    let certificates = "http:\n  public:\n    certificates: [\"arn:aws:acm:eu-west-1:123456789012:certificate/1\"]\n";
    insta::assert_snapshot!(objects(&format!("{AUTO}{certificates}"), &[("shop", shop)]));
}

/// The AWS Load Balancer Controller, a daemon, pods with disks, a job and a worker, on node groups.
#[test]
fn on_nodes() {
    let nodes = "cluster:\n  type: eks\n  access: {admins: {principal: \"arn:aws:iam::123456789012:role/admins\", policies: [AmazonEKSClusterAdminPolicy]}}\n  node_groups: {general: {instances: [m7g.large], max: 3}}\n";
    let web = "type: Backend Service\nimage: {location: nginx:1, port: 80}\nhttp: {path: /admin}\nnetwork: {vpc: {placement: private, security_groups: [sg-0123456789abcdef0]}}\ndiscovery: {name: www, description: pages}\npublish: {topics: [{name: placed}]}\n";
    let agent = "type: Backend Service\nimage: {location: agent:1, port: 9100}\ncount: daemon\nnetwork: {mode: host}\npid_mode: host\ndiscovery: false\n";
    let store = "type: Backend Service\nimage: {location: store:1, port: 5432}\ncount: 3\nkubernetes: {claims: {data: {path: /data, size: 20, storage_class: fast}}, disruption_budget: false}\n";
    let job = "type: Scheduled Job\nimage: {location: job:1}\non: {schedule: \"30 8 * * 1-5\", timezone: Europe/Berlin, maximum_event_age: 1h}\ntimeout: 90m\nretries: 3\ncount: 2\nsidecars: {proxy: {image: \"envoy:1\"}}\n";
    let idle = "type: Scheduled Job\nimage: {location: job:1}\non: {schedule: none}\nrestart_policy: true\n";
    let worker = "type: Worker Service\nimage: {location: worker:1}\nsubscribe: {topics: [{name: placed, service: web}]}\ncount: {range: 1-5, queue_delay: {acceptable_latency: 60s, msg_processing_time: 5s}}\n";
    let services = [
        ("web", web),
        ("agent", agent),
        ("store", store),
        ("nightly", job),
        ("idle", idle),
        ("worker", worker),
    ];
    insta::assert_snapshot!(objects(nodes, &services));
}

/// An application on EKS with files beside the service `web`.
fn with_files(files: &[(&str, &str)]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let web =
        "kind: service\nname: web\ntype: Backend Service\nimage: {location: nginx:1, port: 80}\n";
    let all = [
        ("application.yml", "kind: application\nname: demo\n"),
        ("environments/test.yml", &*format!("kind: environment\nname: test\n{AUTO}")),
        ("services/web.yml", web),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()));
    let own =
        files.iter().map(|(path, text)| (format!("kubernetes/web/{path}"), (*text).to_owned()));
    for (path, text) in all.into_iter().chain(own) {
        let path = folder.path().join("shipit").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let workspace =
        Workspace::load(folder.path(), &|_| None).map_err(|problems| problems.to_string())?;
    let zones = ["eu-west-1a", "eu-west-1b"].map(str::to_owned);
    let services = BTreeSet::from(["web".to_owned()]);
    let surroundings = super::support::surroundings();
    let context = Context {
        workspace: &workspace,
        environment: "test",
        account: "123456789012",
        region: "eu-west-1",
        partition: "aws",
        zones: &zones,
        tagged: &Default::default(),
        surroundings: &surroundings,
        services: &services,
    };
    let mut desired =
        planner::desired(&context, &Observation::default()).map_err(|error| error.to_string())?;
    desired.nodes.retain(|address, _| {
        address.name().starts_with("web/") || address.name().contains("/web/")
    });
    desired.nodes.retain(|address, _| address.kind().starts_with("kubernetes/"));
    Ok(text(&desired))
}

#[test]
fn own_objects_are_planned_as_they_are() {
    let files = [
        (
            "settings.yml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  place: ${SHIPIT_ENVIRONMENT}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: demo}\n",
        ),
        (
            "policy.yml",
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: closed}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n",
        ),
        (
            "class.yml",
            "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: ebs.csi.eks.amazonaws.com\nallowVolumeExpansion: true\n",
        ),
    ];
    insta::assert_snapshot!(with_files(&files).unwrap());
}

#[test]
fn an_own_object_that_is_rendered_already_is_an_error_of_its_file() {
    let service =
        [("a.yml", "# the same name\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n")];
    insta::assert_snapshot!(with_files(&service).unwrap_err());
}
