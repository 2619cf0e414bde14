//! Which kinds of objects a live cluster lacks, and what of the manifests needs them.

use super::Pipeline;
use crate::cli::Stop;
use crate::engine::{Class, Plan};
use crate::planner::{self, Unserved};

impl Pipeline {
    /// Refuses a plan that makes objects which the cluster does not serve. Observing has looked for their kinds, so that
    /// it costs calls only where one is missing.
    pub(super) async fn refuse_unserved(&self, plan: &Plan) -> Result<(), Stop> {
        let mut unserved = Vec::new();
        for client in self.account.cx.kubernetes.all() {
            for (api_version, kind) in client.lacking() {
                let served = match client.group(&api_version).await {
                    Err(failure) if failure.class != Class::Gone => return Err(failure.into()),
                    found => found.ok().flatten().unwrap_or_default(),
                };
                unserved.push(Unserved {
                    cluster: client.server().cluster.clone(),
                    versions: client.versions(&api_version, &kind).await?,
                    kinds: served.into_iter().map(|one| one.kind).collect(),
                    api_version,
                    kind,
                });
            }
        }
        if unserved.is_empty() {
            return Ok(());
        }
        let services = self.services();
        let context = self.context(&services).await?;
        planner::refuse_unserved(&context, plan, &unserved).map_err(|error| match error {
            planner::Error::Failure(failure) => {
                Stop::refused(failure.message, failure.hint.unwrap_or_default())
            }
            other => other.into(),
        })
    }
}
