//! Disks, files of variables and secrets: deployed, planned again, changed one by one, and deleted.

use crate::support::Workdir;

#[test]
fn disks_are_deployed_changed_and_deleted() {
    let workdir = Workdir::example("files");
    // What a task needs is looked for first: the secret is not there yet.
    let refused = workdir.local(&["deploy", "--env", "test", "--yes"]).expect(4).stdout;
    assert!(
        refused.contains("make it with `shipit secret init GALLERY_KEY --env test`"),
        "{refused}"
    );
    workdir.write("key.txt", "open sesame\n");
    workdir.local(&["secret", "init", "GALLERY_KEY", "--from-file", "key.txt"]).expect(0);

    workdir.local(&["deploy", "--env", "test", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    workdir.edit("config/gallery.env", "info", "debug");
    workdir.edit("shipit/services/index.yml", "throughput: 250", "throughput: 300");
    workdir.edit("shipit/services/gallery.yml", "efs: true", "efs: {uid: 1000, gid: 1000}");
    assert_eq!(
        workdir.steps(&["plan"]),
        [
            "replace efs/access-point.gallery: creation.gid creation.uid user.gid user.uid",
            "update iam/role.gallery/task: inline_policies.files",
            "revise ecs/task-definition.gallery: containers.gallery.environment.LOG_LEVEL \
             volumes.pictures.efs.access_point",
            "update ecs/service.gallery: task_definition",
            "update ecs/service.index: volumes.index.throughput",
            "delete efs/access-point.gallery: ",
        ]
    );
    workdir.local(&["deploy", "--yes"]).expect(0);
    assert_eq!(workdir.steps(&["plan"]), Vec::<String>::new());

    // A file system holds data: it stays, and what it stands in with it, unless it is named.
    workdir
        .local(&["svc", "delete", "--name", "gallery", "--yes", "--allow-delete", "all"])
        .expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert!(shown.to_string().contains("efs/file-system.main"), "{shown}");
    workdir.local(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"]).expect(0);
    let shown = workdir.local(&["--format", "json", "env", "show"]).expect(0).json();
    assert_eq!(shown["resources"].as_array().unwrap().len(), 0, "{shown}");
}

#[test]
fn secrets_are_made_changed_and_listed_and_never_shown() {
    let workdir = Workdir::example("files");
    workdir.write("one.txt", "open sesame\n");
    let made =
        workdir.local(&["secret", "init", "GALLERY_KEY", "--from-file", "one.txt"]).expect(0);
    insta::assert_snapshot!(made.stderr + &made.stdout, @r"
    GALLERY_KEY in test: /shipit/files/test/secrets/GALLERY_KEY, version 1

    Name it in a service's manifest, under `secrets`:
      GALLERY_KEY: /shipit/files/${SHIPIT_ENVIRONMENT}/secrets/GALLERY_KEY
    ");
    let again =
        workdir.local(&["secret", "init", "GALLERY_KEY", "--from-file", "one.txt"]).expect(4);
    insta::assert_snapshot!(again.stderr, @r"
    error: there already, and left as it is: GALLERY_KEY in test
    hint: add `--overwrite` to replace what is there, or change one with `shipit secret set`
    ");
    workdir
        .write("more.yml", "GALLERY_KEY:\n  test: abracadabra\nOTHER:\n  test: 'hocus: pocus'\n");
    workdir.local(&["secret", "init", "--values-file", "more.yml", "--overwrite"]).expect(0);
    let set = workdir.local(&["secret", "set", "GALLERY_KEY", "--from-file", "one.txt"]).expect(0);
    insta::assert_snapshot!(set.stderr + &set.stdout, @r"
    GALLERY_KEY in test: /shipit/files/test/secrets/GALLERY_KEY, version 3
    used by gallery: running tasks keep the old value, new ones get this. To replace them now:
      aws ecs update-service --cluster files-test-main --service files-test-gallery --force-new-deployment
    ");
    let listed = workdir.local(&["--format", "json", "secret", "ls"]).expect(0).json();
    let rows: Vec<String> = listed["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!("{} {} {} {}", row["name"], row["environment"], row["version"], row["services"])
        })
        .collect();
    assert_eq!(rows, [r#""GALLERY_KEY" "test" 3 ["gallery"]"#, r#""OTHER" "test" 1 []"#]);
    // Without a terminal nobody is asked, and no value lies about.
    let asked = workdir.local(&["secret", "set", "OTHER"]).expect(4).stderr;
    assert!(asked.contains("`--from-file -`"), "{asked}");
    let unknown =
        workdir.local(&["secret", "set", "NONE", "--from-file", "one.txt"]).expect(4).stderr;
    assert!(unknown.contains("`shipit secret init NONE --env test`"), "{unknown}");
    let journal = everything_below(&workdir.path().join(".shipit"));
    assert!(journal.contains("GALLERY_KEY"));
    for value in ["open sesame", "abracadabra", "hocus: pocus"] {
        assert!(!journal.contains(value), "{value} is in the journal");
    }
}

/// The text of all files in a folder.
fn everything_below(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        text += &match path.is_dir() {
            true => everything_below(&path),
            false => String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned(),
        };
    }
    text
}
