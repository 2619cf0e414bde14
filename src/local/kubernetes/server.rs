//! etcd and kube-apiserver, started and stopped in order.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::supervisor::Supervised;
use super::{Api, Place, Programs, Trouble, node, play, webhook};
use crate::local::clock::Speed;
use crate::local::{KubernetesServer, ids};

const HOST: &str = "127.0.0.1";
/// Whoever sends the token of this user is an administrator.
const ADMIN: &str = "shipit-local";

/// How long each program may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(25);
/// How often another port is tried where somebody else has taken the one that was free a moment ago.
const TRIES: usize = 3;

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// What runs.
    pub programs: Programs,
    /// Where its data are kept.
    pub folder: PathBuf,
    /// Its port; any that is free if absent.
    pub port: Option<u16>,
    /// Whether it begins anew.
    pub fresh: bool,
    /// How fast controllers and kubelets are played; they are not if absent.
    pub play: Option<Speed>,
}

/// A running API server. When it is dropped, or the process ends, its programs end in order, a moment later.
#[derive(Debug)]
pub struct Server {
    // In this order, as what is dropped first ends first.
    kube_apiserver: Supervised,
    etcd: Supervised,
    webhook: JoinHandle<io::Result<()>>,
    play: Option<JoinHandle<()>>,
    node: Option<JoinHandle<io::Result<()>>>,
    endpoint: String,
    authority: String,
    version: String,
    token: String,
    api: Api,
    place: Place,
}

impl Server {
    /// Starts the programs, and waits until they work.
    ///
    /// # Errors
    /// What does not start, and why.
    pub async fn start(options: &Options) -> Result<Self, Trouble> {
        let place = Place::take(&options.folder, options.fresh).await?;
        let broken = |error: io::Error| {
            Trouble::new(format!("the folder {}: {error}", options.folder.display()), "")
        };
        let listener = TcpListener::bind((HOST, 0)).await;
        let listener =
            listener.map_err(|error| Trouble::new(format!("no port is free: {error}"), ""))?;
        let hook = listener.local_addr().map_err(broken)?;
        let webhook = tokio::spawn(webhook::serve(listener));
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "webhook",
            "clusters": [{"name": "webhook", "cluster": {"server": format!("http://{hook}/")}}],
            "users": [{"name": "webhook"}],
            "contexts": [{"name": "webhook", "context": {"cluster": "webhook", "user": "webhook"}}],
        });
        let webhook_config = place.write("webhook.json", &config.to_string()).map_err(broken)?;
        let token = format!("{:016x}{:016x}", ids::random(), ids::random());
        let tokens = format!("{token},{ADMIN},{ADMIN},system:masters\n");
        let tokens = place.write("tokens.csv", &tokens).map_err(broken)?;
        if let Some(port) = options.port {
            TcpListener::bind((HOST, port)).await.map_err(|error| {
                let what = format!("port {port} of {HOST} cannot be used: {error}");
                Trouble::new(
                    what,
                    "choose another with `--port`, or `--port 0` for any that is free",
                )
            })?;
        }
        let (etcd, store) = etcd(&place, &options.programs.etcd).await?;
        let wanted = Wanted {
            options,
            place: &place,
            store: &store,
            webhook: &webhook_config,
            tokens: &tokens,
            token: &token,
        };
        let (kube_apiserver, endpoint, authority, api) = wanted.kube_apiserver(&etcd).await?;
        let version = api.get("/version").await.map_err(|error| Trouble::new(error.message, ""))?;
        let version = version["gitVersion"].as_str().unwrap_or_default().to_owned();
        let (mut play, mut node) = (None, None);
        if let Some(speed) = options.play {
            let listener = TcpListener::bind((HOST, 0)).await.map_err(broken)?;
            let port = listener.local_addr().map_err(broken)?.port();
            let key = std::fs::read_to_string(wanted.certificate("key")).map_err(broken)?;
            let tls = node::acceptor(&authority, &key)?;
            node = Some(tokio::spawn(node::serve(listener, tls, api.clone())));
            play = Some(tokio::spawn(always(api.clone(), speed, port)));
        }
        Ok(Self {
            kube_apiserver,
            etcd,
            webhook,
            play,
            node,
            endpoint,
            authority,
            version,
            token,
            api,
            place,
        })
    }

    /// What local AWS is told of it.
    pub fn server(&self) -> KubernetesServer {
        KubernetesServer {
            endpoint: self.endpoint.clone(),
            certificate_authority: self.authority.clone(),
        }
    }

    /// Its version, such as `v1.33.2`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A token with which everything is allowed, and no EKS asked.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A client with that token.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Lets `--local` in the same workspace find it, and `kubectl` use it: the path of a configuration for that.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn publish(&self) -> io::Result<PathBuf> {
        use base64::Engine as _;
        let authority = self.place.write("authority.pem", &self.authority)?;
        self.place.tell(&self.endpoint, &authority, &self.version)?;
        let data = base64::engine::general_purpose::STANDARD.encode(&self.authority);
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": ADMIN,
            "clusters": [{
                "name": ADMIN,
                "cluster": {"server": self.endpoint, "certificate-authority-data": data},
            }],
            "users": [{"name": ADMIN, "user": {"token": self.token}}],
            "contexts": [{"name": ADMIN, "context": {"cluster": ADMIN, "user": ADMIN}}],
        });
        self.place.write("kubeconfig", &format!("{config:#}\n"))
    }

    /// Waits for what should not happen: that one of the programs ends by itself.
    pub async fn ended(&mut self) -> Trouble {
        loop {
            for (program, name) in
                [(&mut self.kube_apiserver, "kube-apiserver"), (&mut self.etcd, "etcd")]
            {
                if let Some(status) = program.ended() {
                    let what = format!("{name} ended ({status}):{}", program.last_lines(5));
                    return Trouble::new(what, "start it again; what it held is kept");
                }
            }
            tokio::time::sleep(PAUSE * 8).await;
        }
    }

    /// Stops the API server, then etcd, and waits for both.
    pub async fn stop(mut self) {
        self.place.forget();
        // Watches that go on would keep the API server from ending.
        self.play.take().inspect(JoinHandle::abort);
        self.node.take().inspect(JoinHandle::abort);
        self.kube_apiserver.stop().await;
        self.etcd.stop().await;
        self.webhook.abort();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.place.forget();
        self.play.take().inspect(JoinHandle::abort);
        self.node.take().inspect(JoinHandle::abort);
        self.webhook.abort();
    }
}

