//! What manifests say about roles: policies besides those that features need, and boundaries.

use serde_json::Value;

use super::Context;
use crate::engine::{Desired, Spec};
use crate::manifest::service::OwnRole;
use crate::resources::iam::Role;

/// Adds what the manifest allows a role besides.
pub(super) fn add(role: &mut Role, own: &OwnRole) {
    for (name, document) in &own.policies {
        // Features name their policies in one word, and a manifest may choose the same one.
        let free = !role.inline_policies.contains_key(name);
        let name = if free { name.clone() } else { format!("{name}-of-manifest") };
        role.inline_policies.insert(name, document.clone());
    }
    let added = own.managed_policies.iter().filter(|arn| !role.managed_policies.contains(arn));
    let added: Vec<String> = added.cloned().collect();
    role.managed_policies.extend(added);
    role.managed_policies.sort();
}

/// A permissions boundary's ARN, where the manifest may name the policy alone.
pub(super) fn boundary(context: &Context<'_>, policy: Option<&str>) -> Option<String> {
    policy.map(|policy| match policy.starts_with("arn:") {
        true => policy.to_owned(),
        false => {
            format!("arn:{}:iam::{}:policy/{policy}", context.partition, context.account)
        }
    })
}

/// Puts the application's permissions boundary on every role that has none of its own.
pub(super) fn bound(desired: &mut Desired, context: &Context<'_>) {
    let policy = context.workspace.application.permissions_boundary.as_deref();
    let Some(boundary) = boundary(context, policy) else { return };
    for node in desired.nodes.values_mut().filter(|node| node.address.kind() == Role::KIND) {
        if let Some(own @ Value::Null) = node.spec.get_mut("permissions_boundary") {
            *own = boundary.clone().into();
        }
    }
}
