//! What must hold of any plan.

use std::collections::{BTreeMap, BTreeSet};

use shipit::engine::{Address, Desired, Identity, Observation, Owner};
use shipit::manifest::Workspace;
use shipit::resources::REGISTRY;

use super::support::{BACKEND, example, live, plan, plan_beside, plan_of, web, workspace};

fn every_plan() -> Vec<(String, Desired)> {
    [
        ("hello", "test"),
        ("imported-vpc", "office"),
        ("orders", "test"),
        ("shop", "test"),
        ("shop", "production"),
    ]
    .into_iter()
    .map(|(application, environment)| {
        let desired = plan(&example(application), environment);
        (format!("{application} {environment}"), desired)
    })
    .chain([("a hundred services".to_owned(), plan(&hundred(), "test"))])
    .collect()
}

/// 60 web services and 40 backends.
fn hundred() -> Workspace {
    let web: Vec<(String, String)> =
        (0..60).map(|n| (format!("web-{n}"), web(&format!("/area-{n}")))).collect();
    let backends: Vec<(String, String)> =
        (0..40).map(|n| (format!("backend-{n}"), BACKEND.to_owned())).collect();
    let services: Vec<(&str, &str)> = web
        .iter()
        .chain(&backends)
        .map(|(name, manifest)| (name.as_str(), manifest.as_str()))
        .collect();
    workspace(&services)
}

#[test]
fn planning_twice_gives_the_same() {
    for (first, second) in every_plan().into_iter().zip(every_plan()) {
        assert_eq!(first, second);
    }
}

#[test]
fn planning_beside_its_own_result_gives_the_same() {
    for (name, environment) in
        [("hello", "test"), ("imported-vpc", "office"), ("orders", "test"), ("shop", "test")]
    {
        let workspace = example(name);
        let desired = plan(&workspace, environment);
        assert_eq!(plan_beside(&workspace, environment, &live(&desired)), desired, "{name}");
    }
}

#[test]
fn every_edge_leads_to_a_resource_and_never_in_a_circle() {
    for (plan, desired) in every_plan() {
        let mut waiting: BTreeMap<&Address, BTreeSet<Address>> = BTreeMap::new();
        for (address, node) in &desired.nodes {
            let targets: BTreeSet<Address> = node.edges().into_iter().map(|edge| edge.to).collect();
            for target in &targets {
                assert!(desired.nodes.contains_key(target), "{plan}: {address} waits for {target}");
            }
            waiting.insert(address, targets);
        }
        while !waiting.is_empty() {
            let free: Vec<&Address> = waiting
                .iter()
                .filter(|(_, targets)| targets.iter().all(|target| !waiting.contains_key(target)))
                .map(|(address, _)| *address)
                .collect();
            assert!(!free.is_empty(), "{plan}: a circle among {:?}", waiting.keys());
            free.into_iter().for_each(|address| {
                waiting.remove(address);
            });
        }
    }
}

#[test]
fn names_in_aws_are_unique_within_each_kind() {
    for (plan, desired) in every_plan() {
        let mut names = BTreeSet::new();
        for (address, node) in &desired.nodes {
            let identity = Identity {
                application: "demo".into(),
                environment: "test".into(),
                owner: node.owner.clone(),
                address: address.clone(),
                generation: 1,
                run: String::new(),
            };
            let name = identity.name(32);
            assert!(name.len() <= 32, "{name}");
            assert!(names.insert((address.kind(), name.clone())), "{plan}: {name} of {address}");
        }
    }
}

#[test]
fn every_kind_is_registered() {
    let registered: BTreeSet<&str> = REGISTRY.iter().map(|kind| kind.info.kind).collect();
    for (plan, desired) in every_plan() {
        for address in desired.nodes.keys() {
            assert!(registered.contains(address.kind()), "{plan}: {address}");
        }
    }
}

/// Addresses are unique within an environment because a service's begin with its name, as its host names do.
#[test]
fn what_a_service_owns_bears_its_name() {
    for (plan, desired) in every_plan() {
        for (address, node) in &desired.nodes {
            let Owner::Service(service) = &node.owner else { continue };
            let rest = address.name().strip_prefix(service.as_str());
            assert!(
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])),
                "{plan}: {address} of {service}"
            );
        }
    }
}

/// Repositories deploy into one environment one after another: none changes what another planned.
#[test]
fn a_service_planned_alone_is_the_same_as_among_others() {
    let workspace = hundred();
    let all = plan(&workspace, "test");
    for name in ["web-7", "web-42", "backend-3"] {
        let alone = plan_of(&workspace, "test", &BTreeSet::from([name.to_owned()]), &live(&all));
        let of = |desired: &Desired, owner: &Owner| -> BTreeMap<Address, _> {
            desired
                .nodes
                .iter()
                .filter(|(_, node)| node.owner == *owner)
                .map(|(address, node)| (address.clone(), node.clone()))
                .collect()
        };
        let owner = Owner::Service(name.to_owned());
        assert!(!of(&alone, &owner).is_empty());
        assert_eq!(of(&alone, &owner), of(&all, &owner));
        assert_eq!(of(&alone, &Owner::Environment), of(&all, &Owner::Environment));
    }
}

#[test]
fn a_renamed_service_says_what_everything_was_called() {
    let before = plan(&workspace(&[("api", &web("/api"))]), "test");
    let renamed = format!("{}formerly: api\n", web("/api"));
    let after = plan(&workspace(&[("orders", &renamed)]), "test");
    let owned = |desired: &Desired| -> BTreeSet<Address> {
        let nodes = desired.nodes.values();
        nodes
            .filter(|node| node.owner != Owner::Environment)
            .map(|node| node.address.clone())
            .collect()
    };
    let formerly: BTreeSet<Address> =
        after.nodes.values().filter_map(|node| node.formerly.clone()).collect();
    assert_eq!(formerly, owned(&before));
    assert_eq!(formerly.len(), owned(&after).len());
}

#[test]
fn without_services_there_is_no_load_balancer() {
    let nothing = plan_of(&hundred(), "test", &BTreeSet::new(), &Observation::default());
    let kinds: BTreeSet<&str> = nothing.nodes.keys().map(Address::kind).collect();
    assert!(!kinds.iter().any(|kind| kind.starts_with("elbv2/")), "{kinds:?}");
    assert!(nothing.nodes.values().all(|node| node.owner == Owner::Environment));
}
