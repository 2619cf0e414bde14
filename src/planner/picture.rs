//! An environment as a picture: its network, what lets calls in, its services, and what flows between them.
//!
//! Who calls whom comes from manifests, as in `topology`; everything else from what is live.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::{Live, Observation};
use crate::manifest::Workspace;
use crate::topology::{Edge, Endpoint, Node, Role, Topology};

/// The graph of an environment with all that is live around its services.
pub fn picture(workspace: &Workspace, environment: &str, live: &Observation) -> Topology {
    let mut graph = super::topology(workspace, environment, live);
    graph.network = network(live);
    services(live, &mut graph);
    balancers(live, &mut graph);
    queues(live, &mut graph);
    files(live, &mut graph);
    graph.tidy()
}

/// `VPC 10.0.0.0/16 in eu-west-1a, eu-west-1b`, and so on.
fn network(live: &Observation) -> Vec<String> {
    let mut lines = Vec::new();
    let of = |kind: &str| live.seen.of(kind);
    for vpc in of("ec2/vpc") {
        let subnets = of("ec2/subnet");
        let zones: BTreeSet<&str> =
            subnets.iter().filter_map(|one| one.spec["zone"].as_str()).collect();
        let zones: Vec<&str> = zones.into_iter().collect();
        lines.push(format!("VPC {} in {}", text(&vpc.spec["cidr"]), zones.join(", ")));
        for part in ["public", "private"] {
            let named = subnets.iter().filter(|one| one.identity.address.name().starts_with(part));
            let mut ranges: Vec<&str> = named.filter_map(|one| one.spec["cidr"].as_str()).collect();
            ranges.sort_unstable();
            if !ranges.is_empty() {
                lines.push(format!("{part} subnets {}", ranges.join(", ")));
            }
        }
    }
    match of("ec2/nat-gateway").len() {
        0 => {}
        1 => lines.push("1 NAT gateway".to_owned()),
        many => lines.push(format!("{many} NAT gateways")),
    }
    let endpoints = of("ec2/vpc-endpoint").iter();
    let names: Vec<&str> = endpoints
        .filter_map(|one| one.spec["service"].as_str())
        .map(|name| name.splitn(4, '.').nth(3).unwrap_or(name))
        .collect();
    if !names.is_empty() {
        lines.push(format!("endpoints {}", names.join(", ")));
    }
    lines
}

/// How many tasks each service has, and where they stand.
fn services(live: &Observation, graph: &mut Topology) {
    let mut subnets = BTreeMap::new();
    for one in live.seen.of("ec2/subnet") {
        let part = one.identity.address.name().split('-').next().unwrap_or_default();
        subnets.insert(one.id.as_str(), part);
    }
    for service in live.seen.of("ecs/service") {
        let Some(name) = service.identity.owner.service() else { continue };
        let Some(node) = graph.nodes.iter_mut().find(|node| node.key == name) else { continue };
        let spec = &service.spec;
        let count = spec["desired_count"].as_i64().or(spec["initial_count"].as_i64());
        let mut line = match (count, spec["paused"].is_string()) {
            (_, true) => "paused".to_owned(),
            (Some(1), _) => "1 task".to_owned(),
            (Some(count), _) => format!("{count} tasks"),
            (None, _) => "a task on each instance".to_owned(),
        };
        let places = spec["network"]["subnets"].as_array().into_iter().flatten();
        let places: BTreeSet<&str> =
            places.filter_map(|id| subnets.get(id.as_str()?).copied()).collect();
        if !places.is_empty() {
            let places: Vec<&str> = places.into_iter().collect();
            line.push_str(&format!(", {} subnets", places.join(" and ")));
        }
        node.about.push(line);
    }
}

