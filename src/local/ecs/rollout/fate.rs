//! How a task will go: by its network, images, roles, secrets, log groups, and the script of faults.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::neighbours::Answers;
use crate::local::ecs::{neighbours, task_definition};
use crate::local::efs::mount::{self, Mounting};
use crate::local::faults::{Exit, Rollout};

/// How a task goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs and is healthy.
    Well,
    /// It never runs: the reason that ECS gives.
    NeverRuns(String),
    /// It runs and fails its health checks.
    Unhealthy(Answers),
    /// An essential container exits: the one with this number.
    Exits(Exit, usize),
    /// Its essential container takes too much memory.
    OutOfMemory,
}

/// What a task is made from, as far as its fate hangs on it.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    /// Empty for a task that runs alone.
    pub(super) service: &'a str,
    pub(super) definition: &'a Value,
    /// The subnet of its network interface, if it has one.
    pub(super) subnet: Option<&'a str>,
    /// It has a public address.
    pub(super) public: bool,
    /// The address of its network interface, if it has one, and the interface's security groups.
    pub(super) address: &'a str,
    pub(super) groups: &'a [String],
    pub(super) task: &'a str,
}

/// Decides for a task.
pub(super) fn of(call: &Call<'_>, setting: &Setting<'_>) -> Fate {
    let containers = setting.definition.list("containerDefinitions");
    let scripted = containers
        .iter()
        .find_map(|one| Some((one, call.faults().rollout(setting.service, one.text("image"))?)));
    let image = |container: &Value| container.text("image").to_owned();
    let role = setting.definition.text("executionRoleArn");
    let later = match scripted {
        Some((one, Rollout::CannotPull)) => return Fate::NeverRuns(cannot_pull(&image(one))),
        Some((_, Rollout::WrongPlatform)) => {
            return Fate::NeverRuns(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): image \
                 Manifest does not contain descriptor matching platform 'linux/amd64'"
                    .to_owned(),
            );
        }
        Some((one, Rollout::NoRoute)) => return Fate::NeverRuns(no_route(call, &image(one))),
        Some((one, Rollout::PullDenied)) => {
            return Fate::NeverRuns(format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to \
                 resolve ref {}: pulling from host {} failed with status code [manifests]: 403 \
                 Forbidden",
                image(one),
                registry(&image(one)),
            ));
        }
        Some((one, Rollout::SecretDenied)) => {
            let secret = one.list("secrets").first().map(|secret| secret.text("valueFrom"));
            return Fate::NeverRuns(denied(call, role, secret.unwrap_or_default(), setting.task));
        }
        Some((_, Rollout::Unhealthy(None))) => Fate::Unhealthy(Answers::Badly),
        Some((_, Rollout::Unhealthy(Some(code)))) => Fate::Unhealthy(Answers::Code(code)),
        Some((_, Rollout::UnhealthyTimeout)) => Fate::Unhealthy(Answers::NotInTime),
        Some((one, Rollout::Exits(exit))) => {
            let at = containers.iter().position(|container| std::ptr::eq(container, one));
            Fate::Exits(exit.unwrap_or(Exit::with(1)), at.unwrap_or(0))
        }
        Some((_, Rollout::OutOfMemory)) => Fate::OutOfMemory,
        Some((_, Rollout::NoCapacity)) | None => Fate::Well,
    };
    match before_it_runs(call, setting, containers, role) {
        Some(reason) => Fate::NeverRuns(reason),
        None => later,
    }
}

/// What keeps a task from running, in the order in which Fargate's agent comes upon it.
fn before_it_runs(
    call: &Call<'_>,
    setting: &Setting<'_>,
    containers: &[Value],
    role: &str,
) -> Option<String> {
    for member in ["executionRoleArn", "taskRoleArn"] {
        let arn = setting.definition.text(member);
        if !arn.is_empty() && !neighbours::role_exists(call, arn) {
            return Some(format!(
                "ECS was unable to assume the role '{arn}' that was provided for this task. Please \
                 verify that the role being passed has the proper trust relationship and permissions \
                 and that your IAM user has permissions to pass this role."
            ));
        }
    }
    if let Some(subnet) = setting.subnet {
        let mut images = containers.iter().map(|one| one.text("image"));
        let reached = |image: &&str| neighbours::reaches(call, subnet, setting.public, image);
        if let Some(image) = images.find(|image| !reached(image)) {
            return Some(no_route(call, image));
        }
    }
    for secret in containers.iter().flat_map(|one| one.list("secrets")) {
        let reference = secret.text("valueFrom");
        if let Some(reason) = secret_reason(call, role, reference, setting.task) {
            return Some(reason);
        }
    }
    for volume in setting.definition.list("volumes") {
        let Some(efs) = volume.get("efsVolumeConfiguration") else { continue };
        let who = Mounting {
            subnet: setting.subnet.unwrap_or_default(),
            address: setting.address,
            groups: setting.groups,
        };
        let task_role = setting.definition.text("taskRoleArn");
        let may =
            |action: &str, resource: &str| neighbours::role_may(call, task_role, action, resource);
        if let Some(reason) = mount::refusal(call, efs, &who, may) {
            return Some(reason);
        }
    }
    for container in containers {
        let log = &container["logConfiguration"];
        let (group, region) =
            (log["options"].text("awslogs-group"), log["options"].text("awslogs-region"));
        let made = log["options"].text("awslogs-create-group") == "true";
        let here = log.text("logDriver") == "awslogs" && region == call.region;
        if here && !made && !neighbours::log_group_exists(call, group) {
            return Some(format!(
                "ResourceInitializationError: failed to validate logger args: create stream has been \
                 retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: \
                 The specified log group does not exist. : exit status 1 ({group})"
            ));
        }
    }
    let image = containers.iter().map(|one| one.text("image"));
    let mut missing =
        image.filter(|image| !is_pullable(image) || !neighbours::image_exists(call, image));
    missing.next().map(cannot_pull)
}

