//! No input makes the reader panic, and every span it reports lies in the text.

use proptest::prelude::*;
use shipit::manifest::Workspace;

use super::files::workspace;

const SERVICE: &str = include_str!("../../manifests/shop/shipit/services/web.yml");
const ENVIRONMENT: &str =
    include_str!("../../manifests/imported-vpc/shipit/environments/office.yml");

fn try_out(service: &[u8], environment: &[u8]) {
    let folder = workspace(&[
        ("shipit/application.yml", b"kind: application\nname: shop\n" as &[u8]),
        ("shipit/environments/test.yml", environment),
        ("shipit/services/web.yml", service),
    ]);
    if let Err(problems) = Workspace::load(folder.path(), &|name| Some(name.to_lowercase())) {
        for problem in &problems.0 {
            let end = problem.span.offset + problem.span.length;
            assert!(problem.source.text.get(problem.span.offset..end).is_some(), "{problem}");
        }
        let _ = problems.to_string();
    }
}

/// A text with parts cut out, doubled, or replaced by something that matters to YAML.
fn mutated(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "",
        "\n",
        "\t",
        " ",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "<<: *a",
        "? ",
        "|",
        ">",
        "!!str ",
        "'",
        "\"",
        "${",
        "${X}",
        "#",
        "---\n",
        "0",
        "-1",
        "99999999999999999999",
        "true",
        "null",
        "é",
        "\u{feff}",
        "\0",
    ]);
    let edit = (any::<prop::sample::Index>(), 0usize..20, piece);
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, length, piece) in edits {
            let start = at.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece.bytes());
        }
        bytes
    })
}

/// 300 cases each, or as many as `PROPTEST_CASES` says: 10,000 take about a minute.
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() {
        return default;
    }
    ProptestConfig { cases: 300, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        try_out(&bytes, &bytes);
    }

    #[test]
    fn arbitrary_text(text in "\\PC{0,200}") {
        try_out(text.as_bytes(), text.as_bytes());
    }

    #[test]
    fn broken_manifests(service in mutated(SERVICE), environment in mutated(ENVIRONMENT)) {
        try_out(&service, &environment);
    }
}

/// The fuzz target: mutations for as many seconds as `SHIPIT_FUZZ_SECONDS` says (a minute in CI), a
/// new seed each time. A failure prints the input that caused it.
#[test]
fn fuzzing_finds_no_panic() {
    use proptest::test_runner::{TestError, TestRunner};
    let seconds = std::env::var("SHIPIT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let limit = std::time::Duration::from_secs(seconds.unwrap_or(1));
    let began = std::time::Instant::now();
    let mut cases = 0;
    while began.elapsed() < limit {
        let mut runner = TestRunner::new(ProptestConfig { cases: 50, ..config() });
        let inputs = (mutated(SERVICE), mutated(ENVIRONMENT));
        let ended = runner.run(&inputs, |(service, environment)| {
            try_out(&service, &environment);
            Ok(())
        });
        if let Err(TestError::Fail(why, (service, environment))) = ended {
            panic!(
                "{why}\n--- service\n{}\n--- environment\n{}",
                String::from_utf8_lossy(&service),
                String::from_utf8_lossy(&environment)
            );
        }
        cases += 50;
    }
    assert!(cases > 0);
}
