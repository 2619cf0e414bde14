//! The one integration-test binary: every module below is a suite.

mod manifest;
