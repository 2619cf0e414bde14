//! One release: the record of one apply to one scope.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::{self, Digests};
use crate::engine::Address;

/// The largest value of a parameter of the standard tier, in bytes.
pub const LARGEST: usize = 4096;
/// The version of a record's form.
const FORM: u32 = 1;

/// How an apply ended for one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Everything was done and works.
    Completed,
    /// Everything was done, but nobody waited whether it works (`--no-wait`).
    NotAwaited,
    /// Something failed.
    Failed,
    /// It failed, and ECS went back to the last deployment that worked.
    RolledBackByEcs,
    /// It was interrupted.
    Interrupted,
    /// The deployment has paused, and nobody waits for its end.
    Paused,
}

impl Ending {
    /// As people read it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotAwaited => "not awaited",
            Self::Failed => "failed",
            Self::RolledBackByEcs => "rolled back by ECS",
            Self::Interrupted => "interrupted",
            Self::Paused => "paused",
        }
    }

    /// Whether it may be gone back to without being named.
    pub fn is_good(self) -> bool {
        self == Self::Completed
    }
}

/// What a container ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// As the manifest names it.
    pub image: String,
    /// What it was at that time: `sha256:…`, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// One release. Its number is its parameter's version. Holds no value of a secret: what it
/// keeps of documents are digests, and documents hold handles only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The version of this form.
    pub form: u32,
    /// When, in UTC: `2026-11-21T07:12:29Z`.
    pub at: String,
    /// Who: the caller's ARN.
    pub by: String,
    /// shipit's version.
    pub shipit: String,
    /// How it ended.
    pub outcome: Ending,
    /// The release it went back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<i64>,
    /// The task definition: `demo-test-api:3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// On EKS, what tells the template of its pods from others: a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What its containers run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, Image>,
    /// How many tasks; absent where autoscaling decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// The git commit of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Files of the workspace differed from that commit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
    /// What was applied, as digests.
    #[serde(default, skip_serializing_if = "Digests::is_empty")]
    pub applied: Digests,
    /// The same for what the service needed of the environment and made there.
    #[serde(default, skip_serializing_if = "Digests::is_empty")]
    pub made: Digests,
}

impl Release {
    /// A release of now, with nothing known but who and how it ended.
    pub fn new(at: String, by: String, outcome: Ending) -> Self {
        Self {
            form: FORM,
            at,
            by,
            shipit: env!("CARGO_PKG_VERSION").to_owned(),
            outcome,
            rollback_to: None,
            task_definition: None,
            revision: None,
            images: BTreeMap::new(),
            count: None,
            commit: None,
            dirty: false,
            applied: Digests::new(),
            made: Digests::new(),
        }
    }

    /// The same, known to have ended after all: the release after it. What became of the service is no longer what was
    /// written down, so that nothing is said of it.
    #[must_use]
    pub fn ended(&self, at: String, by: String, outcome: Ending, service: &str) -> Self {
        let mut ended = Self { at, by, outcome, ..self.clone() };
        if outcome.is_good() {
            ended.applied.remove(&Address::new("ecs/service", service));
        }
        ended
    }

    /// Whether its end was not known when it was written.
    pub fn is_open(&self) -> bool {
        matches!(self.outcome, Ending::Paused | Ending::NotAwaited)
    }

    /// Reads a parameter's value; `None` for what no version of shipit up to this one wrote.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|release: &Self| release.form <= FORM)
    }

    /// The parameter's value, at most [`LARGEST`] bytes: what is least needed is left out until it
    /// fits. First go the digests of single fields, then those of documents (the largest part, and
    /// without them drift is only unmarked), then images.
    pub fn write(&self) -> String {
        let mut fitting = self.clone();
        let text = |release: &Self| serde_json::to_string(release).unwrap_or_default();
        let fits = |release: &Self| text(release).len() <= LARGEST;
        if !fits(&fitting) {
            for entry in fitting.applied.values_mut().chain(fitting.made.values_mut()) {
                *entry = digest::whole(entry);
            }
        }
        while !fits(&fitting) && fitting.made.pop_last().is_some() {}
        while !fits(&fitting) && fitting.applied.pop_last().is_some() {}
        while !fits(&fitting) && fitting.images.pop_last().is_some() {}
        if !fits(&fitting) {
            fitting.by = fitting.by.chars().take(256).collect();
        }
        text(&fitting)
    }

    /// What it ran: a task definition, or the digest of a template of pods.
    pub fn ran(&self) -> Option<&str> {
        self.task_definition.as_deref().or(self.revision.as_deref())
    }

    /// Its images on one line.
    pub fn image(&self) -> String {
        let images: Vec<&str> = self.images.values().map(|image| image.image.as_str()).collect();
        images.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(resources: usize, fields: usize) -> Release {
        let mut release =
            Release::new("2026-11-21T07:12:29Z".into(), "arn".into(), Ending::Completed);
        release.task_definition = Some("demo-test-api:3".to_owned());
        for number in 0..resources {
            let address = Address::new("logs/log-group", format!("api/sidecar-{number:03}"));
            release.applied.insert(address, "abcd".repeat(fields));
        }
        release
    }

    #[test]
    fn what_fits_is_kept_whole() {
        let whole = release(8, 20);
        assert_eq!(Release::read(&whole.write()), Some(whole));
    }

    #[test]
    fn what_does_not_fit_loses_what_is_least_needed() {
        // A hundred resources: a digest for each field would be too much, one for each is too.
        let text = release(100, 20).write();
        assert!(text.len() <= LARGEST, "{}", text.len());
        let read = Release::read(&text).unwrap();
        assert_eq!(read.task_definition.as_deref(), Some("demo-test-api:3"));
        assert!(read.applied.len() > 60, "{}", read.applied.len());
        assert!(read.applied.values().all(|entry| entry.starts_with('=')));
        let forty = Release::read(&release(40, 20).write()).unwrap();
        assert_eq!(forty.applied.len(), 40);
        // Whatever is in it, it never grows too large.
        let mut odd = release(0, 0);
        odd.by = "x".repeat(5000);
        for number in 0..100 {
            let image = Image { image: "y".repeat(200), digest: None };
            odd.images.insert(number.to_string(), image);
        }
        assert!(odd.write().len() <= LARGEST);
    }

    #[test]
    fn a_release_that_paused_is_the_same_when_it_has_ended() {
        let service = Address::new("ecs/service", "api");
        let mut paused = release(1, 1);
        paused.outcome = Ending::Paused;
        paused.applied.insert(service.clone(), "of before".to_owned());
        let ended = |outcome| paused.ended("later".into(), "who".into(), outcome, "api");
        // What was written down of the service is of before the deployment that has now completed.
        let done = ended(Ending::Completed);
        assert_eq!((done.applied.len(), done.applied.get(&service)), (1, None));
        assert_eq!((done.at.as_str(), done.by.as_str(), done.is_open()), ("later", "who", false));
        assert_eq!(done.task_definition, paused.task_definition);
        assert_eq!(ended(Ending::RolledBackByEcs).applied, paused.applied);
        assert!(paused.is_open());
    }

    #[test]
    fn what_a_later_version_wrote_is_left_alone() {
        let mut later = release(1, 1);
        later.form = FORM + 1;
        assert_eq!(Release::read(&later.write()), None);
        assert_eq!(Release::read("not json"), None);
    }
}
