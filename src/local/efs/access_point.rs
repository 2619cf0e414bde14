//! Access points: a way into a file system, with a user and a root directory of its own.

use serde_json::{Value, json};

use super::{ACCESS_POINTS, access_point_arn, available, error, file_system, id_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Params;

/// The largest user and group id.
const MOST_ID: i64 = 4_294_967_295;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let token = input.text("ClientToken")?;
    let tags = input.tags("Tags", "Key", "Value")?;
    let user = input.optional_structure("PosixUser")?.map(|user| posix_user(&user)).transpose()?;
    let root = input.optional_structure("RootDirectory")?;
    let root = root.map(|root| root_directory(&root)).transpose()?;
    let (system, _) = available(call, &input.text("FileSystemId")?)?;
    for (id, other) in call.scan(ACCESS_POINTS, "") {
        if other.text("ClientToken") == token {
            let message = format!("Access point '{id}' already exists with client token '{token}'");
            return Err(error("AccessPointAlreadyExists", 409, message).with("AccessPointId", id));
        }
    }
    let id = call.ids.resource("fsap");
    let mut document = json!({
        "ClientToken": token,
        "FileSystemId": system,
        "RootDirectory": root.unwrap_or_else(|| json!({"Path": "/"})),
        "ready": call.ready_at(durations::FILE_SYSTEM),
    });
    if let Some(user) = user {
        document.set("PosixUser", user);
    }
    let arn = access_point_arn(call, &id);
    call.add_tags(&arn, tags)?;
    call.put(ACCESS_POINTS, &id, document.clone());
    Ok(wire(call, &id, &document))
}

fn number(params: &Params, name: &str) -> Result<i64, AwsError> {
    params.optional_integer_within(name, 0, MOST_ID)?.ok_or_else(|| params.missing(name))
}

fn posix_user(user: &Params) -> Result<Value, AwsError> {
    let mut document = json!({"Uid": number(user, "Uid")?, "Gid": number(user, "Gid")?});
    let more = user.raw("SecondaryGids").unwrap_or_default();
    if let Some(more) = more.as_array() {
        let fine = |one: &Value| one.as_i64().is_some_and(|id| (0..=MOST_ID).contains(&id));
        if more.len() > 16 || !more.iter().all(fine) {
            return Err(user.invalid("At most 16 secondary group ids, from 0 to 4294967295."));
        }
        document.set("SecondaryGids", more.clone());
    }
    Ok(document)
}

fn root_directory(root: &Params) -> Result<Value, AwsError> {
    let path = root.optional_text("Path")?.unwrap_or_else(|| "/".to_owned());
    let deep = path.split('/').filter(|step| !step.is_empty()).count();
    if !path.starts_with('/') || path.len() > 100 || deep > 4 {
        return Err(root.invalid(format!("Invalid root directory path '{path}'.")));
    }
    let mut document = json!({"Path": path});
    if let Some(info) = root.optional_structure("CreationInfo")? {
        let permissions = info.text("Permissions")?;
        let octal = permissions.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        if !(3..=4).contains(&permissions.len()) || !octal {
            return Err(info.invalid(format!("Invalid permissions '{permissions}'.")));
        }
        document.set(
            "CreationInfo",
            json!({
                "OwnerUid": number(&info, "OwnerUid")?,
                "OwnerGid": number(&info, "OwnerGid")?,
                "Permissions": permissions,
            }),
        );
    }
    Ok(document)
}

fn found(call: &Call<'_>, reference: &str) -> Result<(String, std::sync::Arc<Value>), AwsError> {
    let id = id_of(reference);
    let point = call.get(ACCESS_POINTS, id).ok_or_else(|| {
        error("AccessPointNotFound", 404, format!("Access point '{id}' does not exist."))
    })?;
    Ok((id.to_owned(), point))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let size = input.optional_integer("MaxResults")?.unwrap_or(100).clamp(1, 100);
    let token = input.optional_text("NextToken")?;
    let one = input.optional_text("AccessPointId")?;
    let system = input.optional_text("FileSystemId")?;
    let points = match (one, system) {
        (Some(_), Some(_)) => {
            return Err(input.invalid("Only one of AccessPointId and FileSystemId can be given."));
        }
        (Some(one), None) => vec![found(call, &one)?],
        (None, system) => {
            let system = system.map(|id| file_system(call, &id)).transpose()?;
            let mut all = call.scan(ACCESS_POINTS, "");
            all.retain(|(_, point)| {
                system.as_ref().is_none_or(|(id, _)| point.text("FileSystemId") == id)
            });
            all
        }
    };
    let page = call.page(points, size as usize, token.as_deref(), |(id, _)| id.clone())?;
    let shown: Vec<Value> = page.items.iter().map(|(id, one)| wire(call, id, one)).collect();
    let mut output = json!({"AccessPoints": shown});
    if let Some(next) = page.next {
        output.set("NextToken", next);
    }
    Ok(output)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, point) = found(call, &call.input.text("AccessPointId")?)?;
    if !point.has("deleting") {
        let arn = access_point_arn(call, &id);
        call.forget_tags(&arn);
        let gone = call.ready_at(durations::FILE_SYSTEM);
        call.update(ACCESS_POINTS, &id, |point| point.set("deleting", gone));
        call.schedule(gone, json!({"accessPoint": id}));
    }
    Ok(json!({}))
}

/// The state that its times say.
pub(super) fn state(call: &Call<'_>, point: &Value) -> &'static str {
    match point {
        _ if point.has("deleting") => "deleting",
        _ if point.time("ready") > call.now => "creating",
        _ => "available",
    }
}

fn wire(call: &Call<'_>, id: &str, point: &Value) -> Value {
    let arn = access_point_arn(call, id);
    let mut wire = json!({
        "OwnerId": call.account,
        "AccessPointId": id,
        "AccessPointArn": arn,
        "LifeCycleState": state(call, point),
        "Tags": call.tag_list(&arn, "Key", "Value"),
    });
    for member in ["ClientToken", "FileSystemId", "PosixUser", "RootDirectory"] {
        if point.has(member) {
            wire.set(member, point[member].clone());
        }
    }
    if let Some(name) = call.tags(&arn).get("Name") {
        wire.set("Name", name.as_str());
    }
    wire
}
