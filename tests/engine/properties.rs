//! Properties over random graphs, drift, failures and scopes.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use shipit::engine::planning::dump;
use shipit::engine::{AllowDelete, Class, Clock, Failure, Owner, Scope};

use super::cloud::{Cloud, Fault, KINDS};
use super::graph::{Graph, apply, id, planned, ready, scope};

#[derive(Clone, Debug)]
struct Thing {
    kind: usize,
    owner: usize,
    fixed: u32,
    size: u32,
    /// Which earlier thing, and through which field.
    refs: Vec<(prop::sample::Index, usize)>,
}

/// What becomes of a thing in the second version of the manifests.
#[derive(Clone, Debug, PartialEq)]
enum Edit {
    Same,
    Fixed,
    Size,
    Removed,
}

#[derive(Clone, Debug)]
enum Drift {
    Deleted,
    Resized,
}

fn things() -> impl Strategy<Value = Vec<Thing>> {
    let refs = prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize), 0..3);
    let thing = (0..KINDS.len(), 0..3_usize, 0..2_u32, 0..2_u32, refs);
    let thing =
        thing.prop_map(|(kind, owner, fixed, size, refs)| Thing { kind, owner, fixed, size, refs });
    prop::collection::vec(thing, 1..10)
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = prop_oneof![
        4 => Just(Edit::Same),
        1 => Just(Edit::Fixed),
        1 => Just(Edit::Size),
        1 => Just(Edit::Removed),
    ];
    prop::collection::vec(edit, 10)
}

fn drifts() -> impl Strategy<Value = Vec<(prop::sample::Index, Drift)>> {
    let drift = prop_oneof![Just(Drift::Deleted), Just(Drift::Resized)];
    prop::collection::vec((any::<prop::sample::Index>(), drift), 0..3)
}

fn faults() -> impl Strategy<Value = Vec<(usize, Fault)>> {
    use Class::*;
    let classes = prop::sample::select(vec![
        Throttled,
        Server,
        LostAnswer,
        NotYetConsistent,
        DependencyStillThere,
        ConflictInProgress,
        Denied,
        Credentials,
        Invalid,
        Gone,
        AlreadyExists,
        Quota,
        Unreachable,
        NotServed,
        Broken,
    ]);
    let fault = prop_oneof![
        4 => classes.prop_map(Fault::Before),
        2 => prop::sample::select(vec![LostAnswer, Server]).prop_map(Fault::After),
        1 => Just(Fault::KillBefore),
        1 => Just(Fault::KillAfter),
    ];
    prop::collection::vec((1..60_usize, fault), 0..5)
}

const OWNERS: [&str; 3] = ["", "a", "b"];

fn address(things: &[Thing], index: usize) -> String {
    format!("{}.n{index}", KINDS[things[index].kind].kind)
}

/// The graph of the things, edited. A service refers to its own things and the environment's.
fn graph(things: &[Thing], edits: &[Edit]) -> Graph {
    let mut graph = Graph::default();
    for (index, thing) in things.iter().enumerate() {
        if edits[index] == Edit::Removed {
            continue;
        }
        let mut fields: [Vec<Value>; 3] = Default::default();
        for (target, field) in &thing.refs {
            if index == 0 {
                continue;
            }
            let target = target.index(index);
            let visible = things[target].owner == 0 || things[target].owner == thing.owner;
            if !visible || edits[target] == Edit::Removed {
                continue;
            }
            let to = address(things, target);
            let value = if *field == 2 { ready(&to) } else { id(&to) };
            if !fields[*field].contains(&value) {
                fields[*field].push(value);
            }
        }
        let [pin, uses, awaits] = fields;
        let spec = json!({
            "fixed": thing.fixed + u32::from(edits[index] == Edit::Fixed) * 10,
            "size": thing.size + u32::from(edits[index] == Edit::Size) * 10,
            "bag": [1, 2, thing.size],
            "count": 2,
            "pin": pin, "uses": uses, "awaits": awaits,
        });
        let owner = match thing.owner {
            0 => Owner::Environment,
            owner => Owner::Service(OWNERS[owner].into()),
        };
        graph = graph.with(owner, &address(things, index), spec);
    }
    graph
}

