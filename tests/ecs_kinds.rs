//! Clusters, task definitions, services, their scaling and their names on local AWS: what is made reads back as
//! it was wanted, a deployment's verdict names its reasons, and nothing is left in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions};
use shipit::engine::diff::{Rules, diff};
use shipit::engine::{
    Address, Driver, Handle, Health, Identity, Input, Live, Observed, Owner, Progress, Query, Seen,
    Spec, Verdict, Waiting,
};
use shipit::local::clock::{Clock, Speed};
use shipit::local::faults::Faults;
use shipit::local::{LocalAws, LocalOptions};
use shipit::resources::REGISTRY;
use shipit::resources::applicationautoscaling::target::Suspended;
use shipit::resources::applicationautoscaling::{Metric, Policy, Target};
use shipit::resources::ecs::service::deployment::CircuitBreaker;
use shipit::resources::ecs::service::{Deployment, Network, ServiceRegistry};
use shipit::resources::ecs::task_definition::Container;
use shipit::resources::ecs::task_definition::container::PortMapping;
use shipit::resources::ecs::{CapacityProviderStrategyItem, Cluster, Service, TaskDefinition};
use shipit::resources::servicediscovery::{DiscoveryService, Namespace};

/// An account with a clock that only moves when something waits.
pub(crate) struct Account {
    pub(crate) cx: Arc<Cx>,
    pub(crate) clock: Clock,
    seen: Seen,
}

impl Account {
    async fn open() -> Self {
        Self::open_with("").await
    }

    /// The same, with a script of faults.
    pub(crate) async fn open_with(script: &str) -> Self {
        let clock = Clock::manual(1_700_000_000_000);
        let faults = Faults::parse(script).unwrap();
        let (clock_of_aws, speed) = (clock.clone(), Speed::REAL);
        let options =
            LocalOptions { clock: clock_of_aws, speed, faults, ..LocalOptions::default() };
        let options = SessionOptions {
            region: Some("eu-west-1".to_owned()),
            local: Some(http_client(LocalAws::open(options).unwrap())),
            time_factor: Some(1e3),
            ..SessionOptions::default()
        };
        let session = Session::load(&options, CallLog::new(None)).await.unwrap();
        let cx = Arc::new(session.cx("123456789012".to_owned()));
        Self { cx, clock, seen: Seen::default() }
    }

    pub(crate) fn driver(&self, kind: &str) -> Box<dyn Driver> {
        let kind = REGISTRY.iter().find(|one| one.info.kind == kind).unwrap();
        (kind.bind)(self.cx.clone())
    }

    async fn observe(&mut self, kind: &str) -> Vec<Live> {
        let query = Query {
            application: "demo",
            environment: "test",
            wanted: &[],
            documents: Query::NO_DOCUMENTS,
            seen: &self.seen,
        };
        let Observed { owned, foreign } = self.driver(kind).observe(&query).await.unwrap();
        assert_eq!(foreign, []);
        self.seen.kinds.insert(kind.to_owned(), owned.clone());
        owned
    }

    /// Looks until it is settled, a few seconds of AWS's time between two looks.
    async fn settle(&self, identity: &Identity, progress: &Progress, deleting: bool) -> Health {
        let waiting = [Waiting {
            identity: identity.clone(),
            outputs: progress.outputs.clone(),
            ticket: progress.ticket.clone(),
            deleting,
            last: false,
        }];
        for _ in 0..400 {
            let health =
                self.driver(identity.address.kind()).look(&waiting).await.unwrap().remove(0);
            match health {
                Health::Pending(_) | Health::Unhurried(_) => {
                    self.clock.advance(Duration::from_secs(5))
                }
                settled => return settled,
            }
        }
        panic!("{} never settles", identity.address);
    }

    /// Creates it, waits for it and holds what is read back against what was wanted.
    pub(crate) async fn create<R: Spec>(&mut self, name: &str, spec: &R) -> Live {
        let identity = identity::<R>(name);
        let wanted = serde_json::to_value(spec).unwrap();
        let progress = self.driver(R::KIND).create(&identity, &wanted).await.unwrap();
        assert_eq!(self.settle(&identity, &progress, false).await, Health::Ready);
        let live = self.latest::<R>(name).await;
        assert_same::<R>(&live.spec, &wanted);
        assert_eq!(live.outputs, progress.outputs);
        live
    }

    pub(crate) async fn latest<R: Spec>(&mut self, name: &str) -> Live {
        let address = Handle::<R>::new(name).address().clone();
        let found = self.observe(R::KIND).await.into_iter().rev();
        found.into_iter().find(|live| live.identity.address == address).unwrap()
    }

