//! What no example covers.

use std::collections::{BTreeMap, BTreeSet};

use shipit::resources::REGISTRY;

use super::{EXAMPLES, is_aws};

/// Top-level fields by kind: all, and those that an edit changes or a stated reason covers.
#[derive(Default)]
struct Fields {
    all: BTreeSet<String>,
    covered: BTreeSet<String>,
}

#[test]
fn every_field_of_every_kind_changes_in_an_example_or_says_why_not() {
    let kinds = REGISTRY.iter().map(|kind| kind.info.kind).filter(|kind| is_aws(kind));
    let mut kinds: BTreeMap<&str, Fields> = kinds.map(|kind| (kind, Fields::default())).collect();
    for (_, example) in EXAMPLES {
        let example = example();
        let fields = kinds.get_mut(example.address.kind()).unwrap();
        let spec = &example.desired.nodes[&example.address].spec;
        fields.all.extend(spec.as_object().unwrap().keys().cloned());
        let edited = example.edits.iter().flat_map(|edit| &edit.values);
        fields.covered.extend(edited.map(|(path, _)| top(path)));
        fields.covered.extend(example.fixed.iter().map(|(field, _)| (*field).to_owned()));
    }
    for (kind, fields) in kinds {
        assert_ne!(fields.all, BTreeSet::new(), "`{kind}` has no example");
        let missing: Vec<_> = fields.all.difference(&fields.covered).collect();
        let unknown: Vec<_> = fields.covered.difference(&fields.all).collect();
        assert_eq!((missing, unknown), (vec![], vec![]), "`{kind}`");
    }
}

/// The first part of a path.
fn top(path: &str) -> String {
    path.split(['.', '[']).next().unwrap_or_default().to_owned()
}

#[test]
fn every_kind_says_which_actions_it_needs() {
    use shipit::preflight::permissions::table::ACTIONS;
    let mut kinds: Vec<&str> = REGISTRY.iter().map(|kind| kind.info.kind).collect();
    let mut listed: Vec<&str> = ACTIONS.iter().map(|actions| actions.kind).collect();
    kinds.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, kinds);
}
