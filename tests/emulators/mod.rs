//! The main job on independent emulators: their word is not ours.
//!
//! What an emulator loses on read-back is named in `losses.rs`, field by field. Nothing else is
//! forgiven, and a row that is no longer needed fails.

mod endpoint;
mod fakecloud;
mod losses;
mod ministack;
mod moto;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Workdir;
use crate::support::examples::Example as Row;
use crate::support::prepare::prepare;
use losses::Loss;

/// The demo application, run against an endpoint.
pub(crate) struct Flow {
    workdir: Workdir,
    losses: &'static [Loss],
    used: BTreeSet<usize>,
    options: Vec<String>,
}

impl Flow {
    /// A new workspace whose runs go to `url`.
    pub(crate) fn new(url: &str, losses: &'static [Loss], options: &[&str]) -> Self {
        let workdir =
            Workdir::demo("Load Balanced Web Service", "public.ecr.aws/nginx/nginx:1.27").at(url);
        Self::within(workdir, losses, options)
    }

    /// One of the example applications; its service is `api`.
    pub(crate) fn example(
        name: &str,
        url: &str,
        losses: &'static [Loss],
        options: &[&str],
    ) -> Self {
        let workdir = Workdir::example(name).at(url);
        Self::within(workdir, losses, options)
    }

    /// An example with what it takes for granted, to live as its row tells.
    pub(crate) fn row_of(row: &Row, url: &str, losses: &'static [Loss]) -> Self {
        let workdir = Workdir::example(row.folder).at(url);
        prepare(&workdir, row.folder, row.environment);
        Self::within(workdir, losses, &["--skip-preflight"])
    }

    fn within(workdir: Workdir, losses: &'static [Loss], options: &[&str]) -> Self {
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Self { workdir, losses, used: BTreeSet::new(), options }
    }

    /// Cuts a file off before a line, if it holds this.
    fn without(&self, file: &str, holding: &str, line: &str) {
        let path = self.workdir.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains(holding) {
            let end = text.find(&format!("{line}\n")).unwrap();
            self.workdir.write(file, &text[..end]);
        }
    }

    fn run(&self, arguments: &[&str], code: i32) -> crate::support::Ran {
        let mut all: Vec<&str> = arguments.to_vec();
        all.extend(self.options.iter().map(String::as_str));
        self.workdir.shipit(&all).expect(code)
    }

    /// The steps of a plan, without what the emulator's losses alone explain.
    fn steps(&mut self, arguments: &[&str]) -> Vec<String> {
        let mut all = vec!["--format", "json"];
        all.extend_from_slice(arguments);
        let plan = self.workdir.shipit(&all).expect(0).json();
        let steps = plan["steps"].as_array().unwrap();
        let mut forgiven = BTreeSet::new();
        let mut left = Vec::new();
        for step in steps {
            let address = step["address"].as_str().unwrap();
            let changes = step["changes"].as_array().unwrap();
            let rows: Vec<Option<usize>> =
                changes.iter().map(|change| self.row(address, change)).collect();
            self.used.extend(rows.iter().flatten());
            let update = ["update", "replace"].contains(&step["action"].as_str().unwrap());
            if update && !rows.is_empty() && rows.iter().all(Option::is_some) {
                forgiven.insert(address);
                continue;
            }
            // The old side of a replacement that only a loss explains.
            if step["deposed"] == Value::Bool(true) && forgiven.contains(address) {
                continue;
            }
            left.push(format!("{} {address}", step["action"].as_str().unwrap()));
        }
        left.sort();
        left
    }

