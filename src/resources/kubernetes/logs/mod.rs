//! What the pods of services write: all that there is, merged by time; then, line by line, what comes.
//!
//! What is there is read from all containers side by side (`source`), a piece of each at a time. To follow, each container has a
//! task of its own that reads its log as it is written, and begins again where it was when the stream ends (`follower`): they
//! share one channel, which holds few lines, so that what is not printed waits in the cluster. Pods are listed again and again,
//! and new ones followed from their beginning. `filter` is CloudWatch's pattern, which a cluster knows nothing of.

mod filter;
mod follower;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

use super::rollout::{is_owned, served};
use super::workload::Workload;
use super::{revisions, status};
use crate::aws::Cx;
use crate::engine::{Class, Failure};
use crate::kubernetes::{Client, Listed};
use crate::resources::log_line::Line;
use filter::Filter;
use follower::Followed;
use source::{Place, Source};

/// Between two lists of pods while they are followed.
const EVERY: Duration = Duration::from_secs(2);
/// So many lines wait at most to be printed.
const WAITING: usize = 1_000;
/// So many are given out at once.
const BATCH: usize = 200;

/// What is wanted of the logs.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// CloudWatch's filter pattern.
    pub filter: Option<String>,
    /// Nothing of before this, in milliseconds since 1970.
    pub from: i64,
    /// Nothing of after this.
    pub until: Option<i64>,
    /// Only pods whose names begin with one of these; all where empty.
    pub pods: Vec<String>,
    /// Only this container.
    pub container: Option<String>,
    /// Only so many lines of each container, the last.
    pub tail: Option<usize>,
    /// The run before this one, of the pod of which that ended last.
    pub previous: bool,
    /// It goes on when all was read.
    pub follow: bool,
}

/// Reads several logs side by side.
pub struct Reader {
    workloads: Vec<Workload>,
    wanted: Wanted,
    filter: Arc<Filter>,
    /// What is there already; nothing of it is left once it is followed.
    old: Option<Vec<Source>>,
    followed: BTreeMap<(String, String), Followed>,
    tasks: JoinSet<()>,
    sender: Sender<Result<Line, Failure>>,
    receiver: Receiver<Result<Line, Failure>>,
    several: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("workloads", &self.workloads).finish_non_exhaustive()
    }
}

impl Reader {
    /// Of the pods of these workloads, what is wanted.
    ///
    /// # Errors
    /// The pattern makes no sense, there is no such container, or nothing ran before.
    pub async fn new(cx: &Cx, workloads: Vec<Workload>, wanted: Wanted) -> Result<Self, Failure> {
        let filter = Arc::new(Filter::of(wanted.filter.as_deref().unwrap_or_default())?);
        let (sender, receiver) = channel(WAITING);
        let mut reader = Self {
            workloads,
            wanted,
            filter,
            old: None,
            followed: BTreeMap::new(),
            tasks: JoinSet::new(),
            sender,
            receiver,
            several: false,
        };
        let places = reader.places(cx).await?;
        let names: BTreeSet<&String> = places.iter().map(|place| &place.container).collect();
        reader.several = names.len() > 1;
        if let Some(wanted) = &reader.wanted.container
            && !places.is_empty()
            && !names.contains(wanted)
        {
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            let name = &reader.workloads[0].name;
            let message = format!("`{name}` has no container `{wanted}`");
            return Err(Failure::new(Class::Invalid, message)
                .with_hint(format!("it has `{}`", names.join("`, `"))));
        }
        let mut places = reader.chosen(places);
        if reader.wanted.previous {
            let last = places.iter().max_by_key(|place| place.ended).cloned();
            let Some(last) = last.filter(|last| last.ended.is_some()) else {
                let name = &reader.workloads[0].name;
                let message = format!("no container of `{name}` has ended and was started again");
                return Err(Failure::new(Class::Gone, message)
                    .with_hint("the log of a pod that is gone went with it; what collects the cluster's logs may have it"));
            };
            places.retain(|place| place.pod == last.pod && place.ended.is_some());
        }
        reader.old =
            Some(places.into_iter().map(|place| Source::new(place, &reader.wanted)).collect());
        Ok(reader)
    }

    /// Whether pods have more than one container that is read.
    pub fn has_several(&self) -> bool {
        self.several && self.wanted.container.is_none()
    }

