//! What `job run` and `task run` share: tasks are started, followed to their end, and their exit code is shipit's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::pipeline::Pipeline;
use super::{Exit, Stop, interrupt, when};
use crate::engine::retry::read_schedule;
use crate::engine::{Clock, Failure};
use crate::manifest::TIMER;
use crate::render::human::log_line::Prefix;
use crate::render::{human, json};
use crate::resources::ecs::output::{Reader, Wanted, sources};
use crate::resources::ecs::run::{self, Order, Ran};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(3);
/// AWS's clocks and this machine's may differ by so much, in milliseconds.
const CLOCKS: i64 = 300_000;
/// So often a task that was just started may be unknown.
const UNKNOWN: usize = 20;

/// How it is run.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct How {
    /// Print what the containers write while they run
    #[arg(long)]
    pub(super) follow: bool,
    /// Start it, and do not wait for its end
    #[arg(long, conflicts_with = "follow")]
    pub(super) detach: bool,
}

/// Variables as `NAME=VALUE`, several with commas or by giving the option again.
pub(super) fn pairs(option: &str, texts: &[String]) -> Result<BTreeMap<String, String>, Stop> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err(Stop::failed(
            format!("`{option} {text}` is not a name and a value"),
            format!("write `{option} NAME=VALUE`"),
        )),
    };
    texts.iter().map(pair).collect()
}

/// A command line as its words, quotes as in a shell.
pub(super) fn words(option: &str, text: &str) -> Result<Vec<String>, Stop> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some('\''), letter) => word.get_or_insert_default().push(letter),
            (_, '\\') => word.get_or_insert_default().extend(letters.next()),
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(letter);
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(Stop::failed(
            format!("`{option} {text}` has a quote that does not end"),
            "close the quote",
        ));
    }
    words.extend(word);
    Ok(words)
}

/// Starts tasks and, unless told otherwise, waits for their end. `name` is what the user calls them, and the main container's
/// name.
pub(super) async fn run(
    pipeline: &Pipeline,
    name: &str,
    order: &Order,
    how: &How,
) -> Result<Exit, Stop> {
    let (cx, terminal) = (pipeline.cx(), pipeline.terminal());
    let careful = interrupt::careful();
    let arns = run::start(cx, order, name).await?;
    let ids: Vec<&str> = arns.iter().filter_map(|arn| arn.rsplit('/').next()).collect();
    for id in &ids {
        terminal.say(&format!("started task {id}"));
    }
    let stop =
        ids.iter().map(|id| format!("`shipit task stop {id} --env {}`", pipeline.environment()));
    let stop = format!("end it with {}", stop.collect::<Vec<_>>().join(", "));
    if how.detach {
        if terminal.json() {
            terminal
                .out(&json::document(&json!({ "name": name, "tasks": ids, "exit_code": null })));
        } else {
            terminal.tell(&stop);
        }
        return Ok(Exit::Done);
    }
    let logs = match how.follow {
        false => None,
        true => {
            let from = when::now() - CLOCKS;
            match sources(cx, name, &order.task_definition, None, from).await {
                Ok(sources) => {
                    let tasks = ids.iter().map(|id| (*id).to_owned()).collect();
                    Some(Reader::new(sources, Wanted { tasks, ..Wanted::default() }))
                }
                // It runs all the same.
                Err(failure) => {
                    terminal.say(&format!("its log is not shown: {failure}"));
                    None
                }
            }
        }
    };
    let mut watch = Watch { pipeline, order, arns: &arns, seen: BTreeMap::new(), logs };
    let ran = tokio::select! {
        ran = watch.follow() => ran?,
        () = careful.cancel().cancelled() => {
            return Err(Stop::left(format!("interrupted: {name} goes on"), stop));
        }
    };
    ended(pipeline, name, &ran).await
}

/// Follows tasks.
struct Watch<'a> {
    pipeline: &'a Pipeline,
    order: &'a Order,
    arns: &'a [String],
    /// The last status that was told, by task.
    seen: BTreeMap<String, String>,
    /// What they write, if it is wanted.
    logs: Option<Reader>,
}

