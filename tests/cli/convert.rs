//! A Copilot workspace becomes shipit's.

use crate::support::Workdir;

const WEB: &str = "# The shop's front.
name: web
type: Load Balanced Web Service

image:
  location: nginx:1.27   # built elsewhere
  port: 80
http:
  path: '/'
variables:
  STAGE: ${COPILOT_ENVIRONMENT_NAME}
environments:
  prod:
    count: 3
";

fn workspace() -> Workdir {
    let workdir = Workdir::new();
    workdir.write("copilot/.workspace", "application: shop\n");
    workdir.write("copilot/web/manifest.yml", WEB);
    workdir.write(
        "copilot/environments/prod/manifest.yml",
        "name: prod\ntype: Environment\nobservability:\n  container_insights: true # all of it\n",
    );
    workdir
}

#[test]
fn manifests_keep_their_text_and_can_be_planned() {
    let workdir = workspace();
    let lost = workdir.shipit(&["plan"]).expect(5).stderr;
    assert!(lost.contains("`shipit convert`"), "{lost}");
    let ran = workdir.shipit(&["convert", "--region", "eu-west-1"]).expect(0);
    insta::assert_snapshot!(ran.stderr, @r"
    wrote shipit/application.yml
    wrote shipit/services/web.yml
    wrote shipit/environments/prod.yml
    containers find SHIPIT_ variables where Copilot gave COPILOT_ ones
    ");
    let converted = WEB.replace("COPILOT_ENVIRONMENT_NAME", "SHIPIT_ENVIRONMENT");
    let converted = converted.replacen("name: web", "kind: service\nname: web", 1);
    assert_eq!(workdir.read("shipit/services/web.yml"), converted);
    insta::assert_snapshot!(workdir.read("shipit/environments/prod.yml"), @r"
    region: eu-west-1
    name: prod
    kind: environment
    observability:
      container_insights: true # all of it
    ");
    workdir.local(&["plan", "--env", "prod", "--exit-code"]).expect(2);
    let again = workdir.shipit(&["convert"]).expect(4).stderr;
    assert!(
        again.contains("shipit/application.yml is there already; nothing was written"),
        "{again}"
    );
}

#[test]
fn what_has_no_counterpart_is_told() {
    let workdir = workspace();
    workdir.write("copilot/web/addons/table.yml", "Resources: {}\n");
    workdir.write("copilot/pipelines/main/manifest.yml", "name: main\n");
    workdir.write("copilot/site/manifest.yml", "name: site\ntype: Static Site\n");
    workdir.edit(
        "copilot/web/manifest.yml",
        "location: nginx:1.27   # built elsewhere",
        "build: ./Dockerfile",
    );
    let ran = workdir.shipit(&["convert"]).expect(5);
    insta::assert_snapshot!(ran.stderr, @r"
    wrote shipit/application.yml
    wrote shipit/services/web.yml
    wrote shipit/environments/prod.yml
    left copilot/pipelines: pipelines of CodePipeline are not converted
      hint: `templates/github` and `templates/gitlab` in the sources plan and deploy in CI
    left copilot/site/manifest.yml: a Static Site is not converted: it needs CloudFront and a bucket
      hint: serve the files from a `Load Balanced Web Service`, or keep the site as it is
    left copilot/web/addons: `addons` are CloudFormation, and there is none here
      hint: keep that stack as it is, and name what it made in the manifest

    to be written by hand:

    error: there is no Dockerfile Dockerfile
      --> shipit/services/web.yml:7:3
      7 |   build: ./Dockerfile
        |   ^^^^^ 
      = help: paths begin at the workspace's root, the folder that holds `shipit`

    1 error
    containers find SHIPIT_ variables where Copilot gave COPILOT_ ones
    ");
    let json = workspace().shipit(&["--format", "json", "convert"]).expect(0).json();
    assert_eq!(json["left"], serde_json::json!([]));
    assert_eq!(json["problems"], serde_json::Value::Null);
}

#[test]
fn what_cannot_be_read_writes_nothing() {
    let workdir = workspace();
    workdir.write("copilot/web/manifest.yml", "name: web\ntype: [\n");
    let ran = workdir.shipit(&["convert"]).expect(5);
    assert!(ran.stderr.contains("copilot/web/manifest.yml:"), "{}", ran.stderr);
    assert!(!workdir.path().join("shipit").exists());
    let nothing = Workdir::new().shipit(&["convert"]).expect(4).stderr;
    assert!(nothing.starts_with("error: copilot/.workspace cannot be read"), "{nothing}");
}
