//! One application, deployed to Kubernetes by the same commands as to ECS, on a real API server.

use crate::support::{Workdir, kubernetes};

const PRICES: &str = "shipit/services/prices.yml";

#[test]
fn services_on_eks_come_change_fail_and_go() {
    let test = "cli::both::services_on_eks_come_change_fail_and_go";
    let Some(server) = kubernetes::server(test) else { return };
    let _alone = kubernetes::alone();
    let workdir = server.behind(Workdir::example("both"));
    let name = server.name("bakery");
    workdir.edit("shipit/application.yml", "name: bakery", &format!("name: {name}"));
    workdir.local(&["deploy", "--env", "kube", "--yes"]).expect(0);
    workdir.local(&["plan", "--env", "kube", "--exit-code"]).expect(0);

    workdir.edit(PRICES, "python:3.13-slim", "python:3.14-slim");
    let image = "object.spec.template.spec.containers[0].image";
    assert_eq!(
        workdir.steps(&["plan", "--env", "kube"]),
        [format!("update kubernetes/deployment.prices: {image}")]
    );
    let deploy = ["svc", "deploy", "--name", "prices", "--env", "kube", "--yes"];
    workdir.local(&deploy).expect(0);
    workdir.local(&["plan", "--env", "kube", "--exit-code"]).expect(0);

    workdir.edit(PRICES, "python:3.14-slim", "python:missing");
    let failed = workdir.local(&deploy).expect(1);
    let cause = failed.stderr.lines().find(|line| line.starts_with("error:")).unwrap();
    assert_eq!(
        cause,
        "error: kubernetes/deployment.prices: image `public.ecr.aws/docker/library/python:missing` cannot be pulled: not found"
    );

    let delete = ["env", "delete", "--name", "kube", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let show = ["--format", "json", "env", "show", "--name", "kube"];
    assert_eq!(workdir.local(&show).expect(0).json()["resources"], serde_json::json!([]));
}
