//! Plans that are kept in a file: saved, checked, applied.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Choices, Pipeline, Which};
use crate::cli::{Exit, Global, Stop, open, plan_file};
use crate::engine::saved::{About, SavedPlan, remanifested, reversioned};
use crate::engine::{Moved, Observation, Plan, Severity, saved};
use crate::manifest::Workspace;
use crate::render::json;

impl Pipeline {
    /// Opens what a saved plan is about: its environment and account, and the manifests where there are any.
    ///
    /// # Errors
    /// Refused in the folder of another application, for another environment, account or region.
    pub(in crate::cli) async fn open_saved(
        global: &Global,
        saved: &SavedPlan,
    ) -> Result<Self, Stop> {
        let plan = &saved.plan;
        let refused = |what: &str, wanted: &str, given: &str, hint: &str| {
            Err(Stop::refused(
                format!("the plan is for {what} `{wanted}`, and this is `{given}`"),
                hint,
            ))
        };
        if let Some(given) = global.env.as_deref().filter(|given| *given != plan.environment) {
            return refused("environment", &plan.environment, given, "leave `--env` out");
        }
        if let Some(given) = global.region.as_deref().filter(|given| *given != plan.region) {
            return refused("region", &plan.region, given, "leave `--region` out");
        }
        let mut global = global.clone();
        global.env = Some(plan.environment.clone());
        global.region = Some(plan.region.clone());
        let (workspace, environment, manifests) = match open::root() {
            Ok(_) => {
                let (workspace, environment) = open::in_environment(&global)?;
                (workspace, environment, true)
            }
            Err(_) => {
                let (workspace, environment) = Workspace::without_manifests(
                    &open::here()?,
                    &plan.application,
                    &plan.environment,
                    &plan.account,
                );
                (workspace, environment, false)
            }
        };
        if workspace.application.name != plan.application {
            let hint = "run it in the folder of that application, or in one without manifests";
            return refused("application", &plan.application, &workspace.application.name, hint);
        }
        let which = match &saved.saved.about {
            About::Everything => Which::Everything,
            About::Environment => Which::Environment,
            About::Service(name) => Which::Service(name.clone()),
        };
        let mut pipeline = Self::start(&global, which, workspace, environment).await?;
        pipeline.manifests = manifests;
        if pipeline.target.account != plan.account {
            let hint = "choose other credentials with `--profile`";
            return refused("account", &plan.account, &pipeline.target.account, hint);
        }
        Ok(pipeline)
    }

    /// Keeps a plan in a file.
    pub(super) async fn save(
        &self,
        mut plan: Plan,
        choices: &Choices,
        path: &Path,
    ) -> Result<(), Stop> {
        plan.basis.manifests = saved::digests(&self.desired(&Observation::default()).await?);
        let about = match &self.which {
            Which::Environment => About::Environment,
            Which::Service(name) => About::Service(name.clone()),
            _ => About::Everything,
        };
        let at =
            OffsetDateTime::now_utc().replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let at = at.format(&Rfc3339).unwrap_or_default();
        let mut saved = SavedPlan::new(&self.registry, plan, about, at)?;
        saved.saved.allow_delete = choices.allowed();
        saved.saved.files = self.files();
        plan_file::write(path, &saved)?;
        self.terminal.tell(&format!(
            "saved to {0}: `shipit apply {0}` does exactly this, or nothing",
            path.display()
        ));
        Ok(())
    }

    /// A digest of each manifest that this run has read.
    fn files(&self) -> BTreeMap<String, String> {
        let environment = format!("shipit/environments/{}.yml", self.target.environment);
        let services =
            self.services().into_iter().map(|name| format!("shipit/services/{name}.yml"));
        let paths = ["shipit/application.yml".to_owned(), environment].into_iter().chain(services);
        let digest = |path: String| {
            let bytes = std::fs::read(self.workspace.root.join(&path)).ok()?;
            let hash = Sha256::digest(&bytes);
            Some((path, hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()))
        };
        paths.filter_map(digest).collect()
    }

    /// The plan as it is to be carried out, or everything that moved since it was made.
    async fn check(&self, saved: &SavedPlan) -> Result<Result<Plan, Vec<Moved>>, Stop> {
        let mut moved = Vec::new();
        moved.extend(reversioned(&saved.saved.shipit));
        let mut manifests = Vec::new();
        if self.manifests {
            let now = self.desired(&Observation::default()).await?;
            manifests = remanifested(&saved.plan, &saved::digests(&now));
        }
        let (renewed, ()) = tokio::join!(self.renew(&saved.plan), self.read_records());
        let renewed = match renewed? {
            Ok(mut plan) => {
                // What the release's record holds of it.
                let desired = plan.basis.desired();
                self.book.mark(&mut plan, &self.registry, &desired);
                Some(plan)
            }
            Err(more) => {
                // Where a field is named, its document needs not be.
                let named = |one: &Moved| {
                    more.iter().any(|other| {
                        matches!(other, Moved::Wanted { .. }) && other.address() == one.address()
                    })
                };
                manifests.retain(|one| !named(one));
                manifests.extend(more);
                None
            }
        };
        moved.extend(manifests);
        Ok(match renewed {
            Some(plan) if moved.is_empty() => Ok(plan),
            _ => Err(moved),
        })
    }

    /// The manifest files that are not as they were.
    fn changed_files(&self, saved: &SavedPlan) -> Vec<String> {
        if !self.manifests {
            return Vec::new();
        }
        let (then, now) = (&saved.saved.files, self.files());
        let mut paths: Vec<String> = then.keys().chain(now.keys()).cloned().collect();
        paths.sort();
        paths.dedup();
        paths.retain(|path| then.get(path) != now.get(path));
        paths
    }

    fn refuse_stale(&self, saved: &SavedPlan, moved: Vec<Moved>) -> Stop {
        let wanted = moved.iter().any(|one| matches!(one, Moved::Wanted { .. }));
        let files = if wanted { self.changed_files(saved) } else { Vec::new() };
        Stop::stale(moved, files)
    }

    /// Says whether a saved plan still holds (`plan --check`): 0 if it does, 4 if not.
    pub(in crate::cli) async fn check_saved(&self, saved: &SavedPlan) -> Result<Exit, Stop> {
        match self.check(saved).await? {
            Ok(_) => {
                if self.terminal.json() {
                    self.terminal.out(&json::document(&json!({ "holds": true, "moved": [] })));
                } else {
                    self.terminal.out("the plan holds: nothing that it depends on has changed");
                }
                Ok(Exit::Done)
            }
            Err(moved) => Err(self.refuse_stale(saved, moved)),
        }
    }

    /// Shows, confirms and carries out a saved plan, if it still holds.
    pub(in crate::cli) async fn apply_saved(&self, saved: &SavedPlan) -> Result<Exit, Stop> {
        let plan = match self.check(saved).await? {
            Ok(plan) => plan,
            Err(moved) => return Err(self.refuse_stale(saved, moved)),
        };
        self.preview(&plan);
        if plan.findings_of(Severity::Error).next().is_some() {
            return Err(Stop::refused(
                "preflight found errors when the plan was made: it would fail half way",
                "correct what is listed above and plan again; `plan --skip-preflight CHECK` leaves a check out",
            ));
        }
        self.carry_out(&plan).await
    }
}
