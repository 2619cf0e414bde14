//! What a kind says about itself, typed; and its erasure to the engine's [`Driver`].

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::aws::{Cx, tags};
use crate::engine::{
    self, BoxFuture, Change, Class, Driver, Failure, Foreign, Health, Holder, Identity, KindInfo,
    Observed, Query, Spec,
};

/// A user's own tags on a resource; ownership tags and AWS's are not among them.
pub type Tags = BTreeMap<String, String>;

/// One resource kind: all that a new one must write.
///
/// The struct itself is the document: desired by planners and read back by `observe` in the
/// same normal form (every default spelt out, lists in AWS's or sorted order).
pub trait Resource: Spec + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// What is fixed about the kind: rules, order, waiting.
    const INFO: KindInfo;

    /// What only AWS can say; declared with `outputs!`.
    type Outputs: Serialize + DeserializeOwned + Clone + std::fmt::Debug + Send + Sync;

    /// Everything of this kind with our tags, and everything in its way, in as few calls as
    /// AWS allows: one paged Describe by tag, or a list and batched describes.
    ///
    /// # Errors
    /// Any refusal, "access denied" above all: it never means "nothing there".
    fn observe(
        cx: &Cx,
        query: &Query<'_>,
    ) -> impl Future<Output = Result<Found<Self>, Failure>> + Send;

    /// Creates it, tags in the same call.
    fn create(
        &self,
        cx: &Cx,
        identity: &Identity,
    ) -> impl Future<Output = Result<Progress<Self>, Failure>> + Send;

    /// Makes the live object match `self`.
    fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> impl Future<Output = Result<Progress<Self>, Failure>> + Send;

    /// Deletes it; what is already gone is success.
    fn delete(
        cx: &Cx,
        live: &Live<Self>,
    ) -> impl Future<Output = Result<Progress<Self>, Failure>> + Send;

    /// The one object that people call `id` (an id, ARN or name, as AWS shows it), whatever tags it
    /// bears, in the same normal form as from `observe`; `None` where there is none.
    ///
    /// # Errors
    /// Any refusal but "not there".
    fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> impl Future<Output = Result<Option<Existing<Self>>, Failure>> + Send;

    /// Puts these tags on it; others stay.
    fn claim(
        cx: &Cx,
        live: &Live<Self>,
        tags: &Tags,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// All its tags, as the service itself has them now; `None` where it is gone. Asked before every
    /// update and delete. The default is for kinds whose `read` is one call.
    fn tags(
        cx: &Cx,
        live: &Live<Self>,
    ) -> impl Future<Output = Result<Option<Tags>, Failure>> + Send {
        async move {
            let seen = engine::Seen::default();
            let query = Query {
                application: &live.identity.application,
                environment: &live.identity.environment,
                wanted: &[],
                documents: Query::NO_DOCUMENTS,
                seen: &seen,
            };
            let existing = Self::read(cx, &query, &live.identity, &live.id).await?;
            Ok(existing.map(|existing| existing.tags))
        }
    }

    /// What it is called in AWS, where shipit chooses the name and looks for it.
    fn name(_identity: &Identity) -> Option<String> {
        None
    }

    /// Kind and id of the object it hangs on, for a kind that is only looked for there.
    fn within(_live: &Live<Self>) -> Option<(&'static str, String)> {
        None
    }

    /// Fills in what AWS does not say of an object that shipit has not made, from what it is meant
    /// to become; says what it took for granted.
    fn assume(_live: &mut Live<Self>, _desired: &Value) -> Option<String> {
        None
    }

    /// What would be lost with it, for people, as the end of "loses …": `3 images`. Asked only of what a plan
    /// deletes.
    ///
    /// # Errors
    /// It could not be read.
    fn losses(
        _cx: &Cx,
        _live: &Live<Self>,
    ) -> impl Future<Output = Result<Option<String>, Failure>> + Send {
        async { Ok(None) }
    }

    /// One look at those that are settling, batched, answers in the order asked. The default is
    /// for kinds that work, or are gone, as soon as the call has answered.
    fn look(
        _cx: &Cx,
        waiting: &[Waiting<Self>],
    ) -> impl Future<Output = Result<Vec<Health>, Failure>> + Send {
        let healths = waiting
            .iter()
            .map(|one| if one.deleting { Health::Gone } else { Health::Ready })
            .collect();
        async { Ok(healths) }
    }
}

/// One live object, typed.
#[derive(Clone, Debug)]
pub struct Live<R: Resource> {
    /// From its tags.
    pub identity: Identity,
    /// What it looks like, in desired's normal form.
    pub spec: R,
    /// What only AWS can say.
    pub outputs: R::Outputs,
    /// How it fares.
    pub health: Health,
    /// What AWS calls it, for people.
    pub id: String,
}

