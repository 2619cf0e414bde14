//! What is in the cluster, as the watches tell it, and the ways to change it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::{Api, ApiError};
use super::kind::{Kind, Kinds};
use crate::local::clock::Speed;
use crate::local::document::Document;

/// How soon something is tried again that the API server refused.
const AGAIN: Duration = Duration::from_millis(200);

/// However fast time goes, nothing is done more often.
const SHORTEST: Duration = Duration::from_millis(20);

/// An object as it was last seen.
pub(super) type Object = Arc<Value>;

/// What a watch tells.
#[derive(Debug)]
pub(super) enum News {
    /// All objects of a kind.
    All(Kind, Vec<Value>),
    /// One that is there.
    Is(Kind, Value),
    /// One that has gone.
    Gone(Kind, Value),
}

/// The cluster.
pub(super) struct World {
    pub(super) api: Api,
    pub(super) kinds: Kinds,
    speed: Speed,
    /// Where the nodes tell logs and open sessions.
    pub(super) port: u16,
    objects: BTreeMap<(Kind, String, String), Object>,
    listed: BTreeSet<Kind>,
    /// When something is to be looked at again.
    pub(super) due: Option<Instant>,
    /// Since when an object is in a stage.
    since: HashMap<String, (String, Instant)>,
    /// The last status that each object was given, and the version it had then: what a server does not keep is not written twice.
    given: HashMap<String, (String, Value)>,
    /// How often each event was told.
    pub(super) told: HashMap<String, (String, i64)>,
}

impl World {
    pub(super) fn new(api: Api, kinds: Kinds, speed: Speed, port: u16) -> Self {
        Self {
            api,
            kinds,
            speed,
            port,
            objects: BTreeMap::new(),
            listed: BTreeSet::new(),
            due: None,
            since: HashMap::new(),
            given: HashMap::new(),
            told: HashMap::new(),
        }
    }

    /// Whether all kinds were listed.
    pub(super) fn is_complete(&self) -> bool {
        self.kinds.all().all(|kind| self.listed.contains(&kind))
    }

    pub(super) fn take(&mut self, news: News) {
        match news {
            News::All(kind, all) => {
                self.objects.retain(|(other, _, _), _| *other != kind);
                for object in all {
                    self.put(kind, object);
                }
                self.listed.insert(kind);
            }
            News::Is(kind, object) => self.put(kind, object),
            News::Gone(kind, object) => self.forget(kind, &object),
        }
    }

    /// Keeps the newer one: what was answered to us may be newer than what a watch tells.
    fn put(&mut self, kind: Kind, object: Value) {
        let key = key(kind, &object);
        let version =
            |object: &Value| object["metadata"].text("resourceVersion").parse::<u64>().unwrap_or(0);
        if self.objects.get(&key).is_none_or(|old| version(old) <= version(&object)) {
            self.objects.insert(key, Arc::new(object));
        }
    }

    fn forget(&mut self, kind: Kind, object: &Value) {
        let key = key(kind, object);
        if self.objects.get(&key).is_some_and(|old| uid(old) == uid(object)) {
            self.objects.remove(&key);
            self.since.retain(|key, _| !key.starts_with(uid(object)));
            self.given.remove(uid(object));
        }
    }

    /// All objects of a kind.
    pub(super) fn all(&self, kind: Kind) -> Vec<Object> {
        let of = self.objects.iter().filter(|((other, _, _), _)| *other == kind);
        of.map(|(_, object)| Arc::clone(object)).collect()
    }

    /// All objects of all kinds.
    pub(super) fn everything(&self) -> Vec<(Kind, Object)> {
        self.objects.iter().map(|((kind, _, _), object)| (*kind, Arc::clone(object))).collect()
    }

    pub(super) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Object> {
        self.objects.get(&(kind, namespace.to_owned(), name.to_owned())).cloned()
    }

    /// The objects of a kind that a controller owns.
    pub(super) fn owned(&self, kind: Kind, owner: &Value) -> Vec<Object> {
        let mut all = self.all(kind);
        all.retain(|object| controller(object).is_some_and(|it| it.text("uid") == uid(owner)));
        all
    }

    /// A time of the cluster's in real time.
    pub(super) fn pace(&self, time: Duration) -> Duration {
        if time.is_zero() { time } else { self.speed.scale(time).max(SHORTEST) }
    }

    /// Whether an object is in a stage for that long; it is looked at again when it will be.
    pub(super) fn lasts(&mut self, object: &Value, stage: &str, time: Duration) -> bool {
        self.part_lasts(object, "", stage, time)
    }

    /// The same for a part of an object.
    pub(super) fn part_lasts(
        &mut self,
        object: &Value,
        part: &str,
        stage: &str,
        time: Duration,
    ) -> bool {
        let time = self.pace(time);
        let now = Instant::now();
        let key = format!("{}/{part}", uid(object));
        let entry = self.since.entry(key).or_insert_with(|| (stage.to_owned(), now));
        if entry.0 != stage {
            *entry = (stage.to_owned(), now);
        }
        let at = entry.1 + time;
        if at > now {
            self.wake(at);
        }
        at <= now
    }

