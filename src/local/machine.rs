//! Carries calls out: the one place where faults, locks, timers, handlers and the journal meet.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value};

use super::call::{Call, TIMERS};
use super::clock::Millis;
use super::cloudtrail::{Caller, mentioned, record};
use super::document::Document;
use super::ecr;
use super::error::AwsError;
use super::faults::{Effects, KUBERNETES};
use super::ids::{self, Ids};
use super::journal::Journal;
use super::params::Params;
use super::protocol::{self, Envelope};
use super::record::{CallRecord, Records};
use super::registry;
use super::route::{self, Named, Routed};
use super::service::{Kind, Operation, Protocol};
use super::store::Transaction;
use super::{ConnectionLost, LocalOptions};

/// More timers than this within one call are a service that sets them in a circle.
const MOST_TIMERS: u32 = 100_000;

/// What a timer's call is an operation of.
static TIMER: Operation = super::service::write("timer", |_| Ok(Value::Null));

#[derive(Debug)]
pub(super) struct Machine {
    options: LocalOptions,
    journal: Mutex<Journal>,
    pub(super) records: Records,
    run: u64,
    requests: AtomicU64,
    uploads: ecr::http::Uploads,
}

impl Machine {
    pub(super) fn open(options: LocalOptions) -> io::Result<Self> {
        let seed = options.seed.unwrap_or_else(ids::random);
        let journal = Journal::open(options.directory.as_deref(), seed)?;
        let log = match &options.log {
            Some(path) => Some(OpenOptions::new().append(true).create(true).open(path)?),
            None => None,
        };
        // With a seed, whole answers repeat, request ids included.
        let run = options.seed.map_or_else(ids::random, |seed| !seed);
        Ok(Self {
            options,
            journal: Mutex::new(journal),
            records: Records::new(log),
            run,
            requests: AtomicU64::new(0),
            uploads: ecr::http::Uploads::default(),
        })
    }

    pub(super) async fn handle(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, ConnectionLost> {
        if ecr::http::is_for(&request) {
            return Ok(self.registry(&request));
        }
        let at = self.options.clock.now();
        let begun = Instant::now();
        let mut envelope = Envelope {
            protocol: Protocol::Query,
            version: "1.1".to_owned(),
            namespace: "",
            operation: String::new(),
            request_id: self.request_id(),
        };
        let mut named = Named::default();
        let routed = route::route(&request, &self.options.account, &mut envelope, &mut named);
        let caller = Caller {
            request_id: envelope.request_id.clone(),
            user_agent: route::user_agent(&request).to_owned(),
        };
        let effects = self.options.faults.meet(&named.service, &named.operation);
        let latency = self.options.latency.unwrap_or_default() + effects.latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if effects.crash_before {
            std::process::abort();
        }
        let outcome = match routed {
            _ if effects.disconnected || effects.reset => Err(None),
            Err(error) => Err(Some(error)),
            Ok(routed) => self.carry_out(routed, &effects, &caller).map_err(Some),
        };
        if effects.crash_after {
            std::process::abort();
        }
        let lost = effects.lost_answer || effects.disconnected || effects.reset;
        let word = match &outcome {
            _ if lost => "lost".to_owned(),
            Ok(_) => "ok".to_owned(),
            Err(error) => error.as_ref().map_or_else(String::new, |error| error.code.clone()),
        };
        self.records.add(CallRecord {
            at,
            took: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            account: named.account,
            region: named.region,
            service: named.service,
            operation: named.operation,
            outcome: word,
        });
        match outcome {
            _ if lost => Err(ConnectionLost),
            Ok(output) => Ok(protocol::success(&envelope, &output)),
            Err(Some(error)) => Ok(protocol::failure(&envelope, &error)),
            Err(None) => Err(ConnectionLost),
        }
    }

    pub(super) async fn beside(&self, operation: &str) -> Option<fn()> {
        let effects = self.options.faults.meet(KUBERNETES, operation);
        tokio::time::sleep(effects.latency).await;
        if effects.crash_before {
            std::process::abort();
        }
        effects.crash_after.then_some(|| std::process::abort())
    }

    /// Answers for the registry behind ECR.
    fn registry(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let caller = Caller {
            request_id: self.request_id(),
            user_agent: route::user_agent(request).to_owned(),
        };
        let carry = |account: &str, region: &str, operation: &'static Operation, input: Value| {
            let routed = Routed {
                account: account.to_owned(),
                region: region.to_owned(),
                access_key: account.to_owned(),
                host: String::new(),
                service: &ecr::SERVICE,
                operation,
                input,
            };
            self.carry_out(routed, &Effects::default(), &caller)
        };
        ecr::http::answer(request, &self.uploads, self.request_id(), &carry)
    }

    pub(super) fn counts(&self) -> io::Result<BTreeMap<String, usize>> {
        let mut journal = self.journal();
        journal.lock(false)?;
        let counts = journal.documents.counts();
        journal.unlock()?;
        Ok(counts)
    }

    pub(super) fn reset(&self) -> io::Result<()> {
        let mut journal = self.journal();
        journal.lock(true)?;
        let outcome = journal.reset();
        journal.unlock()?;
        outcome
    }

