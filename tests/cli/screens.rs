//! What people see at eighty columns, with and without colours; plans are in `tests/render`.

use crate::support::Workdir;

/// What differs from run to run is put out: ids, addresses of load balancers, times.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut shown = String::new();
        for part in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let hex = word.chars().all(|c| c.is_ascii_hexdigit());
            let digits = word.chars().any(|c| c.is_ascii_digit());
            let id = matches!(word.len(), 8 | 16 | 17 | 32 | 36) && hex && digits;
            let number = word.len() >= 10 && word.chars().all(|c| c.is_ascii_digit());
            let age = word.strip_suffix('s').is_some_and(|age| {
                !age.is_empty() && age.len() < 3 && age.chars().all(|c| c.is_ascii_digit())
            });
            if number {
                shown.push_str(&part.replace(word, "NUMBER"));
            } else if id {
                shown.push_str(&part.replace(word, &"x".repeat(word.len())));
            } else if age {
                shown.push_str(&part.replace(word, if word.len() == 2 { "0s" } else { "00s" }));
            } else {
                shown.push_str(part);
            }
        }
        out.push_str(shown.trim_end());
        out.push('\n');
    }
    out
}

/// What is printed at eighty columns; the same with colours, but for these.
fn screen(workdir: &Workdir, arguments: &[&str]) -> String {
    let plainly = workdir.local(&[&["--color", "never"], arguments].concat()).expect(0).stdout;
    let coloured = workdir.local(&[&["--color", "always"], arguments].concat()).expect(0).stdout;
    assert!(coloured.contains("\u{1b}["), "{arguments:?} has no colours: {coloured}");
    let stripped = console::strip_ansi_codes(&coloured).into_owned();
    assert_eq!(plain(&stripped), plain(&plainly));
    plain(&plainly)
}

