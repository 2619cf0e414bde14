//! boto3 drives local AWS on a port: every script of `tests/conformance/`.

use std::path::Path;
use std::process::Command;

use crate::support::{Server, Workdir, python};

#[test]
fn boto3_finds_local_aws_to_be_aws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut scripts: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "harness"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty(), "no scripts in {}", folder.display());
    let workdir = Workdir::new();
    let server = Server::local(&workdir, &[]);
    // What takes a quarter of an hour on AWS should not take as many seconds here.
    let (elsewhere, slow) = (Workdir::new(), ["ecs_deployments", "eks"]);
    let faster = Server::local(&elsewhere, &["--local-speed", "2000x"]);
    let is_slow = |script: &Path| {
        script.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| slow.contains(&stem))
    };
    let mut failed = String::new();
    // One after another: each has an account of its own, and the machine may be small.
    for script in scripts {
        let output = Command::new(python::moto().join("python"))
            .arg("-B")
            .arg(&script)
            .arg(if is_slow(&script) { &faster.url } else { &server.url })
            .output()
            .unwrap();
        if !output.status.success() {
            failed += &format!(
                "{}:\n{}{}",
                script.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    assert!(failed.is_empty(), "{failed}");
}
