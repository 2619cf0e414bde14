//! The last lines that a container wrote, and what else its task definition says of it.

use aws_sdk_ecs::types::{ContainerDefinition, LogDriver};

use super::stops::Stop;
use super::words::Words;
use crate::aws::{Cx, classify};
use crate::engine::{Class, Failure, LogTail, redact};

/// How many lines are shown.
const LINES: i32 = 15;
/// A line is cut here.
const WIDTH: usize = 300;

/// The end of the log of the container that ended a task: `DescribeTaskDefinition`, and `GetLogEvents` where it has run.
pub(crate) async fn tail(
    cx: &Cx,
    stop: &Stop,
    words: &mut Words,
) -> Result<Option<LogTail>, Failure> {
    let call = cx.ecs.describe_task_definition().task_definition(&stop.definition).send().await;
    let answer = call.map_err(|error| classify("ecs DescribeTaskDefinition", error))?;
    let Some(definition) = answer.task_definition() else { return Ok(None) };
    let last = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    if let Some(role) = definition.execution_role_arn() {
        words.know("execution_role", format!("`{}`", last(role)));
    }
    if let Some(platform) = definition.runtime_platform() {
        let arm = platform.cpu_architecture().is_some_and(|one| one.as_str() == "ARM64");
        words.know("platform", if arm { "linux/arm64" } else { "linux/amd64" });
    }
    let containers = definition.container_definitions();
    let culprit = stop.culprit().map(|one| one.name.as_str());
    let Some(container) =
        containers.iter().find(|one| one.name() == culprit).or(containers.first())
    else {
        return Ok(None);
    };
    let name = container.name().unwrap_or("?");
    words.know("container", format!("`{name}`"));
    words.know("image", container.image().unwrap_or_default());
    let memory = definition.memory().and_then(|memory| memory.parse().ok());
    if let Some(memory) = container.memory().or(memory) {
        words.know("memory", format!(" (it has {memory} MiB)"));
    }
    let (group, place) = match place(cx, container, &stop.task) {
        Ok((group, stream)) => {
            words.know("group", group.clone());
            (group, stream)
        }
        Err(missing) if stop.ran => {
            let source = format!("container `{name}`");
            return Ok(Some(LogTail { source, lines: Vec::new(), missing: Some(missing) }));
        }
        Err(_) => return Ok(None),
    };
    if !stop.ran {
        return Ok(None);
    }
    let source = format!("container `{name}` ({group}, {place})");
    let call = cx.logs.get_log_events().log_group_name(&group).log_stream_name(&place);
    let call = call.limit(LINES).start_from_head(false).send().await;
    let (lines, missing) = match call.map_err(|error| classify("logs GetLogEvents", error)) {
        Ok(answer) => {
            let lines: Vec<String> = answer
                .events()
                .iter()
                .filter_map(|event| event.message())
                .map(|line| cut(&redact::others(line)))
                .collect();
            let none = lines.is_empty().then(|| "nothing was written to it".to_owned());
            (lines, none)
        }
        Err(failure) if failure.class == Class::Gone => {
            (Vec::new(), Some("nothing was written to it".to_owned()))
        }
        Err(failure) => (Vec::new(), Some(format!("it could not be read: {failure}"))),
    };
    Ok(Some(LogTail { source, lines, missing }))
}

/// Log group and stream of a container of a task; else why its log is not read.
pub(crate) fn place(
    cx: &Cx,
    container: &ContainerDefinition,
    task: &str,
) -> Result<(String, String), String> {
    let Some(log) = container.log_configuration() else {
        return Err("it has no log configuration".to_owned());
    };
    if *log.log_driver() != LogDriver::Awslogs {
        return Err(format!(
            "it is written by the driver `{}`, which shipit does not read",
            log.log_driver().as_str()
        ));
    }
    let option = |name: &str| log.options().and_then(|options| options.get(name)).cloned();
    let Some(group) = option("awslogs-group") else {
        return Err("its log configuration names no group".to_owned());
    };
    if let Some(region) = option("awslogs-region").filter(|region| *region != cx.region) {
        return Err(format!("it is in {region}, group {group}"));
    }
    match option("awslogs-stream-prefix") {
        Some(prefix) => {
            Ok((group, format!("{prefix}/{}/{task}", container.name().unwrap_or_default())))
        }
        None => Err("its log configuration names no stream prefix".to_owned()),
    }
}

/// One line of text, without what would move the terminal's cursor.
pub(crate) fn cut(message: &str) -> String {
    let line = message.trim_end().replace('\t', "    ").replace('\n', " ");
    let line = console::strip_ansi_codes(&line);
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.chars().count() <= WIDTH {
        return line;
    }
    let cut: String = line.chars().take(WIDTH).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn lines_are_plain_and_short() {
        assert_eq!(cut("\u{1b}[31mred\u{1b}[0m\tend\r\n"), "red    end");
        assert_eq!(cut("a\nb"), "a b");
        assert_eq!(cut(&"x".repeat(400)).chars().count(), 301);
    }
}
