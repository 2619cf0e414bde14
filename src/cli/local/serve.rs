//! `shipit local serve`: local AWS on a port.

use super::super::{Exit, Global, Stop, interrupt};

/// Serve local AWS on a port, for the aws command line, boto3 and the like
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit local serve --port 4599 &\n  \
    aws --endpoint-url http://127.0.0.1:4599 ecs list-clusters")]
pub(in super::super) struct Args {
    /// Which port of 127.0.0.1; 0 takes any that is free
    #[arg(long, default_value_t = 4599)]
    port: u16,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let terminal = global.terminal();
    let account = super::account(global)?;
    let listener =
        tokio::net::TcpListener::bind(("127.0.0.1", args.port)).await.map_err(|error| {
            Stop::failed(
                format!("port {} of 127.0.0.1 cannot be used: {error}", args.port),
                "choose another with `--port`, or `--port 0` for any that is free",
            )
        })?;
    let address = listener
        .local_addr()
        .map_err(|error| Stop::failed(format!("the port is not known: {error}"), ""))?;
    let careful = interrupt::careful();
    terminal.out(&format!("local AWS listens on http://{address}"));
    tokio::select! {
        ended = account.serve(listener) => ended.map_err(|error| {
            Stop::failed(format!("local AWS stopped: {error}"), "start it again; its state is kept")
        })?,
        () = careful.cancel().cancelled() => terminal.tell("stopped"),
    }
    Ok(Exit::Done)
}
