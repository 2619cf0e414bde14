//! What the engine asks of a resource kind, in documents.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Address, Change, Failure, Identity, OutputRef, Rule};

/// A boxed future, as every call of a [`Driver`] returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Which side of a replacement comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplaceOrder {
    /// The new one is made, dependants move to it, the old one goes. Needs a name that carries the generation.
    CreateFirst,
    /// The old one goes first: two cannot be there at once.
    DeleteFirst,
}

/// How the executor waits for a kind to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a create usually takes until ready; the critical path is estimated from it.
    pub usual: Duration,
    /// Between two looks.
    pub every: Duration,
    /// After this it counts as failed.
    pub limit: Duration,
}

impl Pace {
    /// Ready as soon as the call has answered, give or take consistency.
    pub const AT_ONCE: Self = Self::seconds(1, 1, 120);

    /// A pace in whole seconds.
    pub const fn seconds(usual: u64, every: u64, limit: u64) -> Self {
        Self {
            usual: Duration::from_secs(usual),
            every: Duration::from_secs(every),
            limit: Duration::from_secs(limit),
        }
    }
}

/// What is fixed about a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// `service/type`: `ecs/service`.
    pub kind: &'static str,
    /// Rules about its fields.
    pub rules: &'static [Rule],
    /// Kinds whose observation this one's needs ([`Query::seen`]).
    pub observe_after: &'static [&'static str],
    /// Kinds that must be there before this one is created, and may go only after this one
    /// is deleted, though no field refers to them (a NAT gateway after the route to the internet).
    pub order_after: &'static [&'static str],
    /// Which side of a replacement comes first.
    pub replace: ReplaceOrder,
    /// Every change makes a new revision and old ones stay (task definitions).
    pub revisioned: bool,
    /// What would be lost with it, if it holds data: it is kept unless deletion is allowed by kind.
    pub stateful: Option<&'static str>,
    /// How to wait for it.
    pub pace: Pace,
}

/// What the engine asks for when it observes a kind.
#[derive(Debug)]
pub struct Query<'a> {
    /// The application.
    pub application: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// What is desired of this kind: an object with one of these names and without our tags is foreign.
    pub wanted: &'a [Identity],
    /// The documents of what is desired of this kind, references unresolved: some names are fields.
    pub documents: &'a BTreeMap<Address, Value>,
    /// What the kinds of [`KindInfo::observe_after`] have found.
    pub seen: &'a Seen,
}

impl Query<'_> {
    /// A text in the document of what is wanted, if it is known: written there, or an output of
    /// what was seen.
    pub fn wanted_text(&self, address: &Address, field: &str) -> Option<&str> {
        let value = self.documents.get(address)?.get(field)?;
        let Some(from) = OutputRef::from_value(value) else { return value.as_str() };
        let seen = self.seen.of(from.address.kind());
        let live = seen.iter().find(|live| live.identity.address == from.address)?;
        live.outputs.get(&from.field)?.as_str()
    }
}

impl Query<'static> {
    /// The documents of nothing.
    pub const NO_DOCUMENTS: &'static BTreeMap<Address, Value> = &BTreeMap::new();
}

/// Live objects found so far, by kind.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The objects, by kind.
    pub kinds: BTreeMap<String, Vec<Live>>,
}

impl Seen {
    /// The live objects of a kind; empty if it was not observed.
    pub fn of(&self, kind: &str) -> &[Live] {
        self.kinds.get(kind).map_or(&[], Vec::as_slice)
    }
}

/// How a live object fares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "state", content = "why")]
pub enum Health {
    /// It works.
    Ready,
    /// On its way; the text says what it waits for.
    Pending(String),
    /// On its way at a pace of its own, for which the kind's limit does not count; the text says what it waits for.
    Unhurried(String),
    /// It waits for a person; the failure says for what. It counts as such once the run's patience is over.
    Paused(Box<Failure>),
    /// It will not get there by itself; the text says why.
    Failed(String),
    /// The same, with a diagnosis.
    Broken(Box<Failure>),
    /// It is not there (any more).
    Gone,
}

/// One live object that bears our tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Live {
    /// From its tags.
    pub identity: Identity,
    /// The same document shape as desired.
    pub spec: Value,
    /// What only AWS can say.
    pub outputs: Value,
    /// How it fares.
    pub health: Health,
    /// What AWS calls it, for people: an id, name or ARN.
    pub id: String,
}

