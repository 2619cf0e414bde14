//! The input of a call, read member by member. Whatever a handler does not read makes the call
//! fail: that is how local AWS never accepts and forgets.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::error::AwsError;
use super::service::{Operation, Protocol, Service};

/// A structure of the input. Readers mark what they read; names are those on the wire.
///
/// Every reader fails with the service's validation error on a wrong type. A member that is
/// absent or null reads as absent.
#[derive(Debug, Clone)]
pub struct Params {
    value: Value,
    path: String,
    shared: Rc<Shared>,
}

#[derive(Debug)]
struct Shared {
    service: &'static Service,
    operation: &'static Operation,
    read: RefCell<BTreeSet<String>>,
}

/// What a document member may hold: for [`Params::shaped`], which keeps JSON as it was sent.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A string.
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of this.
    List(&'static Shape),
    /// A map from strings to this.
    Map(&'static Shape),
    /// A structure with these members; any other member is refused loudly.
    Structure(&'static [(&'static str, Shape)]),
}

impl Params {
    pub(super) fn new(
        value: Value,
        service: &'static Service,
        operation: &'static Operation,
    ) -> Self {
        let shared = Shared { service, operation, read: RefCell::default() };
        Self { value, path: String::new(), shared: Rc::new(shared) }
    }

    /// Where this structure stands in the input, such as `IpPermissions.1`; empty at the top.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Is the member there? Does not mark it as read.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A required string.
    pub fn text(&self, name: &str) -> Result<String, AwsError> {
        self.optional_text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A string that may be absent.
    pub fn optional_text(&self, name: &str) -> Result<Option<String>, AwsError> {
        self.scalar(name, "string", |value| value.as_str().map(str::to_owned))
    }

    /// A string that may be absent and is one of `allowed` if not.
    pub fn optional_one_of(
        &self,
        name: &str,
        allowed: &[&str],
    ) -> Result<Option<String>, AwsError> {
        match self.optional_text(name)? {
            Some(text) if !allowed.contains(&text.as_str()) => {
                Err(self.not_one_of(name, &text, allowed))
            }
            text => Ok(text),
        }
    }

    /// A required whole number.
    pub fn integer(&self, name: &str) -> Result<i64, AwsError> {
        self.optional_integer(name)?.ok_or_else(|| self.missing(name))
    }

    /// A whole number that may be absent.
    pub fn optional_integer(&self, name: &str) -> Result<Option<i64>, AwsError> {
        let query = self.leaves_are_text();
        self.scalar(name, "integer", |value| integer_of(value, query))
    }

    /// A whole number between `low` and `high` that may be absent.
    pub fn optional_integer_within(
        &self,
        name: &str,
        low: i64,
        high: i64,
    ) -> Result<Option<i64>, AwsError> {
        match self.optional_integer(name)? {
            Some(number) if !(low..=high).contains(&number) => Err(self.invalid(format!(
                "1 validation error detected: Value '{number}' at '{}' failed to satisfy constraint: \
                 Member must be between {low} and {high}",
                self.path_of(name)
            ))),
            number => Ok(number),
        }
    }

    /// A number that may be absent.
    pub fn optional_number(&self, name: &str) -> Result<Option<f64>, AwsError> {
        let query = self.leaves_are_text();
        self.scalar(name, "number", |value| number_of(value, query))
    }

    /// A boolean that may be absent.
    pub fn optional_boolean(&self, name: &str) -> Result<Option<bool>, AwsError> {
        let query = self.leaves_are_text();
        self.scalar(name, "boolean", |value| boolean_of(value, query))
    }

    /// A list of strings; absent reads as empty.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, AwsError> {
        Ok(self.optional_texts(name)?.unwrap_or_default())
    }

