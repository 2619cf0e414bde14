//! Options of every command that plans.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::Stop;
use crate::engine::AllowDelete;
use crate::preflight;
use crate::resources::REGISTRY;

/// Options of every command that plans.
#[derive(Clone, Debug, Default, clap::Args)]
pub(in crate::cli) struct Choices {
    /// Delete resources that hold data, too, when they are no longer wanted: a kind such as
    /// `logs/log-group`, or `all`
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    allow_delete: Vec<String>,
    /// Delete services that are live but in no manifest here
    #[arg(long)]
    pub(super) prune: bool,
    /// Leave out this check of what could go wrong, or all of them: see `plan`'s findings for
    /// their names
    #[arg(long, value_name = "CHECK", value_delimiter = ',', num_args = 0..=1, default_missing_value = "all")]
    skip_preflight: Vec<String>,
}

/// Options of the commands that show a plan.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct PlanOptions {
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(super) exit_code: bool,
    /// Save the plan to this file, for `shipit apply`
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

impl Choices {
    /// All that holds data may go, too.
    pub(in crate::cli) fn everything() -> Self {
        Self { allow_delete: vec!["all".to_owned()], ..Self::default() }
    }

    /// The kinds that hold data and may go, as they were given.
    pub(super) fn allowed(&self) -> BTreeSet<String> {
        self.allow_delete.iter().cloned().collect()
    }

    pub(super) fn allow_delete(&self) -> Result<AllowDelete, Stop> {
        if self.allow_delete.iter().any(|kind| kind == "all") {
            return Ok(AllowDelete::All);
        }
        let stateful: Vec<&str> = REGISTRY
            .iter()
            .filter(|kind| kind.info.stateful.is_some())
            .map(|kind| kind.info.kind)
            .collect();
        for kind in &self.allow_delete {
            if !stateful.contains(&kind.as_str()) {
                return Err(Stop::failed(
                    format!("`--allow-delete {kind}`: no resource kind of that name holds data"),
                    format!("use `all`, or one of {}", stateful.join(", ")),
                ));
            }
        }
        Ok(AllowDelete::Kinds(self.allow_delete.iter().cloned().collect()))
    }

    /// The names of the checks to leave out.
    pub(super) fn skip_preflight(&self) -> Result<Vec<String>, Stop> {
        let names = preflight::names();
        if self.skip_preflight.iter().any(|name| name == "all") {
            return Ok(names.into_iter().map(str::to_owned).collect());
        }
        for name in &self.skip_preflight {
            if !names.contains(&name.as_str()) {
                return Err(Stop::failed(
                    format!("`--skip-preflight {name}`: there is no check of that name"),
                    format!("use `all`, or one of {}", names.join(", ")),
                ));
            }
        }
        Ok(self.skip_preflight.clone())
    }
}
