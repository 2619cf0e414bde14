//! An account in memory, a workspace, and whole runs over both.

use std::collections::BTreeSet;
use std::fmt::Write;

use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions, zones};
use shipit::engine::execute::Options;
use shipit::engine::{
    AllowDelete, Cancel, Desired, Observation, Outcome, Plan, Registry, Scope, Target, TokioClock,
    execute, observe, plan,
};
use shipit::local::clock::Speed;
use shipit::local::{LocalAws, LocalOptions};
use shipit::manifest::Workspace;
use shipit::planner;
use shipit::resources::REGISTRY;

pub(super) const ACCOUNT: &str = "123456789012";

/// A simulated account, and clients for it.
pub(super) struct Account {
    pub(super) local: LocalAws,
    session: Session,
}

impl Account {
    /// An empty account in which nothing takes time, each call `latency` excepted.
    pub(super) async fn empty(latency: Option<std::time::Duration>) -> Self {
        let options =
            LocalOptions { speed: Speed::Instant, seed: Some(1), latency, ..Default::default() };
        let local = LocalAws::open(options).unwrap();
        let session = session(&local, CallLog::new(None)).await;
        Self { local, session }
    }

    /// Clients with nothing remembered of earlier runs.
    pub(super) fn cx(&self) -> Cx {
        self.session.cx(ACCOUNT.to_owned())
    }

    /// All kinds, bound to clients of a run of its own.
    pub(super) fn registry(&self) -> Registry {
        let cx = std::sync::Arc::new(self.cx());
        Registry::new(REGISTRY.iter().map(|kind| (kind.bind)(cx.clone())).collect())
    }

    /// A plan of everything in the workspace, as `shipit plan` makes it.
    pub(super) async fn plan(&self, workspace: &Workspace, registry: &Registry) -> Plan {
        // What a command asks first: who it is.
        self.session.caller().await.unwrap();
        let services: BTreeSet<String> =
            workspace.services.iter().map(|service| service.name.clone()).collect();
        let zones = match planner::zones_needed(workspace, "test") {
            0 => Vec::new(),
            _ => zones::names(&self.cx()).await.unwrap(),
        };
        let context = planner::Context {
            surroundings: &planner::Surroundings::default(),
            workspace,
            environment: "test",
            account: ACCOUNT,
            region: "eu-west-1",
            partition: "aws",
            zones: &zones,
            tagged: &Default::default(),
            services: &services,
        };
        let wanted = planner::desired(&context, &Observation::default()).unwrap();
        let cx = self.cx();
        let records = shipit::record::read(&cx, "demo", "test");
        let (live, records) = tokio::join!(look(registry, &wanted), records);
        records.unwrap();
        let desired = planner::desired(&context, &live).unwrap();
        let scope = Scope { environment: true, services, prune: false };
        plan(registry, &target(), &desired, &live, &scope, &AllowDelete::All).unwrap()
    }

    /// Writes a release of each scope, as an apply of everything does.
    pub(super) async fn record(&self, workspace: &Workspace) {
        use shipit::engine::Owner;
        use shipit::record::{Ending, Release, write};
        let services = workspace.services.iter().map(|one| Owner::Service(one.name.clone()));
        let at = "2026-11-21T07:12:29Z".to_owned();
        let release = Release::new(at, "arn".to_owned(), Ending::Completed);
        for owner in services.chain([Owner::Environment]) {
            write(&self.cx(), "demo", "test", &owner, &release).await.unwrap();
        }
    }

    /// Applies a plan to its end.
    pub(super) async fn apply(
        &self,
        registry: &Registry,
        plan: &Plan,
        options: Options,
    ) -> Outcome {
        let clock = TokioClock::faster(200.0);
        let outcome = execute(registry, plan, &clock, &options, &Cancel::new(), &|_| {}).await;
        assert!(outcome.is_complete(), "{:#?}", outcome.failed);
        outcome
    }
}

/// A session with the account whose calls `calls` records.
pub(super) async fn session(local: &LocalAws, calls: CallLog) -> Session {
    let options = SessionOptions {
        region: Some("eu-west-1".to_owned()),
        local: Some(http_client(local.clone())),
        time_factor: Some(1e3),
        ..Default::default()
    };
    Session::load(&options, calls).await.unwrap()
}

fn target() -> Target {
    Target {
        application: "demo".to_owned(),
        environment: "test".to_owned(),
        account: ACCOUNT.to_owned(),
        region: "eu-west-1".to_owned(),
        run: "run".to_owned(),
    }
}

async fn look(registry: &Registry, wanted: &Desired) -> Observation {
    observe(registry, &target(), wanted, &TokioClock::faster(200.0), 16)
        .await
        .unwrap_or_else(|failures| panic!("{failures:#?}"))
}

/// An application `demo` with an environment `test`, `web` load balanced and `backend` backend
/// services; every fifth has an autoscaling range.
pub(super) fn workspace(web: usize, backend: usize) -> Workspace {
    let folder = tempfile::tempdir().unwrap();
    let file = |path: String, text: String| {
        let path = folder.path().join("shipit").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    file("application.yml".to_owned(), "kind: application\nname: demo\n".to_owned());
    let environment = "kind: environment\nname: test\nregion: eu-west-1\n";
    file("environments/test.yml".to_owned(), environment.to_owned());
    for number in 0..web + backend {
        let is_web = number < web;
        let name = format!("{}{number:02}", if is_web { "web" } else { "backend" });
        let kind = if is_web { "Load Balanced Web Service" } else { "Backend Service" };
        let mut text = format!(
            "kind: service\nname: {name}\ntype: {kind}\nimage:\n  location: \
             public.ecr.aws/nginx/nginx:1.27\n  port: 80\n"
        );
        if is_web {
            write!(text, "http:\n  path: {}\n", if web == 1 { "/".into() } else { name.clone() })
                .unwrap();
        }
        if number % 5 == 4 {
            text.push_str("count:\n  range: 1-3\n  cpu_percentage: 70\n");
        }
        file(format!("services/{name}.yml"), text);
    }
    Workspace::load(folder.path(), &|_| None).unwrap_or_else(|problems| panic!("{problems}"))
}
