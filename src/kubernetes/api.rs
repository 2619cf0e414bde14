//! What is asked of an API server: what it serves, lists, single objects, applying, deleting, logs.

use std::sync::PoisonError;

use http::Method;
use serde_json::{Value, json};

use super::MANAGER;
use super::client::{Call, Client};
use crate::engine::{Class, Failure};

/// The most objects in one page of a list.
const PAGE: usize = 500;
const APPLY: &str = "application/apply-patch+yaml";
/// Lists with nothing but the objects' metadata.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// One kind of object that a cluster serves, or that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// `v1`, `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// `deployments`, as addresses have it.
    pub plural: String,
    /// Its objects lie in namespaces.
    pub namespaced: bool,
}

impl Served {
    /// The path of an object, or of all: in a namespace where one is given.
    fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let root = match self.api_version.contains('/') {
            true => "apis",
            false => "api",
        };
        let mut path = format!("/{root}/{}", self.api_version);
        if let Some(namespace) = namespace.filter(|_| self.namespaced) {
            path.push_str(&format!("/namespaces/{}", encoded(namespace)));
        }
        path.push_str(&format!("/{}", self.plural));
        if let Some(name) = name {
            path.push_str(&format!("/{}", encoded(name)));
        }
        path
    }
}

/// How an object is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Nothing is kept: what would be is answered.
    pub dry_run: bool,
    /// Fields that others manage are taken over.
    pub force: bool,
    /// Nothing of that name is there: the call counts as one that makes something.
    pub create: bool,
}

/// How an object is deleted.
#[derive(Clone, Copy, Debug)]
pub struct Delete<'a> {
    /// That very object, and none that was made anew under its name.
    pub uid: &'a str,
    /// It goes only when all that it owns is gone.
    pub foreground: bool,
}

/// What of objects a list gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All of them.
    Whole,
    /// Names, labels and annotations.
    Metadata,
}

impl Client {
    /// The kinds of a group and version; `None` where it is not served. Asked once.
    ///
    /// # Errors
    /// Any refusal.
    pub async fn group(&self, api_version: &str) -> Result<Option<Vec<Served>>, Failure> {
        let mut kept = self.served.lock().await;
        if let Some(known) = kept.get(api_version) {
            return Ok(known.clone());
        }
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let path = format!("/{root}/{}", encoded_group(api_version));
        let found = match self.json(Call::get("GetResources", &path)).await {
            Ok(list) => Some(served(api_version, &list)),
            Err(failure) if failure.class == Class::Gone => None,
            Err(failure) => return Err(failure),
        };
        kept.insert(api_version.to_owned(), found.clone());
        Ok(found)
    }

    /// Forgets what the cluster serves, and does not: something may have been defined.
    pub async fn forget_groups(&self) {
        self.served.lock().await.clear();
        self.lacking.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One kind, if the cluster serves it.
    ///
    /// # Errors
    /// Any refusal.
    pub async fn find(&self, api_version: &str, kind: &str) -> Result<Option<Served>, Failure> {
        let group = self.group(api_version).await?;
        Ok(group.into_iter().flatten().find(|one| one.kind == kind))
    }

    /// Notes that a kind was looked for and is not served.
    pub fn note_lack(&self, api_version: &str, kind: &str) {
        let mut lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
        lacking.insert((api_version.to_owned(), kind.to_owned()));
    }

    /// The kinds that were looked for and are not served, by `apiVersion` and `kind`.
    pub fn lacking(&self) -> Vec<(String, String)> {
        let lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
        lacking.iter().cloned().collect()
    }

    /// The versions in which the cluster serves a kind of this group.
    ///
    /// # Errors
    /// Any refusal.
    pub async fn versions(&self, api_version: &str, kind: &str) -> Result<Vec<String>, Failure> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let mut found = Vec::new();
        if group.is_empty() {
            return Ok(found);
        }
        let all = self.json(Call::get("GetGroups", "/apis")).await?;
        for one in items(&all, "groups").iter().filter(|one| one["name"] == group) {
            for version in items(one, "versions") {
                let version = version["groupVersion"].as_str().unwrap_or_default();
                if self.find(version, kind).await?.is_some() {
                    found.push(version.to_owned());
                }
            }
        }
        Ok(found)
    }

    /// All objects of a kind with these labels, in all namespaces or one, page by page.
    ///
    /// # Errors
    /// Any refusal; [`Class::Gone`] where the kind is not served.
    pub async fn list(
        &self,
        kind: &Served,
        namespace: Option<&str>,
        labels: &str,
        what: Listed,
    ) -> Result<Vec<Value>, Failure> {
        let operation = format!("List{}", camel(&kind.plural));
        let mut found = Vec::new();
        let mut next = String::new();
        let mut restarted = false;
        loop {
            let mut path = format!("{}?limit={PAGE}", kind.path(namespace, None));
            if !labels.is_empty() {
                path.push_str(&format!("&labelSelector={}", encoded(labels)));
            }
            if !next.is_empty() {
                path.push_str(&format!("&continue={}", encoded(&next)));
            }
            let mut call = Call::get(&operation, &path);
            if what == Listed::Metadata {
                call.accept = METADATA_ONLY;
            }
            let page = match self.json(call).await {
                // The list has grown too old between two pages.
                Err(failure) if failure.code.as_deref() == Some("410") && !restarted => {
                    restarted = true;
                    found.clear();
                    next.clear();
                    continue;
                }
                other => other?,
            };
            for item in items(&page, "items") {
                let mut item = item.clone();
                // Items of lists leave out what they have in common.
                item["apiVersion"] = kind.api_version.clone().into();
                item["kind"] = kind.kind.clone().into();
                found.push(item);
            }
            next = page["metadata"]["continue"].as_str().unwrap_or_default().to_owned();
            if next.is_empty() {
                return Ok(found);
            }
        }
    }

