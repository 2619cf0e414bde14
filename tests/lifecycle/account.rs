//! An account in memory where nothing takes time, or one of an emulator, and the engine upon it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::OnceCell;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions};
use shipit::build::Workshop;
use shipit::engine::execute::Options;
use shipit::engine::{
    Address, AllowDelete, Cancel, Desired, Live, Observation, Outcome, Plan, Registry, Scope,
    Target, TokioClock, execute, observe, plan,
};
use shipit::local::clock::Speed;
use shipit::local::{LocalAws, LocalOptions};
use shipit::resources::REGISTRY;

use super::mended;
use super::stores;
use crate::support::builder::Builder;

/// An account, with all drivers.
pub(super) struct Account {
    pub(super) registry: Registry,
    /// `None` for an emulator's.
    local: Option<LocalAws>,
    pub(super) cx: Arc<Cx>,
    runs: AtomicU32,
    clock: TokioClock,
    /// Stands in for Docker as long as the account is there.
    _builder: Builder,
    zone: OnceCell<()>,
}

/// The hosted zone `example.com` of an account that certificates and records are made in.
pub(super) const ZONE: &str = "ZA7E864C294E56992D02";

impl Account {
    pub(super) async fn open() -> Self {
        let options =
            LocalOptions { seed: Some(1), speed: Speed::Instant, ..LocalOptions::default() };
        let local = LocalAws::open(options).unwrap();
        let client = http_client(local.clone());
        Self::with(client, None, Some(local), |_| true).await
    }

    /// The account of an emulator at this address, with the drivers of these kinds alone: it fails calls of others.
    pub(super) async fn at(url: &str, kinds: &BTreeSet<String>) -> Self {
        Self::with(mended::client(), Some(url.to_owned()), None, |kind| kinds.contains(kind)).await
    }

    async fn with(
        client: SharedHttpClient,
        endpoint_url: Option<String>,
        local: Option<LocalAws>,
        wanted: impl Fn(&str) -> bool,
    ) -> Self {
        let session = SessionOptions {
            region: Some("eu-west-1".to_owned()),
            local: Some(client),
            endpoint_url,
            time_factor: Some(1e3),
            ..SessionOptions::default()
        };
        let session = Session::load(&session, CallLog::new(None)).await.unwrap();
        let mut cx = session.cx("123456789012".to_owned());
        let builder = Builder::new();
        cx.workshop = Arc::new(Workshop::new(stores::workspace(), None, builder.path()));
        let cx = Arc::new(cx);
        let kinds = REGISTRY.iter().filter(|kind| wanted(kind.info.kind));
        Self {
            registry: Registry::new(kinds.map(|kind| (kind.bind)(cx.clone())).collect()),
            cx,
            local,
            runs: AtomicU32::new(0),
            clock: TokioClock::faster(200.0),
            _builder: builder,
            zone: OnceCell::new(),
        }
    }

    /// Makes the hosted zone `example.com`; gives its id.
    pub(super) async fn make_zone(&self) -> String {
        let call = self.cx.route53.create_hosted_zone().name("example.com");
        let answer = call.caller_reference("test").send().await.unwrap();
        answer.hosted_zone().unwrap().id().trim_start_matches("/hostedzone/").to_owned()
    }

    /// Makes it before anything else, so that its id is always the same.
    async fn make_zone_first(&self) {
        assert_eq!(self.make_zone().await, ZONE);
        self.local().forget_calls();
    }

    fn local(&self) -> &LocalAws {
        self.local.as_ref().expect("an account in memory")
    }

