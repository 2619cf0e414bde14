//! What a simulated service is: a name, a protocol and a table of operations.

use serde_json::Value;

use super::call::Call;
use super::error::AwsError;

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// awsQuery: form in, XML out, lists as `<member>` (iam, sts, elasticloadbalancing).
    Query,
    /// ec2Query: form in, XML out, lists as `<item>`.
    Ec2,
    /// awsJson 1.0 and 1.1, told apart by the request's content type.
    Json,
    /// restJson1: method and path name the operation, the body is JSON (eks, appmesh, scheduler).
    RestJson,
    /// restXml: the same with XML (route53). A list is its repeated element: `{"Tags": {"Tag": […]}}`.
    RestXml,
    /// S3's own kind of it: see `protocol/s3.rs`.
    S3,
    /// rpcv2Cbor: the path names the operation, the body is CBOR (monitoring). The same service speaks
    /// awsJson to those who do not speak CBOR.
    Cbor,
}

/// Does an operation change anything?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Changes nothing; writing from it is an error.
    Read,
    /// May write.
    Write,
}

/// What carries out one operation: reads `call.input`, reads and writes documents, and returns the
/// output with the names that stand on the wire.
pub type Handler = fn(&mut Call<'_>) -> Result<Value, AwsError>;

/// What plays a part of the world on later: gets what [`Call::schedule`] was given.
pub type Timer = fn(&mut Call<'_>, &Value) -> Result<(), AwsError>;

/// One operation of a service.
#[derive(Debug)]
pub struct Operation {
    /// As on the wire, such as `CreateVpc`.
    pub name: &'static str,
    /// Reads or writes.
    pub kind: Kind,
    /// What carries it out.
    pub handler: Handler,
    /// REST protocols: method and path as the API's model writes them, such as
    /// `GET /clusters/{name}`; `{name+}` takes slashes too. Empty for the others.
    pub route: &'static str,
}

impl Operation {
    /// The same operation, reached by a method and a path.
    #[must_use]
    pub const fn at(self, route: &'static str) -> Self {
        Self { route, ..self }
    }
}

/// An operation that changes nothing.
pub const fn read(name: &'static str, handler: Handler) -> Operation {
    Operation { name, kind: Kind::Read, handler, route: "" }
}

/// An operation that may write.
pub const fn write(name: &'static str, handler: Handler) -> Operation {
    Operation { name, kind: Kind::Write, handler, route: "" }
}

/// A simulated service: one `static` in the service's folder and one line in the registry.
#[derive(Debug)]
pub struct Service {
    /// The name in the SigV4 credential scope, such as `elasticloadbalancing`.
    pub name: &'static str,
    /// How it speaks.
    pub protocol: Protocol,
    /// JSON and CBOR: what stands before the dot in `X-Amz-Target`, or in the path. Query and EC2: the API's version. REST: empty.
    pub target: &'static str,
    /// The XML namespace of answers; empty for JSON.
    pub namespace: &'static str,
    /// The error code for input that breaks a rule (`ValidationError`, `InvalidParameterException`).
    pub invalid: &'static str,
    /// The error code for a page token that is not ours.
    pub invalid_token: &'static str,
    /// The error code and status of a throttled call.
    pub throttle: (&'static str, u16),
    /// Everything it serves.
    pub operations: &'static [Operation],
    /// Called when the time of a [`Call::schedule`] has come.
    pub timer: Option<Timer>,
}

impl Service {
    pub(super) fn operation(&self, name: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }
}
