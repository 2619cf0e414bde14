//! Launch templates and their versions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::errors::invalid_value;
use super::list::{self, Filters};
use super::tag;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Shape::{self, Boolean, Integer, List, OneOf, Structure, Text};
use crate::local::store::Table;

/// Templates by id: `name`, `created`, `default`, `latest`, and `versions` by number, with data as
/// it is answered.
pub(super) const TEMPLATES: Table = Table::regional("ec2/launch-template");

const KIND: &str = "launch-template";

/// What a version may hold.
const DATA: Shape = Structure(&[
    ("EbsOptimized", Boolean),
    ("IamInstanceProfile", Structure(&[("Arn", Text), ("Name", Text)])),
    (
        "BlockDeviceMapping",
        List(&Structure(&[
            ("DeviceName", Text),
            (
                "Ebs",
                Structure(&[
                    ("Encrypted", Boolean),
                    ("DeleteOnTermination", Boolean),
                    ("Iops", Integer),
                    ("KmsKeyId", Text),
                    ("SnapshotId", Text),
                    ("VolumeSize", Integer),
                    ("VolumeType", Text),
                    ("Throughput", Integer),
                ]),
            ),
        ])),
    ),
    ("ImageId", Text),
    ("InstanceType", Text),
    ("KeyName", Text),
    ("Monitoring", Structure(&[("Enabled", Boolean)])),
    ("UserData", Text),
    (
        "TagSpecification",
        List(&Structure(&[
            ("ResourceType", OneOf(&["instance", "volume", "network-interface"])),
            ("Tag", List(&Structure(&[("Key", Text), ("Value", Text)]))),
        ])),
    ),
    ("SecurityGroupId", List(&Text)),
    (
        "NetworkInterface",
        List(&Structure(&[
            ("AssociatePublicIpAddress", Boolean),
            ("DeleteOnTermination", Boolean),
            ("DeviceIndex", Integer),
            ("SecurityGroupId", List(&Text)),
        ])),
    ),
    (
        "MetadataOptions",
        Structure(&[
            ("HttpTokens", OneOf(&["optional", "required"])),
            ("HttpPutResponseHopLimit", Integer),
            ("HttpEndpoint", OneOf(&["disabled", "enabled"])),
            ("HttpProtocolIpv6", OneOf(&["disabled", "enabled"])),
            ("InstanceMetadataTags", OneOf(&["disabled", "enabled"])),
        ]),
    ),
]);

/// Lists have other names in answers than in requests.
const SETS: &[(&str, &str)] = &[
    ("BlockDeviceMapping", "blockDeviceMappingSet"),
    ("NetworkInterface", "networkInterfaceSet"),
    ("SecurityGroupId", "securityGroupIdSet"),
    ("TagSpecification", "tagSpecificationSet"),
    ("Tag", "tagSet"),
];

/// From the names of requests to those of answers.
fn answered(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(answered).collect(),
        Value::Object(members) => {
            let rename = |(name, value): (String, Value)| {
                let set = SETS.iter().find(|(asked, _)| *asked == name);
                let name = set.map_or_else(
                    || {
                        let (first, rest) = name.split_at(1);
                        format!("{}{rest}", first.to_lowercase())
                    },
                    |(_, answered)| (*answered).to_owned(),
                );
                (name, answered(value))
            };
            Value::Object(members.into_iter().map(rename).collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn data(call: &Call<'_>) -> Result<Value, AwsError> {
    let given = call.input.shaped("LaunchTemplateData", &DATA)?;
    let given = given.ok_or_else(|| call.input.missing("LaunchTemplateData"))?;
    let image = given.text("ImageId");
    if !image.is_empty() && !image.starts_with("ami-") && !image.starts_with("resolve:ssm:") {
        return Err(AwsError::new("InvalidAMIID.Malformed", format!("Invalid id: \"{image}\"")));
    }
    let mut data = answered(given);
    for interface in
        data.get_mut("networkInterfaceSet").and_then(Value::as_array_mut).into_iter().flatten()
    {
        // The one list that has a name of its own there.
        if let Some(groups) = interface.unset("securityGroupIdSet") {
            interface.set("groupSet", groups);
        }
        if interface.list("groupSet").len() > 1 {
            return Err(AwsError::not_modelled(
                "local AWS keeps one security group of a launch template's interface",
            ));
        }
    }
    if data.has("networkInterfaceSet") && data.has("securityGroupIdSet") {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            "Network interfaces and an instance-level security groups may not be specified on the \
             same request",
        ));
    }
    Ok(data)
}

fn version(call: &Call<'_>, data: Value, description: Option<String>) -> Value {
    json!({"created": call.now, "description": description, "data": data})
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let name = call.input.text("LaunchTemplateName")?;
    let token = call.input.optional_text("ClientToken")?;
    let description = call.input.optional_text("VersionDescription")?;
    let data = data(call)?;
    let tags = tag::specified(call, KIND)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "()./_-".contains(c);
    if !(3..=128).contains(&name.len()) || !name.chars().all(legal) {
        return Err(AwsError::new(
            "InvalidLaunchTemplateName.MalformedException",
            format!("Launch template name '{name}' is not valid."),
        ));
    }
    let there = call.scan(TEMPLATES, "").into_iter().find(|(_, one)| one.text("name") == name);
    if let Some((id, one)) = there {
        if token.is_some() && one.text("token") == token.clone().unwrap_or_default() {
            return Ok(json!({"launchTemplate": row(call, &id, &one)}));
        }
        return Err(AwsError::new(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        ));
    }
    let id = call.ids.resource("lt");
    let document = json!({
        "name": name,
        "token": token,
        "created": call.now,
        "default": 1,
        "latest": 1,
        "versions": {"1": version(call, data, description)},
    });
    call.put(TEMPLATES, &id, document.clone());
    tag::put(call, KIND, &id, tags)?;
    Ok(json!({"launchTemplate": row(call, &id, &document)}))
}

pub(super) fn create_version(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, mut document) = of_input(call)?;
    // A token is read, and every call makes a version.
    call.input.accept("ClientToken");
    let description = call.input.optional_text("VersionDescription")?;
    let mut data = data(call)?;
    if let Some(source) = call.input.optional_text("SourceVersion")? {
        let number = number(&document, &source)?;
        let mut whole = document["versions"][number.to_string()]["data"].clone();
        for (name, value) in data.as_object().cloned().into_iter().flatten() {
            whole.set(&name, value);
        }
        data = whole;
    }
    let latest = document.integer("latest") + 1;
    let version = version(call, data, description);
    document.set("latest", latest);
    if let Some(versions) = document.get_mut("versions") {
        versions.set(&latest.to_string(), version);
    }
    let shown = version_row(call, &id, &document, latest);
    call.put(TEMPLATES, &id, document);
    Ok(json!({"launchTemplateVersion": shown}))
}

