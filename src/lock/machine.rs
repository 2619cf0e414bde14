//! Which machine and process this is, and whether another process of this machine is gone.

use super::holder::{Holder, Me};

/// Options whose values belong to what a command does; all other values stay out of the lock.
const TOLD: &[&str] = &["--env", "-e", "--name", "-n", "--svc"];
/// Where CI systems say which job runs: a page, or the parts of its address.
const JOB_PAGES: &[&str] = &["CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL"];

impl Me {
    /// This process, run by `who` with these arguments.
    pub fn here(who: &str, arguments: &[String]) -> Self {
        Self {
            who: who.to_owned(),
            host: host(),
            pid: std::process::id(),
            command: command(arguments),
            url: job_page(),
            process: process(std::process::id()),
        }
    }
}

/// The words of the command, and of its options those that say what it is about.
fn command(arguments: &[String]) -> String {
    let mut words = vec!["shipit".to_owned()];
    let mut arguments = arguments.iter().peekable();
    let mut told = Vec::new();
    let mut options = false;
    while let Some(argument) = arguments.next() {
        if !argument.starts_with('-') {
            // After an option a word may be its value.
            if !options {
                words.push(argument.clone());
            }
            options = false;
            continue;
        }
        let name = argument.split('=').next().unwrap_or_default();
        options = !argument.contains('=') && !is_switch(name);
        if TOLD.contains(&name) {
            told.push(argument.clone());
            if options && let Some(value) = arguments.next() {
                told.push(value.clone());
            }
            options = false;
        }
    }
    words.append(&mut told);
    words.join(" ").chars().take(300).collect()
}

/// Options that take no value and may stand before the command's words.
fn is_switch(name: &str) -> bool {
    ["--local", "--yes", "-y", "--verbose", "-v", "--no-wait", "--prune"].contains(&name)
}

fn job_page() -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(server), Some(repository), Some(run)) =
        (variable("GITHUB_SERVER_URL"), variable("GITHUB_REPOSITORY"), variable("GITHUB_RUN_ID"))
    {
        return Some(format!("{server}/{repository}/actions/runs/{run}"));
    }
    JOB_PAGES.iter().find_map(|name| variable(name))
}

fn host() -> String {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    file.map(|name| name.trim().to_owned())
        .or_else(|| variable("HOSTNAME"))
        .or_else(|| variable("COMPUTERNAME"))
        .or_else(|| {
            let asked = std::process::Command::new("hostname").output().ok()?;
            Some(String::from_utf8_lossy(&asked.stdout).trim().to_owned())
        })
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "an unnamed machine".to_owned())
}

/// `BOOT/NAMESPACE/PID/START`: the same process only if all four are the same. Known on Linux.
fn process(pid: u32) -> Option<String> {
    Some(format!("{}/{pid}/{}", here()?, started(pid)?))
}

/// This boot and this process namespace.
fn here() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), namespace.display()))
}

/// When a process that still runs began, in ticks since boot.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; the state follows it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if ["Z", "X", "x"].contains(&state) {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Whether the holder was a process of this boot of this machine that does not run any more. `false`
/// whenever that is not certain.
pub fn is_gone(holder: &Holder) -> bool {
    let known = holder.me.process.as_ref().zip(here());
    let Some((process, here)) = known else { return false };
    let Some(rest) = process.strip_prefix(&here).and_then(|rest| rest.strip_prefix('/')) else {
        return false;
    };
    let Some((pid, start)) = rest.split_once('/') else { return false };
    let (Ok(pid), Ok(start)) = (pid.parse(), start.parse::<u64>()) else { return false };
    started(pid) != Some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn only_what_the_command_is_about_is_told() {
        let told = |text: &str| command(&words(text));
        assert_eq!(told("deploy --env test --yes"), "shipit deploy --env test");
        assert_eq!(
            told("--local --endpoint-url http://u:p@h svc deploy -n api -e test --format json"),
            "shipit svc deploy -n api -e test"
        );
        assert_eq!(told("--env test deploy"), "shipit deploy --env test");
        assert_eq!(told("apply plan.json --name=x"), "shipit apply plan.json --name=x");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_runs_and_a_child_that_ended_does_not() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let holder = |process| Holder {
            me: Me { process, ..Me::default() },
            since: String::new(),
            nonce: String::new(),
            run: String::new(),
            lease: 1,
            kept_by: None,
            beats: 0,
            released: None,
            hold_off: 0,
        };
        let of_child = holder(process(child.id()));
        assert!(!is_gone(&of_child));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_gone(&of_child));
        assert!(!is_gone(&holder(Some("another-boot/pid:[1]/1/1".to_owned()))));
        assert!(!is_gone(&holder(None)));
    }
}
