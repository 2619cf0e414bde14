//! A command in a container of a running pod: which one is meant, and whether it can be.

use serde_json::Value;

use super::logs::pods;
use super::status::{seconds, state};
use super::workload::Workload;
use crate::aws::Cx;
use crate::engine::{Class, Failure};
use crate::kubernetes::ExecPart;
pub use crate::kubernetes::{Said, Session};

/// Whose container is meant.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The environment, as the user calls it.
    pub environment: &'a str,
    /// How the pod's name begins; the pod that started last without it.
    pub pod: Option<&'a str>,
    /// The container; the service's own without it.
    pub container: Option<&'a str>,
}

/// A container in which a command can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The pod's name.
    pub pod: String,
    /// The container's.
    pub container: String,
}

/// Finds the pod and its container. Whatever would make the session fail is told here.
///
/// # Errors
/// There is no such pod or container, or it does not run.
pub async fn find(cx: &Cx, workload: &Workload, wanted: Wanted<'_>) -> Result<Place, Failure> {
    let client = workload.client(cx).await?;
    let all = pods(&client, workload).await?;
    choose(&all, &workload.name, wanted)
}

fn name(one: &Value) -> String {
    one["metadata"]["name"].as_str().unwrap_or_default().to_owned()
}

fn choose(all: &[Value], service: &str, wanted: Wanted<'_>) -> Result<Place, Failure> {
    let refused =
        |message: String, hint: String| Failure::new(Class::Invalid, message).with_hint(hint);
    let environment = wanted.environment;
    let status = format!("`shipit svc status --name {service} --env {environment}` lists its pods");
    let runs = |pod: &Value| state(pod).0 == "Running";
    let found = match wanted.pod {
        Some(start) => {
            let mut named = all.iter().filter(|pod| name(pod).starts_with(start));
            named.next().ok_or_else(|| {
                let there = match all {
                    [] => "none is there".to_owned(),
                    all => {
                        format!("there is {}", all.iter().map(name).collect::<Vec<_>>().join(", "))
                    }
                };
                refused(
                    format!("service `{service}` has no pod `{start}`"),
                    format!("{there}; {status}"),
                )
            })?
        }
        None => {
            let started = |pod: &&Value| seconds(&pod["status"]["startTime"]);
            let running = all.iter().filter(|pod| runs(pod));
            running.max_by_key(started).ok_or_else(|| {
                refused(format!("no pod of service `{service}` runs"), status.clone())
            })?
        }
    };
    let pod = name(found);
    let list = found["spec"]["containers"].as_array();
    let names: Vec<&str> =
        list.into_iter().flatten().filter_map(|one| one["name"].as_str()).collect();
    let container = match wanted.container {
        Some(wanted) => names.iter().find(|name| **name == wanted),
        None => names.iter().find(|name| **name == service).or(names.first()),
    };
    let Some(container) = container else {
        return Err(refused(
            format!("pod {pod} has no container `{}`", wanted.container.unwrap_or(service)),
            format!("it has `{}`; choose one with `--container`", names.join("`, `")),
        ));
    };
    let live = found["status"]["containerStatuses"].as_array();
    let live = live.into_iter().flatten().find(|one| one["name"] == **container);
    if live.is_none_or(|one| !one["state"]["running"].is_object()) {
        let (word, _) = state(found);
        return Err(refused(
            format!("container `{container}` of pod {pod} does not run: {word}"),
            status,
        ));
    }
    Ok(Place { pod, container: (*container).to_owned() })
}

/// Runs a command there: `…/pods/NAME/exec`.
///
/// # Errors
/// It is not allowed, or the pod has gone meanwhile.
pub async fn open(
    cx: &Cx,
    workload: &Workload,
    place: &Place,
    command: &[String],
    (input, terminal): (bool, bool),
) -> Result<Session, Failure> {
    let client = workload.client(cx).await?;
    let part = ExecPart {
        namespace: workload.namespace(),
        pod: &place.pod,
        container: &place.container,
        command,
        input,
        terminal,
    };
    client.exec(part).await.map_err(|failure| match failure.class {
        Class::Denied => failure.with_hint(
            "to open sessions in pods one needs `get` and `create` of `pods/exec`: `access` under `cluster` in the \
             environment's manifest says who may do what in the cluster",
        ),
        _ => failure,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, started: &str, running: bool) -> Value {
        let state = match running {
            true => json!({"running": {}}),
            false => json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        };
        json!({
            "metadata": {"name": name},
            "spec": {"containers": [{"name": "envoy"}, {"name": "api"}]},
            "status": {"phase": "Running", "startTime": started, "containerStatuses": [{"name": "envoy", "state": {"running": {}}}, {"name": "api", "state": state}]},
        })
    }

    #[test]
    fn the_container_is_found_or_said_why_not() {
        let all = [
            pod("api-1", "2026-11-21T01:00:00Z", true),
            pod("api-2", "2026-11-21T03:00:00Z", true),
            pod("api-3", "2026-11-21T04:00:00Z", false),
        ];
        let choose = |all: &[Value], pod, container| {
            let wanted = Wanted { environment: "test", pod, container };
            match super::choose(all, "api", wanted) {
                Ok(place) => format!("{} of {}", place.container, place.pod),
                Err(why) => format!("{why}; {}", why.hint.as_deref().unwrap_or_default()),
            }
        };
        let said = [
            choose(&all, None, None),
            choose(&all, Some("api-1"), Some("envoy")),
            choose(&all, Some("api-3"), None),
            choose(&all, Some("web"), None),
            choose(&all, None, Some("web")),
            choose(&all[2..], None, None),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        api of api-2
        envoy of api-1
        container `api` of pod api-3 does not run: CrashLoopBackOff; `shipit svc status --name api --env test` lists its pods
        service `api` has no pod `web`; there is api-1, api-2, api-3; `shipit svc status --name api --env test` lists its pods
        pod api-2 has no container `web`; it has `envoy`, `api`; choose one with `--container`
        no pod of service `api` runs; `shipit svc status --name api --env test` lists its pods
        ");
    }
}
