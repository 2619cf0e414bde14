//! Failure on demand, as a client meets it.

use shipit::local::{ConnectionLost, LocalAws};

use super::{answer, between, ec2, form, json, send, with_faults};

const IDENTITY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

async fn status_and_code(local: &LocalAws, request: http::Request<bytes::Bytes>) -> (u16, String) {
    let response = send(local, request).await.unwrap();
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    let code = match serde_json::from_str::<serde_json::Value>(&body) {
        Ok(json) => json["__type"].as_str().unwrap_or("ok").to_owned(),
        Err(_) if body.contains("<Code>") => between(&body, "<Code>", "<"),
        Err(_) => "ok".to_owned(),
    };
    (response.status().as_u16(), code)
}

#[tokio::test]
async fn each_protocol_throttles_in_its_own_words() {
    let local = with_faults(
        "rules: [{on: {call: 1, operation: '*'}, fault: throttle}, {on: {calls: [2, 3]}, fault: throttle}]",
    );
    let vpcs = || form("ec2", "Action=DescribeVpcs&Version=2016-11-15");
    assert_eq!(status_and_code(&local, vpcs()).await, (503, "RequestLimitExceeded".to_owned()));
    assert_eq!(
        status_and_code(&local, form("sts", IDENTITY)).await,
        (400, "Throttling".to_owned())
    );
    let parameters = || json("ssm", "AmazonSSM.DescribeParameters", "{}");
    assert_eq!(
        status_and_code(&local, parameters()).await,
        (400, "ThrottlingException".to_owned())
    );
    assert_eq!(status_and_code(&local, parameters()).await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn errors_come_before_any_effect() {
    let local = with_faults(
        "rules:\n- on: {operation: CreateVpc, call: 1}\n  fault: {server-error: 503}\n\
         - on: {operation: CreateVpc, call: 2}\n  fault: {error: {code: UnauthorizedOperation, status: 403, message: no}}\n",
    );
    let create = || form("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16");
    assert_eq!(status_and_code(&local, create()).await, (503, "ServiceUnavailable".to_owned()));
    assert_eq!(status_and_code(&local, create()).await, (403, "UnauthorizedOperation".to_owned()));
    assert_eq!(local.counts().unwrap().get("ec2/vpc"), None);
    assert_eq!(status_and_code(&local, create()).await, (200, "ok".to_owned()));
    assert_eq!(local.counts().unwrap().get("ec2/vpc"), Some(&1));
}

#[tokio::test]
async fn a_lost_answer_has_its_effect() {
    let local = with_faults("rules: [{on: {operation: CreateVpc}, fault: lost-answer}]");
    let create = form("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16");
    assert_eq!(send(&local, create).await.unwrap_err(), ConnectionLost);
    assert_eq!(local.counts().unwrap().get("ec2/vpc"), Some(&1));
    assert_eq!(local.calls()[0].outcome, "lost");
}

#[tokio::test]
async fn after_a_disconnect_nothing_has_an_effect() {
    let local = with_faults("rules: [{on: {call: 2}, fault: disconnect}]");
    let create = || form("ec2", "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16");
    assert!(send(&local, create()).await.is_ok());
    assert!(send(&local, create()).await.is_err());
    assert!(send(&local, create()).await.is_err());
    assert_eq!(local.counts().unwrap().get("ec2/vpc"), Some(&1));
}

#[tokio::test]
async fn a_stale_read_does_not_see_what_is_young() {
    let local =
        with_faults("rules: [{on: {operation: DescribeVpcs, calls: [1, 2]}, fault: {stale: 5s}}]");
    let vpc = between(&ec2(&local, "Action=CreateVpc&CidrBlock=10.0.0.0/16").await, "<vpcId>", "<");
    let by_id = format!("Action=DescribeVpcs&Version=2016-11-15&VpcId.1={vpc}");
    assert_eq!(
        status_and_code(&local, form("ec2", &by_id)).await,
        (400, "InvalidVpcID.NotFound".to_owned())
    );
    let all = || form("ec2", "Action=DescribeVpcs&Version=2016-11-15");
    assert!(!answer(&local, all()).await.contains(&vpc));
    assert!(answer(&local, all()).await.contains(&vpc));
}