fn everything() -> Scope {
    Scope { prune: true, ..scope(true, &["a", "b"]) }
}

const SAME: [Edit; 10] = [const { Edit::Same }; 10];

/// How a series of runs ended.
#[derive(Debug, PartialEq)]
enum End {
    /// The last plan was empty.
    Converged,
    /// Something outside the scope holds what would have to go first.
    Held,
}

/// Runs again and again, as a person would after each failure, until a plan is empty.
async fn converge(cloud: &Cloud, graph: &Graph, scope: &Scope, runs: usize) -> Result<End, String> {
    let mut last = String::new();
    for _ in 0..runs {
        let run = apply(cloud, graph, scope, &AllowDelete::All);
        let ran = tokio::select! {
            biased;
            ran = run => Some(ran),
            () = cloud.killed.notified() => None,
        };
        match ran {
            Some(Ok(ran)) if !ran.plan.has_changes() => return Ok(End::Converged),
            Some(Ok(ran)) => last = format!("{}{:?}", dump(&ran.plan), ran.outcome.failed),
            Some(Err(failure)) if is_held(&failure) => return Ok(End::Held),
            Some(Err(failure)) => last = failure.to_string(),
            None => last = "killed".to_owned(),
        }
        cloud.clock.sleep(Duration::from_secs(30)).await;
    }
    Err(format!("it does not converge:\n{last}"))
}

fn is_held(failure: &Failure) -> bool {
    let text = failure.to_string();
    text.contains("must be deleted before it is made anew")
        || text.contains("is needed and not there")
}

/// A run without faults does everything at once, in an order that is never refused.
async fn clean(cloud: &Cloud, graph: &Graph, scope: &Scope) -> Result<(), TestCaseError> {
    cloud.state().refused = 0;
    let ran = apply(cloud, graph, scope, &AllowDelete::All).await;
    let ran = match ran {
        Err(failure) if is_held(&failure) => return Ok(()),
        ran => ran.map_err(|failure| TestCaseError::fail(failure.to_string()))?,
    };
    let plan = dump(&ran.plan);
    prop_assert!(ran.outcome.is_complete(), "{plan}\n{:#?}", ran.outcome);
    prop_assert_eq!(cloud.state().refused, 0, "{}", plan);
    let again = planned(cloud, graph, scope, &AllowDelete::All).await;
    let again = again.map_err(|failure| TestCaseError::fail(failure.to_string()))?;
    prop_assert!(!again.has_changes(), "{}\nthen\n{}", plan, dump(&again));
    Ok(())
}

/// One object per address and nothing else; of revisions no more than are kept.
fn check_whole(cloud: &Cloud, graph: &Graph) -> Result<(), TestCaseError> {
    let now = cloud.clock.now();
    let state = cloud.state();
    let there =
        state.objects.iter().filter(|object| object.is_there(now) && object.gone_at.is_none());
    let mut count = std::collections::BTreeMap::new();
    for object in there {
        *count.entry(object.identity.address.clone()).or_insert(0) += 1;
    }
    for (address, count) in &count {
        prop_assert!(graph.0.nodes.contains_key(address), "{} is left over", address);
        let most = if address.kind() == "t/revision" { 10 } else { 1 };
        prop_assert!(*count <= most, "{} of {}", count, address);
    }
    prop_assert_eq!(count.len(), graph.0.nodes.len());
    Ok(())
}

