//! Logs of a load balancer's requests: in a bucket of the environment's own, and in one that exists.

use shipit::aws::Cx;

use super::network::{delete, deploy};
use crate::support::Workdir;

const ENVIRONMENT: &str = "shipit/environments/test.yml";
const BUCKET: &str = "atlas-test-access-logs-123456789012-eu-west-1";

/// Puts so many objects into a bucket.
fn put(workdir: &Workdir, bucket: &str, count: usize) {
    workdir.by_hand(async |cx: Cx| {
        for number in 0..count {
            let put = cx.s3.put_object().bucket(bucket).key(format!("logs/{number}"));
            put.body(b"line".to_vec().into()).send().await.unwrap();
        }
    });
}

fn buckets(workdir: &Workdir) -> Vec<String> {
    workdir.by_hand(async |cx: Cx| {
        let listed = cx.s3.list_buckets().send().await.unwrap();
        listed.buckets().iter().map(|it| it.name().unwrap().to_owned()).collect()
    })
}

#[test]
fn a_bucket_of_the_environments_own_takes_the_logs_and_keeps_them() {
    let workdir = Workdir::example("dual-stack");
    deploy(&workdir, "test");
    let logs = workdir.by_hand(async |cx: Cx| {
        let balancers = cx.elbv2.describe_load_balancers().send().await.unwrap();
        let arn = balancers.load_balancers()[0].load_balancer_arn().unwrap();
        let call = cx.elbv2.describe_load_balancer_attributes().load_balancer_arn(arn);
        let attributes = call.send().await.unwrap();
        let all = attributes.attributes().iter();
        let logs = all.filter(|it| it.key().unwrap().starts_with("access_logs"));
        logs.map(|it| format!("{}={}", it.key().unwrap(), it.value().unwrap())).collect::<Vec<_>>()
    });
    assert_eq!(
        logs,
        [
            "access_logs.s3.enabled=true".to_owned(),
            format!("access_logs.s3.bucket={BUCKET}"),
            "access_logs.s3.prefix=test".to_owned(),
        ]
    );
    workdir.edit(ENVIRONMENT, "retention: 90", "retention: 30");
    workdir.edit(ENVIRONMENT, "prefix: test", "prefix: web");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update s3/bucket.access-logs: lifecycle[0].expire_after_days policy",
            "update elbv2/load-balancer.public: attributes.access_logs.prefix",
        ]
    );
    deploy(&workdir, "test");

    // Without logs the bucket stays with those that it has, until its kind is named.
    put(&workdir, BUCKET, 2);
    let map = "    access_logs:\n      prefix: web\n      retention: 30\n";
    workdir.edit(ENVIRONMENT, map, "    access_logs: false\n");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update elbv2/load-balancer.public: attributes.access_logs",
            "keep s3/bucket.access-logs: "
        ]
    );
    workdir.local(&["deploy", "--yes"]).expect(0);
    assert_eq!(buckets(&workdir), [BUCKET]);
    workdir.edit(ENVIRONMENT, "    access_logs: false\n", "    access_logs: true\n");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "update s3/bucket.access-logs: lifecycle[0] policy",
            "update elbv2/load-balancer.public: attributes.access_logs",
        ]
    );
    deploy(&workdir, "test");
    workdir.local(&["env", "delete", "--name", "test", "--yes"]).expect(0);
    assert_eq!(buckets(&workdir), [BUCKET]);
    let plan =
        workdir.local(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "s3/bucket"]);
    let out = plan.expect(0).stdout;
    assert!(out.contains("2 objects"), "{out}");
    assert_eq!(buckets(&workdir), Vec::<String>::new());
    delete(&workdir, "test");
}

#[test]
fn a_bucket_that_exists_must_let_load_balancers_write() {
    let workdir = Workdir::example("dual-stack");
    let map = "    access_logs:\n      prefix: test\n      retention: 90\n";
    workdir.edit(ENVIRONMENT, map, "    access_logs: {bucket_name: logs-of-all}\n");
    let finding = || {
        let plan = workdir.local(&["plan"]).expect(0).stdout;
        let lines = plan.lines().skip_while(|line| !line.contains("logs-of-all"));
        lines.take(2).map(str::trim).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(finding(), @r"
    ✗ error[bucket] elbv2/load-balancer.public: bucket `logs-of-all`, for its logs, is not there
    hint: make it, or write `access_logs: true` for a bucket that shipit makes
    ");
    workdir.by_hand_in("us-east-1", async |cx: Cx| {
        cx.s3.create_bucket().bucket("logs-of-all").send().await.unwrap();
    });
    insta::assert_snapshot!(finding(), @r"
    ✗ error[bucket] elbv2/load-balancer.public: bucket `logs-of-all`, for its logs, is in another region than eu-west-1
    hint: name a bucket of the load balancer's region
    ");
    workdir.by_hand_in("us-east-1", async |cx: Cx| {
        cx.s3.delete_bucket().bucket("logs-of-all").send().await.unwrap();
    });
    workdir.by_hand(async |cx: Cx| {
        use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
        let here = CreateBucketConfiguration::builder();
        let here = here.location_constraint(BucketLocationConstraint::EuWest1).build();
        let call = cx.s3.create_bucket().bucket("logs-of-all").create_bucket_configuration(here);
        call.send().await.unwrap();
    });
    insta::assert_snapshot!(finding(), @r"
    ✗ error[bucket] elbv2/load-balancer.public: bucket `logs-of-all`, for its logs, has no policy that lets load balancers write
    hint: allow `logdelivery.elasticloadbalancing.amazonaws.com` to `s3:PutObject` on `arn:aws:s3:::logs-of-all/PREFIX/AWSLogs/123456789012/*`
    ");
    workdir.local(&["deploy", "--yes"]).expect(4);
    // What preflight would have told is AWS's to tell, too.
    let failed = workdir.local(&["deploy", "--yes", "--skip-preflight"]).expect(3);
    let text = failed.stdout + &failed.stderr;
    assert!(text.contains("Access Denied for bucket: logs-of-all"), "{text}");
    workdir.by_hand(async |cx: Cx| {
        let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs-of-all/AWSLogs/123456789012/*"}]}"#;
        cx.s3.put_bucket_policy().bucket("logs-of-all").policy(policy).send().await.unwrap();
    });
    deploy(&workdir, "test");
    delete(&workdir, "test");
    assert_eq!(buckets(&workdir), ["logs-of-all"]);
}