/// One object, whoever's it is, typed.
#[derive(Debug)]
pub struct Existing<R: Resource> {
    /// Read as though it were the wanted resource; with its own identity if it is owned.
    pub live: Live<R>,
    /// All its tags.
    pub tags: Tags,
    /// Its name, for kinds that are looked for by name.
    pub name: Option<String>,
}

impl<R: Resource> Existing<R> {
    /// Reads an object by its tags: `make` gets its identity and the user's own tags.
    pub fn of(tags: Tags, wanted: &Identity, make: impl FnOnce(Identity, Tags) -> Live<R>) -> Self {
        let owned = Identity::from_tags(&tags, &wanted.application, &wanted.environment);
        let identity = owned.unwrap_or_else(|| wanted.clone());
        let own = tags::own(&tags, &identity);
        Self { live: make(identity, own), tags, name: None }
    }

    /// Says what it is called.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// What observing found, typed.
#[derive(Debug)]
pub struct Found<R: Resource> {
    /// What bears our tags.
    pub owned: Vec<Live<R>>,
    /// What bears a wanted name without our tags.
    pub foreign: Vec<Foreign>,
}

impl<R: Resource> Default for Found<R> {
    fn default() -> Self {
        Self { owned: Vec::new(), foreign: Vec::new() }
    }
}

/// What a call has begun, typed.
#[derive(Debug)]
pub struct Progress<R: Resource> {
    /// The outputs; `None` from a delete.
    pub outputs: Option<R::Outputs>,
    /// Which deployment or operation it began.
    pub ticket: Option<String>,
    /// `update` is to be called again once it is ready.
    pub more: bool,
}

impl<R: Resource> Progress<R> {
    /// A create or update that began nothing worth a ticket.
    pub fn done(outputs: R::Outputs) -> Self {
        Self { outputs: Some(outputs), ticket: None, more: false }
    }

    /// A delete that was accepted.
    pub fn deleted() -> Self {
        Self { outputs: None, ticket: None, more: false }
    }
}

/// One object the executor waits for, typed.
#[derive(Debug)]
pub struct Waiting<R: Resource> {
    /// Whose.
    pub identity: Identity,
    /// Its outputs.
    pub outputs: R::Outputs,
    /// What began it.
    pub ticket: Option<String>,
    /// It is being deleted.
    pub deleting: bool,
    /// The time is up.
    pub last: bool,
}

/// One line of the registry: a kind that can be bound to an account and region.
#[derive(Debug)]
pub struct Kind {
    /// What is fixed about the kind.
    pub info: &'static KindInfo,
    /// Binds it.
    pub bind: fn(Arc<Cx>) -> Box<dyn Driver>,
    /// A document, read as the kind's struct and written again; the error says what does not fit.
    pub normal: fn(&Value) -> Result<Value, String>,
}

impl Kind {
    /// The registry line of a resource struct.
    pub const fn of<R: Resource>() -> Self {
        Self {
            info: &R::INFO,
            bind: |cx| Box::new(Typed::<R> { cx, of: PhantomData }),
            normal: |value| {
                let spec = R::deserialize(value).map_err(|error| error.to_string())?;
                serde_json::to_value(spec).map_err(|error| error.to_string())
            },
        }
    }
}

/// A kind bound to an account and region, its type erased.
struct Typed<R> {
    cx: Arc<Cx>,
    of: PhantomData<fn() -> R>,
}

fn to_document<T: Serialize>(value: &T) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::internal(error.to_string()))
}

fn from_document<T: DeserializeOwned>(kind: &str, value: &Value) -> Result<T, Failure> {
    T::deserialize(value)
        .map_err(|error| Failure::internal(format!("a document of `{kind}` does not fit: {error}")))
}

fn live_to_typed<R: Resource>(live: &engine::Live) -> Result<Live<R>, Failure> {
    Ok(Live {
        identity: live.identity.clone(),
        spec: from_document(R::KIND, &live.spec)?,
        outputs: from_document(R::KIND, &live.outputs)?,
        health: live.health.clone(),
        id: live.id.clone(),
    })
}

fn live_to_document<R: Resource>(live: Live<R>) -> Result<engine::Live, Failure> {
    Ok(engine::Live {
        spec: to_document(&live.spec)?,
        outputs: to_document(&live.outputs)?,
        identity: live.identity,
        health: live.health,
        id: live.id,
    })
}

