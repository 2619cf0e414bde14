//! `shipit env kubeconfig`: a context of an environment's cluster in `kubectl`'s configuration.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::aws::kube::{self, KubeCluster};
use crate::cli::kubeconfig::{Entry, merge};
use crate::cli::{Exit, Global, Stop, account, open};
use crate::render::json;

/// Write a context for the environment's EKS cluster into `kubectl`'s configuration
///
/// What is there stays. `kubectl` then asks shipit itself for a token, and needs no other tool.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  shipit env kubeconfig --name test && kubectl get pods")]
pub(in super::super) struct Args {
    /// The environment; the same as `--env`
    #[arg(long, short)]
    name: Option<String>,
    /// The file; else the first of KUBECONFIG, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The context's name; else APPLICATION-ENVIRONMENT
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Leave the current context as it is
    #[arg(long)]
    keep_current: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Exit, Stop> {
    let global = super::chosen(global, args.name);
    let (workspace, environment) = open::in_environment(&global)?;
    let application = &workspace.application;
    let account = account::open(&global, application, &environment).await?;
    let found = kube::clusters(&account.cx, &application.name, &environment.name).await?;
    let [cluster] = found.as_slice() else {
        return Err(Stop::refused(
            format!("environment `{}` has {} EKS clusters", environment.name, found.len()),
            format!("`shipit env show --name {}` says what it has", environment.name),
        ));
    };
    if cluster.endpoint.is_empty() {
        return Err(Stop::refused(
            format!("cluster `{}` is {} and has no endpoint yet", cluster.name, cluster.status),
            "try again once it is ACTIVE",
        ));
    }
    let context =
        args.context.unwrap_or_else(|| format!("{}-{}", application.name, environment.name));
    let mut arguments = vec!["kube".to_owned(), "token".to_owned()];
    let mut add = |name: &str, value: &str| {
        arguments.extend([name.to_owned(), value.to_owned()]);
    };
    add("--cluster", &cluster.name);
    add("--region", &account.cx.region);
    if !global.local {
        if let Some(profile) = global.profile.as_ref().or(environment.profile.as_ref()) {
            add("--profile", profile);
        }
        if let Some(role) = &environment.role {
            add("--role", role);
        }
    } else {
        arguments.push("--local".to_owned());
    }
    let entry = entry(cluster, context, arguments, !args.keep_current)?;
    let path = match args.file {
        Some(file) => file,
        None => usual()?,
    };
    let comments_lost = write(&path, &entry)?;
    let terminal = global.terminal();
    if terminal.json() {
        terminal.out(&json::document(&json!({
            "file": path, "context": entry.context, "cluster": cluster.name, "comments_lost": comments_lost,
        })));
        return Ok(Exit::Done);
    }
    terminal.tell(&format!("context `{}` is in {}", entry.context, path.display()));
    if comments_lost {
        terminal.tell("the file had to be written anew: its comments are lost");
    }
    Ok(Exit::Done)
}

fn entry(
    cluster: &KubeCluster,
    context: String,
    arguments: Vec<String>,
    current: bool,
) -> Result<Entry, Stop> {
    let own = std::env::current_exe().map_err(|error| {
        Stop::failed(format!("it is not known where this program lies: {error}"), "")
    })?;
    Ok(Entry {
        context,
        name: cluster.arn.clone(),
        server: cluster.endpoint.clone(),
        authority: cluster.authority.clone(),
        command: own.display().to_string(),
        arguments,
        current,
    })
}

/// Where `kubectl` looks first.
fn usual() -> Result<PathBuf, Stop> {
    if let Some(list) = std::env::var_os("KUBECONFIG")
        && let Some(first) = std::env::split_paths(&list).find(|path| !path.as_os_str().is_empty())
    {
        return Ok(first);
    }
    match std::env::home_dir() {
        Some(home) => Ok(home.join(".kube").join("config")),
        None => Err(Stop::failed("there is no home folder", "name a file with `--file`")),
    }
}

/// Merges under the lock that `kubectl` takes too, and puts the new file in place of the old at once.
fn write(path: &Path, entry: &Entry) -> Result<bool, Stop> {
    let failed = |what: &str, error: std::io::Error| {
        Stop::failed(
            format!("{} could not be {what}: {error}", path.display()),
            "name another file with `--file`",
        )
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed("made", error))?;
    }
    // What a link leads to is changed, not the link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let lock = beside(&path, ".lock");
    let held = OpenOptions::new().write(true).create_new(true).open(&lock);
    if let Err(error) = held {
        return Err(Stop::refused(
            format!("{} cannot be locked: {error}", path.display()),
            format!("if no `kubectl config` runs, delete {}", lock.display()),
        ));
    }
    let outcome = (|| {
        let old = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed("read", error)),
        };
        let merged = merge(&old, entry).map_err(|why| {
            Stop::refused(
                format!("{} is left as it is: {why}", path.display()),
                "name another file with `--file`, or another context with `--context`",
            )
        })?;
        if merged.text != old {
            let fresh = beside(&path, ".shipit");
            replace(&path, &fresh, &merged.text).map_err(|error| {
                let _ = std::fs::remove_file(&fresh);
                failed("written", error)
            })?;
        }
        Ok(merged.comments_lost)
    })();
    let _ = std::fs::remove_file(&lock);
    outcome
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn replace(path: &Path, fresh: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(fresh)?;
    if let Ok(old) = std::fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(fresh, path)
}
