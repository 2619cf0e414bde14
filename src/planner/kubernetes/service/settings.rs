//! How a container runs: the keys that the main container and sidecars have in common.

use serde_json::{Value, json};

use super::object::Fields;
use crate::manifest::service::{Settings, VersionConsistency};

/// What stands at the container itself.
pub(super) fn apply(container: &mut Fields, settings: &Settings) {
    container.on("stdin", settings.interactive);
    container.on("tty", settings.pseudo_terminal);
    // Without one scheduler for all, each pod asks what the tag means when it starts.
    if settings.version_consistency == Some(VersionConsistency::Disabled) {
        container.put("imagePullPolicy", "Always");
    }
}

/// Its security context.
pub(super) fn security(settings: &Settings, read_only: bool) -> Value {
    let mut security = Fields::default();
    security.on("privileged", settings.privileged);
    security.on("readOnlyRootFilesystem", read_only);
    if let Some((user, group)) = settings.user.as_deref().and_then(numbers) {
        security.put("runAsUser", user);
        security.put("runAsGroup", group);
    }
    let wanted = &settings.linux.capabilities;
    let capabilities =
        Fields::default().with("add", sorted(&wanted.add)).with("drop", sorted(&wanted.drop));
    security.put("capabilities", capabilities);
    security.into()
}

/// A user and a group by their numbers: `1000`, `1000:2000`. Kubernetes knows no names.
pub(crate) fn numbers(user: &str) -> Option<(i64, Option<i64>)> {
    let number = |text: &str| text.parse::<u32>().ok().map(i64::from);
    match user.split_once(':') {
        Some((user, group)) => Some((number(user)?, Some(number(group)?))),
        None => Some((number(user)?, None)),
    }
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    names
}

/// File systems in memory, as volumes of the pod and mounts of the container.
pub(super) fn in_memory(container: &str, settings: &Settings) -> Vec<(Value, Value)> {
    let own = settings.linux.tmpfs.iter().enumerate();
    let own =
        own.map(|(index, one)| (format!("{container}-memory-{}", index + 1), &*one.path, one.size));
    let shared = settings.linux.shm_size.map(|size| (format!("{container}-shm"), "/dev/shm", size));
    own.chain(shared)
        .map(|(name, path, size)| {
            let size = super::quantity::memory(size);
            let volume =
                json!({ "name": name, "emptyDir": { "medium": "Memory", "sizeLimit": size } });
            (volume, json!({ "name": name, "mountPath": path }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn users_are_numbers() {
        assert_eq!(numbers("1000"), Some((1000, None)));
        assert_eq!(numbers("1000:2000"), Some((1000, Some(2000))));
        assert_eq!([numbers("www"), numbers("1000:www"), numbers("")], [None, None, None]);
    }
}