    /// A list of strings that may be absent.
    pub fn optional_texts(&self, name: &str) -> Result<Option<Vec<String>>, AwsError> {
        let Some(items) = self.list_of(name)? else { return Ok(None) };
        self.mark_tree(name);
        let text = |(at, item): (usize, &Value)| {
            let place = format!("{}.{}", self.path_of(name), at + 1);
            item.as_str().map(str::to_owned).ok_or_else(|| self.wrong_type_at(&place, "string"))
        };
        items.iter().enumerate().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A required structure.
    pub fn structure(&self, name: &str) -> Result<Self, AwsError> {
        self.optional_structure(name)?.ok_or_else(|| self.missing(name))
    }

    /// A structure that may be absent. Its members must be read too.
    pub fn optional_structure(&self, name: &str) -> Result<Option<Self>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        self.mark(name);
        let value = match value {
            Value::Object(_) => value.clone(),
            // The query protocols spell an empty structure as `Name=`.
            Value::String(text) if self.is_query() && text.is_empty() => Value::Object(Map::new()),
            _ => return Err(self.wrong_type_at(&self.path_of(name), "structure")),
        };
        Ok(Some(self.child(self.path_of(name), value)))
    }

    /// A list of structures; absent reads as empty. Their members must be read too.
    pub fn structures(&self, name: &str) -> Result<Vec<Self>, AwsError> {
        Ok(self.optional_structures(name)?.unwrap_or_default())
    }

    /// A list of structures that may be absent. Their members must be read too.
    pub fn optional_structures(&self, name: &str) -> Result<Option<Vec<Self>>, AwsError> {
        let Some(items) = self.list_of(name)? else { return Ok(None) };
        self.mark(name);
        let structure = |(at, item): (usize, Value)| {
            let path = format!("{}.{}", self.path_of(name), at + 1);
            if !item.is_object() {
                return Err(self.wrong_type_at(&path, "structure"));
            }
            self.shared.read.borrow_mut().insert(path.clone());
            Ok(self.child(path, item))
        };
        items.into_iter().enumerate().map(structure).collect::<Result<_, _>>().map(Some)
    }

    /// A map from strings to strings; absent reads as empty.
    pub fn map(&self, name: &str) -> Result<BTreeMap<String, String>, AwsError> {
        Ok(self.optional_map(name)?.unwrap_or_default())
    }

    /// A map from strings to strings that may be absent.
    pub fn optional_map(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, AwsError> {
        let wrong = || self.wrong_type_at(&self.path_of(name), "map");
        let Some(value) = self.get(name) else { return Ok(None) };
        let object = value.as_object().ok_or_else(wrong)?;
        self.mark_tree(name);
        let entry = |(key, value): (&String, &Value)| {
            value.as_str().map(|text| (key.clone(), text.to_owned())).ok_or_else(wrong)
        };
        object.iter().map(entry).collect::<Result<_, _>>().map(Some)
    }

    /// A list of tags, with the members' names in this API (`Key` and `Value`, or `key` and
    /// `value`); absent reads as none. A tag without a value has an empty one.
    pub fn tags(
        &self,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let tag = |tag: Self| Ok((tag.text(key)?, tag.optional_text(value)?.unwrap_or_default()));
        self.structures(name)?.into_iter().map(tag).collect()
    }

    /// A member kept as it was sent, if it has this shape: the readers' way for deep documents.
    /// Members that the shape does not name stay unread, so they make the call fail.
    pub fn shaped(&self, name: &str, shape: &Shape) -> Result<Option<Value>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        self.shape(self.path_of(name), value, shape).map(Some)
    }

    /// A member kept as it was sent, whatever it is, with all that is in it.
    pub fn raw(&self, name: &str) -> Option<Value> {
        let value = self.get(name)?.clone();
        self.mark_tree(name);
        Some(value)
    }

    /// Marks a member as read that has no effect on a simulated account. Say why where you call it.
    pub fn accept(&self, name: &str) {
        self.mark_tree(name);
    }

