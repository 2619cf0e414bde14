//! Meshes of services on EKS: objects of the controllers of VPC Lattice and App Mesh, on a real API server.

use serde_json::json;

use crate::support::{Workdir, kubernetes};

/// Deploys the example in one of its environments, changes shares of a route, and deletes it again.
fn comes_changes_and_goes(test: &str, environment: &str, changed: &str, watch: impl Fn(&str)) {
    let Some(server) = kubernetes::server(test) else { return };
    let _alone = kubernetes::alone();
    let workdir = server.behind(Workdir::example("mesh-kubernetes"));
    let name = server.name("fair");
    workdir.edit("shipit/application.yml", "name: fair", &format!("name: {name}"));
    workdir.local(&["deploy", "--env", environment, "--yes"]).expect(0);
    workdir.local(&["plan", "--env", environment, "--exit-code"]).expect(0);
    watch(&name);
    let api = "shipit/services/api.yml";
    workdir.edit(api, "to: {api: 100, api-next: 0}", "to: {api: 90, api-next: 10}");
    assert_eq!(workdir.steps(&["plan", "--env", environment]), [changed]);
    workdir.local(&["deploy", "--env", environment, "--yes"]).expect(0);
    workdir.local(&["plan", "--env", environment, "--exit-code"]).expect(0);
    let delete = ["env", "delete", "--name", environment, "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let show = ["--format", "json", "env", "show", "--name", environment];
    assert_eq!(workdir.local(&show).expect(0).json()["resources"], json!([]));
}

#[test]
fn a_mesh_of_vpc_lattice() {
    let test = "cli::mesh_on_eks::a_mesh_of_vpc_lattice";
    let changed = "update kubernetes/object.http-route/api: object.spec.rules[1].backendRefs[0].weight object.spec.rules[1].backendRefs[1].weight";
    comes_changes_and_goes(test, "lattice", changed, |name| {
        let server = kubernetes::server(test).unwrap();
        let gateway =
            server.get(&format!("/apis/apps/v1/namespaces/{name}/deployments/gateway")).unwrap();
        let variables = gateway["spec"]["template"]["spec"]["containers"][0]["env"].clone();
        let host = variables.as_array().unwrap().iter();
        let host = host.clone().find(|one| one["name"] == "SHIPIT_MESH_API").unwrap();
        let route = server
            .get(&format!("/apis/gateway.networking.k8s.io/v1/namespaces/{name}/httproutes/api"))
            .unwrap();
        let assigned = "application-networking.k8s.aws/lattice-assigned-domain-name";
        assert_eq!(host["value"], route["metadata"]["annotations"][assigned]);
        assert_eq!(route["spec"]["parentRefs"][0]["name"], format!("{name}-lattice-main"));
    });
}

#[test]
fn a_mesh_of_app_mesh() {
    let test = "cli::mesh_on_eks::a_mesh_of_app_mesh";
    let changed = "update kubernetes/object.virtual-router/api: object.spec.routes[1].httpRoute.action.weightedTargets[0].weight object.spec.routes[1].httpRoute.action.weightedTargets[1].weight";
    comes_changes_and_goes(test, "app-mesh", changed, |name| {
        let server = kubernetes::server(test).unwrap();
        let namespace = server.get(&format!("/api/v1/namespaces/{name}")).unwrap();
        let labels = &namespace["metadata"]["labels"];
        assert_eq!(labels["mesh"], format!("{name}-app-mesh"));
        assert_eq!(labels["appmesh.k8s.aws/sidecarInjectorWebhook"], "enabled");
    });
}
