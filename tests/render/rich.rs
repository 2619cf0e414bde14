//! One change in which everything happens that can.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shipit::engine::{
    Action, Address, Basis, Change, Finding, Foreign, Health, Identity, Live, Owner, Plan,
    ReplaceOrder, Scope, Severity, Step,
};

const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop-prod-api/50dc6c495c0c9188";

fn identity(owner: &Owner, address: &Address) -> Identity {
    Identity {
        application: "shop".into(),
        environment: "prod".into(),
        owner: owner.clone(),
        address: address.clone(),
        generation: 1,
        run: "run".into(),
    }
}

/// A step that is nothing special.
pub(super) fn step(address: &str, service: Option<&str>, action: Action, reason: &str) -> Step {
    let address: Address = address.parse().unwrap();
    let owner = service.map_or(Owner::Environment, |name| Owner::Service(name.to_owned()));
    Step {
        identity: identity(&owner, &address),
        address,
        owner,
        action,
        reason: reason.into(),
        id: None,
        changes: Vec::new(),
        spec: None,
        live: None,
        loses: None,
        deposed: false,
        drift: false,
        patched_by: Vec::new(),
        after: Vec::new(),
    }
}

/// A change that is nothing special.
pub(super) fn change(path: &str, before: Value, after: Value) -> Change {
    Change {
        path: path.into(),
        before,
        after,
        unknown: Vec::new(),
        forces_replacement: false,
        sensitive: false,
        drift: false,
    }
}

fn finding(
    severity: Severity,
    check: &str,
    about: Option<&str>,
    message: &str,
    why: &str,
) -> Finding {
    Finding {
        severity,
        check: check.into(),
        address: about.map(|address| address.parse().unwrap()),
        message: message.into(),
        why: why.into(),
        hint: (severity == Severity::Error)
            .then(|| "push the image, or correct `image.location`".into()),
    }
}

/// An empty plan.
pub(super) fn empty() -> Plan {
    Plan {
        format_version: "1.0".into(),
        application: "shop".into(),
        environment: "prod".into(),
        account: "123456789012".into(),
        region: "eu-west-1".into(),
        scope: Scope { environment: true, services: BTreeSet::from(["api".into()]), prune: false },
        protected: false,
        steps: Vec::new(),
        unchanged: 0,
        foreign: Vec::new(),
        notices: Vec::new(),
        findings: Vec::new(),
        outputs: BTreeMap::new(),
        basis: Basis::default(),
    }
}