    /// Changes the live object and gives how that ended.
    async fn update<R: Spec>(&mut self, name: &str, spec: &R) -> Health {
        let live = self.latest::<R>(name).await;
        let wanted = serde_json::to_value(spec).unwrap();
        let driver = self.driver(R::KIND);
        let changes = diff(&Rules::new(driver.info().rules), &live.spec, &wanted);
        assert_ne!(changes, []);
        let progress = driver.update(&live, &wanted, &changes).await.unwrap();
        let health = self.settle(&live.identity, &progress, false).await;
        let after = self.latest::<R>(name).await;
        assert_same::<R>(&after.spec, &wanted);
        health
    }

    async fn delete<R: Spec>(&mut self, name: &str) {
        let live = self.latest::<R>(name).await;
        let mut progress = self.driver(R::KIND).delete(&live).await.unwrap();
        progress.outputs = live.outputs.clone();
        assert_eq!(self.settle(&live.identity, &progress, true).await, Health::Gone);
        assert_eq!(self.observe(R::KIND).await, []);
    }
}

pub(crate) fn identity<R: Spec>(name: &str) -> Identity {
    Identity {
        application: "demo".to_owned(),
        environment: "test".to_owned(),
        owner: Owner::Service("api".to_owned()),
        address: Address::new(R::KIND, name),
        generation: 1,
        run: "run-1".to_owned(),
    }
}

fn assert_same<R: Spec>(live: &Value, wanted: &Value) {
    let kind = REGISTRY.iter().find(|one| one.info.kind == R::KIND).unwrap();
    assert_eq!(diff(&Rules::new(kind.info.rules), live, wanted), []);
}

pub(crate) fn output<T: From<String>>(live: &Live, field: &str) -> Input<T> {
    Input::Known(T::from(live.outputs[field].as_str().unwrap().to_owned()))
}

pub(crate) fn task(image: &str) -> TaskDefinition {
    let container = Container {
        image: image.to_owned().into(),
        port_mappings: vec![PortMapping::tcp(80)],
        environment: BTreeMap::from([("MODE".to_owned(), Input::Known("fast".to_owned()))]),
        ..Container::default()
    };
    TaskDefinition {
        containers: BTreeMap::from([("api".to_owned(), container)]),
        tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        ..TaskDefinition::default()
    }
}

pub(crate) async fn network(cx: &Cx) -> (Input<String>, Network) {
    let vpc = cx.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    let vpc = vpc.vpc().unwrap().vpc_id().unwrap().to_owned();
    let subnet = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.0.0/24");
    let subnet = subnet.send().await.unwrap().subnet.unwrap().subnet_id.unwrap();
    let group = cx.ec2.create_security_group().vpc_id(&vpc).group_name("api").description("api");
    let group = group.send().await.unwrap().group_id.unwrap();
    let network = Network {
        subnets: vec![Input::Known(subnet.into())],
        security_groups: vec![Input::Known(group.into())],
        assign_public_ip: true,
    };
    (Input::Known(vpc), network)
}

