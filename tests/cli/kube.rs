//! How `kubectl` is let in: the token, and the configuration that asks for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shipit::aws::Cx;

use crate::support::Workdir;

#[test]
fn a_token_is_a_presigned_call_of_sts() {
    let workdir = Workdir::new()
        .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "secret")
        .variable("AWS_REGION", "eu-west-1");
    let said = workdir.shipit(&["kube", "token", "--cluster", "main"]).expect(0).json();
    assert_eq!(said["apiVersion"], "client.authentication.k8s.io/v1");
    assert_eq!(said["kind"], "ExecCredential");
    let token = said["status"]["token"].as_str().unwrap().strip_prefix("k8s-aws-v1.").unwrap();
    let url = String::from_utf8(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    assert!(url.starts_with("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&"));
    assert!(url.contains("X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&"), "{url}");
    // Neither a workspace nor an account was made for it, on local AWS either.
    let local = ["--local", "kube", "token", "--cluster", "main"];
    assert_eq!(workdir.shipit(&local).expect(0).json()["kind"], "ExecCredential");
    assert!(!workdir.path().join(".shipit").exists());
}

/// A cluster with the tags of demo's environment `test`.
async fn cluster(cx: &Cx) {
    let made = cx.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    let vpc = made.vpc().unwrap().vpc_id().unwrap().to_owned();
    let mut network = aws_sdk_eks::types::VpcConfigRequest::builder();
    for (number, zone) in [(0, "a"), (1, "b")] {
        let call = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block(format!("10.0.{number}.0/24"));
        let made = call.availability_zone(format!("eu-west-1{zone}")).send().await.unwrap();
        network = network.subnet_ids(made.subnet().unwrap().subnet_id().unwrap());
    }
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    let call = cx.iam.create_role().role_name("cluster");
    let role = call.assume_role_policy_document(trust.to_string()).send().await.unwrap();
    let mut call = cx.eks.create_cluster().name("demo-test-main");
    for (key, value) in [("application", "demo"), ("environment", "test")] {
        call = call.tags(format!("shipit:{key}"), value);
    }
    let role = role.role().unwrap().arn();
    call.role_arn(role).resources_vpc_config(network.build()).send().await.unwrap();
}

#[test]
fn a_context_joins_those_that_are_there() {
    let workdir = Workdir::demo("Backend Service", "nginx:1");
    let refused = workdir.local(&["env", "kubeconfig"]).expect(4);
    insta::assert_snapshot!(refused.stderr, @r"
    error: environment `test` has 0 EKS clusters
    hint: `shipit env show --name test` says what it has
    ");
    workdir.by_hand(async |cx| cluster(&cx).await);
    let mine = "# mine\napiVersion: v1\nkind: Config\ncontexts: []\ncurrent-context: other\n";
    workdir.write(".kube/config", mine);
    let told = workdir.local(&["env", "kubeconfig", "--keep-current"]).expect(0);
    assert!(told.stderr.contains("context `demo-test` is in "), "{}", told.stderr);
    let text = workdir.read(".kube/config");
    assert!(text.starts_with("# mine\n"), "{text}");
    let config: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(config["current-context"], "other");
    let user = &config["users"][0]["user"]["exec"];
    assert_eq!(user["command"], env!("CARGO_BIN_EXE_shipit"));
    let arguments =
        ["kube", "token", "--cluster", "demo-test-main", "--region", "eu-west-1", "--local"];
    assert_eq!(user["args"], json!(arguments));
    let arn = "arn:aws:eks:eu-west-1:123456789012:cluster/demo-test-main";
    assert_eq!(config["contexts"][0]["context"], json!({"cluster": arn, "user": arn}));
    let server = config["clusters"][0]["cluster"]["server"].as_str().unwrap();
    assert!(server.ends_with(".eu-west-1.eks.amazonaws.com"), "{server}");
    // A second time nothing but the current context changes.
    workdir.local(&["env", "kubeconfig"]).expect(0);
    let again = workdir.read(".kube/config");
    assert_eq!(again, text.replace("current-context: other", "current-context: \"demo-test\""));
    workdir.write(".kube/config.lock", "");
    let locked = workdir.local(&["env", "kubeconfig"]).expect(4);
    assert!(locked.stderr.contains("if no `kubectl config` runs, delete "), "{}", locked.stderr);
}
