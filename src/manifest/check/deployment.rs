//! Deployments that move traffic: what belongs to which strategy, and whether there is traffic to move.

use super::{Explain, Findings};
use crate::manifest::Environment;
use crate::manifest::service::{
    Count, Deployment, OwnMetric, Rolling, Rollout, ServiceManifest, ServiceType, StepMetric,
};

/// Checks `deployment` against itself and the rest of the service.
pub(super) fn deployment(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let wanted = &service.deployment;
    keys(wanted, findings);
    if !wanted.shifts() {
        return;
    }
    let strategy = wanted.strategy;
    if service.count == Count::Daemon {
        findings
            .error(
                "deployment.strategy",
                format!(
                    "a daemon cannot be deployed `{strategy}`: there is one task on each instance"
                ),
            )
            .advise("write `strategy: rolling`");
    }
    if wanted.rolling == Rolling::Recreate {
        findings
            .error(
                "deployment.rolling",
                format!("`{strategy}` starts all new tasks before any old one stops"),
            )
            .advise("remove `rolling`, or write `strategy: rolling`");
    }
    let connected = service.is_connected_in(environment);
    let balanced = service.http.is_some() || service.nlb.is_some();
    if !balanced && !connected && strategy != Rollout::BlueGreen {
        let problem = findings.error(
            "deployment.strategy",
            format!("`{strategy}` moves traffic step by step, and the service has none that ECS could move"),
        );
        problem.explain(
            "`http`, `nlb` or `network.connect`; without them `rolling` and `blue-green`",
            match service.service_type {
                ServiceType::WorkerService => "write `strategy: blue-green` to have all new workers started before the old ones go",
                _ => "add `http`, or write `strategy: blue-green` to have all new tasks started before the old ones go",
            },
        );
    }
    rules(service, findings);
    test_traffic(service, findings);
    if let Count::Autoscaling(scaling) = &service.count {
        let of_balancer = |metric: &StepMetric| {
            matches!(metric, StepMetric::Own(OwnMetric::Requests | OwnMetric::ResponseTime))
        };
        let steps = scaling.steps.iter().filter(|(_, steps)| of_balancer(&steps.metric));
        let steps = steps.map(|(name, _)| format!("count.steps.{name}.metric"));
        let targets = [
            scaling.requests.is_some().then(|| "count.requests".to_owned()),
            scaling.response_time.is_some().then(|| "count.response_time".to_owned()),
        ];
        for path in targets.into_iter().flatten().chain(steps) {
            findings
                .error(&path, format!("this is measured at one target group, and `{strategy}` moves the traffic between two"))
                .advise("scale on `cpu_percentage` or `memory_percentage`");
        }
    }
}

/// Keys that belong to other strategies.
fn keys(wanted: &Deployment, findings: &mut Findings<'_>) {
    let strategy = wanted.strategy;
    let stepped = matches!(strategy, Rollout::Linear | Rollout::Canary);
    let shifts = wanted.shifts();
    let hooks = wanted.hooks.all().next().is_some();
    for (key, there, fits, of) in [
        ("percent", wanted.percent.is_some(), stepped, "`linear` or `canary`"),
        ("step_bake_time", wanted.step_bake_time.is_some(), stepped, "`linear` or `canary`"),
        ("bake_time", wanted.bake_time.is_some(), shifts, "`blue-green`, `linear` or `canary`"),
        (
            "test_traffic",
            wanted.test_traffic.is_some(),
            shifts,
            "`blue-green`, `linear` or `canary`",
        ),
        ("hooks", hooks, shifts, "`blue-green`, `linear` or `canary`"),
        ("early_success", wanted.early_success.is_some(), !shifts, "`rolling`"),
    ] {
        if there && !fits {
            findings
                .error(
                    &format!("deployment.{key}"),
                    format!("`{key}` means nothing with `strategy: {strategy}`"),
                )
                .advise(format!("write `strategy:` {of}, or remove `{key}`"));
        }
    }
    if let Some(percent) = wanted.percent.filter(|percent| *percent < 3.0)
        && strategy == Rollout::Linear
    {
        findings
            .error("deployment.percent", format!("steps of {percent} percent are too small"))
            .explain(
                "3 to 100 with `linear`",
                "write `percent: 3`, or `strategy: canary` for less at first",
            );
    }
    for (key, _, hook) in wanted.hooks.all() {
        let path = format!("deployment.hooks.{key}");
        let pauses = hook.lambda.is_none();
        if pauses && matches!(key, "test_traffic_shift" | "production_traffic_shift") {
            findings.error(&path, "a deployment cannot pause while it moves traffic").advise(
                match key {
                    "test_traffic_shift" => "write `post_test_traffic_shift: pause`",
                    _ => {
                        "write `pre_production_traffic_shift: pause`, which comes before each step"
                    }
                },
            );
        }
        if pauses && hook.role.is_some() {
            findings
                .error(&format!("{path}.role"), "a pause calls nobody, so it needs no role")
                .advise("name a function with `lambda`, or remove `role`");
        }
    }
    let breaker = wanted.circuit_breaker;
    if shifts && breaker.enable && !breaker.rollback {
        findings
            .error(
                "deployment.circuit_breaker.rollback",
                format!("with `{strategy}` a deployment that fails has to be rolled back"),
            )
            .advise("write `rollback: true`, or `circuit_breaker: false`");
    }
}

/// ECS moves the weights of one rule for each target group.
fn rules(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let Some(http) = &service.http else { return };
    let rules = std::iter::once(&http.main).chain(&http.additional_rules);
    for (index, rule) in rules.enumerate() {
        let path = |key: &str| match index {
            0 => format!("http.{key}"),
            more => format!("http.additional_rules.{}.{key}", more - 1),
        };
        let strategy = service.deployment.strategy;
        if rule.alias.len() > rule.room_for_hosts() {
            findings
                .error(&path("alias"), format!("`{strategy}` moves the traffic of one rule of the load balancer, and so many hosts need several"))
                .explain(
                    format!("at most {} hosts beside this path", rule.room_for_hosts()),
                    "move some to `additional_rules`, or write `strategy: rolling`",
                );
        }
        if !rule.redirect_to_https {
            findings
                .error(&path("redirect_to_https"), format!("`{strategy}` moves the traffic of one rule of the load balancer, and HTTP beside HTTPS needs two"))
                .advise("remove `redirect_to_https: false`, or write `strategy: rolling`");
        }
    }
}

/// Test traffic has a way.
fn test_traffic(service: &ServiceManifest, findings: &mut Findings<'_>) {
    let Some(test) = &service.deployment.test_traffic else { return };
    let path = "deployment.test_traffic";
    if test.header.is_none() && test.port.is_none() {
        findings
            .error(path, "nothing says which requests are test traffic")
            .advise("write `header: {name: x-test}` with `http`, or `port` with `nlb`");
    }
    if test.header.is_some() && service.http.is_none() {
        findings
            .error(&format!("{path}.header"), "requests have headers, and the service has no `http`")
            .advise("write `port` with `nlb`; with Service Connect the header stands under `network.connect`, as `test_header` of an `alias`");
    }
    if let Some(port) = test.port {
        match &service.nlb {
            None => {
                findings
                    .error(
                        &format!("{path}.port"),
                        "a port of its own needs a network load balancer",
                    )
                    .advise("write `header` with `http`");
            }
            Some(nlb) => {
                if nlb.listeners().any(|(_, one)| one.port.number == port) {
                    findings
                        .error(
                            &format!("{path}.port"),
                            format!("the network load balancer has port {port} already"),
                        )
                        .advise("choose a port that `nlb` does not have");
                }
            }
        }
    }
}