    /// A pod has its node, before a watch tells it.
    pub(super) fn placed(&mut self, pod: &Value, node: &str) {
        let mut placed = pod.clone();
        placed["spec"].set("nodeName", node);
        self.objects.insert(key(Kind::Pod, pod), Arc::new(placed));
    }

    fn wake(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Looks at everything again in a moment.
    pub(super) fn again(&mut self) {
        self.wake(Instant::now() + AGAIN);
    }

    /// Makes an object; its API version and kind are put in.
    pub(super) async fn create(
        &mut self,
        kind: Kind,
        namespace: &str,
        mut object: Value,
    ) -> Result<Object, ApiError> {
        object.set("apiVersion", self.kinds.version(kind));
        object.set("kind", kind.name());
        let made = self.api.create(&self.kinds.path(kind, namespace), &object).await;
        self.keep(kind, made)
    }

    /// Changes an object by a merge patch.
    pub(super) async fn merge(&mut self, kind: Kind, object: &Value, patch: Value) {
        let path = self.path_of(kind, object);
        let made = self.api.merge(&path, &patch).await;
        self.settle(kind, object, made);
    }

    /// Writes a status, if the object has another. What is null goes.
    pub(super) async fn status(&mut self, kind: Kind, object: &Value, status: Value) {
        let version = |object: &Value| object["metadata"].text("resourceVersion").to_owned();
        let given = self.given.get(uid(object));
        let again = given.is_some_and(|given| given.0 == version(object) && given.1 == status);
        if again || covers(&object["status"], &status) {
            return;
        }
        let path = format!("{}/status", self.path_of(kind, object));
        let made = self.api.merge(&path, &json!({"status": status})).await;
        if let Ok(made) = &made {
            self.given.insert(uid(object).to_owned(), (version(made), status));
        }
        self.settle(kind, object, made);
    }

    /// Deletes an object; `now` gives it no time to end.
    pub(super) async fn delete(&mut self, kind: Kind, object: &Value, now: bool) {
        let mut options =
            json!({"preconditions": {"uid": uid(object)}, "propagationPolicy": "Background"});
        if now {
            options.set("gracePeriodSeconds", 0);
        }
        let path = self.path_of(kind, object);
        if self.api.delete(&path, &options).await.is_err() {
            return self.again();
        }
        let finalizers = object["metadata"].list("finalizers");
        if now || (kind != Kind::Pod && finalizers.is_empty()) {
            self.forget(kind, object);
        } else {
            // It is there until somebody lets it go: seen as such at once.
            let mut leaving = object.clone();
            leaving["metadata"].set("deletionTimestamp", stamp());
            self.objects.insert(key(kind, object), Arc::new(leaving));
        }
    }

    /// The path of one object.
    pub(super) fn path_of(&self, kind: Kind, object: &Value) -> String {
        let meta = &object["metadata"];
        format!("{}/{}", self.kinds.path(kind, meta.text("namespace")), meta.text("name"))
    }

    fn keep(&mut self, kind: Kind, made: Result<Value, ApiError>) -> Result<Object, ApiError> {
        match made {
            Ok(made) => {
                self.put(kind, made.clone());
                Ok(Arc::new(made))
            }
            Err(error) => {
                self.again();
                Err(error)
            }
        }
    }

    fn settle(&mut self, kind: Kind, object: &Value, made: Result<Value, ApiError>) {
        match made {
            Err(error) if error.is_gone() => self.forget(kind, object),
            made => drop(self.keep(kind, made)),
        }
    }
}

fn key(kind: Kind, object: &Value) -> (Kind, String, String) {
    let meta = &object["metadata"];
    (kind, meta.text("namespace").to_owned(), meta.text("name").to_owned())
}

/// The id that no other object ever has.
pub(super) fn uid(object: &Value) -> &str {
    object["metadata"].text("uid")
}

/// Whether it is being deleted.
pub(super) fn leaving(object: &Value) -> bool {
    object["metadata"].has("deletionTimestamp")
}

/// The reference to its controller.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    object["metadata"].list("ownerReferences").iter().find(|owner| owner.flag("controller"))
}

/// The reference by which an object says that its controller is `owner`.
pub(super) fn reference(version: &str, kind: Kind, owner: &Value) -> Value {
    json!([{
        "apiVersion": version, "kind": kind.name(), "name": owner["metadata"]["name"], "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    }])
}

/// Now, as Kubernetes writes times.
pub(super) fn stamp() -> String {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now).format(&Rfc3339).unwrap_or_default()
}

/// Whether a document has every member of another, and lacks those that are null there.
fn covers(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (live, Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| covers(&live[name], value))
        }
        (live, wanted) => live == wanted,
    }
}

/// A condition, which keeps its times while it stays what it is.
pub(super) fn condition(
    live: &[Value],
    name: &str,
    status: &str,
    reason: &str,
    message: &str,
) -> Value {
    let old = live.iter().find(|it| it.text("type") == name);
    let since =
        old.filter(|old| old.text("status") == status).map(|old| old.text("lastTransitionTime"));
    let mut condition = json!({"type": name, "status": status});
    condition.set("lastTransitionTime", since.map_or_else(stamp, str::to_owned));
    if !reason.is_empty() {
        condition.set("reason", reason);
    }
    if !message.is_empty() {
        condition.set("message", message);
    }
    condition
}
