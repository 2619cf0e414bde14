//! A plan as a document that is kept: sealed when it is written, checked when it is read.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Basis, hides_nothing};
use crate::engine::plan::FORMAT_VERSION;
use crate::engine::{Failure, Health, Plan, Registry};

/// This version of shipit.
const SHIPIT: &str = env!("CARGO_PKG_VERSION");

/// A saved plan: the plan as `plan --format json` prints it, and beside it `saved`, from which `apply` tells whether
/// it still holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SavedPlan {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// What applying it needs besides.
    pub saved: Saved,
}

/// What a saved plan holds besides the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Saved {
    /// The version of shipit that made the plan; no other applies it.
    pub shipit: String,
    /// When it was made, RFC 3339.
    pub at: String,
    /// What was planned.
    pub about: About,
    /// The kinds that hold data and were allowed to go; `all` for every kind.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow_delete: BTreeSet<String>,
    /// A digest of each manifest file, to name those that changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// What the plan was made from.
    pub basis: Basis,
    /// SHA-256 of the whole document without this field, in normal form: a plan that was changed by hand is not
    /// applied. It guards against mistakes, not against forgery.
    pub digest: String,
}

/// What a saved plan is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The environment and all services (`plan`).
    Everything,
    /// The environment alone (`env plan`).
    Environment,
    /// One service, by name (`svc plan`).
    Service(String),
}

/// A document that is no saved plan of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Not a JSON document, or cut off.
    #[error("it is not a JSON document: {0}")]
    NotJson(String),
    /// Something else than a plan.
    #[error("it is not a plan")]
    NotAPlan,
    /// A plan of another major version of the format.
    #[error("it is a plan of format {0}, and this shipit reads format {FORMAT_VERSION}")]
    OtherFormat(String),
    /// A plan that was printed, not saved.
    #[error("it is a plan that was printed, not saved")]
    Printed,
    /// Changed since it was written.
    #[error("it was changed after it was written")]
    Changed,
    /// Sealed, and yet not as a plan is.
    #[error("it is not as plans of format {FORMAT_VERSION} are: {0}")]
    Misshapen(String),
}

impl SavedPlan {
    /// Takes a plan with its [`Plan::basis`].
    ///
    /// # Errors
    /// The plan holds values that must not be written down.
    pub fn new(registry: &Registry, plan: Plan, about: About, at: String) -> Result<Self, Failure> {
        hides_nothing(registry, &plan)?;
        let basis = plan.basis.clone();
        let mut plan = plan;
        // Why something is broken may quote its log, which nobody has looked through for secrets.
        for live in plan.steps.iter_mut().filter_map(|step| step.live.as_mut()) {
            if let Health::Broken(failure) = &live.health {
                live.health = Health::Failed(failure.message.clone());
            }
        }
        let saved = Saved {
            shipit: SHIPIT.to_owned(),
            at,
            about,
            allow_delete: BTreeSet::new(),
            files: BTreeMap::new(),
            basis,
            digest: String::new(),
        };
        Ok(Self { plan, saved })
    }

    /// The sealed document.
    ///
    /// # Errors
    /// It does not serialise: a mistake in shipit.
    pub fn seal(&self) -> Result<String, Failure> {
        let broken = |error: serde_json::Error| Failure::internal(error.to_string());
        let mut document = serde_json::to_value(self).map_err(broken)?;
        document["saved"]["digest"] = Value::String(digest(&document));
        serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(broken)
    }

    /// Reads a document back. The version of shipit is not looked at here, as what is wrong with it may be said
    /// beside all else that moved.
    ///
    /// # Errors
    /// It is no saved plan, one of another format, or was changed since.
    pub fn open(text: &str) -> Result<Self, Unusable> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| Unusable::NotJson(error.to_string()))?;
        let Some(format) = document.get("format_version").and_then(Value::as_str) else {
            return Err(Unusable::NotAPlan);
        };
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        if major(format) != major(FORMAT_VERSION) {
            return Err(Unusable::OtherFormat(format.to_owned()));
        }
        let Some(saved) = document.get("saved") else {
            let plan = document.get("steps").is_some();
            return Err(if plan { Unusable::Printed } else { Unusable::NotAPlan });
        };
        if saved.get("digest").and_then(Value::as_str) != Some(&digest(&document)) {
            return Err(Unusable::Changed);
        }
        let mut plan: Self = serde_json::from_value(document)
            .map_err(|error| Unusable::Misshapen(error.to_string()))?;
        for (index, step) in plan.plan.steps.iter().enumerate() {
            if step.after.iter().any(|edge| edge.step >= index) {
                let why = format!("step {index} waits for one that comes later");
                return Err(Unusable::Misshapen(why));
            }
        }
        plan.plan.basis = plan.saved.basis.clone();
        Ok(plan)
    }

    /// Whether a document looks like a saved plan of any version, good or bad: such a file may be written over.
    pub fn resembles(text: &str) -> bool {
        serde_json::from_str::<Value>(text).is_ok_and(|document| {
            document.get("format_version").is_some() && document.get("saved").is_some()
        })
    }
}

/// The JSON Schema (draft 2020-12) of plans, printed and saved.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<SavedPlan>().to_value();
    schema["title"] = json!("shipit plan");
    schema["description"] = json!(format!(
        "A plan of shipit, format {FORMAT_VERSION}: what `shipit plan --format json` prints, and, with `saved`, what \
         `shipit plan --out FILE` writes. Within a major version fields are only added, so readers must pass over \
         fields and actions that they do not know; what is renamed, removed or means something else makes a new \
         major version."
    ));
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|field| field != "saved");
    }
    schema
}

/// The digest of a document without `saved.digest`.
fn digest(document: &Value) -> String {
    let mut document = document.clone();
    if let Some(saved) = document.get_mut("saved").and_then(Value::as_object_mut) {
        saved.remove("digest");
    }
    let mut text = String::new();
    normal(&document, &mut text);
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keys in order, no blanks.
fn normal(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<&String, &Value> = fields.iter().collect();
            text.push('{');
            for (key, field) in fields {
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                normal(field, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                normal(item, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
