//! The main container and its sidecars.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::build::{Build, BuildShape, SidecarImage, Source};
use super::settings::Settings;
use crate::manifest::env_file::EnvFile;
use crate::manifest::read::{
    Between, Port, Read, Reader, SecondsBetween, Text, choice, is_arn, is_map, notation, record,
    whole,
};
use crate::manifest::schema::{either, part};
use crate::manifest::yaml::{Node, Value};

record! {
    /// The main container's image.
    pub struct Image {
        /// The image to run: `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
        location: Option<String> as Option<Location>,
        /// How the image is built, instead: a Dockerfile's path, or a map.
        build: Option<Build> as Option<BuildShape>,
        /// The port that the container listens on.
        port: Option<u16> as Option<Port>,
        /// The instance's port that leads to it, in network mode `bridge`; any that is free when left out.
        host_port: Option<u16> as Option<Port>,
        /// More ports that the container listens on: `8081`, or with a protocol `8125/udp`.
        ports: Vec<SidecarPort>,
        /// The ARN of a secret with a private registry's user name and password.
        credentials: Option<String> as Option<SecretArn>,
        /// Docker labels.
        labels: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Containers to wait for, each with `start`, `complete`, `success` or `healthy`.
        depends_on: BTreeMap<String, Condition>,
        /// A command that ECS runs in the container to see whether it works.
        healthcheck: Option<ContainerHealthCheck>,
    }
}

record! {
    /// A command that ECS runs in a container to see whether it works.
    pub struct ContainerHealthCheck {
        /// The command: a list that starts with `CMD` or `CMD-SHELL`, or one line for a shell.
        command: Vec<String> as HealthCommand = default_health_command(),
        /// Time between two runs, 5s to 300s.
        interval: Duration as SecondsBetween<5, 300> = Duration::from_secs(10),
        /// Failures after which the container counts as unhealthy, 1 to 10.
        retries: u32 as Between<1, 10> = 2,
        /// Time after which a run counts as failed, 2s to 60s.
        timeout: Duration as SecondsBetween<2, 60> = Duration::from_secs(5),
        /// Time at the start in which failures do not count, 0s to 300s.
        start_period: Duration as SecondsBetween<0, 300> = Duration::ZERO,
    }
}

fn default_health_command() -> Vec<String> {
    ["CMD-SHELL", "curl -f http://localhost/ || exit 1"].map(str::to_owned).to_vec()
}

record! {
    /// A container that runs beside the main one in every task.
    pub struct Sidecar {
        ..=settings: Settings,
        /// The image to run.
        image: Source as SidecarImage,
        /// The port that it listens on: `8080`, or with a protocol `8125/udp`.
        port: Option<SidecarPort>,
        /// The instance's port that leads to `port`, in network mode `bridge`; any that is free when left out.
        host_port: Option<u16> as Option<Port>,
        /// More ports that it listens on.
        ports: Vec<SidecarPort>,
        /// CPU units of the task's that are kept for it.
        cpu: Option<u32> as Option<Between<1, 32768>>,
        /// The most memory that it may use, in MiB.
        memory: Option<u32> as Option<Between<6, 249_856>>,
        /// Memory of the task's that is kept for it, in MiB.
        memory_reservation: Option<u32> as Option<Between<6, 249_856>>,
        /// Whether the task stops when this container does.
        essential: bool = true,
        /// The ARN of a secret with a private registry's user name and password.
        "credentialsParameter" credentials: Option<String> as Option<SecretArn>,
        /// A file of environment variables, below `variables`: a path from the workspace's root, or `s3://BUCKET/KEY.env`.
        env_file: Option<String> as Option<EnvFile>,
        /// Environment variables.
        variables: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Environment variables whose values ECS takes from SSM or Secrets Manager.
        secrets: BTreeMap<String, Secret> as BTreeMap<String, SecretSource>,
        /// Where volumes of `storage.volumes` appear in this container.
        mount_points: Vec<MountPoint>,
        /// Docker labels.
        labels: BTreeMap<String, String> as BTreeMap<String, Text>,
        /// Containers to wait for, each with `start`, `complete`, `success` or `healthy`.
        depends_on: BTreeMap<String, Condition>,
        /// A command that ECS runs in the container to see whether it works.
        healthcheck: Option<ContainerHealthCheck>,
        /// Replaces the image's entry point.
        entrypoint: Option<Vec<String>> as Option<Command>,
        /// Replaces the image's command.
        command: Option<Vec<String>> as Option<Command>,
    }
}

record! {
    /// Where a volume appears in a container.
    pub struct MountPoint {
        /// The volume: a key of `storage.volumes`.
        source_volume: String,
        /// Where it appears in the container.
        path: String as AbsolutePath,
        /// Whether the container may not write to it.
        read_only: bool = true,
    }
}

