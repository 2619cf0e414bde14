//! What one rich change looks like in every form: files under `expected/`, rewritten with `SHIPIT_BLESS=1`.

mod forms;
mod long;
mod rich;
mod schemas;

use std::path::PathBuf;

/// Holds a text against a file of `tests/render/expected`, or writes it.
#[track_caller]
fn expect(name: &str, text: &str) {
    let path = file(name);
    if std::env::var_os("SHIPIT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{name} differs: look at it, then bless it with SHIPIT_BLESS=1");
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/render/expected").join(name)
}
