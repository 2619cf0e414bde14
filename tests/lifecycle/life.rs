//! One example through its whole life.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;
use shipit::engine::diff::{Rules, diff};
use shipit::engine::{Action, Change, Desired, Identity, Live, Plan, Rule, Step};
use shipit::preflight::permissions::table::actions;

use super::account::Account;
use super::example::{Edit, Example};

/// Creates, changes, replaces, disturbs and deletes it; gives what each plan held, for review.
pub(super) async fn live(example: Example) -> String {
    let account = Account::open().await;
    let mut text = String::new();
    let mut life = Life { account: &account, example: &example, text: &mut text };
    life.create().await;
    for edit in &example.edits {
        life.change(edit).await;
        life.drift(edit).await;
    }
    life.lose().await;
    life.delete().await;
    assert_permitted(&account, &example);
    text
}

/// No call needs a permission that preflight does not ask about.
fn assert_permitted(account: &Account, example: &Example) {
    let tables = example.desired.nodes.keys().filter_map(|address| actions(address.kind()));
    let listed: BTreeSet<&str> = tables
        .flat_map(|table| [table.create, table.update, table.delete])
        .flatten()
        .copied()
        .collect();
    let called = account.actions();
    let missing: Vec<&String> =
        called.iter().filter(|action| !listed.contains(action.as_str())).collect();
    assert_eq!(missing, Vec::<&String>::new(), "not in preflight's table of actions");
}

struct Life<'a> {
    account: &'a Account,
    example: &'a Example,
    text: &'a mut String,
}

impl Life<'_> {
    async fn create(&mut self) {
        let plan = self.account.plan(&self.example.desired).await;
        assert!(plan.steps.iter().all(|step| step.action == Action::Create), "{}", lines(&plan));
        self.account.apply(&plan, "create").await;
        self.assert_settled(&self.example.desired, "create").await;
    }

    /// Nothing is left to do, and what was replaced is gone.
    async fn assert_settled(&self, desired: &Desired, what: &str) {
        let plan = self.account.plan(desired).await;
        assert_eq!(lines(&plan), "", "after `{what}` the plan is not empty");
        let twins =
            self.account.live_among(&self.example.desired, &self.example.address).await.len();
        assert!(self.info().revisioned || twins == 1, "after `{what}` there are {twins}");
    }

    fn info(&self) -> &'static shipit::engine::KindInfo {
        self.account.registry.info(self.example.address.kind()).unwrap()
    }

    fn spec(&self) -> &Value {
        &self.example.desired.nodes[&self.example.address].spec
    }

    fn edited(&self, edit: &Edit) -> Desired {
        let mut desired = self.example.desired.clone();
        let node = desired.nodes.get_mut(&self.example.address).unwrap();
        node.spec = edit.apply(&node.spec);
        desired
    }

    /// The step of the resource itself, which must be there exactly once, with changes where the edit is.
    fn own_step<'p>(&self, plan: &'p Plan, edit: &Edit) -> &'p Step {
        // Beside a replacement and beyond the revisions kept, the old one's end is a step of its own.
        let steps = plan
            .steps
            .iter()
            .filter(|step| step.address == self.example.address && step.action != Action::Delete);
        let steps: Vec<&Step> = steps.collect();
        let [step] = steps[..] else { panic!("`{}`: {}", edit.path(), lines(plan)) };
        let inside = |change: &Change, path: &str| {
            let rest = change.path.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        for change in &step.changes {
            let asked = edit.values.iter().any(|(path, _)| {
                // A block that comes or goes as a whole is one change.
                inside(change, path) || path.starts_with(&format!("{}.", change.path))
            });
            assert!(asked, "`{}`: {}", edit.path(), lines(plan));
        }
        step
    }

    async fn change(&mut self, edit: &Edit) {
        let desired = self.edited(edit);
        let there = self.account.plan(&desired).await;
        writeln!(self.text, "{}:\n{}", edit.path(), lines(&there)).unwrap();
        if self.owned_elsewhere(edit) {
            assert_eq!(lines(&there), "");
            return;
        }
        self.assert_action(self.own_step(&there, edit), edit);
        self.account.apply(&there, edit.path()).await;
        self.assert_settled(&desired, edit.path()).await;
        let back = self.account.plan(&self.example.desired).await;
        self.assert_action(self.own_step(&back, edit), edit);
        self.account.apply(&back, &format!("{} taken back", edit.path())).await;
        self.assert_settled(&self.example.desired, edit.path()).await;
    }

    fn immutable(&self, edit: &Edit) -> bool {
        self.info().rules.iter().any(|rule| {
            matches!(rule, Rule::Immutable(path) if edit.values.iter().any(|(changed, _)|
                changed == path || changed.starts_with(&format!("{path}."))))
        })
    }

    fn owned_elsewhere(&self, edit: &Edit) -> bool {
        let rules = self.info().rules;
        rules
            .iter()
            .any(|rule| matches!(rule, Rule::OwnedElsewhere(path, _) if *path == edit.path()))
    }

    fn assert_action(&self, step: &Step, edit: &Edit) {
        let wanted = match (self.immutable(edit), self.info().revisioned) {
            (true, _) => "replace",
            (false, true) => "revise",
            (false, false) => "update",
        };
        assert_eq!(name(&step.action), wanted, "`{}`", edit.path());
        let forces = step.changes.iter().any(|change| change.forces_replacement);
        assert_eq!(forces, wanted == "replace", "`{}`: {:#?}", edit.path(), step.changes);
    }

    /// Someone else makes the same change: it is seen, and put back.
    async fn drift(&mut self, edit: &Edit) {
        if self.immutable(edit) || self.owned_elsewhere(edit) {
            return;
        }
        let live = self.only().await;
        let changed = resolved(&edit.apply(self.spec()), &live.spec, self.spec());
        let Some(changed) = changed else { return };
        let driver = self.account.registry.driver(self.example.address.kind()).unwrap();
        if self.info().revisioned {
            let identity = Identity { run: "by-hand".to_owned(), ..live.identity };
            driver.create(&identity, &changed).await.unwrap();
        } else {
            let mut live = live;
            loop {
                let changes = diff(&Rules::new(self.info().rules), &live.spec, &changed);
                let progress = driver.update(&live, &changed, &changes).await.unwrap();
                if !progress.more {
                    break;
                }
                live = self.only().await;
            }
        }
        let what = format!("{} changed by hand", edit.path());
        let plan = self.account.plan(&self.example.desired).await;
        self.assert_action(self.own_step(&plan, edit), edit);
        self.account.apply(&plan, &what).await;
        self.assert_settled(&self.example.desired, &what).await;
    }

    /// The live object; the latest revision of what is revisioned.
    async fn only(&self) -> Live {
        let Life { account, example, .. } = self;
        account.live_among(&example.desired, &example.address).await.pop().unwrap()
    }

    /// Someone else deletes it: it is made again.
    async fn lose(&mut self) {
        let driver = self.account.registry.driver(self.example.address.kind()).unwrap();
        driver.delete(&self.only().await).await.unwrap();
        let plan = self.account.plan(&self.example.desired).await;
        writeln!(self.text, "deleted by hand:\n{}", lines(&plan)).unwrap();
        let own = plan.steps.iter().find(|step| step.address == self.example.address).unwrap();
        assert_eq!(own.action, Action::Create);
        self.account.apply(&plan, "deleted by hand").await;
        self.assert_settled(&self.example.desired, "deleted by hand").await;
    }

    async fn delete(&mut self) {
        let nothing = Desired::default();
        let plan = self.account.plan(&nothing).await;
        assert!(plan.steps.iter().all(|step| step.action == Action::Delete), "{}", lines(&plan));
        self.account.apply(&plan, "delete").await;
        let left = self.account.observe(&nothing).await;
        let left: Vec<String> = left.live().map(|live| live.identity.address.to_string()).collect();
        assert_eq!(left, Vec::<String>::new());
    }
}