/// Something that bears a name we want but not our tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Foreign {
    /// The desired resource whose name it bears.
    pub address: Address,
    /// What AWS calls it.
    pub id: String,
    /// What is known of its owner: its tags, or none.
    pub owner: String,
    /// It bears nobody's shipit tags, so `shipit adopt` may take it over.
    #[serde(default)]
    pub adoptable: bool,
}

impl Foreign {
    /// The command that takes it over, where one may.
    pub fn adopt(&self, environment: &str) -> Option<String> {
        self.adoptable
            .then(|| format!("shipit adopt {} {} --env {environment}", self.address, self.id))
    }
}

/// One object as it is, whoever's it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Existing {
    /// Read as though it were the resource that was asked for; with its own identity if it is owned.
    pub live: Live,
    /// Whose it is.
    pub holder: Holder,
    /// Its name and the one that shipit looks for, where those differ.
    pub misnamed: Option<(String, String)>,
    /// Kind and id of the object it hangs on, for a kind that is only looked for there.
    pub within: Option<(&'static str, String)>,
    /// What its service does not say, and what is assumed.
    pub notes: Vec<String>,
}

/// Whose tags an object bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody's shipit tags.
    Nobody,
    /// Those of this application and environment; the identity says which resource's.
    Ours,
    /// Those of another application or environment: in words.
    Another(String),
}

/// What observing a kind found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Everything with our application's and environment's tags.
    pub owned: Vec<Live>,
    /// Everything that stands in the way.
    pub foreign: Vec<Foreign>,
}

/// What a call has begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The outputs, as far as they are known.
    pub outputs: Value,
    /// Which deployment or operation this call began: [`Driver::look`] judges that one.
    pub ticket: Option<String>,
    /// There is more to do once it is ready: the executor calls `update` again.
    pub more: bool,
}

/// One object the executor waits for.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Whose.
    pub identity: Identity,
    /// Its outputs.
    pub outputs: Value,
    /// What began it.
    pub ticket: Option<String>,
    /// It is being deleted: the wait ends with [`Health::Gone`].
    pub deleting: bool,
    /// The time is up: what is not ready at this look counts as failed, and all that is known may be told.
    pub last: bool,
}

/// One resource kind, its type erased. Bound to an account and region when it is made.
pub trait Driver: Send + Sync {
    /// What is fixed about the kind.
    fn info(&self) -> &'static KindInfo;

    /// Whether the create call takes a client token or is an upsert by name: then one whose
    /// answer was lost may be made again at once. Otherwise it is looked up by its tags first.
    fn create_is_idempotent(&self) -> bool {
        false
    }

    /// Everything of this kind that the environment owns, in as few calls as AWS allows.
    fn observe<'a>(&'a self, query: &'a Query<'a>) -> BoxFuture<'a, Result<Observed, Failure>>;

    /// Creates it, with its tags in the same call.
    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        spec: &'a Value,
    ) -> BoxFuture<'a, Result<Progress, Failure>>;

    /// Makes the live object match `spec`; `changes` says where it differs.
    fn update<'a>(
        &'a self,
        live: &'a Live,
        spec: &'a Value,
        changes: &'a [Change],
    ) -> BoxFuture<'a, Result<Progress, Failure>>;

    /// Deletes it; something already gone is success.
    fn delete<'a>(&'a self, live: &'a Live) -> BoxFuture<'a, Result<Progress, Failure>>;

    /// One object by what people call it in AWS (id, ARN or name), whatever its tags; `None`
    /// where there is none. `desired` is what it is meant to become, for what AWS does not say.
    fn read<'a>(
        &'a self,
        query: &'a Query<'a>,
        identity: &'a Identity,
        id: &'a str,
        desired: &'a Value,
    ) -> BoxFuture<'a, Result<Option<Existing>, Failure>>;

    /// Puts the tags of its identity on an object that bears nobody's; other tags stay.
    fn claim<'a>(&'a self, live: &'a Live) -> BoxFuture<'a, Result<(), Failure>>;

    /// What would be lost with a live object that is about to go, for people: `3 images`. Asked while planning,
    /// only about what a plan deletes or replaces, so it may cost a call.
    fn losses<'a>(&'a self, _live: &'a Live) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    /// One look at those that are settling, in batches, in the order given: no loop, no sleep.
    fn look<'a>(&'a self, waiting: &'a [Waiting]) -> BoxFuture<'a, Result<Vec<Health>, Failure>>;
}
