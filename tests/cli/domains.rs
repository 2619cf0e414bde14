//! Names, certificates and load balancers: deployed, planned again, changed and deleted.

use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions};
use shipit::local::clock::Speed;
use shipit::local::{LocalAws, LocalOptions};

use crate::support::Workdir;

/// Clients of the account that the binary uses in this folder.
async fn account(workdir: &Workdir) -> Cx {
    let directory = workdir.path().join(".shipit/local");
    let options = LocalOptions {
        directory: Some(directory),
        speed: Speed::Instant,
        ..LocalOptions::default()
    };
    let local = LocalAws::open(options).unwrap();
    let session = SessionOptions {
        region: Some("eu-west-1".to_owned()),
        local: Some(http_client(local)),
        time_factor: Some(1e3),
        ..SessionOptions::default()
    };
    let session = Session::load(&session, CallLog::new(None)).await.unwrap();
    session.cx("123456789012".to_owned())
}

/// Each step of a plan as `action address`.
fn steps(workdir: &Workdir, arguments: &[&str]) -> Vec<String> {
    let plan = workdir.local(&[&["--format", "json"], arguments].concat()).expect(0).json();
    let text = |step: &serde_json::Value, name: &str| step[name].as_str().unwrap().to_owned();
    let steps = plan["steps"].as_array().unwrap().iter();
    steps.map(|step| format!("{} {}", text(step, "action"), text(step, "address"))).collect()
}

