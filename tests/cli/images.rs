//! Images that are built, pushed and deployed, with a stand-in for the builder.

use serde_json::{Value, json};
use shipit::aws::Cx;

use crate::support::builder::Builder;
use crate::support::{Ran, Workdir};

/// The example `built`, and the builder that it finds.
fn built() -> (Builder, Workdir) {
    with(Builder::new())
}

fn with(builder: Builder) -> (Builder, Workdir) {
    let workdir = Workdir::example("built").variable("PATH", &builder.search());
    (builder, workdir)
}

const DEPLOY: &[&str] = &["deploy", "--yes"];

/// What the containers of the newest revision of each task definition run.
async fn images(cx: Cx) -> Vec<String> {
    let mut images = Vec::new();
    for family in ["built-test-api", "built-test-report", "built-test-web"] {
        let shown = cx.ecs.describe_task_definition().task_definition(family).send().await;
        let Ok(shown) = shown else { continue };
        let task = shown.task_definition.unwrap();
        images.extend(task.container_definitions().iter().map(|it| it.image().unwrap().to_owned()));
    }
    images
}

/// Tags and digest of the images in a repository.
async fn pushed(cx: Cx, repository: &str) -> Vec<(Vec<String>, String)> {
    let shown = cx.ecr.describe_images().repository_name(repository).send().await.unwrap();
    let shown = shown.image_details().iter();
    shown.map(|it| (it.image_tags().to_vec(), it.image_digest().unwrap().to_owned())).collect()
}

