//! Elastic Container Registry.

pub mod repository;

pub use repository::Repository;
