//! IAM roles: read in few calls, changed piece by piece, never confused with a stranger's.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shipit::engine::{Query, Seen};
use shipit::resources::Resource;
use shipit::resources::iam::Role;

use super::{account, create, delete_all, identity, specs, updated};

const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

fn policy(action: &str) -> Value {
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn trust(service: &str) -> Value {
    let principal = json!({"Service": service});
    let statement = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn role() -> Role {
    Role {
        assume_policy: trust("ecs-tasks.amazonaws.com"),
        description: "what api may do".into(),
        managed_policies: vec![EXECUTION.into()],
        inline_policies: BTreeMap::from([
            ("a".into(), policy("s3:Get*")),
            ("b".into(), policy("s3:Put*")),
        ]),
        tags: BTreeMap::from([("team".into(), "platform".into())]),
        ..Role::default()
    }
}

#[tokio::test]
async fn a_role_changes_in_place_and_goes_with_all_its_policies() {
    let (cx, _) = account().await;
    create(&cx, "api", &role()).await;
    assert_eq!(specs::<Role>(&cx).await, [role()]);
    let other = Role {
        assume_policy: trust("ec2.amazonaws.com"),
        description: String::new(),
        max_session_duration: 7200,
        managed_policies: vec![],
        inline_policies: BTreeMap::from([("b".into(), policy("s3:List*"))]),
        permissions_boundary: Some("arn:aws:iam::aws:policy/ReadOnlyAccess".into()),
        tags: BTreeMap::new(),
    };
    let paths = [
        "assume_policy",
        "description",
        "max_session_duration",
        "managed_policies",
        "inline_policies",
        "permissions_boundary",
        "tags",
    ];
    assert_eq!(updated(&cx, "api", &other, &paths).await, other);
    assert_eq!(updated(&cx, "api", &role(), &paths).await, role());
    delete_all::<Role>(&cx).await.unwrap();
}

#[tokio::test]
async fn many_roles_are_read_in_two_calls() {
    let (cx, calls) = account().await;
    for name in ["a", "b", "c", "d"] {
        create(&cx, name, &role()).await;
    }
    let before = calls.calls().len();
    assert_eq!(specs::<Role>(&cx).await, vec![role(); 4]);
    assert_eq!(calls.calls().len() - before, 2);
}

#[tokio::test]
async fn a_role_of_our_name_without_our_tags_is_foreign() {
    let (cx, _) = account().await;
    let call = cx.iam.create_role().role_name("demo-test-web");
    let trusted = trust("ec2.amazonaws.com").to_string();
    call.assume_role_policy_document(trusted).send().await.unwrap();
    let found = async |names: &[&str]| {
        let wanted: Vec<_> = names.iter().map(|name| identity::<Role>(name)).collect();
        let seen = Seen::default();
        let query = Query {
            application: "demo",
            environment: "test",
            wanted: &wanted,
            documents: Query::NO_DOCUMENTS,
            seen: &seen,
        };
        let foreign = Role::observe(&cx, &query).await.unwrap().foreign;
        foreign.iter().map(|one| format!("{} {}", one.address, one.owner)).collect::<Vec<_>>()
    };
    // Asked one by one, and among all of the account's.
    assert_eq!(found(&["api", "web"]).await, ["iam/role.web no shipit tags"]);
    assert_eq!(found(&["a", "b", "c", "d", "web"]).await, ["iam/role.web no shipit tags"]);
}
