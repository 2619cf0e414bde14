//! Environments without a manifest of their own: made, renewed, and gone when their time is over.

use shipit::aws::Cx;

use crate::support::Workdir;

const TEST: &str = "shipit/environments/test.yml";

fn reviewed() -> Workdir {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    let text = workdir.read(TEST);
    workdir.write(TEST, format!("{text}\nreview: {{names: \"pr-*\", ttl: 2d}}\n"));
    let service = workdir.read("shipit/services/api.yml");
    workdir.write(
        "shipit/services/api.yml",
        format!("{service}\nvariables: {{WHERE: \"${{SHIPIT_ENVIRONMENT}}\"}}\nenvironments:\n  test:\n    count: 2\n"),
    );
    workdir
}

/// The tag on an environment's cluster, after it was set to `to`, if that is given.
fn expires(workdir: &Workdir, environment: &str, to: Option<&str>) -> Option<String> {
    workdir.by_hand(async |cx: Cx| {
        let name = format!("demo-{environment}-main");
        let tags = aws_sdk_ecs::types::ClusterField::Tags;
        let answer = cx.ecs.describe_clusters().clusters(&name).include(tags).send().await.unwrap();
        let cluster = answer.clusters().iter().find(|one| one.status() == Some("ACTIVE"))?;
        if let Some(to) = to {
            let tag = aws_sdk_ecs::types::Tag::builder().key("shipit:expires").value(to).build();
            let call = cx.ecs.tag_resource().resource_arn(cluster.cluster_arn().unwrap()).tags(tag);
            call.send().await.unwrap();
        }
        let tag = cluster.tags().iter().find(|tag| tag.key() == Some("shipit:expires"))?;
        tag.value().map(str::to_owned)
    })
}

#[test]
fn an_environment_lives_for_its_time_and_is_pruned() {
    let workdir = reviewed();
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    for name in ["pr-41", "pr-42"] {
        workdir.local(&["deploy", "--env", name, "--yes"]).expect(0);
    }
    // It is as its template is, and a second deploy changes nothing.
    assert_eq!(workdir.steps(&["plan", "--env", "pr-42"]), Vec::<String>::new());
    let shown =
        workdir.local(&["--format", "json", "svc", "show", "--env", "pr-42"]).expect(0).json();
    assert_eq!(shown["configuration"]["variables"]["WHERE"], "pr-42");
    assert_eq!(shown["configuration"]["count"]["fixed"].as_i64().or(Some(2)), Some(2));
    let status = workdir.local(&["svc", "status", "--env", "pr-42"]).expect(0).stdout;
    assert!(status.starts_with("api active: 2 of 2 tasks running"), "{status}");
    assert_eq!(expires(&workdir, "test", None), None);
    assert!(expires(&workdir, "pr-42", None).is_some());
    // Two days from now; a deploy renews it in the second half.
    let list = workdir.local(&["--format", "json", "env", "prune", "--dry-run"]).expect(0).json();
    let over: Vec<(&str, bool)> = list["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["over"].as_bool().unwrap()))
        .collect();
    assert_eq!(over, [("pr-41", false), ("pr-42", false)]);
    expires(&workdir, "pr-42", Some("2020-01-01T00:00:00Z"));
    assert_eq!(workdir.steps(&["plan", "--env", "pr-42"]), ["update ecs/cluster.main: expires"]);
    workdir.local(&["env", "prune"]).expect(4);
    let pruned = workdir.local(&["env", "prune", "--yes"]).expect(0);
    assert!(pruned.stdout.contains("pr-42"), "{}", pruned.stdout);
    assert_eq!(expires(&workdir, "pr-42", None), None);
    assert!(expires(&workdir, "pr-41", None).is_some());
    let gone =
        workdir.local(&["--format", "json", "env", "show", "--env", "pr-42"]).expect(0).json();
    assert_eq!(gone["resources"].as_array().unwrap().len(), 0, "{gone}");
    // What bears no time of expiry is never touched.
    assert_eq!(workdir.steps(&["plan", "--env", "test"]), Vec::<String>::new());
    let again = workdir.local(&["env", "prune", "--yes"]).expect(0);
    assert!(
        again.stdout.starts_with("ENVIRONMENT  EXPIRES               TIME\npr-41"),
        "{}",
        again.stdout
    );
    workdir.local(&["env", "delete", "--env", "pr-41", "--yes", "--allow-delete", "all"]).expect(0);
}

#[test]
fn only_names_that_fit_are_made_without_a_manifest() {
    let workdir = reviewed();
    let other = workdir.local(&["plan", "--env", "feature"]).expect(5);
    assert!(other.stderr.contains("there is no environment `feature`"), "{}", other.stderr);
    let wrong = workdir.local(&["plan", "--env", "pr-A"]).expect(5);
    assert!(wrong.stderr.contains("`pr-A` is no name of an environment"), "{}", wrong.stderr);
    let plain = Workdir::demo("Backend Service", "nginx");
    let none = plain.local(&["env", "prune"]).expect(4);
    insta::assert_snapshot!(none.stderr, @r#"
    error: no environment's manifest here has `review`
    hint: write `review: {names: "pr-*", ttl: 3d}` into the manifest that review environments are made from
    "#);
}
