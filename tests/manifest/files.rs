//! Files that are not what they seem: bytes, links, folders, sizes.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use shipit::manifest::Workspace;

/// A folder with these files.
pub(super) fn workspace<T: AsRef<[u8]>>(files: &[(&str, T)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const APPLICATION: (&str, &[u8]) = ("shipit/application.yml", b"kind: application\nname: shop\n");
const SERVICE: &str =
    "kind: service\nname: api\ntype: Backend Service\nimage:\n  location: nginx:1\n";

fn said(folder: &Path) -> String {
    match Workspace::load(folder, &|_| None) {
        Ok(workspace) => format!("services: {}\n{}", workspace.services.len(), workspace.warnings),
        Err(problems) => problems.to_string(),
    }
}

fn said_of(service: &[u8]) -> String {
    said(workspace(&[APPLICATION, ("shipit/services/api.yml", service)]).path())
}

#[test]
fn line_breaks_and_byte_order_marks_are_taken() {
    assert_eq!(said_of(SERVICE.replace('\n', "\r\n").as_bytes()), "services: 1\n");
    assert_eq!(said_of(format!("\u{feff}{SERVICE}").as_bytes()), "services: 1\n");
    assert_eq!(said_of(format!("---\n{SERVICE}...\n").as_bytes()), "services: 1\n");
    let wrong = format!("\u{feff}{}cpuu: 1\r\n", SERVICE.replace('\n', "\r\n"));
    assert_snapshot!(said_of(wrong.as_bytes()), @r#"
    error: unknown key `cpuu`
     --> shipit/services/api.yml:6:1
      |
    6 | cpuu: 1
      | ^^^^
      = expected: one of the keys that `shipit schema service` prints
      = help: did you mean `cpu`?
    "#);
}

#[test]
fn bytes_that_are_not_text() {
    assert_snapshot!(said_of(&[SERVICE.as_bytes(), b"# caf\xe9\n"].concat()), @r#"
    error: byte 78 (0xe9) is not UTF-8
     --> shipit/services/api.yml:6:6
      |
    6 | # caf�
      |      ^
      = help: save the file as UTF-8; from Latin-1: iconv -f LATIN1 -t UTF-8 shipit/services/api.yml > new.yml
    "#);
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(SERVICE.bytes().flat_map(|byte| [byte, 0])).collect();
    assert_snapshot!(said_of(&utf16), @r#"
    error: the file is in UTF-16
     --> shipit/services/api.yml
      = expected: UTF-8
      = help: iconv -f UTF-16 -t UTF-8 shipit/services/api.yml > new.yml
    "#);
    let nul = said_of(&[SERVICE.as_bytes(), b"command: \x00\n"].concat());
    assert_eq!(
        nul.lines().next().unwrap(),
        r"error: this is not valid YAML: unexpected character: `\u{0}'"
    );
}

#[test]
fn a_huge_file() {
    let text = SERVICE.to_owned() + &"# ".repeat(600_000);
    assert_snapshot!(said_of(text.as_bytes()), @r#"
    error: the file has 1200073 bytes
     --> shipit/services/api.yml
      = expected: at most 1048576 bytes
      = help: is this the right file? manifests are small
    "#);
}

#[test]
fn a_line_too_long_to_show() {
    let text = SERVICE.to_owned() + "variables: {" + &"A: b, ".repeat(100) + "}\n";
    assert_snapshot!(said_of(text.as_bytes()).lines().take(6).collect::<Vec<_>>().join("\n"), @r#"
    error: `A` stands here twice
     --> shipit/services/api.yml:6:19
      |
    6 | variables: {A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b, A: b
      |                   ^
     ...
    "#);
}

#[cfg(unix)]
#[test]
fn links() {
    let folder =
        workspace(&[APPLICATION, ("api.txt", SERVICE.as_bytes()), ("shipit/services/.keep", b"")]);
    let link = folder.path().join("shipit/services/api.yml");
    std::os::unix::fs::symlink("../../api.txt", &link).unwrap();
    assert_eq!(said(folder.path()), "services: 1\n");
    fs::remove_file(folder.path().join("api.txt")).unwrap();
    assert_snapshot!(said(folder.path()), @r#"
    error: this link points to ../../api.txt, which does not exist
     --> shipit/services/api.yml
      = help: put the file there, or remove the link
    "#);
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("api.yml", &link).unwrap();
    assert!(said(folder.path()).starts_with("error: cannot read this file: "));
}

#[test]
fn a_folder_in_place_of_a_file() {
    let folder = workspace(&[APPLICATION, ("shipit/services/api.yml/x", b"")]);
    assert_snapshot!(said(folder.path()), @r#"
    error: this is not a file
     --> shipit/services/api.yml
      = expected: a YAML file
    "#);
}

#[test]
fn found_from_below_and_not_found() {
    let folder = workspace(&[APPLICATION, ("src/shipit/lib.rs", b"")]);
    let below = folder.path().join("src/shipit");
    assert_eq!(Workspace::find(&below).unwrap(), folder.path());
    let nowhere = workspace(&[("copilot/.workspace", "")]);
    let problems = Workspace::find(nowhere.path()).unwrap_err().to_string();
    assert_snapshot!(problems.replace(&nowhere.path().display().to_string(), "FOLDER"), @r#"
    error: no folder `shipit` with manifests in FOLDER or above it
      = help: there is a Copilot workspace here: `shipit convert` writes its manifests as shipit's
    "#);
    let nowhere = workspace(&[("README.md", "")]);
    let problems = Workspace::find(nowhere.path()).unwrap_err().to_string();
    assert_snapshot!(problems.replace(&nowhere.path().display().to_string(), "FOLDER"), @r#"
    error: no folder `shipit` with manifests in FOLDER or above it
      = help: start one with `shipit init`, or change into the folder of your project
    "#);
}