/// The document with its references as they are known from the live one; `None` where a reference is new.
fn resolved(wanted: &Value, live: &Value, original: &Value) -> Option<Value> {
    if wanted == original {
        return Some(live.clone());
    }
    if wanted.get("$output").is_some() {
        return None;
    }
    match wanted {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| {
                let null = &Value::Null;
                let (live, original) =
                    (live.get(key).unwrap_or(null), original.get(key).unwrap_or(null));
                Some((key.clone(), resolved(value, live, original)?))
            })
            .collect::<Option<serde_json::Map<_, _>>>()
            .map(Value::Object),
        Value::Array(items) if items.iter().any(|item| item.to_string().contains("$output")) => {
            None
        }
        other => Some(other.clone()),
    }
}

fn name(action: &Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Revise => "revise",
        Action::Replace { .. } => "replace",
        Action::Delete => "delete",
        Action::Settle => "settle",
        Action::Keep => "keep",
        Action::Adopt => "adopt",
    }
}

/// One line a step: what happens to what, and the paths that differ; `!` marks what forces a replacement.
fn lines(plan: &Plan) -> String {
    plan.steps
        .iter()
        .map(|step| {
            let paths: Vec<String> = step
                .changes
                .iter()
                .map(|change| {
                    let mark = if change.forces_replacement { "!" } else { "" };
                    format!("{}{mark}", change.path)
                })
                .collect();
            let line = format!("  {} {} {}", name(&step.action), step.address, paths.join(" "));
            format!("{}\n", line.trim_end())
        })
        .collect()
}