    /// Every writing call so far, as the IAM action that it needs: `ec2:CreateVpc`.
    pub(super) fn actions(&self) -> BTreeSet<String> {
        let reads = ["Describe", "Get", "List", "BatchGet"];
        let calls = self.local().calls().into_iter();
        let writes =
            calls.filter(|call| !reads.iter().any(|verb| call.operation.starts_with(verb)));
        // IAM knows CloudWatch by another name than its signatures.
        let prefix = |service: &str| match service {
            "monitoring" => "cloudwatch".to_owned(),
            other => other.to_owned(),
        };
        // And some of S3's operations.
        let name = |operation: &str| match operation {
            "PutBucketEncryption" => "PutEncryptionConfiguration".to_owned(),
            "PutPublicAccessBlock" => "PutBucketPublicAccessBlock".to_owned(),
            "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => {
                "PutLifecycleConfiguration".to_owned()
            }
            other => other.to_owned(),
        };
        writes.map(|call| format!("{}:{}", prefix(&call.service), name(&call.operation))).collect()
    }

    /// The operations so far, in order.
    pub(super) fn operations(&self) -> Vec<String> {
        self.local().calls().into_iter().map(|call| call.operation.to_string()).collect()
    }

    /// Each plan is a run of its own.
    pub(super) fn target(&self) -> Target {
        Target {
            application: "demo".to_owned(),
            environment: "test".to_owned(),
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            run: format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)),
        }
    }

    pub(super) async fn observe(&self, desired: &Desired) -> Observation {
        self.cx.bulk_tags.forget().await;
        observe(&self.registry, &self.target(), desired, &self.clock, 16).await.unwrap()
    }

    /// The live objects at an address.
    pub(super) async fn live(&self, address: &Address) -> Vec<Live> {
        self.live_among(&Desired::default(), address).await
    }

    /// The same for what is looked for only where it is wanted.
    pub(super) async fn live_among(&self, desired: &Desired, address: &Address) -> Vec<Live> {
        self.observe(desired).await.at(address).cloned().collect()
    }

    /// Takes shipit's tags away, as somebody with a console might.
    pub(super) async fn strip(&self, live: &Live) {
        self.untag(live, live.identity.tags().into_keys().collect()).await;
    }

    /// Takes these tags away.
    pub(super) async fn untag(&self, live: &Live, keys: Vec<String>) {
        // Not all services can be reached through the tagging API.
        match live.identity.address.kind() {
            "iam/role" => {
                let call = self.cx.iam.untag_role().role_name(&live.id);
                call.set_tag_keys(Some(keys)).send().await.unwrap();
            }
            "iam/instance-profile" => {
                let name = live.id.rsplit('/').next().unwrap();
                let call = self.cx.iam.untag_instance_profile().instance_profile_name(name);
                call.set_tag_keys(Some(keys)).send().await.unwrap();
            }
            "iam/oidc-provider" => {
                let call = self.cx.iam.untag_open_id_connect_provider();
                let call = call.open_id_connect_provider_arn(&live.id);
                call.set_tag_keys(Some(keys)).send().await.unwrap();
            }
            "autoscaling/group" => {
                use aws_sdk_autoscaling::types::Tag;
                let tag = |key: &String| {
                    let tag = Tag::builder().resource_id(&live.id).key(key);
                    tag.resource_type("auto-scaling-group").build()
                };
                let tags = keys.iter().map(tag).collect();
                let call = self.cx.autoscaling.delete_tags().set_tags(Some(tags));
                call.send().await.unwrap();
            }
            "acm/certificate" => {
                use aws_sdk_acm::types::Tag;
                let tags =
                    keys.iter().map(|key| Tag::builder().key(key).build().unwrap()).collect();
                let call = self.cx.acm.remove_tags_from_certificate().certificate_arn(&live.id);
                call.set_tags(Some(tags)).send().await.unwrap();
            }
            "route53/hosted-zone" => {
                let call = self.cx.route53.change_tags_for_resource().resource_id(&live.id);
                let call = call.resource_type(aws_sdk_route53::types::TagResourceType::Hostedzone);
                call.set_remove_tag_keys(Some(keys)).send().await.unwrap();
            }
            "route53/record" => self.unmark(live).await,
            "servicediscovery/instance" => {
                let (service, id) = live.id.rsplit_once('/').unwrap();
                let maps = &self.cx.servicediscovery;
                let found = maps.get_instance().service_id(service).instance_id(id).send().await;
                let mut attributes = found.unwrap().instance.unwrap().attributes.unwrap();
                attributes.retain(|key, _| !keys.contains(key));
                let call = maps.register_instance().service_id(service).instance_id(id);
                call.set_attributes(Some(attributes)).send().await.unwrap();
            }
            _ => {
                let call = self.cx.tagging.untag_resources().resource_arn_list(arn(live));
                let answer = call.set_tag_keys(Some(keys)).send().await.unwrap();
                assert_eq!(answer.failed_resources_map(), Some(&HashMap::new()));
            }
        }
    }

    /// Deletes the TXT record that says whose a record is.
    async fn unmark(&self, live: &Live) {
        use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch};
        let name = format!("_shipit-a.{}", live.spec["name"].as_str().unwrap());
        let zone = || self.cx.route53.list_resource_record_sets().hosted_zone_id(ZONE);
        let answer = zone().start_record_name(&name).max_items(1).send().await.unwrap();
        let Some(mark) = answer.resource_record_sets().first() else { return };
        if mark.name().trim_end_matches('.') != name {
            return;
        }
        let change = Change::builder().action(ChangeAction::Delete);
        let change = change.resource_record_set(mark.clone()).build().unwrap();
        let batch = ChangeBatch::builder().changes(change).build().unwrap();
        let call = self.cx.route53.change_resource_record_sets().hosted_zone_id(ZONE);
        call.change_batch(batch).send().await.unwrap();
    }

    /// Puts shipit's tags back, past everything that `shipit adopt` asks.
    pub(super) async fn claim(&self, live: &Live) {
        let driver = self.registry.driver(live.identity.address.kind()).unwrap();
        driver.claim(live).await.unwrap();
    }

    /// Makes it another application's.
    pub(super) async fn give_away(&self, live: &Live) {
        let mut other = live.clone();
        other.identity.application = "other".to_owned();
        self.strip(live).await;
        self.claim(&other).await;
    }

    /// The plan that may change and delete everything.
    pub(super) async fn plan(&self, desired: &Desired) -> Plan {
        let scope = Scope { environment: true, services: ["api".to_owned()].into(), prune: true };
        self.plan_for(desired, &scope).await
    }

    /// The plan for a scope; everything that holds data may go.
    pub(super) async fn plan_for(&self, desired: &Desired, scope: &Scope) -> Plan {
        let kinds = ["acm/certificate", "route53/record"];
        let zoned = desired.nodes.keys().any(|address| kinds.contains(&address.kind()));
        if zoned && self.local.is_some() {
            self.zone.get_or_init(|| self.make_zone_first()).await;
        }
        let observation = self.observe(desired).await;
        let made =
            plan(&self.registry, &self.target(), desired, &observation, scope, &AllowDelete::All);
        let made = made.unwrap();
        assert_eq!(made.foreign, []);
        made
    }

    /// Carries the plan out, however that ends.
    pub(super) async fn outcome(&self, plan: &Plan) -> Outcome {
        let (options, cancel) = (Options::default(), Cancel::default());
        execute(&self.registry, plan, &self.clock, &options, &cancel, &|_| {}).await
    }

    /// Carries the plan out; `what` names it in failures.
    pub(super) async fn apply(&self, plan: &Plan, what: &str) {
        let outcome = self.outcome(plan).await;
        let failed: Vec<String> = outcome
            .failed
            .iter()
            .map(|(step, failure)| format!("{}: {failure:?}", plan.steps[*step].address))
            .collect();
        assert!(outcome.is_complete(), "{what}: {failed:#?}\nskipped: {:?}", outcome.skipped);
    }
}

/// Its ARN, also where shipit has no use for it.
fn arn(live: &Live) -> String {
    match live.outputs.get("arn").and_then(|arn| arn.as_str()) {
        Some(arn) => arn.to_owned(),
        None => {
            let kind = live.identity.address.kind().trim_start_matches("ec2/");
            format!("arn:aws:ec2:eu-west-1:123456789012:{kind}/{}", live.id)
        }
    }
}
