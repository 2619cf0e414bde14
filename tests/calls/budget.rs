//! Budgets of API calls.

use std::fmt::Write;

use shipit::engine::execute::Options;
use shipit::local::record::count_calls;

use super::account::{Account, workspace};
use super::foreign;

/// Kinds that there were when a plan of one service took 45 calls.
const KINDS: usize = 21;

/// What an environment has that a plan asks about one by one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    pub(crate) services: usize,
    pub(crate) queues: usize,
    pub(crate) topics: usize,
    pub(crate) subscriptions: usize,
    pub(crate) file_systems: usize,
    pub(crate) repositories: usize,
}

impl Held {
    /// Counts live resources, as `env show` prints them.
    pub(crate) fn of(shown: &serde_json::Value) -> Self {
        let mut held = Self::default();
        for live in shown["resources"].as_array().unwrap() {
            match live["identity"]["address"].as_str().unwrap().split('.').next().unwrap() {
                // A job is a service that does not run all the time.
                "ecs/service" | "scheduler/schedule" => held.services += 1,
                "sqs/queue" => {
                    held.queues += 1;
                    let subscriptions = live["spec"]["subscriptions"].as_object();
                    held.subscriptions += subscriptions.map_or(0, serde_json::Map::len);
                }
                "sns/topic" => held.topics += 1,
                "efs/file-system" => held.file_systems += 1,
                "ecr/repository" => held.repositories += 1,
                _ => {}
            }
        }
        held
    }

    /// The most API calls that a plan may take which changes nothing.
    pub(crate) fn most(self) -> usize {
        // Objects of Kubernetes cost nothing where there is no cluster; with one, `tests/kubernetes` counts.
        let kinds = shipit::resources::REGISTRY.iter().map(|kind| kind.info.kind);
        let kinds = kinds.filter(|kind| !kind.starts_with("kubernetes/")).count() - KINDS;
        let all = 45 + 2 * kinds + 4 * self.services + self.queues + 2 * self.topics;
        // Its life cycle, its policy, and the image that is wanted of it.
        all + self.subscriptions + self.file_systems + 3 * self.repositories
    }
}

/// Deploys so many services, and counts the calls of the plan after that, which must be empty.
/// The table says each operation's calls, and their sum.
async fn no_op_plan(web: usize, backend: usize, crowded: bool) -> (usize, String) {
    let account = Account::empty(None).await;
    let workspace = workspace(web, backend);
    if crowded {
        foreign::crowd(&account).await;
    }
    let registry = account.registry();
    let plan = account.plan(&workspace, &registry).await;
    account.apply(&registry, &plan, Options::default()).await;
    account.record(&workspace).await;

    account.local.forget_calls();
    let again = account.plan(&workspace, &account.registry()).await;
    let steps: Vec<String> = again.steps.iter().map(|step| step.address.to_string()).collect();
    assert_eq!(steps, Vec::<String>::new(), "the second plan: {again:#?}");
    let calls = account.local.calls();
    let mut table = String::new();
    for (operation, count) in count_calls(&calls) {
        writeln!(table, "{count:5} {operation}").unwrap();
    }
    writeln!(table, "{:5} in all", calls.len()).unwrap();
    (calls.len(), table)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_one_service_takes_at_most_45_calls() {
    let (calls, table) = no_op_plan(1, 0, false).await;
    println!("{table}");
    assert!(calls <= 45, "{calls} calls");
    insta::assert_snapshot!(table);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_100_services_takes_at_most_4_calls_more_for_each() {
    let (calls, table) = no_op_plan(60, 40, true).await;
    println!("{table}");
    assert!(calls <= 45 + 4 * 100, "{calls} calls");
    insta::assert_snapshot!(table);
}
