//! Options that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use crate::render::terminal::{Color, Format, Terminal};

/// Options that every command takes.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The environment to work on; may be left out where there is only one
    #[arg(long, short = 'e', global = true, env = "SHIPIT_ENVIRONMENT", value_name = "NAME")]
    pub env: Option<String>,
    /// AWS region, instead of the manifest's
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,
    /// Profile of the shared AWS configuration files
    #[arg(long, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Another endpoint for all AWS services (an emulator); also AWS_ENDPOINT_URL
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Use local AWS: a simulated account kept under `.shipit/`, with no credentials
    #[arg(long, global = true, env = "SHIPIT_LOCAL", value_parser = clap::builder::FalseyValueParser::new(), num_args = 0, default_value_t = false, action = clap::ArgAction::SetTrue)]
    pub local: bool,
    /// How fast local AWS's time runs: `instant`, a factor such as `60x`, or `real`
    #[arg(long, global = true, value_name = "SPEED", env = "SHIPIT_LOCAL_SPEED")]
    pub local_speed: Option<String>,
    /// A script of failures for local AWS to play
    #[arg(long, global = true, value_name = "FILE", env = "SHIPIT_LOCAL_FAULTS")]
    pub local_faults: Option<PathBuf>,
    /// The Kubernetes API server to which the endpoints of local AWS's EKS clusters point
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SHIPIT_LOCAL_KUBERNETES",
        requires = "local_kubernetes_ca",
        hide = true
    )]
    pub local_kubernetes: Option<String>,
    /// The certificates, in PEM, of who signed that API server's
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SHIPIT_LOCAL_KUBERNETES_CA",
        hide = true
    )]
    pub local_kubernetes_ca: Option<PathBuf>,
    /// Milliseconds that each call to local AWS takes
    #[arg(long, global = true, value_name = "MS", env = "SHIPIT_LOCAL_LATENCY", hide = true)]
    pub local_latency: Option<u64>,
    /// A file to which local AWS adds a JSON line for every call
    #[arg(long, global = true, value_name = "FILE", env = "SHIPIT_LOCAL_LOG", hide = true)]
    pub local_log: Option<PathBuf>,
    /// Where to write, as JSON, when each step of an apply began and ended
    #[arg(long, global = true, value_name = "FILE", hide = true)]
    pub timings: Option<PathBuf>,
    /// What builds images: `docker`, `finch`, `podman` or `buildah`; the first that is on PATH without it
    #[arg(long, global = true, value_name = "NAME", env = "SHIPIT_BUILDER")]
    pub builder: Option<String>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Format,
    /// Do not ask for confirmation
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// The name of the environment, if it is protected (`protect: true`) and something in it goes
    #[arg(long, global = true, value_name = "NAME")]
    pub confirm: Option<String>,
    /// Do not wait until what was changed works
    #[arg(long, global = true)]
    pub no_wait: bool,
    /// Take over fields of Kubernetes objects that others manage
    #[arg(long, global = true)]
    pub force_conflicts: bool,
    /// How long to wait at a pause of a deployment for `svc continue`: `90s`, `1h`; exits with 6 at once without it
    #[arg(long, global = true, value_name = "DURATION", value_parser = super::locking::duration)]
    pub pause_wait: Option<Duration>,
    /// How long to wait for a lock that another run holds: `90s`, `10m`; at once refused without it
    #[arg(long, global = true, value_name = "DURATION", value_parser = super::locking::duration)]
    pub lock_wait: Option<Duration>,
    /// How long a lock goes without a sign of life before another run takes it over
    #[arg(long, global = true, value_name = "DURATION", value_parser = super::locking::duration, env = "SHIPIT_LOCK_LEASE", hide = true)]
    pub lock_lease: Option<Duration>,
    /// When colours are used
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: Color,
    /// Show every field, and every API call
    #[arg(long, short = 'v', global = true)]
    pub verbose: bool,
}

impl Global {
    /// What output looks like in this run.
    pub fn terminal(&self) -> Terminal {
        Terminal::new(self.format, self.color)
    }
}
