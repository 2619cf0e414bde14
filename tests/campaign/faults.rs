//! Runs with faults: seeded ones on a fifth of all calls, and scripted ones.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::audit::compare;
use super::kill::{DEPLOY, PLAN, empty};
use super::place::Place;
use crate::support::Ran;

const SEEDS: usize = 200;
/// A deploy that a fault ended goes on when it is run again; it never takes more runs than this.
const MOST_RUNS: usize = 3;

/// Each call meets one of these with a probability of a fifth in all.
fn script(seed: usize) -> String {
    let rule =
        |fault: &str, share: f64| format!("- on: {{probability: {share}}}\n  fault: {fault}\n");
    let rules = [
        rule("throttle", 0.05),
        rule("{server-error: 500}", 0.03),
        rule("{server-error: 503}", 0.03),
        rule("reset", 0.03),
        rule("lost-answer", 0.03),
        rule("{latency: 50ms}", 0.03),
    ];
    format!("seed: {seed}\nrules:\n{}", rules.concat())
}

/// Creates of which a run makes one, and the read that must come before a second one. Those that take a client
/// token are not among them.
const SINGLE: &[(&str, &str)] = &[
    ("CreateVpc", "DescribeVpcs"),
    ("CreateInternetGateway", "DescribeInternetGateways"),
    ("AllocateAddress", "DescribeAddresses"),
    ("CreateTargetGroup", "DescribeTargetGroups"),
    ("CreateLoadBalancer", "DescribeLoadBalancers"),
    ("CreateListener", "DescribeListeners"),
    ("CreateRule", "DescribeRules"),
    ("RegisterTaskDefinition", "ListTaskDefinition"),
];

/// No create that may have acted is sent again without a look in between.
fn blind_repeats(calls: &[(String, String)]) -> Vec<String> {
    let mut blind = Vec::new();
    for (create, read) in SINGLE {
        let mut doubtful = false;
        for (operation, outcome) in calls {
            if operation == create {
                if doubtful {
                    blind.push(format!("{create} was sent again without {read}"));
                }
                doubtful =
                    ["lost", "InternalFailure", "ServiceUnavailable"].contains(&outcome.as_str());
            } else if operation.starts_with(read) && outcome == "ok" {
                doubtful = false;
            }
        }
    }
    blind
}

#[test]
fn a_deploy_converges_with_faults_on_a_fifth_of_its_calls() {
    let undisturbed = empty().copy();
    undisturbed.run(DEPLOY, "rules: []").expect(0);
    let (before, expected) = (empty().inventory(), undisturbed.inventory());
    let (next, runs, again) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= SEEDS {
                        break;
                    }
                    let place = empty().copy();
                    let mut found = Vec::new();
                    let mut ended = Vec::new();
                    while ended.len() < MOST_RUNS {
                        let run = place.run(DEPLOY, &script(seed * 10 + ended.len()));
                        runs.fetch_add(1, Ordering::SeqCst);
                        let done = run.code == 0;
                        ended.push(run);
                        if done {
                            break;
                        }
                    }
                    again.fetch_add(usize::from(ended.len() > 1), Ordering::SeqCst);
                    if ended.last().is_none_or(|run| run.code != 0) {
                        found.extend(ended.iter().map(failed));
                    } else {
                        let plan = place.run(PLAN, "rules: []");
                        if plan.code != 0 {
                            found.push(format!("then there was more to do:\n{}", plan.stdout));
                        }
                        found.extend(compare(&before, &expected, &place.inventory()));
                    }
                    found.extend(blind_repeats(&place.calls()));
                    if !found.is_empty() {
                        let problem = format!("seed {seed}:\n{}", found.join("\n"));
                        problems.lock().unwrap().push(problem);
                    }
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    let _ = writeln!(
        std::io::stderr(),
        "{SEEDS} seeds, {} converged in {} runs ({} needed a second or third)",
        SEEDS - problems.len(),
        runs.into_inner(),
        again.into_inner(),
    );
    assert!(problems.is_empty(), "{}", problems[..problems.len().min(8)].join("\n\n"));
}

/// What went wrong in a run, without its progress.
fn failed(run: &Ran) -> String {
    let lines = run.stderr.lines().filter(|line| !line.contains('✓') && !line.contains('…'));
    format!("ended with {}:\n{}", run.code, lines.collect::<Vec<_>>().join("\n"))
}

/// A deploy under a script ends well, and leaves nothing to do.
#[track_caller]
fn deploys(script: &str) -> (Place, Ran) {
    let place = empty().copy();
    let ran = place.run(DEPLOY, script).expect(0);
    place.run(PLAN, "rules: []").expect(0);
    (place, ran)
}

