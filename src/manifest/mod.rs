//! Manifests: YAML text to checked types, with every problem of every file at once.
//!
//! The way of a file: `files` reads it, `yaml` makes a tree of it in which every value knows its
//! place, interpolates it and lays environments over services, `read` turns the tree into the types of
//! `application`, `environment` and `service`, and `check` looks at what only values together can
//! tell. [`Workspace`] does this for a whole folder. AWS, the terminal and what the planner makes
//! of a manifest are not known here.

pub mod application;
mod check;
mod cidr;
pub mod convert_mesh;
pub mod copilot;
pub mod env_file;
pub mod environment;
mod files;
mod loader;
pub mod mesh;
mod objects;
pub mod patch;
pub mod platforms;
pub mod problem;
mod read;
mod refused;
pub mod schema;
pub mod service;
mod workspace;
mod yaml;

use std::fmt;
use std::str::FromStr;

pub use application::Application;
pub use check::TIMER;
pub use cidr::{Cidr, Range};
pub use environment::{Environment, Vpc};
pub use objects::OwnObject;
pub use problem::{Problem, Problems, Related, Severity, Source, Span};
pub(crate) use read::{did_you_mean, list};
pub use schema::schema;
pub use service::{Service, ServiceManifest, ServiceType};
pub use workspace::Workspace;

/// Why a key of Copilot's, by its path, is not accepted, and what to write instead; for keys that are known and refused.
pub fn refused(kind: Kind, path: &str) -> Option<(&'static str, &'static str)> {
    refused::key(kind, path).map(|refusal| (refusal.why, refusal.instead))
}

/// The kinds of manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `shipit/application.yml`
    Application,
    /// `shipit/environments/*.yml`
    Environment,
    /// `shipit/services/*.yml` and `shipit/jobs/*.yml`
    Service,
}

impl Kind {
    /// All kinds, in the order in which their files are read.
    pub const ALL: [Self; 3] = [Self::Application, Self::Environment, Self::Service];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Application => "application",
            Self::Environment => "environment",
            Self::Service => "service",
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    /// Reads what `Display` writes.
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.to_string() == word)
            .ok_or_else(|| format!("`{word}` is no kind of manifest: expected `application`, `environment` or `service`"))
    }
}
