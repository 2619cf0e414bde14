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
            "domains",
            "dual-stack",
            "files",
            "hello",
            "imported-balancer",
            "imported-vpc",
            "instances",
            "kubernetes-auto",
            "managed-instances",
            "market",
            "mesh-lattice",
            "mesh-service-connect",
            "nightly",
            "observed",
            "orders",
            "private",
            "scaled",
            "shop",
            "windows"
        ]
    );
    for name in names {
        let workspace = Workspace::load(&example(&name), &|_| None)
            .unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
        assert_eq!(workspace.warnings.to_string(), "", "{name}");
        // Services on EKS come later.
        let kubernetes = workspace.environments.iter().any(|one| one.cluster.kubernetes.is_some());
        assert_eq!(workspace.services.is_empty(), kubernetes, "{name}");
    }
}
