//! EKS at AWS's own pace, on a clock that only the test moves.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use shipit::local::clock::Clock;
use shipit::local::{KubernetesServer, LocalAws, LocalOptions};

use super::{authorization, between, ec2, form, options, send, start};

struct Account {
    local: LocalAws,
    clock: Clock,
    subnets: Vec<String>,
}

impl Account {
    async fn new(kubernetes: Option<KubernetesServer>) -> Self {
        let clock = start();
        let local = LocalAws::open(LocalOptions { kubernetes, ..options(&clock) }).unwrap();
        let vpc = ec2(&local, "Action=CreateVpc&CidrBlock=10.0.0.0/16").await;
        let vpc = between(&vpc, "<vpcId>", "<");
        let mut subnets = Vec::new();
        for (number, zone) in [(0, "a"), (1, "b")] {
            let made = format!(
                "Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.{number}.0/24&AvailabilityZone=eu-west-1{zone}"
            );
            subnets.push(between(&ec2(&local, &made).await, "<subnetId>", "<"));
        }
        for (role, service) in [("cluster", "eks"), ("pods", "eks-fargate-pods")] {
            let trust = json!({"Statement": [{
                "Effect": "Allow", "Principal": {"Service": format!("{service}.amazonaws.com")},
                "Action": ["sts:AssumeRole", "sts:TagSession"],
            }]});
            let body = format!(
                "Action=CreateRole&Version=2010-05-08&RoleName={role}&AssumeRolePolicyDocument={trust}"
            );
            assert_eq!(send(&local, form("iam", &body)).await.unwrap().status(), 200);
        }
        Self { local, clock, subnets }
    }

    /// Status and body.
    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("authorization", authorization("eks", "eu-west-1", "AKIALOCAL"))
            .body(Bytes::from(if body.is_null() { String::new() } else { body.to_string() }))
            .unwrap();
        let response = send(&self.local, request).await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    async fn create(&self) {
        let cluster = json!({
            "name": "main", "roleArn": "arn:aws:iam::123456789012:role/cluster",
            "resourcesVpcConfig": {"subnetIds": self.subnets},
        });
        assert_eq!(self.call("POST", "/clusters", cluster).await.0, 200);
    }

    async fn status(&self) -> String {
        let (_, found) = self.call("GET", "/clusters/main", Value::Null).await;
        found["cluster"]["status"].as_str().unwrap_or("gone").to_owned()
    }

    /// How many seconds the cluster has that status, looked at every five.
    async fn lasts(&self, status: &str) -> u64 {
        let mut seconds = 0;
        while self.status().await == status {
            self.clock.advance(Duration::from_secs(5));
            seconds += 5;
        }
        seconds
    }
}

#[tokio::test]
async fn a_cluster_takes_its_time_and_one_update_at_a_time() {
    let account = Account::new(None).await;
    account.create().await;
    assert_eq!(account.lasts("CREATING").await, 540);
    let update = "/clusters/main/update-config";
    let shift = json!({"zonalShiftConfig": {"enabled": true}});
    let (status, began) = account.call("POST", update, json!({"deletionProtection": true})).await;
    assert_eq!((status, began["update"]["status"].as_str()), (200, Some("InProgress")));
    let (_, seen) = account.call("GET", "/clusters/main", Value::Null).await;
    // What an update changes is seen when it is over.
    assert_eq!(seen["cluster"]["deletionProtection"], json!(false));
    let (status, refused) = account.call("POST", update, shift.clone()).await;
    let id = began["update"]["id"].as_str().unwrap();
    assert_eq!(
        (status, refused["message"].as_str().unwrap().to_owned()),
        (
            409,
            format!(
                "Cannot UpdateClusterConfig because cluster main currently has update {id} in progress"
            )
        )
    );
    assert_eq!(account.lasts("UPDATING").await, 10);
    assert_eq!(account.call("POST", update, shift).await.0, 200);
    assert_eq!(account.lasts("UPDATING").await, 10);
    account.call("POST", update, json!({"deletionProtection": false})).await;
    assert_eq!(account.lasts("UPDATING").await, 10);
    assert_eq!(account.call("DELETE", "/clusters/main", Value::Null).await.0, 200);
    assert_eq!(account.lasts("DELETING").await, 150);
    assert_eq!(account.status().await, "gone");
}

#[tokio::test]
async fn fargate_profiles_are_made_and_deleted_one_by_one() {
    let account = Account::new(None).await;
    account.create().await;
    let profile = |name: &str| {
        json!({
            "fargateProfileName": name, "podExecutionRoleArn": "arn:aws:iam::123456789012:role/pods",
            "selectors": [{"namespace": "default"}],
        })
    };
    let path = "/clusters/main/fargate-profiles";
    // A cluster that is being made takes none.
    assert_eq!(account.call("POST", path, profile("one")).await.0, 400);
    account.lasts("CREATING").await;
    assert_eq!(account.call("POST", path, profile("one")).await.0, 200);
    assert_eq!(account.call("POST", path, profile("two")).await.0, 409);
    account.clock.advance(Duration::from_secs(80));
    assert_eq!(account.call("POST", path, profile("two")).await.0, 200);
    account.clock.advance(Duration::from_secs(80));
    let (one, two) = (format!("{path}/one"), format!("{path}/two"));
    assert_eq!(account.call("DELETE", &one, Value::Null).await.0, 200);
    assert_eq!(account.call("DELETE", &two, Value::Null).await.0, 409);
    account.clock.advance(Duration::from_secs(100));
    assert_eq!(account.call("GET", &one, Value::Null).await.0, 404);
    assert_eq!(account.call("DELETE", &two, Value::Null).await.0, 200);
}

#[tokio::test]
async fn an_endpoint_can_lead_to_a_server() {
    let server = KubernetesServer {
        endpoint: "https://127.0.0.1:6443".to_owned(),
        certificate_authority: "-----BEGIN CERTIFICATE-----".to_owned(),
    };
    let account = Account::new(Some(server)).await;
    account.create().await;
    account.lasts("CREATING").await;
    let (_, found) = account.call("GET", "/clusters/main", Value::Null).await;
    assert_eq!(found["cluster"]["endpoint"], "https://127.0.0.1:6443");
    assert_eq!(
        found["cluster"]["certificateAuthority"]["data"],
        "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"
    );
}
