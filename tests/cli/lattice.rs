//! Services in VPC Lattice: traffic moves from one version to the next by manifest edits alone, callers come and go.

use std::collections::BTreeSet;

use crate::support::Workdir;

const API: &str = "shipit/services/api.yml";

/// The tasks of the cluster, as ECS lists them.
fn tasks(workdir: &Workdir) -> BTreeSet<String> {
    workdir.by_hand(async |cx| {
        let listed = cx.ecs.list_tasks().cluster("mesh-test-main").send().await.unwrap();
        listed.task_arns().iter().cloned().collect()
    })
}

/// Target groups of the rule that all calls to a service follow, by name, with their weights; and how many of
/// their targets are healthy.
fn shares(workdir: &Workdir) -> Vec<(String, i32, usize)> {
    use aws_sdk_vpclattice::types::RuleAction;
    workdir.by_hand(async |cx| {
        let lattice = &cx.vpclattice;
        let services = lattice.list_services().send().await.unwrap();
        let named =
            |one: &&aws_sdk_vpclattice::types::ServiceSummary| one.name() == Some("mesh-test-api");
        let service = services.items().iter().find(named).unwrap().id().unwrap().to_owned();
        let listed = lattice.list_listeners().service_identifier(&service).send().await.unwrap();
        let id = listed.items()[0].id().unwrap();
        let found = lattice.get_listener().service_identifier(&service).listener_identifier(id);
        let found = found.send().await.unwrap();
        let Some(RuleAction::Forward(forward)) = found.default_action() else {
            panic!("{found:?}")
        };
        let mut shares = Vec::new();
        for one in forward.target_groups() {
            let id = one.target_group_identifier();
            let group =
                lattice.get_target_group().target_group_identifier(id).send().await.unwrap();
            let targets = lattice.list_targets().target_group_identifier(id).send().await.unwrap();
            let healthy = targets.items().iter();
            let healthy = healthy.filter(|it| it.status().unwrap().as_str() == "HEALTHY").count();
            shares.push((group.name().unwrap().to_owned(), one.weight().unwrap(), healthy));
        }
        shares
    })
}

#[test]
fn a_route_moves_all_calls_to_the_next_version_and_no_task_is_restarted() {
    let workdir = Workdir::example("mesh-lattice");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let before = tasks(&workdir);
    assert_eq!(before.len(), 4);
    let share = |to: i32, next: i32| {
        [("mesh-test-api".to_owned(), to, 1), ("mesh-test-api-next".to_owned(), next, 1)]
    };
    assert_eq!(shares(&workdir), share(100, 0));
    let moves = [
        ("{api: 100, api-next: 0}", "{api: 90, api-next: 10}", (90, 10)),
        ("{api: 90, api-next: 10}", "{api: 0, api-next: 100}", (0, 100)),
    ];
    for (from, to, (own, next)) in moves {
        workdir.edit(API, from, to);
        let steps = workdir.steps(&["plan", "--env", "test"]);
        let weights = "default_action.forward[0].weight default_action.forward[1].weight";
        assert_eq!(steps, [format!("update vpclattice/listener.api: {weights}")]);
        workdir.local(&["svc", "deploy", "--name", "api", "--env", "test", "--yes"]).expect(0);
        assert_eq!(shares(&workdir), share(own, next));
        assert_eq!(workdir.steps(&["plan", "--env", "test"]), Vec::<String>::new());
    }
    assert_eq!(tasks(&workdir), before);
}

#[test]
fn whoever_calls_is_let_in_and_told_where() {
    let workdir = Workdir::example("mesh-lattice");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir.edit("shipit/services/gateway.yml", "calls: [api]", "calls: [api, store]");
    assert_eq!(
        workdir.steps(&["plan", "--env", "test"]),
        [
            "update vpclattice/service.store: policy",
            "revise ecs/task-definition.gateway: containers.gateway.environment.SHIPIT_MESH_STORE",
            "update ecs/service.gateway: task_definition",
        ]
    );
    // What is called from elsewhere stays while it is used.
    let delete = ["svc", "delete", "--name", "store", "--env", "test", "--yes"];
    workdir.local(&[&delete[..], &["--allow-delete", "all"]].concat()).expect(0);
    let lattice = workdir.by_hand(async |cx| {
        let services = cx.vpclattice.list_services().send().await.unwrap();
        services.items().iter().map(|one| one.name().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert!(lattice.contains(&"mesh-test-store".to_owned()), "{lattice:?}");
}

#[test]
fn a_share_for_a_service_that_is_nowhere_is_refused_before_anything_happens() {
    let workdir = Workdir::example("mesh-lattice");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir.edit(API, "{api: 100, api-next: 0}", "{api: 100, elsewhere: 0}");
    let ran = workdir.local(&["plan", "--env", "test"]);
    let text = format!("{}{}", ran.stdout, ran.stderr);
    assert!(text.contains("vpclattice/target-group.elsewhere"), "{text}");
    assert!(text.contains("neither planned nor live"), "{text}");
}
