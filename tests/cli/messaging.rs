//! Workers and their queues: deployed, planned again, changed one by one, and deleted.

use crate::support::Workdir;

/// Each step of a plan as `action address: changed fields`.
pub(super) fn steps(workdir: &Workdir, arguments: &[&str]) -> Vec<String> {
    let plan = workdir.local(&[&["--format", "json"], arguments].concat()).expect(0).json();
    let step = |step: &serde_json::Value| {
        let paths: Vec<&str> = step["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["path"].as_str().unwrap())
            .collect();
        let text = |name: &str| step[name].as_str().unwrap().to_owned();
        format!("{} {}: {}", text("action"), text("address"), paths.join(" "))
    };
    plan["steps"].as_array().unwrap().iter().map(step).collect()
}

#[test]
fn workers_are_deployed_changed_and_deleted() {
    let workdir = Workdir::example("orders");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());

    let packing = "shipit/services/packing.yml";
    workdir.edit(packing, "tries: 5", "tries: 6");
    workdir.edit(packing, "timeout: 2m", "timeout: 3m");
    workdir.edit(packing, "[parcel, letter]", "[parcel]");
    assert_eq!(
        steps(&workdir, &["svc", "plan", "--name", "packing"]),
        ["update sqs/queue.packing/events: dead_letters.tries \
             subscriptions.shop/placed.filter.kind visibility_timeout"]
    );
    workdir.local(&["svc", "deploy", "--name", "packing", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());

    workdir.edit("shipit/services/billing.yml", "      high_throughput: true\n", "");
    assert_eq!(
        steps(&workdir, &["plan"]),
        [
            "update sqs/queue.billing/events.fifo: deduplication.scope deduplication.throughput_limit"
        ]
    );
    let delete = ["svc", "delete", "--name", "billing", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}
