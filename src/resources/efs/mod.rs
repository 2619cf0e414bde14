//! EFS: file systems with their mount targets, and access points.

pub mod access_point;
pub mod file_system;
mod settings;
mod shared;
mod targets;

pub use access_point::{AccessPoint, AccessPointId};
pub use file_system::{FileSystem, FileSystemId};
