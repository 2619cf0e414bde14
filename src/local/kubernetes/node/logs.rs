//! What a container has written: a line or two for each of its runs, and what the annotation `shipit.local/log` of its pod says,
//! a time and a message in each line, for the first container.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Asked, Body, says};
use crate::local::document::Document;
use crate::local::kubernetes::Api;

/// Says more lines.
const ANNOTATION: &str = "shipit.local/log";
/// Between two looks at a pod whose log is followed.
const EVERY: Duration = Duration::from_millis(100);
/// What the played nodes know of a request.
const KNOWN: [&str; 6] =
    ["follow", "previous", "timestamps", "tailLines", "sinceTime", "sinceSeconds"];

/// One line, and when it was written.
type Line = (OffsetDateTime, String);

/// One run of a container.
struct Run {
    id: String,
    over: bool,
    lines: Vec<Line>,
}

pub(super) async fn answer(asked: Asked, api: &Api) -> Response<Body> {
    if let Some((other, _)) = asked.query.iter().find(|(key, _)| !KNOWN.contains(&key.as_str())) {
        let why = format!("the played nodes do not know the option `{other}` of logs");
        return says(StatusCode::BAD_REQUEST, &why);
    }
    let Some(pod) = asked.pod(api).await else {
        let why = format!("pod \"{}\" not found in namespace \"{}\"", asked.pod, asked.namespace);
        return says(StatusCode::NOT_FOUND, &why);
    };
    let run = match run(&pod, &asked, None) {
        Ok(run) => run,
        Err(why) => return says(StatusCode::BAD_REQUEST, &why),
    };
    let since = match asked.get("sinceSeconds").and_then(|text| text.parse::<i64>().ok()) {
        Some(seconds) => Some(OffsetDateTime::now_utc() - time::Duration::seconds(seconds)),
        None => asked.get("sinceTime").and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()),
    };
    let given = run.lines.len();
    let mut lines = run.lines;
    lines.retain(|(at, _)| since.is_none_or(|since| *at >= since));
    if let Some(tail) = asked.get("tailLines").and_then(|text| text.parse::<usize>().ok()) {
        let surplus = lines.len().saturating_sub(tail);
        lines.drain(..surplus);
    }
    let stamps = asked.is("timestamps");
    let first = text(&lines, stamps);
    if !asked.is("follow") {
        return Response::new(http_body_util::Full::new(first).boxed_unsync());
    }
    let follower = Follower { asked, api: api.clone(), id: run.id, given, over: run.over, stamps };
    let rest = stream::unfold((Some(first), follower), |(first, mut follower)| async move {
        let bytes = match first {
            Some(first) => first,
            None => follower.next().await?,
        };
        Some((Ok(Frame::data(bytes)), (None, follower)))
    });
    Response::new(StreamBody::new(rest).boxed_unsync())
}

/// Waits for what one run writes yet.
struct Follower {
    asked: Asked,
    api: Api,
    id: String,
    given: usize,
    over: bool,
    stamps: bool,
}

impl Follower {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if self.over {
                return None;
            }
            tokio::time::sleep(EVERY).await;
            let pod = self.asked.pod(&self.api).await?;
            let run = run(&pod, &self.asked, Some(&self.id)).ok()?;
            self.over = run.over;
            let new = run.lines.get(self.given..).unwrap_or_default();
            if !new.is_empty() {
                self.given = run.lines.len();
                return Some(text(new, self.stamps));
            }
        }
    }
}

fn text(lines: &[Line], stamps: bool) -> Bytes {
    let mut text = String::new();
    for (at, message) in lines {
        if stamps {
            text.push_str(&at.format(&Rfc3339).unwrap_or_default());
            text.push(' ');
        }
        text.push_str(message);
        text.push('\n');
    }
    Bytes::from(text)
}

/// The run that is meant: the one of this id, the one before, or the newest; in the words of kubelets where there is none.
fn run(pod: &Value, asked: &Asked, id: Option<&str>) -> Result<Run, String> {
    let (name, pod_name) = (&asked.container, &asked.pod);
    let Some((container, live)) = asked.container(pod) else {
        return Err(format!("container {name} is not valid for pod {pod_name}"));
    };
    let (now, last) = (&live["state"], &live["lastState"]["terminated"]);
    let current = match (now.has("running"), now.has("terminated")) {
        (true, _) => Some((&now["running"], live.text("containerID"))),
        (_, true) => Some((&now["terminated"], now["terminated"].text("containerID"))),
        _ => None,
    };
    let before = last.is_object().then(|| (last, last.text("containerID")));
    let found = match id {
        Some(id) => [current, before].into_iter().flatten().find(|(_, own)| *own == id),
        None if asked.is("previous") => match before {
            None => {
                return Err(format!(
                    "previous terminated container \"{name}\" in pod \"{pod_name}\" not found"
                ));
            }
            found => found,
        },
        None => current.or(before),
    };
    let Some((state, id)) = found else {
        let waiting = now["waiting"].text("reason");
        let why = match waiting {
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            "" => "PodInitializing",
            other => other,
        };
        return Err(format!(
            "container \"{name}\" in pod \"{pod_name}\" is waiting to start: {why}"
        ));
    };
    let mut lines = of(container, state);
    let first = pod["spec"]["containers"][0].text("name") == name;
    if first && !asked.is("previous") {
        let said = pod["metadata"]["annotations"].text(ANNOTATION).lines();
        let said = said.filter_map(|line| {
            let (at, message) = line.split_once(' ')?;
            Some((OffsetDateTime::parse(at, &Rfc3339).ok()?, message.to_owned()))
        });
        lines.extend(said);
    }
    Ok(Run { id: id.to_owned(), over: state.has("finishedAt"), lines })
}

/// What stands for what one run writes.
fn of(container: &Value, state: &Value) -> Vec<Line> {
    let at = |field: &str| OffsetDateTime::parse(state.text(field), &Rfc3339).ok();
    let mut lines = Vec::new();
    if let Some(at) = at("startedAt") {
        let image = container.text("image");
        lines.push((at, format!("starting {image} (local Kubernetes runs no containers)")));
        let ports = container.list("ports").iter().map(|port| port.integer("containerPort"));
        lines.extend(ports.map(|port| (at, format!("listening on port {port}"))));
    }
    // What is killed for its memory says nothing.
    if let Some(at) = at("finishedAt").filter(|_| state.text("reason") != "OOMKilled") {
        lines.push((at, format!("exiting with code {}", state.integer("exitCode"))));
    }
    lines
}
