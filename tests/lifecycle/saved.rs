//! A saved plan of one service, and every field of everything that is live, changed by hand one after another: the plan
//! is refused where it depends on the field, naming it, and holds where it does not.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};
use shipit::engine::diff::{Rules, diff};
use shipit::engine::saved::{About, Moved, SavedPlan, moved};
use shipit::engine::{Address, Desired, Identity, Live, Observation, Owner, Rule, Scope};
use shipit::manifest::Workspace;
use shipit::planner;

use super::EXAMPLES;
use super::account::Account;
use super::example::Edit;

const ENVIRONMENT: &str = "kind: environment
name: test
network:
  vpc:
    nat: single
";

const WEB: &str = "kind: service
name: web
type: Load Balanced Web Service
image:
  location: public.ecr.aws/nginx/nginx:1.27
  port: 80
http:
  path: /
count:
  range: 1-3
  cpu_percentage: 70
variables:
  LEVEL: info
sidecars:
  helper:
    image: public.ecr.aws/docker/library/busybox:1.37
";

const API: &str = "kind: service
name: api
type: Backend Service
image:
  location: public.ecr.aws/nginx/nginx:1.27
  port: 8080
count:
  range: 1-3
  cpu_percentage: 70
";

fn workspace(web: &str) -> Workspace {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("application.yml", "kind: application\nname: demo\ntags:\n  team: blue\n"),
        ("environments/test.yml", ENVIRONMENT),
        ("services/web.yml", web),
        ("services/api.yml", API),
    ] {
        let path = folder.path().join("shipit").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Workspace::load(folder.path(), &|_| None).unwrap_or_else(|problems| panic!("{problems}"))
}

fn desired(workspace: &Workspace, live: &Observation) -> Desired {
    let services: BTreeSet<String> = ["api".to_owned(), "web".to_owned()].into();
    let zones = ["eu-west-1a".to_owned(), "eu-west-1b".to_owned()];
    let context = planner::Context {
        surroundings: &planner::Surroundings::default(),
        workspace,
        environment: "test",
        account: "123456789012",
        region: "eu-west-1",
        partition: "aws",
        zones: &zones,
        tagged: &Default::default(),
        services: &services,
    };
    planner::desired(&context, live).unwrap()
}

fn everything() -> Scope {
    let services = ["api".to_owned(), "web".to_owned()].into();
    Scope { environment: true, services, prune: false }
}

/// The account with everything deployed, and a plan for a new image of `web`, through its document and back.
async fn planned() -> (Account, SavedPlan) {
    let account = Account::open().await;
    let old = workspace(WEB);
    let wanted = desired(&old, &Observation::default());
    let plan = account.plan_for(&wanted, &everything()).await;
    account.apply(&plan, "deploy").await;
    let new = workspace(&WEB.replace("nginx:1.27", "nginx:1.28"));
    let live = account.observe(&wanted).await;
    let plan = account.plan_for(&desired(&new, &live), &everything()).await;
    let at = "2026-01-01T00:00:00Z".to_owned();
    let saved = SavedPlan::new(&account.registry, plan, About::Everything, at).unwrap();
    let text = saved.seal().unwrap();
    (account, SavedPlan::open(&text).unwrap())
}

async fn since(account: &Account, saved: &SavedPlan) -> Vec<Moved> {
    let fresh = account.observe(&saved.plan.basis.desired()).await;
    moved(&account.registry, &saved.plan, &fresh).unwrap()
}