    /// The service's error for a member that must be there and is not.
    pub fn missing(&self, name: &str) -> AwsError {
        let path = self.path_of(name);
        match self.shared.service.protocol {
            Protocol::Ec2 => AwsError::new(
                "MissingParameter",
                format!("The request must contain the parameter {path}"),
            ),
            _ => self.invalid(format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy constraint: \
                 Member must not be null"
            )),
        }
    }

    /// The service's error for an enumeration's unknown value.
    pub fn not_one_of(&self, name: &str, value: &str, allowed: &[&str]) -> AwsError {
        match self.shared.service.protocol {
            Protocol::Ec2 => self.invalid(format!(
                "Invalid value '{value}' for {}. Allowed values: {}",
                self.path_of(name),
                allowed.join(", ")
            )),
            _ => self.invalid(format!(
                "1 validation error detected: Value '{value}' at '{}' failed to satisfy constraint: \
                 Member must satisfy enum value set: [{}]",
                self.path_of(name),
                allowed.join(", ")
            )),
        }
    }

    /// The service's validation error (its `invalid` code) with a message.
    pub fn invalid(&self, message: impl Into<String>) -> AwsError {
        AwsError::new(self.shared.service.invalid, message)
    }

    /// The first member (by path) that no reader has read.
    pub(super) fn unread(&self) -> Option<String> {
        let read = self.shared.read.borrow();
        match &self.value {
            Value::Object(members) => members
                .iter()
                .find_map(|(name, value)| unread_in(&join(&self.path, name), value, &read)),
            _ => None,
        }
    }

    /// The loud refusal of a member that was not read, if there is one. The core does this after
    /// every handler; a handler does it itself where an error of its own would hide the reason.
    pub fn refuse_unread(&self) -> Result<(), AwsError> {
        match self.unread() {
            None => Ok(()),
            Some(path) => Err(AwsError::not_modelled(format!(
                "local AWS does not model {path} of {}:{}",
                self.shared.service.name, self.shared.operation.name
            ))),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    fn child(&self, path: String, value: Value) -> Self {
        Self { value, path, shared: Rc::clone(&self.shared) }
    }

    /// Query protocols have nothing but strings, and so have REST's paths and query strings.
    fn leaves_are_text(&self) -> bool {
        !matches!(self.shared.service.protocol, Protocol::Json | Protocol::Cbor)
    }

    /// Empty lists and structures look like empty strings.
    fn is_query(&self) -> bool {
        use Protocol::{Ec2, Query, RestXml, S3};
        matches!(self.shared.service.protocol, Query | Ec2 | RestXml | S3)
    }

    /// A list of one may look like its item: in XML, and in query strings.
    fn single_is_list(&self) -> bool {
        match self.shared.service.protocol {
            Protocol::RestXml | Protocol::S3 => true,
            Protocol::RestJson => self.path.is_empty(),
            Protocol::Query | Protocol::Ec2 | Protocol::Json | Protocol::Cbor => false,
        }
    }

    fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    fn mark(&self, name: &str) {
        self.shared.read.borrow_mut().insert(self.path_of(name));
    }

    fn mark_tree(&self, name: &str) {
        self.shared.read.borrow_mut().insert(format!("{}.*", self.path_of(name)));
    }

    fn scalar<T>(
        &self,
        name: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        self.mark(name);
        read(value).map(Some).ok_or_else(|| self.wrong_type_at(&self.path_of(name), wanted))
    }

    fn list_of(&self, name: &str) -> Result<Option<Vec<Value>>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        self.mark(name);
        match value {
            Value::Array(items) => Ok(Some(items.clone())),
            // The query protocols spell an empty list as `Name=`.
            Value::String(text) if self.is_query() && text.is_empty() => Ok(Some(Vec::new())),
            Value::String(_) | Value::Object(_) if self.single_is_list() => {
                Ok(Some(vec![value.clone()]))
            }
            _ => Err(self.wrong_type_at(&self.path_of(name), "list")),
        }
    }

    fn wrong_type_at(&self, path: &str, wanted: &str) -> AwsError {
        match self.shared.service.protocol {
            Protocol::Json | Protocol::RestJson | Protocol::Cbor => AwsError::new(
                "SerializationException",
                format!("the value at '{path}' is not of type {wanted}"),
            ),
            Protocol::Ec2 => AwsError::new(
                "InvalidParameterValue",
                format!("Invalid value for parameter {path}: it must be of type {wanted}"),
            ),
            Protocol::Query | Protocol::RestXml | Protocol::S3 => AwsError::new(
                "MalformedInput",
                format!("the value at '{path}' is not of type {wanted}"),
            ),
        }
    }

    fn shape(&self, path: String, value: &Value, shape: &Shape) -> Result<Value, AwsError> {
        self.shared.read.borrow_mut().insert(path.clone());
        let query = self.leaves_are_text();
        let wrong = |wanted: &str| self.wrong_type_at(&path, wanted);
        match shape {
            Shape::Text => value.as_str().map(Value::from).ok_or_else(|| wrong("string")),
            Shape::OneOf(allowed) => match value.as_str() {
                Some(text) if allowed.contains(&text) => Ok(Value::from(text)),
                Some(text) => Err(self.invalid(format!(
                    "1 validation error detected: Value '{text}' at '{path}' failed to satisfy \
                     constraint: Member must satisfy enum value set: [{}]",
                    allowed.join(", ")
                ))),
                None => Err(wrong("string")),
            },
            Shape::Integer => {
                integer_of(value, query).map(Value::from).ok_or_else(|| wrong("integer"))
            }
            Shape::Number => {
                number_of(value, query).map(Value::from).ok_or_else(|| wrong("number"))
            }
            Shape::Boolean => {
                boolean_of(value, query).map(Value::from).ok_or_else(|| wrong("boolean"))
            }
            Shape::List(item) => {
                let items = match value {
                    Value::Array(items) => items.as_slice(),
                    Value::String(text) if query && text.is_empty() => &[],
                    _ => return Err(wrong("list")),
                };
                let each = |(at, value): (usize, &Value)| {
                    self.shape(format!("{path}.{}", at + 1), value, item)
                };
                items.iter().enumerate().map(each).collect::<Result<_, _>>().map(Value::Array)
            }
            Shape::Map(of) => {
                let entries = value.as_object().ok_or_else(|| wrong("map"))?;
                let each = |(key, value): (&String, &Value)| {
                    Ok((key.clone(), self.shape(join(&path, key), value, of)?))
                };
                entries.iter().map(each).collect::<Result<_, _>>().map(Value::Object)
            }
            Shape::Structure(members) => {
                let given = value.as_object().ok_or_else(|| wrong("structure"))?;
                let mut kept = Map::new();
                for (name, shape) in *members {
                    if let Some(value) = given.get(*name).filter(|value| !value.is_null()) {
                        kept.insert(
                            (*name).to_owned(),
                            self.shape(join(&path, name), value, shape)?,
                        );
                    }
                }
                Ok(Value::Object(kept))
            }
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn unread_in(path: &str, value: &Value, read: &BTreeSet<String>) -> Option<String> {
    if value.is_null() || read.contains(&format!("{path}.*")) {
        return None;
    }
    if !read.contains(path) {
        return Some(path.to_owned());
    }
    // A list of one that looked like its item was read as a list.
    let first = format!("{path}.1");
    if !value.is_array() && read.contains(&first) {
        return unread_in(&first, value, read);
    }
    match value {
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| unread_in(&join(path, name), value, read))
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(at, value)| unread_in(&format!("{path}.{}", at + 1), value, read)),
        _ => None,
    }
}

fn integer_of(value: &Value, query: bool) -> Option<i64> {
    match value {
        Value::String(text) if query => text.parse().ok(),
        // boto3 sends 1 for 1.0 and the other way round; AWS takes both.
        _ => {
            value.as_i64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64))
        }
    }
}

fn number_of(value: &Value, query: bool) -> Option<f64> {
    match value {
        Value::String(text) if query => text.parse().ok(),
        _ => value.as_f64(),
    }
}

fn boolean_of(value: &Value, query: bool) -> Option<bool> {
    match value {
        Value::String(text) if query && text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if query && text.eq_ignore_ascii_case("false") => Some(false),
        _ => value.as_bool(),
    }
}
