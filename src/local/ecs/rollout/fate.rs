//! How a task will go, decided by its images, roles, log groups and the script of faults. Secrets
//! are not looked up: a manifest can be tried before its secrets are there.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ecs::{neighbours, task_definition};
use crate::local::faults::Rollout;

/// How a task goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs and is healthy.
    Well,
    /// It never runs: the reason that ECS gives.
    NeverRuns(String),
    /// It runs and fails its health checks.
    Unhealthy,
    /// Its essential container exits.
    Exits,
}

/// Decides for a task of this definition; `service` is empty for one that runs alone.
pub(super) fn of(call: &Call<'_>, service: &str, definition: &Value) -> Fate {
    let containers = definition.list("containerDefinitions");
    for container in containers {
        let image = container.text("image");
        match call.faults().rollout(service, image) {
            Some(Rollout::CannotPull) => return Fate::NeverRuns(cannot_pull(image)),
            Some(Rollout::Unhealthy) => return Fate::Unhealthy,
            Some(Rollout::Exits) => return Fate::Exits,
            None => {}
        }
        if !is_pullable(image) || !neighbours::image_exists(call, image) {
            return Fate::NeverRuns(cannot_pull(image));
        }
    }
    for member in ["executionRoleArn", "taskRoleArn"] {
        let arn = definition.text(member);
        if !arn.is_empty() && !neighbours::role_exists(call, arn) {
            return Fate::NeverRuns(format!(
                "ECS was unable to assume the role '{arn}' that was provided for this task. Please \
                 verify that the role being passed has the proper trust relationship and permissions \
                 and that your IAM user has permissions to pass this role."
            ));
        }
    }
    for container in containers {
        let log = &container["logConfiguration"];
        let (group, region) =
            (log["options"].text("awslogs-group"), log["options"].text("awslogs-region"));
        let made = log["options"].text("awslogs-create-group") == "true";
        let here = log.text("logDriver") == "awslogs" && region == call.region;
        if here && !made && !neighbours::log_group_exists(call, group) {
            return Fate::NeverRuns(format!(
                "ResourceInitializationError: failed to validate logger args: create stream has been \
                 retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: \
                 The specified log group does not exist. : exit status 1 ({group})"
            ));
        }
    }
    Fate::Well
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
