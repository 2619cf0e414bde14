//! Network interfaces that a caller makes for itself, as a cluster's network plugin does. They hold their subnet and
//! security groups until they are deleted; nothing here attaches them.

use serde_json::{Value, json};

use super::errors::not_found;
use super::network::{INTERFACES, NewInterface, create_interface};
use super::surroundings::interface_row;
use super::tag;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

const KIND: &str = "network-interface";

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let tags = tag::specified(call, KIND)?;
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let known = token.as_ref().and_then(|token| {
        let rows = call.scan(INTERFACES, "");
        rows.into_iter().find(|(_, interface)| interface.text("clientToken") == token)
    });
    let new = NewInterface {
        subnet: call.input.text("SubnetId")?,
        security_groups: call.input.texts("SecurityGroupId")?,
        description: call.input.optional_text("Description")?.unwrap_or_default(),
        private_ip: call.input.optional_text("PrivateIpAddress")?,
        ..NewInterface::default()
    };
    let id = match known {
        Some((id, _)) => id,
        None => {
            let id = create_interface(call, new)?.id;
            call.update(INTERFACES, &id, |interface| {
                interface.set("free", true);
                interface.set("clientToken", token.clone());
            });
            tag::put(call, KIND, &id, tags)?;
            id
        }
    };
    let interface = call.get(INTERFACES, &id).ok_or_else(|| not_found(KIND, &id))?;
    let mut row = interface_row(call, &id, &interface);
    row.set("tagSet", tag::set_of(call, KIND, &id));
    Ok(json!({"networkInterface": row, "clientToken": token}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("NetworkInterfaceId")?;
    let Some(interface) = call.get(INTERFACES, &id) else { return Err(not_found(KIND, &id)) };
    if !interface.flag("free") {
        return Err(AwsError::new(
            "InvalidNetworkInterface.InUse",
            format!("Network interface '{id}' is currently in use."),
        ));
    }
    call.delete(INTERFACES, &id);
    tag::forget(call, KIND, &id);
    Ok(Value::Null)
}
