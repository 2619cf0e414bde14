//! Servers on loopback: independent emulators, and local AWS on a port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Workdir, python};

/// A running server; ended when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) url: String,
}

impl Server {
    /// `moto_server`, with AWS's managed policies; its services converge with `running` tasks.
    pub(crate) fn moto(running: usize) -> Self {
        let port = free_port();
        let mut command = Command::new(python::moto().join("moto_server"));
        command
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
            .env("MOTO_ACM_VALIDATION_WAIT", "0")
            .env("MOTO_ECS_SERVICE_RUNNING", running.to_string());
        Self::start(command, port)
    }

    /// `ministack`.
    pub(crate) fn ministack() -> Self {
        let port = free_port();
        let mut command = Command::new(python::ministack().join("ministack"));
        command.env("BIND_HOST", "127.0.0.1").env("GATEWAY_PORT", port.to_string());
        Self::start(command, port)
    }

    /// `microburst` in front of another server, with a file of rules.
    pub(crate) fn microburst(upstream: &str, rules: &std::path::Path) -> Self {
        let port = free_port();
        let mut command = Command::new(python::microburst().join("microburst"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--upstream", upstream]);
        command.arg("--config").arg(rules);
        Self::start(command, port)
    }

    /// The body of what the server answers to a GET.
    pub(crate) fn get(&self, path: &str) -> String {
        self.ask("GET", path)
    }

    /// Makes moto forget everything.
    pub(crate) fn reset(&self) {
        self.ask("POST", "/moto-api/reset");
    }

    fn ask(&self, method: &str, path: &str) -> String {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())
    }

    /// `shipit local serve` in a folder.
    pub(crate) fn local(workdir: &Workdir, options: &[&str]) -> Self {
        let mut arguments = vec!["local", "serve", "--port", "0"];
        arguments.extend_from_slice(options);
        let mut child = workdir.command(&arguments).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "unexpected first line: {line}");
        Self { child, url }
    }

    fn start(mut command: Command, port: u16) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut server = Self { child, url: format!("http://127.0.0.1:{port}") };
        server.wait(port);
        server
    }

    /// Until it answers a request; polls, as the servers offer no other sign.
    fn wait(&mut self, port: u16) {
        let began = Instant::now();
        loop {
            if answers(port) {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status} before it answered");
            }
            assert!(began.elapsed() < Duration::from_secs(60), "no answer on port {port}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut byte = [0; 1];
    stream.write_all(request).is_ok() && stream.read(&mut byte).is_ok_and(|count| count == 1)
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
