//! What would fail is found before anything is changed: whole commands, with what they print.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::{Server, Workdir};

/// A registry on loopback that has `app:arm` for linux/arm64 and `app:both` for two platforms.
/// Serves until the test process ends.
fn registry() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let own = host.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = Vec::new();
            let mut byte = [0; 1];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            let request = String::from_utf8_lossy(&request).to_lowercase();
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let signed_in = request.contains("authorization: bearer anonymous");
            let (status, body) = answer(&path, signed_in);
            let challenge = if status == "401 Unauthorized" {
                format!(
                    "www-authenticate: Bearer realm=\"http://{own}/token\",service=\"registry\",scope=\"repository:app:pull\"\r\n"
                )
            } else {
                String::new()
            };
            let head = format!(
                "HTTP/1.1 {status}\r\n{challenge}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    host
}

fn answer(path: &str, signed_in: bool) -> (&'static str, String) {
    let index = |platforms: &[&str]| {
        let one = |it: &&str| format!(r#"{{"platform":{{"os":"linux","architecture":"{it}"}}}}"#);
        let list: Vec<String> = platforms.iter().map(one).collect();
        format!(r#"{{"manifests":[{}]}}"#, list.join(","))
    };
    match path {
        "/token?service=registry&scope=repository:app:pull" => {
            ("200 OK", r#"{"token":"anonymous"}"#.to_owned())
        }
        _ if !signed_in => ("401 Unauthorized", String::new()),
        "/v2/app/manifests/both" => ("200 OK", index(&["amd64", "arm64"])),
        "/v2/app/manifests/arm" => {
            ("200 OK", r#"{"config":{"digest":"sha256:ab"},"layers":[]}"#.to_owned())
        }
        "/v2/app/blobs/sha256:ab" => {
            ("200 OK", r#"{"os":"linux","architecture":"arm64"}"#.to_owned())
        }
        _ => ("404 Not Found", String::new()),
    }
}

/// A workspace with one backend service of this image, whose runs go to a served local AWS: it is
/// an endpoint like any other, where what is missing is an error.
fn demo(image: &str, more: &str, faults: &str) -> (Workdir, Server) {
    let workdir = Workdir::demo("Backend Service", image);
    let manifest = workdir.read("shipit/services/api.yml");
    workdir.write("shipit/services/api.yml", format!("{manifest}\n{more}"));
    workdir.write("faults.yml", faults);
    let options = ["--local-speed", "instant", "--local-faults", "faults.yml"];
    let server = Server::local(&workdir, &options);
    let workdir = workdir
        .variable("AWS_ENDPOINT_URL", &server.url)
        .variable("AWS_ACCESS_KEY_ID", "123456789012")
        .variable("AWS_SECRET_ACCESS_KEY", "none");
    (workdir, server)
}

/// The findings of a plan's text, without what else is in it.
fn findings(text: &str, host: &str) -> String {
    let from = text.find("\nFindings").or_else(|| text.find("\ncould not check"));
    let Some(from) = from else { return String::new() };
    let rest = &text[from..];
    rest[..rest.find("\nPlan:").unwrap_or(rest.len())].replace(host, "HOST")
}

const SECRETS: &str =
    "secrets:\n  KEY: /demo/key\n  DATABASE:\n    secretsmanager: demo/database\n";

#[test]
fn everything_that_would_fail_is_told_at_once_and_nothing_is_changed() {
    let host = registry();
    let (workdir, _server) = demo(&format!("{host}/app:arm"), SECRETS, "{}");
    let plan = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, &host), @r"

    Findings
      ✗ error[image] ecs/task-definition.api: image `HOST/app:arm` of container `api` is not for linux/amd64
          it is for linux/arm64
          hint: build it with `docker buildx build --platform linux/amd64`, or change `platform` in the service's manifest
      ✗ error[secret] ecs/task-definition.api: SSM parameter `/demo/key` for `KEY` is not there
          tasks that need it do not start
          hint: put it with `aws ssm put-parameter --type SecureString --name /demo/key --value …`
      ✗ error[secret] ecs/task-definition.api: secret `demo/database` for `DATABASE` is not there
          tasks that need it do not start
          hint: create it with `aws secretsmanager create-secret --name demo/database --secret-string …`
    ");
    let json = workdir.shipit(&["--format", "json", "plan", "--env", "test"]).expect(0).json();
    let list = serde_json::to_string_pretty(&json["findings"]).unwrap().replace(&host, "HOST");
    insta::assert_snapshot!(list, @r#"
    [
      {
        "address": "ecs/task-definition.api",
        "check": "image",
        "hint": "build it with `docker buildx build --platform linux/amd64`, or change `platform` in the service's manifest",
        "message": "image `HOST/app:arm` of container `api` is not for linux/amd64",
        "severity": "error",
        "why": "it is for linux/arm64"
      },
      {
        "address": "ecs/task-definition.api",
        "check": "secret",
        "hint": "put it with `aws ssm put-parameter --type SecureString --name /demo/key --value …`",
        "message": "SSM parameter `/demo/key` for `KEY` is not there",
        "severity": "error",
        "why": "tasks that need it do not start"
      },
      {
        "address": "ecs/task-definition.api",
        "check": "secret",
        "hint": "create it with `aws secretsmanager create-secret --name demo/database --secret-string …`",
        "message": "secret `demo/database` for `DATABASE` is not there",
        "severity": "error",
        "why": "tasks that need it do not start"
      }
    ]
    "#);
    workdir.shipit(&["plan", "--env", "test", "--exit-code"]).expect(4);

    let refused = workdir.shipit(&["deploy", "--env", "test", "--yes"]).expect(4);
    let last: Vec<&str> = refused.stderr.lines().rev().take(2).collect();
    insta::assert_snapshot!(format!("{}\n{}", last[1], last[0]), @r"
    error: preflight found 3 errors: this would fail half way
    hint: correct what is listed above; or add `--skip-preflight image,secret` to go on without that, `--skip-preflight` for no check at all
    ");
    let lines = workdir.shipit(&["--format", "json", "deploy", "--env", "test", "--yes"]).expect(4);
    let plan: serde_json::Value =
        serde_json::from_str(lines.stdout.lines().nth(1).unwrap()).unwrap();
    assert_eq!(plan["findings"].as_array().unwrap().len(), 3, "{}", lines.stdout);
    let shown = workdir.shipit(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"], serde_json::json!([]));
}

#[test]
fn checks_can_be_skipped_one_by_one_or_all() {
    let host = registry();
    let (workdir, _server) = demo(&format!("{host}/app:none"), SECRETS, "{}");
    let some = workdir.shipit(&["plan", "--env", "test", "--skip-preflight", "secret"]).expect(0);
    insta::assert_snapshot!(findings(&some.stdout, &host), @r"

    Findings
      ✗ error[image] ecs/task-definition.api: image `HOST/app:none` of container `api` is not there
          its registry has no such repository or tag
          hint: push it, or correct the image's name in the service's manifest
    ");
    let none = workdir.shipit(&["plan", "--env", "test", "--skip-preflight"]).expect(0);
    assert_eq!(findings(&none.stdout, &host), "");
    let wrong = workdir.shipit(&["plan", "--env", "test", "--skip-preflight", "luck"]).expect(1);
    insta::assert_snapshot!(wrong.stderr, @r"
    error: `--skip-preflight luck`: there is no check of that name
    hint: use `all`, or one of image, secret, certificate, cluster, network, route, alarm, bucket, volume, upgrade, policy, quota, permission
    ");
    // It goes as far as it was said to: no task starts.
    let ran = workdir.shipit(&["deploy", "--env", "test", "--yes", "--skip-preflight"]).expect(1);
    assert!(ran.stderr.contains("the secret does not exist: /demo/key"), "{}", ran.stderr);
}

#[test]
fn a_good_plan_says_nothing_and_one_with_nothing_to_do_asks_nothing() {
    let host = registry();
    let (workdir, _server) = demo(&format!("{host}/app:both"), "", "{}");
    let good = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    assert_eq!(findings(&good.stdout, &host), "");
    workdir.shipit(&["deploy", "--env", "test", "--yes"]).expect(0);
    let again = workdir.shipit(&["-v", "plan", "--env", "test", "--exit-code"]).expect(0);
    for call in ["Simulate", "ServiceQuota", "DescribeSecret", "GetAccountSummary"] {
        assert!(!again.stderr.contains(call), "{}", again.stderr);
    }
}

#[test]
fn what_cannot_be_checked_is_one_line() {
    let denied = "fault: {error: {code: AccessDeniedException, status: 400, message: no}}";
    let faults = format!(
        "rules:\n  - on: {{service: servicequotas}}\n    {denied}\n  - on: {{operation: Simulate*}}\n    {denied}\n"
    );
    let (workdir, _server) = demo("public.ecr.aws/nginx/nginx:1.27", "", &faults);
    let plan = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, "@"), @r"

    could not check: images of public.ecr.aws (the endpoint is not AWS); permissions (access denied to iam:SimulatePrincipalPolicy); quotas (access denied to servicequotas:GetServiceQuota)
    ");
    workdir.shipit(&["deploy", "--env", "test", "--yes"]).expect(0);
}

#[test]
fn local_aws_tries_a_manifest_before_its_certificates_are_there() {
    let workdir = Workdir::example("shop");
    let plan = workdir.local(&["plan", "--env", "production"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, "@"), @r"

    Findings
      ✗ error[secret] ecs/task-definition.web: SSM parameter `/shop/production/session-key` for `SESSION_KEY` is not there
          tasks that need it do not start
          hint: put it with `aws ssm put-parameter --type SecureString --name /shop/production/session-key --value …`
      ! warning[certificate] elbv2/listener.public-https: certificate arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012 is not there
          Certificate Manager has none of that ARN in eu-west-1
          hint: `aws acm list-certificates` prints those that are; correct `certificates` in the environment's manifest
      ! warning[secret] ecs/task-definition.api: secret `shop/production/database` for `DATABASE_URL` is not there
          tasks that need it do not start
          hint: create it with `aws secretsmanager create-secret --name shop/production/database --secret-string …`
    ");
}

#[test]
fn a_network_that_is_not_there() {
    let workdir = Workdir::example("imported-vpc");
    // Subnets that are looked for by their tags stop a run before anything is checked.
    std::fs::remove_file(workdir.path().join("shipit/services/search.yml")).unwrap();
    // So does a cluster.
    workdir.edit("shipit/environments/office.yml", "cluster:\n  name: office\n\n", "");
    let plan = workdir.local(&["plan", "--env", "office"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, "@"), @r"

    Findings
      ✗ error[network] ec2/security-group.environment: VPC vpc-0a1b2c3d4e5f67890 is not there
          region us-east-1 of account 123456789012 has none of that id
          hint: correct its id in the manifest, or `region` and `account` of the environment
      ✗ error[network] ecs/service.wiki: security group sg-0c1c2c3c4c5c6c7c8 is not there
          region us-east-1 of account 123456789012 has none of that id
          hint: correct its id in the manifest, or `region` and `account` of the environment
      ✗ error[network] ecs/service.wiki: subnet subnet-0bbbbbbbbbbbbbbb1 is not there
          region us-east-1 of account 123456789012 has none of that id
          hint: correct its id in the manifest, or `region` and `account` of the environment
      ✗ error[network] ecs/service.wiki: subnet subnet-0bbbbbbbbbbbbbbb2 is not there
          region us-east-1 of account 123456789012 has none of that id
          hint: correct its id in the manifest, or `region` and `account` of the environment
      ✗ error[network] elbv2/load-balancer.private: subnet subnet-0bbbbbbbbbbbbbbb1 is not there
          region us-east-1 of account 123456789012 has none of that id
          hint: correct its id in the manifest, or `region` and `account` of the environment
      ✗ error[network] elbv2/load-balancer.private: subnet subnet-0bbbbbbbbbbbbbbb2 is not there
          region us-east-1 of account 123456789012 has none of that id
          hint: correct its id in the manifest, or `region` and `account` of the environment
    ");
    workdir.local(&["deploy", "--env", "office", "--yes"]).expect(4);
}

#[test]
fn a_file_system_that_is_not_there() {
    let host = registry();
    let volume =
        "storage:\n  volumes:\n    shared: {path: /shared, efs: {id: fs-0123456789abcdef0}}\n";
    let (workdir, _server) = demo(&format!("{host}/app:both"), volume, "{}");
    let plan = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, &host), @r"

    Findings
      ✗ error[volume] ecs/task-definition.api: file system fs-0123456789abcdef0 is not there
          region eu-west-1 of account 123456789012 has none of that id
          hint: correct `efs.id` under `storage.volumes`; `aws efs describe-file-systems` prints those that are there
    ");
    workdir.shipit(&["deploy", "--env", "test", "--yes"]).expect(4);
}

#[test]
fn credentials_that_may_too_little() {
    let host = registry();
    let (workdir, _server) = demo(&format!("{host}/app:both"), "", "{}");
    let role = "arn:aws:iam::123456789012:role/ci/deployer";
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "NotAction": ["iam:*", "logs:*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::123456789012:role/shipit/*"},
        {"Effect": "Allow", "Action": ["iam:Get*", "iam:List*", "iam:Simulate*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "logs:*", "Resource": "*",
         "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
        {"Effect": "Deny", "Action": "ec2:CreateVpc", "Resource": "*"}]}"#;
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}]}"#;
    workdir.by_hand(async |cx| {
        let iam = cx.iam;
        let made = iam.create_role().role_name("deployer").path("/ci/");
        made.assume_role_policy_document(trust).send().await.unwrap();
        let put = iam.put_role_policy().role_name("deployer").policy_name("own");
        put.policy_document(policy).send().await.unwrap();
    });
    workdir.edit(
        "shipit/environments/test.yml",
        "name: test",
        &format!("name: test\nrole: {role}"),
    );
    let plan = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, &host), @r"

    Findings
      ✗ error[permission] ec2/vpc.main: the credentials may not ec2:CreateVpc
          a policy denies it
          hint: take the denial out of their policies, permissions boundary or service control policies
      ! warning[permission] logs/log-group.api: the credentials may be refused logs:CreateLogGroup, logs:PutRetentionPolicy, logs:TagResource
          that hangs on conditions with aws:SourceVpc
    ");
}

#[test]
fn a_network_without_a_way_out_and_an_account_that_is_full() {
    let host = registry();
    let (workdir, _server) =
        demo(&format!("{host}/app:both"), "network:\n  vpc:\n    placement: private\n", "{}");
    let (vpc, subnets) = workdir.by_hand(async |cx| {
        let ec2 = cx.ec2;
        let mut vpcs = Vec::new();
        for number in 0..5 {
            let made = ec2.create_vpc().cidr_block(format!("10.{number}.0.0/16")).send().await;
            vpcs.push(made.unwrap().vpc().unwrap().vpc_id().unwrap().to_owned());
        }
        let mut subnets = Vec::new();
        for zone in ["a", "b"] {
            let cidr = format!("10.0.{}.0/24", subnets.len());
            let made = ec2.create_subnet().vpc_id(&vpcs[0]).cidr_block(cidr);
            let made = made.availability_zone(format!("eu-west-1{zone}")).send().await.unwrap();
            subnets.push(made.subnet().unwrap().subnet_id().unwrap().to_owned());
        }
        (vpcs[0].clone(), subnets)
    });
    // A VPC of the environment's own is one too many.
    workdir.edit("shipit/services/api.yml", "placement: private", "placement: public");
    let own = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&own.stdout, &host), @r"

    Findings
      ✗ error[quota] ec2/vpc.main: the account's quota is too small
          5 of 5 VPCs are used, and this plan makes 1 more
          hint: delete what is no longer needed, or raise it: `aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-F678F1CE --desired-value …`
    ");
    // The one that exists has room, and no route.
    workdir.edit("shipit/services/api.yml", "placement: public", "placement: private");
    let environment = workdir.read("shipit/environments/test.yml");
    let network = format!(
        "network:\n  vpc:\n    id: {vpc}\n    subnets:\n      private:\n        - id: {}\n        - id: {}\n",
        subnets[0], subnets[1]
    );
    workdir.write("shipit/environments/test.yml", format!("{environment}\n{network}"));
    let cut = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    let text = findings(&cut.stdout, &host)
        .replace(&subnets[0], "SUBNET-1")
        .replace(&subnets[1], "SUBNET-2");
    insta::assert_snapshot!(text, @r"

    Findings
      ✗ error[route] ecs/service.api: tasks in SUBNET-1, SUBNET-2 cannot reach HOST, logs
          they have no route to the internet
          hint: give the subnets a NAT gateway (`nat: single` where the environment makes the VPC), or choose `placement: public`; what AWS serves can also be reached through VPC endpoints
    ");
}

/// A registry that lets nobody in.
fn closed() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let host = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = Vec::new();
            let mut byte = [0; 1];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            let head = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=\"own\"\r\n";
            let _ = write!(stream, "{head}content-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    host
}

#[test]
fn a_registry_that_lets_nobody_in() {
    let host = closed();
    let (workdir, _server) = demo(&format!("{host}/app:live"), "", "{}");
    let plan = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, &host), @r"

    Findings
      ! warning[image] ecs/task-definition.api: image `HOST/app:live` of container `api` is private or not there
          its registry shows it only to those who sign in
          hint: give `credentials:` beside the image if it is private
    ");
}

#[test]
fn an_alarm_that_is_not_there() {
    let host = registry();
    let alarms = "deployment:\n  rollback_alarms: [api-errors]\n";
    let (workdir, _server) = demo(&format!("{host}/app:both"), alarms, "{}");
    let plan = workdir.shipit(&["plan", "--env", "test"]).expect(0);
    insta::assert_snapshot!(findings(&plan.stdout, &host), @r"

    Findings
      ✗ error[alarm] ecs/service.api: CloudWatch has no alarm `api-errors`, which is to roll deployments back
          hint: correct `deployment.rollback_alarms`; `aws cloudwatch describe-alarms` prints those that are there
    ");
    let refused = workdir.shipit(&["deploy", "--env", "test", "--yes"]).expect(4);
    let last: Vec<&str> = refused.stderr.lines().rev().take(2).collect();
    insta::assert_snapshot!(format!("{}\n{}", last[1], last[0]), @r"
    error: preflight found 1 error: this would fail half way
    hint: correct what is listed above; or add `--skip-preflight alarm` to go on without that, `--skip-preflight` for no check at all
    ");
}
