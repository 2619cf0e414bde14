//! What a record keeps of a document: a few characters per field.

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::engine::{Address, Desired, OutputRef, Registry, Rule};

/// Characters of one field's digest: three bytes.
const PART: usize = 4;
/// What a digest of a whole document begins with.
const WHOLE: char = '=';

/// The digest of each desired document, by address: a part for the names of its fields, so that
/// another version's documents are told apart, then one for each field in the order of names.
pub type Digests = BTreeMap<Address, String>;

/// The digests of everything that is desired, references in symbolic form.
///
/// A reference counts together with what would have its target made anew: the fields of it
/// that cannot change in place, or all of them where every change makes a revision. So a field
/// that waits for a target's new id is no drift, even if the run that changed the target died.
pub fn digests(registry: &Registry, desired: &Desired) -> Digests {
    let mut makings = Makings { registry, desired, known: HashMap::new() };
    let mut digests = Digests::new();
    for (address, node) in &desired.nodes {
        if let Some(fields) = node.spec.as_object() {
            digests.insert(address.clone(), entry(fields, &mut makings));
        }
    }
    digests
}

fn entry(fields: &serde_json::Map<String, Value>, makings: &mut Makings<'_>) -> String {
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_unstable();
    let mut text =
        part(&names.iter().fold(Sha256::new(), |hash, name| {
            hash.chain_update(name.as_bytes()).chain_update([0])
        }));
    for name in names {
        let mut hash = Sha256::new();
        feed(&mut hash, &fields[name], makings);
        text.push_str(&part(&hash));
    }
    text
}

fn part(hash: &Sha256) -> String {
    let bytes = hash.clone().finalize();
    URL_SAFE_NO_PAD.encode(&bytes[..3])
}

/// A digest of a whole document, for records that would not fit otherwise.
pub(super) fn whole(entry: &str) -> String {
    if entry.starts_with(WHOLE) {
        return entry.to_owned();
    }
    let bytes = Sha256::digest(entry.as_bytes());
    format!("{WHOLE}{}", URL_SAFE_NO_PAD.encode(&bytes[..6]))
}

/// Whether a document's top-level field is the same as when it was applied; `None` where the
/// record cannot tell.
pub(super) fn same(applied: &str, now: &str, spec: &Value, field: &str) -> Option<bool> {
    if applied.starts_with(WHOLE) {
        return (whole(now) == applied).then_some(true);
    }
    if applied.len() != now.len() || applied.get(..PART)? != now.get(..PART)? {
        return None;
    }
    let mut names: Vec<&String> = spec.as_object()?.keys().collect();
    names.sort_unstable();
    let at = PART * (1 + names.iter().position(|name| *name == field)?);
    Some(applied.get(at..at + PART)? == now.get(at..at + PART)?)
}

/// The same entry with one field marked as applied with another value than any that is wanted.
pub(super) fn without(applied: &str, spec: &Value, field: &str) -> Option<String> {
    let mut names: Vec<&String> = spec.as_object()?.keys().collect();
    names.sort_unstable();
    let at = PART * (1 + names.iter().position(|name| *name == field)?);
    if applied.starts_with(WHOLE) || applied.len() != PART * (1 + names.len()) {
        return None;
    }
    Some(format!("{}????{}", applied.get(..at)?, applied.get(at + PART..)?))
}

/// What has each resource made anew, computed once.
struct Makings<'a> {
    registry: &'a Registry,
    desired: &'a Desired,
    /// `None` while it is being computed: whatever refers to itself is refused by the planner.
    known: HashMap<Address, Option<[u8; 32]>>,
}

impl Makings<'_> {
    fn of(&mut self, address: &Address) -> [u8; 32] {
        match self.known.get(address) {
            Some(found) => return found.unwrap_or_default(),
            None => self.known.insert(address.clone(), None),
        };
        let mut hash = Sha256::new();
        let desired = self.desired;
        let fields = desired.nodes.get(address).and_then(|node| node.spec.as_object());
        if let (Some(fields), Ok(info)) = (fields, self.registry.info(address.kind())) {
            let lasting: Vec<&str> = info.rules.iter().filter_map(immutable).collect();
            let mut names: Vec<&String> = fields
                .keys()
                .filter(|name| info.revisioned || lasting.contains(&name.as_str()))
                .collect();
            names.sort_unstable();
            for name in names {
                hash.update(name.as_bytes());
                feed(&mut hash, &fields[name], self);
            }
        }
        let made: [u8; 32] = hash.finalize().into();
        self.known.insert(address.clone(), Some(made));
        made
    }
}

/// The top-level field that a rule forbids to change in place.
fn immutable(rule: &Rule) -> Option<&'static str> {
    match rule {
        Rule::Immutable(path) => path.split(['.', '[']).next(),
        _ => None,
    }
}

/// Feeds a value in one form for all that the diff takes for equal: absent and null, `1` and `1.0`.
fn feed(hash: &mut Sha256, value: &Value, makings: &mut Makings<'_>) {
    if let Some(from) = OutputRef::from_value(value) {
        hash.update(b"@");
        hash.update(from.to_string().as_bytes());
        hash.update(makings.of(&from.address));
        return;
    }
    match value {
        Value::Null => hash.update(b"n"),
        Value::Bool(yes) => hash.update([b'b', u8::from(*yes)]),
        Value::Number(number) => {
            hash.update(b"#");
            hash.update(number.as_f64().unwrap_or_default().to_le_bytes());
        }
        Value::String(text) => {
            hash.update(b"s");
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        }
        Value::Array(items) => {
            hash.update(b"[");
            items.iter().for_each(|item| feed(hash, item, makings));
            hash.update(b"]");
        }
        Value::Object(fields) => {
            hash.update(b"{");
            let mut fields: Vec<_> = fields.iter().filter(|(_, field)| !field.is_null()).collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            for (name, field) in fields {
                hash.update((name.len() as u64).to_le_bytes());
                hash.update(name.as_bytes());
                feed(hash, field, makings);
            }
            hash.update(b"}");
        }
    }
}
