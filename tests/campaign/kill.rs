//! Killed at every call: before it is sent, and after AWS has acted and before the answer.

use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use super::audit::{Inventory, compare};
use super::neighbours;
use super::place::Place;

/// Reads lag behind writes: three seconds of AWS's time at the pace at which the binary waits here.
const STALE: &str = "- on: {operation: 'Describe*'}\n  fault: {stale: 5ms}\n\
    - on: {operation: 'List*'}\n  fault: {stale: 5ms}\n\
    - on: {operation: 'Get*'}\n  fault: {stale: 5ms}\n";

/// Points at a time: much of their time they wait for things to settle.
const WORKERS: usize = 3;

/// What is done, and from where.
struct Scenario {
    name: &'static str,
    start: Place,
    /// What is done first at every point, and never killed.
    prepare: Option<&'static [&'static str]>,
    command: &'static [&'static str],
    /// What must have nothing to do after it.
    again: &'static [&'static str],
    /// At every so-manieth call; before it is sent and after AWS acted at different ones, so that with two each call is killed
    /// once. A run of EKS's makes hundreds of calls, most of which look whether something is done. With `SHIPIT_EVERY_CALL`
    /// set it is every call in both ways everywhere.
    every: usize,
}

impl Scenario {
    /// A campaign over every call.
    fn new(
        name: &'static str,
        start: Place,
        command: &'static [&'static str],
        again: &'static [&'static str],
    ) -> Self {
        Self { name, start, prepare: None, command, again, every: 1 }
    }

    /// The same over every so-manieth one.
    fn every(self, every: usize) -> Self {
        let whole = std::env::var_os("SHIPIT_EVERY_CALL").is_some();
        Self { every: if whole { 1 } else { every }, ..self }
    }
}

pub(super) const DEPLOY: &[&str] = &["deploy", "--yes"];
pub(super) const PLAN: &[&str] = &["plan", "--exit-code"];
const DELETE_SERVICE: &[&str] =
    &["svc", "delete", "--name", "api", "--yes", "--allow-delete", "all"];
const DELETE_ENVIRONMENT: &[&str] =
    &["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];

/// An account with neighbours, and nothing of ours.
pub(super) fn empty() -> &'static Place {
    static EMPTY: OnceLock<Place> = OnceLock::new();
    EMPTY.get_or_init(|| {
        let place = Place::new();
        neighbours::settle(&place.wire());
        place
    })
}

/// The same, with everything deployed.
fn deployed() -> &'static Place {
    static DEPLOYED: OnceLock<Place> = OnceLock::new();
    DEPLOYED.get_or_init(|| {
        let place = empty().copy();
        place.run(DEPLOY, "rules: []").expect(0);
        place
    })
}

fn changed(from: &str, to: &str) -> Place {
    let place = deployed().copy();
    place.workdir.edit("shipit/services/api.yml", from, to);
    place
}

/// How a campaign went.
#[derive(Default)]
struct Tally {
    points: AtomicUsize,
    states: Mutex<HashSet<String>>,
    problems: Mutex<Vec<String>>,
}

impl Scenario {
    /// Kills the run at every call, in both ways.
    fn campaign(&self) {
        let undisturbed = self.start.copy();
        let prepare = |command| drop(undisturbed.run(command, "rules: []").expect(0));
        self.prepare.iter().copied().for_each(prepare);
        undisturbed.run(self.command, "rules: []").expect(0);
        undisturbed.run(self.again, "rules: []").expect(0);
        let expected = undisturbed.inventory();
        let before = empty().inventory();
        assert!(
            before.others() == before.len() && before.kinds().len() >= 20,
            "{:?}",
            before.kinds()
        );
        let tally = Tally::default();
        for (first, when) in [(1, "before"), (1 + self.every / 2, "after")] {
            let next = AtomicUsize::new(first);
            let last = AtomicUsize::new(usize::MAX);
            std::thread::scope(|scope| {
                for _ in 0..WORKERS {
                    scope.spawn(|| {
                        loop {
                            let call = next.fetch_add(self.every, Ordering::SeqCst);
                            if call > last.load(Ordering::SeqCst) {
                                break;
                            }
                            if !self.point(call, when, &before, &expected, &tally) {
                                last.fetch_min(call, Ordering::SeqCst);
                            }
                        }
                    });
                }
            });
        }
        let points = tally.points.load(Ordering::SeqCst);
        let problems = tally.problems.into_inner().unwrap();
        let _ = writeln!(
            std::io::stderr(),
            "{}: {points} points (at every {}. call), {} converged ({} different states)",
            self.name,
            self.every,
            points - problems.len(),
            tally.states.into_inner().unwrap().len(),
        );
        assert!(problems.is_empty(), "{}", problems[..problems.len().min(5)].join("\n\n"));
    }

    /// One point. Returns whether the run was still going at that call.
    fn point(
        &self,
        call: usize,
        when: &str,
        before: &Inventory,
        expected: &Inventory,
        tally: &Tally,
    ) -> bool {
        let place = self.start.copy();
        self.prepare.iter().for_each(|command| drop(place.run(command, "rules: []").expect(0)));
        let journal = place.journal().len();
        let script = format!("rules:\n{STALE}- on: {{call: {call}}}\n  fault: {{crash: {when}}}\n");
        let killed = place.run(self.command, &script);
        if killed.code != -1 {
            assert_eq!(killed.code, 0, "{} {call}: {}", self.name, killed.stderr);
            return false;
        }
        tally.points.fetch_add(1, Ordering::SeqCst);
        let state = place.state(journal);
        if !tally.states.lock().unwrap().insert(state.clone()) {
            return true;
        }
        let calm = format!("rules:\n{STALE}");
        let run = place.run(self.command, &calm);
        let mut problems = Vec::new();
        if run.code != 0 {
            problems.push(format!("the next run ended with {}:\n{}", run.code, run.stderr));
        } else {
            let again = place.run(self.again, &calm);
            if again.code != 0 {
                problems.push(format!("then there was more to do:\n{}", again.stdout));
            }
            problems.extend(compare(before, expected, &place.inventory()));
        }
        if !problems.is_empty() {
            let made: Vec<&str> = state.lines().filter_map(|line| line.split(' ').next()).collect();
            let problem = format!(
                "{}, killed {when} call {call}, after {}\n{}",
                self.name,
                made.join(", "),
                problems.join("\n")
            );
            tally.problems.lock().unwrap().push(problem);
        }
        true
    }
}

