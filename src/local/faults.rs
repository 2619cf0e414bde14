//! Failure on demand: a script of what goes wrong, and at which call.
//!
//! ```yaml
//! seed: 7                      # of probabilities; 0 if absent
//! rules:
//! - on: {service: ecs, operation: CreateService, call: 1}   # the first matching call
//!   fault: throttle
//! - on: {operation: Describe*, probability: 0.1}
//!   fault: {error: {code: AccessDeniedException, status: 403, message: no}}
//! - on: {operation: Create*, calls: [2, 5]}
//!   fault: {server-error: 503}                              # before any effect
//! - on: {service: ec2, operation: CreateVpc}
//!   fault: lost-answer                                      # after the effect; reset: before any
//! - on: {service: iam}
//!   fault: {latency: 300ms}
//! - on: {operation: Describe*}
//!   fault: {stale: 5s}                      # a read sees what was there five seconds ago
//! - on: {call: 40}                                          # the 40th call of all
//!   fault: crash                                            # or: {crash: after}
//! - on: {call: 12}
//!   fault: disconnect            # from here on nothing is reached: a crash for tests in process
//! rollouts:
//! - image: "*:broken"
//!   fault: cannot-pull
//! - service: api
//!   fault: unhealthy             # or: {unhealthy: 404}, unhealthy-timeout, exits, out-of-memory,
//! - image: "*:crash"             # wrong-platform, no-route, pull-denied, secret-denied, no-capacity
//!   fault: {exits: {code: 3, lines: [no database]}}
//! ```
//! `call` and `calls` count from 1, over the calls of this process that match the rest of `on`. Calls to a cluster's API server
//! are those of the service `kubernetes`; they meet `crash` and `latency` alone, as others answer them.
//! Names may hold `*`. The first rule of each sort that matches a call counts.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The service whose calls others answer.
pub(super) const KUBERNETES: &str = "kubernetes";

