//! A real Kubernetes API server that stands in for the control planes of local AWS's EKS clusters: `etcd` and `kube-apiserver`, found
//! where `KUBEBUILDER_ASSETS` says, on loopback ports; a webhook that takes the tokens of EKS; and, as no controllers run,
//! what they and the kubelets would do is played (`play`), with logs and sessions of containers in which nothing runs (`node`). Clusters do not know each other on AWS; here they share one server.
//!
//! Each of the two programs has a supervisor of its own, a few lines of shell whose standard input is a pipe of ours. When this process
//! ends, however it ends, the pipe breaks and the supervisor stops its program. The supervisor of the API server holds the
//! pipe of etcd's, so that etcd always goes last; that of etcd holds the lock of the folder.
//!
//! Not here: the client by which shipit works in a cluster, and the API of EKS (`local::eks`).

mod api;
mod node;
mod place;
mod play;
mod programs;
mod server;
mod supervisor;
mod token;
mod webhook;

pub use api::{Api, ApiError};
pub use place::{Place, found};
pub use programs::Programs;
pub use server::{Options, Server};

/// Why the API server could not be started, or has ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Trouble {
    /// What failed, and why.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl Trouble {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}
