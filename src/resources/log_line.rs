//! One line of a container's, whatever runs it.

use serde::Serialize;

/// One line of a container's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// What the user calls whose it is.
    pub service: String,
    /// The task's id; on EKS the pod's name.
    pub task: String,
    /// The container.
    pub container: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What it wrote, with secrets masked as far as they can be told.
    pub message: String,
}
