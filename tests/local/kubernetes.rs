//! The API server behind local AWS's EKS clusters: real programs, started as `shipit local kubernetes` starts them.

use crate::support::{Workdir, kubernetes};

#[test]
fn the_tokens_of_eks_are_taken_and_no_others() {
    let Some(server) = kubernetes::server("local::kubernetes") else { return };
    let workdir = Workdir::new();
    let credential = workdir
        .local(&["kube", "token", "--cluster", "demo-test-main", "--region", "eu-west-1"])
        .expect(0)
        .json();
    let token = credential["status"]["token"].as_str().unwrap();
    let namespaces = server.get_with(token, "/api/v1/namespaces/default").unwrap();
    assert_eq!(namespaces["metadata"]["name"], "default");
    for rubbish in ["rubbish", "k8s-aws-v1.rubbish", &token.replace("k8s-aws-v1.", "")] {
        let refused = server.get_with(rubbish, "/api/v1/namespaces/default").unwrap_err();
        assert_eq!((refused.status, refused.reason.as_str()), (401, "Unauthorized"), "{rubbish}");
    }
}