/// Plays, also after the API server was not there for a while.
async fn always(api: Api, speed: Speed, port: u16) {
    let api = api.managed_by("kube-controller-manager");
    loop {
        let _ = play::run(api.clone(), speed, port).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// A port that is free at the moment.
async fn free_port() -> Result<u16, Trouble> {
    let port = async { TcpListener::bind((HOST, 0)).await?.local_addr() }.await;
    port.map(|address| address.port())
        .map_err(|error| Trouble::new(format!("no port is free: {error}"), ""))
}

/// A started etcd, and its URL.
async fn etcd(place: &Place, program: &Path) -> Result<(Supervised, String), Trouble> {
    let mut tries = 0;
    loop {
        tries += 1;
        let port = free_port().await?;
        let url = format!("http://{HOST}:{port}");
        let arguments = [
            format!("--data-dir={}", place.path("etcd").display()),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls=http://{HOST}:0"),
        ];
        let holds = place.hold().map_err(|error| Trouble::new(error.to_string(), ""))?;
        let mut etcd = start("etcd", program, &arguments, place, holds)?;
        let began = Instant::now();
        let why = loop {
            if healthy(port).await {
                return Ok((etcd, url));
            }
            if let Some(status) = etcd.ended() {
                break format!("it ended ({status})");
            }
            if began.elapsed() > PATIENCE {
                break format!("no answer within {} seconds", PATIENCE.as_secs());
            }
            tokio::time::sleep(PAUSE).await;
        };
        if !etcd.is_taken() || tries == TRIES {
            let what = format!("etcd does not start: {why}:{}", etcd.last_lines(5));
            return Err(Trouble::new(what, "`--fresh` begins with an empty cluster"));
        }
    }
}

/// Whether etcd says that it works.
async fn healthy(port: u16) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect((HOST, port)).await?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer.contains("\"true\""))
    };
    tokio::time::timeout(Duration::from_secs(5), asked)
        .await
        .is_ok_and(|asked| asked.unwrap_or(false))
}

