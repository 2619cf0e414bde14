//! Whether the credentials in use may do what the plan does, by IAM's own simulation over exactly the
//! actions of its steps. `table` lists them.
//!
//! First all actions on any resource at once; what is not allowed that widely is asked again on the
//! resources of each kind, with the tags that our calls carry.

pub mod table;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use self::table::{Actions, actions};
use super::{Report, Subject};
use crate::aws::facts::policies::{Decision, Policies, role_arn, simulate};
use crate::engine::{Action, Address, Failure, Step};

const CHECK: &str = "permission";
const WHAT: &str = "permissions";
/// IAM takes so many actions in one call.
const MOST: usize = 100;

/// What is needed for the steps of one kind.
struct Need<'a> {
    table: &'static Actions,
    steps: Vec<&'a Step>,
    actions: BTreeSet<&'static str>,
}

pub(super) async fn check(subject: &Subject<'_>, report: &Report) {
    let needs = needs(&subject.plan.steps);
    if needs.is_empty() {
        return;
    }
    let principal = match principal(subject).await {
        Ok(Some(principal)) => Policies::Of(principal),
        Ok(None) => return,
        Err(why) => return report.unchecked(CHECK, WHAT, why),
    };
    if let Err(failure) = judge(subject, report, &principal, &needs).await {
        report.failed(CHECK, WHAT, &failure);
    }
}

fn needs(steps: &[Step]) -> Vec<Need<'_>> {
    let mut needs: BTreeMap<&str, Need<'_>> = BTreeMap::new();
    for step in steps {
        let Some(table) = actions(step.address.kind()) else { continue };
        let lists: &[&[&str]] = match step.action {
            Action::Create | Action::Revise => &[table.create],
            Action::Update | Action::Adopt => &[table.update],
            // The old one's end is a step of its own.
            Action::Replace { .. } => &[table.create],
            Action::Delete => &[table.delete],
            Action::Settle | Action::Keep => continue,
        };
        let need = needs.entry(table.kind).or_insert_with(|| Need {
            table,
            steps: Vec::new(),
            actions: BTreeSet::new(),
        });
        need.steps.push(step);
        need.actions.extend(lists.iter().flat_map(|list| list.iter().copied()));
    }
    needs.into_values().collect()
}

/// Whose policies count: the user, or the role behind a session. `None` for an account's root, who
/// may do everything.
async fn principal(subject: &Subject<'_>) -> Result<Option<String>, String> {
    let arn = subject.caller;
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    if resource == "root" {
        return Ok(None);
    }
    if resource.starts_with("user/") {
        return Ok(Some(arn.to_owned()));
    }
    let Some(rest) = resource.strip_prefix("assumed-role/") else {
        return Err(format!("{arn} is neither a user nor a role"));
    };
    let name = rest.split('/').next().unwrap_or_default();
    match role_arn(subject.cx, name).await {
        Ok(Some(arn)) => Ok(Some(arn)),
        // A session's ARN has no path. Most roles have none either.
        _ => Ok(Some(format!(
            "arn:{}:iam::{}:role/{name}",
            subject.cx.partition(),
            subject.cx.account
        ))),
    }
}

