//! The operations that every kind of object has.

use std::sync::Arc;

use serde_json::{Value, json};

use super::kind::{KINDS, Kind, MESH};
use super::{OBJECTS, bad, in_use, missing, rules};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Where an object is: the names that its members have, and what follows `mesh/` in its ARN.
pub(super) struct Place {
    pub(super) names: Vec<(&'static str, String)>,
    pub(super) key: String,
}

impl Place {
    /// `meshName`, what the object lies in, and its own name.
    fn read(call: &Call<'_>, number: usize) -> Result<Self, AwsError> {
        let mut place = Self::above(call, number)?;
        let kind = &KINDS[number];
        let name = name(call, kind)?;
        place.key = if number == MESH {
            name.clone()
        } else {
            format!("{}/{}/{name}", place.key, kind.segment)
        };
        place.names.push((kind.name, name));
        Ok(place)
    }

    /// The mesh, router or gateway that objects of this kind lie in, which must be there. For meshes: nothing.
    fn above(call: &Call<'_>, number: usize) -> Result<Self, AwsError> {
        let mut place = Self { names: Vec::new(), key: String::new() };
        if number == MESH {
            return Ok(place);
        }
        if let Some(owner) = call.input.optional_text("meshOwner")?
            && owner != call.account
        {
            return Err(AwsError::new(
                "ForbiddenException",
                format!("The mesh is not shared by account {owner}."),
            )
            .status(403));
        }
        let mesh = name(call, &KINDS[MESH])?;
        place.key.clone_from(&mesh);
        place.names.push(("meshName", mesh));
        place.must_exist(call, MESH)?;
        if let Some(within) = KINDS[number].within {
            let kind = &KINDS[within];
            let name = name(call, kind)?;
            place.key = format!("{}/{}/{name}", place.key, kind.segment);
            place.names.push((kind.name, name));
            place.must_exist(call, within)?;
        }
        Ok(place)
    }

    fn must_exist(&self, call: &Call<'_>, number: usize) -> Result<Arc<Value>, AwsError> {
        let name = self.names.last().map(|(_, name)| name.as_str()).unwrap_or_default();
        call.get(OBJECTS, &self.key)
            .ok_or_else(|| missing(&format!("{} {name}", KINDS[number].word)))
    }

