//! Plays what is not there where no controllers and no kubelets run: the visible part of them, in the words of Kubernetes. Workloads get
//! their pods, pods are scheduled, start and become ready, or fail as they are asked to (`faults`); what lost its owner goes;
//! namespaces empty themselves; Services, Ingresses and volume claims get what a cloud would give them; objects of meshes are
//! accepted.
//!
//! Every kind is watched. After each change all that is there is looked at anew, and each part writes what it would have otherwise:
//! nothing is remembered but since when things are as they are, so that it goes on after a restart.
//!
//! Not played: CronJobs do not fire, nothing routes to pods, no quota of nodes (they always have room).

mod budgets;
mod daemon_sets;
mod definitions;
mod deployments;
mod events;
mod faults;
mod garbage;
mod jobs;
mod kind;
mod kubelet;
mod meshes;
mod namespaces;
mod outside;
mod pods;
mod replica_sets;
mod rollout;
mod scheduler;
mod stateful_sets;
mod status;
mod world;

use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::{Api, ApiError};
use crate::local::clock::Speed;
use crate::local::document::Document;
use kind::{Kind, Kinds};
use world::{News, World};

/// How soon a watch that broke is begun again.
const PAUSE: Duration = Duration::from_millis(200);

/// Plays until it is dropped. `port`: where nodes tell logs.
///
/// # Errors
/// The API server does not say what it serves.
pub(super) async fn run(api: Api, speed: Speed, port: u16) -> Result<(), ApiError> {
    definitions::install(&api).await?;
    let kinds = Kinds::discover(&api).await?;
    let (sender, mut receiver) = unbounded_channel();
    // They end with this future.
    let mut watches = JoinSet::new();
    for kind in kinds.all() {
        watches.spawn(watch(api.clone(), kind, kinds.path(kind, ""), sender.clone()));
    }
    let mut world = World::new(api, kinds, speed, port);
    loop {
        let far = Instant::now() + Duration::from_secs(3600);
        let due = tokio::time::Instant::from_std(world.due.unwrap_or(far));
        tokio::select! {
            news = receiver.recv() => match news {
                Some(news) => world.take(news),
                None => return Ok(()),
            },
            () = tokio::time::sleep_until(due) => {}
        }
        while let Ok(news) = receiver.try_recv() {
            world.take(news);
        }
        if world.is_complete() {
            world.due = None;
            turn(&mut world).await;
        }
    }
}

/// Everybody does what is to be done now.
async fn turn(world: &mut World) {
    scheduler::nodes(world).await;
    namespaces::play(world).await;
    garbage::play(world).await;
    deployments::play(world).await;
    replica_sets::play(world).await;
    stateful_sets::play(world).await;
    daemon_sets::play(world).await;
    jobs::play(world).await;
    scheduler::play(world).await;
    kubelet::play(world).await;
    budgets::play(world).await;
    outside::play(world).await;
    meshes::play(world).await;
}

/// Lists a kind, then tells its changes; again where the API server ends that.
async fn watch(api: Api, kind: Kind, path: String, news: UnboundedSender<News>) {
    loop {
        let _ = changes(&api, kind, &path, &news).await;
        if news.is_closed() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn changes(
    api: &Api,
    kind: Kind,
    path: &str,
    news: &UnboundedSender<News>,
) -> Result<(), ApiError> {
    let mut list = api.get(path).await?;
    let since = list["metadata"].text("resourceVersion").to_owned();
    let all = match list["items"].take() {
        serde_json::Value::Array(all) => all,
        _ => Vec::new(),
    };
    let _ = news.send(News::All(kind, all));
    let mut watch = api.watch(path, &since).await?;
    while let Some(mut event) = watch.next().await {
        let object = event["object"].take();
        let told = match event.text("type") {
            "ADDED" | "MODIFIED" => News::Is(kind, object),
            "DELETED" => News::Gone(kind, object),
            "BOOKMARK" => continue,
            // The versions since then are no longer known.
            _ => return Ok(()),
        };
        if news.send(told).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
