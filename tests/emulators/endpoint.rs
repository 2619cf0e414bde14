//! Whatever `AWS_ENDPOINT_URL` points at: LocalStack, for people who run it.

use super::Flow;
use crate::support::skipped;

#[test]
fn the_main_job_on_aws_endpoint_url() {
    match std::env::var("AWS_ENDPOINT_URL") {
        Ok(url) => Flow::new(&url, &[], &[]).whole(),
        Err(_) => skipped("emulators::endpoint", "AWS_ENDPOINT_URL is not set"),
    }
}