    fn row(&self, address: &str, change: &Value) -> Option<usize> {
        let kind = address.split('.').next().unwrap();
        let path = change["path"].as_str().unwrap();
        self.losses.iter().position(|loss| {
            loss.kind == kind
                && path
                    .strip_prefix(loss.path)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    /// Deploys, plans empty, changes, deletes, leaves nothing; then looks at the table.
    pub(crate) fn whole(mut self) {
        self.run(&["deploy", "--env", "test", "--yes"], 0);
        assert_eq!(self.steps(&["plan", "--env", "test"]), Vec::<String>::new());
        self.workdir.edit("shipit/services/api.yml", "cpu: 256", "cpu: 512");
        self.workdir.edit("shipit/services/api.yml", "memory: 512", "memory: 1024");
        let changed = self.steps(&["plan", "--env", "test"]);
        assert!(changed.contains(&"revise ecs/task-definition.api".to_owned()), "{changed:?}");
        assert!(changed.iter().all(|step| step.contains(" ecs/")), "{changed:?}");
        self.run(&["deploy", "--env", "test", "--yes"], 0);
        assert_eq!(self.steps(&["plan", "--env", "test"]), Vec::<String>::new());
        self.run(&["svc", "delete", "--name", "api", "--env", "test", "--yes"], 0);
        let all = ["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"];
        self.run(&all, 0);
        let shown =
            self.workdir.shipit(&["--format", "json", "env", "show", "--name", "test"]).expect(0);
        assert_eq!(shown.json()["resources"], serde_json::json!([]));
        self.all_used();
    }

    /// The example with file systems, volumes and a secret, one kind of disk after the other.
    pub(crate) fn disks(mut self) {
        // moto runs as many tasks of each service as it was told to.
        self.workdir.edit("shipit/services/archive.yml", "count: 0", "count: 1");
        self.workdir.write("key.txt", "open sesame\n");
        self.workdir.shipit(&["secret", "init", "GALLERY_KEY", "--from-file", "key.txt"]).expect(0);
        self.run(&["deploy", "--env", "test", "--yes"], 0);
        assert_eq!(self.steps(&["plan"]), Vec::<String>::new());
        self.workdir.edit("shipit/services/gallery.yml", "efs: true", "efs: {uid: 7, gid: 7}");
        assert_eq!(
            self.steps(&["plan"]),
            [
                "delete efs/access-point.gallery",
                "replace efs/access-point.gallery",
                "revise ecs/task-definition.gallery",
                "update ecs/service.gallery",
                "update iam/role.gallery/task",
            ]
        );
        self.run(&["deploy", "--yes"], 0);
        assert_eq!(self.steps(&["plan"]), Vec::<String>::new());
        self.run(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"], 0);
        let shown = self.workdir.shipit(&["--format", "json", "env", "show"]).expect(0);
        assert_eq!(shown.json()["resources"], serde_json::json!([]));
        self.all_used();
    }

    /// The example with groups of instances: both of the groups, a template and a provider change.
    pub(crate) fn instances(mut self) {
        self.run(&["deploy", "--env", "test", "--yes"], 0);
        assert_eq!(self.steps(&["plan"]), Vec::<String>::new());
        let environment = "shipit/environments/test.yml";
        self.workdir.edit(environment, "max: 4", "max: 5\n        target: 90");
        self.workdir.edit(environment, "disk: 100", "disk: 120");
        assert_eq!(
            self.steps(&["plan"]),
            [
                "update autoscaling/group.general",
                "update ec2/launch-template.graphics",
                "update ecs/capacity-provider.general",
            ]
        );
        self.run(&["deploy", "--yes"], 0);
        assert_eq!(self.steps(&["plan"]), Vec::<String>::new());
        self.run(&["env", "delete", "--name", "test", "--yes", "--allow-delete", "all"], 0);
        let shown = self.workdir.shipit(&["--format", "json", "env", "show"]).expect(0);
        assert_eq!(shown.json()["resources"], serde_json::json!([]));
        self.all_used();
    }

    /// The life of an example, as its row tells. Not every example meets all that moto loses.
    pub(crate) fn life(mut self, row: &Row) {
        let environment = ["--env", row.environment];
        let deploy = [&["deploy", "--yes", "--allow-delete", "all"], &environment[..]].concat();
        let plan = [&["plan", "--allow-delete", "all"], &environment[..]].concat();
        self.run(&deploy, 0);
        assert_eq!(self.steps(&plan), Vec::<String>::new());
        for (file, from, to) in row.edits {
            self.workdir.edit(file, from, to);
        }
        let mut wanted: Vec<&str> =
            row.steps.iter().map(|step| step.split(':').next().unwrap_or_default()).collect();
        wanted.sort_unstable();
        assert_eq!(self.steps(&plan), wanted);
        self.run(&deploy, 0);
        assert_eq!(self.steps(&plan), Vec::<String>::new());
        let delete = ["env", "delete", "--name", row.environment];
        self.run(&[&delete[..], &["--yes", "--allow-delete", "all"]].concat(), 0);
        let show = ["--format", "json", "env", "show", "--name", row.environment];
        let shown = self.workdir.shipit(&show).expect(0);
        assert_eq!(shown.json()["resources"], serde_json::json!([]));
    }

    /// A row that explains nothing is no longer needed.
    fn all_used(&self) {
        let unused: Vec<&Loss> = self
            .losses
            .iter()
            .enumerate()
            .filter(|(index, _)| !self.used.contains(index))
            .map(|(_, loss)| loss)
            .collect();
        assert!(unused.is_empty(), "these rows are no longer needed: {unused:?}");
    }
}