#[test]
fn a_burst_of_throttles_slows_calls_down_and_says_so() {
    let calls: Vec<String> = (1..=12).map(|call| call.to_string()).collect();
    let script = format!(
        "rules:\n- on: {{service: ec2, operation: 'Create*', calls: [{}]}}\n  fault: throttle\n",
        calls.join(", ")
    );
    let (_, ran) = deploys(&script);
    assert!(ran.stderr.contains("ec2/vpc.main  throttled: again in 0.5s"), "{}", ran.stderr);
}

#[test]
fn a_role_that_is_not_assumable_yet_is_waited_for() {
    let refusal = |operation: &str, code: &str, message: &str| {
        format!(
            "- on: {{service: ecs, operation: {operation}, calls: [1, 2, 3, 4]}}\n  \
             fault: {{error: {{code: {code}, message: '{message}'}}}}\n"
        )
    };
    let script = format!(
        "rules:\n{}{}",
        refusal("RegisterTaskDefinition", "ClientException", "Role is not valid"),
        refusal(
            "CreateService",
            "InvalidParameterException",
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
        ),
    );
    let (place, _) = deploys(&script);
    let sent = |name: &str| place.calls().iter().filter(|call| call.0 == name).count();
    // One more is Cloud Map's operation of that name.
    assert_eq!((sent("RegisterTaskDefinition"), sent("CreateService")), (5, 5 + 1));
}

/// A new id is not known everywhere at once: a create that uses it is refused for a while.
#[test]
fn an_id_that_is_not_known_yet_is_waited_for() {
    let refusal = |operation: &str, code: &str| {
        format!(
            "- on: {{service: ec2, operation: {operation}, calls: [1, 3]}}\n  \
             fault: {{error: {{code: {code}, message: it does not exist}}}}\n"
        )
    };
    let (place, _) = deploys(&format!(
        "rules:\n{}{}{}",
        refusal("CreateSubnet", "InvalidVpcID.NotFound"),
        refusal("ModifyVpcAttribute", "InvalidVpcID.NotFound"),
        refusal("CreateRoute", "InvalidRouteTableID.NotFound"),
    ));
    assert_eq!(compare(&empty().inventory(), &undisturbed(), &place.inventory()), [""; 0]);
}

fn undisturbed() -> super::audit::Inventory {
    let place = empty().copy();
    place.run(DEPLOY, "rules: []").expect(0);
    place.inventory()
}

#[test]
fn lingering_network_interfaces_are_waited_for() {
    let place = empty().copy();
    place.run(DEPLOY, "rules: []").expect(0);
    let lingering = "rules:\n- on: {service: ec2, operation: DeleteSecurityGroup, calls: [1, 2, 3, 4, 5, 6]}\n  \
        fault: {error: {code: DependencyViolation, message: 'resource sg-1 has a dependent object'}}\n\
        - on: {service: ec2, operation: DeleteSubnet, calls: [1, 2, 3, 4, 5, 6, 7, 8]}\n  \
        fault: {error: {code: DependencyViolation, message: 'The subnet has dependencies and cannot be deleted.'}}\n";
    let delete = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    let ran = place.run(&delete, lingering).expect(0);
    assert!(ran.stderr.contains("has a dependent object"), "{}", ran.stderr);
    let before = empty().inventory();
    assert_eq!(compare(&before, &before, &place.inventory()), [""; 0]);
}

/// Credentials that expire in mid-run: nothing more is started, and the words say what to do.
#[test]
fn expired_credentials_end_a_run_cleanly() {
    let place = empty().copy();
    let script = "rules:\n- on: {service: ec2, operation: CreateInternetGateway}\n  \
        fault: {error: {code: ExpiredToken, status: 403, message: The security token included in the request is expired}}\n";
    let ran = place.run(DEPLOY, script);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("sign in again (`aws sso login`)"), "{}", ran.stderr);
    // The load balancer came long after it, and needs nothing of it.
    let calls = place.calls();
    let at = calls.iter().position(|call| call.1 == "ExpiredToken").unwrap();
    let later = calls[at + 1..].iter().filter(|call| call.0.starts_with("Create"));
    let later: Vec<_> = later.map(|call| call.0.as_str()).collect();
    assert!(
        !later.contains(&"CreateLoadBalancer") && !later.contains(&"CreateService"),
        "{later:?}"
    );
    place.run(DEPLOY, "rules: []").expect(0);
    place.run(PLAN, "rules: []").expect(0);
}
