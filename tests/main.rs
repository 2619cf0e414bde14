//! The one integration-test binary: every module below is a suite.

mod cli;
mod engine;
mod layers;
mod local;
mod manifest;
mod support;
