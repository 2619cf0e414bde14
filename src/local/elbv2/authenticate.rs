//! Actions that send users to an identity provider first.

use serde_json::Value;

use super::errors::validation;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::{Params, Shape};

const DENY: Shape = Shape::OneOf(&["deny", "allow", "authenticate"]);

const OIDC: Shape = Shape::Structure(&[
    ("Issuer", Shape::Text),
    ("AuthorizationEndpoint", Shape::Text),
    ("TokenEndpoint", Shape::Text),
    ("UserInfoEndpoint", Shape::Text),
    ("ClientId", Shape::Text),
    ("ClientSecret", Shape::Text),
    ("SessionCookieName", Shape::Text),
    ("Scope", Shape::Text),
    ("SessionTimeout", Shape::Integer),
    ("AuthenticationRequestExtraParams", Shape::Map(&Shape::Text)),
    ("OnUnauthenticatedRequest", DENY),
]);

const COGNITO: Shape = Shape::Structure(&[
    ("UserPoolArn", Shape::Text),
    ("UserPoolClientId", Shape::Text),
    ("UserPoolDomain", Shape::Text),
    ("SessionCookieName", Shape::Text),
    ("Scope", Shape::Text),
    ("SessionTimeout", Shape::Integer),
    ("AuthenticationRequestExtraParams", Shape::Map(&Shape::Text)),
    ("OnUnauthenticatedRequest", DENY),
]);

/// Reads an action of this type; AWS's defaults are filled in, and the client secret is never shown.
pub(super) fn read(action: &Params, kind: &str, protocol: &str) -> Result<Value, AwsError> {
    if protocol != "HTTPS" {
        return Err(AwsError::new(
            "InvalidLoadBalancerAction",
            format!("Actions of type '{kind}' are supported only on HTTPS listeners"),
        ));
    }
    let (member, shape, required): (&str, &Shape, &[&str]) = if kind == "authenticate-oidc" {
        (
            "AuthenticateOidcConfig",
            &OIDC,
            &[
                "Issuer",
                "AuthorizationEndpoint",
                "TokenEndpoint",
                "UserInfoEndpoint",
                "ClientId",
                "ClientSecret",
            ],
        )
    } else {
        (
            "AuthenticateCognitoConfig",
            &COGNITO,
            &["UserPoolArn", "UserPoolClientId", "UserPoolDomain"],
        )
    };
    let mut config = action.shaped(member, shape)?.ok_or_else(|| action.missing(member))?;
    if let Some(name) = required.iter().find(|name| config.text(name).is_empty()) {
        return Err(validation(format!("{member} must have a {name}")));
    }
    config.unset("ClientSecret");
    let defaults = [
        ("SessionCookieName", Value::from("AWSELBAuthSessionCookie")),
        ("Scope", Value::from("openid")),
        ("SessionTimeout", Value::from(604_800)),
        ("OnUnauthenticatedRequest", Value::from("authenticate")),
    ];
    for (name, default) in defaults {
        if !config.has(name) {
            config.set(name, default);
        }
    }
    if let Some(parameters) = config.unset("AuthenticationRequestExtraParams") {
        // How the XML answers spell a map.
        config.set("AuthenticationRequestExtraParams", serde_json::json!({"$entries": parameters}));
    }
    let mut shown = Value::Null;
    shown.set("Type", kind);
    shown.set(member, config);
    Ok(shown)
}
