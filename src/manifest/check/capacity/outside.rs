//! Machines outside AWS (ECS Anywhere): what AWS does not bring there.

use super::super::{Explain, Findings};
use crate::manifest::environment::Environment;
use crate::manifest::service::{NetworkMode, ServiceManifest};

/// What a service cannot have there.
pub(super) fn outside(
    service: &ServiceManifest,
    environment: Option<&Environment>,
    findings: &mut Findings<'_>,
) {
    let own = service.capacity.is_some();
    if let Some(environment) = environment.filter(|one| own && !one.cluster.external) {
        let name = &environment.name;
        findings
            .error("capacity", format!("environment `{name}` takes no machines outside AWS"))
            .advise(format!("write `cluster: {{external: true}}` in environments/{name}.yml"));
    }
    for (key, given) in [("http", service.http.is_some()), ("nlb", service.nlb.is_some())] {
        if given {
            findings
                .error_of_key(key, "a load balancer of AWS does not reach machines outside AWS")
                .advise(format!("remove `{key}`, or run the service in AWS"));
        }
    }
    if service.network.mode == Some(NetworkMode::Awsvpc) {
        findings
            .error("network.mode", "machines outside AWS have no network mode `awsvpc`")
            .explain(
                "`bridge`, `host` or `none`",
                "remove the line: `bridge` is the default there",
            );
    }
    if !service.placement.strategies.is_empty() {
        findings
            .error(
                "placement.strategies",
                "ECS does not choose among machines outside AWS by strategies",
            )
            .advise("remove the line; `constraints` may say which machines");
    }
    for (name, volume) in &service.storage.volumes {
        for (kind, given) in [("efs", volume.efs.is_some()), ("ebs", volume.ebs.is_some())] {
            if given {
                findings
                    .error_of_key(
                        &format!("storage.volumes.{name}.{kind}"),
                        format!(
                            "{} disks are not mounted on machines outside AWS",
                            kind.to_uppercase()
                        ),
                    )
                    .advise(
                        "remove the line: the volume then is the machine's, as long as the task lives",
                    );
            }
        }
    }
}
