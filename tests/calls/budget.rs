//! Budgets of API calls.

use std::fmt::Write;

use shipit::engine::execute::Options;
use shipit::local::record::count_calls;

use super::account::{Account, workspace};
use super::foreign;

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
