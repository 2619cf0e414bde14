//! The error that every handler returns, in no protocol's form yet.

use serde_json::{Map, Value};

/// The code with which local AWS refuses what it does not model. No SDK retries it.
pub const NOT_MODELLED: &str = "NotImplementedByLocalAws";

/// An AWS error: its code, message and HTTP status.
///
/// `protocol` turns it into `<ErrorResponse>`, `<Response><Errors>` or `{"__type": …}`. A handler
/// that returns one has changed nothing: its writes are dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsError {
    /// The service's own code, such as `InvalidVpcID.NotFound`.
    pub code: String,
    /// What AWS says, as far as known in AWS's words.
    pub message: String,
    /// The HTTP status: 400 unless set otherwise.
    pub status: u16,
    /// Further members of the error's shape (JSON protocols only).
    pub members: Map<String, Value>,
    /// The code that clients of the query protocol know, for services that moved to JSON (SQS).
    pub query_code: Option<&'static str>,
}

impl AwsError {
    /// An error of the caller's making, with status 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status: 400,
            members: Map::new(),
            query_code: None,
        }
    }

    /// The same error with another HTTP status (IAM answers 404 and 409, for example).
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a member of the error's shape, such as `resourceArn` (JSON protocols only).
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// Says which code the error had in the service's query protocol, for the header
    /// `x-amzn-query-error`.
    #[must_use]
    pub fn query_code(mut self, code: &'static str) -> Self {
        self.query_code = Some(code);
        self
    }

    /// The loud refusal: local AWS does not model this, so it does not pretend to.
    pub fn not_modelled(message: impl Into<String>) -> Self {
        Self::new(NOT_MODELLED, message)
    }

    /// A fault of local AWS itself (a broken journal, a full disk), with status 500.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::new("InternalFailure", format!("local AWS: {message}")).status(500)
    }
}

impl std::fmt::Display for AwsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}