fn drift(cloud: &Cloud, drifts: &[(prop::sample::Index, Drift)]) {
    let mut state = cloud.state();
    for (which, drift) in drifts {
        if state.objects.is_empty() {
            return;
        }
        let index = which.index(state.objects.len());
        match drift {
            Drift::Deleted => drop(state.objects.remove(index)),
            Drift::Resized => state.objects[index].spec["size"] = json!(99),
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_faults_one_run_does_it_all_in_order(things in things(), edits in edits(), drifts in drifts()) {
        block_on(async {
            let cloud = Cloud::default();
            clean(&cloud, &graph(&things, &SAME), &everything()).await?;
            check_whole(&cloud, &graph(&things, &SAME))?;
            drift(&cloud, &drifts);
            clean(&cloud, &graph(&things, &edits), &everything()).await?;
            check_whole(&cloud, &graph(&things, &edits))?;
            clean(&cloud, &Graph::default(), &everything()).await?;
            check_whole(&cloud, &Graph::default())
        })?;
    }

    #[test]
    fn a_narrow_scope_converges_and_touches_nothing_else(
        things in things(), edits in edits(), environment in any::<bool>(),
    ) {
        block_on(async {
            let cloud = Cloud::default();
            clean(&cloud, &graph(&things, &SAME), &everything()).await?;
            cloud.take_log();
            let scope = if environment { scope(true, &[]) } else { scope(false, &["a"]) };
            clean(&cloud, &graph(&things, &edits), &scope).await?;
            for line in cloud.take_log() {
                let touched = line.split(' ').nth(1).unwrap();
                let thing = (0..things.len()).find(|index| address(&things, *index) == touched);
                let owner = things[thing.unwrap()].owner;
                let allowed = if environment { owner == 0 } else { owner == 1 || (owner == 0 && line.starts_with("create")) };
                prop_assert!(allowed, "{}", line);
            }
            Ok(())
        })?;
    }

    #[test]
    fn whatever_fails_running_again_converges(
        things in things(), edits in edits(), drifts in drifts(), faults in faults(), lag in 0..8_u64,
    ) {
        block_on(async {
            let cloud = Cloud::default();
            cloud.state().lag = Duration::from_secs(lag);
            cloud.state().faults.extend(faults.iter().copied());
            let runs = 2 * faults.len() + 6;
            let first = graph(&things, &SAME);
            let end = converge(&cloud, &first, &everything(), runs).await;
            prop_assert_eq!(end, Ok(End::Converged));
            check_whole(&cloud, &first)?;
            drift(&cloud, &drifts);
            let calls = cloud.state().calls;
            cloud.state().faults.extend(faults.iter().map(|(call, fault)| (calls + call, *fault)));
            let second = graph(&things, &edits);
            let end = converge(&cloud, &second, &everything(), runs).await;
            prop_assert_eq!(end, Ok(End::Converged));
            check_whole(&cloud, &second)
        })?;
    }
}

/// Killed at each call in turn, a fresh run converges to the same objects.
#[test]
fn killed_at_any_call_the_next_run_converges_without_duplicates() {
    let all = scope(true, &["api"]);
    block_on(async {
        let first = super::graph::web();
        let second = super::graph::web()
            .env("t/plain.vpc", json!({ "fixed": 2 }))
            .svc("api", "t/revision.api", json!({ "size": 512 }))
            .env("t/plain.more", json!({}));
        for after in [Fault::KillBefore, Fault::KillAfter] {
            for call in 1.. {
                let cloud = Cloud::default();
                cloud.state().lag = Duration::from_secs(2);
                converge(&cloud, &first, &all, 3).await.unwrap();
                let at = cloud.state().calls + call;
                cloud.state().faults.insert(at, after);
                let end = converge(&cloud, &second, &all, 4).await;
                assert_eq!(end, Ok(End::Converged), "{after:?} at {call}");
                let whole = check_whole(&cloud, &second);
                assert!(whole.is_ok(), "{after:?} at {call}: {whole:?} {:#?}", cloud.shown());
                if !cloud.state().faults.is_empty() {
                    // It was over before that call came.
                    assert!(call > 20);
                    break;
                }
            }
        }
    });
}
