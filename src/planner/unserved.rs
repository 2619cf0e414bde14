//! Objects of kinds that the cluster does not serve: an error before anything is done, at the line where a user wrote one.

use std::collections::BTreeSet;

use super::{Context, Error};
use crate::engine::{Class, Failure, Owner, Plan, Spec as _, Step};
use crate::manifest::{OwnObject, Problem, Problems, did_you_mean};
use crate::resources::eks::{Addon, Capability, Cluster};
use crate::resources::kubernetes::{AnyObject, brings, defines};

/// A kind that a cluster does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// The cluster.
    pub cluster: String,
    /// `example.com/v1`.
    pub api_version: String,
    /// `Widget`.
    pub kind: String,
    /// The versions in which it does serve it.
    pub versions: Vec<String>,
    /// The kinds that it serves in this version.
    pub kinds: Vec<String>,
}

impl Unserved {
    fn message(&self) -> String {
        format!("cluster `{}` serves no `{}` of `{}`", self.cluster, self.kind, self.api_version)
    }

    fn help(&self) -> String {
        if !self.versions.is_empty() {
            let versions = self.versions.join("`, `");
            return format!("it serves `{versions}`: write that as `apiVersion`");
        }
        let kinds: Vec<&str> = self.kinds.iter().map(String::as_str).collect();
        did_you_mean(&self.kind, &kinds).unwrap_or_else(|| brings(&self.api_version).to_owned())
    }
}

/// Refuses a plan that makes objects of these kinds.
///
/// # Errors
/// There are some: as problems of their files, or, where shipit itself renders them, as a failure.
pub fn refuse_unserved(
    context: &Context<'_>,
    plan: &Plan,
    unserved: &[Unserved],
) -> Result<(), Error> {
    let mut problems = Vec::new();
    let mut said = BTreeSet::new();
    for step in plan.steps.iter().filter(|step| step.live.is_none()) {
        let Some(lack) = unserved.iter().find(|lack| is_of(step, lack)) else { continue };
        if may_come(context, plan, step, lack) {
            continue;
        }
        let Some(own) = own(context, step) else {
            let message = format!("{}, and {} is one", lack.message(), step.address);
            return Err(Failure::new(Class::Invalid, message).with_hint(lack.help()).into());
        };
        if said.insert(own.place()) {
            let problem = Problem::error(&own.source, own.kind_span, lack.message());
            problems.push(problem.help(lack.help()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Problems::new(problems).into()) }
}

fn is_of(step: &Step, lack: &Unserved) -> bool {
    let object = step.spec.as_ref().map(|spec| &spec["object"]);
    step.address.kind().starts_with("kubernetes/")
        && object.is_some_and(|object| {
            object["apiVersion"] == lack.api_version.as_str()
                && object["kind"] == lack.kind.as_str()
        })
}

/// Whether the kind is there when it is needed: this plan makes what defines it, or may, or EKS brings it by itself.
fn may_come(context: &Context<'_>, plan: &Plan, step: &Step, lack: &Unserved) -> bool {
    if step.address.kind() != AnyObject::KIND {
        return false;
    }
    let manifest = context.manifest().ok().and_then(|one| one.cluster.kubernetes.as_ref());
    let of_auto_mode = lack.api_version.starts_with("eks.amazonaws.com/");
    if of_auto_mode && manifest.is_some_and(|manifest| manifest.auto_mode()) {
        return true;
    }
    plan.steps.iter().any(|step| {
        let Some(spec) = &step.spec else { return false };
        let brings = [Addon::KIND, Capability::KIND, Cluster::KIND].contains(&step.address.kind());
        brings || defines(&spec["object"], &lack.api_version, &lack.kind)
    })
}

/// The object of the user's own that a step makes.
fn own<'a>(context: &Context<'a>, step: &Step) -> Option<&'a OwnObject> {
    let Owner::Service(service) = &step.owner else { return None };
    let object = &step.spec.as_ref()?["object"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let name = text(&object["metadata"]["name"]);
    let all = context.workspace.objects_in(service, context.environment).iter();
    all.into_iter().find(|own| own.is(&version, &kind, &name))
}