choice! {
    /// What to wait for.
    pub enum Condition {
        /// The container has started.
        Start = "start" | "START",
        /// The container has ended, well or badly.
        Complete = "complete" | "COMPLETE",
        /// The container has ended well.
        Success = "success" | "SUCCESS",
        /// The container's health check has passed.
        Healthy = "healthy" | "HEALTHY",
    }
}

choice! {
    /// A transport protocol.
    pub enum PortProtocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
    }
}

/// A port with its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SidecarPort {
    /// The port's number.
    pub port: u16,
    /// TCP unless written otherwise.
    pub protocol: PortProtocol,
}

notation! {
    @impl SidecarPort, SidecarPort,
    { "type": ["integer", "string"], "examples": [8080, "8125/udp"] },
    |node, reader| {
        let expected = "a port, 1 to 65535, alone or with its protocol: `8125/udp`";
        let text = &reader.text(node, expected)?.text;
        let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol {
            "tcp" => Some(PortProtocol::Tcp),
            "udp" => Some(PortProtocol::Udp),
            _ => None,
        };
        let port = port.parse::<u16>().ok().filter(|port| *port > 0);
        match (port, protocol) {
            (Some(port), Some(protocol)) => Some(SidecarPort { port, protocol }),
            _ => reader.wrong(node, expected),
        }
    }
}

/// Where a secret's value is kept. The value itself is never read here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// The name of an SSM parameter in the environment's region.
    Ssm(String),
    /// The ARN of an SSM parameter or a Secrets Manager secret, possibly with `:key:stage:version`.
    Arn(String),
    /// The name of a Secrets Manager secret in the environment's region, possibly with `:key:stage:version`.
    SecretsManager(String),
}

record! {
    /// A secret in Secrets Manager.
    pub(crate) struct SecretsManagerName {
        /// The secret's name, possibly with `:key:stage:version`.
        secretsmanager: String as StoredSecret,
    }
}

/// What ECS can take a value from.
const SECRET_ARNS: &str = "the ARN of an SSM parameter (`arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`) or of a Secrets Manager secret (`arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`)";
/// The three parts that may follow a secret's name.
const SECRET_PARTS: &str = "the secret's name, or all three parts after it: `NAME:JSON-KEY:STAGE:VERSION`, of which any may be empty (`NAME:password::`)";
const ONE_VERSION: &str =
    "a version's stage or its id, not both: `NAME:JSON-KEY:STAGE:` or `NAME:JSON-KEY::VERSION`";

/// What an ARN must look like instead; nothing where ECS can take a value from it.
fn secret_arn_problem(arn: &str) -> Option<&'static str> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, rest) = (parts.next()?, parts.nth(2)?);
    match service {
        "ssm" if rest.starts_with("parameter/") => None,
        "secretsmanager" => match rest.strip_prefix("secret:") {
            Some(name) => secret_parts_problem(name),
            None => Some(SECRET_ARNS),
        },
        _ => Some(SECRET_ARNS),
    }
}

/// The same for a secret's name and what follows it.
fn secret_parts_problem(name: &str) -> Option<&'static str> {
    let parts: Vec<&str> = name.split(':').collect();
    match parts[..] {
        ["", ..] => Some(SECRET_PARTS),
        [_] => None,
        [_, _, stage, version] if !stage.is_empty() && !version.is_empty() => Some(ONE_VERSION),
        [_, _, _, _] => None,
        _ => Some(SECRET_PARTS),
    }
}

notation! {
    /// A secret's name in Secrets Manager.
    StoredSecret as String,
    { "type": "string" },
    |node, reader| {
        let text = &reader.text(node, SECRET_PARTS)?.text;
        match secret_parts_problem(text) {
            None => Some(text.clone()),
            Some(expected) => {
                reader.wrong::<()>(node, expected);
                let parts: Vec<&str> = text.split(':').collect();
                if let (Some(problem), [name, key]) = (reader.problems.last_mut(), &parts[..]) {
                    problem.help = Some(format!("for a JSON key, write {name}:{key}::"));
                }
                None
            }
        }
    }
}

