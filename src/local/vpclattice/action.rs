//! What listeners and rules do, and what rules match.

use serde_json::{Value, json};

use super::common::{TARGET_GROUP, invalid};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::Params;
use crate::local::params::Shape::{self, Boolean, Integer, List, Structure, Text};

const ACTION: Shape = Structure(&[
    (
        "forward",
        Structure(&[(
            "targetGroups",
            List(&Structure(&[("targetGroupIdentifier", Text), ("weight", Integer)])),
        )]),
    ),
    ("fixedResponse", Structure(&[("statusCode", Integer)])),
]);

const MATCH: Shape = Structure(&[(
    "httpMatch",
    Structure(&[
        ("method", Text),
        (
            "pathMatch",
            Structure(&[
                ("match", Structure(&[("exact", Text), ("prefix", Text)])),
                ("caseSensitive", Boolean),
            ]),
        ),
        (
            "headerMatches",
            List(&Structure(&[
                ("name", Text),
                ("match", Structure(&[("exact", Text), ("prefix", Text), ("contains", Text)])),
                ("caseSensitive", Boolean),
            ])),
        ),
    ]),
)]);

/// The action in a member, its target groups by id and each with its weight.
pub(super) fn action(
    call: &Call<'_>,
    input: &Params,
    member: &str,
    protocol: &str,
) -> Result<Option<Value>, AwsError> {
    let Some(action) = input.shaped(member, &ACTION)? else { return Ok(None) };
    if action.has("forward") == action.has("fixedResponse") {
        return Err(invalid(format!("{member} must be one of forward and fixedResponse")));
    }
    if let Some(fixed) = action.get("fixedResponse") {
        if protocol == "TLS_PASSTHROUGH" {
            return Err(invalid("A TLS_PASSTHROUGH listener has no fixed response"));
        }
        if !matches!(fixed.integer("statusCode"), 404 | 500) {
            return Err(invalid("Only the status codes 404 and 500 are supported"));
        }
        return Ok(Some(action));
    }
    let given = action["forward"].list("targetGroups");
    if given.is_empty() || given.len() > 10 {
        return Err(invalid("targetGroups must have 1 to 10 members"));
    }
    let mut groups: Vec<Value> = Vec::new();
    for one in given {
        let (id, group) = TARGET_GROUP.at(call, one.text("targetGroupIdentifier"))?;
        if group.has("gone") {
            return Err(invalid(format!("Target group {id} is being deleted")));
        }
        let tcp = group["config"].text("protocol") == "TCP";
        if tcp != (protocol == "TLS_PASSTHROUGH") {
            return Err(invalid("Target groups of TCP go with TLS_PASSTHROUGH listeners alone"));
        }
        if groups.iter().any(|other| other.text("targetGroupIdentifier") == id) {
            return Err(invalid(format!("Target group {id} is named twice")));
        }
        let weight = match one.has("weight") {
            true => one.integer("weight"),
            false if given.len() == 1 => 100,
            false => {
                return Err(invalid("weight is required where there are several target groups"));
            }
        };
        if !(0..=999).contains(&weight) {
            return Err(invalid(format!("weight {weight} is not between 0 and 999")));
        }
        groups.push(json!({"targetGroupIdentifier": id, "weight": weight}));
    }
    Ok(Some(json!({"forward": {"targetGroups": groups}})))
}

/// The match of a rule, every default said.
pub(super) fn matching(input: &Params) -> Result<Option<Value>, AwsError> {
    let Some(mut rule) = input.shaped("match", &MATCH)? else { return Ok(None) };
    let Some(http) = rule.get_mut("httpMatch") else {
        return Err(invalid("match must have httpMatch"));
    };
    let method = http.text("method").to_owned();
    let known =
        ["", "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"];
    if !known.contains(&method.as_str()) {
        return Err(invalid(format!("{method} is not a method")));
    }
    if let Some(path) = http.get_mut("pathMatch") {
        check(&path["match"], &["exact", "prefix"], 200)?;
        if ["exact", "prefix"].iter().all(|way| !path["match"].text(way).starts_with('/')) {
            return Err(invalid("A path begins with /"));
        }
        if !path.has("caseSensitive") {
            path.set("caseSensitive", true);
        }
    }
    let headers = http.list("headerMatches").len();
    if headers > 5 {
        return Err(invalid("headerMatches can have at most 5 members"));
    }
    if method.is_empty() && headers == 0 && !http.has("pathMatch") {
        return Err(invalid("httpMatch must have a method, a path or headers"));
    }
    for header in http.get_mut("headerMatches").and_then(Value::as_array_mut).into_iter().flatten()
    {
        check(&header["match"], &["exact", "prefix", "contains"], 200)?;
        if !(1..=40).contains(&header.text("name").len()) {
            return Err(invalid("A header's name has 1 to 40 characters"));
        }
        if !header.has("caseSensitive") {
            header.set("caseSensitive", false);
        }
    }
    Ok(Some(rule))
}

fn check(found: &Value, ways: &[&str], most: usize) -> Result<(), AwsError> {
    let given: Vec<&str> = ways.iter().copied().filter(|way| found.has(way)).collect();
    match given.as_slice() {
        [way] if (1..=most).contains(&found.text(way).len()) => Ok(()),
        [_] => Err(invalid(format!("A match has 1 to {most} characters"))),
        _ => Err(invalid(format!("match must be one of {}", ways.join(", ")))),
    }
}

/// Does an action forward to this target group?
pub(super) fn forwards_to(action: &Value, group: &str) -> bool {
    let groups = action["forward"].list("targetGroups").iter();
    groups.into_iter().any(|one| one.text("targetGroupIdentifier") == group)
}
