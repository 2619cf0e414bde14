//! `shipit init`, `env init`, `svc init`: files from flags alone, nothing overwritten.

use crate::support::Workdir;

#[test]
fn flags_alone_make_a_workspace_that_is_valid() {
    let workdir = Workdir::new();
    let ran = workdir
        .shipit(&[
            "init",
            "--app",
            "demo",
            "--env",
            "test",
            "--svc",
            "api",
            "--type",
            "Backend Service",
            "--image",
            "example.com/api:1",
            "--port",
            "8080",
            "--region",
            "eu-north-1",
            "--yes",
        ])
        .expect(0);
    insta::assert_snapshot!(ran.stderr, @r"
    wrote shipit/application.yml
    wrote shipit/environments/test.yml
    wrote shipit/services/api.yml
    next: `shipit --local deploy --env test --yes` to try it with no AWS account, `shipit plan --env test` for AWS
    ");
    let valid = workdir.shipit(&["validate"]).expect(0);
    assert_eq!(valid.stdout, "application `demo` is valid: 1 environment, 1 service\n");
    workdir.shipit(&["env", "init", "--name", "prod"]).expect(0);
    workdir
        .shipit(&["svc", "init", "--name", "web", "--type", "Load Balanced Web Service"])
        .expect(0);
    insta::assert_snapshot!(workdir.shipit(&["svc", "ls"]).expect(0).stdout, @r"
    NAME  TYPE
    api   Backend Service
    web   Load Balanced Web Service
    ");
    insta::assert_snapshot!(workdir.shipit(&["env", "ls"]).expect(0).stdout, @r"
    NAME  REGION      ACCOUNT  CLUSTER
    prod  -           -        ecs
    test  eu-north-1  -        ecs
    ");
    insta::assert_snapshot!(workdir.shipit(&["app", "show"]).expect(0).stdout, @r"
    application   demo
    folder        [DIR]
    environments  prod, test
    services      api (Backend Service), web (Load Balanced Web Service)

    demo / prod, names in prod.demo.local

    internet
      → web at /  [http]

    web (gateway)

    api

    demo / test, names in test.demo.local

    internet
      → web at /  [http]

    web (gateway)

    api
    ");
}

#[test]
fn nothing_is_overwritten() {
    let workdir = Workdir::new();
    workdir.shipit(&["init", "--yes", "--app", "demo"]).expect(0);
    let before = workdir.read("shipit/services/api.yml");
    let again = workdir.shipit(&["init", "--yes", "--app", "other"]).expect(4);
    insta::assert_snapshot!(again.stderr, @r"
    error: there is a workspace here already: shipit/application.yml
    hint: add to it with `shipit env init` and `shipit svc init`
    ");
    let again = workdir.shipit(&["svc", "init", "--name", "api", "--port", "9", "--yes"]).expect(4);
    insta::assert_snapshot!(again.stderr, @r"
    error: shipit/services/api.yml is there already; nothing was written
    hint: edit it, or choose another name
    ");
    assert_eq!(workdir.read("shipit/services/api.yml"), before);
}

#[test]
fn names_that_manifests_refuse_are_refused_at_once() {
    let workdir = Workdir::new();
    let ran = workdir.shipit(&["init", "--yes", "--app", "My App"]).expect(1);
    insta::assert_snapshot!(ran.stderr, @r"
    error: `My App` cannot be the name of an application
    hint: a name begins with a lower-case letter and goes on with lower-case letters, digits and single hyphens, such as `my-api`
    ");
    assert!(!workdir.path().join("shipit").exists());
}
