//! Local AWS: a simulated account inside the binary, for trying shipit without an account, for
//! rehearsals and for tests. It speaks the wire protocols, so that SDKs, boto3 and the aws command
//! line talk to it; it is *faithful or loud*: what it stores is read back field for field, and
//! what it does not model it refuses by name. It knows no other part of shipit and no SDK.
//!
//! Not checked: signatures and permissions. An access key of twelve digits is an account's number;
//! any other key means the default account.
//!
//! # How a call goes
//! `route` finds account, region and service in the SigV4 credential scope → `faults` decides what
//! goes wrong → the lock is taken and the `journal` catches up with other processes → due timers
//! run → the operation's handler runs over a transaction → input it did not read makes it fail →
//! `journal` commits → `protocol` writes the answer.
//!
//! # How to write a service
//! One folder, one `static`, one line in [`registry`]. Names are those of the wire: what stands in
//! JSON, or in the query parameters and XML elements (EC2 `VpcId.1`, answer `vpcSet`).
//! ```text
//! const PETS: Table = Table::regional("zoo/pet");       // keyed by account and region for you
//!
//! pub(super) static SERVICE: Service = Service {
//!     name: "zoo", protocol: Protocol::Json, target: "Zoo_20260101", namespace: "",
//!     invalid: "InvalidParameterException", invalid_token: "InvalidParameterException",
//!     throttle: ("ThrottlingException", 400), timer: Some(grown_up),
//!     operations: &[write("AdoptPet", adopt), read("ListPets", list)],
//! };
//!
//! fn adopt(call: &mut Call<'_>) -> Result<Value, AwsError> {
//!     let name = call.input.text("name")?;               // required: else the service's error
//!     let legs = call.input.optional_integer("legs")?.unwrap_or(4);
//!     let food = call.input.shaped("food", &Shape::Structure(&[("kind", Shape::Text)]))?; // JSON kept whole
//!     if call.get(PETS, &name).is_some() {
//!         return Err(AwsError::new("PetExistsException", format!("{name} is there")).status(409));
//!     }
//!     let arn = call.arn("zoo", &format!("pet/{name}"));
//!     let tags = call.input.tags("tags", "key", "value")?;
//!     call.add_tags(&arn, tags)?;                        // the one tag store, read by the tagging API
//!     let ready = call.ready_at(durations::NAT_GATEWAY); // now + duration / speed, in milliseconds
//!     call.put(PETS, &name, json!({"name": name, "legs": legs, "food": food, "ready": ready}));
//!     call.schedule(ready, json!({"pet": name}));        // `grown_up(call, payload)` at that time
//!     Ok(json!({"pet": {"name": name, "arn": arn, "createdAt": call.time(call.now)}}))
//! }
//!
//! fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
//!     let size = call.input.optional_integer_within("maxResults", 1, 100)?.unwrap_or(100);
//!     let token = call.input.optional_text("nextToken")?;
//!     let page = call.page(call.scan(PETS, ""), size as usize, token.as_deref(), |(name, _)| name.clone())?;
//!     let names: Vec<_> = page.items.into_iter().map(|(name, _)| name).collect();
//!     Ok(json!({"names": names, "nextToken": page.next}))  // null members are left out by XML
//! }
//! ```
//! REST services (`Protocol::RestJson`) name an operation by method and path:
//! `read("DescribePet", describe).at("GET /pets/{name}")`; labels and query parameters are members of the input.
//! - Everything a handler writes is dropped when it returns an error.
//! - Do not read what you do not model: an unread member is the loud refusal. A member that truly
//!   has no effect here is marked with `call.input.accept("name")` and a comment that says why.
//! - States that only depend on time are computed when read (`ready <= call.now`); what has effects
//!   elsewhere is a timer. Reads cannot write.
//! - A secret's value is wrapped with `sealed::secret` and read with `sealed::text`: it lies sealed on the disk.
//! - [`document::Document`] has short readers for stored values: `pet.text("name")`.
//! - Other services are reached through functions of their folders, in the same transaction. Network
//!   interfaces, subnets and security groups: [`ec2::network`].

