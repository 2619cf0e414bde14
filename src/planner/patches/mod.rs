//! Patches of manifests, applied to what is planned: `taskdef_overrides` first, then `patches`.
//!
//! `pointer` changes one document, `cloudformation` and its `table` know a task definition in CloudFormation's words.
//! What comes out must still fit the resource's struct, and refer to nothing that was not there before.

mod cloudformation;
mod pointer;
mod table;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::{Address, Desired, OutputRef, Owner, Spec, references};
use crate::manifest::patch::{Patch, Place, TaskDefinitionOverride};
use crate::manifest::problem::Problem;
use crate::manifest::service::{COLLECTOR, LOG_ROUTER};
use crate::manifest::{Environment, Problems, ServiceManifest, did_you_mean, list};
use crate::resources::REGISTRY;
use crate::resources::ecs::TaskDefinition;

/// Why a change cannot be made, and what to do instead.
#[derive(Debug, PartialEq)]
struct Wrong {
    message: String,
    expected: Option<String>,
    help: Option<String>,
}

impl Wrong {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), expected: None, help: None }
    }

    /// A name that is none of those that there are.
    fn unknown(message: impl Into<String>, name: &str, known: &[&str]) -> Self {
        let expected = match known.is_empty() {
            true => "nothing: it is empty".to_owned(),
            false => list(known),
        };
        Self { expected: Some(expected), help: did_you_mean(name, known), ..Self::new(message) }
    }

    fn at(self, place: &Place) -> Problem {
        let mut problem = place.problem(self.message);
        problem.expected = self.expected;
        problem.help = self.help;
        problem
    }
}

/// Applies what the manifests of this run ask for.
pub(super) fn apply(
    desired: &mut Desired,
    environment: &Environment,
    services: &[ServiceManifest],
) -> Result<(), Problems> {
    let mut patches = Patches {
        known: desired.nodes.values().flat_map(|node| references(&node.spec)).collect(),
        desired,
        problems: Vec::new(),
    };
    for service in services {
        patches.overrides(service);
    }
    patches.of(&Owner::Environment, "main", &environment.patches);
    for service in services {
        patches.of(&super::owner(service), &service.name, &service.patches);
    }
    match patches.problems.is_empty() {
        true => Ok(()),
        false => Err(Problems::new(patches.problems)),
    }
}

struct Patches<'a> {
    desired: &'a mut Desired,
    /// What anything planned refers to: a patch may move such a reference, and make no other.
    known: BTreeSet<OutputRef>,
    problems: Vec<Problem>,
}