/// The changes of a live document that the examples of its kind know: the field's path, and the new document.
fn changes(account: &Account, live: &Live) -> Vec<(&'static str, Value)> {
    let kind = live.identity.address.kind();
    let rules = account.registry.info(kind).unwrap().rules;
    let mut found: Vec<(&'static str, Value)> = Vec::new();
    for (_, example) in EXAMPLES {
        let example = example();
        if example.address.kind() != kind {
            continue;
        }
        for edit in &example.edits {
            if let Some(document) = changed(edit, rules, &live.spec) {
                found.push((edit.path(), document));
            }
        }
    }
    found
}

fn changed(edit: &Edit, rules: &'static [Rule], spec: &Value) -> Option<Value> {
    let covered = |path: &str, by: &str| path == by || path.starts_with(&format!("{by}."));
    for (path, value) in &edit.values {
        let pointer = format!("/{}", path.replace('.', "/"));
        let there = spec.pointer(pointer.rsplit_once('/')?.0).is_some_and(Value::is_object);
        let fixed = rules.iter().any(|rule| {
            matches!(rule, Rule::Immutable(by) | Rule::OwnedElsewhere(by, _) if covered(path, by))
        });
        if !there || fixed || value.to_string().contains("$output") {
            return None;
        }
    }
    let document = edit.apply(spec);
    (!diff(&Rules::new(rules), spec, &document).is_empty()).then_some(document)
}

/// Makes a live object match a document, without shipit's plan. `false` where AWS refuses.
async fn write(account: &Account, live: &Live, document: &Value) -> bool {
    let driver = account.registry.driver(live.identity.address.kind()).unwrap();
    let rules = Rules::new(driver.info().rules);
    let mut live = live.clone();
    for _ in 0..20 {
        let changes = diff(&rules, &live.spec, document);
        match driver.update(&live, document, &changes).await {
            Ok(progress) if progress.more => {}
            Ok(_) => return true,
            Err(_) => return false,
        }
        let now = account.live(&live.identity.address).await;
        live = now.into_iter().find(|now| now.id == live.id).unwrap();
    }
    panic!("updating {} never ends", live.identity.address);
}

#[tokio::test]
async fn a_plan_is_stale_after_any_change_of_what_it_depends_on_and_after_no_other() {
    let (account, saved) = planned().await;
    assert_eq!(since(&account, &saved).await, []);
    let related: Vec<String> =
        saved.plan.basis.depends_on.keys().map(ToString::to_string).collect();
    insta::assert_snapshot!(related.join("\n"), @"
    ec2/internet-gateway.main
    ec2/route-table.public
    ec2/security-group.environment
    ec2/security-group.public-load-balancer
    ec2/security-group-rule.environment-from-public-load-balancer
    ec2/security-group-rule.public-load-balancer-80-from-0.0.0.0/0
    ec2/subnet.public-1
    ec2/subnet.public-2
    ec2/vpc.main
    ecs/cluster.main
    ecs/service.web
    ecs/task-definition.web
    elbv2/listener.public-http
    elbv2/listener-rule.web
    elbv2/load-balancer.public
    elbv2/target-group.web
    iam/role.web/execution
    iam/role.web/task
    logs/log-group.web
    servicediscovery/namespace.main
    servicediscovery/service.web
    ");
    let live = account.observe(&saved.plan.basis.desired()).await;
    let mut text = String::new();
    let mut whole = BTreeSet::new();
    let (mut refused, mut accepted, mut kinds) = (0, 0, BTreeSet::new());
    for object in live.live() {
        let address = &object.identity.address;
        let depends = related.contains(&address.to_string());
        let driver = account.registry.driver(address.kind()).unwrap();
        let mut tried = Vec::new();
        // Of several objects of a kind that fare alike, the first is tried in every field.
        let most = if whole.insert((address.kind(), depends)) { usize::MAX } else { 1 };
        for (path, document) in changes(&account, object).into_iter().take(most) {
            let made = if driver.info().revisioned {
                let identity = Identity { run: "by hand".to_owned(), ..object.identity.clone() };
                driver.create(&identity, &document).await.is_ok()
            } else {
                write(&account, object, &document).await
            };
            let fresh = account.observe(&saved.plan.basis.desired()).await;
            // AWS drops what means nothing: ports of a rule for every protocol.
            let rules = Rules::new(driver.info().rules);
            let mut objects = fresh.at(address).filter(|live| live.id == object.id);
            let same = objects.all(|live| diff(&rules, &live.spec, &object.spec).is_empty());
            if made && (driver.info().revisioned || !same) {
                let moved = moved(&account.registry, &saved.plan, &fresh).unwrap();
                let named = moved.iter().any(|one| match one {
                    Moved::Field { address: of, path: field, .. } => {
                        of == address && (path.starts_with(field) || field.starts_with(path))
                    }
                    Moved::Appeared { address: of, .. } => of == address,
                    _ => false,
                });
                assert_eq!(named, depends, "{address} `{path}`: {moved:#?}");
                assert_eq!(moved.is_empty(), !depends, "{address} `{path}`: {moved:#?}");
                tried.push(path);
                if depends {
                    refused += 1;
                } else {
                    accepted += 1;
                }
            }
            if driver.info().revisioned {
                for twin in fresh.at(address) {
                    if twin.id != object.id {
                        let call = account.cx.ecs.deregister_task_definition();
                        call.task_definition(&twin.id).send().await.unwrap();
                    }
                }
            } else {
                let changed = Live { spec: document, ..object.clone() };
                write(&account, &changed, &object.spec).await;
            }
        }
        if !tried.is_empty() {
            kinds.insert(address.kind().to_owned());
        }
        tried.dedup();
        writeln!(text, "{} {address}: {}", if depends { "*" } else { " " }, tried.join(" "))
            .unwrap();
    }
    assert_eq!(since(&account, &saved).await, [], "everything was put back");
    let all: BTreeSet<String> =
        live.live().map(|live| live.identity.address.kind().to_owned()).collect();
    assert_eq!(kinds, all, "something of every kind was changed:\n{text}");
    assert!(refused > 60 && accepted > 40, "{refused} refused, {accepted} accepted:\n{text}");
}

/// What others do in the account, and what comes and goes in scope.
#[tokio::test]
async fn strangers_may_come_and_what_is_ours_may_not_go() {
    let (account, saved) = planned().await;
    let live = account.observe(&saved.plan.basis.desired()).await;
    let strangers = [("t1", Owner::Environment), ("t2", Owner::Service("stranger".to_owned()))];
    for (application, owner) in strangers {
        for object in live.live() {
            let kind = object.identity.address.kind();
            if !["ec2/elastic-ip", "logs/log-group", "iam/role", "ecr/repository"].contains(&kind) {
                continue;
            }
            let identity = Identity {
                application: application.to_owned(),
                owner: owner.clone(),
                ..object.identity.clone()
            };
            let driver = account.registry.driver(kind).unwrap();
            driver.create(&identity, &object.spec).await.unwrap();
        }
    }
    assert_eq!(since(&account, &saved).await, []);
    // Another service of the same environment, from another repository.
    let log_group = live.live().find(|live| live.identity.address.kind() == "logs/log-group");
    let other = Identity {
        owner: Owner::Service("other".to_owned()),
        address: Address::new("logs/log-group", "other"),
        ..log_group.unwrap().identity.clone()
    };
    let driver = account.registry.driver("logs/log-group").unwrap();
    driver.create(&other, &log_group.unwrap().spec).await.unwrap();
    assert_eq!(since(&account, &saved).await, []);
    // One more of a service in scope, and one less: a new plan would be another.
    let mine = Identity {
        owner: Owner::Service("api".to_owned()),
        address: Address::new("logs/log-group", "api/more"),
        ..other
    };
    driver.create(&mine, &log_group.unwrap().spec).await.unwrap();
    let api = live.live().find(|live| live.identity.address.to_string() == "logs/log-group.api");
    driver.delete(api.unwrap()).await.unwrap();
    let moved = since(&account, &saved).await;
    let moved: Vec<Value> = moved.iter().map(|one| serde_json::to_value(one).unwrap()).collect();
    assert_eq!(
        moved,
        [
            json!({ "moved": "gone", "address": "logs/log-group.api", "id": "/shipit/demo/test/api" }),
            json!({ "moved": "appeared", "address": "logs/log-group.api/more", "id": "/shipit/demo/test/api/more" }),
        ]
    );
}