/// The lines of a plan that are about images.
fn about_images(ran: &Ran) -> String {
    let lines = ran.stdout.lines().filter(|line| line.contains("ecr/image"));
    lines.map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn images_are_built_pushed_and_deployed_by_digest_and_left_alone_after_that() {
    let (builder, workdir) = built();
    let planned = workdir.local(&["plan"]).expect(0);
    insta::assert_snapshot!(about_images(&planned), @r"
    + ecr/image.api                 create: builds and pushes api:sha-3b116bd610a46269
    + ecr/image.report            create: builds and pushes report:sha-3b116bd610a46269
    + ecr/image.web                 create: builds and pushes web:sha-15a98e5796f54de6
    ");
    assert_eq!(builder.asked(), Vec::<String>::new(), "planning builds nothing");

    let deployed = workdir.local(DEPLOY).expect(0);
    assert!(deployed.stderr.contains("  web | #5 naming to web done\n"), "{}", deployed.stderr);
    insta::assert_snapshot!(builder.asked().join("\n"), @r"
    docker buildx build --platform linux/amd64 --file web/Dockerfile --tag REGISTRY/built/test/web:sha-15a98e5796f54de6 --progress plain --provenance=false --load web
    docker buildx build --platform linux/arm64 --file api/Dockerfile --tag REGISTRY/built/test/api:sha-3b116bd610a46269 --target serve --build-arg PYTHON=3.13 --progress plain --provenance=false --load api
    docker buildx build --platform linux/arm64 --file api/Dockerfile --tag REGISTRY/built/test/report:sha-3b116bd610a46269 --target serve --build-arg PYTHON=3.13 --progress plain --provenance=false --load api
    docker login --username AWS --password-stdin REGISTRY < a password
    docker push REGISTRY/built/test/api:sha-3b116bd610a46269
    docker push REGISTRY/built/test/report:sha-3b116bd610a46269
    docker push REGISTRY/built/test/web:sha-15a98e5796f54de6
    ");
    let running = workdir.by_hand(images);
    for (name, image) in ["api", "report", "web"].iter().zip(&running) {
        let there = workdir.by_hand(async |cx| pushed(cx, &format!("built/test/{name}")).await);
        let [(tags, digest)] = &there[..] else { panic!("{there:?}") };
        assert!(tags.len() == 1 && tags[0].starts_with("sha-"), "{tags:?}");
        let place = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        assert_eq!(*image, format!("{place}/built/test/{name}@{digest}"));
    }

    // What has not changed is neither built nor pushed, and no revision comes of it.
    workdir.write("api/notes.md", "not sent to the builder\n");
    let again = workdir.local(DEPLOY).expect(0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
    workdir.edit("web/index.html", "Hello", "Good morning");
    let steps = workdir.steps(&["plan"]);
    assert_eq!(
        steps,
        [
            "create ecr/image.web: ",
            "revise ecs/task-definition.web: containers.web.image",
            "update ecs/service.web: task_definition"
        ]
    );
    assert_eq!(builder.asked(), Vec::<String>::new());
    workdir.local(DEPLOY).expect(0);
    let asked = builder.asked();
    assert_eq!(asked.len(), 3, "{asked:#?}"); // build, login, push
    // Back to what was there before: the image still is.
    workdir.edit("web/index.html", "Good morning", "Hello");
    let steps = workdir.steps(&["plan"]);
    assert_eq!(
        steps,
        [
            "revise ecs/task-definition.web: containers.web.image",
            "update ecs/service.web: task_definition"
        ]
    );
    workdir.local(DEPLOY).expect(0);
    assert_eq!(builder.asked(), Vec::<String>::new());
    assert_eq!(workdir.by_hand(images), running);
}

#[test]
fn repositories_expire_scan_and_keep_their_tags() {
    let (_builder, workdir) = built();
    workdir.local(DEPLOY).expect(0);
    let shown =
        workdir.local(&["--format", "json", "svc", "show", "--name", "web"]).expect(0).json();
    let all = shown["resources"].as_array().unwrap();
    let spec = |kind: &str| -> &Value {
        let of = |one: &&Value| {
            one["identity"]["address"].as_str().unwrap().split('.').next() == Some(kind)
        };
        &all.iter().find(of).unwrap()["spec"]
    };
    let repository = spec("ecr/repository");
    assert_eq!(
        (&repository["scan_on_push"], &repository["tag_mutability"]),
        (&json!(true), &json!("IMMUTABLE"))
    );
    let rule = &repository["lifecycle_policy"]["rules"][0]["selection"];
    assert_eq!(
        *rule,
        json!({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100})
    );
    assert_eq!(spec("ecr/image")["build"]["platform"], "linux/amd64");
}

/// Deploys, and gives what was said in the end.
fn refused(builder: &Builder, workdir: &Workdir, code: i32, options: &[&str]) -> String {
    let command = [options, &["svc", "deploy", "--name", "web", "--yes"]].concat();
    let ran = workdir.local(&command).expect(code);
    assert_eq!(workdir.by_hand(images), Vec::<String>::new(), "nothing of it is deployed");
    builder.asked();
    let (_, error) = ran.stderr.split_once("error: ").unwrap_or_else(|| panic!("{}", ran.stderr));
    // How long it took is another matter.
    let lines = error.lines().take_while(|line| !line.contains(" of local AWS's time"));
    let lines: Vec<&str> = lines.collect();
    let text = format!("error: {}", lines.join("\n"));
    let at = text.find("127.0.0.1:").map(|at| &text[at..]);
    let host =
        at.map(|at| at.split(|c: char| !c.is_ascii_digit() && !".:".contains(c)).next().unwrap());
    match host.map(|host| host.trim_end_matches([':', '.'])) {
        Some(host) => text.replace(host, "REGISTRY"),
        None => text,
    }
}

#[test]
fn what_cannot_be_built_is_not_deployed() {
    let (builder, workdir) = built();
    workdir.local(&["env", "deploy", "--yes"]).expect(0);
    builder.plays(json!({"fails": "web"}));
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &[]), @r#"
    error: ecr/image.web: `docker buildx build` failed: ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2
    hint: correct what its last lines say, then run the same command again
      log of docker buildx build
      | #1 [internal] load build definition from web/Dockerfile
      | #5 [2/2] RUN make
      | #5 0.312 make: *** No targets.  Stop.
      | ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2
    "#);
    let live =
        workdir.local(&["--format", "json", "svc", "show", "--name", "web"]).expect(0).json();
    let live: Vec<&str> = live["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["identity"]["address"].as_str().unwrap())
        .collect();
    assert_eq!(live, ["ecr/repository.web"], "nothing of the service but where its image would be");

    builder.plays(json!({"platform": "linux/arm64"}));
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &[]), @r#"
    error: ecr/image.web: the image that was built is for linux/arm64, and the service runs on linux/amd64
    hint: is a base image in `web/Dockerfile` pinned to a platform (`FROM --platform`) or a digest? or change `platform` in the manifest
    "#);
    builder.plays(json!({"login": "denied"}));
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &[]), @r#"
    error: ecr/image.web: registry REGISTRY lets nobody in: Error response from daemon: login attempt to http://REGISTRY/v2/ failed with status: 400 Bad Request
    hint: the credentials need `ecr:GetAuthorizationToken`; is the registry reached from here?
      log of docker login
      | Error response from daemon: login attempt to http://REGISTRY/v2/ failed with status: 400 Bad Request
    "#);
    builder.plays(json!({"push": "denied"}));
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &[]), @r#"
    error: ecr/image.web: no access to REGISTRY: the registry takes no image
    hint: the credentials need `ecr:InitiateLayerUpload`, `ecr:UploadLayerPart`, `ecr:CompleteLayerUpload`, `ecr:BatchCheckLayerAvailability` and `ecr:PutImage` for the repository
      log of docker push
      | denied: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecr:InitiateLayerUpload
    "#);
    builder.plays(json!({"version": "Docker version 19.03.15, build 99e3ed8919"}));
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &[]), @r#"
    error: docker 19.3 is too old to build for a platform: 20.10 is needed
    hint: update docker, or choose another builder with `--builder`
    "#);
    builder.plays(json!({}));
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &["--builder", "podman"]), @r#"
    error: builder `podman` is not on PATH
    hint: install one of them; or push the image yourself and name it: `image.location: REPOSITORY:TAG`
    "#);
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &["--builder", "make"]), @r#"
    error: there is no builder `make`
    hint: `--builder` and SHIPIT_BUILDER take docker, finch, podman and buildah
    "#);
    // In the end it is only a matter of doing it again.
    workdir.local(&["svc", "deploy", "--name", "web", "--yes"]).expect(0);
    assert_eq!(workdir.by_hand(images).len(), 1);
}