fn start(
    name: &str,
    program: &Path,
    arguments: &[String],
    place: &Place,
    holds: std::process::Stdio,
) -> Result<Supervised, Trouble> {
    let log = place.path(&format!("{name}.log"));
    Supervised::start(program, arguments, log, holds)
        .map_err(|error| Trouble::new(format!("{name} cannot be started by sh: {error}"), ""))
}

/// What kube-apiserver is started with.
struct Wanted<'a> {
    options: &'a Options,
    place: &'a Place,
    store: &'a str,
    webhook: &'a Path,
    tokens: &'a Path,
    token: &'a str,
}

impl Wanted<'_> {
    /// Started and ready: its endpoint, who signed its certificate, and a client.
    async fn kube_apiserver(
        &self,
        etcd: &Supervised,
    ) -> Result<(Supervised, String, String, Api), Trouble> {
        let mut tries = 0;
        loop {
            tries += 1;
            let port = match self.options.port {
                Some(port) => port,
                None => free_port().await?,
            };
            let endpoint = format!("https://{HOST}:{port}");
            let holds = etcd.hold().map_err(|error| Trouble::new(error.to_string(), ""))?;
            let program = &self.options.programs.kube_apiserver;
            let mut server =
                start("kube-apiserver", program, &self.arguments(port), self.place, holds)?;
            let why = match self.ready(&mut server, &endpoint).await {
                Ok((authority, api)) => return Ok((server, endpoint, authority, api)),
                Err(why) => why,
            };
            if !server.is_taken() || self.options.port.is_some() || tries == TRIES {
                let what = format!("kube-apiserver does not start: {why}:{}", server.last_lines(5));
                let log = self.place.path("kube-apiserver.log");
                return Err(Trouble::new(what, format!("{} has all that it wrote", log.display())));
            }
            server.stop().await;
        }
    }

    /// Flags that every version from 1.20 on has. The keys of service accounts are those of its certificate, which it
    /// makes before it reads them.
    fn arguments(&self, port: u16) -> Vec<String> {
        let key = self.certificate("key");
        let key = key.display();
        vec![
            format!("--etcd-servers={}", self.store),
            format!("--cert-dir={}", self.place.path("certificates").display()),
            format!("--bind-address={HOST}"),
            format!("--advertise-address={HOST}"),
            format!("--secure-port={port}"),
            "--endpoint-reconciler-type=none".to_owned(),
            "--service-cluster-ip-range=10.100.0.0/16".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={key}"),
            format!("--service-account-signing-key-file={key}"),
            "--authorization-mode=AlwaysAllow".to_owned(),
            "--anonymous-auth=false".to_owned(),
            format!("--token-auth-file={}", self.tokens.display()),
            format!("--authentication-token-webhook-config-file={}", self.webhook.display()),
            "--authentication-token-webhook-version=v1".to_owned(),
            // Without their controller, service accounts would have no tokens, and no pod could be made.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
            "--allow-privileged=true".to_owned(),
        ]
    }

    /// The API server's own certificate, or its key.
    fn certificate(&self, extension: &str) -> PathBuf {
        self.place.path("certificates").join(format!("apiserver.{extension}"))
    }

    async fn ready(
        &self,
        server: &mut Supervised,
        endpoint: &str,
    ) -> Result<(String, Api), String> {
        let began = Instant::now();
        let mut told = String::new();
        loop {
            // Its certificate, followed by that of who signed it.
            if let Ok(authority) = std::fs::read_to_string(self.certificate("crt"))
                && authority.ends_with("-----END CERTIFICATE-----\n")
            {
                let api =
                    Api::new(endpoint, &authority, self.token).map_err(|error| error.message)?;
                match api.get("/readyz").await {
                    Ok(_) => return Ok((authority, api)),
                    Err(error) => told = error.message,
                }
            }
            if let Some(status) = server.ended() {
                return Err(format!("it ended ({status})"));
            }
            if began.elapsed() > PATIENCE {
                return Err(format!(
                    "it is not ready within {} seconds ({told})",
                    PATIENCE.as_secs()
                ));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
