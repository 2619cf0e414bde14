//! What of a kind is live: one list by labels, compared with what is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::object::{Api, At, ObjectOutputs};
use super::workload::PAUSED;
use super::{compare, health, owner, place, record, revisions};
use crate::aws::{Cx, tags};
use crate::engine::diff::{Rules, diff};
use crate::engine::{Class, Failure, Foreign, Health, Identity, Query};
use crate::kubernetes::{Applied, Client, Listed, MANAGER, Served, immutable_fields};
use crate::resources::resource::Tags;

/// So many objects that are not there are asked for one by one; more of them by a list of their namespace.
const ONE_BY_ONE: usize = 3;

/// One live object, for all kinds alike.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) identity: Identity,
    /// As it would be written: as it is wanted, where nothing differs.
    pub(super) object: Value,
    pub(super) cannot_change: Option<String>,
    pub(super) outputs: ObjectOutputs,
    pub(super) health: Health,
    /// As the server has it.
    pub(super) raw: Value,
}

/// What was found of a kind.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) owned: Vec<Seen>,
    pub(super) foreign: Vec<Foreign>,
}

/// Looks for all objects of a kind in all clusters where there may be some.
pub(super) async fn observe(
    cx: &Cx,
    query: &Query<'_>,
    api: Option<Api>,
    rules: &Rules,
) -> Result<Found, Failure> {
    let mut found = Found::default();
    for (cluster, client) in place::clusters(cx, query).await? {
        let one = in_cluster(query, api, rules, &cluster, &client).await;
        let one = one.map_err(|failure| place::patient(cx, &cluster, failure))?;
        found.owned.extend(one.owned);
        found.foreign.extend(one.foreign);
    }
    Ok(found)
}

/// What is wanted in one cluster.
fn wanted_in<'q>(query: &'q Query<'_>, cluster: &str) -> Vec<(&'q Identity, &'q Value)> {
    let wanted = query
        .wanted
        .iter()
        .filter(|one| query.wanted_text(&one.address, "cluster") == Some(cluster));
    wanted
        .filter_map(|one| Some((one, query.documents.get(&one.address)?.get("object")?)))
        .collect()
}

async fn in_cluster(
    query: &Query<'_>,
    api: Option<Api>,
    rules: &Rules,
    cluster: &str,
    client: &Arc<Client>,
) -> Result<Found, Failure> {
    let wanted = wanted_in(query, cluster);
    let mut found = Found::default();
    let mut there: BTreeSet<&crate::engine::Address> = BTreeSet::new();
    for kind in kinds(query, api, &wanted, client).await? {
        let selector = owner::selector(query.application, query.environment);
        let Some((served, items)) = list(client, api, &kind, &selector).await? else {
            if wanted.iter().any(|(_, object)| is_of(object, &kind)) {
                client.note_lack(&kind.api_version, &kind.kind);
            }
            continue;
        };
        for raw in items {
            let Some(identity) = tags::identity(&owner::tags(&raw), query) else { continue };
            let meant = wanted.iter().find(|(one, _)| one.address == identity.address);
            if let Some((one, _)) = meant {
                there.insert(&one.address);
            }
            let meant = meant.map(|(_, object)| *object);
            let seen = see(client, &served, rules, raw, identity, meant).await?;
            found.owned.push(seen);
        }
        let missing: Vec<&Identity> = wanted
            .iter()
            .filter(|(one, object)| is_of(object, &kind) && !there.contains(&one.address))
            .map(|(one, _)| *one)
            .collect();
        found.foreign.extend(foreign(query, client, &served, &missing).await?);
    }
    Ok(found)
}

fn is_of(object: &Value, kind: &Served) -> bool {
    object["apiVersion"] == kind.api_version.as_str() && object["kind"] == kind.kind.as_str()
}

/// The kinds to list: the one that is known, or those that are wanted or have been applied.
async fn kinds(
    query: &Query<'_>,
    api: Option<Api>,
    wanted: &[(&Identity, &Value)],
    client: &Client,
) -> Result<Vec<Served>, Failure> {
    if let Some(api) = api {
        let mut versions: Vec<&str> =
            wanted.iter().filter_map(|(_, object)| object["apiVersion"].as_str()).collect();
        versions.sort_unstable();
        versions.dedup();
        if versions.is_empty() {
            versions.extend(api.versions.first());
        }
        return Ok(versions.into_iter().map(|version| api.served(version)).collect());
    }
    let mut found: BTreeMap<(String, String), Served> = BTreeMap::new();
    let recorded = record::read(client, query.application, query.environment).await?;
    for kind in recorded {
        found.insert((kind.api_version.clone(), kind.kind.clone()), kind);
    }
    for (_, object) in wanted {
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let key = (text("apiVersion"), text("kind"));
        if found.contains_key(&key) {
            continue;
        }
        // What is not served now may be once what defines it is there: that is looked at when all is known.
        match client.find(&key.0, &key.1).await? {
            Some(kind) => drop(found.insert(key, kind)),
            None => client.note_lack(&key.0, &key.1),
        }
    }
    Ok(found.into_values().collect())
}

