//! The one integration-test binary: every module below is a suite.

mod cli;
mod layers;
mod engine;
mod manifest;
mod support;
