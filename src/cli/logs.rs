//! What `svc logs`, `job logs` and `task logs` share: which logs are read, and how they are printed.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::pipeline::{LogsOf, Pipeline, Runs, Which};
use super::{Exit, Global, Stop, interrupt, when};
use crate::aws::Cx;
use crate::engine::retry::{Schedule, read_schedule};
use crate::engine::{Class, Clock, Failure};
use crate::render::human::log_line::Prefix;
use crate::render::{Terminal, json};
use crate::resources::ecs::output::{self, Line, Reader, Source, Wanted};
use crate::resources::kubernetes::logs as pods;

/// Between two looks. With `FilterLogEvents` at five calls a second for all who look at an account's logs, this leaves
/// room for others.
const EVERY: Duration = Duration::from_secs(2);
/// So many of the newest lines are shown where nothing else is said.
const USUAL: usize = 100;
/// How far back they may be, in milliseconds.
const BACK: i64 = 3_600_000;
/// While a log is followed, calls that failed are made again with no end; this is the longest pause.
const LONGEST: Duration = Duration::from_secs(15);

/// Which lines.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Lines {
    /// Go on printing what is written, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Lines of since then: `10m`, `2h`, `3d` ago, or `2026-01-31T12:00:00Z`
    #[arg(long, value_name = "WHEN", value_parser = when::moment, allow_hyphen_values = true)]
    since: Option<i64>,
    /// The same as `--since`
    #[arg(long, visible_alias = "start-time", value_name = "WHEN", value_parser = when::moment, conflicts_with = "since")]
    start: Option<i64>,
    /// Lines of up to then
    #[arg(long, visible_alias = "end-time", value_name = "WHEN", value_parser = when::moment, conflicts_with = "follow")]
    end: Option<i64>,
    /// Lines that fit this pattern of CloudWatch's: `ERROR`, `?WARN ?ERROR`, `{ $.level = "error" }`
    #[arg(long, value_name = "PATTERN")]
    filter: Option<String>,
    /// At most so many lines, the newest; 100 of the last hour unless `--since` or `--start` is there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: Option<u32>,
    /// Only these tasks, by their ids or how they begin (on EKS pods, by their names); several with commas
    #[arg(long, visible_aliases = ["tasks", "pod"], value_name = "ID", value_delimiter = ',')]
    task: Vec<String>,
    /// Only this container
    #[arg(long, value_name = "NAME")]
    container: Option<String>,
}

/// Prints the logs of what has these names. `previous`: of the task that stopped last.
pub(super) async fn run(
    global: &Global,
    kind: LogsOf,
    names: &[String],
    which: Lines,
    previous: bool,
) -> Result<Exit, Stop> {
    let careful = interrupt::careful();
    let printed = async {
        let pipeline = Pipeline::open(global, Which::Environment).await?;
        print(&pipeline, kind, names, which, previous).await
    };
    tokio::select! {
        printed = printed => printed,
        // What was printed is whole lines, and nothing was changed.
        () = careful.cancel().cancelled() => Ok(Exit::Interrupted),
    }
}

async fn print(
    pipeline: &Pipeline,
    kind: LogsOf,
    names: &[String],
    which: Lines,
    previous: bool,
) -> Result<Exit, Stop> {
    let asked = which.since.or(which.start);
    let from = asked.unwrap_or_else(|| when::now() - BACK).max(0);
    if which.end.is_some_and(|end| end < from) {
        return Err(Stop::failed(
            "the end of what is wanted is before its beginning",
            "give `--end` a later time than `--since` or `--start`",
        ));
    }
    let from = if previous && asked.is_none() { 0 } else { from };
    let usual = asked.is_none() && which.end.is_none() && !previous;
    let limit = which.limit.map(|limit| limit as usize).or(usual.then_some(USUAL));
    let part = Part { from, previous, limit };
    let (mut reader, prefix) = open(pipeline, kind, names, &which, part).await?;
    let printer = Printer { terminal: pipeline.terminal(), prefix };
    let mut trouble = Trouble { pipeline, follow: which.follow, failures: 0 };
    let asked_for = which.task.join("`, `");
    let shown = Shown { limit, usual, tasks: &asked_for };
    let reads = old(pipeline, &mut reader, &mut trouble, &printer, &shown).await?;
    if !reads || !which.follow {
        return Ok(Exit::Done);
    }
    loop {
        if !reader.waits() {
            pipeline.clock().sleep(EVERY).await;
        }
        loop {
            let (lines, all) = trouble.step(&mut reader).await?;
            if !printer.print(lines) {
                return Ok(Exit::Done);
            }
            if all {
                break;
            }
        }
    }
}

