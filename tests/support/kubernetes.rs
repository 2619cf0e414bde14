//! One Kubernetes API server for all tests of a process, started with the first that needs it. Tests share it, so each keeps to
//! a namespace (an application's name) of its own: [`Kubernetes::name`].
//!
//! etcd and kube-apiserver are those that `KUBEBUILDER_ASSETS` names. Where that is unset, `kubernetes/provide.sh` provides them,
//! once for all checkouts, in the user's cache folder. They end with the process, the API server first.

#![allow(dead_code, reason = "suites take what they need")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use serde_json::Value;
use shipit::local::KubernetesServer;
use shipit::local::clock::Speed;
use shipit::local::kubernetes::{Api, ApiError, Options, Programs, Server};
use tokio::runtime::Runtime;

use super::{Workdir, skipped};

/// The server of this process, or nothing where it cannot be provided, which is said.
///
/// # Panics
/// It is there, and does not start.
pub(crate) fn server(test: &str) -> Option<&'static Kubernetes> {
    static SERVER: OnceLock<Result<Kubernetes, String>> = OnceLock::new();
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let play = Some(Speed::Factor(60.0));
    match SERVER.get_or_init(|| Ok(Kubernetes::start(programs()?, "", play))) {
        Ok(server) => Some(server),
        Err(why) => {
            let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
            skipped(test, &format!("no Kubernetes API server ({why}); {count} tests so far"));
            None
        }
    }
}

/// Clusters share the server here, and classes of Ingress bear the same names in all of them: tests with a web service
/// run one after another.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server of a test's own in which nothing is played, and no kinds are but Kubernetes' own.
pub(crate) fn plain_server(test: &str) -> Option<Kubernetes> {
    server(test)?;
    Some(Kubernetes::start(programs().ok()?, "-plain", None))
}

/// `etcd` and `kube-apiserver`, or why there are none.
pub(crate) fn programs() -> Result<Programs, String> {
    static PROGRAMS: OnceLock<Result<Programs, String>> = OnceLock::new();
    let assets = || std::env::var_os("KUBEBUILDER_ASSETS").filter(|folder| !folder.is_empty());
    let find = || match assets() {
        Some(folder) => Ok(Programs::within(Path::new(&folder)).unwrap()),
        None => provide(),
    };
    PROGRAMS.get_or_init(find).clone()
}

fn provide() -> Result<Programs, String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty());
    let cache = cache.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let cache = cache.ok_or("there is no cache folder")?.join("shipit");
    std::fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    let folder = cache.join("kube-apiserver-1.20.2");
    let lock = File::create(cache.join("kube-apiserver-1.20.2.lock")).unwrap();
    lock.lock().unwrap();
    if let Ok(programs) = Programs::within(&folder) {
        return Ok(programs);
    }
    notice("building kube-apiserver 1.20 from Debian's source, once: some minutes");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/kubernetes/provide.sh");
    let output = Command::new("sh").arg(&script).arg(&folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(Programs::within(&folder).unwrap()),
        Some(3) => Err(told.lines().last().unwrap_or_default().to_owned()),
        _ => panic!("{} failed:\n{told}", script.display()),
    }
}

