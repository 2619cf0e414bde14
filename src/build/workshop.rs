//! Where a run's images are made: one builder, a few at a time, what is alike one after the other.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, Semaphore};

use super::content;
use super::recipe::Recipe;
use super::run::{self, Ran};
use super::tool::Builder;
use crate::engine::{Class, Diagnosis, Failure, LogTail, Verdict, waits};

/// At most so many builds at a time: each of them uses several cores by itself.
const SEATS: usize = 4;

type Door = Arc<tokio::sync::Mutex<bool>>;

/// Where a run's images are made.
#[derive(Debug)]
pub struct Workshop {
    root: PathBuf,
    wanted: Option<String>,
    path: OsString,
    found: OnceCell<Builder>,
    seats: Semaphore,
    /// Doors through which one goes at a time: by content, so that the second build of a folder finds
    /// the layers of the first; by registry, with whether it is signed in.
    doors: Mutex<HashMap<String, Door>>,
}

/// How to sign in to a registry.
#[derive(Clone)]
pub struct Login {
    /// Its host: `123456789012.dkr.ecr.eu-west-1.amazonaws.com`.
    pub registry: String,
    /// It speaks plain HTTP: one on this machine.
    pub plain: bool,
    /// Who.
    pub user: String,
    /// Sent on standard input, never in an argument.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}@{})", self.user, self.registry)
    }
}

impl Default for Workshop {
    /// In the current folder, with the builder that is on PATH.
    fn default() -> Self {
        Self::new(PathBuf::from("."), None, std::env::var_os("PATH").unwrap_or_default())
    }
}