/// Which part of logs is read.
#[derive(Clone, Copy)]
struct Part {
    /// In milliseconds since 1970.
    from: i64,
    previous: bool,
    limit: Option<usize>,
}

/// What reads logs: of tasks from CloudWatch, of pods from their cluster.
enum Reading {
    Ecs(Reader),
    Kubernetes(pods::Reader),
}

impl Reading {
    async fn step(&mut self, cx: &Cx) -> Result<(Vec<Line>, bool), Failure> {
        match self {
            Self::Ecs(reader) => reader.step(cx).await,
            Self::Kubernetes(reader) => reader.step(cx).await,
        }
    }

    /// Whether a step by itself waits for what comes.
    fn waits(&self) -> bool {
        matches!(self, Self::Kubernetes(_))
    }
}

/// The logs of what has these names, and what stands before their lines.
async fn open(
    pipeline: &Pipeline,
    kind: LogsOf,
    names: &[String],
    which: &Lines,
    part: Part,
) -> Result<(Reading, Prefix), Stop> {
    let cx = pipeline.cx();
    let mut sources: Vec<Source> = Vec::new();
    let mut workloads = Vec::new();
    let mut tasks = which.task.clone();
    for place in pipeline.logs_of(kind, names).await? {
        let place = match place {
            Runs::Ecs(place) => place,
            Runs::Kubernetes(workload) => {
                workloads.push(*workload);
                continue;
            }
        };
        let container = which.container.as_deref();
        let found =
            output::sources(cx, &place.name, &place.task_definition, container, part.from).await?;
        if part.previous {
            let service = place.service.as_deref().unwrap_or_default();
            match output::previous(cx, &place.cluster, service, &found).await? {
                Some(id) => tasks.push(id),
                None => {
                    return Err(Stop::refused(
                        format!("no task of `{}` has stopped and left a log", place.name),
                        format!(
                            "`shipit svc status --name {} --env {}` lists those that run",
                            place.name,
                            pipeline.environment()
                        ),
                    ));
                }
            }
        }
        sources.extend(found);
    }
    let mut prefix = Prefix { service: names.len() > 1, task: true, ..Prefix::default() };
    if workloads.is_empty() {
        prefix.container = which.container.is_none() && sources.iter().any(Source::has_several);
        let wanted = Wanted { filter: which.filter.clone(), until: which.end, tasks };
        return Ok((Reading::Ecs(Reader::new(sources, wanted)), prefix));
    }
    let wanted = pods::Wanted {
        filter: which.filter.clone(),
        from: part.from,
        until: which.end,
        pods: tasks,
        container: which.container.clone(),
        tail: part.limit,
        previous: part.previous,
        follow: which.follow,
    };
    let opened = pods::Reader::new(cx, workloads, wanted).await;
    let reader =
        opened.map_err(|failure| match (failure.class, &failure.operation, &failure.hint) {
            // Nothing that the cluster said: there is nothing to read.
            (Class::Gone, None, Some(hint)) => Stop::refused(&failure.message, hint),
            _ => Stop::from(failure),
        })?;
    (prefix.whole, prefix.container) = (true, reader.has_several());
    Ok((Reading::Kubernetes(reader), prefix))
}

