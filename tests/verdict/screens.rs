//! Whole summaries of failed deployments, as a person and as a program read them.

use serde_json::Value;

use crate::support::{Ran, Workdir};

/// Tags of images that go wrong.
const FAULTS: &str = "rollouts:
  - {image: '*:missing', fault: cannot-pull}
  - {image: '*:arm', fault: wrong-platform}
  - {image: '*:no-route', fault: no-route}
  - {image: '*:private', fault: pull-denied}
  - {image: '*:memory', fault: out-of-memory}
  - {image: '*:crash', fault: {exits: {code: 3, lines: [connecting to db, 'error: no route to db:5432']}}}
  - {image: '*:binary', fault: {exits: {code: 1, lines: ['exec /usr/bin/api: exec format error']}}}
  - {image: '*:done', fault: {exits: {code: 0}}}
  - {image: '*:path', fault: {unhealthy: 404}}
  - {image: '*:slow', fault: unhealthy-timeout}
  - {image: '*:port', fault: unhealthy}
  - {image: '*:denied', fault: secret-denied}
";

struct Demo {
    workdir: Workdir,
    image: String,
}

impl Demo {
    fn new() -> Self {
        let workdir = Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27");
        workdir.write("faults.yml", FAULTS);
        workdir.local(&["env", "deploy", "--name", "test", "--yes"]).expect(0);
        Self { workdir, image: "nginx:1.27".to_owned() }
    }

    fn deploy(&mut self, tag: &str, more: &[&str]) -> Ran {
        let image = format!("nginx:{tag}");
        if image != self.image {
            self.workdir.edit("shipit/services/api.yml", &self.image, &image);
            self.image = image;
        }
        let mut all = vec!["--local-faults", "faults.yml"];
        all.extend_from_slice(more);
        all.extend_from_slice(&["svc", "deploy", "--name", "api", "--env", "test", "--yes"]);
        // Here a bad deployment has to begin.
        all.push("--skip-preflight");
        self.workdir.local(&all)
    }

    /// The summary of a deployment that fails, with ids named instead of spelt.
    #[track_caller]
    fn summary(&mut self, tag: &str) -> String {
        let ran = self.deploy(tag, &[]).expect(1);
        let from = ran.stderr.find("\nerror: ").unwrap_or_else(|| panic!("{}", ran.stderr));
        let to = ran.stderr.rfind(" done").unwrap_or(ran.stderr.len());
        let lines: Vec<&str> = ran.stderr[from + 1..to].lines().collect();
        let lines = &lines[..lines.len() - 1];
        plain(&lines.join("\n"))
    }
}

/// Ids that differ from run to run, replaced.
fn plain(text: &str) -> String {
    let is_id = |word: &str| word.len() == 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut words: Vec<String> = Vec::new();
        for word in line.split(' ') {
            let parts: Vec<&str> = word
                .split('/')
                .map(|part| {
                    let bare = part.trim_end_matches([')', ',', ':', '.', '"']);
                    let number = bare.len() == 19 && bare.bytes().all(|b| b.is_ascii_digit());
                    if is_id(bare) || number { "ID" } else { part }
                })
                .collect();
            let bare = word.trim_end_matches([')', ',', ':', '.', '"']);
            let end = &word[bare.len()..];
            let mut joined = parts.join("/");
            if joined.ends_with("ID") {
                joined.push_str(end);
            }
            words.push(joined);
        }
        lines.push(words.join(" "));
    }
    lines.join("\n")
}

