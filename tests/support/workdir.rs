//! A folder of its own for each test, and the binary run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions};
use shipit::local::clock::Speed;
use shipit::local::{LocalAws, LocalOptions};

/// The binary under test.
pub(crate) const SHIPIT: &str = env!("CARGO_BIN_EXE_shipit");

/// A temporary folder that the binary runs in, with an environment that holds no credentials.
pub(crate) struct Workdir {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a run printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails the test unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Stdout as a JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON ({error}):\n{}\n{}", self.stdout, self.stderr))
    }
}

impl Workdir {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// A folder with one of the example applications of `manifests/`.
    pub(crate) fn example(name: &str) -> Self {
        let workdir = Self::new();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name);
        copy(&from, workdir.path());
        workdir
    }

    /// Another folder with all that is in this one, the account, too.
    pub(crate) fn twin(&self) -> Self {
        let workdir =
            Self { folder: tempfile::tempdir().unwrap(), variables: self.variables.clone() };
        copy(self.path(), workdir.path());
        workdir
    }

    /// What `shipit init` writes: application `demo`, environment `test` in eu-west-1, and a service `api`
    /// of this type (`Load Balanced Web Service`, `Backend Service`) that listens on port 80.
    #[track_caller]
    pub(crate) fn demo(service_type: &str, image: &str) -> Self {
        let workdir = Self::new();
        let names = ["init", "--yes", "--app", "demo", "--env", "test", "--svc", "api"];
        let service = ["--region", "eu-west-1", "--type", service_type, "--image", image];
        workdir.shipit(&[&names[..], &service[..], &["--port", "80"]].concat()).expect(0);
        workdir
    }

    /// Does something in the account that this folder holds without shipit, in no simulated time.
    pub(crate) fn by_hand<T>(&self, act: impl AsyncFnOnce(Cx) -> T) -> T {
        self.by_hand_in("eu-west-1", act)
    }

    /// The same in another region. Where the runs in this folder go to an endpoint, this goes there, too.
    pub(crate) fn by_hand_in<T>(&self, region: &str, act: impl AsyncFnOnce(Cx) -> T) -> T {
        let endpoint_url = self.get("AWS_ENDPOINT_URL").map(str::to_owned);
        let client = match endpoint_url {
            Some(_) => aws_smithy_http_client::Builder::new().build_http(),
            None => http_client(LocalAws::open(self.account()).unwrap()),
        };
        let options = SessionOptions {
            region: Some(region.to_owned()),
            local: Some(client),
            endpoint_url,
            time_factor: Some(1e3),
            ..SessionOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let session = Session::load(&options, CallLog::new(None)).await.unwrap();
            act(session.cx("123456789012".to_owned())).await
        })
    }

    fn account(&self) -> LocalOptions {
        LocalOptions {
            directory: Some(self.path().join(".shipit").join("local")),
            speed: Speed::Instant,
            ..LocalOptions::default()
        }
    }

    fn get(&self, variable: &str) -> Option<&str> {
        self.variables.iter().find(|(name, _)| name == variable).map(|(_, value)| value.as_str())
    }

    /// Whether the runs in this folder go to local AWS when they are told `--local`, and nowhere else.
    pub(crate) fn is_local(&self) -> bool {
        self.get("AWS_ENDPOINT_URL").is_none()
    }

    /// Sends the runs in this folder to an endpoint that takes any credentials.
    pub(crate) fn at(self, url: &str) -> Self {
        self.variable("AWS_ENDPOINT_URL", url)
            .variable("AWS_ACCESS_KEY_ID", "test")
            .variable("AWS_SECRET_ACCESS_KEY", "test")
    }

    /// Sets an environment variable for the runs in this folder.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Reads a file.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Replaces text in a file; it must be there.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "`{from}` is not in {path}:\n{text}");
        self.write(path, text.replace(from, to));
    }

    /// The binary with these arguments, not started yet.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SHIPIT);
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("COLUMNS", "100")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary with these arguments to its end.
    #[track_caller]
    pub(crate) fn shipit(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(&self.path().display().to_string(), "[DIR]")
        };
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Each step of a plan on local AWS, in the plan's order: `action address: changed fields`.
    #[track_caller]
    pub(crate) fn steps(&self, arguments: &[&str]) -> Vec<String> {
        let plan = self.local(&[&["--format", "json"], arguments].concat()).expect(0).json();
        let step = |step: &serde_json::Value| {
            let changes = step["changes"].as_array().unwrap().iter();
            let paths: Vec<&str> = changes.map(|change| change["path"].as_str().unwrap()).collect();
            let text = |name: &str| step[name].as_str().unwrap().to_owned();
            format!("{} {}: {}", text("action"), text("address"), paths.join(" "))
        };
        plan["steps"].as_array().unwrap().iter().map(step).collect()
    }

    /// Runs the binary on local AWS, without waiting for simulated time.
    #[track_caller]
    pub(crate) fn local(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["--local", "--local-speed", "instant"];
        all.extend_from_slice(arguments);
        self.shipit(&all)
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in
        std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()))
    {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