#[test]
fn without_any_builder_it_is_said_what_to_install() {
    let (builder, workdir) = with(Builder::called("kaniko"));
    workdir.local(&["env", "deploy", "--yes"]).expect(0);
    insta::assert_snapshot!(refused(&builder, &workdir, 1, &[]), @r#"
    error: no builder found: none of docker, finch, podman and buildah is on PATH
    hint: install one of them; or push the image yourself and name it: `image.location: REPOSITORY:TAG`
    "#);
}

#[test]
fn podman_finch_and_buildah_build_too() {
    for (name, options) in [("podman", ""), ("finch", ""), ("buildah", "--builder buildah")] {
        let (builder, workdir) = with(Builder::called(name));
        let options: Vec<&str> = options.split_whitespace().collect();
        workdir.local(&[&options[..], DEPLOY].concat()).expect(0);
        let asked = builder
            .asked()
            .into_iter()
            .filter(|line| !line.contains("/api") && !line.contains("/report"));
        insta::assert_snapshot!(name, asked.collect::<Vec<_>>().join("\n"));
        assert_eq!(workdir.by_hand(images).len(), 3);
    }
}

#[test]
fn a_saved_plan_builds_what_it_was_made_from_or_nothing() {
    let (builder, workdir) = built();
    workdir.local(&["plan", "--out", "plan.json"]).expect(0);
    workdir.edit("web/index.html", "Hello", "Good evening");
    let ran = workdir.local(&["apply", "plan.json", "--yes"]);
    assert_eq!(ran.code, 4);
    insta::assert_snapshot!(ran.stderr, @r#"
    error: the plan is stale: one thing that it depends on has changed since it was made
      ecr/image.web  tag: "sha-15a98e5796f54de6" in the plan, "sha-7dc1433e1e0077cd" wanted now
    hint: plan again, and look at what it would do now
    "#);
    assert_eq!(builder.asked(), Vec::<String>::new());
}

#[test]
fn an_image_in_ecr_is_planned_by_its_digest() {
    let workdir = Workdir::demo(
        "Backend Service",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api:live",
    );
    let put = |layer: &str| {
        workdir.by_hand(async |cx| {
            let name = "team/api";
            let _ = cx.ecr.create_repository().repository_name(name).send().await;
            let manifest =
                json!({"schemaVersion": 2, "layers": [], "annotations": {"layer": layer}});
            let call = cx.ecr.put_image().repository_name(name).image_tag("live");
            let put = call.image_manifest(manifest.to_string()).send().await.unwrap();
            put.image.unwrap().image_id.unwrap().image_digest.unwrap()
        })
    };
    let first = put("one");
    workdir.local(DEPLOY).expect(0);
    let plan =
        |to: &str| workdir.local(&["--format", "json", to, "--env", "test"]).expect(0).json();
    assert_eq!(plan("plan")["steps"], json!([]));
    let second = put("two");
    let steps = plan("plan")["steps"].clone();
    let change = &steps[0]["changes"][0];
    let image = |digest: &str| {
        json!(format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api@{digest}"))
    };
    assert_eq!(
        (&change["before"], &change["after"]),
        (&image(&first), &image(&second)),
        "{steps:#}"
    );
}
