//! Kubernetes' API, for one cluster at a time: transport, tokens, errors, lists, applying, logs, sessions in containers.
//!
//! The only place beside `resources/kubernetes` that names the `kube` crate. Objects are JSON here; what they mean is
//! known in `resources/kubernetes`. Who signs tokens, counts calls and holds them back is handed in ([`Around`]).

mod api;
mod client;
mod clusters;
mod error;
mod exec;
mod logs;

pub(crate) use api::encoded;
pub use api::{Applied, Delete, Listed, Served};
pub use client::{Around, Client, Server};
pub use clusters::Clusters;
pub use error::{CONFLICT, IMMUTABLE, conflicts, immutable_fields};
pub use exec::{ExecPart, Said, Session};
pub use logs::{LogLine, LogLines, LogPart};

/// The name under which shipit applies fields.
pub const MANAGER: &str = "shipit";
