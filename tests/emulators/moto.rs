//! `moto_server`, told to run one task of each service, so that roll-outs are waited for.

use super::{Flow, losses};
use crate::support::Server;

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
