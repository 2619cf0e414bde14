//! The pure heart: desired graph, diff, plan, execution, events.
//!
//! Sees documents ([`serde_json::Value`]) only: it knows no AWS, no manifest and no
//! terminal, and all I/O goes through [`Driver`]s that are handed in. What a resource kind
//! is, and how it talks to AWS, lives in `resources`.

pub mod address;
pub mod adopt;
pub mod cancel;
pub mod change;
pub mod clock;
pub mod desired;
pub mod diagnosis;
pub mod diff;
pub mod driver;
pub mod event;
pub mod execute;
pub mod failure;
pub mod fence;
pub mod finding;
pub mod identity;
pub mod input;
pub mod losses;
pub mod observe;
pub mod plan;
pub mod planning;
pub mod redact;
pub mod registry;
pub mod relink;
pub mod resolve;
pub mod retry;
pub mod rule;
pub mod saved;
pub mod scope;
pub mod waits;

pub use address::Address;
pub use adopt::{Adoption, adoption};
pub use cancel::Cancel;
pub use change::Change;
pub use clock::{Clock, TestClock, TokioClock};
pub use desired::{Desired, Edge, Node, references};
pub use diagnosis::{Diagnosis, Fact, LogTail, Verdict};
pub use driver::{
    BoxFuture, Driver, Existing, Foreign, Health, Holder, KindInfo, Live, Observed, Pace, Progress,
    Query, ReplaceOrder, Seen, Waiting,
};
pub use event::{Event, EventKind};
pub use execute::{Outcome, execute};
pub use failure::{Class, Failure};
pub use fence::Fence;
pub use finding::{Finding, Severity};
pub use identity::{Identity, Owner};
pub use input::{Handle, Input, OutputRef, Spec, Wait};
pub use losses::find_losses;
pub use observe::{Observation, Target, observe, observe_only};
pub use plan::{Action, Plan, Step, StepEdge};
pub use planning::{AllowDelete, plan};
pub use registry::Registry;
pub use rule::Rule;
pub use saved::{Basis, Moved};
pub use scope::Scope;