#[test]
fn screens_fit_eighty_columns_with_and_without_colours() {
    let workdir = Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27");
    let workdir = workdir.variable("COLUMNS", "80");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let status = screen(&workdir, &["svc", "status"]);
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
    insta::assert_snapshot!(status, @r"
    api active: 1 of 1 tasks running, 0 starting

    Deployments
    STATUS   ROLLOUT    REVISION  RUNNING  FAILED  AGE
    PRIMARY  COMPLETED  1         1/1      0       0s

    Tasks
    TASK      STATUS   HEALTH   REVISION  ZONE        AGE
    xxxxxxxx  RUNNING  UNKNOWN  1         eu-west-1a  0s

    Targets
    TARGET       STATE    WHY
    10.0.0.5:80  healthy

    Events, newest first
    0s    has reached a steady state.
    0s    (deployment ecs-svc/NUMBER) deployment completed.
    0s    registered 1 targets in (target-group
          arn:aws:elasticloadbalancing:eu-west-1:NUMBER:targetgroup/demo-test…
    0s    has started 1 tasks: (task xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx).
    ");
    // What containers write is never cut.
    insta::assert_snapshot!(screen(&workdir, &["svc", "logs"]), @r"
    xxxxxxxx | starting public.ecr.aws/nginx/nginx:1.27 (local AWS runs no containers)
    xxxxxxxx | listening on port 80
    ");
    let shown = screen(&workdir, &["env", "show", "--env", "test"]);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    insta::assert_snapshot!(shown, @r"
    demo / test, names in test.demo.local
    VPC 10.0.0.0/16 in eu-west-1a, eu-west-1b
    public subnets 10.0.0.0/20, 10.0.16.0/20
    private subnets 10.0.128.0/20, 10.0.144.0/20

    internet
      → load balancer public  [load balancer]

    load balancer public
        HTTP:80
      → api at /*  [http]

    api (gateway)
        1 task, public subnets

    environment
      ec2/internet-gateway.main                                       ready
      ec2/route-table.private-1                                       ready
      ec2/route-table.private-2                                       ready
      ec2/route-table.public                                          ready
      ec2/security-group.environment                                  ready
      ec2/security-group.public-load-balancer                         ready
      ec2/security-group-rule.environment-from-itself                 ready
      ec2/security-group-rule.environment-from-public-load-balancer   ready
      ec2/security-group-rule.public-load-balancer-80-from-0.0.0.0/0  ready
      ec2/subnet.private-1                                            ready
      ec2/subnet.private-2                                            ready
      ec2/subnet.public-1                                             ready
      ec2/subnet.public-2                                             ready
      ec2/vpc.main                                                    ready
      ecs/cluster.main                                                ready
      elbv2/listener.public-http                                      ready
      elbv2/load-balancer.public                                      ready
      servicediscovery/namespace.main                                 ready

    api
      ecs/service.api                                                 ready
      ecs/task-definition.api                                         ready
      elbv2/listener-rule.api                                         ready
      elbv2/target-group.api                                          ready
      iam/role.api/execution                                          ready
      iam/role.api/task                                               ready
      logs/log-group.api                                              ready
      servicediscovery/service.api                                    ready
    api  http://demo-test-public-NUMBER.eu-west-1.elb.amazonaws.com/
    ");
}

/// Dates and times differ from run to run.
fn dated(text: &str) -> String {
    let digits = |word: &str, form: &str| {
        let fits = |(a, b): (char, char)| if b == '0' { a.is_ascii_digit() } else { a == b };
        word.len() == form.len() && word.chars().zip(form.chars()).all(fits)
    };
    let word = |word: &str| match word {
        word if digits(word, "0000-00-00") => "YYYY-MM-DD".to_owned(),
        word if digits(word, "00:00:00") => "hh:mm:ss".to_owned(),
        word if word.starts_with("srv-") => "srv-ID".to_owned(),
        word => word.to_owned(),
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn lists_fit_eighty_columns_with_and_without_colours() {
    let image = "public.ecr.aws/docker/library/a-name-that-is-rather-long:1.27";
    let workdir = Workdir::demo("Backend Service", image).variable("COLUMNS", "80");
    workdir.write(
        "shipit/environments/prod.yml",
        "kind: environment\nname: prod\nregion: eu-west-1\n",
    );
    workdir.local(&["deploy", "--env", "test,prod", "--yes"]).expect(0);
    workdir.edit("shipit/services/api.yml", "long:1.27", "long:1.28");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let shown = |arguments: &[&str], code: i32| {
        let with = |colour: &str| {
            workdir.local(&[&["--color", colour], arguments].concat()).expect(code).stdout
        };
        let (plainly, coloured) = (with("never"), with("always"));
        assert_eq!(plain(&console::strip_ansi_codes(&coloured)), plain(&plainly));
        // What is to be copied is never cut.
        let fits = |line: &str| line.chars().count() <= 80 || line.starts_with("image.location");
        assert!(plainly.lines().all(fits), "{plainly}");
        dated(&plain(&plainly))
    };
    insta::assert_snapshot!("screen_history", shown(&["svc", "history", "--env", "test"], 0));
    insta::assert_snapshot!("screen_diff", shown(&["diff", "--env", "test,prod"], 0));
    insta::assert_snapshot!("screen_app", shown(&["app", "show"], 0));
    insta::assert_snapshot!("screen_environments", shown(&["env", "ls"], 0));
    insta::assert_snapshot!("screen_services", shown(&["svc", "ls"], 0));
    insta::assert_snapshot!("screen_service", shown(&["svc", "show", "--env", "test"], 0));
    workdir.edit("shipit/services/api.yml", "cpu: 256", "cpu: 512");
    workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
    insta::assert_snapshot!("screen_plan", shown(&["plan", "--env", "prod"], 0));
}

#[test]
fn an_environment_is_drawn() {
    let workdir = Workdir::example("orders");
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let draw = |format: &str| {
        workdir.local(&["--format", format, "env", "show", "--env", "test"]).expect(0).stdout
    };
    insta::assert_snapshot!(draw("mermaid"));
    let dot = draw("dot");
    assert!(dot.starts_with("digraph mesh {\n") && dot.ends_with("}\n"), "{dot}");
    let svg = draw("svg");
    workdir.write("picture.svg", &svg);
    // An XML parser reads it, and every arrow ends inside it.
    let check = "import sys, xml.dom.minidom as d\nsvg = d.parse(sys.argv[1]).documentElement\n\
        w, h = int(svg.getAttribute('width')), int(svg.getAttribute('height'))\n\
        lines = svg.getElementsByTagName('line')\n\
        assert lines and all(0 <= int(l.getAttribute(x)) <= w for l in lines for x in ('x1', 'x2'))\n\
        assert all(0 <= int(l.getAttribute(y)) <= h for l in lines for y in ('y1', 'y2'))\n";
    let path = workdir.path().join("picture.svg");
    let python =
        std::process::Command::new("python3").args(["-c", check]).arg(path).output().unwrap();
    assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
}

#[test]
fn an_address_is_printed_where_there_is_no_browser() {
    let workdir = Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27");
    workdir.local(&["open"]).expect(4);
    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    let printed = workdir.local(&["open", "api"]).expect(0).stdout;
    assert!(printed.starts_with("http://demo-test-public-"), "{printed}");
    let document = workdir.local(&["--format", "json", "open", "--print"]).expect(0).json();
    assert_eq!(document["urls"][0], printed.trim_end());
    let backend = Workdir::demo("Backend Service", "public.ecr.aws/nginx/nginx:1.27");
    backend.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    insta::assert_snapshot!(backend.local(&["open"]).expect(4).stderr, @r"
    error: service `api` has no address that a browser could open
    hint: a `Load Balanced Web Service` has one, and a `Backend Service` with `http` inside the VPC
    ");
}
