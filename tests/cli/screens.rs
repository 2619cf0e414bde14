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
    // A list of resources has nothing to colour, and addresses are never cut.
    let shown = workdir.local(&["env", "show", "--env", "test"]).expect(0).stdout;
    let (picture, _) = shown.split_once("\nOWNER").unwrap();
    assert!(picture.lines().all(|line| line.chars().count() <= 80), "{picture}");
    insta::assert_snapshot!(picture, @r"
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
    ");
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
