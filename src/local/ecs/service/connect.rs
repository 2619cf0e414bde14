//! Service Connect: what ECS refuses of it, and the Cloud Map services that it makes for it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::names::invalid;
use crate::local::ecs::neighbours;
use crate::local::ecs::records::SERVICES;
use crate::local::error::AwsError;

/// What follows from the configuration and the task definition alone.
pub(super) fn check(call: &Call<'_>, wire: &Value, definition: &Value) -> Result<(), AwsError> {
    let Some(connect) = wire.get("serviceConnectConfiguration") else { return Ok(()) };
    let mode = definition.text("networkMode");
    if !matches!(mode, "awsvpc" | "bridge") {
        return Err(invalid(format!(
            "Service Connect is not supported with the {mode} network mode."
        )));
    }
    if connect.has("accessLogConfiguration") && !connect.has("logConfiguration") {
        return Err(invalid(
            "accessLogConfiguration requires a logConfiguration in serviceConnectConfiguration.",
        ));
    }
    let levels = connect.list("containerConfigurations");
    if levels.len() > 1 || levels.iter().any(|one| !one.has("logLevel")) {
        return Err(invalid(
            "Each setting can appear only once in containerConfigurations, one in each object.",
        ));
    }
    let (mut ports, mut endpoints) = (BTreeSet::new(), BTreeSet::new());
    for service in connect.list("services") {
        let name = service.text("portName");
        let mapping = mapping(definition, name).ok_or_else(|| {
            invalid(format!(
                "portName(s) [{name}] used in serviceConnectConfiguration not found in task definition."
            ))
        })?;
        if !ports.insert(name) {
            return Err(invalid(format!("portName {name} is used more than once.")));
        }
        one(call, service, mapping)?;
        for alias in service.list("clientAliases") {
            let endpoint = (alias_name(service, alias), alias.integer("port"));
            if !endpoints.insert(endpoint.clone()) {
                return Err(taken(&endpoint));
            }
        }
    }
    Ok(())
}

fn mapping<'a>(definition: &'a Value, name: &str) -> Option<&'a Value> {
    let containers = definition.list("containerDefinitions").iter();
    containers.flat_map(|one| one.list("portMappings")).find(|one| one.text("name") == name)
}

/// One port that others may call.
fn one(call: &Call<'_>, service: &Value, mapping: &Value) -> Result<(), AwsError> {
    let legal =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
    let fits = |name: &str, longest: usize| {
        !name.is_empty()
            && name.len() <= longest
            && !name.starts_with('-')
            && name.chars().all(legal)
    };
    let discovery = service.text("discoveryName");
    if service.has("discoveryName") && (!fits(discovery, 64) || discovery.contains('.')) {
        return Err(invalid(format!("The discoveryName {discovery} is not valid.")));
    }
    let aliases = service.list("clientAliases");
    if aliases.len() != 1 {
        return Err(invalid("clientAliases must hold exactly one alias for each portName."));
    }
    for alias in aliases {
        let name = alias.text("dnsName");
        if alias.has("dnsName") && !fits(name, 127) {
            return Err(invalid(format!("The dnsName {name} is not valid.")));
        }
        if !alias.has("port") || !(1..=65535).contains(&alias.integer("port")) {
            return Err(invalid("The port of a client alias must be between 1 and 65535."));
        }
        if let Some(header) = alias.get("testTrafficRules").and_then(|rules| rules.get("header"))
            && (!header.has("name") || header.get("value").is_some_and(|one| !one.has("exact")))
        {
            return Err(invalid("testTrafficRules must name a header, and an exact value."));
        }
    }
    if !(0..=65535).contains(&service.integer("ingressPortOverride")) {
        return Err(invalid("ingressPortOverride must be between 0 and 65535."));
    }
    if let Some(timeout) = service.get("timeout") {
        if timeout.has("perRequestTimeoutSeconds") && !mapping.has("appProtocol") {
            return Err(invalid(
                "perRequestTimeoutSeconds can only be set if the appProtocol is not TCP.",
            ));
        }
        if ["idleTimeoutSeconds", "perRequestTimeoutSeconds"]
            .iter()
            .any(|one| timeout.integer(one) < 0)
        {
            return Err(invalid("A timeout cannot be negative."));
        }
    }
    let Some(tls) = service.get("tls") else { return Ok(()) };
    let authority = tls.get("issuerCertificateAuthority").map(|one| one.text("awsPcaAuthorityArn"));
    if authority.is_none_or(|arn| !arn.starts_with("arn:") || !arn.contains(":acm-pca:")) {
        return Err(invalid("tls requires the ARN of an AWS Private CA as its issuer."));
    }
    let role = tls.text("roleArn");
    if !neighbours::role_trusts(call, role, "ecs.amazonaws.com") {
        return Err(invalid(format!("Amazon ECS cannot assume the role {role} for TLS.")));
    }
    Ok(())
}

