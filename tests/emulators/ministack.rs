//! `ministack`: a second witness for the fields of ECS services, which moto drops on create.

use super::{Flow, losses};
use crate::support::Server;

#[test]
fn the_main_job_on_ministack() {
    let ministack = Server::ministack();
    Flow::new(&ministack.url, losses::MINISTACK, &["--no-wait"]).whole();
}
