//! Namespaces: what each begins with, and how it empties itself when it goes.

use serde_json::{Value, json};

use super::super::{Api, ApiError};
use super::kind::{Kind, root};
use super::world::{World, leaving};
use crate::local::document::Document;

pub(super) async fn play(world: &mut World) {
    for namespace in world.all(Kind::Namespace) {
        let name = namespace["metadata"].text("name");
        if !leaving(&namespace) {
            if world.get(Kind::ServiceAccount, name, "default").is_none() {
                let account = json!({"metadata": {"name": "default"}});
                let _ = world.create(Kind::ServiceAccount, name, account).await;
                // Who signed the API server's certificate: real ones have it, and here nobody reads it.
                let authority = json!({
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-root-ca.crt"},
                    "data": {"ca.crt": ""},
                });
                let path = format!("/api/v1/namespaces/{name}/configmaps");
                let _ = world.api.create(&path, &authority).await;
            }
            continue;
        }
        let spec = &namespace["spec"];
        if !spec.texts("finalizers").contains(&"kubernetes") {
            continue;
        }
        match empty(&world.api, name).await {
            Ok(true) => {
                let mut kept = spec.list("finalizers").to_vec();
                kept.retain(|it| it != "kubernetes");
                let mut done = (*namespace).clone();
                done["spec"].set("finalizers", kept);
                let path = format!("{}/finalize", world.path_of(Kind::Namespace, &namespace));
                if world.api.replace(&path, &done).await.is_err() {
                    world.again();
                }
            }
            _ => world.again(),
        }
    }
}

/// Deletes all that is in a namespace; whether nothing was there any more.
async fn empty(api: &Api, namespace: &str) -> Result<bool, ApiError> {
    let mut versions = vec!["v1".to_owned()];
    for group in api.get("/apis").await?.list("groups") {
        versions.push(group["preferredVersion"].text("groupVersion").to_owned());
    }
    let mut was_empty = true;
    for version in versions {
        // What an API that is served by another server has is not known here.
        let Ok(list) = api.get(&root(&version)).await else { continue };
        for resource in list.list("resources") {
            let verbs = resource.texts("verbs");
            if !resource.flag("namespaced")
                || !verbs.contains(&"delete")
                || !verbs.contains(&"list")
            {
                continue;
            }
            // Events live in two groups, and are the last to matter.
            if resource.text("name") == "events" {
                continue;
            }
            let path =
                format!("{}/namespaces/{namespace}/{}", root(&version), resource.text("name"));
            let found = api.get(&path).await?;
            for object in found.list("items") {
                was_empty = false;
                if !leaving(object) {
                    let path = format!("{path}/{}", object["metadata"].text("name"));
                    api.delete(&path, &json!({"propagationPolicy": "Background"})).await?;
                }
            }
        }
    }
    if was_empty {
        api.delete(&format!("/api/v1/namespaces/{namespace}/events"), &Value::Null).await?;
    }
    Ok(was_empty)
}