const UNABLE: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution \
                      resource retrieval failed: unable to retrieve";

/// Why a secret cannot be read; `None` if it can. Secrets Manager's are known where it is served.
fn secret_reason(call: &Call<'_>, role: &str, reference: &str, task: &str) -> Option<String> {
    let manager = reference.contains(":secretsmanager:");
    let (action, resource) = if manager {
        // `arn:…:secret:name:key:stage:version`: what follows the name is not part of the resource.
        let arn: Vec<&str> = reference.split(':').take(7).collect();
        ("secretsmanager:GetSecretValue", format!("{}-000000", arn.join(":")))
    } else if reference.starts_with("arn:") {
        ("ssm:GetParameters", reference.to_owned())
    } else {
        let name = reference.trim_start_matches('/');
        ("ssm:GetParameters", call.arn("ssm", &format!("parameter/{name}")))
    };
    let own = resource.strip_suffix("-000000").unwrap_or(&resource);
    if !neighbours::role_may(call, role, action, &resource)
        && !neighbours::role_may(call, role, action, own)
    {
        return Some(denied(call, role, reference, task));
    }
    if manager || neighbours::parameter_exists(call, reference) {
        return None;
    }
    let name = reference.split_once(":parameter").map_or(reference, |(_, name)| name);
    Some(format!(
        "{UNABLE} secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: {name}"
    ))
}

fn denied(call: &Call<'_>, role: &str, secret: &str, task: &str) -> String {
    let name = role.rsplit('/').next().unwrap_or_default();
    let user = format!("arn:aws:sts::{}:assumed-role/{name}/{task}", call.account);
    let refused = |action: &str, resource: &str| {
        format!(
            "AccessDeniedException: User: {user} is not authorized to perform: {action} on resource: \
             {resource} because no identity-based policy allows the {action} action status code: 400"
        )
    };
    if secret.contains(":secretsmanager:") {
        return format!(
            "{UNABLE} secret from asm: service call has been retried 1 time(s): failed to fetch secret \
             {secret} from secrets manager: {}",
            refused("secretsmanager:GetSecretValue", secret)
        );
    }
    let arn = match secret.starts_with("arn:") {
        true => secret.to_owned(),
        false => call.arn("ssm", &format!("parameter/{}", secret.trim_start_matches('/'))),
    };
    let refused = refused("ssm:GetParameters", &arn);
    format!("{UNABLE} secrets from ssm: service call has been retried 1 time(s): {refused}")
}

/// The host that an image is pulled from.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) => host,
        _ => "registry-1.docker.io",
    }
}

/// Images of ECR need a token first, and that fails first.
fn no_route(call: &Call<'_>, image: &str) -> String {
    let host = registry(image);
    if host.ends_with(&format!(".dkr.ecr.{}.amazonaws.com", call.region)) {
        return format!(
            "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull \
             registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. \
             Check your task network configuration. RequestError: send request failed caused by: Post \
             \"https://api.ecr.{}.amazonaws.com/\": dial tcp 198.51.100.7:443: i/o timeout",
            call.region
        );
    }
    let path = image.strip_prefix(&format!("{host}/")).unwrap_or(image);
    let (path, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
    format!(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
         {image}: failed to do request: Head \"https://{host}/v2/{path}/manifests/{tag}\": dial tcp \
         198.51.100.7:443: i/o timeout"
    )
}

fn cannot_pull(image: &str) -> String {
    format!(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve \
         ref {image}: {image}: not found"
    )
}

/// Is it a name that a registry could have an image for? The tag `does-not-exist` says that none
/// has one.
fn is_pullable(image: &str) -> bool {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (image, None),
    };
    if digest.is_some_and(|digest| !digest.starts_with("sha256:") || digest.len() != 71) {
        return false;
    }
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let (path, tag) = match name[last..].find(':') {
        Some(at) => (&name[..last + at], &name[last + at + 1..]),
        None => (name, "latest"),
    };
    let tag_char = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let path_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/:".contains(c);
    !path.is_empty()
        && path.chars().all(path_char)
        && !path.contains("//")
        && !tag.is_empty()
        && tag.len() <= 128
        && tag.chars().all(tag_char)
        && tag != "does-not-exist"
}

/// `containerImages` of a service revision.
pub(super) fn images(call: &Call<'_>, spec: &Value) -> Vec<Value> {
    let definition = task_definition::find(call, spec.text("taskDefinition"));
    let containers =
        definition.as_deref().map(|d| d.list("containerDefinitions")).unwrap_or_default();
    let image = |container: &Value| {
        let image = container.text("image");
        json!({"containerName": container.text("name"), "image": image, "imageDigest": digest(image)})
    };
    containers.iter().map(image).collect()
}

/// The digest that an image has here: made from its name, or the one it was named by.
pub(super) fn digest(image: &str) -> String {
    if let Some((_, digest)) = image.split_once('@') {
        return digest.to_owned();
    }
    let hash = Sha256::digest(image.as_bytes());
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_registry_has() {
        for good in [
            "nginx",
            "public.ecr.aws/nginx/nginx:1.27",
            "localhost:5000/a/b:v1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/demo/api:abc",
        ] {
            assert!(is_pullable(good), "{good}");
        }
        for bad in ["", "nginx:does-not-exist", "NGINX", "a b", "nginx:", "a//b", "nginx@sha256:12"]
        {
            assert!(!is_pullable(bad), "{bad}");
        }
    }
}
