//! Containers of a task: what they wait for, share and listen on.

use std::collections::BTreeMap;

use super::{Explain, Findings};
use crate::manifest::read::did_you_mean;
use crate::manifest::service::{
    COLLECTOR, Condition, LOG_ROUTER, PortProtocol, ServiceManifest, SidecarPort,
};

/// ECS allows so many containers in a task.
const MOST_CONTAINERS: usize = 10;

struct Container<'a> {
    name: &'a str,
    /// Where its keys stand, ending in a dot.
    path: String,
    essential: bool,
    depends_on: &'a BTreeMap<String, Condition>,
    has_health_check: bool,
}

/// Everything about the containers of one task.
pub(super) fn containers(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let mut all = vec![Container {
        name: &service.name,
        path: "image.".to_owned(),
        essential: true,
        depends_on: &service.image.depends_on,
        has_health_check: service.image.healthcheck.is_some(),
    }];
    for (name, sidecar) in &service.sidecars {
        let path = format!("sidecars.{name}");
        if name == &service.name {
            findings
                .error(&path, "a sidecar has the name of the service")
                .advise("the main container bears it already: choose another");
        }
        if let Some(help) = crate::manifest::read::name_problem(name) {
            let problem = findings.error(&path, format!("`{name}` is no name for a container"));
            problem.expected = Some("lower-case letters, digits and single hyphens, starting with a letter, at most 40 characters".into());
            problem.help = help;
        }
        all.push(Container {
            name,
            path: format!("{path}."),
            essential: sidecar.essential,
            depends_on: &sidecar.depends_on,
            has_health_check: sidecar.healthcheck.is_some(),
        });
    }
    let none = BTreeMap::new();
    for (name, why, given) in [
        (LOG_ROUTER, "logging", service.logging.routed()),
        (COLLECTOR, "observability.tracing", service.observability.tracing.is_some()),
    ] {
        if !given {
            continue;
        }
        if service.sidecars.contains_key(name) || service.name == name {
            let path = format!("sidecars.{name}");
            let first = findings.node.place(why);
            let problem = findings
                .error_of_key(&path, format!("two containers of the task are called `{name}`"));
            *problem = problem
                .clone()
                .also(first, "this brings one of that name")
                .help("choose another name, or leave the one to shipit");
            continue;
        }
        let path = format!("{why}.");
        all.push(Container {
            name,
            path,
            essential: true,
            depends_on: &none,
            has_health_check: false,
        });
    }
    if all.len() > MOST_CONTAINERS {
        findings
            .error("sidecars", format!("there are {} containers in one task", all.len()))
            .explain(
                format!("at most {MOST_CONTAINERS}, the main one included"),
                "move some into a service of their own",
            );
    }
    // Beyond the limit the graph is not worth walking.
    all.truncate(MOST_CONTAINERS + 1);
    for container in &all {
        dependencies(container, &all, findings);
    }
    cycle(&all, findings);
    ports(service, findings);
    super::storage::storage(service, findings);
    variables("", &service.variables, &service.secrets, findings);
    variables("logging.", &service.logging.variables, &service.logging.secrets, findings);
    logging(service, findings);
    for (name, sidecar) in &service.sidecars {
        variables(&format!("sidecars.{name}."), &sidecar.variables, &sidecar.secrets, findings);
    }
}

fn dependencies(container: &Container<'_>, all: &[Container<'_>], findings: &mut Findings<'_>) {
    for (wanted, condition) in container.depends_on {
        let path = format!("{}depends_on.{wanted}", container.path);
        let names: Vec<&str> =
            all.iter().map(|other| other.name).filter(|name| *name != container.name).collect();
        let Some(other) = all.iter().find(|other| other.name == wanted) else {
            let help = did_you_mean(wanted, &names)
                .unwrap_or_else(|| "add it under `sidecars`, or remove this line".into());
            let problem = findings
                .error_of_key(&path, format!("there is no container `{wanted}` to wait for"));
            problem.expected = Some(if names.is_empty() {
                "a sidecar, and there is none".into()
            } else {
                crate::manifest::read::list(&names)
            });
            problem.help = Some(help);
            continue;
        };
        if other.essential && matches!(condition, Condition::Complete | Condition::Success) {
            findings
                .error(&path, format!("`{wanted}` is essential, so the task stops when it ends"))
                .explain(
                    "one of `start` or `healthy`",
                    format!("write `essential: false` for `{wanted}` if it is meant to end"),
                );
        }
        if *condition == Condition::Healthy && !other.has_health_check {
            findings
                .error(
                    &path,
                    format!("`{wanted}` has no health check, so it never becomes healthy"),
                )
                .explain(
                    "one of `start` or `complete`",
                    format!("add `healthcheck` to `{wanted}`, or wait for `start`"),
                );
        }
    }
}

