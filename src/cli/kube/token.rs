//! `shipit kube token`: who asks, as a cluster of EKS wants to hear it. Kubernetes' tools call it before each of theirs.

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::aws::kube_token::LASTS;
use crate::cli::{Exit, Global, Stop, account};
use crate::render::json;

/// Print a token for a cluster of EKS, as `kubectl` asks for it (an ExecCredential)
///
/// `shipit env kubeconfig` writes a configuration in which `kubectl` calls this. No manifest is read, and no call is
/// made but for credentials.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit kube token --cluster demo-test-main --region eu-west-1")]
pub(in super::super) struct Args {
    /// The cluster's name in AWS
    #[arg(long, value_name = "NAME")]
    cluster: String,
    /// A role to assume first
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let session = account::session(global, args.role).await?;
    // Whole seconds: a signature knows no parts of them.
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    let token = session.kube_token(&args.cluster, now).await?;
    let until = (now + LASTS).format(&Rfc3339).unwrap_or_default();
    let credential = json!({
        "kind": "ExecCredential",
        "apiVersion": "client.authentication.k8s.io/v1",
        "spec": {},
        "status": {"expirationTimestamp": until, "token": token},
    });
    global.terminal().out(&json::document(&credential));
    Ok(Exit::Done)
}
