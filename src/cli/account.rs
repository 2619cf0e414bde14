//! Whose AWS account a run works on: local or real, and whether it is the one that is meant.

use std::sync::Arc;

use super::{Global, Stop, local};
use crate::aws::calls::{ApiCall, CallLog};
use crate::aws::{Cx, Session, SessionOptions, local_client};
use crate::build::Workshop;
use crate::manifest::{Application, Environment};

/// An opened account.
pub(super) struct Account {
    /// Clients.
    pub(super) cx: Arc<Cx>,
    /// The calls made so far.
    pub(super) calls: CallLog,
    /// The ARN of whose credentials are used.
    pub(super) caller: String,
}

/// Opens the account of an environment and refuses another than its manifest names.
pub(super) async fn open(
    global: &Global,
    application: &Application,
    environment: &Environment,
) -> Result<Account, Stop> {
    let beside = global.local.then(|| local::account(global)).transpose()?;
    let local = beside.clone().map(local_client::http_client);
    let is_local = local.is_some();
    let region = global
        .region
        .clone()
        .or_else(|| environment.region.clone())
        .or_else(|| application.region.clone())
        .or_else(|| is_local.then(|| "eu-west-1".to_owned()));
    let options = SessionOptions {
        profile: global
            .profile
            .clone()
            .or_else(|| environment.profile.clone())
            .filter(|_| !is_local),
        region,
        endpoint_url: global.endpoint_url.clone().filter(|_| !is_local),
        role: environment.role.clone().filter(|_| !is_local),
        local,
        beside,
        time_factor: is_local.then(|| local::time_factor(global)).transpose()?,
    };
    let calls = CallLog::new(global.verbose.then_some(print_call as fn(&ApiCall)));
    let session = Session::load(&options, calls.clone()).await?;
    let (account, arn) = session.caller().await?;
    let wanted = environment.account.as_ref().or(application.account.as_ref());
    if let Some(wanted) = wanted.filter(|wanted| **wanted != account && !is_local) {
        return Err(Stop::refused(
            format!(
                "environment `{}` belongs to account {wanted}, but the credentials are for {account} ({arn})",
                environment.name
            ),
            "choose other credentials with `--profile`, or write `profile:` or `role:` into the environment's manifest",
        ));
    }
    let mut cx = session.cx(account);
    cx.workshop = Arc::new(workshop(global));
    cx.kubernetes.force_conflicts(global.force_conflicts);
    Ok(Account { cx: Arc::new(cx), calls, caller: arn })
}

/// Where images are built: in the workspace, if there is one, by the builder that is asked for.
fn workshop(global: &Global) -> Workshop {
    let root = super::open::root().or_else(|_| super::open::here()).unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    Workshop::new(root, global.builder.clone(), path)
}

/// Whose credentials there are, with no manifest: for what others call from anywhere.
pub(super) async fn session(global: &Global, role: Option<String>) -> Result<Session, Stop> {
    // Credentials of local AWS need no account: nothing is asked of it.
    let local = global.local.then(local::nothing).transpose()?.map(local_client::http_client);
    let is_local = local.is_some();
    let options = SessionOptions {
        profile: global.profile.clone().filter(|_| !is_local),
        region: global.region.clone().or_else(|| is_local.then(|| "eu-west-1".to_owned())),
        endpoint_url: global.endpoint_url.clone().filter(|_| !is_local),
        role: role.filter(|_| !is_local),
        local,
        beside: None,
        time_factor: is_local.then(|| local::time_factor(global)).transpose()?,
    };
    let calls = CallLog::new(global.verbose.then_some(print_call as fn(&ApiCall)));
    Ok(Session::load(&options, calls).await?)
}

fn print_call(call: &ApiCall) {
    let outcome = if call.ok { "" } else { " (refused)" };
    let took = call.ended.saturating_sub(call.sent);
    crate::render::terminal::trace(&format!(
        "  · {} {} {} ms{outcome}",
        call.service,
        call.operation,
        took.as_millis()
    ));
}
