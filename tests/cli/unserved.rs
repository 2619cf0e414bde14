//! An API server that has no kinds but Kubernetes' own.

use serde_json::json;

use crate::support::{Workdir, kubernetes};

const OWN: &str = "shipit/kubernetes/prices/own.yml";
const WIDGET: &str =
    "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one}\nspec: {size: 3}\n";
const DEFINITION: &str = "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {kind: Widget, plural: widgets}
  scope: Cluster
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

#[test]
fn a_plain_api_server_serves_all_but_what_others_define() {
    let test = "cli::unserved::a_plain_api_server_serves_all_but_what_others_define";
    let Some(server) = kubernetes::plain_server(test) else { return };
    let workdir = server.behind(Workdir::example("both"));
    let deploy = ["deploy", "--env", "kube", "--yes", "--no-wait"];
    let changes = || {
        let steps = workdir.steps(&["plan", "--env", "kube"]);
        steps.into_iter().filter(|step| !step.starts_with("settle ")).collect::<Vec<_>>()
    };
    workdir.local(&deploy).expect(0);
    assert_eq!(changes(), [""; 0]);
    // What a class of Auto Mode's would say, each Ingress says.
    let ingress =
        server.get("/apis/networking.k8s.io/v1/namespaces/bakery/ingresses/shop").unwrap();
    let group = &ingress["metadata"]["annotations"]["alb.ingress.kubernetes.io/group.name"];
    assert_eq!(group, "bakery-kube-public");
    workdir.edit("shipit/services/prices.yml", "python:3.13-slim", "python:3.14-slim");
    let image = "object.spec.template.spec.containers[0].image";
    assert_eq!(changes(), [format!("update kubernetes/deployment.prices: {image}")]);
    // Who would make pods and a load balancer, plays nobody here.
    let play = || {
        for name in ["oven", "prices", "shop"] {
            let path = format!("/apis/apps/v1/namespaces/bakery/deployments/{name}");
            let live = server.get(&path).unwrap();
            let count = live["spec"]["replicas"].as_i64().unwrap_or(1);
            let status = json!({"observedGeneration": 99, "replicas": count, "updatedReplicas": count, "readyReplicas": count, "availableReplicas": count});
            server.merge(&format!("{path}/status"), json!({"status": status})).unwrap();
        }
        let path = "/apis/networking.k8s.io/v1/namespaces/bakery/ingresses/shop/status";
        let balancer = json!({"loadBalancer": {"ingress": [{"hostname": "one.example.com"}]}});
        server.merge(path, json!({"status": balancer})).unwrap();
    };
    play();
    workdir.local(&deploy).expect(0);

    workdir.write(OWN, format!("# A kind that nothing defines.\n{WIDGET}---\napiVersion: policy/v7\nkind: PodDisruptionBudget\nmetadata: {{name: two}}\n---\napiVersion: apps/v1\nkind: Deploiment\nmetadata: {{name: three}}\n"));
    let refused = workdir.local(&["plan", "--env", "kube"]).expect(5).stderr;
    let told = refused.lines().map(str::trim);
    let told =
        told.filter(|line| ["error:", "-->", "= help:"].iter().any(|it| line.starts_with(it)));
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r"
    error: cluster `bakery-kube-main` serves no `Widget` of `example.com/v1`
    --> shipit/kubernetes/prices/own.yml:3:7
    = help: what defines it has to be in the cluster: write its CustomResourceDefinition beside it, or install the add-on or chart that brings it
    error: cluster `bakery-kube-main` serves no `PodDisruptionBudget` of `policy/v7`
    --> shipit/kubernetes/prices/own.yml:8:7
    = help: it serves `policy/v1beta1`: write that as `apiVersion`
    error: cluster `bakery-kube-main` serves no `Deploiment` of `apps/v1`
    --> shipit/kubernetes/prices/own.yml:12:7
    = help: did you mean `Deployment`?
    ");
    // With its definition beside it, which comes first and is waited for.
    workdir.write(OWN, format!("{WIDGET}{DEFINITION}"));
    assert_eq!(
        changes(),
        [
            "create kubernetes/object.custom-resource-definition/prices/widgets.example.com: ",
            "create kubernetes/object.widget/prices/one: ",
        ]
    );
    workdir.local(&deploy).expect(0);
    assert_eq!(server.get("/apis/example.com/v1/widgets/one").unwrap()["spec"]["size"], 3);
    assert_eq!(changes(), [""; 0]);
    workdir.edit(OWN, "size: 3", "size: 4");
    assert_eq!(changes(), ["update kubernetes/object.widget/prices/one: object.spec.size"]);
}