impl Watch<'_> {
    async fn follow(&mut self) -> Result<Vec<Ran>, Failure> {
        let cx = self.pipeline.cx();
        let mut unknown = 0;
        loop {
            let ran = run::look(cx, &self.order.cluster, self.arns).await?;
            for task in &ran {
                let told = self.seen.insert(task.id.clone(), task.status.clone());
                if told.as_ref() != Some(&task.status) {
                    let status = task.status.to_lowercase();
                    self.pipeline.terminal().say(&format!("  task {}  {status}", task.id));
                }
            }
            self.print().await?;
            if ran.len() == self.arns.len() && ran.iter().all(Ran::stopped) {
                if self.logs.is_some() {
                    // The last lines come some seconds after the end.
                    self.pipeline.clock().sleep(EVERY).await;
                    self.print().await?;
                }
                return Ok(ran);
            }
            unknown = if ran.len() < self.arns.len() { unknown + 1 } else { 0 };
            if unknown > UNKNOWN {
                return Err(Failure::internal("ECS no longer knows a task that it started")
                    .with_hint("how it ended is to be seen in its log"));
            }
            self.pipeline.clock().sleep(EVERY).await;
        }
    }

    /// Prints what was written since the last look.
    async fn print(&mut self) -> Result<(), Failure> {
        let Some(reader) = &mut self.logs else { return Ok(()) };
        let terminal = self.pipeline.terminal();
        let prefix = Prefix { task: self.arns.len() > 1, container: true, ..Prefix::default() };
        loop {
            let (lines, all) = match reader.step(self.pipeline.cx()).await {
                Ok(found) => found,
                // The next look goes on from here.
                Err(failure) if read_schedule(failure.class).is_some() => return Ok(()),
                Err(failure) => return Err(failure),
            };
            for one in lines {
                let on_terminal = console::user_attended();
                let line = prefix.line("", &one.task, &one.container, &one.message, on_terminal);
                // For programs, standard output is one document.
                if terminal.json() { terminal.say(&line) } else { terminal.out(&line) }
            }
            if all {
                return Ok(());
            }
        }
    }
}

/// Says how it ended, and why where that is not well.
async fn ended(pipeline: &Pipeline, name: &str, ran: &[Ran]) -> Result<Exit, Stop> {
    let terminal = pipeline.terminal();
    let bad = ran.iter().find(|task| task.code(name, TIMER) != Some(0));
    let code = bad.map_or(Some(0), |task| task.code(name, TIMER));
    let exit = match (bad, code) {
        (None, _) => Exit::Done,
        // A code that no process can end with here is a failure all the same.
        (Some(_), code) => {
            match code.and_then(|code| u8::try_from(code).ok()).filter(|code| *code > 0) {
                Some(code) => Exit::Task(code),
                None => Exit::Failed,
            }
        }
    };
    let why = match bad {
        Some(_) if code == Some(124) && timed_out(bad) => None,
        Some(task) => Some(task.explain(pipeline.cx(), name, pipeline.environment()).await),
        None => None,
    };
    if terminal.json() {
        let document = json!({
            "name": name,
            "tasks": ran,
            "timed_out": bad.is_some() && timed_out(bad),
            "exit_code": exit.code(),
            "failure": why,
        });
        terminal.out(&json::document(&document));
        return Ok(exit);
    }
    match (bad, why) {
        (None, _) => terminal.tell(&format!("{name} ended with exit code 0")),
        (Some(task), Some(why)) => {
            terminal.say(&human::failure::failure(None, &why));
            let code = match code {
                Some(code) => format!("ended with exit code {code}"),
                None => "never ran".to_owned(),
            };
            terminal.say(&format!("{name} {code} (task {})", task.id));
        }
        (Some(_), None) => terminal.say(&human::failure::message(
            &format!("{name} took longer than its `timeout`, and was ended (exit code 124)"),
            Some(
                "allow it more time with `timeout` in its manifest, or find out what it waits for",
            ),
        )),
    }
    Ok(exit)
}

/// Was it the container that keeps the time which ended it?
fn timed_out(task: Option<&Ran>) -> bool {
    task.and_then(|task| task.exit_codes.get(TIMER).copied().flatten()) == Some(124)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_a_shell() {
        let split = |text: &str| words("--command", text).unwrap();
        assert_eq!(split("python -m report"), ["python", "-m", "report"]);
        assert_eq!(
            split(r#"sh -c "echo 'a b' \"c\"" '' x\ y"#),
            ["sh", "-c", "echo 'a b' \"c\"", "", "x y"]
        );
        assert!(words("--command", "echo 'a").is_err());
    }
}
