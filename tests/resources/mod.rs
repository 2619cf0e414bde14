//! Resource kinds against local AWS, through the SDK: what is created is read back as it was written.

mod load_balancing;
mod network;
mod roles;
mod shifting;

use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions};
use shipit::engine::change::Change;
use shipit::engine::{Address, Failure, Identity, Owner, Query, Seen};
use shipit::local::clock::{Clock, Speed};
use shipit::local::{LocalAws, LocalOptions};
use shipit::resources::Resource;
use shipit::resources::resource::Live;

/// An account in memory where nothing takes time, and clients for it.
async fn account() -> (Cx, CallLog) {
    let options = LocalOptions {
        clock: Clock::manual(1_795_233_600_000),
        seed: Some(1),
        speed: Speed::Instant,
        ..Default::default()
    };
    let calls = CallLog::new(None);
    let session = SessionOptions {
        region: Some("eu-west-1".to_owned()),
        local: Some(http_client(LocalAws::open(options).unwrap())),
        time_factor: Some(1e3),
        ..Default::default()
    };
    let session = Session::load(&session, calls.clone()).await.unwrap();
    (session.cx("123456789012".to_owned()), calls)
}

fn identity<R: Resource>(name: &str) -> Identity {
    Identity {
        application: "demo".to_owned(),
        environment: "test".to_owned(),
        owner: Owner::Environment,
        address: Address::new(R::KIND, name),
        generation: 1,
        run: "run-1".to_owned(),
    }
}

async fn create<R: Resource>(cx: &Cx, name: &str, spec: &R) -> R::Outputs {
    spec.create(cx, &identity::<R>(name)).await.unwrap().outputs.unwrap()
}

/// All live objects of a kind, by name, as the engine would see them with `seen`.
async fn observe_with<R: Resource>(cx: &Cx, seen: &Seen) -> Vec<Live<R>> {
    let query = Query {
        application: "demo",
        environment: "test",
        wanted: &[],
        documents: Query::NO_DOCUMENTS,
        seen,
    };
    let mut owned = R::observe(cx, &query).await.unwrap().owned;
    owned.sort_by(|a, b| a.identity.address.cmp(&b.identity.address));
    owned
}

async fn observe<R: Resource>(cx: &Cx) -> Vec<Live<R>> {
    observe_with(cx, &Seen::default()).await
}

async fn specs<R: Resource>(cx: &Cx) -> Vec<R> {
    observe(cx).await.into_iter().map(|live| live.spec).collect()
}

/// Updates the live object to `spec`, told that `paths` differ, and reads it back.
async fn updated<R: Resource>(cx: &Cx, name: &str, spec: &R, paths: &[&str]) -> R {
    let find = |live: &Live<R>| live.identity.address.name() == name;
    let live = observe::<R>(cx).await.into_iter().find(find).unwrap();
    let changes: Vec<Change> = paths
        .iter()
        .map(|path| Change {
            path: (*path).to_owned(),
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
            unknown: Vec::new(),
            forces_replacement: false,
            drift: false,
            sensitive: false,
        })
        .collect();
    spec.update(cx, &live, &changes).await.unwrap();
    observe::<R>(cx).await.into_iter().find(find).unwrap().spec
}

/// Deletes all of a kind, twice: what is gone already is no failure.
async fn delete_all<R: Resource>(cx: &Cx) -> Result<(), Failure> {
    let all = observe::<R>(cx).await;
    for live in &all {
        R::delete(cx, live).await?;
    }
    for live in &all {
        R::delete(cx, live).await?;
    }
    assert_eq!(observe::<R>(cx).await.len(), 0, "{}", R::KIND);
    Ok(())
}
