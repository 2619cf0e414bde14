//! `cloudtrail`: the event history, over the calls that changed something in this account and
//! region. The last two thousand or so are kept. Unlike AWS's it is there at once, and it holds no
//! reads, no refused calls, and neither parameters nor answers of calls (they could hold secrets).

mod lookup;
mod names;
mod record;

use super::service::{self, Protocol, Service};
use super::store::Table;

pub(super) use names::mentioned;
pub(super) use record::{Caller, record};

/// Events, in a ring: the key is the call's number in the journal, modulo [`MOST_EVENTS`].
const EVENTS: Table = Table::regional("cloudtrail/event");
const MOST_EVENTS: u64 = 2048;

pub(super) static SERVICE: Service = Service {
    name: "cloudtrail",
    protocol: Protocol::Json,
    target: "CloudTrail_20131101",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "InvalidNextTokenException",
    throttle: ("ThrottlingException", 400),
    timer: None,
    operations: &[service::read("LookupEvents", lookup::lookup_events)],
};
