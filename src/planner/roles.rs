//! The two roles of a service: ECS's, to start tasks, and the tasks' own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::messaging::{self, Messaging};
use super::storage::Disks;
use super::{Context, app_mesh, iam, lattice, logging};
use crate::engine::{Desired, Failure, Input};
use crate::manifest::ServiceManifest;
use crate::manifest::env_file::in_s3;
use crate::manifest::service::{RoleSource, Secret};
use crate::resources::iam::{Role, RoleArn};

/// The roles' ARNs.
pub(super) struct Roles {
    /// ECS acts in it: it pulls images, writes logs, reads secrets.
    pub(super) execution: Input<RoleArn>,
    /// The containers act in it.
    pub(super) task: Input<RoleArn>,
}

/// Plans both roles.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    messaging: &Messaging,
    disks: &Disks,
) -> Result<Roles, Failure> {
    let owner = super::owner(service);
    let name = &service.name;
    let boundary = iam::boundary(context, service.iam.permissions_boundary.as_deref());
    let execution = match &service.iam.execution_role {
        RoleSource::Existing(arn) => Input::Known(arn.as_str().into()),
        RoleSource::Own(own) => {
            let mut execution = Role {
                description: format!("Lets ECS start tasks of {name}"),
                managed_policies: vec![format!(
                    "arn:{}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
                    context.partition
                )],
                inline_policies: [
                    ("secrets", secrets_policy(context, service)),
                    ("env-files", env_files_policy(context, service)),
                ]
                .into_iter()
                .filter_map(|(name, policy)| Some((name.to_owned(), policy?)))
                .collect(),
                permissions_boundary: boundary.clone(),
                ..role(context)?
            };
            iam::add(&mut execution, own);
            desired.add(&owner, format!("{name}/execution"), &execution)?.arn()
        }
    };
    let task = task(desired, context, service, messaging, disks, Runner::Ecs)?;
    Ok(Roles { execution, task })
}

/// Who lets containers act in a role.
#[derive(PartialEq)]
enum Runner {
    Ecs,
    /// EKS's agent, or whom this policy trusts.
    Eks(Option<Value>),
}

/// The role of a service's pods: that of its tasks, except for who may take it on.
pub(super) fn of_pods(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    messaging: &Messaging,
    disks: &Disks,
    trust: Option<Value>,
) -> Result<Input<RoleArn>, Failure> {
    task(desired, context, service, messaging, disks, Runner::Eks(trust))
}

/// The containers' role.
fn task(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    messaging: &Messaging,
    disks: &Disks,
    runner: Runner,
) -> Result<Input<RoleArn>, Failure> {
    let name = &service.name;
    let own = match &service.iam.task_role {
        RoleSource::Existing(arn) => return Ok(Input::Known(arn.as_str().into())),
        RoleSource::Own(own) => own,
    };
    let mut inline_policies = messaging::policies(messaging);
    if let Some(policy) = &disks.policy {
        inline_policies.insert("files".to_owned(), policy.clone());
    }
    // In a cluster of EKS, `exec` is a matter between people and the cluster.
    if service.exec && runner == Runner::Ecs {
        inline_policies.insert("exec".to_owned(), exec_policy());
    }
    if service.observability.tracing.is_some() {
        inline_policies.insert("tracing".to_owned(), logging::tracing_policy());
    }
    if let Some(policy) = lattice::invoke_policy(context, service)? {
        inline_policies.insert("mesh".to_owned(), policy);
    }
    let (of, plain) = match runner {
        Runner::Ecs => ("tasks", role(context)?),
        Runner::Eks(None) => ("pods", pods(context)?),
        Runner::Eks(Some(assume_policy)) => ("pods", Role { assume_policy, ..pods(context)? }),
    };
    let mut task = Role {
        description: format!("What {of} of {name} may do"),
        inline_policies,
        permissions_boundary: iam::boundary(context, service.iam.permissions_boundary.as_deref()),
        ..plain
    };
    if service.in_app_mesh(context.manifest()?).is_some() {
        task.managed_policies.push(app_mesh::envoy_policy(context));
    }
    iam::add(&mut task, own);
    Ok(desired.add(&super::owner(service), format!("{name}/task"), &task)?.arn())
}

/// A role that ECS tasks may take on.
fn role(context: &Context<'_>) -> Result<Role, Failure> {
    trusting(context, "ecs-tasks.amazonaws.com", &json!("sts:AssumeRole"))
}

/// A role that pods have through EKS's agent.
fn pods(context: &Context<'_>) -> Result<Role, Failure> {
    trusting(context, "pods.eks.amazonaws.com", &json!(["sts:AssumeRole", "sts:TagSession"]))
}

fn trusting(context: &Context<'_>, service: &str, actions: &Value) -> Result<Role, Failure> {
    Ok(Role {
        assume_policy: json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": service },
                "Action": actions,
            }],
        }),
        tags: context.tags()?,
        ..Role::default()
    })
}