/// Everything at once.
pub(super) fn plan() -> Plan {
    let api = Some("api");
    let with = |mut step: Step, change: fn(&mut Step)| {
        change(&mut step);
        step
    };
    let steps = vec![
        step("ec2/nat-gateway.main-a", None, Action::Create, "it is not there yet"),
        with(
            step(
                "logs/log-group.api",
                api,
                Action::Create,
                "it was deleted outside since the last apply",
            ),
            |step| step.drift = true,
        ),
        with(
            step(
                "elbv2/target-group.api",
                api,
                Action::Replace { order: ReplaceOrder::CreateFirst },
                "`port` cannot change in place",
            ),
            |step| {
                step.patched_by = vec!["services/api.yml:42".into(), "services/api.yml:45".into()];
                step.id = Some(ARN.into());
                step.changes = vec![
                    Change { forces_replacement: true, ..change("port", json!(8080), json!(9090)) },
                    change(
                        "health_check.path",
                        json!("/"),
                        json!("/health?deep=`1`&html=<b>|</b>"),
                    ),
                ];
            },
        ),
        with(step("elbv2/target-group.api", api, Action::Delete, "it is replaced"), |step| {
            step.id = Some(ARN.into());
            step.deposed = true;
        }),
        with(
            step(
                "servicediscovery/namespace.main",
                None,
                Action::Replace { order: ReplaceOrder::DeleteFirst },
                "`vpc` cannot change in place, and `ec2/vpc.main → id` is made anew",
            ),
            |step| {
                step.id = Some("ns-abcdefghij".into());
                step.changes = vec![Change {
                    forces_replacement: true,
                    unknown: vec!["ec2/vpc.main → id".into()],
                    ..change(
                        "vpc",
                        json!("vpc-0a1b2c3d"),
                        json!({"$output": ["ec2/vpc.main", "id"]}),
                    )
                }];
            },
        ),
        with(
            step("ecs/task-definition.api", api, Action::Revise, "3 fields differ: a new revision"),
            |step| {
                let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/prod/api:1.4.";
                step.changes = vec![
                    change(
                        "containers.api.image",
                        json!(format!("{image}0")),
                        json!(format!("{image}1")),
                    ),
                    Change {
                        sensitive: true,
                        ..change(
                            "containers.api.environment.DB_PASSWORD",
                            json!("hunter2-old"),
                            json!("hunter2-new"),
                        )
                    },
                    change(
                        "containers.api.environment.MOTD",
                        Value::Null,
                        json!("one\ntwo \u{1b}[31mred"),
                    ),
                    change("containers.api.environment.OLD_FLAG", json!("yes"), Value::Null),
                ];
            },
        ),
        with(
            step(
                "ecs/service.api",
                api,
                Action::Update,
                "`task_definition` and `desired_count` differ",
            ),
            |step| {
                step.changes = vec![
                    Change {
                        unknown: vec!["ecs/task-definition.api → arn".into()],
                        ..change(
                            "task_definition",
                            json!(
                                "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop-prod-api:41"
                            ),
                            json!({"$output": ["ecs/task-definition.api", "arn"]}),
                        )
                    },
                    Change { drift: true, ..change("desired_count", json!(2), json!(4)) },
                ];
            },
        ),
        with(
            step(
                "ecr/repository.old",
                Some("old"),
                Action::Delete,
                "service `old` is in no manifest here",
            ),
            |step| {
                step.id = Some("shop/prod/old".into());
                step.loses = Some("12 images".into());
            },
        ),
        with(
            step(
                "elbv2/load-balancer.private",
                None,
                Action::Delete,
                "it left the environment's manifest",
            ),
            |step| {
                step.id = Some("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop-prod-private/1a2b".into());
                step.loses = Some("its DNS name `internal-shop-prod-private-1.eu-west-1.elb.amazonaws.com` and its addresses".into());
            },
        ),
        with(
            step(
                "logs/log-group.old",
                Some("old"),
                Action::Keep,
                "it holds log events: `--allow-delete logs/log-group` lets it go",
            ),
            |step| step.id = Some("/shipit/shop/prod/old".into()),
        ),
        with(
            step(
                "ecs/service.worker",
                Some("worker"),
                Action::Settle,
                "it matches and is still settling: 1 of 2 tasks running",
            ),
            |step| {
                step.live = Some(Live {
                    identity: step.identity.clone(),
                    spec: Value::Null,
                    outputs: Value::Null,
                    health: Health::Pending("1 of 2 tasks running".into()),
                    id: "worker".into(),
                });
            },
        ),
        with(
            step(
                "iam/role.api/task",
                api,
                Action::Adopt,
                "the next deploy changes it: `policies` differs",
            ),
            |step| {
                step.id = Some("shop-prod-api-task".into());
                step.changes = vec![change(
                    "policies.own",
                    json!({"Statement": []}),
                    json!({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}),
                )];
            },
        ),
    ];
    Plan {
        protected: true,
        steps,
        unchanged: 31,
        foreign: vec![Foreign {
            address: "logs/log-group.api/nginx".parse().unwrap(),
            id: "/shipit/shop/prod/api/nginx".into(),
            owner: "no shipit tags".into(),
            adoptable: true,
        }],
        notices: vec!["service `cart` is live and in no manifest here: it is left alone (`shipit svc delete --name cart` or `--prune` deletes it)".into()],
        findings: vec![
            finding(Severity::Error, "image", Some("ecs/task-definition.api"), "image `shop/prod/api:1.4.1` does not exist", "repository shop/prod/api has no tag 1.4.1"),
            finding(Severity::Warning, "quota", None, "63 of 64 Fargate vCPUs would be in use", ""),
            finding(Severity::Unchecked, "permissions", None, "permissions", "access denied to iam SimulatePrincipalPolicy"),
        ],
        ..empty()
    }
}
