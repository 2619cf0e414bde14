//! `shipit local kubernetes`: an API server for the EKS clusters of local AWS.

use serde_json::json;

use super::super::{Exit, Global, Stop, interrupt};
use crate::local::kubernetes::{Options, Programs, Server, Trouble};
use crate::render::json;

/// Run a Kubernetes API server for local AWS's EKS clusters, until it is interrupted
///
/// Starts etcd and kube-apiserver, found in the folder that KUBEBUILDER_ASSETS names or on PATH. While it runs, `--local` in the same
/// workspace works with it. No controllers run in it: what they and the kubelets do is played, as fast as `--local-speed` says. Its data are kept under `.shipit/local/kubernetes/`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit local kubernetes &\n  shipit --local deploy --yes")]
pub(in super::super) struct Args {
    /// Which port of 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 6443)]
    port: u16,
    /// Begin with an empty cluster
    #[arg(long)]
    fresh: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let stop = |trouble: Trouble| Stop::failed(trouble.what, trouble.hint);
    let options = Options {
        programs: Programs::find().map_err(stop)?,
        folder: super::kubernetes_directory()?,
        port: Some(args.port).filter(|port| *port != 0),
        fresh: args.fresh,
        play: Some(super::speed(global)?),
    };
    // From here on an interrupt must stop what was started, in order.
    let careful = interrupt::careful();
    let started = tokio::select! {
        started = Server::start(&options) => started.map_err(stop)?,
        () = careful.cancel().cancelled() => return Ok(Exit::Interrupted),
    };
    let mut server = started;
    let kubeconfig = server.publish().map_err(|error| {
        Stop::failed(format!("the folder {}: {error}", options.folder.display()), "")
    })?;
    let endpoint = server.server().endpoint;
    if terminal.json() {
        let told = json!({
            "endpoint": endpoint,
            "version": server.version(),
            "kubeconfig": kubeconfig,
            "pid": std::process::id(),
        });
        terminal.out(&json::document(&told));
    } else {
        terminal.out(&format!("Kubernetes {} listens on {endpoint}", server.version()));
        terminal.tell(&format!("kubectl --kubeconfig {} get pods -A", kubeconfig.display()));
    }
    let ended = tokio::select! {
        trouble = server.ended() => Err(stop(trouble)),
        () = careful.cancel().cancelled() => Ok(Exit::Done),
    };
    server.stop().await;
    if ended.is_ok() {
        terminal.tell("stopped");
    }
    ended
}