    fn carry_out(
        &self,
        routed: Routed,
        effects: &Effects,
        caller: &Caller,
    ) -> Result<Value, AwsError> {
        if let Some(refused) = &effects.refusal {
            let (code, status) = routed.service.throttle;
            return Err(match refused.code.as_str() {
                "" => AwsError::new(code, refused.message.clone()).status(status),
                code => AwsError::new(code, refused.message.clone()).status(refused.status),
            });
        }
        let mut journal = self.journal();
        let writes = routed.operation.kind == Kind::Write;
        journal.lock(writes).map_err(AwsError::internal)?;
        let outcome = self.carry_out_locked(&mut journal, routed, effects, caller);
        journal.unlock().map_err(AwsError::internal)?;
        outcome
    }

    fn carry_out_locked(
        &self,
        journal: &mut Journal,
        routed: Routed,
        effects: &Effects,
        caller: &Caller,
    ) -> Result<Value, AwsError> {
        let now = self.options.clock.now();
        if next_timer(journal, now).is_some() {
            if routed.operation.kind == Kind::Read {
                journal.unlock().map_err(AwsError::internal)?;
                journal.lock(true).map_err(AwsError::internal)?;
            }
            self.run_timers(journal, now)?;
        }
        let Routed { account, region, access_key, host, service, operation, input } = routed;
        let mut names = Vec::new();
        if operation.kind == Kind::Write {
            mentioned(&input, &mut names);
        }
        let mut call = Call {
            account,
            region,
            access_key,
            service,
            operation,
            host,
            input: Params::new(input, service, operation),
            now,
            present: now,
            ids: Ids::new(journal.seed, journal.sequence + 1),
            speed: self.options.speed,
            faults: self.options.faults.clone(),
            kubernetes: self.options.kubernetes.clone(),
            transaction: Transaction::new(&journal.documents),
            timers: 0,
        };
        if let Some(stale) = effects.stale.filter(|_| operation.kind == Kind::Read) {
            let stale = u64::try_from(stale.as_millis()).unwrap_or(u64::MAX);
            call.transaction.seen_until = now.saturating_sub(stale);
            call.transaction.past = journal.documents.at(now.saturating_sub(stale));
        }
        let rehearsal = match service.protocol {
            Protocol::Ec2 => call.input.optional_boolean("DryRun")?.unwrap_or(false),
            _ => false,
        };
        let output = (operation.handler)(&mut call)?;
        call.input.refuse_unread()?;
        if rehearsal {
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(AwsError::new("DryRunOperation", message).status(412));
        }
        if operation.kind == Kind::Write {
            mentioned(&output, &mut names);
            record(&mut call, caller, names);
        }
        let changes = call.transaction.changes;
        if operation.kind == Kind::Read && !changes.rows.is_empty() {
            let message = format!("{}:{} is a read and wrote", service.name, operation.name);
            return Err(AwsError::internal(message));
        }
        let name = format!("{}:{}", service.name, operation.name);
        journal.commit(&name, now, changes).map_err(AwsError::internal)?;
        Ok(output)
    }

    /// Runs what is due, in order of time, each in a call of its own.
    fn run_timers(&self, journal: &mut Journal, now: Millis) -> Result<(), AwsError> {
        for _ in 0..MOST_TIMERS {
            let Some((key, at, timer)) = next_timer(journal, now) else { return Ok(()) };
            let name = timer.text("service");
            let service = registry::SERVICES.iter().find(|service| service.name == name);
            let handler = service.and_then(|service| Some((*service, service.timer?)));
            let Some((service, handler)) = handler else {
                return Err(AwsError::internal(format!("{name} has no timers, but one is set")));
            };
            let mut call = Call {
                account: timer.text("account").to_owned(),
                region: timer.text("region").to_owned(),
                access_key: String::new(),
                service,
                operation: &TIMER,
                host: String::new(),
                input: Params::new(Value::Object(Map::new()), service, &TIMER),
                now: at,
                present: now,
                ids: Ids::new(journal.seed, journal.sequence + 1),
                speed: self.options.speed,
                faults: self.options.faults.clone(),
                kubernetes: self.options.kubernetes.clone(),
                transaction: Transaction::new(&journal.documents),
                timers: 0,
            };
            let outcome = handler(&mut call, &timer["payload"]);
            if let Err(error) = &outcome {
                // A timer has nobody to tell; its failure stands in the list of calls.
                call.transaction.changes.rows.clear();
                self.records.add(CallRecord {
                    at,
                    took: 0,
                    account: call.account.clone(),
                    region: call.region.clone(),
                    service: name.to_owned(),
                    operation: "timer".to_owned(),
                    outcome: error.to_string(),
                });
            }
            call.transaction.delete(TIMERS, key);
            let changes = call.transaction.changes;
            journal.commit(&format!("{name}:timer"), at, changes).map_err(AwsError::internal)?;
        }
        Err(AwsError::internal("timers are set in a circle"))
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request_id(&self) -> String {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        Ids::new(self.run, count).uuid()
    }
}

fn next_timer(journal: &Journal, now: Millis) -> Option<(String, Millis, std::sync::Arc<Value>)> {
    let (key, stored) = journal.documents.scan(TIMERS, "").next()?;
    let at: Millis = key.split('/').next()?.parse().ok()?;
    (at <= now).then(|| (key.clone(), at, std::sync::Arc::clone(&stored.value)))
}
