//! Priorities of listener rules: unique, stable, the more specific first, whoever else deploys.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use shipit::engine::Observation;

use super::support::{live, plan, plan_beside, plan_of, priorities, web, workspace};

#[test]
fn the_more_specific_rule_is_looked_at_first_and_the_root_last() {
    let hosted =
        format!("{}  alias: [{{name: shop.example.com, hosted_zone: Z1EXAMPLE}}]\n", web("/"));
    let limited = format!("{}  allowed_source_ips: [192.0.2.0/24]\n", web("/api"));
    let services = workspace(&[
        ("root", &web("/")),
        ("api", &web("/api")),
        ("orders", &web("/api/orders")),
        ("hosted", &hosted),
        ("limited", &limited),
    ]);
    let given = priorities(&plan(&services, "test"));
    let mut order: Vec<(&i64, &str)> =
        given.iter().map(|(name, priority)| (priority, name.as_str())).collect();
    order.sort_unstable();
    let order: Vec<&str> = order.into_iter().map(|(_, name)| name).collect();
    assert_eq!(order, ["hosted", "orders", "limited", "api", "root"]);
    assert!((48_000..=50_000).contains(&given["root"]), "{given:?}");
}

/// Two repositories that know nothing of each other, one after the other.
#[test]
fn a_second_repository_keeps_clear_of_what_is_live() {
    let first = workspace(&[("api", &web("/api")), ("web", &web("/"))]);
    let there = plan(&first, "test");
    let second = workspace(&[("blog", &web("/blog")), ("help", &web("/help"))]);
    let added = plan_beside(&second, "test", &live(&there));
    let before: BTreeSet<i64> = priorities(&there).into_values().collect();
    let after: BTreeSet<i64> = priorities(&added).into_values().collect();
    assert_eq!(after.len(), 2);
    assert!(before.is_disjoint(&after), "{before:?} {after:?}");
    assert_eq!(priorities(&plan_beside(&first, "test", &live(&there))), priorities(&there));
}

/// A rule that someone else's service holds the usual slot of gets another, and keeps that one.
#[test]
fn a_taken_slot_is_avoided_and_then_kept() {
    let mine = workspace(&[("api", &web("/api"))]);
    let usual = priorities(&plan(&mine, "test"))["api"];
    let theirs = plan(&workspace(&[("other", &web("/other"))]), "test");
    let mut taken = live(&theirs);
    for rule in taken.seen.kinds.get_mut("elbv2/listener-rule").unwrap() {
        rule.spec["priority"] = usual.into();
    }
    let moved = plan_beside(&mine, "test", &taken);
    let given = priorities(&moved)["api"];
    assert_ne!(given, usual);

    // Once the other one is gone, nothing moves back.
    let again = plan_beside(&mine, "test", &live(&moved));
    assert_eq!(priorities(&again)["api"], given);
}

#[test]
fn a_rule_whose_path_becomes_more_specific_moves() {
    let short = plan(&workspace(&[("api", &web("/api"))]), "test");
    let long = workspace(&[("api", &web("/api/v2/orders"))]);
    let moved = plan_beside(&long, "test", &live(&short));
    assert!(priorities(&moved)["api"] < priorities(&short)["api"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Services come and go in any order: whoever stays keeps its priority, and none is given twice.
    #[test]
    fn whoever_stays_keeps_its_priority(
        paths in prop::collection::btree_map("[a-z]{1,6}", "(/[a-z]{1,3}){0,3}", 2..12),
        turns in prop::collection::vec(prop::collection::vec(any::<bool>(), 12), 1..6),
    ) {
        // No two services may want one path: each has its own name at the end, the first takes the rest.
        let manifests: Vec<(String, String)> = paths
            .into_iter()
            .enumerate()
            .map(|(index, (name, path))| {
                let path = if index == 0 { "/".to_owned() } else { format!("{path}/{name}") };
                (format!("s{name}"), web(&path))
            })
            .collect();
        let services: Vec<(&str, &str)> =
            manifests.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let workspace = workspace(&services);
        let mut there = Observation::default();
        let mut held: BTreeMap<String, i64> = BTreeMap::new();
        for turn in turns {
            let present: BTreeSet<String> = services
                .iter()
                .zip(&turn)
                .filter(|(_, present)| **present)
                .map(|((name, _), _)| (*name).to_owned())
                .collect();
            let desired = plan_of(&workspace, "test", &present, &there);
            let given = priorities(&desired);
            let distinct: BTreeSet<i64> = given.values().copied().collect();
            prop_assert_eq!(distinct.len(), given.len());
            for (name, priority) in &given {
                if let Some(before) = held.get(name) {
                    prop_assert_eq!(priority, before, "{} moved", name);
                }
            }
            there = live(&desired);
            held = given;
        }
    }
}
