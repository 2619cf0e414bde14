//! Manifests as users write them: examples that must be accepted, and mistakes with all that is said of them.

mod examples;
