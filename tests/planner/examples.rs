//! The whole desired graph of every application under `manifests/`, in each of its environments.

use super::support::{example, plan, text};

fn graph(application: &str, environment: &str) -> String {
    text(&plan(&example(application), environment))
}

#[test]
fn anywhere_in_test() {
    insta::assert_snapshot!(graph("anywhere", "test"));
}

#[test]
fn both_in_test() {
    insta::assert_snapshot!(graph("both", "test"));
}

#[test]
fn both_in_kube() {
    insta::assert_snapshot!(graph("both", "kube"));
}

#[test]
fn patterns_in_test() {
    insta::assert_snapshot!(graph("patterns", "test"));
}

#[test]
fn patterns_in_kube() {
    insta::assert_snapshot!(graph("patterns", "kube"));
}

#[test]
fn built_in_test() {
    insta::assert_snapshot!(graph("built", "test"));
}

#[test]
fn windows_in_test() {
    insta::assert_snapshot!(graph("windows", "test"));
}

#[test]
fn dual_stack_in_test() {
    insta::assert_snapshot!(graph("dual-stack", "test"));
}

#[test]
fn private_in_test() {
    insta::assert_snapshot!(graph("private", "test"));
}

#[test]
fn files_in_test() {
    insta::assert_snapshot!(graph("files", "test"));
}

#[test]
fn domains_in_test() {
    insta::assert_snapshot!(graph("domains", "test"));
}

#[test]
fn imported_balancer_in_office() {
    insta::assert_snapshot!(graph("imported-balancer", "office"));
}

#[test]
fn hello_in_test() {
    insta::assert_snapshot!(graph("hello", "test"));
}

#[test]
fn imported_vpc_in_office() {
    insta::assert_snapshot!(graph("imported-vpc", "office"));
}

#[test]
fn instances_in_test() {
    insta::assert_snapshot!(graph("instances", "test"));
}

#[test]
fn kubernetes_auto_in_test() {
    insta::assert_snapshot!(graph("kubernetes-auto", "test"));
}

#[test]
fn kubernetes_fargate_in_test() {
    insta::assert_snapshot!(graph("kubernetes-fargate", "test"));
}

#[test]
fn kubernetes_nodes_in_test() {
    insta::assert_snapshot!(graph("kubernetes-nodes", "test"));
}

#[test]
fn managed_instances_in_test() {
    insta::assert_snapshot!(graph("managed-instances", "test"));
}

#[test]
fn market_in_test() {
    insta::assert_snapshot!(graph("market", "test"));
}

#[test]
fn mesh_app_mesh_in_test() {
    insta::assert_snapshot!(graph("mesh-app-mesh", "test"));
}

#[test]
fn nightly_in_test() {
    insta::assert_snapshot!(graph("nightly", "test"));
}

#[test]
fn observed_in_test() {
    insta::assert_snapshot!(graph("observed", "test"));
}

#[test]
fn mesh_service_connect_in_test() {
    insta::assert_snapshot!(graph("mesh-service-connect", "test"));
}

#[test]
fn orders_in_test() {
    insta::assert_snapshot!(graph("orders", "test"));
}

#[test]
fn canary_in_test() {
    insta::assert_snapshot!(graph("canary", "test"));
}

#[test]
fn scaled_in_test() {
    insta::assert_snapshot!(graph("scaled", "test"));
}

#[test]
fn shop_in_test() {
    insta::assert_snapshot!(graph("shop", "test"));
}

#[test]
fn shop_in_production() {
    insta::assert_snapshot!(graph("shop", "production"));
}

/// An example without a snapshot here would go unplanned.
#[test]
fn every_example_is_planned_above() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let environments = example(&name).environments;
        all.extend(environments.into_iter().map(|one| format!("{name} {}", one.name)));
    }
    all.sort();
    assert_eq!(
        all,
        [
            "anywhere test",
            "both kube",
            "both test",
            "built test",
            "canary test",
            "domains test",
            "dual-stack test",
            "files test",
            "hello test",
            "imported-balancer office",
            "imported-vpc office",
            "instances test",
            "kubernetes-auto test",
            "kubernetes-fargate test",
            "kubernetes-nodes test",
            "managed-instances test",
            "market test",
            "mesh-app-mesh test",
            "mesh-kubernetes app-mesh",
            "mesh-kubernetes lattice",
            "mesh-lattice test",
            "mesh-service-connect test",
            "nightly test",
            "observed test",
            "orders test",
            "patterns kube",
            "patterns test",
            "private test",
            "scaled test",
            "shop production",
            "shop test",
            "windows test"
        ]
    );
}

#[test]
fn mesh_kubernetes_in_lattice() {
    insta::assert_snapshot!(graph("mesh-kubernetes", "lattice"));
}

#[test]
fn mesh_kubernetes_in_app_mesh() {
    insta::assert_snapshot!(graph("mesh-kubernetes", "app-mesh"));
}

#[test]
fn mesh_lattice_in_test() {
    insta::assert_snapshot!(graph("mesh-lattice", "test"));
}
