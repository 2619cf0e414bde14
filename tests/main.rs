//! The one integration-test binary: every module below is a suite.

// A helper that unwraps is a test that fails: clippy sees only the test functions themselves.
#![allow(clippy::unwrap_used)]

mod calls;
mod campaign;
mod cli;
mod ecs_kinds;
mod emulators;
mod engine;
mod kubernetes;
mod layers;
mod lifecycle;
mod local;
mod lock;
mod manifest;
mod planner;
mod record;
mod render;
mod resources;
mod support;
mod templates;
mod verdict;
