//! What others have in the account: it must not make our runs dear.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use shipit::local::LocalAws;

use super::account::Account;

/// Five hundred roles, target groups and scaling policies that are not ours.
pub(super) async fn crowd(account: &Account) {
    let cx = account.cx();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }]});
    let vpc = cx.ec2.create_vpc().cidr_block("172.31.0.0/16").send().await.unwrap();
    let vpc = vpc.vpc().unwrap().vpc_id().unwrap().to_owned();
    let subnet = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block("172.31.0.0/20").send().await;
    let subnet = subnet.unwrap().subnet().unwrap().subnet_id().unwrap().to_owned();
    for number in 0..500 {
        let role = cx.iam.create_role().role_name(format!("other-{number}"));
        role.assume_role_policy_document(trust.to_string()).send().await.unwrap();
        let group = cx.elbv2.create_target_group().name(format!("other-{number}"));
        let group = group.protocol("HTTP".into()).port(80).vpc_id(&vpc).target_type("ip".into());
        group.send().await.unwrap();
    }
    policies(&account.local, &subnet).await;
}

/// Ten services with fifty policies each.
async fn policies(local: &LocalAws, subnet: &str) {
    ecs(local, "CreateCluster", json!({"clusterName": "other"})).await;
    let definition = json!({
        "family": "other",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{"name": "other", "image": "other", "essential": true}],
    });
    ecs(local, "RegisterTaskDefinition", definition).await;
    for service in 0..10 {
        let name = format!("other-{service}");
        let service = json!({
            "cluster": "other",
            "serviceName": name,
            "taskDefinition": "other",
            "desiredCount": 0,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [subnet]}},
        });
        ecs(local, "CreateService", service).await;
        let target = json!({
            "ServiceNamespace": "ecs",
            "ResourceId": format!("service/other/{name}"),
            "ScalableDimension": "ecs:service:DesiredCount",
        });
        let with = |more: Value| {
            let mut all = target.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let bounds = json!({"MinCapacity": 0, "MaxCapacity": 1});
        scaling(local, "RegisterScalableTarget", with(bounds)).await;
        for policy in 0..50 {
            let policy = json!({
                "PolicyName": format!("policy-{policy}"),
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": {
                    "AdjustmentType": "ChangeInCapacity",
                    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
                },
            });
            scaling(local, "PutScalingPolicy", with(policy)).await;
        }
    }
}

async fn ecs(local: &LocalAws, operation: &str, input: Value) {
    let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
    send(local, "ecs", &target, input).await;
}

async fn scaling(local: &LocalAws, operation: &str, input: Value) {
    let target = format!("AnyScaleFrontendService.{operation}");
    send(local, "application-autoscaling", &target, input).await;
}

async fn send(local: &LocalAws, service: &str, target: &str, input: Value) {
    let scope = format!("local/20260101/eu-west-1/{service}/aws4_request");
    let request = Request::post("/")
        .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}"))
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", target)
        .body(Bytes::from(input.to_string()))
        .unwrap();
    let answer = local.handle(request).await.unwrap();
    assert!(answer.status().is_success(), "{target}: {answer:?}");
}
