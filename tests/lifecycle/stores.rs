//! Examples of repositories, log groups and roles.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shipit::engine::Handle;
use shipit::resources::ecr::{Image, Recipe, Repository};
use shipit::resources::iam::Role;
use shipit::resources::logs::LogGroup;
use shipit::resources::s3::Bucket;
use shipit::resources::s3::bucket::LifecycleRule;

use super::example::{Example, Graph, edit, retag, tags};

/// A KMS key's ARN.
pub(super) fn key(number: u8) -> String {
    format!("arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-0000000000{number:02}")
}

/// Lets a service of AWS's take on the role.
pub(super) fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
        }],
    })
}

fn allow(action: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": action, "Resource": "*" }],
    })
}

const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const POWER_USER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";

impl Graph {
    /// A role that ECS tasks may take on.
    pub(super) fn role(&mut self, name: &str) -> Handle<Role> {
        let role = Role {
            assume_policy: trust("ecs-tasks.amazonaws.com"),
            description: "what tasks may do".to_owned(),
            max_session_duration: 7200,
            managed_policies: vec![EXECUTION.to_owned(), READ_ONLY.to_owned()],
            inline_policies: BTreeMap::from([
                ("read".to_owned(), allow("s3:GetObject")),
                ("write".to_owned(), allow("s3:PutObject")),
            ]),
            permissions_boundary: Some(POWER_USER.to_owned()),
            tags: tags(),
        };
        self.add(name, &role)
    }

    /// A role for a service of AWS's.
    pub(super) fn service_role(&mut self, name: &str, service: &str) -> Handle<Role> {
        let role = Role { assume_policy: trust(service), ..Role::default() };
        self.add(name, &role)
    }

    pub(super) fn log_group(&mut self, name: &str) -> Handle<LogGroup> {
        let group = LogGroup {
            retention_days: Some(30),
            class: "STANDARD".to_owned(),
            kms_key: Some(key(1)),
            tags: tags(),
        };
        self.add(name, &group)
    }
}

pub(super) fn role() -> Example {
    let mut graph = Graph::default();
    let role = graph.role("api-task");
    let read = allow("s3:GetObject");
    graph.example(
        &role,
        vec![
            edit("assume_policy", trust("ecs.amazonaws.com")),
            edit("description", json!("something else")),
            edit("description", json!("")),
            edit("max_session_duration", json!(3600)),
            edit("managed_policies", json!([EXECUTION, POWER_USER])),
            edit("managed_policies", json!([])),
            edit("inline_policies", json!({ "read": read, "list": allow("s3:ListBucket") })),
            edit("inline_policies", json!({ "read": allow("s3:*"), "write": allow("s3:*") })),
            edit("inline_policies", json!({})),
            edit("permissions_boundary", json!(READ_ONLY)),
            edit("permissions_boundary", json!(null)),
            retag(),
        ],
    )
}

pub(super) fn log_group() -> Example {
    let mut graph = Graph::default();
    let group = graph.log_group("api/web");
    graph.example(
        &group,
        vec![
            edit("retention_days", json!(90)),
            edit("retention_days", json!(null)),
            edit("kms_key", json!(key(2))),
            edit("kms_key", json!(null)),
            retag(),
            edit("class", json!("INFREQUENT_ACCESS")),
        ],
    )
}

pub(super) fn repository() -> Example {
    let mut graph = Graph::default();
    let expire = |count: u8| {
        json!({ "rules": [{
            "rulePriority": 1,
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": count,
            },
            "action": { "type": "expire" },
        }] })
    };
    let pull = |account: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Sid": "pull",
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }] })
    };
    let repository = Repository {
        tag_mutability: "MUTABLE".to_owned(),
        scan_on_push: true,
        encryption: "KMS".to_owned(),
        kms_key: Some(key(1)),
        lifecycle_policy: Some(expire(10)),
        policy: Some(pull("210987654321")),
        tags: tags(),
    };
    let handle = graph.add("api", &repository);
    graph.example(
        &handle,
        vec![
            edit("tag_mutability", json!("IMMUTABLE")),
            edit("scan_on_push", json!(false)),
            edit("lifecycle_policy", expire(20)),
            edit("lifecycle_policy", json!(null)),
            edit("policy", pull("111122223333")),
            edit("policy", json!(null)),
            retag(),
            edit("encryption", json!("AES256")).with("kms_key", json!(null)),
            edit("kms_key", json!(key(2))),
        ],
    )
}

pub(super) fn bucket() -> Example {
    let mut graph = Graph::default();
    let bucket = graph.add("logs", &logs_bucket("demo-test-logs-123456789012-eu-west-1"));
    graph.example(
        &bucket,
        vec![
            edit("encryption", json!("aws:kms")).with("kms_key", json!("alias/logs")),
            edit("kms_key", json!("alias/logs")).with("encryption", json!("aws:kms")),
            edit("bucket_key", json!(true)).with("encryption", json!("aws:kms")),
            edit("block_public_access", json!(false)),
            edit("ownership", json!("BucketOwnerPreferred")),
            edit("lifecycle", json!([])),
            edit(
                "lifecycle",
                json!([LifecycleRule {
                    id: "parts".to_owned(),
                    enabled: false,
                    prefix: "a/".to_owned(),
                    expire_after_days: None,
                    abort_uploads_after_days: Some(7),
                }]),
            ),
            edit("policy", json!(null)),
            edit("policy", delivery("logs.example.com", "demo-test-logs-123456789012-eu-west-1")),
            retag(),
            edit("name", json!("demo-test-other-123456789012-eu-west-1"))
                .with("policy", json!(null)),
        ],
    )
}

/// A bucket that load balancers may write to.
pub(super) fn logs_bucket(name: &str) -> Bucket {
    Bucket {
        lifecycle: vec![LifecycleRule {
            id: "expire".to_owned(),
            enabled: true,
            prefix: String::new(),
            expire_after_days: Some(30),
            abort_uploads_after_days: None,
        }],
        policy: Some(delivery("logdelivery.elasticloadbalancing.amazonaws.com", name)),
        tags: tags(),
        ..Bucket::new(name)
    }
}

fn delivery(service: &str, bucket: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "s3:PutObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
    }] })
}

/// The workspace whose folders images are built from.
pub(super) fn workspace() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/built")
}

pub(super) fn image() -> Example {
    let mut graph = Graph::default();
    let repository = Repository { tag_mutability: "IMMUTABLE".to_owned(), ..Repository::default() };
    let repository = graph.add("api", &repository);
    let recipe = Recipe {
        context: "api".to_owned(),
        dockerfile: "api/Dockerfile".to_owned(),
        platform: "linux/amd64".to_owned(),
        ..Recipe::default()
    };
    let image = Image {
        repository: repository.name(),
        uri: repository.uri(),
        tag: shipit::build::tag(&workspace(), &recipe).unwrap(),
        build: Some(recipe),
        copy: None,
    };
    let image = graph.add("api", &image);
    graph.example(&image, vec![]).fixed(&[
        ("repository", "an image in another repository is another image"),
        ("uri", "where the repository is"),
        ("tag", "another content is another image"),
        ("build", "how the content came about; AWS does not know it"),
        ("copy", "where the content came from; AWS does not know it"),
    ])
}
