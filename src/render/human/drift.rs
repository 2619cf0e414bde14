//! What was changed outside, as people read it.

use std::fmt::Write;

use serde_json::Value;

use super::text;
use crate::render::terminal::style;

/// The whole report, from the same document that programs get.
pub fn drift(document: &Value) -> String {
    let mut out = String::new();
    let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    let _ = writeln!(
        out,
        "{} {} / {}  {}",
        style::strong().apply_to("Drift"),
        of(&document["application"]),
        of(&document["environment"]),
        style::faint().apply_to(format!(
            "({}, account {})",
            of(&document["region"]),
            of(&document["account"])
        )),
    );
    let mut owner = String::new();
    let mut drifted = list("drifted");
    drifted.sort_by_key(|one| of(&one["owner"]));
    for one in &drifted {
        if of(&one["owner"]) != owner {
            owner = of(&one["owner"]);
            let _ = writeln!(out, "\n{}", style::strong().apply_to(&owner));
        }
        resource(&mut out, one);
    }
    let orphans = list("orphans");
    if !orphans.is_empty() {
        let _ = writeln!(out, "\n{}", style::strong().apply_to("Live, and wanted by no manifest"));
    }
    for one in &orphans {
        let _ = writeln!(
            out,
            "  {}  {}{}",
            of(&one["address"]),
            style::faint().apply_to(of(&one["id"])),
            style::faint().apply_to(format!(": {}", of(&one["why"]))),
        );
    }
    let _ = writeln!(out, "\n{}", summary(document, &drifted));
    out
}

fn resource(out: &mut String, one: &Value) {
    let of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let deleted = one["what"] == "deleted";
    let (sign, colour) = if deleted { ("-", style::bad()) } else { ("~", style::change()) };
    let _ = writeln!(
        out,
        "  {} {}  {} outside{}",
        colour.apply_to(sign),
        of(&one["address"]),
        colour.apply_to(of(&one["what"])),
        style::faint().apply_to(one["id"].as_str().map_or(String::new(), |id| format!(" {id}"))),
    );
    for field in one["fields"].as_array().into_iter().flatten() {
        let _ = writeln!(
            out,
            "      {}  was {}, is {}",
            of(&field["path"]),
            text::value(&field["was"], 60),
            text::value(&field["is"], 60)
        );
    }
    let who = &one["who"];
    if who.is_object() {
        let perhaps = if who["certain"] == true { "" } else { "perhaps " };
        let _ = writeln!(
            out,
            "      {perhaps}by {} at {} via {}",
            of(&who["by"]),
            of(&who["at"]),
            of(&who["operation"])
        );
    }
}

fn summary(document: &Value, drifted: &[Value]) -> String {
    if document["recorded"] == false {
        return "no deploy is recorded yet, so drift cannot be told from changed manifests: `shipit plan` shows all that differs".to_owned();
    }
    let number = |what: &str| drifted.iter().filter(|one| one["what"] == what).count();
    let (changed, deleted) = (number("changed"), number("deleted"));
    let mut line = if drifted.is_empty() {
        style::good().apply_to("No drift").to_string()
    } else {
        format!("Drift: {changed} changed, {deleted} deleted outside")
    };
    line.push_str(&format!("; {} as applied", document["unchanged"]));
    match document["changed_by_manifests"].as_u64() {
        Some(0) | None => {}
        Some(others) => line.push_str(&format!(
            "; {} by changed manifests (`shipit plan`)",
            text::count(usize::try_from(others).unwrap_or(usize::MAX), "difference")
        )),
    }
    line
}
