//! What runs in one environment comes to another, and what differs between the two.

use std::collections::BTreeMap;

use serde_json::json;
use shipit::aws::Cx;

use crate::support::Workdir;
use crate::support::builder::Builder;

/// The example `built` with two environments.
fn built() -> (Builder, Workdir) {
    let builder = Builder::new();
    let workdir = Workdir::example("built").variable("PATH", &builder.search());
    workdir.write("shipit/environments/prod.yml", "kind: environment\nname: prod\n");
    (builder, workdir)
}

const PROMOTE: &[&str] = &["promote", "--from", "test", "--to", "prod", "--yes"];

/// The digests that the newest revisions of an environment run, by service, and their repositories.
async fn running(cx: Cx, environment: &str) -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    for service in ["api", "report", "web"] {
        let family = format!("built-{environment}-{service}");
        let shown = cx.ecs.describe_task_definition().task_definition(family).send().await;
        let Ok(shown) = shown else { continue };
        let task = shown.task_definition.unwrap();
        let image = task.container_definitions()[0].image().unwrap().to_owned();
        let (place, digest) = image.split_once('@').unwrap();
        let (_, repository) = place.split_once('/').unwrap();
        found.insert(service.to_owned(), (repository.to_owned(), digest.to_owned()));
    }
    found
}

#[test]
fn a_promotion_deploys_the_very_images_and_builds_nothing() {
    let (builder, workdir) = built();
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    builder.asked();
    // What is in the folders by now is no matter.
    workdir.edit("web/index.html", "Hello", "Not yet");
    let planned = workdir.local(PROMOTE).expect(0);
    assert!(
        planned.stdout.contains("create: copies 123456789012.dkr.ecr.")
            || planned.stdout.contains("copies 123456789012.dkr.ecr."),
        "{}",
        planned.stdout
    );
    assert_eq!(builder.asked(), Vec::<String>::new());
    let (test, prod) =
        workdir.by_hand(async |cx| (running(cx.clone(), "test").await, running(cx, "prod").await));
    assert_eq!(prod.len(), 3);
    for (service, (repository, digest)) in &prod {
        assert_eq!(*repository, format!("built/prod/{service}"));
        assert_eq!(*digest, test[service].1);
    }
    let again = workdir.local(PROMOTE).expect(0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    // The images have the tags that say their content, so that the same sources are deployed by then.
    workdir.edit("web/index.html", "Not yet", "Hello");
    let plan = workdir.local(&["plan", "--env", "prod"]).expect(0);
    assert!(plan.stdout.contains("Nothing to do"), "{}", plan.stdout);
}

#[test]
fn what_was_not_deployed_is_not_promoted() {
    let (_builder, workdir) = built();
    workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(0);
    workdir.local(&["svc", "deploy", "--name", "web", "--env", "test", "--yes"]).expect(0);
    let ran = workdir.local(PROMOTE).expect(4);
    insta::assert_snapshot!(ran.stderr, @r"
    error: service `api` is not deployed in environment `test`: there is nothing to promote
    hint: run `shipit svc deploy --name api --env test` first, or name others with `--name`
    ");
    let same = workdir.local(&["promote", "--from", "test", "--to", "test"]).expect(4);
    insta::assert_snapshot!(same.stderr, @r"
    error: `test` has its own images already
    hint: name two environments: `shipit promote --from test --to prod`
    ");
    // One service goes alone, where its environment is.
    workdir.local(&["env", "deploy", "--name", "prod", "--yes"]).expect(0);
    workdir.local(&[PROMOTE, &["--name", "web"]].concat()).expect(0);
    let prod = workdir.by_hand(async |cx| running(cx, "prod").await);
    assert_eq!(prod.into_keys().collect::<Vec<_>>(), ["web"]);
}

#[test]
fn an_image_that_is_named_by_a_tag_is_promoted_by_its_digest() {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    workdir.write(
        "shipit/environments/prod.yml",
        "kind: environment\nname: prod\nregion: eu-west-1\n",
    );
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    workdir.local(PROMOTE).expect(0);
    let image = workdir.by_hand(async |cx| {
        let shown = cx.ecs.describe_task_definition().task_definition("demo-prod-api").send().await;
        let task = shown.unwrap().task_definition.unwrap();
        task.container_definitions()[0].image().unwrap().to_owned()
    });
    assert!(image.starts_with("public.ecr.aws/nginx/nginx@sha256:"), "{image}");
}

#[test]
fn several_environments_are_deployed_one_after_another_and_compared() {
    let workdir = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    workdir.write(
        "shipit/environments/prod.yml",
        "kind: environment\nname: prod\nregion: eu-west-1\nlogging: {retention: 90}\n",
    );
    workdir.write(
        "shipit/services/api.yml",
        format!(
            "{}environments:\n  prod: {{cpu: 512, memory: 1024}}\n",
            workdir.read("shipit/services/api.yml")
        ),
    );
    workdir.local(&["deploy", "--env", "test,nowhere", "--yes"]).expect(5);
    workdir.local(&["deploy", "--env", "test,prod", "--yes"]).expect(0);
    workdir.edit("shipit/services/api.yml", "nginx:1.27", "nginx:1.28");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let diff = workdir.local(&["diff", "--env", "test,prod", "--exit-code"]).expect(2);
    insta::assert_snapshot!(diff.stdout, @r"
    WHAT                           test                             prod
    api runs api                   public.ecr.aws/nginx/nginx:1.28  public.ecr.aws/nginx/nginx:1.27
    api.cpu                        256                              512
    api.logging.retention          30                               90
    api.memory                     512                              1024
    environment.logging.retention  -                                90
    ");
    let rows = workdir.local(&["--format", "json", "diff", "--env", "test,prod"]).expect(0).json();
    assert_eq!(rows["differences"][1], json!({"path": "api.cpu", "values": [256, 512]}));
    let one = workdir.local(&["diff", "--env", "test"]).expect(1);
    assert!(one.stderr.starts_with("error: `diff` compares two environments"), "{}", one.stderr);
}
