//! A Secret, whose values come from Parameter Store or Secrets Manager and stand in no document, plan or log.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kinds::{observe_after, rules};
use super::object::{Api, ObjectKind, ObjectOutputs};
use super::{look, observe, owner, place, write};
use crate::aws::{Cx, classify};
use crate::engine::diff::Rules;
use crate::engine::{
    Change, Class, Failure, Handle, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder,
    Rule, Spec, redact,
};
use crate::kubernetes::MANAGER;
use crate::resources::eks::ClusterName;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// What is fixed about the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretKind;

impl ObjectKind for SecretKind {
    const INFO: KindInfo = KindInfo {
        kind: "kubernetes/secret",
        rules: rules!("object.type", "object.immutable"),
        observe_after: observe_after!("kubernetes/secret"),
        order_after: &["eks/access-entry", "kubernetes/namespace"],
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(1, 1, 600),
    };
    const API: Option<Api> =
        Some(Api { kind: "Secret", plural: "secrets", versions: &["v1"], namespaced: true });
}

/// A Secret. `from` says by key where each value comes from: it is fetched when the Secret is made or changed, and only then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// The cluster.
    pub cluster: Input<ClusterName>,
    /// The object, without values.
    pub object: Value,
    /// Where the values come from.
    pub from: BTreeMap<String, Source>,
    /// Why the live one cannot become this one; never desired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot_change: Option<String>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A parameter of Systems Manager, by name or ARN.
    Ssm(Input<String>),
    /// A secret of Secrets Manager, by name or ARN; `NAME,KEY` for one value of its JSON.
    SecretsManager(Input<String>),
}

impl Secret {
    /// A Secret without values.
    pub fn new(cluster: Input<ClusterName>, object: Value) -> Self {
        Self { cluster, object, from: BTreeMap::new(), cannot_change: None }
    }

    /// Where the values come from, as an annotation keeps it.
    fn sources(&self) -> String {
        serde_json::to_string(&self.from).unwrap_or_default()
    }

    /// `from` is read back from an annotation; a value that somebody else has written is not ours any more.
    fn live(seen: observe::Seen) -> Live<Self> {
        let observe::Seen { identity, mut object, cannot_change, outputs, health, raw } = seen;
        if let Some(fields) = object.as_object_mut() {
            fields.remove("data");
            fields.remove("stringData");
        }
        let text = raw["metadata"]["annotations"][owner::FROM].as_str().unwrap_or_default();
        let mut from: BTreeMap<String, Source> = serde_json::from_str(text).unwrap_or_default();
        let ours = super::compare::owned(&raw, MANAGER);
        from.retain(|key, _| raw["data"].get(key).is_some() && ours["data"].get(key).is_some());
        let cluster = Input::Known(outputs.at.cluster.as_str().into());
        let id = owner::id(&outputs);
        Live { identity, spec: Self { cluster, object, from, cannot_change }, outputs, health, id }
    }

    async fn wanted<'a>(&'a self, cx: &Cx, cluster: &'a str) -> Result<write::Wanted<'a>, Failure> {
        let mut data = Map::new();
        for (key, source) in &self.from {
            let value = fetch(cx, source).await?;
            data.insert(key.clone(), STANDARD.encode(value).into());
        }
        Ok(write::Wanted {
            secret: Some(Value::Object(data)),
            annotations: vec![(owner::FROM, self.sources())],
            ..write::Wanted::plain(cluster, &self.object, SecretKind::API)
        })
    }
}

/// A value, fetched.
async fn fetch(cx: &Cx, source: &Source) -> Result<Vec<u8>, Failure> {
    match source {
        Source::Ssm(name) => {
            let name = name.get()?;
            let call = cx.ssm.get_parameter().name(&name).with_decryption(true);
            let sent = call.send().await.map_err(|error| classify("ssm GetParameter", error));
            let sent = sent.map_err(|failure| missing(failure, "parameter", &name))?;
            let value = sent.parameter().and_then(|parameter| parameter.value());
            let value = value.unwrap_or_default();
            redact::remember(value);
            Ok(value.as_bytes().to_vec())
        }
        Source::SecretsManager(name) => {
            let name = name.get()?;
            let (name, key) = match name.split_once(',') {
                Some((name, key)) => (name.trim(), Some(key.trim())),
                None => (name.as_str(), None),
            };
            let call = cx.secretsmanager.get_secret_value().secret_id(name);
            let sent = call.send().await;
            let sent = sent.map_err(|error| classify("secretsmanager GetSecretValue", error));
            let sent = sent.map_err(|failure| missing(failure, "secret", name))?;
            let Some(text) = sent.secret_string() else {
                let bytes = sent.secret_binary().map(|blob| blob.as_ref().to_vec());
                return Ok(bytes.unwrap_or_default());
            };
            redact::remember(text);
            let Some(key) = key else { return Ok(text.as_bytes().to_vec()) };
            let all: Value = serde_json::from_str(text).unwrap_or_default();
            let value = match all.get(key) {
                Some(Value::String(value)) => value.clone(),
                Some(other) => other.to_string(),
                None => {
                    let message = format!("secret `{name}` has no key `{key}`");
                    return Err(Failure::new(Class::Invalid, message));
                }
            };
            redact::remember(&value);
            Ok(value.into_bytes())
        }
    }
}

/// Says which one is not there.
fn missing(mut failure: Failure, what: &str, name: &str) -> Failure {
    if failure.class == Class::Gone {
        failure.class = Class::Invalid;
        failure.message = format!("{what} `{name}` is not there");
        failure.hint = Some("`shipit secret init` makes parameters for a service".to_owned());
    }
    failure
}

impl Handle<Secret> {
    /// Its name; known to be there once it works.
    pub fn name(&self) -> Input<String> {
        self.output("name")
    }
}

impl Spec for Secret {
    const KIND: &'static str = SecretKind::INFO.kind;
}

impl Resource for Secret {
    const INFO: KindInfo = SecretKind::INFO;

    type Outputs = ObjectOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let found =
            observe::observe(cx, query, SecretKind::API, &Rules::new(SecretKind::INFO.rules))
                .await?;
        let owned = found.owned.into_iter().map(Self::live).collect();
        Ok(Found { owned, foreign: found.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let cluster = self.cluster.get()?;
        let wanted = self.wanted(cx, cluster.as_str()).await?;
        write::create(cx, identity, &wanted).await.map(Progress::done)
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let cluster = self.cluster.get()?;
        let wanted = self.wanted(cx, cluster.as_str()).await?;
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
        let read = observe::read(
            cx,
            query,
            wanted,
            id,
            SecretKind::API,
            &Rules::new(SecretKind::INFO.rules),
        )
        .await?;
        Ok(read.map(|(tags, seen)| Existing { live: Self::live(seen), tags, name: None }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, _tags: &Tags) -> Result<(), Failure> {
        write::claim(cx, &live.identity, &live.outputs, SecretKind::API).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        place::tags(cx, &live.outputs).await
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some(("eks/cluster", live.outputs.at.cluster.clone()))
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
