//! Manifests as users write them: examples that must be accepted, and mistakes with all that is said of them.

#![allow(clippy::unwrap_used)]

mod documents;
mod examples;
mod files;
mod keys;
mod mistakes;
mod random;
mod resolve;
