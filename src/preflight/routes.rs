//! The ways of tasks to what they must reach: the registry of their images, logs, secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, Subject};
use crate::aws::facts::networks::{self, WayOut};
use crate::aws::facts::reference::Reference;
use crate::engine::{Address, Input, Spec};
use crate::resources::ec2::{RouteTable, RouteTarget, Vpc, VpcEndpoint};
use crate::resources::ecs::service::Network;
use crate::resources::ecs::{Service, TaskDefinition};

const CHECK: &str = "route";

/// What tasks need of the network.
#[derive(Default)]
struct Needs {
    /// Services of AWS that may be reached through an endpoint of the VPC.
    services: BTreeSet<&'static str>,
    /// Registries that can be reached through the internet only.
    internet: BTreeSet<String>,
}

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let made = subject.made(Service::KIND);
    let services: Vec<(Address, Service)> = subject
        .changed::<Service>()
        .into_iter()
        // A service that is changed runs already: only another network can cut it off.
        .filter(|(address, _)| made.contains(address) || touches_network(subject, address))
        .collect();
    let mut imported = BTreeSet::new();
    let mut ways = BTreeMap::new();
    for (_, service) in &services {
        for subnet in service.network.iter().flat_map(|network| &network.subnets) {
            match subnet {
                Input::Known(id) => {
                    imported.insert(id.to_string());
                }
                Input::Output(from) => {
                    let way = planned(subject, &from.address);
                    ways.insert(from.address.to_string(), way);
                }
            }
        }
    }
    // What others have added to the environment's own VPC (a transit gateway) shows only live.
    if !imported.is_empty() && !live(subject, report, &imported, &mut ways).await {
        return;
    }
    let mut endpoints = None;
    for (address, service) in &services {
        let Some(network) = &service.network else { continue };
        let cut: Vec<(String, WayOut)> = cut_off(network, &ways);
        if cut.is_empty() {
            continue;
        }
        if endpoints.is_none() {
            endpoints = Some(match vpc(subject, &imported).await {
                None => BTreeSet::new(),
                Some(vpc) => match networks::endpoints(subject.cx, &vpc).await {
                    Ok(endpoints) => endpoints,
                    Err(failure) => return report.failed(CHECK, "VPC endpoints", &failure),
                },
            });
        }
        let prefix = format!("com.amazonaws.{}.", subject.cx.region);
        let planned = subject.all::<VpcEndpoint>().into_iter();
        let planned =
            planned.filter_map(|(_, it)| Some(it.service.strip_prefix(&prefix)?.to_owned()));
        let endpoints = endpoints.iter().flatten().cloned().chain(planned).collect();
        judge(report, address, &needs(subject, service), &cut, &endpoints);
    }
}

fn touches_network(subject: &Subject<'_>, address: &Address) -> bool {
    subject
        .changing()
        .filter(|step| step.address == *address)
        .any(|step| crate::engine::change::touches(&step.changes, "network"))
}

/// The way out of a subnet that the environment makes, by its route table.
fn planned(subject: &Subject<'_>, subnet: &Address) -> WayOut {
    let follows = |table: &RouteTable| {
        let is = |it: &Input<_>| matches!(it, Input::Output(from) if from.address == *subnet);
        table.subnets.iter().any(is)
    };
    let tables = subject.all::<RouteTable>();
    let table = tables.iter().find(|(_, table)| follows(table));
    let routes = table.map(|(_, table)| table.routes.as_slice()).unwrap_or_default();
    match routes.iter().find(|route| route.destination == "0.0.0.0/0").map(|route| &route.target) {
        Some(RouteTarget::InternetGateway(_) | RouteTarget::EgressOnlyInternetGateway(_)) => {
            WayOut::InternetGateway
        }
        Some(RouteTarget::NatGateway(_)) => WayOut::Onward,
        None => WayOut::None,
    }
}