#[tokio::test]
async fn services_live_from_cluster_to_nothing() {
    let mut account = Account::open().await;
    let (vpc, network) = network(&account.cx).await;

    let fargate = |weight| CapacityProviderStrategyItem::of("FARGATE", weight, 0);
    let mut cluster = Cluster {
        capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
        default_capacity_provider_strategy: vec![fargate(1)],
        container_insights: "enabled".to_owned(),
        tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
        ..Cluster::default()
    };
    let live_cluster = account.create("main", &cluster).await;
    cluster.container_insights = "disabled".to_owned();
    cluster.default_capacity_provider_strategy = vec![];
    cluster.tags.insert("team".to_owned(), "red".to_owned());
    assert_eq!(account.update("main", &cluster).await, Health::Ready);

    let vpc = vpc.get().unwrap().into();
    let mut namespace = Namespace::private_dns("test.demo.local", Input::Known(vpc));
    let live_namespace = account.create("main", &namespace).await;
    namespace.description = "names of demo's services".to_owned();
    assert_eq!(account.update("main", &namespace).await, Health::Ready);

    let mut name = DiscoveryService::new(output(&live_namespace, "id"), "api", 10);
    let live_name = account.create("api", &name).await;
    name.dns.as_mut().unwrap().records[0].ttl = 20;
    name.tags.insert("team".to_owned(), "blue".to_owned());
    assert_eq!(account.update("api", &name).await, Health::Ready);

    let first = account.create("api", &task("public.ecr.aws/nginx/nginx:1.27")).await;
    let mut service = Service {
        network: Some(network),
        service_registries: vec![ServiceRegistry {
            registry: output(&live_name, "arn"),
            port: None,
            container: None,
            container_port: None,
        }],
        deployment: Deployment {
            circuit_breaker: CircuitBreaker {
                enable: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            ..Deployment::default()
        },
        desired_count: Some(2),
        ..Service::new(output(&live_cluster, "name"), output(&first, "arn"))
    };
    let live_service = account.create("api", &service).await;

    // Only the count: no deployment begins, and the tasks are waited for all the same.
    service.desired_count = Some(3);
    assert_eq!(account.update("api", &service).await, Health::Ready);
    // Someone else decides the count from here on, and no more in the end.
    (service.desired_count, service.initial_count) = (None, Some(3));
    assert_eq!(account.update("api", &service).await, Health::Ready);
    let mut target = Target {
        cluster: output(&live_service, "cluster"),
        service: output(&live_service, "name"),
        min_capacity: Some(2),
        max_capacity: Some(4),
        initial_min_capacity: None,
        initial_max_capacity: None,
        steps: Default::default(),
        schedules: Default::default(),
        suspended: Suspended::default(),
        policies: BTreeMap::from([
            ("cpu".to_owned(), Policy::new(Metric::cpu(), 70.0)),
            ("memory".to_owned(), Policy::new(Metric::memory(), 80.0)),
        ]),
        tags: BTreeMap::from([("team".to_owned(), "blue".to_owned())]),
    };
    account.create("api", &target).await;
    target.policies.remove("memory");
    target.policies.insert("cpu".to_owned(), Policy::new(Metric::cpu(), 50.5));
    target.max_capacity = Some(6);
    target.suspended.scheduled_scaling = true;
    target.tags.insert("team".to_owned(), "red".to_owned());
    assert_eq!(account.update("api", &target).await, Health::Ready);
    account.delete::<Target>("api").await;
    (service.desired_count, service.initial_count) = (Some(1), None);
    assert_eq!(account.update("api", &service).await, Health::Ready);

    let second = account.create("api", &task("public.ecr.aws/nginx/nginx:1.28")).await;
    assert_eq!(second.outputs["revision"], 2);
    service.task_definition = output(&second, "arn");
    service.enable_execute_command = true;
    service.propagate_tags = "SERVICE".to_owned();
    service.deployment.minimum_healthy_percent = 50;
    assert_eq!(account.update("api", &service).await, Health::Ready);

    account.delete::<Service>("api").await;
    account.delete::<TaskDefinition>("api").await;
    account.delete::<DiscoveryService>("api").await;
    account.delete::<Namespace>("main").await;
    account.delete::<Cluster>("main").await;
}

#[tokio::test]
async fn a_deployment_that_fails_says_why() {
    let mut account = Account::open().await;
    let (_, network) = network(&account.cx).await;
    let cluster = account.create("main", &Cluster::default()).await;
    let good = account.create("api", &task("public.ecr.aws/nginx/nginx:1.27")).await;
    let mut service = Service {
        network: Some(network),
        deployment: Deployment {
            circuit_breaker: CircuitBreaker {
                enable: true,
                rollback: true,
                ..CircuitBreaker::default()
            },
            ..Deployment::default()
        },
        ..Service::new(output(&cluster, "name"), output(&good, "arn"))
    };
    let live = account.create("api", &service).await;
    let bad = account.create("api", &task("public.ecr.aws/nginx/nginx:does-not-exist")).await;
    service.task_definition = output(&bad, "arn");

    let wanted = serde_json::to_value(&service).unwrap();
    let driver = account.driver(Service::KIND);
    let changes = diff(&Rules::new(driver.info().rules), &live.spec, &wanted);
    let progress = driver.update(&live, &wanted, &changes).await.unwrap();
    let Health::Broken(why) = account.settle(&live.identity, &progress, false).await else {
        panic!("it did not fail");
    };
    let ticket = progress.ticket.unwrap();
    let (id, arn) = ticket.split_once(' ').unwrap();
    assert!(arn.contains(":service-deployment/"), "{arn}");
    let image = "public.ecr.aws/nginx/nginx:does-not-exist";
    assert_eq!(why.message, format!("the image does not exist: {image}"));
    let diagnosis = why.diagnosis.unwrap();
    assert_eq!(diagnosis.verdict, Verdict::RolledBack);
    assert_eq!(diagnosis.cause.as_deref(), Some("image-not-found"));
    let facts: Vec<String> = diagnosis
        .facts
        .iter()
        .map(|fact| format!("{} × {}: {}", fact.times, fact.about, fact.text.replace(id, "ID")))
        .collect();
    insta::assert_debug_snapshot!(facts, @r#"
    [
        "3 × stopped task: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/nginx/nginx:does-not-exist: public.ecr.aws/nginx/nginx:does-not-exist: not found",
        "1 × deployment: ID failed, and ECS is rolling it back to demo-test-api:1: the circuit breaker ended it after 3 failed tasks",
        "3 × event: has started 1 tasks",
    ]
    "#);
}