impl Workshop {
    /// A workshop for the workspace at `root`, with the builder of that name or the first on `path`.
    pub fn new(root: PathBuf, wanted: Option<String>, path: OsString) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            // Its own programs run there.
            root: std::path::absolute(&root).unwrap_or(root),
            wanted,
            path,
            found: OnceCell::new(),
            seats: Semaphore::new(cores.clamp(2, SEATS)),
            doors: Mutex::default(),
        }
    }

    /// The workspace's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Builds what the folder holds now as `reference`, and checks what came of it.
    ///
    /// # Errors
    /// There is no builder; the folder is not what `tag` was made from any more; the build fails; its
    /// image is for another platform.
    pub async fn build(&self, recipe: &Recipe, tag: &str, reference: &str) -> Result<(), Failure> {
        let builder = self.builder().await?;
        let door = self.door(&format!("content {tag}"));
        let _alone = door.lock().await;
        if self.seats.available_permits() == 0 {
            waits::tell("other builds");
        }
        let _seat = self.seats.acquire().await;
        self.refuse_changed(recipe, tag).await?;
        let args = builder.build(recipe, &self.root, reference);
        let ran = run::command(&builder.program, &args, Some(&self.root), None, true).await?;
        if !ran.ok {
            return Err(failed("build-failed", builder, &builder.builds_with(), ran));
        }
        let asked =
            run::command(&builder.program, &builder.inspect(reference), None, None, false).await?;
        if !asked.ok {
            return Err(failed("build-failed", builder, "image inspect", asked));
        }
        // `linux/arm64/v8` is what `linux/arm64` stands for.
        let wanted: Vec<&str> = recipe.platform.split('/').take(2).collect();
        let built: Vec<&str> = asked.text.split('/').take(2).collect();
        if built != wanted {
            let message = format!(
                "the image that was built is for {}, and the service runs on {}",
                asked.text, recipe.platform
            );
            let hint = format!(
                "is a base image in `{}` pinned to a platform (`FROM --platform`) or a digest? or change `platform` in the manifest",
                recipe.dockerfile
            );
            return Err(ended(
                Failure::new(Class::Invalid, message).with_hint(hint),
                "wrong-platform",
                None,
            ));
        }
        Ok(())
    }

    /// Signs in, once in a run, and pushes.
    ///
    /// # Errors
    /// The registry lets nobody in, or the push fails.
    pub async fn push(&self, login: &Login, reference: &str) -> Result<(), Failure> {
        let builder = self.builder().await?;
        let door = self.door(&format!("registry {}", login.registry));
        let mut inside = door.lock().await;
        if !*inside {
            let args = builder.login(&login.user, &login.registry, login.plain);
            let ran =
                run::command(&builder.program, &args, None, Some(login.password.clone()), false)
                    .await?;
            if !ran.ok {
                let why = ran.last.last().cloned().unwrap_or_default();
                let message = format!("registry {} lets nobody in: {why}", login.registry);
                let hint = "the credentials need `ecr:GetAuthorizationToken`; is the registry reached from here?";
                let failure = Failure::new(Class::Denied, message).with_hint(hint);
                return Err(ended(
                    failure,
                    "no-access",
                    tail(&format!("{} login", builder.tool.name()), ran),
                ));
            }
            *inside = true;
        }
        drop(inside);
        let args = builder.push(reference, login.plain);
        let ran = run::command(&builder.program, &args, None, None, true).await?;
        if ran.ok {
            return Ok(());
        }
        let denied = ran.last.iter().any(|line| {
            let line = line.to_lowercase();
            ["denied", "forbidden", "not authorized", "no basic auth"]
                .iter()
                .any(|word| line.contains(word))
        });
        if !denied {
            return Err(failed(
                "push-failed",
                builder,
                &format!("{} push", builder.tool.name()),
                ran,
            ));
        }
        let message = format!("no access to {}: the registry takes no image", login.registry);
        let hint = "the credentials need `ecr:InitiateLayerUpload`, `ecr:UploadLayerPart`, `ecr:CompleteLayerUpload`, `ecr:BatchCheckLayerAvailability` and `ecr:PutImage` for the repository";
        let failure = Failure::new(Class::Denied, message).with_hint(hint);
        Err(ended(failure, "no-access", tail(&format!("{} push", builder.tool.name()), ran)))
    }

    /// Whether there is a builder, and one that is new enough.
    ///
    /// # Errors
    /// There is none, or it is too old.
    pub async fn ready(&self) -> Result<(), Failure> {
        self.builder().await.map(drop)
    }

    async fn builder(&self) -> Result<&Builder, Failure> {
        let find = || Builder::find(self.wanted.as_deref(), &self.path);
        self.found.get_or_try_init(find).await
    }

    fn door(&self, key: &str) -> Door {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.entry(key.to_owned()).or_default().clone()
    }

    /// What is built is what was planned.
    async fn refuse_changed(&self, recipe: &Recipe, planned: &str) -> Result<(), Failure> {
        let (root, of) = (self.root.clone(), recipe.clone());
        let now = tokio::task::spawn_blocking(move || content::tag(&root, &of)).await;
        let now = now.map_err(|error| Failure::internal(error.to_string()))?;
        let now =
            now.map_err(|why| Failure::new(Class::Invalid, why.message).with_hint(why.hint))?;
        if now == planned {
            return Ok(());
        }
        let message =
            format!("`{}` has changed since this was planned: it is {now} by now", recipe.context);
        Err(Failure::new(Class::Invalid, message)
            .with_hint("plan again: run the same command once more"))
    }
}

fn tail(source: &str, ran: Ran) -> Option<LogTail> {
    Some(LogTail { source: source.to_owned(), lines: ran.last, missing: None })
}

fn failed(cause: &str, builder: &Builder, command: &str, ran: Ran) -> Failure {
    let last = ran.last.iter().rev().find(|line| line.to_lowercase().contains("error"));
    let why = last.or(ran.last.last()).cloned().unwrap_or_else(|| "it says nothing".to_owned());
    let hint = if why.contains("Cannot connect") || why.contains("daemon running") {
        format!("start {}, then run the same command again", builder.tool.name())
    } else {
        "correct what its last lines say, then run the same command again".to_owned()
    };
    let failure = Failure::new(Class::Broken, format!("`{command}` failed: {why}")).with_hint(hint);
    ended(failure, cause, tail(command, ran))
}

/// A failure that is what the run was for: nothing is half done by it.
fn ended(failure: Failure, cause: &str, log: Option<LogTail>) -> Failure {
    failure.with_diagnosis(Diagnosis {
        verdict: Verdict::Failed,
        cause: Some(cause.to_owned()),
        facts: Vec::new(),
        log,
    })
}
