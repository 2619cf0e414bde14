//! How an image is made from a folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How an image is made from a folder; paths begin at the workspace's root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Recipe {
    /// The folder whose content the builder gets.
    pub context: String,
    /// The Dockerfile.
    pub dockerfile: String,
    /// The stage that is the image; the last where it is absent.
    pub target: Option<String>,
    /// Build arguments.
    pub args: BTreeMap<String, String>,
    /// Images whose layers may be taken over.
    pub cache_from: Vec<String>,
    /// What the build may read and the image does not keep, as BuildKit has it: `id=npm,src=.npmrc`.
    pub secrets: Vec<String>,
    /// Keys and agents for SSH, as BuildKit has it: `default`.
    pub ssh: Vec<String>,
    /// `linux/amd64`.
    pub platform: String,
}

/// Why a folder cannot be built from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unusable {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Unusable {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}