notation! {
    /// The ARN of a secret with a registry's user name and password.
    SecretArn as String,
    { "type": "string", "pattern": "^arn:[a-z-]+:secretsmanager:" },
    |node, reader| {
        let expected = "the ARN of a secret: `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`";
        let text = &reader.text(node, expected)?.text;
        let secret = text.split(':').nth(2) == Some("secretsmanager") && text.split(':').count() == 7;
        if is_arn(text) && secret { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

/// An SSM parameter's name, an ARN, or `{secretsmanager: name}`.
#[derive(Debug)]
pub(crate) struct SecretSource;

impl JsonSchema for SecretSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretSource".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        either([part::<String>(generator), part::<SecretsManagerName>(generator)])
    }
}

impl Read for SecretSource {
    type Value = Secret;

    fn read(node: &Node, reader: &mut Reader) -> Option<Secret> {
        if is_map(node) {
            return SecretsManagerName::read(node, reader)
                .map(|map| Secret::SecretsManager(map.secretsmanager));
        }
        let expected = "an SSM parameter's name, an ARN, or `{secretsmanager: NAME}`";
        let text = &reader.text(node, expected)?.text;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
        if is_arn(text) {
            match secret_arn_problem(text) {
                None => Some(Secret::Arn(text.clone())),
                Some(expected) => reader.wrong(node, expected),
            }
        } else if !text.is_empty() && text.chars().all(allowed) {
            Some(Secret::Ssm(text.clone()))
        } else {
            reader.wrong::<()>(node, expected);
            if let Some(problem) = reader.problems.last_mut() {
                // The value itself may have been written here: do not print it.
                problem.message = "this is neither a parameter's name nor an ARN".to_owned();
                problem.help = Some("a secret's value does not belong in a manifest: store it with `shipit secret init NAME`".to_owned());
            }
            None
        }
    }
}

notation! {
    /// The name of a container image.
    Location as String,
    { "type": "string", "examples": ["public.ecr.aws/nginx/nginx:1.27"] },
    |node, reader| {
        let expected = "an image: `REPOSITORY:TAG` or `REPOSITORY@sha256:...`";
        let text = &reader.text(node, expected)?.text;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_.-:@".contains(c);
        let starts = text.starts_with(|c: char| c.is_ascii_alphanumeric());
        if starts && text.chars().all(allowed) && !text.contains("//") && !text.ends_with([':', '/', '@']) {
            return Some(text.clone());
        }
        let bare = text.split("://").nth(1).map(str::to_owned);
        reader.wrong::<()>(node, expected);
        if let (Some(problem), Some(bare)) = (reader.problems.last_mut(), bare) {
            problem.help = Some(format!("leave out the scheme: {bare}"));
        }
        None
    }
}

notation! {
    /// A path in a container.
    AbsolutePath as String,
    { "type": "string", "pattern": "^(/|[A-Za-z]:[/\\\\])" },
    |node, reader| {
        let expected = "an absolute path such as `/var/data`; on Windows, `C:\\data`";
        let text = &reader.text(node, expected)?.text;
        // Drives of Windows.
        let drive = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && (text[1..].starts_with(":\\") || text[1..].starts_with(":/"));
        if (drive || text.starts_with('/')) && !text.contains('\0') { Some(text.clone()) } else { reader.wrong(node, expected) }
    }
}

notation! {
    /// A command line: a list, or one line that is split as a shell would.
    Command as Vec<String>,
    { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": ["string", "number", "boolean"] } }] },
    |node, reader| {
        if matches!(node.value, Value::Sequence(_)) {
            return Vec::<Text>::read(node, reader);
        }
        let expected = "a list of words, or one line with shell quotes";
        let text = &reader.text(node, expected)?.text;
        match words(text) {
            Ok(words) if !words.is_empty() => Some(words),
            Ok(_) => reader.wrong(node, expected),
            Err(help) => {
                reader.wrong::<()>(node, expected);
                if let Some(problem) = reader.problems.last_mut() {
                    problem.help = Some(help.to_owned());
                }
                None
            }
        }
    }
}

notation! {
    /// A health check's command: a list, or one line for a shell.
    HealthCommand as Vec<String>,
    { "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }] },
    |node, reader| {
        let expected = "a list that starts with `CMD` or `CMD-SHELL`, or one line for a shell";
        if !matches!(node.value, Value::Sequence(_)) {
            let text = reader.text(node, expected)?.text.clone();
            return Some(vec!["CMD-SHELL".to_owned(), text]);
        }
        let words = Vec::<Text>::read(node, reader)?;
        let starts = words.first().is_some_and(|first| matches!(first.as_str(), "CMD" | "CMD-SHELL"));
        if starts && words.len() > 1 { Some(words) } else { reader.wrong(node, expected) }
    }
}

/// Splits a line as a POSIX shell would, without any expansion.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("a single quote is never closed"),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c),
                            Some(c) => word.extend(['\\', c]),
                            None => return Err("a double quote is never closed"),
                        },
                        Some(c) => word.push(c),
                        None => return Err("a double quote is never closed"),
                    }
                }
            }
            '\\' => {
                word.get_or_insert_default().push(chars.next().ok_or("a backslash ends the line")?)
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A number within bounds, for notations of other files.
pub(super) fn bounded(
    node: &Node,
    reader: &mut Reader,
    min: i64,
    max: i64,
    expected: &str,
) -> Option<u32> {
    whole(node, reader, min, max, expected)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn splits_like_a_shell() {
        let line = r#"/bin/sh -c "echo \"hi\" $HOME" 'a b' c\ d ''"#;
        assert_eq!(words(line).unwrap(), ["/bin/sh", "-c", r#"echo "hi" $HOME"#, "a b", "c d", ""]);
        assert_eq!(words("  ").unwrap(), Vec::<String>::new());
        assert_eq!(words("'a"), Err("a single quote is never closed"));
        assert_eq!(words("\"a\\"), Err("a double quote is never closed"));
        assert_eq!(words("a\\"), Err("a backslash ends the line"));
    }
}
