//! Why a call failed, classified once, so that one table can say what to do about it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Diagnosis, Verdict, redact};

/// What kind of failure it is; each class has one retry schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Too many calls; nothing was done.
    Throttled,
    /// AWS had a fault of its own (5xx) and may or may not have acted.
    Server,
    /// The answer never came: the call may or may not have acted.
    LostAnswer,
    /// Something that exists is not visible yet (an IAM role, a new id).
    NotYetConsistent,
    /// What is being deleted is still in use by something on its way out.
    DependencyStillThere,
    /// Another operation on the same thing is running.
    ConflictInProgress,
    /// The caller may not do this.
    Denied,
    /// Credentials are missing, wrong or expired.
    Credentials,
    /// AWS refused the request as wrong; trying again cannot help.
    Invalid,
    /// The thing is not there (any more).
    Gone,
    /// Something of that name is there already.
    AlreadyExists,
    /// A limit of the account is reached.
    Quota,
    /// AWS could not be reached at all.
    Unreachable,
    /// The endpoint does not serve this operation (emulators).
    NotServed,
    /// The resource reached a state that it will not leave by itself.
    Broken,
    /// A mistake in shipit.
    Internal,
}

/// One failure, with all that a person needs to act on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub struct Failure {
    /// What to do about it, for programs.
    pub class: Class,
    /// What went wrong: a lower-case fragment.
    pub message: String,
    /// AWS service and operation: `ecs CreateService`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// AWS's error code: `AccessDeniedException`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// AWS's request id, for a support case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What to type next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What is known beyond the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Box<Diagnosis>>,
}

impl Failure {
    /// A failure with a class and a message; the rest is added by the `with_` methods.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            message: redact::others(&message.into()),
            operation: None,
            code: None,
            request_id: None,
            hint: None,
            diagnosis: None,
        }
    }

    /// A mistake in shipit itself.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Class::Internal, message)
            .with_hint("this is a mistake in shipit: please report it with the command you ran")
    }

    /// Adds what to type next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether nothing has failed: it waits for a person.
    pub fn is_pause(&self) -> bool {
        self.diagnosis.as_ref().is_some_and(|one| one.verdict == Verdict::Paused)
    }

    /// Adds what is known beyond the message.
    #[must_use]
    pub fn with_diagnosis(mut self, diagnosis: Diagnosis) -> Self {
        self.diagnosis = Some(Box::new(diagnosis));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}