/// Nothing is changed or deleted that does not bear our tags now: since it was observed it may have
/// been given away, or made anew by someone else under the same name.
async fn still_ours<R: Resource>(cx: &Cx, live: &Live<R>) -> Result<(), Failure> {
    match R::tags(cx, live).await {
        Ok(Some(tags)) => tags::still_owned(&tags, &live.identity, &live.id),
        // What is gone takes no harm. An endpoint without tags cannot be asked.
        Ok(None) => Ok(()),
        Err(failure) if matches!(failure.class, Class::Gone | Class::NotServed) => Ok(()),
        Err(failure) => Err(failure),
    }
}

fn progress_to_document<R: Resource>(progress: Progress<R>) -> Result<engine::Progress, Failure> {
    Ok(engine::Progress {
        outputs: progress.outputs.as_ref().map_or(Ok(Value::Null), to_document)?,
        ticket: progress.ticket,
        more: progress.more,
    })
}

impl<R: Resource> Driver for Typed<R> {
    fn info(&self) -> &'static KindInfo {
        &R::INFO
    }

    fn observe<'a>(&'a self, query: &'a Query<'a>) -> BoxFuture<'a, Result<Observed, Failure>> {
        Box::pin(async move {
            let found = R::observe(&self.cx, query).await?;
            let owned = found.owned.into_iter().map(live_to_document);
            Ok(Observed { owned: owned.collect::<Result<_, _>>()?, foreign: found.foreign })
        })
    }

    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        spec: &'a Value,
    ) -> BoxFuture<'a, Result<engine::Progress, Failure>> {
        Box::pin(async move {
            let spec: R = from_document(R::KIND, spec)?;
            progress_to_document(spec.create(&self.cx, identity).await?)
        })
    }

    fn update<'a>(
        &'a self,
        live: &'a engine::Live,
        spec: &'a Value,
        changes: &'a [Change],
    ) -> BoxFuture<'a, Result<engine::Progress, Failure>> {
        Box::pin(async move {
            let spec: R = from_document(R::KIND, spec)?;
            let live = live_to_typed(live)?;
            still_ours(&self.cx, &live).await?;
            progress_to_document(spec.update(&self.cx, &live, changes).await?)
        })
    }

    fn delete<'a>(
        &'a self,
        live: &'a engine::Live,
    ) -> BoxFuture<'a, Result<engine::Progress, Failure>> {
        Box::pin(async move {
            let live = live_to_typed(live)?;
            still_ours(&self.cx, &live).await?;
            progress_to_document(R::delete(&self.cx, &live).await?)
        })
    }

    fn read<'a>(
        &'a self,
        query: &'a Query<'a>,
        identity: &'a Identity,
        id: &'a str,
        desired: &'a Value,
    ) -> BoxFuture<'a, Result<Option<engine::Existing>, Failure>> {
        Box::pin(async move {
            let Some(mut existing) = R::read(&self.cx, query, identity, id).await? else {
                return Ok(None);
            };
            let misnamed = match (existing.name.take(), R::name(identity)) {
                (Some(is), Some(looked_for)) if is != looked_for => Some((is, looked_for)),
                _ => None,
            };
            let notes = R::assume(&mut existing.live, desired).into_iter().collect();
            Ok(Some(engine::Existing {
                holder: tags::holder(&existing.tags, identity),
                misnamed,
                within: R::within(&existing.live),
                notes,
                live: live_to_document(existing.live)?,
            }))
        })
    }

    fn claim<'a>(&'a self, live: &'a engine::Live) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let live = live_to_typed::<R>(live)?;
            let gone = || Failure::new(Class::Gone, format!("`{}` is not there any more", live.id));
            // Somebody else may have taken it since it was read.
            let tags = R::tags(&self.cx, &live).await?.ok_or_else(gone)?;
            match tags::holder(&tags, &live.identity) {
                Holder::Nobody => R::claim(&self.cx, &live, &live.identity.tags()).await,
                Holder::Ours => tags::still_owned(&tags, &live.identity, &live.id),
                Holder::Another(owner) => Err(Failure::new(
                    Class::Invalid,
                    format!("`{}` bears the tags of {owner} by now", live.id),
                )),
            }
        })
    }

    fn losses<'a>(
        &'a self,
        live: &'a engine::Live,
    ) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        Box::pin(async move { R::losses(&self.cx, &live_to_typed(live)?).await })
    }

    fn look<'a>(
        &'a self,
        waiting: &'a [engine::Waiting],
    ) -> BoxFuture<'a, Result<Vec<Health>, Failure>> {
        Box::pin(async move {
            let typed = waiting
                .iter()
                .map(|one| {
                    Ok(Waiting::<R> {
                        identity: one.identity.clone(),
                        outputs: from_document(R::KIND, &one.outputs)?,
                        ticket: one.ticket.clone(),
                        deleting: one.deleting,
                        last: one.last,
                    })
                })
                .collect::<Result<Vec<_>, Failure>>()?;
            R::look(&self.cx, &typed).await
        })
    }
}
