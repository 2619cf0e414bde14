//! What exists without our tags: every kind is adopted as it is, and nothing of it is changed or deleted
//! before.

use std::fmt::Write;

use serde_json::Value;
use shipit::engine::{
    Action, Adoption, Change, Desired, Existing, Failure, Holder, Live, Outcome, Plan, Rule, adopt,
};

use super::EXAMPLES;
use super::account::Account;
use super::example::{Edit, Example};

/// All examples at once, each in an account of its own.
async fn each<T: Send + 'static, F>(run: impl Fn(Example) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
{
    // It has no tags of its own: it goes with its certificate.
    // And an image with its repository.
    let tagless = |example: &Example| {
        ["elbv2/listener-certificate", "ecr/image"].contains(&example.address.kind())
    };
    let examples =
        EXAMPLES.iter().map(|(_, example)| example()).filter(|example| !tagless(example));
    let running: Vec<_> = examples.map(|example| tokio::spawn(run(example))).collect();
    let mut all = Vec::new();
    for one in running {
        all.push(one.await.unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_is_adopted_as_it_is() {
    insta::assert_snapshot!("adopted", each(adopted).await.concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lost_our_tags_is_neither_changed_nor_deleted() {
    each(left_alone).await;
}

/// An example that was created, and whose tags somebody takes away.
struct Stray<'a> {
    account: &'a Account,
    example: &'a Example,
}

impl<'a> Stray<'a> {
    async fn create(account: &'a Account, example: &'a Example) -> Self {
        let plan = account.plan(&example.desired).await;
        account.apply(&plan, "create").await;
        Self { account, example }
    }

    /// The live object; the latest revision of what is revisioned.
    async fn live(&self) -> Live {
        self.account.live(&self.example.address).await.pop().unwrap()
    }

    fn edited(&self, edit: &Edit) -> Desired {
        let mut desired = self.example.desired.clone();
        let node = desired.nodes.get_mut(&self.example.address).unwrap();
        node.spec = edit.apply(&node.spec);
        desired
    }

    /// The object with this id, as `shipit adopt` sees it.
    async fn existing(&self, desired: &Desired, id: &str) -> Result<Option<Existing>, Failure> {
        let account = self.account;
        let (registry, target) = (&account.registry, account.target());
        let observation = account.observe(desired).await;
        adopt::existing(registry, &target, desired, &observation, &self.example.address, id).await
    }

    async fn adoption(&self, desired: &Desired, id: &str) -> Adoption {
        let (account, address) = (self.account, &self.example.address);
        let (registry, target) = (&account.registry, account.target());
        let observation = account.observe(desired).await;
        let existing =
            adopt::existing(registry, &target, desired, &observation, address, id).await.unwrap();
        let existing = existing.unwrap_or_else(|| panic!("`{id}` of {address} is not there"));
        adopt::adoption(registry, &target, desired, &observation, address, existing).unwrap()
    }

    /// The one step, and what the plan says beside it.
    async fn plan(&self, desired: &Desired, id: &str) -> Plan {
        match self.adoption(desired, id).await {
            Adoption::Plan(plan) => *plan,
            other => panic!("{other:?}"),
        }
    }

    fn forces(&self, edit: &Edit) -> bool {
        let info = self.account.registry.info(self.example.address.kind()).unwrap();
        info.rules.iter().any(|rule| {
            matches!(rule, Rule::Immutable(path) if edit.values.iter().any(|(changed, _)|
                changed == path || changed.starts_with(&format!("{path}."))))
        })
    }
}

/// Adopts the example as it is, by each way to call it, and shows what would follow from each edit.
async fn adopted(example: Example) -> String {
    let account = Account::open().await;
    let stray = Stray::create(&account, &example).await;
    let live = stray.live().await;
    let mut text = format!("{}\n", example.address);

    // What is ours is ours already.
    let again = stray.adoption(&example.desired, &live.id).await;
    assert!(matches!(again, Adoption::Already(_)), "{again:?}");

    account.strip(&live).await;
    for edit in &example.edits {
        let desired = stray.edited(edit);
        let shown = stray.plan(&desired, &live.id).await;
        let changes = paths(&shown.steps[0].changes);
        writeln!(text, "  {}: {changes}", edit.path()).unwrap();
        // The very changes that the next deploy makes.
        account.claim(&live).await;
        let next = account.plan(&desired).await;
        let own = next.steps.iter().find(|step| {
            step.address == example.address && !step.deposed && step.action != Action::Delete
        });
        assert_eq!(changes, own.map_or_else(String::new, |step| paths(&step.changes)));
        let replaced = shown.notices.iter().any(|notice| notice.contains("DELETE"));
        assert_eq!(replaced, stray.forces(edit) && own.is_some(), "`{}`", edit.path());
        account.strip(&live).await;
    }

    // What nobody but shipit writes down is not there on what others made.
    account.untag(&live, vec!["shipit:vpc".to_owned()]).await;
    for id in names(&live) {
        let plan = stray.plan(&example.desired, &id).await;
        let [step] = &plan.steps[..] else { panic!("{:?}", plan.steps) };
        assert_eq!((&step.action, paths(&step.changes)), (&Action::Adopt, String::new()), "{id}");
        assert_eq!(step.reason, "it matches the manifests");
        assert_eq!(step.id.as_ref(), Some(&live.id), "{id}");
    }
    let plan = stray.plan(&example.desired, &live.id).await;
    account.apply(&plan, "adopt").await;
    assert_eq!(account.plan(&example.desired).await.steps, [], "after adopting");
    let adopted = stray.live().await;
    assert_eq!((&adopted.spec, &adopted.outputs), (&live.spec, &live.outputs));
    // What is not there is not there, and no error.
    let missing = missing(&live.id);
    assert_eq!(stray.existing(&example.desired, &missing).await.unwrap(), None, "{missing}");

    // What somebody else's shipit has made is theirs.
    account.give_away(&live).await;
    let theirs = stray.adoption(&example.desired, &live.id).await;
    let Adoption::Refused { message, .. } = theirs else { panic!("{theirs:?}") };
    let theirs = format!("`{}` belongs to environment `test` of application `other`", live.id);
    assert_eq!(message, theirs);
    text
}

/// Takes the tags away between plan and apply: nothing is changed or deleted.
async fn left_alone(example: Example) {
    let account = Account::open().await;
    let stray = Stray::create(&account, &example).await;
    let live = stray.live().await;
    let mut plans = vec![account.plan(&Desired::default()).await];
    // One change in place, and one that would replace it.
    for forces in [false, true] {
        let edit = example.edits.iter().find(|edit| stray.forces(edit) == forces);
        if let Some(edit) = edit {
            plans.push(account.plan(&stray.edited(edit)).await);
        }
    }
    account.strip(&live).await;
    let before = stray.existing(&example.desired, &live.id).await.unwrap().unwrap();
    assert_eq!(before.holder, Holder::Nobody);
    // Only what happens to the object itself: what else the plans hold is not the question.
    for mut plan in plans {
        plan.steps.retain(|step| {
            let acts = matches!(step.action, Action::Update | Action::Delete);
            step.address == example.address && acts
        });
        for step in &mut plan.steps {
            step.after.clear();
            if let Some(spec) = &mut step.spec {
                fill(spec, &live.spec);
            }
        }
        let steps = plan.steps.len();
        let outcome = account.outcome(&plan).await;
        let refusals = refusals(&outcome);
        let expected = format!(
            "`{}`, taken for `{}`, no longer bears shipit's tags",
            live.id, example.address
        );
        assert_eq!(refusals, vec![expected; steps]);
    }
    let after = stray.existing(&example.desired, &live.id).await.unwrap().unwrap();
    assert_eq!(
        after,
        Existing { live: Live { identity: after.live.identity.clone(), ..before.live }, ..before }
    );
}

fn refusals(outcome: &Outcome) -> Vec<String> {
    outcome.failed.iter().map(|(_, failure)| failure.message.clone()).collect()
}

/// References that nothing would resolve without the other steps, as they are live.
fn fill(spec: &mut Value, live: &Value) {
    if spec.get("$output").is_some() {
        *spec = live.clone();
        return;
    }
    match spec {
        Value::Object(fields) => {
            for (key, field) in fields {
                fill(field, live.get(key).unwrap_or(&Value::Null));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                fill(item, live.get(index).unwrap_or(&Value::Null));
            }
        }
        _ => {}
    }
}

/// What people may call it: its id, its ARN, its name, an address by its digits.
fn names(live: &Live) -> Vec<String> {
    // A namespace's name is no identifier: several may bear it.
    let by_name = live.identity.address.kind() != "servicediscovery/namespace";
    let fields = ["id", "arn", "public_ip", "name"];
    let fields = fields.iter().filter(|field| by_name || **field != "name");
    let outputs = fields.filter_map(|field| live.outputs.get(*field)?.as_str());
    // A scalable target's ARN is shown nowhere that people look.
    let scaled = live.identity.address.kind() == "application-autoscaling/target";
    let outputs = outputs.filter(|_| !scaled).map(str::to_owned);
    outputs.chain([live.id.clone()]).collect()
}

/// Another id of the same form.
fn missing(id: &str) -> String {
    let mut missing: Vec<char> = id.chars().collect();
    if let Some(last) = missing.last_mut() {
        *last = if *last == '0' { '1' } else { '0' };
    }
    missing.into_iter().collect()
}

fn paths(changes: &[Change]) -> String {
    let path = |change: &Change| {
        let mark = if change.forces_replacement { "!" } else { "" };
        format!("{}{mark}", change.path)
    };
    changes.iter().map(path).collect::<Vec<_>>().join(" ")
}
