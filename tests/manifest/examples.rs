//! Every application under `manifests/` is read and checked.

use std::path::{Path, PathBuf};

use shipit::manifest::Workspace;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(name)
}

#[test]
fn every_example_loads_without_a_word() {
    let mut names: Vec<String> = std::fs::read_dir(example(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "anywhere",
            "both",
            "built",
            "canary",
            "domains",
            "dual-stack",
            "files",
            "hello",
            "imported-balancer",
            "imported-vpc",
            "instances",
            "kubernetes-auto",
            "kubernetes-fargate",
            "kubernetes-nodes",
            "managed-instances",
            "market",
            "mesh-app-mesh",
            "mesh-kubernetes",
            "mesh-lattice",
            "mesh-service-connect",
            "nightly",
            "observed",
            "orders",
            "patterns",
            "private",
            "scaled",
            "shop",
            "windows"
        ]
    );
    for name in names {
        let workspace = Workspace::load(&example(&name), &|_| None)
            .unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
        let mut said = workspace.warnings.0.iter().map(|problem| problem.message.as_str());
        // What AWS has ended is said so wherever it is chosen.
        let ended = "AWS ended App Mesh on 2026-09-30: its API may refuse every call";
        let expected =
            ["mesh-app-mesh", "mesh-kubernetes"].contains(&name.as_str()).then_some(ended);
        assert_eq!(said.next(), expected, "{name}");
        assert_eq!(said.next(), None, "{name}");
    }
}

/// The three meshes join one set of services.
#[test]
fn meshes_are_shown_with_the_same_services() {
    for name in ["mesh-app-mesh", "mesh-lattice", "mesh-service-connect"] {
        let workspace = Workspace::load(&example(name), &|_| None).unwrap();
        let services: Vec<(&str, String)> = workspace
            .services
            .iter()
            .map(|one| (one.name.as_str(), one.service_type.to_string()))
            .collect();
        let backend = || "Backend Service".to_owned();
        assert_eq!(
            services,
            [
                ("api", backend()),
                ("api-next", backend()),
                ("gateway", "Load Balanced Web Service".to_owned()),
                ("store", backend()),
            ],
            "{name}"
        );
    }
}
