//! The same from without: PyPI's `microburst` injects faults in AWS's own words between the binary and `moto_server`.

use std::io::Write;

use crate::support::{Server, Workdir};

/// What goes wrong, at what share of all calls: together a fifth. `abort_frac: 0` is an answer that never comes.
const RULES: &str = r#"rules:
- {service: "*", probability: 0.05, error: {code: ThrottlingException, status: 400, message: Rate exceeded}}
- {service: "*", probability: 0.05, error: {code: InternalFailure, status: 500}}
- {service: "*", probability: 0.04, error: {code: ServiceUnavailable, status: 503}}
- {service: "*", probability: 0.03, reset: true}
- {service: "*", probability: 0.03, response: {abort_frac: 0.0}}
"#;

#[test]
fn a_deploy_converges_on_moto_behind_microburst() {
    let moto = Server::moto(1);
    let rules = Workdir::new();
    let config = rules.write("rules.yml", RULES);
    let microburst = Server::microburst(&moto.url, &config);
    let workdir = Workdir::new()
        .variable("AWS_ENDPOINT_URL", &microburst.url)
        .variable("AWS_ACCESS_KEY_ID", "test")
        .variable("AWS_SECRET_ACCESS_KEY", "test");
    workdir.write("shipit/application.yml", "kind: application\nname: demo\n");
    let environment = "kind: environment\nname: test\nregion: eu-west-1\n";
    workdir.write("shipit/environments/test.yml", environment);
    let service = "kind: service\nname: api\ntype: Load Balanced Web Service\n\
        image:\n  location: public.ecr.aws/nginx/nginx:1.27\n  port: 80\nhttp:\n  path: /\n";
    workdir.write("shipit/services/api.yml", service);
    let mut runs = 1;
    loop {
        let ran = workdir.shipit(&["deploy", "--yes"]);
        if ran.code == 0 {
            break;
        }
        assert!(runs < 3, "{}", ran.stderr);
        runs += 1;
    }
    // Past it: each resource once.
    let shown = workdir.variable("AWS_ENDPOINT_URL", &moto.url);
    let live = shown.shipit(&["--format", "json", "env", "show"]).expect(0).json();
    let mut addresses: Vec<&str> = live["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|live| live["identity"]["address"].as_str().unwrap())
        .collect();
    addresses.sort_unstable();
    let count = addresses.len();
    addresses.dedup();
    assert_eq!((addresses.len(), count), (26, 26), "{addresses:?}");
    let faults = microburst.get("/_microburst/stats");
    let faults: serde_json::Value = serde_json::from_str(&faults).unwrap();
    let of = |name: &str| faults["requests"][name].as_u64().unwrap();
    assert!(of("faulted") * 100 >= of("total") * 8, "{faults}");
    let _ = writeln!(
        std::io::stderr(),
        "microburst: converged in {runs} runs; {} of {} calls were disturbed",
        of("faulted"),
        of("total")
    );
}
