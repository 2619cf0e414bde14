//! Load-balancing kinds: made, read back, changed field by field, and taken down.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use shipit::aws::Cx;
use shipit::engine::{Change, Driver, Health, Identity, Input, Live, Owner, Query, Seen, Waiting};
use shipit::resources::REGISTRY;
use shipit::resources::ec2::{InternetGateway, SecurityGroup, Subnet, Vpc, VpcId};
use shipit::resources::elbv2::{
    Action, Listener, LoadBalancer, Protocol, Redirect, Scheme, TargetGroup,
};
use shipit::resources::s3::Bucket;

use super::{account, create};

const BALANCER: &str = "elbv2/load-balancer";
const GROUP: &str = "elbv2/target-group";
const LISTENER: &str = "elbv2/listener";
const RULE: &str = "elbv2/listener-rule";

/// A network to stand in, and what has been found in the account so far.
struct Account {
    cx: Arc<Cx>,
    vpc: VpcId,
    subnets: Vec<String>,
    security_group: String,
    seen: Seen,
}

impl Account {
    async fn new(cx: Cx) -> Self {
        let vpc = Vpc {
            cidr: "10.0.0.0/16".into(),
            tenancy: "default".into(),
            dns_support: true,
            dns_hostnames: true,
            ipv6: false,
            tags: BTreeMap::new(),
        };
        let vpc = create(&cx, "main", &vpc).await.id;
        let gateway = InternetGateway { vpc: Some(vpc.clone().into()), tags: BTreeMap::new() };
        create(&cx, "main", &gateway).await;
        let mut subnets = Vec::new();
        for (number, zone) in ["a", "b", "c"].into_iter().enumerate() {
            let subnet = Subnet {
                vpc: vpc.clone().into(),
                cidr: format!("10.0.{number}.0/24"),
                zone: format!("eu-west-1{zone}"),
                map_public_ip: true,
                ipv6: None,
                assign_ipv6: false,
                dns64: false,
                tags: BTreeMap::new(),
            };
            subnets.push(create(&cx, &format!("public-{zone}"), &subnet).await.id.0);
        }
        let group = SecurityGroup {
            vpc: vpc.clone().into(),
            description: "load balancer".into(),
            default_egress: true,
            tags: BTreeMap::new(),
        };
        let security_group = create(&cx, "public", &group).await.id.0;
        Self { cx: Arc::new(cx), vpc, subnets, security_group, seen: Seen::default() }
    }

    fn driver(&self, kind: &str) -> Box<dyn Driver> {
        let line = REGISTRY.iter().find(|line| line.info.kind == kind).unwrap();
        (line.bind)(self.cx.clone())
    }

    /// Everything owned of a kind; what chains on it sees it from now on.
    async fn observe(&mut self, kind: &str) -> Vec<Live> {
        let query = Query {
            application: "demo",
            environment: "test",
            wanted: &[],
            documents: Query::NO_DOCUMENTS,
            seen: &self.seen,
        };
        let owned = self.driver(kind).observe(&query).await.unwrap().owned;
        self.seen.kinds.insert(kind.to_owned(), owned.clone());
        owned
    }

    /// Creates it and checks that it reads back as it was written; its ARN.
    async fn create(&mut self, kind: &str, name: &str, spec: &Value) -> String {
        let progress = self.driver(kind).create(&identity(kind, name), spec).await.unwrap();
        let owned = self.observe(kind).await;
        let live = owned.iter().find(|live| live.identity.address.name() == name).unwrap();
        assert_eq!(live.spec, *spec);
        assert_eq!(live.outputs, progress.outputs);
        progress.outputs["arn"].as_str().unwrap().to_owned()
    }

    /// Changes one field after the other and back again, each seen as exactly that change.
    async fn change(&mut self, kind: &str, fields: &[(&str, Value)]) {
        for (pointer, value) in fields {
            let before = self.observe(kind).await.remove(0);
            let mut spec = before.spec.clone();
            *spec.pointer_mut(pointer).unwrap() = value.clone();
            assert_ne!(spec, before.spec, "{kind} {pointer}");
            for wanted in [&spec, &before.spec] {
                let live = self.observe(kind).await.remove(0);
                let changes = [change(&pointer[1..].replace('/', "."))];
                self.driver(kind).update(&live, wanted, &changes).await.unwrap();
                assert_eq!(self.observe(kind).await.remove(0).spec, *wanted, "{kind} {pointer}");
            }
        }
    }

    /// Deletes everything of a kind, twice: what is gone already is no failure.
    async fn delete(&mut self, kind: &str) {
        for live in self.observe(kind).await {
            self.driver(kind).delete(&live).await.unwrap();
            self.driver(kind).delete(&live).await.unwrap();
        }
        assert_eq!(self.observe(kind).await, []);
    }

    fn load_balancer(&self) -> Value {
        let subnets = self.subnets[..2].iter().map(|id| Input::Known(id.as_str().into())).collect();
        let groups = vec![Input::Known(self.security_group.as_str().into())];
        document(&LoadBalancer::new(Scheme::InternetFacing, subnets, groups))
    }