    fn arn(&self, call: &Call<'_>) -> String {
        call.arn("appmesh", &format!("mesh/{}", self.key))
    }
}

/// The name in the member of a kind. Only a virtual service's may have dots.
fn name(call: &Call<'_>, kind: &Kind) -> Result<String, AwsError> {
    let name = call.input.text(kind.name)?;
    if name.is_empty() || name.len() > 255 {
        return Err(bad(format!("{} must be 1 to 255 characters long.", kind.name)));
    }
    Ok(name)
}

/// The object as Create, Describe, Update and Delete show it: the answer's body, with no name around it.
fn wire(call: &Call<'_>, object: &Value, status: &str) -> Value {
    let mut wire = reference(call, object);
    let metadata = json!({
        "arn": wire["arn"], "uid": object["uid"], "version": wire["version"], "createdAt": wire["createdAt"],
        "lastUpdatedAt": wire["lastUpdatedAt"], "meshOwner": call.account, "resourceOwner": call.account,
    });
    for member in ["arn", "version", "createdAt", "lastUpdatedAt", "meshOwner", "resourceOwner"] {
        wire.as_object_mut().map(|members| members.remove(member));
    }
    wire.set("metadata", metadata);
    wire.set("spec", object["spec"].clone());
    wire.set("status", json!({"status": status}));
    wire
}

/// The object as lists show it.
fn reference(call: &Call<'_>, object: &Value) -> Value {
    let mut wire = object["names"].clone();
    wire.set("arn", call.arn("appmesh", &format!("mesh/{}", object.text("key"))));
    wire.set("version", object["version"].clone());
    wire.set("createdAt", call.time(object.time("created")));
    wire.set("lastUpdatedAt", call.time(object.time("updated")));
    wire.set("meshOwner", call.account.to_owned());
    wire.set("resourceOwner", call.account.to_owned());
    wire
}

/// The spec that the caller wants: empty for a mesh without one.
fn spec(call: &Call<'_>, number: usize, place: &Place) -> Result<Value, AwsError> {
    let spec = match call.input.shaped("spec", KINDS[number].spec)? {
        Some(spec) => spec,
        None if number == MESH => json!({}),
        None => return Err(call.input.missing("spec")),
    };
    rules::check(call, number, place, &spec)?;
    Ok(spec)
}

pub(super) fn create<const KIND: usize>(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let place = Place::read(call, KIND)?;
    let spec = spec(call, KIND, &place)?;
    let token = call.input.optional_text("clientToken")?;
    let tags = call.input.tags("tags", "key", "value")?;
    let arn = place.arn(call);
    if let Some(object) = call.get(OBJECTS, &place.key) {
        if token.is_some() && object["token"].as_str() == token.as_deref() && object["spec"] == spec
        {
            return Ok(wire(call, &object, "ACTIVE"));
        }
        let name = place.names.last().map(|(_, name)| name.as_str()).unwrap_or_default();
        let message = format!("{} {name} already exists.", KINDS[KIND].word);
        return Err(AwsError::new("ConflictException", message).status(409));
    }
    if siblings(call, KIND, &place.key).len() >= KINDS[KIND].most {
        let message = format!("The limit of {} {} is reached.", KINDS[KIND].most, KINDS[KIND].list);
        return Err(AwsError::new("LimitExceededException", message));
    }
    let names: serde_json::Map<String, Value> =
        place.names.iter().map(|(member, name)| ((*member).to_owned(), json!(name))).collect();
    let object = json!({
        "key": place.key, "names": names, "spec": spec, "uid": call.ids.uuid(), "version": 1,
        "created": call.now, "updated": call.now, "token": token,
    });
    call.forget_tags(&arn);
    call.add_tags(&arn, tags)?;
    call.put(OBJECTS, &place.key, object.clone());
    Ok(wire(call, &object, "ACTIVE"))
}

pub(super) fn describe<const KIND: usize>(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let place = Place::read(call, KIND)?;
    owner_of_mesh(call, KIND)?;
    let object = place.must_exist(call, KIND)?;
    Ok(wire(call, &object, "ACTIVE"))
}

pub(super) fn update<const KIND: usize>(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let place = Place::read(call, KIND)?;
    place.must_exist(call, KIND)?;
    let spec = spec(call, KIND, &place)?;
    // Updating twice with one token is updating once: the spec is replaced as a whole.
    call.input.accept("clientToken");
    let now = call.now;
    call.update(OBJECTS, &place.key, |object| {
        if object["spec"] != spec {
            object.set("version", object["version"].as_i64().unwrap_or_default() + 1);
            object.set("updated", now);
            object.set("spec", spec);
        }
    });
    let object = place.must_exist(call, KIND)?;
    Ok(wire(call, &object, "ACTIVE"))
}

pub(super) fn delete<const KIND: usize>(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let place = Place::read(call, KIND)?;
    let object = place.must_exist(call, KIND)?;
    let name = place.names.last().map(|(_, name)| name.as_str()).unwrap_or_default();
    if let Some((below, _)) = call.scan(OBJECTS, &format!("{}/", place.key)).first() {
        let message = format!("{} {name} cannot be deleted: {below} is in it.", KINDS[KIND].word);
        return Err(in_use(message));
    }
    if let Some(user) = rules::user(call, KIND, &place) {
        let message = format!("{} {name} cannot be deleted: {user} uses it.", KINDS[KIND].word);
        return Err(in_use(message));
    }
    let arn = place.arn(call);
    call.forget_tags(&arn);
    call.delete(OBJECTS, &place.key);
    Ok(wire(call, &object, "DELETED"))
}

pub(super) fn list<const KIND: usize>(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let place = Place::above(call, KIND)?;
    let size = call.input.optional_integer_within("limit", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("nextToken")?;
    // Any key of the kind in that place will do.
    let key = match KIND {
        MESH => String::new(),
        _ => format!("{}/{}/", place.key, KINDS[KIND].segment),
    };
    let found = siblings(call, KIND, &key);
    let size = usize::try_from(size).unwrap_or(100);
    let page = call.page(found, size, token.as_deref(), |(key, _)| key.clone())?;
    let shown: Vec<Value> = page.items.iter().map(|(_, object)| reference(call, object)).collect();
    Ok(json!({KINDS[KIND].list: shown, "nextToken": page.next}))
}

/// All objects of a kind that lie where `key` does.
fn siblings(call: &Call<'_>, number: usize, key: &str) -> Vec<(String, Arc<Value>)> {
    let folder = match number {
        MESH => "",
        _ => key.rfind(&format!("/{}/", KINDS[number].segment)).map_or("", |at| &key[..at]),
    };
    let prefix = match number {
        MESH => String::new(),
        _ => format!("{folder}/{}/", KINDS[number].segment),
    };
    let mut found = call.scan(OBJECTS, &prefix);
    found.retain(|(key, _)| !key[prefix.len()..].contains('/'));
    found
}

/// Describing a mesh may name its owner, too.
fn owner_of_mesh(call: &Call<'_>, number: usize) -> Result<(), AwsError> {
    if number != MESH {
        return Ok(());
    }
    match call.input.optional_text("meshOwner")? {
        Some(owner) if owner != call.account => Err(AwsError::new(
            "ForbiddenException",
            format!("The mesh is not shared by account {owner}."),
        )
        .status(403)),
        _ => Ok(()),
    }
}
