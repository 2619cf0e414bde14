//! How containers run: names that Linux knows, numbers that fit together, and what is not there where a task runs: on
//! Fargate, or on instances in this network mode.

use super::{Explain, Findings};
use crate::manifest::environment::Environment;
use crate::manifest::read::{did_you_mean, list};
use crate::manifest::service::{IpcMode, NetworkMode, PidMode, Runs, ServiceManifest, Settings};

const ULIMITS: &[&str] = &[
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

const CAPABILITIES: &[&str] = &[
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "SYSLOG",
    "WAKE_ALARM",
];

const MOUNT_OPTIONS: &[&str] = &[
    "defaults",
    "ro",
    "rw",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "sync",
    "async",
    "dirsync",
    "remount",
    "mand",
    "nomand",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "bind",
    "rbind",
    "unbindable",
    "runbindable",
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "mode",
    "uid",
    "gid",
    "nr_inodes",
    "nr_blocks",
    "mpol",
];

/// Kernel parameters outside of `net` and `fs.mqueue` that each container can have for itself.
const SYSTEM_CONTROLS: &[&str] = &[
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// ECS takes so many exit codes.
const MOST_EXIT_CODES: usize = 50;

/// Where containers run, as far as it limits how.
#[derive(Clone, Copy)]
struct Place {
    fargate: bool,
    mode: NetworkMode,
    ipc: Option<IpcMode>,
}

/// Everything about how the containers run.
pub(super) fn settings(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let place = Place {
        fargate: service.runs_in(environment) == Runs::Fargate,
        mode: service.network_mode_in(environment),
        ipc: service.ipc_mode,
    };
    container("", &service.settings, place, findings);
    for (name, sidecar) in &service.sidecars {
        container(&format!("sidecars.{name}."), &sidecar.settings, place, findings);
    }
    if place.fargate && service.pid_mode == Some(PidMode::Host) {
        findings
            .error("pid_mode", "a task on Fargate has its host to itself, and sees nothing of it")
            .explain("`task`", "`pid_mode: task` lets the containers see each other's processes");
    }
    if place.fargate && service.ipc_mode.is_some_and(|mode| mode != IpcMode::None) {
        refused("ipc_mode", "`ipc_mode`", findings);
    }
    sizes(service, findings);
}

fn container(path: &str, settings: &Settings, place: Place, findings: &mut Findings<'_>) {
    let fargate = place.fargate;
    ulimits(path, settings, findings);
    for (key, time) in
        [("stop_timeout", settings.stop_timeout), ("start_timeout", settings.start_timeout)]
    {
        if fargate && time.is_some_and(|time| !(2..=120).contains(&time.as_secs())) {
            let what = if key == "stop_timeout" { "to stop" } else { "to start" };
            findings
                .error(
                    &format!("{path}{key}"),
                    format!("Fargate gives a container 2 to 120 seconds {what}"),
                )
                .expected = Some("a time from 2s to 2m".into());
        }
    }
    let codes = settings.restart_policy.as_ref().map_or(0, |one| one.ignored_exit_codes.len());
    if codes > MOST_EXIT_CODES {
        findings
            .error(
                &format!("{path}restart_policy.ignored_exit_codes"),
                format!("there are {codes} exit codes to ignore"),
            )
            .expected = Some(format!("at most {MOST_EXIT_CODES}"));
    }
    capabilities(path, settings, fargate, findings);
    tmpfs(path, settings, findings);
    controls(path, settings, place, findings);
    let linux = &settings.linux;
    if linux.swappiness.is_some() && linux.max_swap.is_none() && !fargate {
        findings
            .error(
                &format!("{path}linux.swappiness"),
                "`swappiness` has no effect without `max_swap`",
            )
            .advise("add `max_swap:` beside it, in MiB");
    }
    for (key, given) in [
        ("linux.shm_size", linux.shm_size.is_some()),
        ("linux.max_swap", linux.max_swap.is_some()),
        ("linux.swappiness", linux.swappiness.is_some()),
        ("linux.devices", !linux.devices.is_empty()),
        ("dns", !settings.dns.servers.is_empty() || !settings.dns.search.is_empty()),
    ] {
        if given && fargate {
            refused(&format!("{path}{key}"), &format!("`{key}`"), findings);
        }
    }
    for (key, given) in [
        ("extra_hosts", !settings.extra_hosts.is_empty()),
        ("hostname", settings.hostname.is_some()),
    ] {
        if given && fargate {
            refused(&format!("{path}{key}"), &format!("`{key}`"), findings);
        } else if given && place.mode == NetworkMode::Awsvpc {
            findings
                .error_of_key(
                    &format!("{path}{key}"),
                    format!("in network mode `awsvpc` ECS allows no `{key}`"),
                )
                .advise("remove it, or write `network: {mode: bridge}`");
        }
    }
}

fn refused(path: &str, key: &str, findings: &mut Findings<'_>) {
    findings
        .error_of_key(path, format!("Fargate does not support {key}"))
        .advise("remove it; a task on Fargate has a network and a host of its own");
}

fn ulimits(path: &str, settings: &Settings, findings: &mut Findings<'_>) {
    for (name, limit) in &settings.ulimits {
        let place = format!("{path}ulimits.{name}");
        if !ULIMITS.contains(&name.as_str()) {
            let problem = findings.error_of_key(&place, format!("there is no limit `{name}`"));
            problem.expected = Some(list(ULIMITS));
            problem.help = did_you_mean(name, ULIMITS);
        }
        let unlimited = |number: i32| if number < 0 { i32::MAX } else { number };
        if unlimited(limit.soft) > unlimited(limit.hard) {
            findings
                .error(
                    &place,
                    format!("the soft limit {} is above the hard limit {}", limit.soft, limit.hard),
                )
                .expected = Some("`soft` at most `hard`".into());
        }
    }
}

fn capabilities(path: &str, settings: &Settings, fargate: bool, findings: &mut Findings<'_>) {
    let capabilities = &settings.linux.capabilities;
    for (side, names) in [("add", &capabilities.add), ("drop", &capabilities.drop)] {
        for (index, name) in names.iter().enumerate() {
            let place = format!("{path}linux.capabilities.{side}.{index}");
            if !CAPABILITIES.contains(&name.as_str()) {
                let bare = name.trim_start_matches("CAP_").to_uppercase();
                let help = did_you_mean(&bare, CAPABILITIES);
                let problem = findings.error(&place, format!("there is no capability `{name}`"));
                problem.expected = Some("one of Linux's, without `CAP_`: `SYS_PTRACE`".into());
                problem.help = match CAPABILITIES.contains(&bare.as_str()) {
                    true => Some(format!("write {bare}")),
                    false => help,
                };
            } else if fargate && side == "add" && name != "SYS_PTRACE" {
                findings
                    .error(&place, format!("Fargate does not let a container have `{name}`"))
                    .explain("`SYS_PTRACE`", "remove it, or `drop` it to be sure");
            }
        }
    }
}

fn tmpfs(path: &str, settings: &Settings, findings: &mut Findings<'_>) {
    for (index, disk) in settings.linux.tmpfs.iter().enumerate() {
        let place = format!("{path}linux.tmpfs.{index}");
        if settings.linux.tmpfs[..index].iter().any(|other| other.path == disk.path) {
            findings
                .error(&format!("{place}.path"), format!("`{}` is mounted twice", disk.path))
                .advise("give each file system a path of its own");
        }
        for (number, option) in disk.options.iter().enumerate() {
            let name = option.split('=').next().unwrap_or_default();
            if !MOUNT_OPTIONS.contains(&name) {
                let problem = findings.error(
                    &format!("{place}.options.{number}"),
                    format!("there is no mount option `{option}`"),
                );
                problem.expected =
                    Some("one of Linux's, such as `ro`, `noexec` or `mode=1777`".into());
                problem.help = did_you_mean(name, MOUNT_OPTIONS);
            }
        }
    }
}

fn controls(path: &str, settings: &Settings, place: Place, findings: &mut Findings<'_>) {
    for name in settings.system_controls.keys() {
        let key = format!("{path}system_controls.{name}");
        let network = name.starts_with("net.");
        if !network && !name.starts_with("fs.mqueue.") && !SYSTEM_CONTROLS.contains(&name.as_str())
        {
            let problem = findings.error_of_key(
                &key,
                format!("`{name}` is the whole kernel's, and no container can have its own"),
            );
            problem.expected = Some(format!(
                "one that starts with `net.` or `fs.mqueue.`, or {}",
                list(SYSTEM_CONTROLS)
            ));
            problem.help = did_you_mean(name, SYSTEM_CONTROLS);
        } else if network && place.mode == NetworkMode::Host {
            findings
                .error_of_key(&key, format!("in network mode `host` `{name}` is the host's"))
                .advise("set it on the instance, or write `network: {mode: bridge}`");
        } else if !network && place.ipc == Some(IpcMode::Host) {
            findings
                .error_of_key(&key, format!("with `ipc_mode: host` `{name}` is the host's"))
                .advise("set it on the instance, or write `ipc_mode: task`");
        }
    }
}

/// What sidecars take must leave something for the main container.
fn sizes(service: &ServiceManifest, findings: &mut Findings<'_>) {
    for (name, sidecar) in &service.sidecars {
        if let (Some(hard), Some(soft)) = (sidecar.memory, sidecar.memory_reservation)
            && soft >= hard
        {
            findings
                .error(
                    &format!("sidecars.{name}.memory_reservation"),
                    format!("{soft} MiB are kept for `{name}`, which may use at most {hard}"),
                )
                .expected = Some("less than `memory`".into());
        }
    }
    let cpu: u32 = service.sidecars.values().filter_map(|sidecar| sidecar.cpu).sum();
    let kept = |sidecar: &crate::manifest::service::Sidecar| {
        sidecar.memory_reservation.or(sidecar.memory).unwrap_or(0)
    };
    let memory: u32 = service.sidecars.values().map(kept).sum();
    for (what, key, taken, all) in [
        ("CPU units", "cpu", cpu, service.cpu),
        ("MiB of memory", "memory", memory, service.memory),
    ] {
        if taken > all {
            findings
                .error(
                    "sidecars",
                    format!("the sidecars take {taken} {what}, and the whole task has {all}"),
                )
                .advise(format!("raise the service's `{key}`, or lower theirs"));
        }
    }
}
