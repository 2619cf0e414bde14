//! `shipit promote`: what runs in one environment is deployed to another, without building anything.

use super::pipeline::{Choices, Pipeline, Which};
use super::{Exit, Global, Stop};

/// Deploy to an environment exactly the images that run in another; nothing is built
///
/// Images that shipit has built are copied, byte for byte, into the repositories of the other environment. All
/// else is what its manifests say. What is not deployed in the one, or does not run well there, is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit --local promote --from test --to prod --yes\n  \
                        shipit --local promote --from test --to prod --name api --yes")]
pub(super) struct Args {
    /// The environment whose images are taken
    #[arg(long, value_name = "NAME")]
    from: String,
    /// The environment that gets them
    #[arg(long, value_name = "NAME")]
    to: String,
    /// One service or job alone
    #[arg(long, short, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    if args.from == args.to {
        return Err(Stop::refused(
            format!("`{}` has its own images already", args.to),
            "name two environments: `shipit promote --from test --to prod`",
        ));
    }
    let which = || args.name.clone().map_or(Which::Everything, Which::Service);
    let in_environment = |name: &str| Global { env: Some(name.to_owned()), ..global.clone() };
    let from = Pipeline::open(&in_environment(&args.from), which()).await?;
    let images = from.running().await?;
    let to = Pipeline::open(&in_environment(&args.to), which()).await?;
    to.promoting(images).deploy(&args.choices).await
}