/// Names and types of a zone's records, without its own two.
async fn records(cx: &Cx, zone: &str) -> Vec<String> {
    let answer = cx.route53.list_resource_record_sets().hosted_zone_id(zone).send().await.unwrap();
    let sets = answer.resource_record_sets().iter().skip(2);
    sets.map(|set| format!("{} {}", set.name(), set.r#type().as_str())).collect()
}

async fn zone(cx: &Cx) -> String {
    let call = cx.route53.create_hosted_zone().name("example.com").caller_reference("test");
    let answer = call.send().await.unwrap();
    answer.hosted_zone().unwrap().id().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_come_and_go_with_their_services() {
    let workdir = Workdir::example("domains");
    let refused = workdir.local(&["plan"]).expect(1);
    insta::assert_snapshot!(refused.stderr, @r"
    error: `test.fair.example.com` lies in no public hosted zone of account 123456789012: there is none
    hint: make one with `aws route53 create-hosted-zone` and delegate it, or correct the name in the manifest
    ");
    let cx = account(&workdir).await;
    let zone = zone(&cx).await;
    let call = cx.route53.change_resource_record_sets().hosted_zone_id(&zone);
    call.change_batch(foreign()).send().await.unwrap();
    let deployed = workdir.local(&["deploy", "--yes"]).expect(0);
    let urls: Vec<&str> = deployed.stdout.lines().filter(|line| line.contains("://")).collect();
    assert_eq!(
        urls[1..],
        [
            "quotes  https://quotes.test.fair.example.com/",
            "site  https://example.com/",
            "stream  tls://stream.example.com:443",
            "stream  udp://stream.example.com:514",
            "stream  tcp://stream.example.com:53",
        ]
    );
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());
    let there = records(&cx, &zone).await;
    let names: Vec<&str> = there.iter().filter_map(|record| record.strip_suffix(" A")).collect();
    assert_eq!(
        names,
        [
            "de.example.com.",
            "quotes.test.fair.example.com.",
            "fr.example.com.",
            "mail.example.com.",
            "market.example.com.",
            "old.example.com.",
            "shop.example.com.",
            "stream.example.com.",
            "www.example.com.",
        ]
    );

    // A name that somebody else has is not taken.
    let site = "shipit/services/site.yml";
    workdir.edit(site, "    - shop.example.com\n", "    - mail.example.com\n");
    let refused = workdir.local(&["deploy", "--yes"]).expect(4);
    assert!(refused.stderr.contains("1 resource in the way"), "{}", refused.stderr);
    // One comes, one goes: the certificate is made anew, and the old one goes last.
    workdir.edit(site, "    - mail.example.com\n", "    - new.example.com\n");
    assert_eq!(
        steps(&workdir, &["plan"]),
        [
            "replace acm/certificate.site",
            "replace elbv2/listener-certificate.site",
            "update elbv2/listener-rule.site/http",
            "update elbv2/listener-rule.site/redirect-2",
            "update elbv2/listener-rule.site/redirect-2/http",
            "update elbv2/listener-rule.site",
            "create route53/record.new.example.com",
            "delete elbv2/listener-certificate.site",
            "delete acm/certificate.site",
            "delete route53/record.shop.example.com",
        ]
    );
    workdir.local(&["svc", "deploy", "--name", "site", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());

    let delete = ["svc", "delete", "--name", "stream", "--yes", "--allow-delete", "all"];
    workdir.local(&delete).expect(0);
    let all = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
    workdir.local(&all).expect(0);
    // The zone's own two, and what is not ours.
    let left = cx.route53.list_resource_record_sets().hosted_zone_id(&zone).send().await.unwrap();
    let names: Vec<&str> = left.resource_record_sets().iter().map(|set| set.name()).collect();
    assert_eq!(names, ["example.com.", "example.com.", "mail.example.com."]);
    let certificates = cx.acm.list_certificates().send().await.unwrap();
    assert_eq!(certificates.certificate_summary_list().len(), 0);
}

/// A network with a load balancer `office` in it; returns its VPC, subnets and listeners.
async fn office(cx: &Cx) -> (String, [String; 2], Vec<String>) {
    use aws_sdk_elasticloadbalancingv2::types as elb;
    let vpc = cx.ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
    let vpc = vpc.vpc().unwrap().vpc_id().unwrap().to_owned();
    let gateway = cx.ec2.create_internet_gateway().send().await.unwrap();
    let gateway = gateway.internet_gateway().unwrap().internet_gateway_id().unwrap().to_owned();
    let attach = cx.ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc);
    attach.send().await.unwrap();
    // The only table so far is the VPC's own.
    let tables = cx.ec2.describe_route_tables().send().await.unwrap();
    let table = tables.route_tables()[0].route_table_id().unwrap();
    let route = cx.ec2.create_route().route_table_id(table).gateway_id(&gateway);
    route.destination_cidr_block("0.0.0.0/0").send().await.unwrap();
    let mut subnets = Vec::new();
    for (number, zone) in [(0, "a"), (1, "b")] {
        let call = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block(format!("10.0.{number}.0/24"));
        let made = call.availability_zone(format!("eu-west-1{zone}")).send().await.unwrap();
        subnets.push(made.subnet().unwrap().subnet_id().unwrap().to_owned());
    }
    let call = cx.elbv2.create_load_balancer().name("office").set_subnets(Some(subnets.clone()));
    let made = call.send().await.unwrap();
    let balancer = made.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let mut listeners = Vec::new();
    for (port, protocol) in [(80, "HTTP"), (443, "HTTPS")] {
        let answer = elb::FixedResponseActionConfig::builder().status_code("404").build();
        let action = elb::Action::builder()
            .r#type(elb::ActionTypeEnum::FixedResponse)
            .fixed_response_config(answer)
            .build();
        let certificate = (protocol == "HTTPS").then(|| {
            let arn = "arn:aws:acm:eu-west-1:123456789012:certificate/office";
            vec![elb::Certificate::builder().certificate_arn(arn).build()]
        });
        let call = cx.elbv2.create_listener().load_balancer_arn(&balancer).port(port);
        let call = call.protocol(protocol.into()).default_actions(action);
        let made = call.set_certificates(certificate).send().await.unwrap();
        listeners.push(made.listeners()[0].listener_arn().unwrap().to_owned());
    }
    let subnets = subnets.try_into().unwrap();
    (vpc, subnets, listeners)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancer_that_exists_gets_rules_and_nothing_else() {
    let workdir = Workdir::example("imported-balancer");
    let refused = workdir.local(&["plan"]).expect(4);
    assert!(refused.stderr.contains("there is no load balancer `office`"), "{}", refused.stderr);
    let cx = account(&workdir).await;
    let (vpc, subnets, listeners) = office(&cx).await;
    let environment = "shipit/environments/office.yml";
    workdir.edit(environment, "vpc-0a1b2c3d4e5f67890", &vpc);
    workdir.edit(environment, "subnet-0aaaaaaaaaaaaaaa1", &subnets[0]);
    workdir.edit(environment, "subnet-0aaaaaaaaaaaaaaa2", &subnets[1]);
    let rules = async |listener: &str| {
        let answer = cx.elbv2.describe_rules().listener_arn(listener).send().await.unwrap();
        answer.rules().len()
    };
    let deployed = workdir.local(&["deploy", "--yes"]).expect(0);
    assert!(
        deployed.stdout.contains("wiki  https://intranet.example.com/wiki"),
        "{}",
        deployed.stdout
    );
    assert_eq!((rules(&listeners[0]).await, rules(&listeners[1]).await), (2, 2));
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());

    workdir.edit("shipit/services/wiki.yml", "path: /wiki", "path: /pages");
    assert_eq!(
        steps(&workdir, &["plan"]),
        ["update elbv2/listener-rule.wiki/http", "update elbv2/listener-rule.wiki"]
    );
    workdir.local(&["deploy", "--yes"]).expect(0);
    assert_eq!(steps(&workdir, &["plan"]), Vec::<String>::new());
    let all = ["env", "delete", "--name", "office", "--yes", "--allow-delete", "all"];
    workdir.local(&all).expect(0);
    assert_eq!((rules(&listeners[0]).await, rules(&listeners[1]).await), (1, 1));
}

/// A record that somebody else has made.
fn foreign() -> aws_sdk_route53::types::ChangeBatch {
    use aws_sdk_route53::types::{
        Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
    };
    let value = ResourceRecord::builder().value("192.0.2.1").build().unwrap();
    let set = ResourceRecordSet::builder().name("mail.example.com").r#type(RrType::A).ttl(60);
    let set = set.resource_records(value).build().unwrap();
    let change = Change::builder().action(ChangeAction::Create).resource_record_set(set);
    ChangeBatch::builder().changes(change.build().unwrap()).build().unwrap()
}