/// Reports the first circle of containers that wait for each other.
fn cycle(all: &[Container<'_>], findings: &mut Findings<'_>) {
    for start in all {
        let mut trail = vec![start.name];
        if leads_back(start, start.name, all, &mut trail, &mut Vec::new()) {
            trail.push(start.name);
            let circle: Vec<String> = trail.iter().map(|name| format!("`{name}`")).collect();
            findings
                .error(
                    &format!("{}depends_on", start.path),
                    format!("containers wait for each other: {}", circle.join(" waits for ")),
                )
                .advise("remove one of these `depends_on`");
            return;
        }
    }
}

/// Whether what `from` waits for waits, in the end, for `goal`; `trail` then says how.
fn leads_back<'a>(
    from: &Container<'a>,
    goal: &str,
    all: &[Container<'a>],
    trail: &mut Vec<&'a str>,
    visited: &mut Vec<&'a str>,
) -> bool {
    if from.depends_on.contains_key(goal) {
        return true;
    }
    for next in all.iter().filter(|other| from.depends_on.contains_key(other.name)) {
        if visited.contains(&next.name) {
            continue;
        }
        visited.push(next.name);
        trail.push(next.name);
        if leads_back(next, goal, all, trail, visited) {
            return true;
        }
        trail.pop();
    }
    false
}

fn ports(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let main = service.image.port.map(|port| (port, PortProtocol::Tcp, "image.port".to_owned()));
    let mut taken: Vec<_> = main.into_iter().collect();
    let more = |path: &str, ports: &[SidecarPort]| -> Vec<(SidecarPort, String)> {
        ports.iter().enumerate().map(|(i, port)| (*port, format!("{path}.ports.{i}"))).collect()
    };
    let mut all = more("image", &service.image.ports);
    for (name, sidecar) in &service.sidecars {
        all.extend(sidecar.port.map(|port| (port, format!("sidecars.{name}.port"))));
        all.extend(more(&format!("sidecars.{name}"), &sidecar.ports));
    }
    for (port, path) in all {
        if let Some((_, _, other)) = taken
            .iter()
            .find(|(number, protocol, _)| (*number, *protocol) == (port.port, port.protocol))
        {
            let first = findings.node.place(other);
            let problem = findings.error(
                &path,
                format!("port {} is taken: containers of a task share one address", port.port),
            );
            *problem = problem
                .clone()
                .also(first, "taken here")
                .help("give each container a port of its own");
        }
        taken.push((port.port, port.protocol, path));
    }
}

/// What `logging` and `observability` say together.
fn logging(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let logging = &service.logging;
    for name in logging.secret_options.keys().filter(|name| logging.destination.contains_key(*name))
    {
        let first = findings.node.place(&format!("logging.destination.{name}"));
        let problem = findings.error_of_key(
            &format!("logging.secretOptions.{name}"),
            format!("`{name}` is both a plain and a secret option"),
        );
        *problem = problem.clone().also(first, "plain here").help("keep one of the two");
    }
    if logging.sidecars.is_some() && !logging.routed() {
        findings
            .error_of_key("logging.sidecars", "there is no log router to take the sidecars' output")
            .advise("say where it goes: `logging.destination`");
    }
    let own = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];
    for name in logging.options.keys().filter(|name| own.contains(&name.as_str())) {
        findings
            .error_of_key(
                &format!("logging.options.{name}"),
                format!("shipit itself sets `{name}`"),
            )
            .explain("options such as `mode` or `max-buffer-size`", "remove the line");
    }
    if logging.options.get("mode").is_some_and(|mode| mode != "blocking" && mode != "non-blocking")
    {
        findings
            .error("logging.options.mode", "there is no such mode of the log driver")
            .expected = Some("`blocking` or `non-blocking`".into());
    }
    if service.observability.collector_image.is_some() && service.observability.tracing.is_none() {
        findings
            .error_of_key(
                "observability.collector_image",
                "nothing is traced, so no collector runs",
            )
            .advise("add `tracing: awsxray`, or remove the line");
    }
}

fn variables<S>(
    path: &str,
    variables: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, S>,
    findings: &mut Findings<'_>,
) {
    for (keys, kind) in
        [(variables.keys().collect::<Vec<_>>(), "variables"), (secrets.keys().collect(), "secrets")]
    {
        for name in keys {
            let sound = !name.starts_with(|c: char| c.is_ascii_digit())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
            if !sound {
                findings
                    .error_of_key(
                        &format!("{path}{kind}.{name}"),
                        format!("`{name}` is no name for a variable"),
                    )
                    .expected = Some("letters, digits and `_`, not starting with a digit".into());
            }
        }
    }
    for name in secrets.keys().filter(|name| variables.contains_key(*name)) {
        let first = findings.node.place(&format!("{path}variables"));
        let problem = findings.error_of_key(
            &format!("{path}secrets.{name}"),
            format!("`{name}` is both a variable and a secret"),
        );
        *problem = problem.clone().also(first, "a variable here").help("keep one of the two");
    }
}
