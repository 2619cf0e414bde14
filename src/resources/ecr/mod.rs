//! Elastic Container Registry.

mod copy;
pub mod image;
pub mod repository;

pub use crate::build::Recipe;
pub use image::Image;
pub use repository::Repository;
