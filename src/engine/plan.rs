//! The plan: the whole difference, as data that people review and `apply` follows.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::saved::Basis;
use super::{
    Address, Change, Finding, Foreign, Identity, Live, Owner, ReplaceOrder, Scope, Severity,
};

/// The version of the plan's JSON form.
pub const FORMAT_VERSION: &str = "1.2";

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// A new revision is registered; older ones stay.
    Revise,
    /// It is made anew, as fields that cannot change in place do.
    Replace {
        /// Which side comes first.
        order: ReplaceOrder,
    },
    /// It goes.
    Delete,
    /// It matches but is still settling, or its last deployment failed: it is waited for.
    Settle,
    /// It left the manifests but holds data, so it stays.
    Keep,
    /// It exists and is nobody's: it gets this environment's tags, and nothing else of it changes.
    /// The step's changes are those that the next deploy would make.
    Adopt,
}

/// One resource's part of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Which resource.
    pub address: Address,
    /// Whose it is.
    pub owner: Owner,
    /// What happens to it.
    #[serde(flatten)]
    pub action: Action,
    /// Why: a lower-case fragment.
    pub reason: String,
    /// What AWS calls the live object, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Field by field.
    pub changes: Vec<Change>,
    /// The identity of what is created (create, revise, replace) or changed.
    pub identity: Identity,
    /// The desired document with the references that are not known yet; `None` for delete, settle and keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Value>,
    /// The live object this step changes, replaces, deletes or waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Live>,
    /// What is lost with the live object that goes, as far as it could be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loses: Option<String>,
    /// The object is an older twin of one that stays (deposed); it goes after dependants have moved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deposed: bool,
    /// It was changed or deleted outside since the last apply: all of a create, or those changes
    /// that say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drift: bool,
    /// Lines of manifests that patch the document: `services/api.yml:42`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patched_by: Vec<String>,
    /// The steps this one waits for.
    pub after: Vec<StepEdge>,
}

impl Step {
    /// Whether what this address stands for goes, or is made anew. That an older twin or revision goes, while its
    /// successor stays, is none of this.
    pub fn destroys(&self) -> bool {
        match self.action {
            Action::Delete => !self.deposed,
            Action::Replace { .. } => true,
            _ => false,
        }
    }
}

/// One step waits for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepEdge {
    /// The index of the other step in [`Plan::steps`].
    pub step: usize,
    /// What of it is waited for.
    pub wait: super::Wait,
}

/// The whole difference for one scope of one environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// [`FORMAT_VERSION`].
    pub format_version: String,
    /// The application.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// AWS account, twelve digits.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// What the run may change.
    pub scope: Scope,
    /// The environment is protected: whatever deletes, replaces or lifts the protection needs its name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// What happens, in an order that respects every edge.
    pub steps: Vec<Step>,
    /// How many resources match already.
    pub unchanged: usize,
    /// Things in the way: a plan with any of these is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Foreign>,
    /// What a reader should know: services that are live but in no manifest here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// What preflight found, worst first; a plan with an error among them is not applied unless
    /// the check is skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Outputs of live resources by address, for resolving references while applying.
    pub outputs: BTreeMap<Address, Value>,
    /// What it was made from; a saved plan holds it beside the plan.
    #[serde(skip)]
    pub basis: Basis,
}

impl Plan {
    /// Whether applying would do anything: `keep` does not count, `settle` does.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.action != Action::Keep)
    }

    /// The steps that delete or replace something.
    pub fn destroys(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.destroys())
    }

    /// The findings of this severity.
    pub fn findings_of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }

    /// What of the environment would be created. A run whose scope is a service may do that for
    /// what the service needs; the caller decides whether so much is missing that the
    /// environment has to be deployed first.
    pub fn environment_creates(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .filter(|step| step.action == Action::Create && step.owner == Owner::Environment)
    }
}