    /// Some lines, and whether that is all there is for now. What is there comes in order of time; what comes later, as it
    /// comes, and this waits for it a while.
    ///
    /// # Errors
    /// A call is refused; the next step goes on from where this one began.
    pub async fn step(&mut self, cx: &Cx) -> Result<(Vec<Line>, bool), Failure> {
        let Some(sources) = &mut self.old else { return self.wait(cx).await };
        let dry = sources.iter_mut().filter(|source| source.is_dry());
        try_join_all(dry.map(|source| source.fetch(cx))).await?;
        let mut lines = Vec::new();
        while !sources.iter().any(Source::is_dry) {
            let next = sources.iter_mut().filter(|source| source.first().is_some());
            let Some(source) = next.min_by_key(|source| source.first()) else {
                let done = self.old.take().unwrap_or_default();
                if self.wanted.follow {
                    for source in done {
                        let (place, given) = source.into_place();
                        self.follow(cx, place, given).await?;
                    }
                }
                return Ok((lines, true));
            };
            let line = source.pop();
            lines.extend(line.filter(|line| self.filter.fits(&line.message)));
        }
        Ok((lines, false))
    }

    /// Lines as they come.
    async fn wait(&mut self, cx: &Cx) -> Result<(Vec<Line>, bool), Failure> {
        let places = self.places(cx).await?;
        let there: BTreeSet<(String, String)> = places.iter().map(Place::key).collect();
        while self.tasks.try_join_next().is_some() {}
        self.followed.retain(|key, one| there.contains(key) || !one.is_over());
        for place in self.chosen(places) {
            if !self.followed.contains_key(&place.key()) {
                self.follow(cx, place, source::Given::default()).await?;
            }
        }
        let mut lines = Vec::new();
        let first = tokio::time::timeout(EVERY, self.receiver.recv()).await;
        if let Ok(Some(first)) = first {
            lines.push(first?);
        }
        while lines.len() < BATCH
            && let Ok(next) = self.receiver.try_recv()
        {
            lines.push(next?);
        }
        let all = lines.len() < BATCH;
        Ok((lines, all))
    }

    async fn follow(&mut self, cx: &Cx, place: Place, given: source::Given) -> Result<(), Failure> {
        let workload = self.workloads.iter().find(|one| one.name == place.service);
        let Some(workload) = workload else { return Ok(()) };
        let client = workload.client(cx).await?;
        let (key, followed) = (place.key(), Followed::default());
        let task = follower::Task {
            client,
            place,
            given,
            from: self.wanted.from,
            filter: self.filter.clone(),
            sender: self.sender.clone(),
            over: followed.clone(),
        };
        self.tasks.spawn(task.run());
        self.followed.insert(key, followed);
        Ok(())
    }

    /// Those of the containers that are wanted.
    fn chosen(&self, mut places: Vec<Place>) -> Vec<Place> {
        let Wanted { pods, container, .. } = &self.wanted;
        places.retain(|place| {
            (pods.is_empty() || pods.iter().any(|start| place.pod.starts_with(start.as_str())))
                && container.as_ref().is_none_or(|wanted| *wanted == place.container)
        });
        places
    }

    /// All containers of all pods.
    async fn places(&self, cx: &Cx) -> Result<Vec<Place>, Failure> {
        let mut places = Vec::new();
        for workload in &self.workloads {
            let client = workload.client(cx).await?;
            for pod in pods(&client, workload).await? {
                let name = pod["metadata"]["name"].as_str().unwrap_or_default();
                let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
                let statuses = pod["status"]["containerStatuses"].as_array();
                for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
                    let own = &container["name"];
                    let live = statuses.into_iter().flatten().find(|one| one["name"] == *own);
                    let ended = live.map(|one| &one["lastState"]["terminated"]["finishedAt"]);
                    places.push(Place {
                        service: workload.name.clone(),
                        namespace: workload.namespace().to_owned(),
                        pod: name.to_owned(),
                        uid: uid.to_owned(),
                        container: own.as_str().unwrap_or_default().to_owned(),
                        ended: ended.and_then(status::seconds),
                        workload: workload.clone(),
                    });
                }
            }
        }
        Ok(places)
    }
}

/// The pods of a workload; of a scheduled job, those of its runs.
pub(super) async fn pods(client: &Client, workload: &Workload) -> Result<Vec<Value>, Failure> {
    let object = match workload.read(client).await {
        Ok(object) => object,
        // It may come again, in place of what was.
        Err(failure) if failure.class == Class::Gone => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let (namespace, labels) = (workload.namespace(), revisions::pod_labels(&object));
    let (kind, labels_of_owners) = match object["kind"].as_str() {
        Some("Deployment") => (Some(("apps/v1", "ReplicaSet", "replicasets")), labels.as_str()),
        Some("CronJob") => (Some(("batch/v1", "Job", "jobs")), ""),
        _ => (None, ""),
    };
    let mut owners = vec![object["metadata"]["uid"].clone()];
    if let Some(kind) = kind {
        let all = revisions::owned_by(client, namespace, kind, labels_of_owners, &object).await?;
        owners.extend(all.iter().map(|one| one["metadata"]["uid"].clone()));
    }
    let pods = served("v1", "Pod", "pods");
    let mut found = client.list(&pods, Some(namespace), &labels, Listed::Whole).await?;
    found.retain(|pod| is_owned(pod, &owners));
    Ok(found)
}