    fn target_group(&self) -> Value {
        document(&TargetGroup::http(self.vpc.clone().into(), 8080))
    }

    fn rule(listener: &str, priority: i32, target_group: &str) -> Value {
        json!({
            "listener": listener,
            "priority": priority,
            "conditions": {
                "path_patterns": ["/api", "/api/*"],
                "path_regexes": [],
                "host_headers": [],
                "host_regexes": [],
                "headers": [],
                "methods": [],
                "queries": [],
                "source_ips": [],
            },
            "action": document(&Action::forward_to(Input::Known(target_group.into()))),
            "tags": {},
        })
    }
}

fn document<T: serde::Serialize>(spec: &T) -> Value {
    serde_json::to_value(spec).unwrap()
}

fn identity(kind: &str, name: &str) -> Identity {
    Identity {
        application: "demo".into(),
        environment: "test".into(),
        owner: Owner::Environment,
        address: shipit::engine::Address::new(kind, name),
        generation: 1,
        run: "run-1".into(),
    }
}

fn change(path: &str) -> Change {
    Change {
        path: path.to_owned(),
        before: Value::Null,
        after: Value::Null,
        unknown: Vec::new(),
        forces_replacement: false,
        drift: false,
        sensitive: false,
    }
}

fn plain(balancer: &str) -> Listener {
    let nothing = Action::fixed_text(404, "nothing here");
    Listener::new(Input::Known(balancer.into()), Protocol::Http, 80, nothing)
}