/// Written past the capture of test output, as nobody waits minutes for nothing.
fn notice(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// A running API server.
pub(crate) struct Kubernetes {
    server: Server,
    authority: PathBuf,
    runtime: Runtime,
}

impl Kubernetes {
    fn start(programs: Programs, suffix: &str, play: Option<Speed>) -> Self {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubernetes");
        std::fs::create_dir_all(&all).unwrap();
        sweep(&all);
        let folder = all.join(format!("{}{suffix}", std::process::id()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let options = Options { programs, folder: folder.clone(), port: None, fresh: true, play };
        let server =
            runtime.block_on(Server::start(&options)).unwrap_or_else(|trouble| panic!("{trouble}"));
        let authority = folder.join("authority.pem");
        std::fs::write(&authority, server.server().certificate_authority).unwrap();
        Self { server, authority, runtime }
    }

    /// For [`shipit::local::LocalOptions::kubernetes`].
    pub(crate) fn options(&self) -> KubernetesServer {
        self.server.server()
    }

    /// Points the EKS clusters of a folder's local AWS to this server.
    pub(crate) fn behind(&self, workdir: Workdir) -> Workdir {
        workdir
            .variable("SHIPIT_LOCAL_KUBERNETES", &self.options().endpoint)
            .variable("SHIPIT_LOCAL_KUBERNETES_CA", self.authority.to_str().unwrap())
    }

    /// A name, for an application or a namespace, that no other test of this process has.
    pub(crate) fn name(&self, stem: &str) -> String {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        format!("{stem}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
    }

    /// `v1.20.2`.
    pub(crate) fn version(&self) -> &str {
        self.server.version()
    }

    /// Does something as an administrator, on the server's own runtime: for tests with and without one of theirs.
    pub(crate) fn by_hand<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        act: impl FnOnce(Api) -> F,
    ) -> T {
        let (sender, receiver) = mpsc::channel();
        let act = act(self.server.api().clone());
        self.runtime.spawn(async move {
            let _ = sender.send(act.await);
        });
        receiver.recv().expect("it panicked")
    }

    /// What another token sees: `GET` of a path.
    pub(crate) fn get_with(&self, token: &str, path: &str) -> Result<Value, ApiError> {
        let KubernetesServer { endpoint, certificate_authority } = self.options();
        let (token, path) = (token.to_owned(), path.to_owned());
        self.by_hand(|_| async move {
            Api::new(&endpoint, &certificate_authority, &token)?.get(&path).await
        })
    }

    /// An object or a list, by path: `/api/v1/namespaces/shop/configmaps`.
    pub(crate) fn get(&self, path: &str) -> Result<Value, ApiError> {
        let path = path.to_owned();
        self.by_hand(|api| async move { api.get(&path).await })
    }

    /// Server-side apply as somebody else (`kubectl`, an autoscaler), by force, at an object's path.
    pub(crate) fn apply(
        &self,
        path: &str,
        manager: &str,
        object: Value,
    ) -> Result<Value, ApiError> {
        let (path, manager) = (path.to_owned(), manager.to_owned());
        self.by_hand(|api| async move { api.apply(&path, &manager, &object).await })
    }

    /// A new object, at the path of its kind.
    pub(crate) fn create(&self, path: &str, object: Value) -> Result<Value, ApiError> {
        let path = path.to_owned();
        self.by_hand(|api| async move { api.create(&path, &object).await })
    }

    /// A merge patch, also of a status (`…/status`).
    pub(crate) fn merge(&self, path: &str, patch: Value) -> Result<Value, ApiError> {
        let path = path.to_owned();
        self.by_hand(|api| async move { api.merge(&path, &patch).await })
    }

    /// Watches the objects of a path until one of that name is as it is wanted.
    ///
    /// # Panics
    /// It is not within half a minute.
    #[track_caller]
    pub(crate) fn until(
        &self,
        path: &str,
        name: &str,
        is_wanted: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Value {
        let name = name.to_owned();
        self.until_any(path, move |object| object["metadata"]["name"] == *name && is_wanted(object))
    }

    /// The same for an object of any name.
    #[track_caller]
    pub(crate) fn until_any(
        &self,
        path: &str,
        is_wanted: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Value {
        let wanted = move |event: &str, object: &Value| event != "DELETED" && is_wanted(object);
        self.wait(path, wanted).unwrap_or_else(|| {
            panic!("not within half a minute; now: {:#}", self.get(path).unwrap())
        })
    }

    /// Watches the objects of a path until none has that name.
    #[track_caller]
    pub(crate) fn until_gone(&self, path: &str, name: &str) {
        let wanted = name.to_owned();
        let gone = move |event: &str, object: &Value| {
            event == "DELETED" && object["metadata"]["name"] == *wanted
        };
        let there = self.get(&format!("{path}/{name}")).is_ok();
        assert!(
            !there
                || self.wait(path, gone).is_some()
                || self.get(&format!("{path}/{name}")).is_err()
        );
    }

    /// The first object of which `is_wanted` says so, of those that are there (`""`) and of the changes that come.
    fn wait(
        &self,
        path: &str,
        is_wanted: impl Fn(&str, &Value) -> bool + Send + Sync + 'static,
    ) -> Option<Value> {
        let path = path.to_owned();
        self.by_hand(|api| async move {
            let look = async {
                loop {
                    let mut list = api.get(&path).await.unwrap();
                    let since = list["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
                    for object in list["items"].as_array_mut().unwrap() {
                        if is_wanted("", object) {
                            return object.take();
                        }
                    }
                    let mut watch = api.watch(&path, &since).await.unwrap();
                    while let Some(mut event) = watch.next().await {
                        if is_wanted(event["type"].as_str().unwrap_or_default(), &event["object"]) {
                            return event["object"].take();
                        }
                    }
                }
            };
            tokio::time::timeout(Duration::from_secs(30), look).await.ok()
        })
    }

    /// Deletes an object; nothing there is fine.
    pub(crate) fn delete(&self, path: &str) {
        let path = path.to_owned();
        self.by_hand(|api| async move { api.delete(&path, &Value::Null).await }).unwrap();
    }
}

/// Removes what earlier processes have left.
fn sweep(all: &Path) {
    for entry in std::fs::read_dir(all).unwrap().flatten() {
        let lock = File::open(entry.path().join("data.lock"));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