#[test]
fn tasks_that_never_run_name_their_cause() {
    let mut demo = Demo::new();
    insta::assert_snapshot!(demo.summary("missing"), @r"
    error: ecs/service.api: the image does not exist: public.ecr.aws/nginx/nginx:missing
      3 × stopped task: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/nginx/nginx:missing: public.ecr.aws/nginx/nginx:missing: not found
    hint: push it, or correct `image.location` in services/api.yml; `docker manifest inspect public.ecr.aws/nginx/nginx:missing` says whether it is there
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
    ");
    insta::assert_snapshot!(demo.summary("arm"), @r"
    error: ecs/service.api: the image is for another platform than the tasks': public.ecr.aws/nginx/nginx:arm
      3 × stopped task: CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'
    hint: build it for the task's platform (`docker build --platform linux/amd64 …`), or set `platform` in services/api.yml
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
    ");
    insta::assert_snapshot!(demo.summary("no-route"), @r#"
    error: ecs/service.api: the tasks have no route to the registry of public.ecr.aws/nginx/nginx:no-route
      3 × stopped task: CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref public.ecr.aws/nginx/nginx:no-route: failed to do request: Head "https://public.ecr.aws/v2/nginx/nginx/manifests/no-route": dial tcp 198.51.100.7:443: i/o timeout
    hint: look at `network` in services/api.yml: private subnets need a NAT gateway or endpoints, public ones a public address
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
    "#);
    insta::assert_snapshot!(demo.summary("private"), @r"
    error: ecs/service.api: the registry does not let the tasks pull public.ecr.aws/nginx/nginx:private, or it does not exist
      3 × stopped task: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/nginx/nginx:private: pulling from host public.ecr.aws failed with status code [manifests]: 403 Forbidden
    hint: look whether the image exists, and allow its repository to `demo-test-api-execution`
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
    ");
}

#[test]
fn tasks_that_exit_show_their_last_lines() {
    let mut demo = Demo::new();
    insta::assert_snapshot!(demo.summary("crash"), @r"
    error: ecs/service.api: container `api` exited with code 3: error: no route to db:5432
      3 × stopped task: container `api` exited with code 3
    hint: its log says why: `aws logs tail /shipit/demo/test/api --since 1h`
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:crash (local AWS runs no containers)
      | listening on port 80
      | connecting to db
      | error: no route to db:5432
    ");
    insta::assert_snapshot!(demo.summary("memory"), @r"
    error: ecs/service.api: container `api` ran out of memory (it has 512 MiB)
      3 × stopped task: container `api` exited with code 137: OutOfMemoryError: Container killed due to memory usage
    hint: give it more with `memory` in services/api.yml
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:memory (local AWS runs no containers)
      | listening on port 80
    ");
    insta::assert_snapshot!(demo.summary("binary"), @r"
    error: ecs/service.api: the image is for another platform than the tasks': public.ecr.aws/nginx/nginx:binary
      log: exec /usr/bin/api: exec format error
    hint: build it for the task's platform (`docker build --platform linux/amd64 …`), or set `platform` in services/api.yml
      deployment    ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      stopped task  3 × container `api` exited with code 1
      event         3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:binary (local AWS runs no containers)
      | listening on port 80
      | exec /usr/bin/api: exec format error
    ");
    insta::assert_snapshot!(demo.summary("done"), @r"
    error: ecs/service.api: container `api` exited with code 0: exiting with code 0
      3 × stopped task: container `api` exited with code 0, and the task with it
    hint: its log says why: `aws logs tail /shipit/demo/test/api --since 1h`
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:done (local AWS runs no containers)
      | listening on port 80
      | exiting with code 0
    ");
}

#[test]
fn health_checks_say_what_was_answered() {
    let mut demo = Demo::new();
    insta::assert_snapshot!(demo.summary("path"), @r"
    error: ecs/service.api: the load balancer's health check of `/` was answered with 404, and 200 is wanted
      3 × event: (port 80) is unhealthy in (target-group demo-test-api) due to (reason Health checks failed with these codes: [404])
    hint: correct `http.healthcheck` in services/api.yml, or what the service answers there
      deployment    ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      stopped task  3 × Task failed ELB health checks in (target-group demo-test-api)
      event         3 × has stopped 1 running tasks
                    3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:path (local AWS runs no containers)
      | listening on port 80
    ");
    insta::assert_snapshot!(demo.summary("slow"), @r"
    error: ecs/service.api: the load balancer's health check of `/` got no answer on port 80
      3 × event: (port 80) is unhealthy in (target-group demo-test-api) due to (reason Request timed out)
    hint: look whether the container listens on that port on all addresses, and whether its security group lets the load balancer in
      deployment    ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      stopped task  3 × Task failed ELB health checks in (target-group demo-test-api)
      event         3 × has stopped 1 running tasks
                    3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:slow (local AWS runs no containers)
      | listening on port 80
    ");
    insta::assert_snapshot!(demo.summary("port"), @r"
    error: ecs/service.api: nothing answers the load balancer's health check on port 80
      3 × stopped task: Task failed ELB health checks in (target-group demo-test-api)
    hint: look whether the container listens on that port on all addresses (not on 127.0.0.1 alone), and correct `image.port` in services/api.yml
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has stopped 1 running tasks
                  3 × (port 80) is unhealthy in (target-group demo-test-api) due to (reason Health checks failed)
                  3 × has started 1 tasks
      log of container `api` (/shipit/demo/test/api, api/api/ID)
      | starting public.ecr.aws/nginx/nginx:port (local AWS runs no containers)
      | listening on port 80
    ");
}

#[test]
fn secrets_that_cannot_be_read_are_named() {
    let mut demo = Demo::new();
    let manifest = demo.workdir.read("shipit/services/api.yml");
    demo.workdir.write(
        "shipit/services/api.yml",
        format!("{manifest}secrets:\n  DATABASE_URL: /demo/test/database\n"),
    );
    insta::assert_snapshot!(demo.summary("1.28"), @r"
    error: ecs/service.api: the secret does not exist: /demo/test/database
      3 × stopped task: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /demo/test/database
    hint: create it (`aws ssm put-parameter --type SecureString --name /demo/test/database --value …`), or correct `secrets:` in services/api.yml
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
    ");
    insta::assert_snapshot!(demo.summary("denied"), @r"
    error: ecs/service.api: the execution role may not read the secret /demo/test/database
      3 × stopped task: ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/demo-test-api-execution/TASK is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:123456789012:parameter/demo/test/database because no identity-based policy allows the ssm:GetParameters action status code: 400
    hint: allow it to `demo-test-api-execution` with `ssm:GetParameters`, and look for a policy that denies it
      deployment  ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to
      event       3 × has started 1 tasks
    ");
}

#[test]
fn what_was_there_before_comes_back_and_the_screen_says_so() {
    let mut demo = Demo::new();
    demo.deploy("1.27", &[]).expect(0);
    insta::assert_snapshot!(demo.summary("missing"), @r"
    error: ecs/service.api: the image does not exist: public.ecr.aws/nginx/nginx:missing
      3 × stopped task: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref public.ecr.aws/nginx/nginx:missing: public.ecr.aws/nginx/nginx:missing: not found
    hint: push it, or correct `image.location` in services/api.yml; `docker manifest inspect public.ecr.aws/nginx/nginx:missing` says whether it is there
      deployment  ecs-svc/ID failed and was rolled back to demo-test-api:1: the circuit breaker ended it after 3 failed tasks
      event       3 × has started 1 tasks
    ");
    let status = ["svc", "status", "--name", "api", "--env", "test"];
    let status = demo.workdir.local(&status).expect(0);
    assert!(status.stdout.starts_with("api active: 1 of 1 tasks running"), "{}", status.stdout);
}

/// A service that fails right now says why, in the words of the deployment that failed.
#[test]
fn a_failing_service_says_why_in_its_status() {
    let mut demo = Demo::new();
    demo.deploy("crash", &[]).expect(1);
    let status = ["svc", "status", "--name", "api", "--env", "test"];
    let ran = demo.workdir.local(&status).expect(0);
    assert!(ran.stdout.starts_with("api active: 0 of 1 tasks running"), "{}", ran.stdout);
    let first: Vec<&str> = ran.stderr.lines().take(3).collect();
    insta::assert_snapshot!(first.join("\n"), @r"
    error: ecs/service.api: container `api` exited with code 3: error: no route to db:5432
      3 × stopped task: container `api` exited with code 3
    hint: its log says why: `aws logs tail /shipit/demo/test/api --since 1h`
    ");
    let mut json = vec!["--format", "json"];
    json.extend_from_slice(&status);
    let document = demo.workdir.local(&json).expect(0).json();
    assert_eq!(document["ecs"]["failure"]["diagnosis"]["cause"], "exited");
}

#[test]
fn programs_read_the_same_as_json() {
    let mut demo = Demo::new();
    let ran = demo.deploy("crash", &["--format", "json"]).expect(1);
    let failed: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event"] == "step-failed")
        .collect();
    assert_eq!(failed.len(), 1, "{}", ran.stdout);
    let failure = serde_json::to_string_pretty(&failed[0]["failure"]).unwrap();
    insta::assert_snapshot!(plain(&failure), @r#"
    {
      "class": "broken",
      "diagnosis": {
        "cause": "exited",
        "facts": [
          {
            "about": "stopped task",
            "text": "container `api` exited with code 3",
            "times": 3
          },
          {
            "about": "deployment",
            "text": "ecs-svc/ID failed: the circuit breaker ended it after 3 failed tasks; there is no earlier deployment to roll back to",
            "times": 1
          },
          {
            "about": "event",
            "text": "has started 1 tasks",
            "times": 3
          }
        ],
        "log": {
          "lines": [
            "starting public.ecr.aws/nginx/nginx:crash (local AWS runs no containers)",
            "listening on port 80",
            "connecting to db",
            "error: no route to db:5432"
          ],
          "source": "container `api` (/shipit/demo/test/api, api/api/ID)"
        },
        "verdict": "failed"
      },
      "hint": "its log says why: `aws logs tail /shipit/demo/test/api --since 1h`",
      "message": "container `api` exited with code 3: error: no route to db:5432"
    }
    "#);
}
