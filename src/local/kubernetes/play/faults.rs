//! Failures that a pod asks for: by the annotation `shipit.local/fault`, or by its image's tag.

use serde_json::Value;

use crate::local::document::Document;

/// Says which of them: one of their names.
const ANNOTATION: &str = "shipit.local/fault";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The image is not in its registry.
    CannotPull,
    /// The container ends with 1 soon after each start.
    Exits,
    /// The container is killed for its memory soon after each start.
    OutOfMemory,
    /// The readiness probe is answered with 503.
    Unhealthy,
    /// No node has room.
    NoCapacity,
}

/// Names in annotations, and tags of images.
const NAMES: &[(Fault, &str, &str)] = &[
    (Fault::CannotPull, "cannot-pull", "missing"),
    (Fault::Exits, "exits", "crash"),
    (Fault::OutOfMemory, "out-of-memory", "out-of-memory"),
    (Fault::Unhealthy, "unhealthy", "unhealthy"),
    (Fault::NoCapacity, "no-capacity", "no-capacity"),
];

/// What a container of a pod asks for: the annotation is for the first container.
pub(super) fn of(pod: &Value, container: &Value) -> Option<Fault> {
    let asked = pod["metadata"]["annotations"].text(ANNOTATION);
    let first = pod["spec"]["containers"][0].text("name") == container.text("name");
    if let Some((fault, _, _)) = NAMES.iter().find(|(_, name, _)| first && *name == asked) {
        return Some(*fault);
    }
    let (_, tag) = container.text("image").rsplit_once(':')?;
    NAMES.iter().find(|(_, name, other)| *name == tag || *other == tag).map(|(fault, _, _)| *fault)
}

/// Whether any container asks for it.
pub(super) fn any(pod: &Value, fault: Fault) -> bool {
    pod["spec"].list("containers").iter().any(|container| of(pod, container) == Some(fault))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn annotations_and_tags_ask() {
        let asked = |annotation: &str, image: &str| {
            let container = json!({"name": "web", "image": image});
            let pod = json!({
                "metadata": {"annotations": {ANNOTATION: annotation}},
                "spec": {"containers": [container]},
            });
            of(&pod, &container)
        };
        assert_eq!(asked("", "nginx"), None);
        assert_eq!(asked("", "nginx:1.27"), None);
        assert_eq!(asked("", "registry:5000/nginx"), None);
        assert_eq!(asked("", "nginx:missing"), Some(Fault::CannotPull));
        assert_eq!(asked("", "nginx:crash"), Some(Fault::Exits));
        assert_eq!(asked("out-of-memory", "nginx:1"), Some(Fault::OutOfMemory));
        assert_eq!(asked("unhealthy", "nginx:missing"), Some(Fault::Unhealthy));
        assert_eq!(asked("no-capacity", "nginx"), Some(Fault::NoCapacity));
    }
}