/// What ECS needs to read a service's secrets; `None` where it has none.
fn secrets_policy(context: &Context<'_>, service: &ServiceManifest) -> Option<Value> {
    let connect = service.network.connect.map.logging.as_ref();
    let all = service
        .secrets
        .values()
        .chain(service.sidecars.values().flat_map(|sidecar| sidecar.secrets.values()))
        .chain(service.logging.secrets.values())
        .chain(service.logging.secret_options.values())
        .chain(connect.iter().flat_map(|logging| logging.secret_options.values()));
    // ECS signs in to a private registry in the execution role, too.
    let credentials = service.sidecars.values().filter_map(|sidecar| sidecar.credentials.as_ref());
    let credentials = service.image.credentials.iter().chain(credentials);
    let credentials: Vec<Secret> = credentials.cloned().map(Secret::Arn).collect();
    let mut parameters = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    for secret in all.chain(&credentials) {
        let arn = secret_arn(context, secret);
        if arn.contains(":secretsmanager:") {
            secrets.insert(secret_resource(&arn, matches!(secret, Secret::SecretsManager(_))));
        } else {
            parameters.insert(arn);
        }
    }
    if parameters.is_empty() && secrets.is_empty() {
        return None;
    }
    let allow = |action: &str, resources: BTreeSet<String>| {
        let resources: Vec<String> = resources.into_iter().collect();
        json!({ "Effect": "Allow", "Action": action, "Resource": resources })
    };
    let mut statements = Vec::new();
    if !parameters.is_empty() {
        statements.push(allow("ssm:GetParameters", parameters));
    }
    if !secrets.is_empty() {
        statements.push(allow("secretsmanager:GetSecretValue", secrets));
    }
    let via = ["ssm", "secretsmanager"]
        .map(|service| format!("{service}.{}.amazonaws.com", context.region));
    statements.push(json!({
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": context.arn("kms", "key/*"),
        "Condition": { "StringEquals": { "kms:ViaService": via } },
    }));
    Some(json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// What ECS needs to read env files in S3; `None` where there is none.
fn env_files_policy(context: &Context<'_>, service: &ServiceManifest) -> Option<Value> {
    let sidecars = service.sidecars.values().filter_map(|sidecar| sidecar.env_file.as_ref());
    let all = service.env_file.iter().chain(&service.logging.env_file).chain(sidecars);
    let objects: BTreeSet<&str> = all.filter_map(|file| in_s3(file)).collect();
    if objects.is_empty() {
        return None;
    }
    let buckets: BTreeSet<&str> =
        objects.iter().filter_map(|object| Some(object.split_once('/')?.0)).collect();
    let arns = |names: BTreeSet<&str>| -> Vec<String> {
        names.into_iter().map(|name| object_arn(context, name)).collect()
    };
    Some(json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "s3:GetObject", "Resource": arns(objects) },
            { "Effect": "Allow", "Action": "s3:GetBucketLocation", "Resource": arns(buckets) },
        ],
    }))
}

/// The ARN of a bucket, or of an object in one.
pub(super) fn object_arn(context: &Context<'_>, name: &str) -> String {
    format!("arn:{}:s3:::{name}", context.partition)
}

/// What a task definition's `valueFrom` says for a secret.
pub(super) fn secret_arn(context: &Context<'_>, secret: &Secret) -> String {
    match secret {
        Secret::Arn(arn) => arn.clone(),
        Secret::Ssm(name) => {
            context.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
        }
        Secret::SecretsManager(name) => context.arn("secretsmanager", &format!("secret:{name}")),
    }
}

/// The IAM resource of a secret's ARN: without the JSON key and version that may follow its name,
/// and with the six characters that Secrets Manager puts after a name. Only a user's own ARN can
/// hold them already; the end of a name (`my-secret`) may look just the same.
fn secret_resource(arn: &str, by_name: bool) -> String {
    let secret: Vec<&str> = arn.splitn(8, ':').take(7).collect();
    let secret = secret.join(":");
    let complete = !by_name
        && secret.rsplit_once('-').is_some_and(|(_, end)| {
            end.len() == 6 && end.chars().all(|c| c.is_ascii_alphanumeric())
        });
    if complete { secret } else { format!("{secret}-??????") }
}

/// What a shell in a running container needs (ECS Exec).
fn exec_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "Resource": "*",
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_ends_like_a_suffix_is_no_complete_arn() {
        let arn =
            |name: &str| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}");
        assert_eq!(secret_resource(&arn("my-secret"), true), arn("my-secret-??????"));
        assert_eq!(secret_resource(&arn("my-secret:password::"), true), arn("my-secret-??????"));
        assert_eq!(secret_resource(&arn("my-secret-aB3dE9"), false), arn("my-secret-aB3dE9"));
        assert_eq!(secret_resource(&arn("database:url::"), false), arn("database-??????"));
    }
}