/// All objects of a kind with these labels, and how the cluster serves it; `None` where it does not.
pub(super) async fn list(
    client: &Client,
    api: Option<Api>,
    kind: &Served,
    selector: &str,
) -> Result<Option<(Served, Vec<Value>)>, Failure> {
    for version in place::versions(api, &kind.api_version) {
        let served = Served { api_version: version.to_owned(), ..kind.clone() };
        match client.list(&served, None, selector, Listed::Whole).await {
            Ok(items) => return Ok(Some((served, items))),
            Err(failure) if failure.class == Class::Gone => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(None)
}

/// Where an object is, as it says itself.
pub(super) fn outputs(client: &Client, served: &Served, raw: &Value) -> ObjectOutputs {
    let metadata = &raw["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
    let host =
        metadata["annotations"]["application-networking.k8s.aws/lattice-assigned-domain-name"]
            .as_str();
    ObjectOutputs {
        host: host.map(str::to_owned),
        name: text("name"),
        revision: revisions::of(&served.kind, raw),
        at: At {
            cluster: client.server().cluster.clone(),
            api_version: served.api_version.clone(),
            kind: served.kind.clone(),
            plural: served.plural.clone(),
            namespace: served.namespaced.then(|| text("namespace")),
            uid: text("uid"),
        },
    }
}

/// One live object beside the one that is wanted in its place.
async fn see(
    client: &Client,
    served: &Served,
    rules: &Rules,
    raw: Value,
    identity: Identity,
    wanted: Option<&Value>,
) -> Result<Seen, Failure> {
    let outputs = outputs(client, served, &raw);
    let health = health::of(&raw);
    let mut cannot_change = None;
    let deleting = !raw["metadata"]["deletionTimestamp"].is_null();
    let object = match wanted {
        Some(wanted) if !deleting => {
            match side(client, served, rules, &raw, wanted, &identity).await? {
                Side::Is(object) => object,
                Side::CannotBecome(object, why) => {
                    cannot_change = Some(why);
                    object
                }
            }
        }
        _ => owner::undress(&compare::owned(&raw, MANAGER), None),
    };
    Ok(Seen { identity, object, cannot_change, outputs, health, raw })
}

/// The live side of the difference.
enum Side {
    Is(Value),
    CannotBecome(Value, String),
}

async fn side(
    client: &Client,
    served: &Served,
    rules: &Rules,
    raw: &Value,
    wanted: &Value,
    identity: &Identity,
) -> Result<Side, Failure> {
    let wanted = compare::without_nulls(wanted);
    // Whether a kind of the user's own lies in namespaces, the cluster alone knows: where it does not, what is written of one
    // is nothing.
    let scoped = |mut object: Value| {
        let namespace = match &wanted["metadata"]["namespace"] {
            Value::Object(_) => identity.application.as_str().into(),
            written => written.clone(),
        };
        if !served.namespaced && !namespace.is_null() {
            object["metadata"]["namespace"] = namespace;
        }
        object
    };
    let bare = scoped(as_written(owner::undress(raw, Some(&wanted)), &wanted));
    let Some(filled) = compare::fill(&wanted, Some(&bare)) else { return Ok(Side::Is(bare)) };
    let applied = raw["metadata"]["annotations"][owner::APPLIED].as_str();
    let unchanged = applied == Some(compare::digest(&filled).as_str());
    if unchanged && compare::agrees(&filled, Some(&bare)) {
        return Ok(Side::Is(filled));
    }
    // Another one of that name, in another place: it is replaced, and nothing is asked about it.
    let place = |object: &Value, field: &str| object["metadata"][field].clone();
    if ["name", "namespace"].iter().any(|field| {
        let wanted = place(&filled, field);
        !wanted.is_null() && wanted != place(&bare, field)
    }) {
        let dry = compare::laid_over(&filled, Some(&bare));
        let side = compare::live_side(&filled, Some(&bare), Some(&dry), None);
        return Ok(Side::Is(side.unwrap_or(bare)));
    }
    let ours = as_written(owner::undress(&compare::owned(raw, MANAGER), Some(&wanted)), &wanted);
    let mut ours = scoped(ours);
    hand_over(&wanted, &mut ours);
    let mut asked = owner::dress(&filled, identity, &[]);
    asked["apiVersion"] = served.api_version.as_str().into();
    place::scope(&mut asked, served);
    let how = Applied { dry_run: true, force: true, create: false };
    let (dry, why) = match client.apply(served, &asked, how, None).await {
        Ok(dry) => (scoped(as_written(owner::undress(&dry, Some(&wanted)), &wanted)), None),
        Err(failure) if may_be_another(&failure) => {
            let why = immutable_fields(&failure).map(str::to_owned);
            (compare::laid_over(&filled, Some(&bare)), why)
        }
        Err(failure) => return Err(about(failure, identity)),
    };
    let side = compare::live_side(&filled, Some(&bare), Some(&dry), Some(&ours)).unwrap_or(bare);
    // What differs in a field that its kind's rules know to be fixed says so itself.
    let known = |side: &Value| {
        let changes = diff(rules, &json!({ "object": side }), &json!({ "object": filled }));
        changes.iter().any(|change| change.forces_replacement)
    };
    Ok(match why {
        Some(why) if !known(&side) => Side::CannotBecome(side, why),
        _ => Side::Is(side),
    })
}

/// Whether a dry run that failed is no reason to give up: the object is to be replaced, or an admission webhook knows no
/// dry runs.
fn may_be_another(failure: &Failure) -> bool {
    immutable_fields(failure).is_some() || failure.message.contains("does not support dry run")
}

fn about(mut failure: Failure, identity: &Identity) -> Failure {
    failure.message = format!("`{}`: {}", identity.address, failure.message);
    failure
}

/// What an autoscaler owns once nothing is said about it: leaving it out is handing it over. What is paused is not.
fn hand_over(wanted: &Value, ours: &mut Value) {
    if wanted.pointer("/spec/replicas").is_none()
        && ours["metadata"]["annotations"][PAUSED].is_null()
        && let Some(spec) = ours.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.remove("replicas");
    }
}

/// With the wanted version of the API: an object is the same in all versions of its group.
fn as_written(mut object: Value, wanted: &Value) -> Value {
    let group = |version: &Value| {
        let version = version.as_str().unwrap_or_default();
        version.split_once('/').map_or("", |(group, _)| group).to_owned()
    };
    if object.is_object() && group(&object["apiVersion"]) == group(&wanted["apiVersion"]) {
        object["apiVersion"] = wanted["apiVersion"].clone();
    }
    object
}

/// Objects that bear the names of what is wanted and is not there.
async fn foreign(
    query: &Query<'_>,
    client: &Client,
    kind: &Served,
    missing: &[&Identity],
) -> Result<Vec<Foreign>, Failure> {
    // Where the namespace is not there, nothing is in it.
    let mut places: BTreeMap<Option<String>, Vec<(&Identity, String)>> = BTreeMap::new();
    for one in missing {
        if let Some((namespace, name)) = place::name_of(query, &one.address) {
            places.entry(namespace).or_default().push((one, name));
        }
    }
    let mut found = Vec::new();
    for (namespace, names) in places {
        let objects = if names.len() <= ONE_BY_ONE {
            let mut objects = Vec::new();
            for (_, name) in &names {
                objects.extend(client.get(kind, namespace.as_deref(), name).await?);
            }
            objects
        } else {
            client.list(kind, namespace.as_deref(), "", Listed::Metadata).await?
        };
        for (one, name) in names {
            let object = objects.iter().find(|object| object["metadata"]["name"] == name.as_str());
            let Some(object) = object else { continue };
            let id = owner::id(&outputs(client, kind, object));
            found.push(stranger(one, id, object));
        }
    }
    Ok(found)
}

fn stranger(wanted: &Identity, id: String, object: &Value) -> Foreign {
    let mut foreign = tags::foreign(wanted, id, &owner::tags(object));
    if let Some(manager) = owner::other_manager(object) {
        foreign.owner = format!("no shipit labels, and is managed by {manager}");
    }
    foreign
}

/// One object by what people call it, `NAMESPACE/NAME` or `NAME`, with the tags its labels stand for.
pub(super) async fn read(
    cx: &Cx,
    query: &Query<'_>,
    identity: &Identity,
    id: &str,
    api: Option<Api>,
    rules: &Rules,
) -> Result<Option<(Tags, Seen)>, Failure> {
    let Some(cluster) = query.wanted_text(&identity.address, "cluster") else { return Ok(None) };
    let Some(client) = place::client(cx, cluster).await? else { return Ok(None) };
    let wanted = query.documents.get(&identity.address).and_then(|document| document.get("object"));
    let nothing = json!({});
    let served = place::served(&client, api, wanted.unwrap_or(&nothing)).await?;
    let (namespace, name) = match id.split_once('/') {
        Some((namespace, name)) => (Some(namespace.to_owned()), name),
        None => (place::name_of(query, &identity.address).and_then(|(namespace, _)| namespace), id),
    };
    let Some(raw) = client.get(&served, namespace.as_deref(), name).await? else { return Ok(None) };
    let tags = owner::tags(&raw);
    let owned = Identity::from_tags(&tags, &identity.application, &identity.environment);
    let owned = owned.unwrap_or_else(|| identity.clone());
    let seen = see(&client, &served, rules, raw, owned, wanted).await?;
    Ok(Some((tags, seen)))
}