/// Load balancers stand between clients and services.
fn balancers(live: &Observation, graph: &mut Topology) {
    let balancers = live.seen.of("elbv2/load-balancer");
    let listeners = live.seen.of("elbv2/listener");
    let of_listener = |arn: &str| {
        let listener = listeners.iter().find(|one| one.id == arn)?;
        let balancer = listener.spec["load_balancer"].as_str()?;
        balancers.iter().find(|one| one.id == balancer).map(key)
    };
    let mut reached = BTreeSet::new();
    let mut edges = Vec::new();
    for rule in live.seen.of("elbv2/listener-rule") {
        let service = rule.identity.owner.service();
        let balancer = rule.spec["listener"].as_str().and_then(of_listener);
        if let (Some(service), Some(balancer)) = (service, balancer) {
            reached.insert(service.to_owned());
            edges.push(edge(&balancer, service, paths(&rule.spec["conditions"]), "http"));
        }
    }
    let groups = live.seen.of("elbv2/target-group");
    for listener in listeners {
        let balancer = listener.spec["load_balancer"].as_str();
        let balancer = balancer.and_then(|arn| balancers.iter().find(|one| one.id == arn));
        let targets = listener.spec["default_action"]["target_groups"].as_array();
        for target in targets.into_iter().flatten() {
            let group = groups.iter().find(|one| target["target_group"].as_str() == Some(&one.id));
            let service = group.and_then(|group| group.identity.owner.service());
            if let (Some(balancer), Some(service)) = (balancer, service) {
                reached.insert(service.to_owned());
                edges.push(edge(&key(balancer), service, None, "nlb"));
            }
        }
    }
    for balancer in balancers {
        let public = balancer.spec["scheme"].as_str() != Some("internal");
        let own = listeners
            .iter()
            .filter(|one| one.spec["load_balancer"].as_str() == Some(balancer.id.as_str()));
        let endpoints = own.map(|listener| Endpoint {
            name: text(&listener.spec["protocol"]),
            port: listener.spec["port"].as_u64().and_then(|port| u16::try_from(port).ok()),
            protocol: None,
            discovery_name: None,
            tls: false,
        });
        let mut endpoints: Vec<Endpoint> = endpoints.collect();
        endpoints.sort();
        graph.nodes.push(Node {
            endpoints,
            about: if public { Vec::new() } else { vec!["inside the VPC only".to_owned()] },
            ..Node::new(&key(balancer), Role::Balancer)
        });
        if public {
            edges.push(edge("internet", &key(balancer), None, "load balancer"));
            graph.nodes.push(Node::new("internet", Role::Internet));
        }
    }
    graph.edges.retain(|edge| edge.from != "internet" || !reached.contains(&edge.to));
    graph.edges.extend(edges);
}

/// Topics and queues: who publishes, and who reads.
fn queues(live: &Observation, graph: &mut Topology) {
    let topics = live.seen.of("sns/topic");
    for topic in topics {
        graph.nodes.push(Node::new(&named("topic", topic), Role::Store));
        if let Some(service) = topic.identity.owner.service() {
            graph.edges.push(edge(service, &named("topic", topic), None, "publishes"));
        }
    }
    for queue in live.seen.of("sqs/queue") {
        if queue.identity.address.name().contains("dead-letters") {
            continue;
        }
        let own = named("queue", queue);
        graph.nodes.push(Node::new(&own, Role::Store));
        if let Some(service) = queue.identity.owner.service() {
            graph.edges.push(edge(&own, service, None, "is read"));
        }
        for subscription in queue.spec["subscriptions"].as_object().into_iter().flatten() {
            let arn = subscription.1["topic"].as_str();
            if let Some(topic) = topics.iter().find(|one| arn == Some(one.id.as_str())) {
                graph.edges.push(edge(&named("topic", topic), &own, None, "subscribed"));
            }
        }
    }
}

/// File systems, and who mounts them.
fn files(live: &Observation, graph: &mut Topology) {
    for system in live.seen.of("efs/file-system") {
        let own = named("file system", system);
        graph.nodes.push(Node::new(&own, Role::Store));
        for point in live.seen.of("efs/access-point") {
            if let Some(service) = point.identity.owner.service()
                && point.spec["file_system"].as_str() == Some(system.id.as_str())
            {
                graph.edges.push(edge(service, &own, None, "mounts"));
            }
        }
    }
}

fn key(balancer: &Live) -> String {
    named("load balancer", balancer)
}

fn named(what: &str, live: &Live) -> String {
    format!("{what} {}", live.identity.address.name())
}

fn edge(from: &str, to: &str, route: Option<String>, because: &str) -> Edge {
    Edge {
        from: from.to_owned(),
        to: to.to_owned(),
        endpoint: None,
        route,
        weight: None,
        because: because.to_owned(),
    }
}

/// The hosts and paths of a rule.
fn paths(conditions: &Value) -> Option<String> {
    let list = |key: &str| -> Vec<String> {
        let all = conditions[key].as_array().into_iter().flatten();
        all.map(text).collect()
    };
    let (hosts, paths) = (list("host_headers"), list("path_patterns"));
    let text = [hosts.join(" "), paths.join(" ")];
    let text = text.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
