//! What a kind says for the tests: a document, what it needs around it, and changes.

use serde_json::{Value, json};
use shipit::engine::{Address, Desired, Handle, Owner, Spec};

/// A resource in its surroundings, and changes of its document.
pub(super) struct Example {
    /// It and what it needs; nothing here needs it, so that it can go by itself.
    pub(super) desired: Desired,
    /// Which of them it is about.
    pub(super) address: Address,
    /// Each is made alone and taken back.
    pub(super) edits: Vec<Edit>,
    /// Top-level fields that no edit changes, and why.
    pub(super) fixed: &'static [(&'static str, &'static str)],
}

impl Example {
    /// Names top-level fields that no edit changes, and says why.
    pub(super) fn fixed(self, fixed: &'static [(&'static str, &'static str)]) -> Self {
        Self { fixed, ..self }
    }
}

/// A change of the document: values by path, the one it is about first and what must go along after it.
#[derive(Clone)]
pub(super) struct Edit {
    pub(super) values: Vec<(&'static str, Value)>,
}

impl Edit {
    /// The path it is about.
    pub(super) fn path(&self) -> &'static str {
        self.values[0].0
    }

    /// Changes something else too, as the first change needs it.
    pub(super) fn with(mut self, path: &'static str, value: Value) -> Self {
        self.values.push((path, value));
        self
    }

    /// The changed document.
    pub(super) fn apply(&self, spec: &Value) -> Value {
        let mut spec = spec.clone();
        for (path, value) in &self.values {
            let pointer = format!("/{}", path.replace('.', "/"));
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let parent = spec.pointer_mut(parent).unwrap_or_else(|| panic!("no `{path}`"));
            let parent = parent.as_object_mut().unwrap_or_else(|| panic!("no `{path}`"));
            parent.insert(key.to_owned(), value.clone());
        }
        spec
    }
}

/// A change of one field.
pub(super) fn edit(path: &'static str, value: Value) -> Edit {
    Edit { values: vec![(path, value)] }
}

/// Another set of tags: one goes, one changes, one comes.
pub(super) fn retag() -> Edit {
    edit("tags", json!({ "team": "red", "floor": "3" }))
}

/// The tags of every example.
pub(super) fn tags() -> shipit::resources::resource::Tags {
    [("team", "blue"), ("cost", "42")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// A desired graph that grows: what is asked for twice is there once.
#[derive(Default)]
pub(super) struct Graph {
    desired: Desired,
}

impl Graph {
    /// Adds a resource; those whose name begins with `api` are the service's.
    pub(super) fn add<R: Spec>(&mut self, name: &str, spec: &R) -> Handle<R> {
        let handle = Handle::<R>::new(name);
        if self.desired.nodes.contains_key(handle.address()) {
            return handle;
        }
        let owner = match name.starts_with("api") {
            true => Owner::Service("api".to_owned()),
            false => Owner::Environment,
        };
        self.desired.add(&owner, name, spec).unwrap()
    }

    /// The graph so far.
    pub(super) fn desired_mut(&mut self) -> &mut Desired {
        &mut self.desired
    }

    /// The example of the resource that was added under this handle.
    pub(super) fn example<R: Spec>(self, of: &Handle<R>, edits: Vec<Edit>) -> Example {
        Example { desired: self.desired, address: of.address().clone(), edits, fixed: &[] }
    }
}
