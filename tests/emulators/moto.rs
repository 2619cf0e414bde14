//! `moto_server`, told to run one task of each service, so that roll-outs are waited for.

use std::collections::BTreeSet;

use super::{Flow, losses};
use crate::support::Server;
use crate::support::examples;

#[test]
fn the_main_job_on_moto() {
    let moto = Server::moto(1);
    Flow::new(&moto.url, losses::MOTO, &[]).whole();
}

/// Log router, traces, policies and patches, in the example that has them all.
#[test]
fn everything_about_tasks_on_moto() {
    let moto = Server::moto(2);
    Flow::example("observed", &moto.url, losses::MOTO, &["--skip-preflight"]).whole();
}

/// EFS, EBS, a file of variables and a secret.
#[test]
fn disks_on_moto() {
    let moto = Server::moto(1);
    Flow::example("files", &moto.url, losses::MOTO_DISKS, &["--skip-preflight"]).disks();
}

/// Auto Scaling groups that ECS scales, and what runs on them. Managed Instances it does not know at all.
#[test]
fn instances_on_moto() {
    let moto = Server::moto(2);
    // No service of it runs on Fargate, whose zones ECS evens out.
    let rows = losses::MOTO_INSTANCES.iter().copied();
    let rows = rows.filter(|row| row.path != "availability_zone_rebalancing");
    let rows = rows.collect::<Vec<_>>().leak();
    Flow::example("instances", &moto.url, rows, &["--skip-preflight"]).instances();
}

/// A service and two jobs with their schedules.
#[test]
fn jobs_on_moto() {
    let moto = Server::moto(1);
    // Its service has no load balancer, and so nothing to lose about that.
    let rows = losses::MOTO.iter().copied().filter(|row| row.path != "health_check_grace_period");
    let rows = rows.collect::<Vec<_>>().leak();
    Flow::example("nightly", &moto.url, rows, &["--skip-preflight"]).whole();
}

/// What is asserted above of an example, or by its row below.
const PRESENT: &[&str] =
    &["files", "hello", "imported-vpc", "instances", "market", "nightly", "observed", "orders"];

/// Examples that are not run there, and why.
const ABSENT: &[(&str, &str)] = &[
    ("both", "`hello`, `orders` and `nightly` show what there is of that"),
    ("patterns", "`shop` shows what there is of that"),
    ("anywhere", "CreateService knows no launch type EXTERNAL"),
    ("built", "no registry stands behind its ECR"),
    ("canary", "DescribeAlarms is not there in the protocol of today"),
    ("domains", "certificates stay in use when their listeners are gone"),
    ("dual-stack", "CreateNatGateway wants a subnet"),
    ("imported-balancer", "its target group is not deleted while somebody's listeners are there"),
    ("kubernetes-auto", "DescribeClusterVersions is not there"),
    ("kubernetes-fargate", "DescribeClusterVersions is not there"),
    ("kubernetes-nodes", "access entries and pod identities are not there"),
    ("managed-instances", "CreateCapacityProvider knows Auto Scaling groups alone"),
    ("mesh-app-mesh", "App Mesh has no virtual services, and times that the SDK cannot read"),
    ("mesh-lattice", "nothing of VPC Lattice can be deleted"),
    ("mesh-service-connect", "CreateService drops Service Connect, which is all of it"),
    ("private", "DescribeVpcEndpoints fails"),
    ("scaled", "DescribeAlarms is not there in the protocol of today"),
    ("shop", "CreateListener wants production's certificate to be there"),
    ("windows", "`instances` shows what there is of that"),
];

#[test]
fn every_example_runs_there_or_says_why_not() {
    let absent = ABSENT.iter().map(|(folder, _)| *folder);
    let listed: BTreeSet<&str> = absent.chain(PRESENT.iter().copied()).collect();
    let all: BTreeSet<&str> = examples::ALL.iter().map(|row| row.folder).collect();
    assert_eq!(listed, all);
}

/// The whole life of an example as its row tells; each service has the one task that moto runs.
fn life(folder: &str, losses: &'static [losses::Loss], one_task: Option<(&str, &str, &str)>) {
    let moto = Server::moto(1);
    let row = examples::ALL.iter().find(|row| row.folder == folder).unwrap();
    let flow = Flow::row_of(row, &moto.url, losses);
    if let Some((file, from, to)) = one_task {
        flow.workdir.edit(file, from, to);
    }
    flow.life(row);
}

#[test]
fn hello_on_moto() {
    life("hello", losses::MOTO, None);
}

/// A network that exists.
#[test]
fn imported_network_on_moto() {
    life("imported-vpc", losses::MOTO, Some(("shipit/services/wiki.yml", "count: 2", "count: 1")));
}

/// Seven services, with topics and queues.
#[test]
fn market_on_moto() {
    life(
        "market",
        losses::MOTO,
        Some(("shipit/services/storefront.yml", "range: 2-6", "range: 1-6")),
    );
}

/// Queues, FIFO and plain, that change.
#[test]
fn orders_on_moto() {
    life("orders", losses::MOTO_QUEUES, None);
}