#[test]
fn a_deploy_converges_wherever_it_is_killed() {
    Scenario::new("deploy", empty().copy(), DEPLOY, PLAN).every(2).campaign();
}

#[test]
fn an_update_of_the_image_converges_wherever_it_is_killed() {
    let start = changed("nginx:1.27", "nginx:1.28");
    Scenario::new("image", start, DEPLOY, PLAN).campaign();
}

#[test]
fn a_new_target_group_converges_wherever_it_is_killed() {
    let start = changed("port: 80", "port: 8080");
    Scenario::new("port", start, DEPLOY, PLAN).every(2).campaign();
}

#[test]
fn an_update_of_the_count_converges_wherever_it_is_killed() {
    let start = changed("count:\n  range: 1-3\n  cpu_percentage: 70\n", "count: 2\n");
    Scenario::new("count", start, DEPLOY, PLAN).campaign();
}

#[test]
fn deleting_a_service_converges_wherever_it_is_killed() {
    let start = deployed().copy();
    Scenario::new("svc delete", start, DELETE_SERVICE, DELETE_SERVICE).every(2).campaign();
}

#[test]
fn deleting_an_environment_converges_wherever_it_is_killed() {
    // Without the service, whose end is the campaign above.
    let start = deployed().copy();
    start.run(DELETE_SERVICE, "rules: []").expect(0);
    Scenario::new("env delete", start, DELETE_ENVIRONMENT, DELETE_ENVIRONMENT).every(2).campaign();
}

/// Kubernetes instead of the service: a cluster with a node group, and what lies in it.
fn kubernetes() -> Place {
    let place = empty().copy();
    std::fs::remove_file(place.workdir.path().join("shipit/services/api.yml")).unwrap();
    place.workdir.write(
        "shipit/environments/test.yml",
        "kind: environment\nname: test\nregion: eu-west-1\n\
         cluster:\n  type: eks\n  version: \"1.34\"\n  support: extended\n\
         \x20 node_groups: {general: {instances: [m7g.large], max: 3}}\n\
         \x20 addons: {coredns: true, vpc-cni: false}\n\
         \x20 pod_identities: {photos: {service_account: photos}}\n\
         \x20 access:\n    admins:\n      principal: arn:aws:iam::123456789012:user/local\n\
         \x20     policies: [AmazonEKSViewPolicy]\n",
    );
    place
}

/// The same with two services, on a real API server.
fn kubernetes_with_services(test: &str) -> Option<Place> {
    let place = kubernetes().on(crate::support::kubernetes::server(test)?);
    place.workdir.edit(
        "shipit/environments/test.yml",
        "AmazonEKSViewPolicy",
        "AmazonEKSClusterAdminPolicy",
    );
    place.workdir.write(
        "shipit/services/api.yml",
        "kind: service\nname: api\ntype: Load Balanced Web Service\n\
         image:\n  location: public.ecr.aws/nginx/nginx:1.27\n  port: 80\n\
         http:\n  path: /\ncount: 2\npublish:\n  topics:\n    - name: ordered\n",
    );
    place.workdir.write(
        "shipit/services/worker.yml",
        "kind: service\nname: worker\ntype: Worker Service\n\
         image:\n  location: public.ecr.aws/docker/library/python:3.13-slim\n\
         variables:\n  LEVEL: info\nsubscribe:\n  topics:\n    - name: ordered\n      service: api\n",
    );
    Some(place)
}

#[test]
fn services_on_kubernetes_converge_wherever_their_deploy_is_killed() {
    let test = "campaign::kill::services_on_kubernetes_converge_wherever_their_deploy_is_killed";
    let Some(start) = kubernetes_with_services(test) else { return };
    Scenario::new("kubernetes", start, DEPLOY, PLAN).every(12).campaign();
}

#[test]
fn an_upgrade_of_kubernetes_converges_wherever_it_is_killed() {
    if std::env::var_os("SHIPIT_EVERY_CALL").is_none() {
        let why =
            "SHIPIT_EVERY_CALL is not set: an upgrade looks hundreds of times whether it is done";
        return crate::support::skipped("campaign::kill::an_upgrade_of_kubernetes", why);
    }
    let start = kubernetes();
    start.run(DEPLOY, "rules: []").expect(0);
    start.workdir.edit("shipit/environments/test.yml", "1.34", "1.36");
    Scenario::new("upgrade", start, DEPLOY, PLAN).campaign();
}

#[test]
fn deleting_kubernetes_with_services_converges_wherever_it_is_killed() {
    let test = "campaign::kill::deleting_kubernetes_with_services_converges";
    let Some(start) = kubernetes_with_services(test) else { return };
    let command = DELETE_ENVIRONMENT;
    let deployed = Scenario::new("kubernetes delete", start, command, command);
    Scenario { prepare: Some(DEPLOY), ..deployed }.every(24).campaign();
}