/// Moves the default version.
pub(super) fn modify(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, mut document) = of_input(call)?;
    call.input.accept("ClientToken");
    let wanted = call.input.text("SetDefaultVersion")?;
    let number = number(&document, &wanted)?;
    document.set("default", number);
    let shown = row(call, &id, &document);
    call.put(TEMPLATES, &id, document);
    Ok(json!({"launchTemplate": shown}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, document) = of_input(call)?;
    let shown = row(call, &id, &document);
    call.delete(TEMPLATES, &id);
    tag::forget(call, KIND, &id);
    Ok(json!({"launchTemplate": shown}))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] =
        &[("launch-template-name", "launchTemplateName"), ("create-time", "createTime")];
    let ids = call.input.texts("LaunchTemplateId")?;
    let names = call.input.texts("LaunchTemplateName")?;
    let filters = Filters::read(&call.input, FILTERS)?;
    let all = call.scan(TEMPLATES, "");
    for id in &ids {
        if !all.iter().any(|(there, _)| there == id) {
            return Err(no_id(id));
        }
    }
    for name in &names {
        if !all.iter().any(|(_, one)| one.text("name") == name) {
            return Err(no_name(name));
        }
    }
    let wanted = |id: &String, one: &Value| {
        (ids.is_empty() && names.is_empty())
            || ids.contains(id)
            || names.iter().any(|name| name == one.text("name"))
    };
    let rows = all.iter().filter(|(id, one)| wanted(id, one)).map(|(id, one)| row(call, id, one));
    let rows = rows.filter(|row| filters.meet(row)).collect();
    list::paged(call, "launchTemplates", rows, 200, false)
}

pub(super) fn describe_versions(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let wanted = call.input.texts("LaunchTemplateVersion")?;
    let id = call.input.optional_text("LaunchTemplateId")?;
    let name = call.input.optional_text("LaunchTemplateName")?;
    let templates = match (id, name) {
        (None, None) => {
            call.scan(TEMPLATES, "").into_iter().map(|(id, one)| (id, Value::clone(&one))).collect()
        }
        (id, name) => vec![find(call, id, name)?],
    };
    let every = templates.len() > 1;
    let mut rows = Vec::new();
    for (id, document) in templates {
        let numbers: Vec<i64> = match wanted.is_empty() {
            true if every => vec![document.integer("latest")],
            true => (1..=document.integer("latest")).collect(),
            false => wanted.iter().map(|one| number(&document, one)).collect::<Result<_, _>>()?,
        };
        rows.extend(numbers.into_iter().map(|number| version_row(call, &id, &document, number)));
    }
    list::paged(call, "launchTemplateVersionSet", rows, 200, false)
}

fn number(document: &Value, text: &str) -> Result<i64, AwsError> {
    let number = match text {
        "$Default" => document.integer("default"),
        "$Latest" => document.integer("latest"),
        text => text.parse().unwrap_or(0),
    };
    if document["versions"].has(&number.to_string()) {
        return Ok(number);
    }
    Err(AwsError::new(
        "InvalidLaunchTemplateId.VersionNotFound",
        format!("Could not find launch template version {text}"),
    ))
}