#[tokio::test]
async fn a_load_balancer_and_all_that_hangs_on_it_change_in_place() {
    let mut account = Account::new(account().await.0).await;
    let spec = account.load_balancer();
    let balancer = account.create(BALANCER, "public", &spec).await;
    let spec = account.target_group();
    let group = account.create(GROUP, "api", &spec).await;
    let other = account.create(GROUP, "web", &spec).await;
    let listener = account.create(LISTENER, "public-http", &document(&plain(&balancer))).await;
    account.create(RULE, "api", &Account::rule(&listener, 100, &group)).await;

    let subnets = json!(account.subnets[1..]);
    let tags = json!({ "team": "web" });
    let bucket = Bucket {
        policy: Some(json!({ "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::156460612806:root" },
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::logs-of-demo/web/AWSLogs/123456789012/*",
        }] })),
        ..Bucket::new("logs-of-demo")
    };
    let bucket = create(&account.cx, "logs", &bucket).await.name;
    let log = json!({ "bucket": bucket, "prefix": "web" });
    account
        .change(
            BALANCER,
            &[
                ("/attributes/idle_timeout", json!(90)),
                ("/attributes/client_keep_alive", json!(600)),
                ("/attributes/http2", json!(false)),
                ("/attributes/deletion_protection", json!(true)),
                ("/attributes/drop_invalid_headers", json!(true)),
                ("/attributes/preserve_host_header", json!(true)),
                ("/attributes/tls_headers", json!(true)),
                ("/attributes/forwarded_for", json!("remove")),
                ("/attributes/forwarded_for_port", json!(true)),
                ("/attributes/desync_mitigation", json!("strictest")),
                ("/attributes/firewall_fail_open", json!(true)),
                ("/attributes/zonal_shift", json!(true)),
                ("/attributes/access_logs", log),
                ("/subnets", subnets),
                ("/tags", tags.clone()),
            ],
        )
        .await;
    account
        .change(
            GROUP,
            &[
                ("/health_check/path", json!("/healthz")),
                ("/health_check/port", json!("9000")),
                ("/health_check/interval", json!(11)),
                ("/health_check/timeout", json!(3)),
                ("/health_check/healthy_threshold", json!(2)),
                ("/health_check/unhealthy_threshold", json!(4)),
                ("/health_check/success_codes", json!("200-204")),
                ("/attributes/deregistration_delay", json!(20)),
                ("/attributes/slow_start", json!(30)),
                ("/attributes/algorithm", json!("least_outstanding_requests")),
                ("/attributes/cross_zone", json!("false")),
                (
                    "/attributes/stickiness",
                    json!({ "by": "load-balancer-cookie", "duration": 3600 }),
                ),
                (
                    "/attributes/stickiness",
                    json!({ "by": "application-cookie", "name": "session", "duration": 60 }),
                ),
                ("/tags", tags.clone()),
            ],
        )
        .await;
    let redirect = document(&Action::Redirect(Redirect::to_https()));
    account
        .change(
            LISTENER,
            &[("/default_action", redirect), ("/port", json!(8080)), ("/tags", tags.clone())],
        )
        .await;
    let two = json!({
        "type": "forward",
        "target_groups": [{ "target_group": group, "weight": 9 }, { "target_group": other, "weight": 1 }],
        "stickiness_seconds": 60,
    });
    account
        .change(
            RULE,
            &[
                ("/priority", json!(7)),
                ("/action", two),
                ("/conditions/path_patterns", json!(["/v2/*"])),
                ("/conditions/host_headers", json!(["api.example.com"])),
                ("/conditions/methods", json!(["GET"])),
                ("/conditions/source_ips", json!(["192.0.2.0/24"])),
                (
                    "/conditions/headers",
                    json!([{ "name": "x-team", "values": ["web"], "regexes": [] }]),
                ),
                ("/conditions/queries", json!([{ "pairs": [{ "key": "version", "value": "2" }] }])),
                ("/tags", tags),
            ],
        )
        .await;

    for kind in [RULE, LISTENER, GROUP, BALANCER] {
        account.delete(kind).await;
    }
}

#[tokio::test]
async fn a_look_tells_what_is_there_from_what_is_gone() {
    let mut account = Account::new(account().await.0).await;
    let spec = account.load_balancer();
    account.create(BALANCER, "stays", &spec).await;
    account.create(BALANCER, "goes", &spec).await;
    let owned = account.observe(BALANCER).await;
    let waiting: Vec<Waiting> = owned
        .iter()
        .map(|live| Waiting {
            identity: live.identity.clone(),
            outputs: live.outputs.clone(),
            ticket: None,
            deleting: live.identity.address.name() == "goes",
            last: false,
        })
        .collect();
    let driver = account.driver(BALANCER);
    let gone = owned.iter().find(|live| live.identity.address.name() == "goes").unwrap();
    driver.delete(gone).await.unwrap();
    let looks = driver.look(&waiting).await.unwrap();
    for (one, health) in waiting.iter().zip(looks) {
        let expected = if one.deleting { Health::Gone } else { Health::Ready };
        assert_eq!(health, expected, "{}", one.identity.address);
    }
}

/// A target group of the wanted name that bears no tags of ours stops the plan.
#[tokio::test]
async fn what_bears_a_wanted_name_without_our_tags_is_foreign() {
    let mut account = Account::new(account().await.0).await;
    let spec = account.target_group();
    // The names of the two are the same: `demo-test-a-b`.
    let theirs = Identity {
        application: "demo".into(),
        environment: "test-a".into(),
        ..identity(GROUP, "b")
    };
    account.driver(GROUP).create(&theirs, &spec).await.unwrap();
    let wanted = [identity(GROUP, "a-b"), identity(GROUP, "c")];
    let query = Query {
        application: "demo",
        environment: "test",
        wanted: &wanted,
        documents: Query::NO_DOCUMENTS,
        seen: &Seen::default(),
    };
    let found = account.driver(GROUP).observe(&query).await.unwrap();
    assert_eq!(found.owned, []);
    let foreign: Vec<_> =
        found.foreign.iter().map(|one| (one.address.name(), one.owner.as_str())).collect();
    assert_eq!(foreign, [("a-b", "the tags of environment `test-a` of application `demo`")]);
    assert_eq!(account.observe(GROUP).await, []);
}

/// Hundreds of other people's target groups cost two pages, and one of ours one call for its attributes.
#[tokio::test]
async fn observing_costs_a_call_per_target_group_and_none_for_strangers() {
    let (cx, calls) = account().await;
    let mut account = Account::new(cx).await;
    let spec = account.target_group();
    for number in 0..450 {
        let theirs = Identity {
            application: "other".into(),
            ..identity(GROUP, &format!("service-{number}"))
        };
        account.driver(GROUP).create(&theirs, &spec).await.unwrap();
    }
    for number in 0..25 {
        let ours = identity(GROUP, &format!("service-{number}"));
        account.driver(GROUP).create(&ours, &spec).await.unwrap();
    }
    let before = calls.by_operation();
    assert_eq!(account.observe(GROUP).await.len(), 25);
    let mut made = calls.by_operation();
    made.retain(|operation, count| {
        *count -= before.get(operation).copied().unwrap_or_default();
        *count > 0
    });
    let made: Vec<(&str, usize)> = made
        .iter()
        .map(|(operation, count)| (operation.rsplit(' ').next().unwrap(), *count))
        .collect();
    assert_eq!(
        made,
        [("DescribeTags", 2), ("DescribeTargetGroupAttributes", 25), ("DescribeTargetGroups", 2),]
    );
}

#[tokio::test]
async fn an_https_listener_keeps_its_certificates_as_written() {
    let mut account = Account::new(account().await.0).await;
    let spec = account.load_balancer();
    let balancer = account.create(BALANCER, "public", &spec).await;
    let certificates = [1, 2, 3].map(|number| {
        format!(
            "arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-0000-0000-{number:012}"
        )
    });
    let https = Listener::https(
        Input::Known(balancer.as_str().into()),
        443,
        &certificates[..2],
        None,
        Action::fixed_text(404, "nothing here"),
    );
    account.create(LISTENER, "public-https", &document(&https)).await;
    account
        .change(
            LISTENER,
            &[
                ("/ssl_policy", json!("ELBSecurityPolicy-TLS13-1-3-2021-06")),
                ("/certificate", json!(certificates[2])),
                ("/additional_certificates", json!([certificates[1], certificates[2]])),
                ("/additional_certificates", json!([])),
            ],
        )
        .await;
}
