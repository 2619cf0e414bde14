//! What an environment has because services need it: those of this run, and those that are live.

use std::collections::BTreeSet;

use shipit::engine::{Desired, Observation};
use shipit::planner;

use super::support::{
    BACKEND, example, live, names, plan, plan_beside, plan_of, web, workspace, workspace_in,
};

fn internal(path: &str) -> String {
    format!("{BACKEND}http:\n  path: {path}\n")
}

fn load_balancers(desired: &Desired) -> Vec<&str> {
    names(desired, "elbv2/load-balancer")
}

#[test]
fn each_kind_of_service_brings_its_load_balancer() {
    let of = |services: &[(&str, &str)]| {
        let desired = plan(&workspace(services), "test");
        load_balancers(&desired).join(" ")
    };
    assert_eq!(of(&[("jobs", BACKEND)]), "");
    assert_eq!(of(&[("api", &web("/api"))]), "public");
    assert_eq!(of(&[("wiki", &internal("/wiki"))]), "private");
    assert_eq!(of(&[("api", &web("/api")), ("wiki", &internal("/wiki"))]), "private public");
}

/// Services of other repositories are live and in no manifest here.
#[test]
fn a_load_balancer_stays_while_any_live_service_needs_it() {
    let theirs = workspace(&[("shop", &web("/")), ("wiki", &internal("/wiki"))]);
    let there = live(&plan(&theirs, "test"));
    let mine = plan_beside(&workspace(&[("jobs", BACKEND)]), "test", &there);
    assert_eq!(load_balancers(&mine), ["private", "public"]);
    assert_eq!(names(&mine, "elbv2/listener"), ["private-http", "public-http"]);
    assert_eq!(names(&mine, "elbv2/listener-rule"), [""; 0]);
}

#[test]
fn a_service_that_gives_up_its_rule_gives_up_its_load_balancer() {
    let there = live(&plan(&workspace(&[("api", &internal("/api"))]), "test"));
    let without = plan_beside(&workspace(&[("api", BACKEND)]), "test", &there);
    assert_eq!(load_balancers(&without), [""; 0]);
}

#[test]
fn nat_gateways_are_as_many_as_asked_for() {
    let gateways = |network: &str| {
        let workspace = workspace_in(network, &[("jobs", BACKEND)]);
        names(&plan(&workspace, "test"), "ec2/nat-gateway").len()
    };
    assert_eq!(gateways(""), 0);
    assert_eq!(gateways("network:\n  vpc:\n    nat: single\n"), 1);
    assert_eq!(gateways("network:\n  vpc:\n    zones: 3\n    nat: per-zone\n"), 3);
}

#[test]
fn zones_are_asked_for_only_where_no_manifest_names_them() {
    assert_eq!(planner::zones_needed(&example("imported-vpc"), "office"), 0);
    assert_eq!(planner::zones_needed(&example("hello"), "test"), 2);
    assert_eq!(planner::zones_needed(&example("shop"), "production"), 3);
    let named = workspace_in("network:\n  vpc:\n    zones: [eu-west-1a, eu-west-1c]\n", &[]);
    assert_eq!(planner::zones_needed(&named, "test"), 0);
    let desired = plan_of(&named, "test", &BTreeSet::new(), &Observation::default());
    let zones: BTreeSet<&str> = desired
        .nodes
        .values()
        .filter(|node| node.address.kind() == "ec2/subnet")
        .filter_map(|node| node.spec["availability_zone"].as_str().or(node.spec["zone"].as_str()))
        .collect();
    assert_eq!(zones, BTreeSet::from(["eu-west-1a", "eu-west-1c"]));
}
