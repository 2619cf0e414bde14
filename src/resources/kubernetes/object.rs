//! One object of any kind as a resource.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{look, observe, owner, place, write};
use crate::aws::Cx;
use crate::engine::diff::Rules;
use crate::engine::{Change, Failure, Handle, Health, Identity, Input, KindInfo, Query, Spec};
use crate::kubernetes::Served;
use crate::resources::eks::ClusterName;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A kind of object, known when shipit is built; all others are [`super::AnyObject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    /// `Deployment`.
    pub kind: &'static str,
    /// `deployments`.
    pub plural: &'static str,
    /// `apps/v1`: as objects are written; then older ones of the same shape, for clusters that serve no other.
    pub versions: &'static [&'static str],
    /// Its objects lie in namespaces.
    pub namespaced: bool,
}

impl Api {
    /// The kind in this version.
    pub fn served(&self, version: &str) -> Served {
        Served {
            api_version: version.to_owned(),
            kind: self.kind.to_owned(),
            plural: self.plural.to_owned(),
            namespaced: self.namespaced,
        }
    }
}

/// What marks a kind of object.
pub trait ObjectKind: Clone + Copy + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// What is fixed about the kind.
    const INFO: KindInfo;
    /// What the API calls it; `None` where the object says so.
    const API: Option<Api>;
}

/// An object in a cluster, as whoever wrote it would write it: `apiVersion`, `kind`, `metadata` with `name`, `namespace`,
/// `labels` and `annotations`, `spec` and the like. Labels and annotations of ownership are not in it: they are put on when it is
/// applied, and taken off when it is read. What is not said in it is none of ours: defaults, and what others manage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Object<K: ObjectKind> {
    /// The cluster.
    pub cluster: Input<ClusterName>,
    /// The object.
    pub object: Value,
    /// Why the live one cannot become this one; never desired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot_change: Option<String>,
    #[serde(skip)]
    of: PhantomData<fn() -> K>,
}

impl<K: ObjectKind> Object<K> {
    /// An object in a cluster.
    pub fn new(cluster: Input<ClusterName>, object: Value) -> Self {
        Self { cluster, object, cannot_change: None, of: PhantomData }
    }
}

/// What only the cluster can say about an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectOutputs {
    /// Its name.
    pub name: String,
    /// A digest of the template of its pods, with all defaults; only of what keeps pods running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Where it is.
    pub at: At,
    /// The host name that VPC Lattice has given to a route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The cluster's name.
    pub cluster: String,
    /// `apps/v1`, as the cluster serves it.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`.
    pub plural: String,
    /// Its namespace, where its kind lies in one.
    pub namespace: Option<String>,
    /// What tells it from another of the same name.
    pub uid: String,
}

impl At {
    pub(super) fn served(&self) -> Served {
        Served {
            api_version: self.api_version.clone(),
            kind: self.kind.clone(),
            plural: self.plural.clone(),
            namespaced: self.namespace.is_some(),
        }
    }
}

impl<K: ObjectKind> Handle<Object<K>> {
    /// Its name; known to be there once it works.
    pub fn name(&self) -> Input<String> {
        self.output("name")
    }
}

impl<K: ObjectKind> Spec for Object<K> {
    const KIND: &'static str = K::INFO.kind;
}

impl Handle<super::AnyObject> {
    /// The host name of a route in VPC Lattice; known once it works.
    pub fn host(&self) -> Input<String> {
        self.output("host").when_ready()
    }
}

/// A document as the functions that all kinds share see it.
impl<K: ObjectKind> Object<K> {
    fn live(seen: observe::Seen) -> Live<Self> {
        let observe::Seen { identity, object, cannot_change, outputs, health, .. } = seen;
        let cluster = Input::Known(outputs.at.cluster.as_str().into());
        let id = owner::id(&outputs);
        let spec = Self { cannot_change, ..Self::new(cluster, object) };
        Live { identity, spec, outputs, health, id }
    }
}

impl<K: ObjectKind> Resource for Object<K> {
    const INFO: KindInfo = K::INFO;

    type Outputs = ObjectOutputs;

    /// One list by labels for each kind, and a dry run for each object that is not as it was applied.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let found = observe::observe(cx, query, K::API, &Rules::new(K::INFO.rules)).await?;
        let owned = found.owned.into_iter().map(Self::live).collect();
        Ok(Found { owned, foreign: found.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let cluster = self.cluster.get()?;
        let wanted = write::Wanted::plain(cluster.as_str(), &self.object, K::API);
        write::create(cx, identity, &wanted).await.map(Progress::done)
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let cluster = self.cluster.get()?;
        let wanted = write::Wanted::plain(cluster.as_str(), &self.object, K::API);
        write::update(cx, &live.identity, &live.outputs, &wanted).await.map(Progress::done)
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        write::delete(cx, &live.outputs).await?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let read = observe::read(cx, query, wanted, id, K::API, &Rules::new(K::INFO.rules)).await?;
        Ok(read.map(|(tags, seen)| Existing { live: Self::live(seen), tags, name: None }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, _tags: &Tags) -> Result<(), Failure> {
        write::claim(cx, &live.identity, &live.outputs, K::API).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        place::tags(cx, &live.outputs).await
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some(("eks/cluster", live.outputs.at.cluster.clone()))
    }

    async fn losses(cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        look::losses(cx, &live.outputs).await
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let waiting = waiting.iter().map(|one| look::Awaited {
            outputs: &one.outputs,
            identity: &one.identity,
            deleting: one.deleting,
            last: one.last,
        });
        look::look(cx, &waiting.collect::<Vec<_>>()).await
    }
}
