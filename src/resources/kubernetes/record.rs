//! Which kinds an environment uses beside those that shipit knows: a ConfigMap in each cluster, as nothing else would say where to
//! look for an object that left the manifests.

use serde_json::json;

use super::kinds::ConfigMapKind;
use super::object::ObjectKind;
use super::owner;
use crate::engine::{Failure, Identity};
use crate::kubernetes::{Applied, Client, Served};

/// The namespace that every cluster has.
const NAMESPACE: &str = "default";

fn name(application: &str, environment: &str) -> String {
    format!("shipit-{application}-{environment}")
}

fn config_maps() -> Option<Served> {
    ConfigMapKind::API.map(|api| api.served("v1"))
}

/// The kinds of which something has been applied.
pub(super) async fn read(
    client: &Client,
    application: &str,
    environment: &str,
) -> Result<Vec<Served>, Failure> {
    let Some(kind) = config_maps() else { return Ok(Vec::new()) };
    let found = client.get(&kind, Some(NAMESPACE), &name(application, environment)).await?;
    let data = found.as_ref().and_then(|found| found["data"].as_object());
    Ok(data.into_iter().flatten().filter_map(|(_, value)| served(value.as_str()?)).collect())
}

/// `networking.k8s.io/v1 IngressClass ingressclasses cluster`.
fn served(text: &str) -> Option<Served> {
    let mut words = text.split(' ');
    let mut word = || words.next().map(str::to_owned);
    Some(Served {
        api_version: word()?,
        kind: word()?,
        plural: word()?,
        namespaced: word()? == "namespaced",
    })
}

/// Notes a kind, before the first object of it is made. Each has a manager of its own, so that runs at the same time take
/// nothing from each other.
pub(super) async fn note(
    client: &Client,
    identity: &Identity,
    kind: &Served,
) -> Result<(), Failure> {
    let Some(config_maps) = config_maps() else { return Ok(()) };
    let key = format!("{}.{}", kind.plural, kind.api_version.replace('/', "."));
    let lies = if kind.namespaced { "namespaced" } else { "cluster" };
    let value = format!("{} {} {} {lies}", kind.api_version, kind.kind, kind.plural);
    let manager = format!("shipit-{key}");
    let manager: String = manager.chars().take(128).collect();
    let record = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name(&identity.application, &identity.environment),
            "namespace": NAMESPACE,
            "labels": owner::of_environment(identity),
        },
        "data": { key: value },
    });
    let how = Applied { force: true, ..Applied::default() };
    client.apply(&config_maps, &record, how, Some(&manager)).await.map(drop)
}
