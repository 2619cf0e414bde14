//! The chain of dependent calls that applying one service cannot be shorter than.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use shipit::aws::calls::{ApiCall, CallLog};
use shipit::engine::execute::Options;
use shipit::engine::{
    BoxFuture, Change, Driver, Existing, Failure, Health, Identity, KindInfo, Live, Observed, Plan,
    Progress, Query, Registry, Wait, Waiting,
};
use shipit::resources::REGISTRY;

use super::account::{ACCOUNT, Account, session, workspace};

/// Calls until outputs are known, calls until ready, and through which step and part of it.
type End = (usize, usize, Option<(usize, Wait)>);

/// Calls by address: those of its create, and those of its look.
type Made = Arc<Mutex<BTreeMap<String, (Vec<String>, Vec<String>)>>>;

/// A kind whose calls go to a log of its own, one method at a time, and are put down to addresses.
struct Counted {
    driver: Box<dyn Driver>,
    log: CallLog,
    made: Made,
}

impl Counted {
    fn since(&self, seen: usize) -> Vec<String> {
        self.log.calls().iter().skip(seen).map(|call: &ApiCall| call.operation.clone()).collect()
    }
}

impl Driver for Counted {
    fn info(&self) -> &'static KindInfo {
        self.driver.info()
    }

    fn create_is_idempotent(&self) -> bool {
        self.driver.create_is_idempotent()
    }

    fn observe<'a>(&'a self, query: &'a Query<'a>) -> BoxFuture<'a, Result<Observed, Failure>> {
        self.driver.observe(query)
    }

    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        spec: &'a Value,
    ) -> BoxFuture<'a, Result<Progress, Failure>> {
        Box::pin(async move {
            let seen = self.log.calls().len();
            let answer = self.driver.create(identity, spec).await;
            let calls = self.since(seen);
            let mut made = self.made.lock().unwrap();
            made.entry(identity.address.to_string()).or_default().0.extend(calls);
            answer
        })
    }

    fn update<'a>(
        &'a self,
        live: &'a Live,
        spec: &'a Value,
        changes: &'a [Change],
    ) -> BoxFuture<'a, Result<Progress, Failure>> {
        self.driver.update(live, spec, changes)
    }

    fn delete<'a>(&'a self, live: &'a Live) -> BoxFuture<'a, Result<Progress, Failure>> {
        self.driver.delete(live)
    }

    fn read<'a>(
        &'a self,
        query: &'a Query<'a>,
        identity: &'a Identity,
        id: &'a str,
        desired: &'a Value,
    ) -> BoxFuture<'a, Result<Option<Existing>, Failure>> {
        self.driver.read(query, identity, id, desired)
    }

    fn claim<'a>(&'a self, live: &'a Live) -> BoxFuture<'a, Result<(), Failure>> {
        self.driver.claim(live)
    }

    fn look<'a>(&'a self, waiting: &'a [Waiting]) -> BoxFuture<'a, Result<Vec<Health>, Failure>> {
        Box::pin(async move {
            let seen = self.log.calls().len();
            let answer = self.driver.look(waiting).await?;
            let calls = self.since(seen);
            let mut made = self.made.lock().unwrap();
            for (one, health) in waiting.iter().zip(&answer) {
                // How often it has to look depends on time; what one look takes does not.
                if *health == Health::Ready {
                    made.entry(one.identity.address.to_string()).or_default().1 = calls.clone();
                }
            }
            Ok(answer)
        })
    }
}

/// The longest chain, each step as long as the number of its calls.
fn longest(plan: &Plan, made: &BTreeMap<String, (Vec<String>, Vec<String>)>) -> String {
    // Calls until outputs are known and until ready, and through which step and part of it.
    let mut ends: Vec<End> = Vec::new();
    let of = |index: usize| made.get(&plan.steps[index].address.to_string());
    for (index, step) in plan.steps.iter().enumerate() {
        let before = step.after.iter().map(|edge| {
            let (known, ready, _) = ends[edge.step];
            let end = if edge.wait == Wait::Created { known } else { ready };
            (end, edge.step, edge.wait)
        });
        let (start, through) = before
            .max_by_key(|(end, step, _)| (*end, std::cmp::Reverse(*step)))
            .map_or((0, None), |(end, step, wait)| (end, Some((step, wait))));
        let (create, look) = of(index).map_or((0, 0), |(create, look)| (create.len(), look.len()));
        ends.push((start + create, start + create + look, through));
    }
    let last = (0..ends.len()).max_by_key(|index| (ends[*index].1, std::cmp::Reverse(*index)));
    let mut next = last.map(|index| (index, Wait::Ready));
    let mut lines = Vec::new();
    while let Some((index, wait)) = next {
        let mut calls = of(index).map_or_else(Vec::new, |(create, _)| create.clone());
        if wait == Wait::Ready {
            calls.extend(of(index).map_or_else(Vec::new, |(_, look)| look.clone()));
        }
        lines.push(format!("{}: {}", plan.steps[index].address, calls.join(", ")));
        next = ends[index].2;
    }
    let mut text = String::new();
    for line in lines.iter().rev() {
        writeln!(text, "{line}").unwrap();
    }
    writeln!(text, "{} calls, one after another", last.map_or(0, |index| ends[index].1)).unwrap();
    text
}

#[tokio::test]
async fn the_chain_of_calls_of_one_service_is_the_expected_one() {
    let account = Account::empty(None).await;
    let workspace = workspace(1, 0);
    let made = Made::default();
    let mut drivers: Vec<Box<dyn Driver>> = Vec::new();
    for kind in REGISTRY {
        let log = CallLog::new(None);
        let cx = session(&account.local, log.clone()).await.cx(ACCOUNT.to_owned());
        let driver = (kind.bind)(Arc::new(cx));
        drivers.push(Box::new(Counted { driver, log, made: made.clone() }));
    }
    let registry = Registry::new(drivers);
    let plan = account.plan(&workspace, &registry).await;
    // One call at a time, so that each is put down to its step.
    account.apply(&registry, &plan, Options { concurrency: 1, ..Options::default() }).await;
    let made = made.lock().unwrap().clone();
    insta::assert_snapshot!(longest(&plan, &made));
}