/// Adds the ways out of subnets that exist; false where they could not be read.
async fn live(
    subject: &Subject<'_>,
    report: &Report,
    subnets: &BTreeSet<String>,
    ways: &mut BTreeMap<String, WayOut>,
) -> bool {
    let Some(vpc) = vpc(subject, subnets).await else { return true };
    match networks::ways_out(subject.cx, &vpc, subnets).await {
        Ok(found) => {
            ways.extend(found);
            true
        }
        Err(failure) => {
            report.failed(CHECK, "routes", &failure);
            false
        }
    }
}

/// The VPC that tasks run in, if it exists.
async fn vpc(subject: &Subject<'_>, subnets: &BTreeSet<String>) -> Option<String> {
    let own = subject.live.seen.of(Vpc::KIND).first();
    if let Some(id) = own.and_then(|vpc| vpc.outputs["id"].as_str()) {
        return Some(id.to_owned());
    }
    if subnets.is_empty() {
        return None;
    }
    let found = networks::subnets(subject.cx, subnets).await.ok()?;
    found.into_values().next().map(|subnet| subnet.vpc)
}

/// The subnets from which tasks reach nothing beyond the VPC.
fn cut_off(network: &Network, ways: &BTreeMap<String, WayOut>) -> Vec<(String, WayOut)> {
    let mut cut = Vec::new();
    for subnet in &network.subnets {
        let name = match subnet {
            Input::Known(id) => id.to_string(),
            Input::Output(from) => from.address.to_string(),
        };
        // A subnet that is not there is told of elsewhere.
        let Some(way) = ways.get(&name) else { continue };
        let open = match way {
            WayOut::InternetGateway => network.assign_public_ip,
            WayOut::Onward => true,
            WayOut::Blackhole | WayOut::None => false,
        };
        if !open {
            cut.push((name, way.clone()));
        }
    }
    cut
}

/// What the tasks of a service must reach before they run.
fn needs(subject: &Subject<'_>, service: &Service) -> Needs {
    let mut needs = Needs::default();
    let Input::Output(from) = &service.task_definition else { return needs };
    let Some(task) = subject.wanted::<TaskDefinition>(&from.address) else { return needs };
    for container in task.containers.values() {
        let elsewhere = match &container.image {
            Input::Known(image) => Some(Reference::parse(image)),
            // What is built lies in ECR.
            Input::Output(_) => None,
        };
        match elsewhere.filter(|reference| reference.ecr().is_none()) {
            Some(reference) => drop(needs.internet.insert(reference.host)),
            None => needs.services.extend(["ecr.api", "ecr.dkr", "s3"]),
        }
        if container.log_configuration.as_ref().is_some_and(|log| log.driver == "awslogs") {
            needs.services.insert("logs");
        }
        let secrets = container.secrets.values().filter_map(|secret| match secret {
            Input::Known(arn) => arn.split(':').nth(2),
            Input::Output(_) => None,
        });
        for service in secrets {
            needs.services.insert(if service == "ssm" { "ssm" } else { "secretsmanager" });
        }
        if container.repository_credentials.is_some() {
            needs.services.insert("secretsmanager");
        }
    }
    needs
}

fn judge(
    report: &Report,
    address: &Address,
    needs: &Needs,
    cut: &[(String, WayOut)],
    endpoints: &BTreeSet<String>,
) {
    let mut out_of_reach: Vec<String> = needs.internet.iter().cloned().collect();
    let services = needs.services.iter().filter(|name| !endpoints.contains(**name));
    out_of_reach.extend(services.map(|name| (*name).to_owned()));
    if out_of_reach.is_empty() {
        return;
    }
    let subnets: Vec<&str> = cut.iter().map(|(name, _)| name.as_str()).collect();
    let why = match cut.first().map(|(_, way)| way) {
        Some(WayOut::InternetGateway) => {
            "their way out is an internet gateway, and tasks get no public address"
        }
        Some(WayOut::Blackhole) => "the target of their route to the internet is gone",
        _ => "they have no route to the internet",
    };
    report.error(
        CHECK,
        address,
        format!("tasks in {} cannot reach {}: {why}", subnets.join(", "), out_of_reach.join(", ")),
        "give the subnets a NAT gateway (`nat: single` where the environment makes the VPC), or choose `placement: public`; what AWS serves can also be reached through VPC endpoints".to_owned(),
    );
}
