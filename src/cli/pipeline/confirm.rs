//! Asks before anything is changed: once, again for what goes, and by name where the environment is protected.

use super::Pipeline;
use crate::cli::Stop;
use crate::engine::{Observation, Plan, Step};
use crate::render::human::{self, text};

/// The fields of clusters' documents that protect their environment: a tag on ECS's, EKS's own protection.
const PROTECT: [(&str, &str); 2] =
    [("ecs/cluster", "protect"), ("eks/cluster", "deletion_protection")];

impl Pipeline {
    /// Whether the environment is protected: by its manifest here, or by the tag that an earlier deploy of any
    /// checkout put on its cluster.
    pub(super) fn protected(&self, observation: &Observation) -> bool {
        let manifest = self
            .workspace
            .environment(&self.target.environment)
            .is_some_and(|environment| environment.protect);
        let mut live = PROTECT.iter().flat_map(|(kind, field)| {
            observation.seen.of(kind).iter().map(move |cluster| &cluster.spec[*field])
        });
        manifest || live.any(|protected| *protected == true)
    }

    /// Asks whether a plan may be applied.
    pub(super) fn confirm(&self, plan: &Plan) -> Result<(), Stop> {
        let named = self.named(plan)?;
        if self.global.yes {
            return if named.is_missing() { Err(self.name_it(plan)) } else { Ok(()) };
        }
        if !self.terminal.asks || self.terminal.json() {
            return Err(match named {
                Named::Missing => self.name_it(plan),
                _ => Stop::refused(
                    "this would change AWS, and there is no terminal to confirm it at",
                    "add `--yes`, after `shipit plan` has shown what it does",
                ),
            });
        }
        let question = format!("{}. Apply?", human::plan::summary(plan));
        agreed(dialoguer::Confirm::new().with_prompt(question).default(false).interact().ok())?;
        if named.is_missing() {
            let prompt = format!(
                "Environment `{}` is protected, and this {}. Type its name",
                plan.environment,
                gone(plan)
            );
            let typed = dialoguer::Input::<String>::new().with_prompt(prompt).interact_text();
            return agreed(typed.ok().map(|typed| typed.trim() == plan.environment));
        }
        if named == Named::NotNeeded && plan.destroys().next().is_some() {
            let question = format!("This {}. Go on?", gone(plan));
            agreed(dialoguer::Confirm::new().with_prompt(question).default(false).interact().ok())?;
        }
        Ok(())
    }

    /// Whether a protected environment's name is needed, and was given.
    fn named(&self, plan: &Plan) -> Result<Named, Stop> {
        let name = &plan.environment;
        match &self.global.confirm {
            Some(given) if given != name => Err(Stop::refused(
                format!("`--confirm {given}` names another environment than `{name}`"),
                format!("add `--confirm {name}` if `{name}` is meant"),
            )),
            Some(_) => Ok(Named::Given),
            None if plan.protected && needs_the_name(plan) => Ok(Named::Missing),
            None => Ok(Named::NotNeeded),
        }
    }

    fn name_it(&self, plan: &Plan) -> Stop {
        let what = if plan.destroys().next().is_some() {
            gone(plan)
        } else {
            "lifts the protection".to_owned()
        };
        let name = &plan.environment;
        Stop::refused(
            format!("environment `{name}` is protected, and this {what}"),
            format!("if that is meant, type: {}", again(std::env::args().skip(1), name)),
        )
    }
}

/// Whether the name of a protected environment was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    NotNeeded,
    Given,
    Missing,
}

impl Named {
    fn is_missing(self) -> bool {
        self == Self::Missing
    }
}

/// What deletes or replaces, and what lifts the protection itself.
fn needs_the_name(plan: &Plan) -> bool {
    let lifts = |step: &Step| {
        let changes = step.changes.iter().filter(|change| change.after != true);
        changes.map(|change| (step.address.kind(), &*change.path)).any(|one| PROTECT.contains(&one))
    };
    plan.destroys().next().is_some() || plan.steps.iter().any(lifts)
}

/// `deletes 2 resources and replaces 1 resource: ecr/repository.api loses 3 images`
fn gone(plan: &Plan) -> String {
    let [deletes, replaces] = human::plan::destroyed(plan);
    let mut parts = Vec::new();
    if deletes > 0 {
        parts.push(format!("deletes {}", text::count(deletes, "resource")));
    }
    if replaces > 0 {
        parts.push(format!("replaces {}", text::count(replaces, "resource")));
    }
    let lost: Vec<String> = plan
        .destroys()
        .filter_map(|step| {
            step.loses.as_ref().map(|loses| format!("{} loses {loses}", step.address))
        })
        .collect();
    let mut said = parts.join(" and ");
    if !lost.is_empty() {
        said.push_str(&format!(": {}", lost.join("; ")));
    }
    said
}

fn agreed(answer: Option<bool>) -> Result<(), Stop> {
    match answer {
        Some(true) => Ok(()),
        Some(false) => Err(Stop::refused("not confirmed: nothing was changed", "")),
        None => Err(Stop::interrupted()),
    }
}

/// The command line of this run, with what confirms it.
fn again(arguments: impl Iterator<Item = String>, environment: &str) -> String {
    let mut words: Vec<String> = arguments.collect();
    if !words.iter().any(|word| word == "--yes" || word == "-y") {
        words.push("--yes".to_owned());
    }
    words.push("--confirm".to_owned());
    words.push(environment.to_owned());
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("shipit {}", words.join(" "))
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_type_is_the_one_that_was_typed() {
        let typed = ["--local", "env", "delete", "--name", "it's"].map(str::to_owned);
        assert_eq!(
            again(typed.into_iter(), "test"),
            r"shipit --local env delete --name 'it'\''s' --yes --confirm test"
        );
    }
}