/// A script of faults with its counters. Clones share the counters.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    script: Arc<Script>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    of_rules: Vec<u64>,
    disconnected: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Script {
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    rollouts: Vec<RolloutRule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Rule {
    on: On,
    fault: Fault,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct On {
    service: Option<String>,
    operation: Option<String>,
    call: Option<u64>,
    #[serde(default)]
    calls: Vec<u64>,
    probability: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Fault {
    Throttle,
    Error(Refusal),
    ServerError(u16),
    LostAnswer,
    Reset,
    Latency(String),
    Stale(String),
    Crash(Option<CrashWhen>),
    Disconnect,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Refusal {
    code: String,
    #[serde(default = "bad_request")]
    status: u16,
    #[serde(default)]
    message: String,
}

fn bad_request() -> u16 {
    400
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CrashWhen {
    Before,
    After,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RolloutRule {
    service: Option<String>,
    image: Option<String>,
    fault: Rollout,
}

/// How the tasks of a service go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollout {
    /// The image is not found: `CannotPullContainerError`, the task never runs.
    CannotPull,
    /// The image is for another processor.
    WrongPlatform,
    /// The registry cannot be reached.
    NoRoute,
    /// The registry refuses.
    PullDenied,
    /// The execution role may not read the secrets.
    SecretDenied,
    /// There is no room for tasks: none is started.
    NoCapacity,
    /// The tasks run, and fail their health checks; with a number, by answering with that code.
    Unhealthy(Option<u16>),
    /// The tasks run, and do not answer their health checks.
    UnhealthyTimeout,
    /// The essential container exits after it has started, with code 1 unless told otherwise.
    Exits(Option<Exit>),
    /// It takes more memory than it has.
    OutOfMemory,
}

/// How a container exits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Exit {
    /// Its exit code.
    #[serde(default = "one")]
    pub code: i64,
    /// What it writes before.
    #[serde(default)]
    pub lines: Vec<String>,
    /// How long it runs on AWS: `40m`; five seconds if absent.
    #[serde(default)]
    pub after: Option<String>,
}

impl Exit {
    /// Exits with a code, and nothing more is said of it.
    pub fn with(code: i64) -> Self {
        Self { code, lines: Vec::new(), after: None }
    }

    /// How long the container runs.
    pub fn runs(&self) -> Option<Duration> {
        self.after.as_deref().and_then(|text| duration(text).ok())
    }
}

fn one() -> i64 {
    1
}

/// What a call meets, already decided.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Effects {
    pub(super) latency: Duration,
    pub(super) stale: Option<Duration>,
    pub(super) refusal: Option<Refused>,
    pub(super) crash_before: bool,
    pub(super) crash_after: bool,
    pub(super) lost_answer: bool,
    pub(super) reset: bool,
    pub(super) disconnected: bool,
}

/// A refusal before any effect. `code` is empty for the service's own throttling error.
#[derive(Debug, PartialEq)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) status: u16,
    pub(super) message: String,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a script: YAML, of which JSON is a part. The error names line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        let script: Script =
            serde_saphyr::from_str(text).map_err(|error| format!("the fault script: {error}"))?;
        for rule in &script.rules {
            if let Fault::Latency(text) | Fault::Stale(text) = &rule.fault {
                duration(text)?;
            }
            if rule.on.service.as_deref() == Some(KUBERNETES)
                && !matches!(rule.fault, Fault::Crash(_) | Fault::Latency(_))
            {
                return Err(format!(
                    "the fault script: calls of `{KUBERNETES}` are answered by its API server: they meet `crash` and `latency` alone"
                ));
            }
            if let Fault::Error(Refusal { status, .. }) | Fault::ServerError(status) = rule.fault
                && !(400..=599).contains(&status)
            {
                return Err(format!("the fault script: {status} is no status of an error"));
            }
            if let Some(p) = rule.on.probability.filter(|p| !(0.0..=1.0).contains(p)) {
                return Err(format!("the fault script: {p} is no probability"));
            }
        }
        if let Some(at) =
            script.rollouts.iter().position(|r| r.service.is_none() && r.image.is_none())
        {
            return Err(format!("the fault script: rollouts[{at}] names no service and no image"));
        }
        for rollout in &script.rollouts {
            if let Rollout::Exits(Some(Exit { after: Some(text), .. })) = &rollout.fault {
                duration(text)?;
            }
        }
        let of_rules = vec![0; script.rules.len()];
        let counts = Counts { of_rules, disconnected: false };
        Ok(Self { script: Arc::new(script), counts: Arc::new(Mutex::new(counts)) })
    }

    /// Reads a script from a file.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the fault script {}: {error}", path.display()))?;
        Self::parse(&text)
    }

    /// How tasks of this service with this image go wrong, if they do.
    pub fn rollout(&self, service: &str, image: &str) -> Option<Rollout> {
        let meets = |pattern: &Option<String>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| matches(pattern, text))
        };
        let rules = self.script.rollouts.iter();
        rules
            .clone()
            .find(|r| meets(&r.service, service) && meets(&r.image, image))
            .map(|r| r.fault.clone())
    }

    /// Decides what this call meets and counts it.
    pub(super) fn meet(&self, service: &str, operation: &str) -> Effects {
        let mut effects = Effects::default();
        if self.script.rules.is_empty() {
            return effects;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, rule) in self.script.rules.iter().enumerate() {
            let on = &rule.on;
            let named = on.service.as_ref().is_none_or(|name| matches(name, service))
                && on.operation.as_ref().is_none_or(|name| matches(name, operation));
            if !named {
                continue;
            }
            counts.of_rules[at] += 1;
            let count = counts.of_rules[at];
            let counted = (on.call.is_none() && on.calls.is_empty())
                || on.call == Some(count)
                || on.calls.contains(&count);
            if counted && on.probability.is_none_or(|p| self.draw(at, count) < p) {
                effects.add(&rule.fault);
            }
        }
        counts.disconnected |= effects.disconnected;
        effects.disconnected = counts.disconnected;
        effects
    }

    /// A number in 0..1 that depends on nothing but seed, rule and count.
    fn draw(&self, rule: usize, count: u64) -> f64 {
        let hash = Sha256::digest(format!("{}/{rule}/{count}", self.script.seed));
        let bits = hash.iter().take(6).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        bits as f64 / (1_u64 << 48) as f64
    }
}