fn no_id(id: &str) -> AwsError {
    AwsError::new(
        "InvalidLaunchTemplateId.NotFound",
        format!("The specified launch template, with template ID {id}, does not exist."),
    )
}

fn no_name(name: &str) -> AwsError {
    AwsError::new(
        "InvalidLaunchTemplateName.NotFoundException",
        format!("The specified launch template, with template name {name}, does not exist."),
    )
}

fn of_input(call: &Call<'_>) -> Result<(String, Value), AwsError> {
    let id = call.input.optional_text("LaunchTemplateId")?;
    let name = call.input.optional_text("LaunchTemplateName")?;
    find(call, id, name)
}

fn find(
    call: &Call<'_>,
    id: Option<String>,
    name: Option<String>,
) -> Result<(String, Value), AwsError> {
    let found = match (id, name) {
        (Some(id), None) => {
            call.get(TEMPLATES, &id).map(|one| (id.clone(), one)).ok_or(no_id(&id))?
        }
        (None, Some(name)) => call
            .scan(TEMPLATES, "")
            .into_iter()
            .find(|(_, one)| one.text("name") == name)
            .ok_or(no_name(&name))?,
        _ => return Err(invalid_value("Give either the launch template's ID or its name")),
    };
    Ok((found.0, Value::clone(&found.1)))
}

fn row(call: &Call<'_>, id: &str, document: &Value) -> Value {
    json!({
        "launchTemplateId": id,
        "launchTemplateName": document["name"],
        "createTime": call.time(document.time("created")),
        "createdBy": call.global_arn("iam", "user/local"),
        "defaultVersionNumber": document["default"],
        "latestVersionNumber": document["latest"],
        "tagSet": tag::set_of(call, KIND, id),
    })
}

fn version_row(call: &Call<'_>, id: &str, document: &Value, number: i64) -> Value {
    let version = &document["versions"][number.to_string()];
    let mut data = version["data"].clone();
    for interface in
        data.get_mut("networkInterfaceSet").and_then(Value::as_array_mut).into_iter().flatten()
    {
        // The items of this list have a name of their own.
        let group = interface.list("groupSet").first().cloned();
        interface.set("groupSet", json!({"groupId": group}));
    }
    json!({
        "launchTemplateId": id,
        "launchTemplateName": document["name"],
        "versionNumber": number,
        "versionDescription": version["description"],
        "createTime": call.time(version.time("created")),
        "createdBy": call.global_arn("iam", "user/local"),
        "defaultVersion": number == document.integer("default"),
        "launchTemplateData": data,
    })
}

/// A version's data, for the service that launches instances from it; by id or name.
pub(super) fn launched(
    call: &Call<'_>,
    specification: &Value,
) -> Result<(String, Value), AwsError> {
    let text =
        |name: &str| Some(specification.text(name).to_owned()).filter(|text| !text.is_empty());
    let (id, document) = find(call, text("LaunchTemplateId"), text("LaunchTemplateName"))?;
    let version = text("Version").unwrap_or_else(|| "$Default".to_owned());
    let number = number(&document, &version)?;
    Ok((id, document["versions"][number.to_string()]["data"].clone()))
}

/// Makes a template for a service that keeps templates of its own. Returns its id.
pub(in crate::local) fn make_template(
    call: &mut Call<'_>,
    name: &str,
    data: Value,
    tags: BTreeMap<String, String>,
) -> String {
    let id = call.ids.resource("lt");
    let document = json!({
        "name": name,
        "created": call.now,
        "default": 1,
        "latest": 1,
        "versions": {"1": version(call, data, None)},
    });
    call.put(TEMPLATES, &id, document);
    tag::put_any(call, KIND, &id, tags);
    id
}

/// Adds a version to such a template, and makes it the default.
pub(in crate::local) fn next_version(call: &mut Call<'_>, id: &str, data: Value) {
    let version = version(call, data, None);
    call.update(TEMPLATES, id, |document| {
        let latest = document.integer("latest") + 1;
        document.set("latest", latest);
        document.set("default", latest);
        if let Some(versions) = document.get_mut("versions") {
            versions.set(&latest.to_string(), version);
        }
    });
}

/// Deletes such a template.
pub(in crate::local) fn drop_template(call: &mut Call<'_>, id: &str) {
    call.delete(TEMPLATES, id);
    tag::forget(call, KIND, id);
}

/// The number and the data of a template's version, for a service that launches from copies of it.
pub(in crate::local) fn version_of(
    call: &Call<'_>,
    id: Option<String>,
    name: Option<String>,
    version: Option<String>,
) -> Result<(String, String, i64, Value), AwsError> {
    let (id, document) = find(call, id, name)?;
    let number = number(&document, version.as_deref().unwrap_or("$Default"))?;
    let data = document["versions"][number.to_string()]["data"].clone();
    Ok((id, document.text("name").to_owned(), number, data))
}
