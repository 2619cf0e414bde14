//! shipit: deploys applications to Amazon ECS from small manifests, by planning against
//! live AWS. `ARCHITECTURE.md` shows how the layers below fit together.

pub mod aws;
pub mod build;
pub mod cli;
pub mod engine;
pub mod kubernetes;
pub mod local;
pub mod lock;
pub mod manifest;
pub mod planner;
pub mod preflight;
pub mod record;
pub mod render;
pub mod resources;
pub mod topology;
