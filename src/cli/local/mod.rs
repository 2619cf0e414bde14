//! `shipit local …`: the simulated account.

mod kubernetes;
mod reset;
mod serve;
mod status;

use std::path::PathBuf;

use super::{Exit, Global, Stop, open};
use crate::local::clock::Speed;
use crate::local::faults::Faults;
use crate::local::kubernetes::{Api, found};
use crate::local::{KubernetesServer, LocalAws, LocalOptions};

/// The simulated AWS account inside shipit
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Serve(serve::Args),
    Kubernetes(kubernetes::Args),
    Reset(reset::Args),
    Status(status::Args),
}

pub(super) async fn run(global: &Global, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Serve(args) => serve::run(global, args).await,
        Command::Kubernetes(args) => kubernetes::run(global, args).await,
        Command::Reset(args) => reset::run(global, args),
        Command::Status(args) => status::run(global, args),
    }
}

/// Where the account's journal is kept: `.shipit/` beside the workspace's `shipit/`, or in the
/// current folder where there is no workspace.
pub(super) fn directory() -> Result<PathBuf, Stop> {
    let base = match open::root() {
        Ok(root) => root,
        Err(_) => std::env::current_dir().map_err(|error| {
            Stop::failed(format!("the current folder cannot be read: {error}"), "")
        })?,
    };
    Ok(base.join(".shipit").join("local"))
}

/// Where `shipit local kubernetes` keeps its data.
fn kubernetes_directory() -> Result<PathBuf, Stop> {
    Ok(directory()?.join("kubernetes"))
}

/// The API server that `shipit local kubernetes` runs for this workspace.
fn kubernetes_server(global: &Global) -> Result<Option<KubernetesServer>, Stop> {
    Ok(found(&kubernetes_directory()?).unwrap_or_else(|pid| {
        global.terminal().tell(&format!(
            "the Kubernetes API server of process {pid} has gone with it; `shipit local kubernetes` starts one"
        ));
        None
    }))
}

/// How fast local AWS's time runs.
fn speed(global: &Global) -> Result<Speed, Stop> {
    let Some(text) = &global.local_speed else { return Ok(Speed::default()) };
    text.parse::<Speed>().map_err(|error| {
        Stop::failed(
            format!("`--local-speed {text}`: {error}"),
            "use `instant`, a factor such as `60x`, or `real`",
        )
    })
}

/// How much less than on AWS one waits for what happens in a cluster: `shipit local kubernetes` plays faster, and other API
/// servers' controllers keep their own time, whatever local AWS's is.
pub(super) const OF_CLUSTERS: f64 = 10.0;

/// How much faster than on AWS time passes for waits and pauses: 1 unless on local AWS.
pub(super) fn time_factor(global: &Global) -> Result<f64, Stop> {
    if !global.local {
        return Ok(1.0);
    }
    Ok(match speed(global)? {
        Speed::Factor(factor) => factor,
        // Nothing is ever waited for; what is retried should not wait long either.
        Speed::Instant => 200.0,
    })
}

/// An empty account that is kept nowhere.
pub(super) fn nothing() -> Result<LocalAws, Stop> {
    LocalAws::open(LocalOptions::default())
        .map_err(|error| Stop::failed(format!("local AWS could not be opened: {error}"), ""))
}

/// The API server that the options name.
fn kubernetes_named(global: &Global) -> Result<Option<KubernetesServer>, Stop> {
    let (Some(endpoint), Some(path)) = (&global.local_kubernetes, &global.local_kubernetes_ca)
    else {
        return Ok(None);
    };
    let certificate_authority = std::fs::read_to_string(path).map_err(|error| {
        Stop::failed(
            format!("the certificates {}: {error}", path.display()),
            "--local-kubernetes-ca names a file in PEM",
        )
    })?;
    Ok(Some(KubernetesServer { endpoint: endpoint.clone(), certificate_authority }))
}

/// Whether an API server that somebody else runs stands behind local AWS's clusters, which has none of the kinds that EKS
/// brings with Auto Mode. What cannot be asked is taken to have them.
pub(super) async fn plain_kubernetes(global: &Global) -> Result<bool, Stop> {
    let Some(server) = kubernetes_named(global)?.filter(|_| global.local) else { return Ok(false) };
    let session = super::account::session(global, None).await?;
    let token = session.kube_token("main", time::OffsetDateTime::now_utc()).await?;
    let Ok(api) = Api::new(&server.endpoint, &server.certificate_authority, &token) else {
        return Ok(false);
    };
    let asked = api.get("/apis/eks.amazonaws.com/v1");
    let asked = tokio::time::timeout(std::time::Duration::from_secs(5), asked).await;
    Ok(matches!(asked, Ok(Err(error)) if error.is_gone()))
}

/// The simulated account as the options want it.
pub(super) fn account(global: &Global) -> Result<LocalAws, Stop> {
    let faults = match &global.local_faults {
        None => Faults::none(),
        Some(path) => Faults::load(path).map_err(|error| {
            Stop::failed(
                format!("the fault script {}: {error}", path.display()),
                "see `Failures on demand` in README.md for the form",
            )
        })?,
    };
    let kubernetes = match kubernetes_named(global)? {
        None => kubernetes_server(global)?,
        named => named,
    };
    let options = LocalOptions {
        directory: Some(directory()?),
        kubernetes,
        speed: speed(global)?,
        faults,
        latency: global.local_latency.map(std::time::Duration::from_millis),
        log: global.local_log.clone(),
        ..LocalOptions::default()
    };
    LocalAws::open(options).map_err(|error| {
        Stop::failed(
            format!("local AWS could not be opened: {error}"),
            "`shipit local reset` begins with an empty account",
        )
    })
}