    /// One object; `None` where there is none.
    ///
    /// # Errors
    /// Any refusal but "not found".
    pub async fn get(
        &self,
        kind: &Served,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Option<Value>, Failure> {
        let path = kind.path(namespace, Some(name));
        match self.json(Call::get(&format!("Get{}", kind.kind), &path)).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.class == Class::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Server-side apply under the name of `shipit`, or of another manager; gives the object as it is then.
    ///
    /// # Errors
    /// Any refusal; a conflict with other managers has the code [`super::CONFLICT`].
    pub async fn apply(
        &self,
        kind: &Served,
        object: &Value,
        how: Applied,
        manager: Option<&str>,
    ) -> Result<Value, Failure> {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let mut path = kind.path(metadata["namespace"].as_str(), Some(name));
        path.push_str(&format!("?fieldManager={}", manager.unwrap_or(MANAGER)));
        if how.force {
            path.push_str("&force=true");
        }
        if how.dry_run {
            path.push_str("&dryRun=All");
        }
        let verb = match how {
            Applied { dry_run: true, .. } => "DryRun",
            Applied { create: true, .. } => "Create",
            Applied { .. } => "Apply",
        };
        let operation = format!("{verb}{}", kind.kind);
        let call = Call {
            method: Method::PATCH,
            content: APPLY,
            body: Some(object),
            ..Call::get(&operation, &path)
        };
        self.json(call).await
    }

    /// Deletes an object; one that is gone, or another by now, is no error.
    ///
    /// # Errors
    /// Any other refusal.
    pub async fn delete(
        &self,
        kind: &Served,
        namespace: Option<&str>,
        name: &str,
        how: Delete<'_>,
    ) -> Result<(), Failure> {
        let path = kind.path(namespace, Some(name));
        let propagation = if how.foreground { "Foreground" } else { "Background" };
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
            "preconditions": { "uid": how.uid },
        });
        let operation = format!("Delete{}", kind.kind);
        let call =
            Call { method: Method::DELETE, body: Some(&options), ..Call::get(&operation, &path) };
        match self.call(call).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.class == Class::Gone => Ok(()),
            // Its place has been taken by another.
            Err(failure)
                if failure.code.as_deref() == Some("409") && failure.message.contains("UID") =>
            {
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    }

    /// The last lines of a container's log; of the run before this one with `previous`.
    ///
    /// # Errors
    /// There is no log, or it may not be read.
    pub async fn log(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        previous: bool,
        lines: usize,
    ) -> Result<Vec<String>, Failure> {
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&tailLines={lines}&previous={previous}",
            encoded(namespace),
            encoded(pod),
            encoded(container),
        );
        let call = Call { accept: "*/*", ..Call::get("GetPodLog", &path) };
        let bytes = self.call(call).await?;
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    }

    /// Whatever lies at a path.
    ///
    /// # Errors
    /// Any refusal.
    pub async fn read(&self, operation: &str, path: &str) -> Result<Value, Failure> {
        self.json(Call::get(operation, path)).await
    }

    async fn json(&self, call: Call<'_>) -> Result<Value, Failure> {
        let operation = call.operation.to_owned();
        let bytes = self.call(call).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let mut failure =
                Failure::new(Class::LostAnswer, format!("the answer could not be read: {error}"));
            failure.operation = Some(format!("kubernetes {operation}"));
            failure
        })
    }
}

fn items<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

/// The kinds of an `APIResourceList`, without what lies below others (`deployments/scale`).
fn served(api_version: &str, list: &Value) -> Vec<Served> {
    let all = items(list, "resources").iter();
    all.filter_map(|one| {
        let plural = one["name"].as_str().filter(|name| !name.contains('/'))?;
        Some(Served {
            api_version: api_version.to_owned(),
            kind: one["kind"].as_str()?.to_owned(),
            plural: plural.to_owned(),
            namespaced: one["namespaced"].as_bool().unwrap_or_default(),
        })
    })
    .collect()
}

/// Percent-encoded but for RFC 3986's unreserved characters.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn encoded_group(api_version: &str) -> String {
    api_version.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// `horizontalpodautoscalers` as `Horizontalpodautoscalers`.
fn camel(plural: &str) -> String {
    let mut letters = plural.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        let kind = |api_version: &str, plural: &str, namespaced| Served {
            api_version: api_version.to_owned(),
            kind: String::new(),
            plural: plural.to_owned(),
            namespaced,
        };
        assert_eq!(
            kind("apps/v1", "deployments", true).path(Some("shop"), Some("api")),
            "/apis/apps/v1/namespaces/shop/deployments/api"
        );
        assert_eq!(kind("v1", "services", true).path(None, None), "/api/v1/services");
        assert_eq!(
            kind("v1", "namespaces", false).path(Some("x"), Some("a/b")),
            "/api/v1/namespaces/a%2Fb"
        );
    }
}