async fn judge(
    subject: &Subject<'_>,
    report: &Report,
    principal: &Policies,
    needs: &[Need<'_>],
) -> Result<(), Failure> {
    let all: BTreeSet<&str> = needs.iter().flat_map(|need| need.actions.iter().copied()).collect();
    let all: Vec<String> = all.into_iter().map(str::to_owned).collect();
    let everywhere = ["*".to_owned()];
    let context = context(subject);
    let mut narrow = BTreeSet::new();
    let chunks = all.chunks(MOST);
    let answers = chunks.map(|chunk| simulate(subject.cx, principal, chunk, &everywhere, &context));
    for answer in join_all(answers).await {
        narrow.extend(answer?.into_iter().filter(|it| !it.allowed).map(|it| it.action));
    }
    if narrow.is_empty() {
        return Ok(());
    }
    let again = needs.iter().filter_map(|need| {
        let actions: Vec<String> = need
            .actions
            .iter()
            .filter(|it| narrow.contains(**it))
            .map(|it| (*it).to_owned())
            .collect();
        (!actions.is_empty()).then_some((need, actions))
    });
    let context = &context;
    let answers = join_all(again.map(|(need, actions)| async move {
        let resources = resources(subject, need);
        let answer = simulate(subject.cx, principal, &actions, &resources, context).await;
        answer.map(|decisions| (need, decisions))
    }))
    .await;
    for answer in answers {
        let (need, decisions) = answer?;
        tell(report, need, &decisions);
    }
    Ok(())
}

/// The resources of a kind's steps, one for each form of name.
fn resources(subject: &Subject<'_>, need: &Need<'_>) -> Vec<String> {
    let fill = |step: &&Step| {
        let resource = need
            .table
            .resource
            .replace("{region}", &subject.cx.region)
            .replace("{account}", &subject.cx.account)
            .replace("{application}", &subject.plan.application)
            .replace("{environment}", &subject.plan.environment)
            .replace("{name}", &step.identity.name(limit(need.table.kind)));
        format!("arn:{}:{resource}", subject.cx.partition())
    };
    let names: BTreeSet<String> = need.steps.iter().map(fill).collect();
    // Roles and services are named alike within an environment: a few tell as much as all.
    names.into_iter().take(3).collect()
}

/// How long names of a kind may be.
fn limit(kind: &str) -> usize {
    match kind {
        "elbv2/load-balancer" | "elbv2/target-group" => 32,
        "iam/role" => 64,
        "s3/bucket" => 35,
        _ => 255,
    }
}

/// What conditions commonly ask for and a real call would carry.
fn context(subject: &Subject<'_>) -> Vec<(String, String)> {
    let plan = subject.plan;
    let mut context = vec![
        ("aws:RequestedRegion".to_owned(), subject.cx.region.clone()),
        ("aws:SecureTransport".to_owned(), "true".to_owned()),
        ("iam:PassedToService".to_owned(), "ecs-tasks.amazonaws.com".to_owned()),
    ];
    for prefix in ["aws:RequestTag", "aws:ResourceTag"] {
        context.push((format!("{prefix}/shipit:application"), plan.application.clone()));
        context.push((format!("{prefix}/shipit:environment"), plan.environment.clone()));
    }
    context
}

fn tell(report: &Report, need: &Need<'_>, decisions: &[Decision]) {
    let Some(address) = need.steps.first().map(|step| &step.address) else { return };
    let list = |which: &dyn Fn(&Decision) -> bool| {
        let actions: BTreeSet<&str> = decisions
            .iter()
            .filter(|it| !it.allowed && which(it))
            .map(|it| it.action.as_str())
            .collect();
        actions.into_iter().collect::<Vec<_>>().join(", ")
    };
    let forbidden = list(&|it| it.forbidden);
    let absent = list(&|it| !it.forbidden && it.missing.is_empty());
    let unsure = list(&|it| !it.forbidden && !it.missing.is_empty());
    let credentials = "the credentials may not";
    if !forbidden.is_empty() {
        let hint = "take the denial out of their policies, permissions boundary or service control policies";
        problem(report, address, format!("{credentials} {forbidden}: a policy denies it"), hint);
    }
    if !absent.is_empty() {
        let hint = "allow it in a policy of the user or role that deploys";
        problem(report, address, format!("{credentials} {absent}: no policy allows it"), hint);
    }
    if !unsure.is_empty() {
        let keys: BTreeSet<&str> =
            decisions.iter().flat_map(|it| &it.missing).map(String::as_str).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        report.warning(
            CHECK,
            address,
            format!(
                "the credentials may be refused {unsure}: that hangs on conditions with {}",
                keys.join(", ")
            ),
            String::new(),
        );
    }
}

fn problem(report: &Report, address: &Address, message: String, hint: &str) {
    report.error(CHECK, address, message, hint.to_owned());
}