mod acm;
mod applicationautoscaling;
mod appmesh;
mod autoscaling;
pub mod call;
pub mod clock;
mod cloudtrail;
mod cloudwatch;
pub mod document;
pub mod durations;
pub mod ec2;
mod ecr;
mod ecs;
mod efs;
mod eks;
pub mod elbv2;
pub mod error;
pub mod faults;
mod iam;
pub mod ids;
mod journal;
pub mod kubernetes;
pub mod logs;
mod machine;
pub mod params;
mod protocol;
pub mod record;
pub mod regions;
pub mod registry;
mod route;
mod route53;
mod s3;
mod scheduler;
mod sealed;
mod secretsmanager;
mod server;
pub mod service;
mod servicediscovery;
mod servicequotas;
mod sns;
mod sqs;
mod ssm;
mod store;
mod sts;
mod tagging;
mod vpclattice;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::TcpListener;

use clock::{Clock, Speed};
use faults::Faults;
use machine::Machine;
use record::CallRecord;

/// How a simulated account is set up.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Where its state is kept; in memory only if absent.
    pub directory: Option<PathBuf>,
    /// The account of access keys that are no account number: twelve digits.
    pub account: String,
    /// How much faster than on AWS things happen.
    pub speed: Speed,
    /// What goes wrong.
    pub faults: Faults,
    /// Added to every call.
    pub latency: Option<Duration>,
    /// What time it is.
    pub clock: Clock,
    /// The seed of ids; random if absent. A directory that holds a state keeps the seed it has.
    pub seed: Option<u64>,
    /// The Kubernetes API server to which the endpoints of EKS clusters point; a name that leads nowhere if absent.
    pub kubernetes: Option<KubernetesServer>,
    /// A file to which a JSON line is added for every call.
    pub log: Option<PathBuf>,
}

/// A Kubernetes API server that stands in for the control planes of EKS clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesServer {
    /// Such as `https://127.0.0.1:6443`.
    pub endpoint: String,
    /// The certificates of who signed its own, in PEM.
    pub certificate_authority: String,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self {
            directory: None,
            account: "123456789012".to_owned(),
            speed: Speed::default(),
            faults: Faults::none(),
            latency: None,
            clock: Clock::system(),
            seed: None,
            kubernetes: None,
            log: None,
        }
    }
}

/// The connection broke before an answer came; the call may or may not have had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection to local AWS was closed before the answer came")]
pub struct ConnectionLost;

/// A simulated AWS. Clones are the same one; two opened on one directory, be it in two processes,
/// share its state.
#[derive(Debug, Clone)]
pub struct LocalAws {
    machine: Arc<Machine>,
}

impl LocalAws {
    /// Opens the account, creating its directory if it is not there.
    ///
    /// # Errors
    /// The directory or the log cannot be written, or the journal cannot be read.
    pub fn open(options: LocalOptions) -> io::Result<Self> {
        Ok(Self { machine: Arc::new(Machine::open(options)?) })
    }

    /// Answers one request of any AWS SDK. Needs a tokio runtime with a timer.
    ///
    /// # Errors
    /// The script of faults lost the answer. Errors of AWS are answers.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
        self.machine.handle(request).await
    }

    /// A call to a cluster's API server is about to be sent, which local AWS does not answer. For the script of faults it is one
    /// of the service `kubernetes`. What comes back is to be done when the call has ended.
    pub async fn beside(&self, operation: &str) -> Option<fn()> {
        self.machine.beside(operation).await
    }

    /// Serves HTTP/1.1 on a socket until the future is dropped.
    ///
    /// # Errors
    /// The socket can accept no more connections.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        server::serve(self.clone(), listener).await
    }

    /// Every call since it was opened or [`LocalAws::forget_calls`], in order of their answers.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.machine.records.all()
    }

    /// Empties the list of calls.
    pub fn forget_calls(&self) {
        self.machine.records.clear();
    }

    /// How many documents there are, by table (`ec2/vpc`), all accounts together.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn counts(&self) -> io::Result<BTreeMap<String, usize>> {
        self.machine.counts()
    }

    /// Deletes everything in all accounts.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn reset(&self) -> io::Result<()> {
        self.machine.reset()
    }
}
