//! Where secrets are kept, and who uses them.

use std::collections::BTreeMap;

use crate::cli::account::{self, Account};
use crate::cli::{Global, Stop};
use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT};
use crate::engine::redact;
use crate::manifest::service::Secret;
use crate::manifest::{Environment, Workspace};

/// The largest value that a parameter holds for nothing.
const LARGEST: usize = 4096;

/// One environment, opened.
pub(super) struct Place {
    pub(super) workspace: Workspace,
    pub(super) environment: Environment,
    pub(super) account: Account,
}

impl Place {
    /// The environments that are meant: the one that `--env` names, or all.
    pub(super) fn named(global: &Global) -> Result<Vec<String>, Stop> {
        if let Some(name) = &global.env {
            return Ok(vec![name.clone()]);
        }
        let workspace = crate::cli::open::workspace(None)?;
        let names: Vec<String> =
            workspace.environments.iter().map(|environment| environment.name.clone()).collect();
        if names.is_empty() {
            return Err(Stop::refused(
                "this workspace has no environment yet",
                "create one with `shipit env init --name test`",
            ));
        }
        Ok(names)
    }

    /// Opens an environment's account.
    pub(super) async fn open(global: &Global, name: &str) -> Result<Self, Stop> {
        let workspace = crate::cli::open::workspace(Some(name))?;
        let Some(environment) = workspace.environment(name).cloned() else {
            return Err(Stop::refused(
                format!("there is no environment `{name}` here"),
                format!("create it with `shipit env init --name {name}`"),
            ));
        };
        let account = account::open(global, &workspace.application, &environment).await?;
        Ok(Self { workspace, environment, account })
    }

    /// The path of all its secrets.
    pub(super) fn path(&self) -> String {
        format!("/shipit/{}/{}/secrets", self.workspace.application.name, self.environment.name)
    }

    /// A secret's parameter.
    pub(super) fn parameter(&self, name: &str) -> String {
        format!("{}/{name}", self.path())
    }

    /// The tags that say whose it is. It bears no address: secrets are no part of a plan, and outlive the environment.
    pub(super) fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = self.workspace.application.tags.clone();
        tags.extend(self.environment.tags.clone());
        tags.insert(TAG_APPLICATION.to_owned(), self.workspace.application.name.clone());
        tags.insert(TAG_ENVIRONMENT.to_owned(), self.environment.name.clone());
        tags
    }

    /// The services whose manifests name a secret, sorted.
    pub(super) fn users(&self, name: &str) -> Vec<String> {
        let parameter = self.parameter(name);
        let end = format!(":parameter{parameter}");
        let meant = |secret: &Secret| match secret {
            Secret::Ssm(name) => name.trim_start_matches('/') == parameter.trim_start_matches('/'),
            Secret::Arn(arn) => arn.ends_with(&end),
            Secret::SecretsManager(_) => false,
        };
        let uses = |service: &String| {
            let manifest = self.workspace.service_in(service, &self.environment.name);
            manifest.is_ok_and(|manifest| {
                let sidecars = manifest.sidecars.values().flat_map(|one| one.secrets.values());
                let logging = &manifest.logging;
                let router = logging.secrets.values().chain(logging.secret_options.values());
                manifest.secrets.values().chain(sidecars).chain(router).any(meant)
            })
        };
        let names = self.workspace.services.iter().map(|service| service.name.clone());
        names.filter(uses).collect()
    }
}

/// Is this a name that a secret can have?
pub(super) fn check_name(name: &str) -> Result<(), Stop> {
    let sound = !name.is_empty()
        && name.len() <= 200
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    match sound {
        true => Ok(()),
        false => Err(Stop::refused(
            format!("`{name}` is no name for a secret"),
            "letters, digits, `_`, `.` and `-`, such as `DB_PASSWORD`",
        )),
    }
}

/// Is this a value that can be kept? From here on it is masked wherever it would be printed.
pub(super) fn check_value(name: &str, value: &str) -> Result<(), Stop> {
    redact::remember(value);
    if value.is_empty() {
        return Err(Stop::refused(format!("the value of `{name}` is empty"), "give one"));
    }
    if value.len() > LARGEST {
        return Err(Stop::refused(
            format!("the value of `{name}` has {} bytes, and at most {LARGEST} fit", value.len()),
            "put it into Secrets Manager, and write `secretsmanager: NAME` under `secrets`",
        ));
    }
    Ok(())
}
