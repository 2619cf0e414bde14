//! Names, certificates and load balancers: deployed, planned again, changed and deleted.

use std::collections::BTreeSet;

use shipit::aws::Cx;

use crate::support::{Workdir, prepare};

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
    let sets = answer.resource_record_sets().iter();
    let others = sets.filter(|set| !["NS", "SOA"].contains(&set.r#type().as_str()));
    others.map(|set| format!("{} {}", set.name(), set.r#type().as_str())).collect()
}

#[test]
fn names_come_and_go_with_their_services() {
    let workdir = Workdir::example("domains");
    let (application, own) = ("shipit/application.yml", "domain: example.com");
    let other = "domain: {name: example.com, hosted_zone: Z0123456789ABCDEFGHI}";
    workdir.edit(application, own, other);
    let refused = workdir.local(&["plan"]).expect(1);
    insta::assert_snapshot!(refused.stderr, @r"
    error: `test.fair.example.com` lies in no public hosted zone of account 123456789012: there is none
    hint: make one with `aws route53 create-hosted-zone` and delegate it, or correct the name in the manifest
    ");
    workdir.edit(application, other, own);
    let zone = workdir.by_hand(async |cx| {
        let zone = prepare::zone(&cx, "example.com").await;
        let call = cx.route53.change_resource_record_sets().hosted_zone_id(&zone);
        call.change_batch(foreign()).send().await.unwrap();
        zone
    });
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
    let there = workdir.by_hand(async |cx| records(&cx, &zone).await);
    let names: Vec<&str> = there.iter().filter_map(|record| record.strip_suffix(" A")).collect();
    assert_eq!(
        names,
        [
            "example.com.",
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
    let left = workdir.by_hand(async |cx| records(&cx, &zone).await);
    assert_eq!(left, ["mail.example.com. A"]);
    let certificates = workdir.by_hand(async |cx| cx.acm.list_certificates().send().await.unwrap());
    assert_eq!(certificates.certificate_summary_list().len(), 0);
}

#[test]
fn a_load_balancer_that_exists_gets_rules_and_nothing_else() {
    let workdir = Workdir::example("imported-balancer");
    let refused = workdir.local(&["plan"]).expect(4);
    assert!(refused.stderr.contains("there is no load balancer `office`"), "{}", refused.stderr);
    let listeners = prepare::office(&workdir);
    let rules = || {
        workdir.by_hand(async |cx| {
            let mut counts = Vec::new();
            for listener in &listeners {
                let call = cx.elbv2.describe_rules().listener_arn(listener);
                counts.push(call.send().await.unwrap().rules().len());
            }
            counts
        })
    };
    let deployed = workdir.local(&["deploy", "--yes"]).expect(0);
    assert!(
        deployed.stdout.contains("wiki  https://intranet.example.com/wiki"),
        "{}",
        deployed.stdout
    );
    assert_eq!(rules(), [2, 2]);
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
    assert_eq!(rules(), [1, 1]);
}

/// Twelve names in three zones take three rules and two certificates, and each name a record in the nearest zone.
#[test]
fn a_service_may_have_any_number_of_names() {
    let workdir = Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27");
    let application = workdir.read("shipit/application.yml");
    workdir.write("shipit/application.yml", format!("{application}domain: example.com\n"));
    let names = [
        "example.com",
        "www.example.com",
        "de.example.com",
        "fr.example.com",
        "it.example.com",
        "shop.example.com",
        "de.shop.example.com",
        "fr.shop.example.com",
        "example.org",
        "www.example.org",
        "de.example.org",
        "*.example.org",
    ];
    let aliases = names.iter().map(|name| format!("    - '{name}'\n")).collect::<String>();
    workdir.edit(
        "shipit/services/api.yml",
        "  path: /\n",
        &format!("  path: /\n  alias:\n{aliases}"),
    );
    let zones = ["example.com", "shop.example.com", "example.org"];
    let zones = workdir.by_hand(async |cx| {
        let mut ids = Vec::new();
        for zone in zones {
            ids.push(prepare::zone(&cx, zone).await);
        }
        ids
    });
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    let of = |kind: &str| -> Vec<serde_json::Value> {
        let all = shown["resources"].as_array().unwrap().iter();
        let kind = format!("{kind}.");
        let its = all.filter(|it| it["identity"]["address"].as_str().unwrap().starts_with(&kind));
        its.map(|it| it["spec"].clone()).collect()
    };
    let texts = |value: &serde_json::Value| -> Vec<String> {
        let all = value.as_array().unwrap().iter();
        all.map(|it| it.as_str().unwrap().to_owned()).collect()
    };
    let wanted: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    // AWS takes five values in all the conditions of a rule.
    let mut forwarded = Vec::new();
    for rule in of("elbv2/listener-rule") {
        let conditions = &rule["conditions"];
        let hosts = texts(&conditions["host_headers"]);
        assert!(hosts.len() + texts(&conditions["path_patterns"]).len() <= 5, "{rule}");
        if rule["action"].to_string().contains("targetgroup/") {
            forwarded.extend(hosts);
        }
    }
    assert_eq!((forwarded.len(), forwarded.into_iter().collect()), (12, wanted.clone()));
    let proved = of("acm/certificate");
    let proved = proved.iter().flat_map(|it| {
        let mut names = texts(&it["names"]);
        names.push(it["domain"].as_str().unwrap().to_owned());
        names
    });
    let proved: BTreeSet<String> = proved.collect();
    assert!(proved.is_superset(&wanted), "{proved:?}");
    assert_eq!(of("elbv2/listener-certificate").len(), 2);
    let mut there = Vec::new();
    for zone in &zones {
        let records = workdir.by_hand(async |cx| records(&cx, zone).await);
        there.push(records.iter().filter(|record| record.ends_with(" A")).count());
    }
    assert_eq!(there, [5, 3, 4]);

    workdir.local(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"]).expect(0);
    for zone in &zones {
        let left = workdir.by_hand(async |cx| records(&cx, zone).await);
        assert_eq!(left, Vec::<String>::new());
    }
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

/// Nothing has to be made by hand to try a manifest with a domain.
#[test]
fn a_domain_is_registered_on_local_aws() {
    let workdir = Workdir::example("domains");
    let first = workdir.local(&["plan", "--env", "test"]).expect(0);
    let said = first.stderr.lines().filter(|line| line.starts_with("local AWS"));
    assert_eq!(
        said.collect::<Vec<_>>(),
        ["local AWS: `example.com` is registered now, and has a hosted zone"]
    );
    let again = workdir.local(&["plan", "--env", "test"]).expect(0);
    assert!(!again.stderr.contains("registered"), "{}", again.stderr);
    let names =
        |stdout: &str| stdout.lines().filter(|line| line.contains("route53/record")).count();
    assert_ne!(names(&first.stdout), 0);
    assert_eq!(names(&first.stdout), names(&again.stdout));
}
