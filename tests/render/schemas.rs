//! The schemas in the repository are those of the code.

use std::path::Path;

use serde_json::Value;
use shipit::render::{events, json};

use crate::support::Workdir;

#[test]
fn the_schema_of_events_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/events.schema.json");
    let text = json::document(&events::schema()) + "\n";
    if std::env::var_os("SHIPIT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "schemas/events.schema.json is old: write it with SHIPIT_BLESS=1");
    let printed = Workdir::new().shipit(&["schema", "events"]).expect(0).stdout;
    assert_eq!(printed, text);
    // Everything has a description.
    undescribed(&events::schema(), "");
}

fn undescribed(value: &Value, path: &str) {
    for (name, property) in value["properties"].as_object().into_iter().flatten() {
        let told = property["description"].is_string() || name == "event";
        assert!(told, "{path}/{name} has no description");
    }
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, inside)| undescribed(inside, &format!("{path}/{key}")));
        }
        Value::Array(list) => list.iter().for_each(|inside| undescribed(inside, path)),
        _ => {}
    }
}