/// What of old lines is shown.
struct Shown<'a> {
    /// At most so many, the newest.
    limit: Option<usize>,
    /// Nothing was said of which.
    usual: bool,
    /// The tasks that were asked for; empty for all.
    tasks: &'a str,
}

/// Prints what is there already. Gives whether somebody still reads.
async fn old(
    pipeline: &Pipeline,
    reader: &mut Reading,
    trouble: &mut Trouble<'_>,
    printer: &Printer<'_>,
    &Shown { limit, usual, tasks }: &Shown<'_>,
) -> Result<bool, Stop> {
    let (mut kept, mut left, mut any) = (VecDeque::new(), 0_usize, false);
    loop {
        let (lines, all) = trouble.step(reader).await?;
        any |= !lines.is_empty();
        match limit {
            None => {
                if !printer.print(lines) {
                    return Ok(false);
                }
            }
            Some(limit) => {
                kept.extend(lines);
                let over = kept.len().saturating_sub(limit);
                kept.drain(..over);
                left += over;
            }
        }
        if all {
            break;
        }
    }
    let terminal = pipeline.terminal();
    if left > 0 {
        let more = if usual { " of the last hour: `--since 1h` prints all" } else { "" };
        terminal.tell(&format!("the newest {} of {} lines{more}", kept.len(), kept.len() + left));
    } else if !any && !trouble.follow {
        let hour = if usual { " in the last hour: `--since 1d` looks further back" } else { "" };
        let by = match tasks {
            "" => String::new(),
            tasks => format!(" by a task whose id begins with `{tasks}`"),
        };
        terminal.tell(&format!("nothing was written{by}{hour}"));
    }
    Ok(printer.print(kept.into()))
}

/// Prints lines.
struct Printer<'a> {
    terminal: &'a Terminal,
    prefix: Prefix,
}

impl Printer<'_> {
    /// Gives whether somebody still reads.
    fn print(&self, lines: Vec<Line>) -> bool {
        if lines.is_empty() {
            return true;
        }
        let on_terminal = console::user_attended();
        let mut text = String::new();
        for line in lines {
            if self.terminal.json() {
                text.push_str(&json::line(&json!({
                    "service": line.service,
                    "task": line.task,
                    "container": line.container,
                    "at": written(line.at),
                    "message": line.message.trim_end_matches(['\n', '\r']),
                })));
            } else {
                let Line { service, task, container, message, .. } = &line;
                text.push_str(&self.prefix.line(service, task, container, message, on_terminal));
            }
            if !text.ends_with('\n') {
                text.push('\n');
            }
        }
        self.terminal.write(&text)
    }
}

/// RFC 3339, with milliseconds.
fn written(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    at.ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Makes calls again that failed in passing: with no end while a log is followed.
struct Trouble<'a> {
    pipeline: &'a Pipeline,
    follow: bool,
    failures: u32,
}

impl Trouble<'_> {
    async fn step(&mut self, reader: &mut Reading) -> Result<(Vec<Line>, bool), Failure> {
        loop {
            let failure = match reader.step(self.pipeline.cx()).await {
                Ok(found) => {
                    self.failures = 0;
                    return Ok(found);
                }
                Err(failure) => failure,
            };
            let Some(schedule) = read_schedule(failure.class) else { return Err(failure) };
            self.failures += 1;
            let pause = match self.pause(schedule) {
                Some(pause) => pause,
                None => return Err(failure),
            };
            if self.failures == 1 && self.follow {
                self.pipeline.terminal().tell(&format!("{failure}; trying again"));
            }
            self.pipeline.clock().sleep(pause).await;
        }
    }

    fn pause(&self, schedule: Schedule) -> Option<Duration> {
        match self.follow {
            true => Some(Duration::from_secs(1 << self.failures.min(5)).min(LONGEST)),
            false => schedule.pause(self.failures),
        }
    }
}