impl Effects {
    fn add(&mut self, fault: &Fault) {
        let refused = |code: &str, status, message: &str| {
            Some(Refused { code: code.to_owned(), status, message: message.to_owned() })
        };
        match fault {
            Fault::Throttle if self.refusal.is_none() => {
                self.refusal = refused("", 400, "Rate exceeded");
            }
            Fault::Error(error) if self.refusal.is_none() => {
                self.refusal = refused(&error.code, error.status, &error.message);
            }
            Fault::ServerError(status) if self.refusal.is_none() => {
                let code = if *status == 503 { "ServiceUnavailable" } else { "InternalFailure" };
                self.refusal = refused(code, *status, "scripted server error");
            }
            Fault::Throttle | Fault::Error(_) | Fault::ServerError(_) => {}
            Fault::LostAnswer => self.lost_answer = true,
            Fault::Reset => self.reset = true,
            Fault::Latency(text) => self.latency += duration(text).unwrap_or_default(),
            Fault::Stale(text) => self.stale = duration(text).ok(),
            Fault::Crash(Some(CrashWhen::After)) => self.crash_after = true,
            Fault::Crash(_) => self.crash_before = true,
            Fault::Disconnect => self.disconnected = true,
        }
    }
}

/// `300ms`, `5s`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("the fault script: `{text}` is no duration: write `300ms`, `5s` or `2m`");
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let number: u64 = text[..split].parse().map_err(|_| wrong())?;
    match &text[split..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(wrong()),
    }
}

/// Does `text` match a pattern in which `*` stands for any characters?
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("Create*", "CreateVpc"));
        assert!(matches("*:broken", "nginx:broken"));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(matches("*", ""));
        assert!(!matches("Create", "CreateVpc"));
        assert!(!matches("a*a", "a"));
    }

    #[test]
    fn the_documented_script_is_read() {
        let text = include_str!("faults.rs");
        let script = text.split("```").nth(1).unwrap().strip_prefix("yaml\n").unwrap();
        let script: Vec<&str> = script.lines().map(|line| line.trim_start_matches("//!")).collect();
        let script: String = script
            .iter()
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        let faults = Faults::parse(&script).unwrap();
        assert_eq!(faults.script.rules.len(), 8);
        assert_eq!(faults.rollout("api", "nginx:1"), Some(Rollout::Unhealthy(None)));
        assert_eq!(faults.rollout("web", "nginx:broken"), Some(Rollout::CannotPull));
        let exit = Exit { lines: vec!["no database".to_owned()], ..Exit::with(3) };
        assert_eq!(faults.rollout("web", "nginx:crash"), Some(Rollout::Exits(Some(exit))));
        assert_eq!(faults.rollout("web", "nginx:1"), None);
        assert_eq!(faults.meet("ecs", "CreateService").refusal.unwrap().message, "Rate exceeded");
        assert_eq!(faults.meet("ecs", "CreateService").refusal.unwrap().status, 503);
        assert_eq!(faults.meet("ecs", "CreateService").refusal, None);
        assert!(faults.meet("ec2", "CreateVpc").lost_answer);
        assert_eq!(faults.meet("iam", "GetRole").latency, Duration::from_millis(300));
    }

    #[test]
    fn after_a_disconnect_nothing_is_reached() {
        let faults = Faults::parse("rules: [{on: {call: 2}, fault: disconnect}]").unwrap();
        let met: Vec<bool> = (0..4).map(|_| faults.meet("s", "o").disconnected).collect();
        assert_eq!(met, [false, true, true, true]);
    }

    #[test]
    fn bad_scripts_are_refused() {
        for bad in [
            "rules: [{on: {}, fault: explode}]",
            "rules: [{on: {verb: x}, fault: throttle}]",
            "rules: [{on: {}, fault: {latency: soon}}]",
            "rules: [{on: {}, fault: {server-error: 200}}]",
            "rules: [{on: {probability: 2}, fault: throttle}]",
            "rollouts: [{fault: unhealthy}]",
            "nonsense: 1",
        ] {
            assert!(Faults::parse(bad).is_err(), "{bad}");
        }
    }
}
