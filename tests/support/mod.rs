//! What the suites share: folders to work in, the binary, Python, servers on loopback.

pub(crate) mod builder;
pub(crate) mod examples;
pub(crate) mod kubernetes;
pub(crate) mod prepare;
pub(crate) mod python;
pub(crate) mod server;
pub(crate) mod workdir;

pub(crate) use server::Server;
pub(crate) use workdir::{Ran, Workdir};

/// Says that a test could not run, and why. Written past the capture of test output, as a
/// skip that nobody sees looks like a pass.
pub(crate) fn skipped(test: &str, why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
