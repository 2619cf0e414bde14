//! `ssm`: hybrid activations, and Parameter Store, whole for the standard and advanced tiers without policies. Values of
//! `SecureString`s lie sealed on the disk and are shown only with `WithDecryption`.

mod activation;
mod describe;
mod read;
mod tags;
mod write;

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Call;
use super::document::Document;
use super::ec2::image;
use super::error::AwsError;
use super::sealed;
use super::service::{self, Protocol, Service};
use super::store::Table;

/// Parameters by name; each holds its versions, oldest first.
const PARAMETERS: Table = Table::regional("ssm/parameter");

pub(super) static SERVICE: Service = Service {
    name: "ssm",
    protocol: Protocol::Json,
    target: "AmazonSSM",
    namespace: "",
    invalid: "ValidationException",
    invalid_token: "InvalidNextToken",
    throttle: ("ThrottlingException", 400),
    timer: None,
    operations: &[
        service::write("PutParameter", write::put_parameter),
        service::write("DeleteParameter", write::delete_parameter),
        service::write("DeleteParameters", write::delete_parameters),
        service::read("GetParameter", read::get_parameter),
        service::read("GetParameters", read::get_parameters),
        service::read("GetParametersByPath", read::get_parameters_by_path),
        service::read("GetParameterHistory", read::get_parameter_history),
        service::read("DescribeParameters", describe::describe_parameters),
        service::write("CreateActivation", activation::create),
        service::read("DescribeActivations", activation::describe),
        service::write("DeleteActivation", activation::delete),
        service::write("AddTagsToResource", tags::add_tags_to_resource),
        service::write("RemoveTagsFromResource", tags::remove_tags_from_resource),
        service::read("ListTagsForResource", tags::list_tags_for_resource),
    ],
};

/// `name` or the ARN of a parameter, without a selector, to its name.
fn name_of(call: &Call<'_>, text: &str) -> String {
    let prefix = call.arn("ssm", "parameter");
    match text.strip_prefix(&prefix) {
        Some(path) if path.matches('/').count() == 1 => path[1..].to_owned(),
        Some(path) => path.to_owned(),
        None => text.to_owned(),
    }
}

/// `arn:…:parameter/name`, with one slash whether the name begins with one or not.
fn arn_of(call: &Call<'_>, name: &str) -> String {
    call.arn("ssm", &format!("parameter/{}", name.trim_start_matches('/')))
}

fn not_found(name: &str) -> AwsError {
    AwsError::new("ParameterNotFound", format!("Parameter {name} not found."))
}

/// The `Parameter` structure of one version.
fn parameter(call: &Call<'_>, name: &str, version: &Value, decrypt: bool) -> Value {
    let secret = version.text("Type") == "SecureString" && !decrypt;
    let value = if secret {
        // What AWS shows is ciphertext; this is as opaque, and never the value.
        json!(format!("AQICAHhlocalaws{}", version.text("Cipher")))
    } else {
        json!(sealed::text(&version["Value"]))
    };
    json!({
        "Name": name,
        "Type": version["Type"],
        "Value": value,
        "Version": version["Version"],
        "LastModifiedDate": call.time(version.time("Modified")),
        "ARN": arn_of(call, name),
        "DataType": version["DataType"],
    })
}

/// The version that `:3` or `:label` names, the newest without a selector.
fn select(parameter: &Value, selector: Option<&str>) -> Option<Value> {
    let versions = parameter.list("Versions");
    match selector {
        None => versions.last().cloned(),
        Some(selector) => {
            let number: i64 = selector.parse().ok()?;
            versions.iter().find(|version| version.integer("Version") == number).cloned()
        }
    }
}

/// A parameter by name, or one of those that AWS itself publishes.
fn find(call: &Call<'_>, name: &str) -> Option<Arc<Value>> {
    call.get(PARAMETERS, name).or_else(|| {
        let value = image::parameter(call, name)?;
        let version = json!({"Type": "String", "Value": value, "Version": 1, "Modified": 0, "DataType": "text"});
        Some(Arc::new(json!({"Versions": [version]})))
    })
}