impl Patches<'_> {
    /// Applies one owner's patches, resource by resource, each in the order in which it is written.
    fn of(&mut self, owner: &Owner, name: &str, patches: &[Patch]) {
        let mut found: Vec<(Address, Vec<&Patch>)> = Vec::new();
        for patch in patches {
            match self.find(owner, name, &patch.resource) {
                Ok(address) => match found.iter_mut().find(|(known, _)| *known == address) {
                    Some((_, list)) => list.push(patch),
                    None => found.push((address, vec![patch])),
                },
                Err(wrong) => self.problems.push(wrong.at(&patch.place)),
            }
        }
        for (address, patches) in found {
            let changes = patches.into_iter().map(|patch| {
                let change = move |document: &mut Value| pointer::apply(document, patch);
                (&patch.place, change)
            });
            self.change(&address, changes);
        }
    }

    /// Applies `taskdef_overrides`.
    fn overrides(&mut self, service: &ServiceManifest) {
        if service.taskdef_overrides.is_empty() {
            return;
        }
        let address = Address::new(TaskDefinition::KIND, &service.name);
        let Some(node) = self.desired.nodes.get_mut(&address) else { return };
        let mut order = vec![service.name.as_str(), LOG_ROUTER, COLLECTOR];
        order.extend(service.sidecars.keys().map(String::as_str));
        let mut words = cloudformation::written(&node.spec, &order);
        let mut blame: Option<&TaskDefinitionOverride> = None;
        for rule in &service.taskdef_overrides {
            if let Err(wrong) = cloudformation::set(&mut words, &rule.path, &rule.value) {
                self.problems.push(wrong.at(&rule.place));
                return;
            }
            // What takes several rules to build does not fit before the last of them.
            match cloudformation::read(&words) {
                Ok(_) => blame = None,
                Err(_) => blame = blame.or(Some(rule)),
            }
        }
        match (cloudformation::read(&words), blame) {
            (Ok(document), _) => {
                let place = &service.taskdef_overrides[0].place;
                let whole = |spec: &mut Value| {
                    *spec = document;
                    Ok(())
                };
                self.change(&address, [(place, whole)]);
                self.mark(&address, service.taskdef_overrides.iter().map(|rule| &rule.place));
            }
            (Err(wrong), Some(rule)) => self.problems.push(wrong.at(&rule.place)),
            (Err(_), None) => {}
        }
    }

    /// The resource that a patch names: an address, or a kind of which the owner has one.
    fn find(&self, owner: &Owner, name: &str, text: &str) -> Result<Address, Wrong> {
        let own = || self.desired.nodes.values().filter(|node| node.owner == *owner);
        let address: Option<Address> = text.parse().ok();
        if let Some(node) =
            own().find(|node| address.as_ref().is_some_and(|address| node.address == *address))
        {
            return Ok(node.address.clone());
        }
        let of_kind: Vec<&Address> =
            own().map(|node| &node.address).filter(|address| address.kind() == text).collect();
        match of_kind[..] {
            [one] => return Ok(one.clone()),
            [] => {}
            _ => {
                if let Some(main) = of_kind.iter().find(|address| address.name() == name) {
                    return Ok((*main).clone());
                }
                let names: Vec<String> = of_kind.iter().map(ToString::to_string).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let message = format!("there are {} resources of kind `{text}`", names.len());
                return Err(Wrong { expected: Some(list(&names)), ..Wrong::new(message) });
            }
        }
        let names: Vec<String> = own().map(|node| node.address.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let whose = match owner {
            Owner::Environment => "the environment".to_owned(),
            Owner::Service(name) => format!("service `{name}`"),
        };
        let message = format!("{whose} has no resource `{text}`");
        Err(Wrong::unknown(message, text, &names))
    }

    /// Changes one document, and keeps the change where the result still fits.
    fn change<'p>(
        &mut self,
        address: &Address,
        changes: impl IntoIterator<Item = (&'p Place, impl FnOnce(&mut Value) -> Result<(), Wrong>)>,
    ) {
        let Some(node) = self.desired.nodes.get(address) else { return };
        let mut spec = node.spec.clone();
        let mut places: Vec<&Place> = Vec::new();
        let mut blame: Option<&Place> = None;
        for (place, change) in changes {
            if let Err(wrong) = change(&mut spec) {
                self.problems.push(wrong.at(place));
                return;
            }
            places.push(place);
            blame = match self.fits(address, &spec) {
                Ok(_) => None,
                Err(_) => blame.or(Some(place)),
            };
        }
        match (self.fits(address, &spec), blame) {
            (Ok(normal), _) => {
                if let Some(node) = self.desired.nodes.get_mut(address) {
                    node.spec = normal;
                }
                self.mark(address, places.into_iter());
            }
            (Err(wrong), Some(place)) => self.problems.push(wrong.at(place)),
            (Err(_), None) => {}
        }
    }

    fn mark<'p>(&mut self, address: &Address, places: impl Iterator<Item = &'p Place>) {
        let marks = self.desired.patched.entry(address.clone()).or_default();
        for place in places.map(ToString::to_string) {
            if !marks.contains(&place) {
                marks.push(place);
            }
        }
    }

    /// The document in its normal form, if it is still one of its kind.
    fn fits(&self, address: &Address, spec: &Value) -> Result<Value, Wrong> {
        let kind = REGISTRY.iter().find(|kind| kind.info.kind == address.kind());
        let Some(kind) = kind else { return Ok(spec.clone()) };
        self.whole_references(spec)?;
        let normal = (kind.normal)(spec).map_err(|error| {
            let message = format!("`{address}` would not be a valid document: {error}");
            let help = "`shipit --format json plan` shows the document; a field that must be there takes an empty value instead of being removed";
            Wrong { help: Some(help.to_owned()), ..Wrong::new(message) }
        })?;
        if let Some((path, name, known)) = stranger(spec, &normal, "") {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let place = if path.is_empty() { address.to_string() } else { format!("`{path}`") };
            return Err(Wrong::unknown(
                format!("there is no field `{name}` in {place}"),
                &name,
                &known,
            ));
        }
        if let Some(tag) = normal["tags"]
            .as_object()
            .and_then(|tags| tags.keys().find(|tag| tag.starts_with("shipit:")))
        {
            return Err(Wrong {
                help: Some("choose another name for the tag".to_owned()),
                ..Wrong::new(format!(
                    "`{tag}` is one of shipit's own tags, which say whose a resource is"
                ))
            });
        }
        if address.kind() == TaskDefinition::KIND {
            let containers = normal["containers"].as_object();
            let essential = |one: &Value| one["essential"] == true;
            if !containers.is_some_and(|all| all.values().any(essential)) {
                return Err(Wrong {
                    expected: Some("at least one container with `essential: true`".to_owned()),
                    ..Wrong::new("no container of the task would be essential")
                });
            }
        }
        Ok(normal)
    }

    /// Every reference is whole, and one that was there before.
    fn whole_references(&self, value: &Value) -> Result<(), Wrong> {
        match value {
            Value::Object(fields) if fields.contains_key("$output") => {
                match OutputRef::from_value(value) {
                    Some(known) if self.known.contains(&known) => Ok(()),
                    Some(other) => Err(Wrong {
                        help: Some(
                            "`op: copy` or `op: move` takes a reference that is there".to_owned(),
                        ),
                        ..Wrong::new(format!("nothing planned refers to `{other}`"))
                    }),
                    None => Err(Wrong {
                        help: Some("replace the whole reference".to_owned()),
                        ..Wrong::new(format!("`{value}` is no reference any more"))
                    }),
                }
            }
            Value::Object(fields) => {
                fields.values().try_for_each(|field| self.whole_references(field))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.whole_references(item)),
            _ => Ok(()),
        }
    }
}

/// Something written that the kind's struct does not have: where, its name, and what there is.
fn stranger(written: &Value, normal: &Value, path: &str) -> Option<(String, String, Vec<String>)> {
    match (written, normal) {
        (Value::Object(written), Value::Object(normal)) => {
            for (key, value) in written {
                let here = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                match normal.get(key) {
                    Some(kept) => {
                        if let Some(found) = stranger(value, kept, &here) {
                            return Some(found);
                        }
                    }
                    None if value.is_null() => {}
                    None => {
                        let known = normal.keys().cloned().collect();
                        return Some((path.to_owned(), key.clone(), known));
                    }
                }
            }
            None
        }
        (Value::Array(written), Value::Array(normal)) => written
            .iter()
            .zip(normal)
            .enumerate()
            .find_map(|(index, (a, b))| stranger(a, b, &format!("{path}/{index}"))),
        _ => None,
    }
}
