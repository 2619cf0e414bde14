//! A Python virtual environment with the independent emulators and boto3, installed once.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Programs with `moto_server` and the boto3 that the tests read shapes of; installed the first time.
///
/// # Panics
/// Python 3 is missing, or the packages cannot be installed: the tests need both.
pub(crate) fn moto() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| install("moto", include_str!("../emulators/requirements.txt")))
}

/// Programs with `ministack`, which wants a boto3 of its own; installed the first time.
///
/// # Panics
/// As [`moto`].
pub(crate) fn ministack() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let requirements = include_str!("../emulators/requirements-ministack.txt");
    PROGRAMS.get_or_init(|| install("ministack", requirements))
}

/// Programs with `microburst`, the proxy that disturbs calls; installed the first time.
///
/// # Panics
/// As [`moto`].
pub(crate) fn microburst() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let requirements = include_str!("../emulators/requirements-microburst.txt");
    PROGRAMS.get_or_init(|| install("microburst", requirements))
}

/// Programs with `kubernetes-validate`, which has the published schemas of Kubernetes; installed the first time.
///
/// # Panics
/// As [`moto`].
pub(crate) fn kubernetes() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let requirements = include_str!("../kubernetes/requirements.txt");
    PROGRAMS.get_or_init(|| install("kubernetes", requirements))
}

/// A virtual environment of this name with these packages. Returns its folder of programs.
fn install(name: &str, packages: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    // Two test processes may come here at once.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let environment = folder.join("venv");
    let programs = environment.join("bin");
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == packages) {
        return programs;
    }
    let requirements = folder.join("requirements.txt");
    std::fs::write(&requirements, packages).unwrap();
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment));
    run(Command::new(programs.join("python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(&requirements));
    std::fs::write(&stamp, packages).unwrap();
    programs
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?} could not be started (the tests need Python 3 with venv): {error}")
    });
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
