//! One look at objects that settle or go: a list where there are many.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::object::ObjectOutputs;
use super::{health, owner, place, rollout};
use crate::aws::Cx;
use crate::engine::{Failure, Health, Identity};
use crate::kubernetes::{Client, Listed, Served};

/// So many are asked for one by one.
const ONE_BY_ONE: usize = 3;

/// One object that is waited for.
#[derive(Debug)]
pub(super) struct Awaited<'a> {
    pub(super) outputs: &'a ObjectOutputs,
    pub(super) identity: &'a Identity,
    pub(super) deleting: bool,
    pub(super) last: bool,
}

/// How each fares, in the order asked.
pub(super) async fn look(cx: &Cx, waiting: &[Awaited<'_>]) -> Result<Vec<Health>, Failure> {
    let mut by_cluster: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, one) in waiting.iter().enumerate() {
        by_cluster.entry(&one.outputs.at.cluster).or_default().push(index);
    }
    let mut healths = vec![Health::Gone; waiting.len()];
    for (cluster, indices) in by_cluster {
        // What lay in a cluster that is gone is gone.
        let Some(client) = place::client(cx, cluster).await? else { continue };
        let mut found = Vec::new();
        for index in indices {
            found.push((index, &waiting[index]));
        }
        let objects = objects(&client, &found).await;
        let objects = objects.map_err(|failure| place::patient(cx, cluster, failure))?;
        let mut pods = rollout::Pods::default();
        if found.len() > ONE_BY_ONE {
            pods.of_whole_namespaces();
        }
        for ((index, one), object) in found.into_iter().zip(objects) {
            healths[index] = match object {
                None => Health::Gone,
                Some(_) if one.deleting && is_another(one, object.as_ref()) => Health::Gone,
                Some(object) if one.deleting => Health::Pending(health::terminating(&object)),
                Some(object) => rollout::judge(&client, &object, one.last, &mut pods).await?,
            };
        }
    }
    Ok(healths)
}

fn is_another(one: &Awaited<'_>, object: Option<&Value>) -> bool {
    object.is_some_and(|object| object["metadata"]["uid"] != one.outputs.at.uid.as_str())
}

async fn objects(
    client: &Arc<Client>,
    waiting: &[(usize, &Awaited<'_>)],
) -> Result<Vec<Option<Value>>, Failure> {
    let mut lists: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, one) in waiting {
        let at = &one.outputs.at;
        let kind = at.served();
        if waiting.len() <= ONE_BY_ONE {
            found.push(client.get(&kind, at.namespace.as_deref(), &one.outputs.name).await?);
            continue;
        }
        let key = (at.api_version.clone(), at.kind.clone());
        if !lists.contains_key(&key) {
            let selector = owner::selector(&one.identity.application, &one.identity.environment);
            lists.insert(key.clone(), client.list(&kind, None, &selector, Listed::Whole).await?);
        }
        let object = lists[&key].iter().find(|object| {
            let metadata = &object["metadata"];
            metadata["name"] == one.outputs.name.as_str()
                && metadata["namespace"].as_str() == at.namespace.as_deref()
        });
        found.push(object.cloned());
    }
    Ok(found)
}

/// What goes with an object that holds others.
pub(super) async fn losses(cx: &Cx, outputs: &ObjectOutputs) -> Result<Option<String>, Failure> {
    let at = &outputs.at;
    if at.kind != "Namespace" {
        return Ok(None);
    }
    let Some(client) = place::client(cx, &at.cluster).await? else { return Ok(None) };
    let claims = Served {
        api_version: "v1".to_owned(),
        kind: "PersistentVolumeClaim".to_owned(),
        plural: "persistentvolumeclaims".to_owned(),
        namespaced: true,
    };
    let found = client.list(&claims, Some(&outputs.name), "", Listed::Metadata).await?;
    Ok(match found.len() {
        0 => None,
        1 => Some("the data of 1 volume".to_owned()),
        many => Some(format!("the data of {many} volumes")),
    })
}