fn taken((name, port): &(String, i64)) -> AwsError {
    invalid(format!("The client alias {name}:{port} is used more than once in the namespace."))
}

/// The name by which Cloud Map knows a port.
fn discovery_name(service: &Value) -> &str {
    match service.text("discoveryName") {
        "" => service.text("portName"),
        name => name,
    }
}

fn alias_name(service: &Value, alias: &Value) -> String {
    match alias.text("dnsName") {
        "" => discovery_name(service).to_owned(),
        name => name.to_owned(),
    }
}

/// Notes which namespace a service's names are in, holds them against those of other services in it, and makes a
/// Cloud Map service for each.
pub(super) fn establish(
    call: &mut Call<'_>,
    arn: &str,
    wire: &mut Value,
    cluster: &Value,
) -> Result<(), AwsError> {
    wire.unset(NAMESPACE);
    let Some(connect) = wire.get("serviceConnectConfiguration").cloned() else { return Ok(()) };
    let default = cluster["serviceConnectDefaults"].text("namespace");
    let namespace = if connect.has("namespace") { connect.text("namespace") } else { default };
    let endpoints = |connect: &Value| -> BTreeSet<(String, i64)> {
        let services = connect.list("services").iter();
        let aliases = services.flat_map(|service| {
            let aliases = service.list("clientAliases").iter();
            aliases.map(|alias| (alias_name(service, alias), alias.integer("port")))
        });
        aliases.collect()
    };
    let names = |connect: &Value| -> BTreeSet<String> {
        connect.list("services").iter().map(|one| discovery_name(one).to_owned()).collect()
    };
    let (mine, my_names) = (endpoints(&connect), names(&connect));
    for (_, other) in call.scan(SERVICES, "") {
        let theirs = other["wire"].get("serviceConnectConfiguration");
        let Some(theirs) = theirs.filter(|_| {
            other.text("arn") != arn
                && other.text("status") == "ACTIVE"
                && other["wire"].text(NAMESPACE) == namespace
        }) else {
            continue;
        };
        if let Some(endpoint) = mine.intersection(&endpoints(theirs)).next() {
            return Err(taken(endpoint));
        }
        if let Some(name) = my_names.intersection(&names(theirs)).next() {
            return Err(invalid(format!("The discoveryName {name} is already in use.")));
        }
    }
    for name in &my_names {
        neighbours::connect_service(call, namespace, name)?;
    }
    wire.set(NAMESPACE, namespace);
    Ok(())
}

/// The member of a service's record that holds the ARN of its namespace; not shown.
pub(super) const NAMESPACE: &str = "serviceConnectNamespace";

/// The Cloud Map services of a deployment: name and ARN of each.
pub(crate) fn resources(call: &Call<'_>, wire: &Value, spec: &Value) -> Vec<(String, String)> {
    let connect = spec.get("serviceConnectConfiguration");
    let services = connect.map(|one| one.list("services")).unwrap_or_default();
    let names = services.iter().map(|one| discovery_name(one).to_owned());
    names
        .filter_map(|name| {
            let arn = neighbours::connect_service_arn(call, wire.text(NAMESPACE), &name)?;
            Some((name, arn))
        })
        .collect()
}

/// What a task is registered as under Service Connect: the Cloud Map service's ARN and the port of each.
pub(crate) fn registrations(
    call: &Call<'_>,
    wire: &Value,
    spec: &Value,
    definition: &Value,
) -> Vec<(String, i64)> {
    let connect = spec.get("serviceConnectConfiguration");
    let services = connect.map(|one| one.list("services")).unwrap_or_default();
    let port = |service: &Value| match service.integer("ingressPortOverride") {
        0 => mapping(definition, service.text("portName"))
            .map_or(0, |mapping| mapping.integer("containerPort")),
        port => port,
    };
    services
        .iter()
        .filter_map(|one| {
            let namespace = wire.text(NAMESPACE);
            let arn = neighbours::connect_service_arn(call, namespace, discovery_name(one))?;
            Some((arn, port(one)))
        })
        .collect()
}
