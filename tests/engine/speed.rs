//! A plan's cost grows with the number of resources, not with its square.

use std::time::Instant;

use serde_json::json;
use shipit::engine::{AllowDelete, Scope, observe, plan};

use super::cloud::Cloud;
use super::graph::{Graph, deploy, id, scope, target};

/// A service is a group, a definition, a rule and a service that refer to each other and to
/// the environment.
fn large(services: usize) -> (Graph, Scope) {
    let mut graph = Graph::default()
        .env("t/plain.vpc", json!({ "fixed": 1 }))
        .env("t/plain.balancer", json!({ "pin": [id("t/plain.vpc")] }));
    let mut names = Vec::new();
    for number in 0..services {
        let name = format!("s{number}");
        let definition = format!("t/revision.{name}");
        let group = format!("t/plain.{name}-group");
        graph = graph
            .svc(&name, &group, json!({ "pin": [id("t/plain.vpc")], "bag": [1, 2, 3] }))
            .svc(&name, &definition, json!({ "size": number, "text": "x".repeat(1500) }))
            .svc(
                &name,
                &format!("t/single.{name}-rule"),
                json!({ "pin": [id("t/plain.balancer")], "uses": [id(&group)] }),
            )
            .svc(
                &name,
                &format!("t/late.{name}"),
                json!({ "uses": [id(&definition), id(&group)], "count": 2 }),
            );
        names.push(name);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    (graph, scope(true, &names))
}

/// Seconds that planning takes, nothing being different, and all being new.
async fn measure(services: usize) -> (f64, f64) {
    let (graph, scope) = large(services);
    let cloud = Cloud::default();
    let registry = cloud.registry();
    let mut times = Vec::new();
    for _ in 0..2 {
        let found = observe(&registry, &target(), &graph.0, &cloud.clock, 16).await.unwrap();
        let start = Instant::now();
        let plan = plan(&registry, &target(), &graph.0, &found, &scope, &AllowDelete::All).unwrap();
        times.push(start.elapsed().as_secs_f64());
        if times.len() == 1 {
            assert_eq!(plan.steps.len(), graph.0.nodes.len());
            deploy(&cloud, &graph, &scope).await;
        } else {
            assert_eq!(plan.unchanged, graph.0.nodes.len());
        }
    }
    (times[1], times[0])
}

#[tokio::test]
async fn four_times_the_resources_take_about_four_times_as_long() {
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let (small, large) = (measure(100).await, measure(400).await);
        ratios.push((large.0 / small.0).max(large.1 / small.1));
    }
    // Quadratic would be 16; the best of three leaves room for a busy machine.
    let best = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(best < 12.0, "{ratios:?}");
}
