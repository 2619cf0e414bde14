//! Objects of Kubernetes on a real API server, where controllers and kubelets are played: every kind's life, who owns what, rollouts
//! that break, and what a plan costs.
//!
//! `place` is a cluster with the engine upon it, `examples` has a document of each kind with changes of it, `life` drives
//! them; `owners` is about other managers, `secrets` about values and adopting, `rollouts` about what breaks, `budget` counts calls, `schemas` holds documents against
//! the published OpenAPI.

mod budget;
mod examples;
mod life;
mod owners;
mod place;
mod rollouts;
mod schemas;
mod secrets;
