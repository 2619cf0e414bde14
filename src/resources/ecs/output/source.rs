//! The log of one service, job or task: where its containers write, and what of that is read.

use std::collections::{BTreeMap, VecDeque};

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;

use super::window::{MOST, Window};
use super::{Line, Wanted};
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, redact};
use crate::resources::ecs::diagnosis;

/// Containers of one service that write to the same group.
#[derive(Debug)]
pub struct Source {
    /// What the user calls whose log it is.
    pub name: String,
    pub(super) group: String,
    /// Which container's streams begin with what.
    pub(super) containers: BTreeMap<String, String>,
    window: Window,
    /// Read, and not yet given out.
    page: VecDeque<Line>,
    token: Option<String>,
    /// There is no more of this look.
    done: bool,
}

/// Where the containers of a task definition write, a source for each group: `DescribeTaskDefinition`. Containers whose
/// logs do not go to CloudWatch Logs in this region come back with the reason.
///
/// # Errors
/// The task definition cannot be read, or `container` is none of its containers, or none of them has a log that can be read.
pub async fn sources(
    cx: &Cx,
    name: &str,
    task_definition: &str,
    container: Option<&str>,
    from: i64,
) -> Result<Vec<Source>, Failure> {
    let call = cx.ecs.describe_task_definition().task_definition(task_definition);
    let answer = call.send().await;
    let answer = answer.map_err(|error| classify("ecs DescribeTaskDefinition", error))?;
    let all = answer.task_definition().map(|one| one.container_definitions()).unwrap_or_default();
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let (mut names, mut missing) = (Vec::new(), Vec::new());
    for one in all {
        let own = one.name().unwrap_or_default();
        names.push(own.to_owned());
        if container.is_some_and(|wanted| wanted != own) {
            continue;
        }
        match diagnosis::log_place(cx, one, "") {
            Ok((group, prefix)) => {
                found.entry(group).or_default().insert(prefix, own.to_owned());
            }
            Err(why) => missing.push(format!("container `{own}`: {why}")),
        }
    }
    if let Some(wanted) = container.filter(|wanted| !names.iter().any(|name| name == wanted)) {
        return Err(Failure::new(Class::Invalid, format!("`{name}` has no container `{wanted}`"))
            .with_hint(format!("it has `{}`", names.join("`, `"))));
    }
    if found.is_empty() {
        return Err(Failure::new(
            Class::Invalid,
            format!("`{name}` has no log that can be read: {}", missing.join("; ")),
        )
        .with_hint("`logging` in its manifest says where its containers write"));
    }
    let source = |(group, containers)| Source {
        name: name.to_owned(),
        group,
        containers,
        window: Window::new(from, MOST),
        page: VecDeque::new(),
        token: None,
        done: false,
    };
    Ok(found.into_iter().map(source).collect())
}

impl Source {
    /// Whether its task definition has more than one container that writes here.
    pub fn has_several(&self) -> bool {
        self.containers.len() > 1
    }

    /// A new look begins where late events may still be.
    pub(super) fn begin(&mut self) {
        (self.done, self.token) = (false, None);
    }

    pub(super) fn caught_up(&mut self) {
        self.window.caught_up();
    }

    pub(super) fn is_dry(&self) -> bool {
        self.page.is_empty() && !self.done
    }

    pub(super) fn first(&self) -> Option<i64> {
        self.page.front().map(|line| line.at)
    }

    pub(super) fn pop(&mut self) -> Option<Line> {
        self.page.pop_front()
    }

    /// One more page: `FilterLogEvents`. Nothing has changed where it fails, so that it can be asked again.
    pub(super) async fn fetch(&mut self, cx: &Cx, wanted: &Wanted) -> Result<(), Failure> {
        let call = cx
            .logs
            .filter_log_events()
            .log_group_name(&self.group)
            .set_log_stream_name_prefix(self.prefix(wanted))
            .start_time(self.window.from())
            .set_end_time(wanted.until)
            .set_filter_pattern(wanted.filter.clone())
            .set_next_token(self.token.clone());
        let sent = call.send().await.map_err(|error| classify("logs FilterLogEvents", error));
        let answer = match sent {
            Ok(answer) => answer,
            // Nothing was ever written, or the log has gone with its service.
            Err(failure) if failure.class == Class::Gone => {
                self.done = true;
                return Ok(());
            }
            // The token is worth nothing any more: from the beginning of the window, of which all ids are known.
            Err(failure) if failure.class == Class::Invalid && self.token.is_some() => {
                self.token = None;
                return Ok(());
            }
            Err(failure) if failure.class == Class::Invalid && wanted.filter.is_some() => {
                return Err(failure.with_hint(
                    "a pattern is words that all must be there, `\"several words\"`, `-without`, `?either ?or`, \
                     or `{ $.level = \"error\" }` for lines of JSON",
                ));
            }
            Err(failure) => return Err(failure),
        };
        for event in answer.events() {
            let Some(line) = self.line(event, wanted) else { continue };
            let id = event.event_id().unwrap_or_default();
            let stream = event.log_stream_name().unwrap_or_default();
            if self.window.take(line.at, &format!("{stream} {id}")) {
                self.page.push_back(line);
            }
        }
        self.token = answer.next_token().map(str::to_owned);
        self.done = self.token.is_none();
        Ok(())
    }

    /// How the names of all streams begin that are wanted.
    fn prefix(&self, wanted: &Wanted) -> Option<String> {
        let task = match wanted.tasks.as_slice() {
            [task] => task.as_str(),
            _ => "",
        };
        let mut prefixes = self.containers.keys();
        let first = match self.containers.len() {
            1 => format!("{}{task}", prefixes.next()?),
            _ => prefixes.next()?.clone(),
        };
        let common = prefixes.fold(first, |common, other| {
            let same = common.chars().zip(other.chars()).take_while(|(a, b)| a == b);
            same.map(|(letter, _)| letter).collect()
        });
        Some(common).filter(|prefix| !prefix.is_empty())
    }

    fn line(&self, event: &FilteredLogEvent, wanted: &Wanted) -> Option<Line> {
        let stream = event.log_stream_name()?;
        let (start, task) = stream.rsplit_once('/')?;
        let container = self.containers.get(&format!("{start}/"))?;
        let tasks = &wanted.tasks;
        if !tasks.is_empty() && !tasks.iter().any(|wanted| task.starts_with(wanted.as_str())) {
            return None;
        }
        Some(Line {
            service: self.name.clone(),
            task: task.to_owned(),
            container: container.clone(),
            at: event.timestamp().unwrap_or_default(),
            message: redact::others(event.message().unwrap_or_default()),
        })
    }
}
